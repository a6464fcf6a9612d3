"""Somebody who stands still from the first to the last frame of a clip does not become part of the place (invariant I2), with the real detector.

People cut out of a real clip are pasted, still, into its empty place, and a crop around them is learned as a file's first pass learns it.

Known to be missed, and left out: people cut by the picture's upper border, of whom only legs are seen; slivers of people less than 5 pixels
wide; and people who look like the place behind them. Of people who are seen in parts only (seated behind a bench, cut by the border) and of people
in a noisy infrared picture some are missed at these heights as well: the quick tests take seeds at which they are found, the soak test
counts how many are not, and holds that number to a bound. Heights below 24 px are below the smallest person that is looked for unless
`--min-person` says otherwise: their rates are printed by the soak test and bound to nothing.
"""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest

from bench.still_people import Variant
from passerby.redact.detection import LoadedDetector
from passerby.redact.settings import gate_settings
from tests.support.cropped_still import CroppedStill, cropped_still

MOST_SHOWN = 0.05
SEEDS = {24: (0, 1, 2), 32: (0,), 40: (0,)}
QUICK = [
    (variant, height_px, seed) for variant in Variant if variant is not Variant.RETURNING for height_px, seeds in SEEDS.items() for seed in seeds
]
SOAK_SEEDS = 40
MOST_MISSED = {Variant.SEATED: 0.1, Variant.CUT_BY_BORDER: 0.1, Variant.INFRARED: 0.1}
"""Of people who are seen in parts or badly, this share may be missed; of all others nobody."""


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def still(variant: Variant, height_px: int, seed: int) -> CroppedStill:
    # 12 s: long enough for the border, which settles three times as slowly. Drifting takes time; 50 visits take what they take.
    seconds = {Variant.DRIFTING: 20.0, Variant.RETURNING: 0.0}.get(variant, 12.0)
    clip = cropped_still(variant, height_px, seed, seconds)
    if clip is None:
        pytest.skip("the PETS clip cannot be had here")
    return clip


def shown(clip: CroppedStill, height_px: int, loaded: LoadedDetector, executor: Executor) -> tuple[float, float]:
    """The share of the person that the learned place shows, and the share of the place that is shown at all."""
    plates = clip.learned(gate_settings(min_person_px=min(24, height_px)), loaded.detector, executor)
    return max(clip.shown_share(*plate) for plate in plates), max(float(established.mean()) for _, established in plates)


@pytest.mark.parametrize(("variant", "height_px", "seed"), QUICK)
def test_somebody_still_never_becomes_background(
    variant: Variant, height_px: int, seed: int, real_detector: LoadedDetector, executor: Executor
) -> None:
    share, place = shown(still(variant, height_px, seed), height_px, real_detector, executor)
    assert share <= MOST_SHOWN
    # In a noisy infrared picture everything needs three times as long.
    assert place > (0.3 if variant is Variant.INFRARED else 0.5), "the place around them is learned"


@pytest.mark.soak
@pytest.mark.parametrize("height_px", SEEDS)
@pytest.mark.parametrize("variant", [variant for variant in Variant if variant is not Variant.RETURNING])
def test_of_many_who_stay_still_few_or_none_become_background(
    variant: Variant, height_px: int, real_detector: LoadedDetector, executor: Executor
) -> None:
    missed = [seed for seed in range(SOAK_SEEDS) if shown(still(variant, height_px, seed), height_px, real_detector, executor)[0] > MOST_SHOWN]
    print(f"{variant}, {height_px} px: {len(missed)} of {SOAK_SEEDS} missed, seeds {missed}")  # noqa: T201 - the measured rate
    assert len(missed) <= MOST_MISSED.get(variant, 0.0) * SOAK_SEEDS


@pytest.mark.soak
@pytest.mark.parametrize("height_px", [24, 32, 40])
def test_somebody_who_returns_to_one_spot_fifty_times_never_becomes_background(
    height_px: int, real_detector: LoadedDetector, executor: Executor
) -> None:
    for seed in range(3):
        share, place = shown(still(Variant.RETURNING, height_px, seed), height_px, real_detector, executor)
        assert share <= MOST_SHOWN, f"seed {seed}"
        assert place > 0.5


@pytest.mark.soak
@pytest.mark.parametrize("height_px", [10, 12, 16, 20])
def test_the_rates_of_people_smaller_than_declared_are_told(height_px: int, real_detector: LoadedDetector, executor: Executor) -> None:
    for variant in (Variant.STANDING, Variant.SEATED, Variant.REFLECTION):  # cut by the border, hardly 5 columns are left of them
        missed = sum(shown(still(variant, height_px, seed), height_px, real_detector, executor)[0] > MOST_SHOWN for seed in range(SOAK_SEEDS))
        print(f"{variant}, {height_px} px: {missed} of {SOAK_SEEDS} missed")  # noqa: T201 - the measured rate
