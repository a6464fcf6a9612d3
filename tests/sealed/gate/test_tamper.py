"""What is no fault: crowds, slow light, noise and small things do not look like a moved camera or switched light.

What is a fault is tested through the gate, in test_faults.
"""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.released.scene import GateState
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.gate.tamper import Tamper
from tests.support.detectors import Blind
from tests.support.scenes import Picture, Play, Stage, shown_blocks

Mask = NDArray[np.bool_]
STAGE = Stage(320, 240)
EVERYWHERE = np.ones((240, 320), bool)


def judged(draw: Callable[[float], tuple[Picture, Mask]], seconds: float = 60, hz: float = 2.0) -> set[GateState]:
    """What is said of pictures with their visible pixels. What is visible is free, too."""
    tamper = Tamper()
    found = set()
    for number in range(round(seconds * hz)):
        picture, visible = draw(number / hz)
        found.add(tamper.judge(picture, visible, visible, number / hz))
    return found


def crowd(share: float, seed: int, time_s: float, place: Picture) -> tuple[Picture, Mask]:
    """Blobs of all colours, moving on, over about so much of the picture; and where they are not."""
    rng = np.random.default_rng(seed)
    picture, covered = place.copy(), np.zeros(place.shape[:2], np.uint8)
    while covered.mean() < share:
        x, y, wide, tall, dx, dy = rng.uniform((0, 0, 6, 14, -12, -12), (320, 240, 16, 34, 12, 12))
        centre, axes = (int((x + dx * time_s) % 320), int((y + dy * time_s) % 240)), (int(wide), int(tall))
        cv2.ellipse(picture, centre, axes, 0, 0, 360, rng.integers(0, 256, 3).tolist(), -1)
        cv2.ellipse(covered, centre, axes, 0, 0, 360, [1], -1)
    return picture, covered == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_crowd_that_is_detected_is_no_fault(share: float, seed: int) -> None:
    def draw(time_s: float) -> tuple[Picture, Mask]:
        picture, free = crowd(share if time_s > 5 else 0.0, seed, time_s, STAGE.empty)
        return STAGE.seen(picture, time_s), free

    assert judged(draw, 20) == {GateState.WATCHING}


@pytest.mark.parametrize("seed", range(3))
def test_a_crowd_over_a_third_of_the_picture_that_nobody_detects_is_neither_darkness_nor_light(seed: int) -> None:
    def draw(time_s: float) -> tuple[Picture, Mask]:
        half = STAGE.empty.copy()
        picture, _ = crowd(0.35 if time_s > 5 else 0.0, seed, time_s, STAGE.empty)
        # All on one side, as in front of a stage.
        half[:, :150] = picture[:, :150]
        return STAGE.seen(half, time_s), EVERYWHERE

    assert judged(draw, 30) == {GateState.WATCHING}


@pytest.mark.parametrize("contrast", [12, 28, 60])
@pytest.mark.parametrize("to", [0.35, 0.6, 1.6])
def test_light_that_drifts_by_a_hundredth_a_second_is_no_fault(to: float, contrast: float) -> None:
    stage = Stage(320, 240, contrast=contrast)
    seconds = abs(to - 1) / 0.01  # a look a second

    def draw(time_s: float) -> tuple[Picture, Mask]:
        gain = 1 + (to - 1) * min(1.0, time_s / seconds)
        return stage.seen(np.clip(stage.empty * gain, 0, 255).astype(np.uint8), time_s), EVERYWHERE

    assert judged(draw, seconds + 5, 1.0) == {GateState.WATCHING}


@pytest.mark.parametrize(("contrast", "sigma"), [(4, 1), (4, 4), (12, 4), (12, 6), (28, 4), (28, 10), (60, 10)])
def test_noise_is_no_fault(contrast: float, sigma: float) -> None:
    stage = Stage(320, 240, contrast=contrast, sigma=sigma)
    assert judged(lambda time_s: (stage.seen(stage.empty, time_s), EVERYWHERE), 15) == {GateState.WATCHING}


def test_a_single_odd_picture_is_no_fault_but_no_evidence_either() -> None:
    tamper = Tamper()
    for number in range(20):
        picture = STAGE.seen(np.roll(STAGE.empty, 40 if number % 5 == 4 else 0, 1), number / 2)
        assert tamper.judge(picture, EVERYWHERE, EVERYWHERE, number / 2) is GateState.WATCHING
        assert tamper.suspicious == (number % 5 == 4)


def test_what_is_hidden_is_not_read() -> None:
    hidden = np.ones_like(EVERYWHERE)
    hidden[40:200, 20:300] = False
    verdicts = []
    for seed in range(2):
        tamper, rng = Tamper(), np.random.default_rng(seed)
        verdict = []
        for number in range(12):
            picture = STAGE.seen(np.roll(STAGE.empty, 30 if number > 7 else 0, 1), number / 2)
            picture[40:200, 20:300] = rng.integers(0, 256, (160, 280, 3))
            verdict.append((tamper.judge(picture, hidden, hidden, number / 2), tamper.suspicious, tamper.identical))
        verdicts.append(verdict)
    assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize("contrast", [18, 28])
@pytest.mark.parametrize("gain", [0.75, 1.2, 1.34])
@pytest.mark.parametrize("at_s", [3.0, 12.0], ids=["while settling", "when settled"])
def test_after_light_jumped_by_up_to_a_third_the_place_is_shown_again_within_a_minute(gain: float, contrast: float, at_s: float) -> None:
    stage = Stage(160, 120, contrast=contrast)

    def lit(picture: Picture, time_s: float) -> Picture:
        return np.clip(picture * gain, 0, 255).astype(np.uint8) if time_s >= at_s else picture

    gate = Gate(stage.size, GateSettings(settle_s=2.0, looks_at_once=0), Blind())
    scenes = [gate.see(picture, time_s) for time_s, picture in Play(stage, seconds=at_s + 30, hz=2, change=lit)]
    assert shown_blocks(scenes[-1]).mean() > 0.95
    assert scenes[-1].health.state is GateState.WATCHING
