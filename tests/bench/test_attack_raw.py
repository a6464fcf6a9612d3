import numpy as np
import pytest

from bench.attack_raw import APPEARANCE_NUMBERS, GAIT_NUMBERS, RawWatcher, colours_of, gait_features
from tests.support.toy_moments import ToyMoment, ToyPerson

FRAMES = 40


def stepping(height_m: float, step_m: float, seed: int) -> np.ndarray:
    """Features of a walk of 1.3 m/s at 8 pictures a second, with noisy measures."""
    rng = np.random.default_rng(seed)
    walked = np.arange(64) * 1.3 / 8
    feet = np.column_stack([walked, np.full(64, 12.0)])
    legs = 0.45 + 0.2 * np.cos(2 * np.pi * (walked / step_m + rng.uniform()))
    measures = np.column_stack([np.full(64, height_m), legs, np.full(64, 0.4), np.zeros(64)]) + rng.normal(0, 0.03, (64, 4))
    return gait_features(feet, measures)


@pytest.mark.parametrize("step_m", [0.55, 0.65, 0.8])
def test_height_and_step_are_read_off_a_walk(step_m: float) -> None:
    found = stepping(1.8, step_m, 1)
    assert found.shape == (GAIT_NUMBERS,)
    assert found[0] == pytest.approx(1.8, abs=0.03)
    assert found[3] == pytest.approx(step_m, abs=0.03)


def test_colours_of_two_walks_in_one_coat_are_alike_and_those_of_another_coat_are_not() -> None:
    def walk(colour: tuple[int, int, int], row_px: float) -> np.ndarray:
        watcher = RawWatcher()
        for number in range(FRAMES):
            person = ToyPerson(0, (60 + 4 * number, row_px), colour=colour)
            moment = ToyMoment(number / 8, [person])
            watcher.see(moment.picture, moment.labels, moment.people, np.array([40.0]))
        found = watcher.appearance(0)
        assert found is not None
        assert watcher.gait(0) is not None
        return found

    red, again, green = walk((40, 40, 200), 150), walk((40, 40, 200), 190), walk((60, 190, 60), 150)
    assert red.shape == (APPEARANCE_NUMBERS,)
    assert np.abs(red - again).sum() < 0.3 * np.abs(red - green).sum()


def test_who_is_cut_by_the_border_or_hidden_is_not_measured() -> None:
    watcher = RawWatcher()
    for person in (ToyPerson(0, (2, 150)), ToyPerson(1, (150, 150), visible=0.7)):
        moment = ToyMoment(0.0, [person])
        for _ in range(FRAMES):
            watcher.see(moment.picture, moment.labels, moment.people, np.array([40.0]))
    assert watcher.appearance(0) is None
    assert watcher.gait(1) is None


def test_a_part_of_the_body_without_pixels_gives_zeros() -> None:
    outline = np.zeros((50, 20), bool)
    outline[40:] = True
    found = colours_of(np.full((50, 20, 3), 90, np.uint8), outline)
    assert found.shape == (APPEARANCE_NUMBERS,)
    assert (found[: APPEARANCE_NUMBERS // 5] == 0).all()
