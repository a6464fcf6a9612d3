"""The pace of a live gate: slower when time is short, never below what moving people need, and never releasing earlier for it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import DetectorError
from passerby.released.scene import GateState, Scene, Size
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.looks import Composite
from passerby.sealed.gate.pace import LEAST_LOOKS_HZ, LEAST_RUNS_HZ, Pace
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Blind, Finder
from tests.support.scenes import Canvas, Figure, Picture, Play, Stage, figure_pixels, shown_blocks, stands, walks

SETTINGS = GateSettings(settle_s=4.0, live_looks_hz=5.0)


def paced(looks_hz: float, settings: GateSettings = SETTINGS) -> Pace:
    pace = Pace(settings)
    pace.looks_hz = looks_hz
    return pace


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_slower_pace_never_makes_more_runs_and_never_looks_less_than_twice_a_second(one: float, other: float) -> None:
    slow, fast = sorted((paced(one), paced(other)), key=lambda pace: pace.looks_hz)
    assert LEAST_LOOKS_HZ <= slow.looks_hz <= fast.looks_hz <= 5.0
    assert LEAST_RUNS_HZ - 1e-9 <= slow.runs_hz <= fast.runs_hz + 1e-9
    seen_slow, seen_fast = (sum(len(pace.windows(look, 3)) for look in range(60)) * pace.looks_hz for pace in (slow, fast))
    assert 0 < seen_slow <= seen_fast + 1e-9


@pytest.mark.parametrize(("looks_hz", "windows"), [(5.0, 3.0), (3.5, 1.0), (2.0, 0.5)])
def test_every_far_window_has_its_turn_at_every_pace(looks_hz: float, windows: float) -> None:
    pace = paced(looks_hz)
    seen = [window for look in range(60) for window in pace.windows(look, 3)]
    assert len(seen) == 60 * windows
    assert {seen.count(window) for window in range(3)} == {20 * windows}


def test_a_new_pace_is_the_fastest_and_uses_all_runs_of_each_look() -> None:
    pace = Pace(SETTINGS)
    assert pace.looks_hz == pytest.approx(5.0)
    for _ in range(20):
        pace.pass_time(pace.interval_s)
        assert pace.runs == SETTINGS.looks_at_once
        pace.spend(SETTINGS.looks_at_once)


def test_a_long_settling_time_with_slow_looks_keeps_its_pace() -> None:
    slow = GateSettings(settle_s=20.0, live_looks_hz=1.0)
    assert paced(5.0, slow).looks_hz == pytest.approx(1.0)


@pytest.mark.parametrize("taken", [1, 2, 4])
def test_at_the_slowest_pace_few_runs_are_made_however_many_a_tile_takes(taken: int) -> None:
    pace = paced(0.0)
    made = 0
    for _ in range(400):
        pace.pass_time(pace.interval_s)
        if pace.runs:
            pace.spend(taken)
            made += taken
    assert made / (400 * pace.interval_s) == pytest.approx(LEAST_RUNS_HZ, rel=0.1)


def test_without_a_bound_there_is_none_at_any_pace() -> None:
    pace = paced(2.0, GateSettings(looks_at_once=0))
    pace.spend(1000)
    assert pace.unbound
    assert pace.runs


def scenes_of(play: Play, looks_hz: float) -> tuple[list[Scene], list[float]]:
    gate = Gate(play.stage.size, SETTINGS, Finder())
    gate.looks_hz = looks_hz
    scenes, looked = [], []
    for time_s in play.times_s:
        if gate.wants_picture(time_s):
            looked.append(time_s)
        scenes.append(gate.see(play.picture(time_s), time_s))
    return scenes, looked


def test_a_slower_gate_looks_less_often_and_still_settles_a_quiet_place() -> None:
    scenes, looked = scenes_of(Play(seconds=60.0, hz=10.0), LEAST_LOOKS_HZ)
    assert min(b - a for a, b in pairwise(looked)) >= 0.499
    assert scenes[-1].health.state is GateState.WATCHING
    assert shown_blocks(scenes[-1]).mean() > 0.9


def test_a_slower_gate_is_never_ahead_of_a_faster_one() -> None:
    play = Play(seconds=20.0, hz=10.0)
    (fast, _), (slow, _) = scenes_of(play, 5.0), scenes_of(play, LEAST_LOOKS_HZ)
    assert all(shown_blocks(s).sum() <= shown_blocks(f).sum() for s, f in zip(slow, fast, strict=True))
    assert shown_blocks(slow[-1]).sum() < shown_blocks(fast[-1]).sum(), "or the test is too long to tell"


def test_who_walks_by_now_and_then_does_not_keep_a_slow_gate_from_settling() -> None:
    passes = [Figure(walks((start, -20.0, 100.0), (start + 4.0, 330.0, 100.0)), seed=start) for start in range(10, 100, 15)]
    scenes, _ = scenes_of(Play(figures=passes, seconds=110.0, hz=10.0), LEAST_LOOKS_HZ)
    assert shown_blocks(scenes[-1]).mean() > 0.9


def test_looks_before_a_release_see_the_candidate_and_not_who_passes_before_it() -> None:
    still = Figure(stands(150.0, 100.0))
    passer = Figure(walks((9.0, 100.0, 95.0), (12.0, 200.0, 95.0)), width_px=30, height_px=60, seed=9)
    gate = Gate(Stage().size, SETTINGS, Finder())
    for time_s, picture in Play(figures=[still, passer], seconds=40.0, hz=10.0):
        released = shown_blocks(gate.see(picture, time_s))
        assert not released[100 // 16 : 136 // 16 + 1, 150 // 16 : 164 // 16 + 1].any()


def test_a_block_that_is_disturbed_just_now_is_not_established_whatever_its_looks_say() -> None:
    """Somebody steps into a quiet corner at the moment of its release: the corner waits until the person has left."""
    comes_s, leaves_s = 3.5, 30.0
    guest = Figure(stands(150.0, 100.0, comes_s, leaves_s))
    gate = Gate(Stage().size, SETTINGS, Finder())
    for time_s, picture in Play(figures=[guest], seconds=29.0, hz=10.0):
        blocks = shown_blocks(gate.see(picture, time_s))
        assert time_s < comes_s or not blocks[100 // 16 + 1, 150 // 16]


def test_a_plate_that_is_asked_for_again_comes_whole_in_the_next_scene() -> None:
    play = Play(seconds=15.0, hz=5.0)
    gate = Gate(play.stage.size, SETTINGS, Finder())
    first = Canvas()
    last = None
    for time_s, picture in play:
        last = gate.see(picture, time_s)
        first.take(last)
    assert last is not None
    assert not last.patches
    gate.resend_plate()
    late = Canvas()
    late.take(gate.see(play.picture(15.0), 15.0))
    assert late.shown.mean() > 0.9
    assert np.array_equal(late.visible, first.visible)


def test_a_gate_that_looks_before_releases_when_it_is_told_to_releases_nothing_until_then_and_the_same_after_it() -> None:
    play = Play(seconds=25.0, hz=10.0)
    told, untold = (Gate(play.stage.size, SETTINGS, Finder(), releases_in_see=False) for _ in range(2))
    at_once = Gate(play.stage.size, SETTINGS, Finder())
    for time_s, picture in play:
        scenes = [gate.see(picture, time_s) for gate in (told, untold, at_once)]
        while told.release():
            pass
        assert not untold.plate.established.any()
        assert not shown_blocks(scenes[1]).any()
    assert np.array_equal(told.plate.established, at_once.plate.established)
    assert told.plate.established.mean() > 0.9
    assert np.array_equal(told.plate.picture, at_once.plate.picture)


class FailsNear(Finder):
    """Fails at every look at a part of the picture."""

    raised = False

    def detect(self, picture: Picture) -> Boxes:
        if picture.shape[:2] != Stage().empty.shape[:2]:
            self.raised = True
            raise DetectorError("it failed")
        return super().detect(picture)


def test_a_detector_that_fails_at_a_release_withholds_everything() -> None:
    detector = FailsNear()
    gate = Gate(Stage().size, SETTINGS, detector, releases_in_see=False)
    failures = 0
    for time_s, picture in Play(seconds=8.0, hz=10.0):
        gate.see(picture, time_s)
        while gate.release():
            if detector.raised:
                scene = gate.see(None, time_s + 0.01)
                assert scene.health.state is GateState.DETECTOR_FAILED
                assert not shown_blocks(scene).any()
                failures += 1
                detector.raised = False
    assert failures > 3
    assert not gate.plate.established.any()


def test_a_picture_that_cannot_be_judged_stops_releases_until_the_next_one_that_can() -> None:
    gate = Gate(Stage().size, SETTINGS, Finder(), releases_in_see=False)
    for time_s, picture in Play(seconds=8.0, hz=10.0):
        gate.see(picture, time_s)
    gate.see(np.zeros((3, 4, 3), np.uint8), 8.0)
    assert not gate.release()
    assert not gate.plate.established.any()


def test_a_composite_is_what_its_parts_are_in_every_window() -> None:
    grid = Grid(Size(100, 70))
    rng = np.random.default_rng(4)
    below, first, second = (rng.integers(0, 256, (70, 100, 3)).astype(np.uint8) for _ in range(3))
    one, other = (rng.random(grid.block_shape) < 0.5 for _ in range(2))
    whole = np.where(grid.pixels_of(other)[..., None], second, np.where(grid.pixels_of(one)[..., None], first, below))
    composite = Composite(grid, below, ((first, one), (second, other)))
    for top, left, side in ((0, 0, 200), (5, 17, 33), (63, 90, 16), (16, 32, 16)):
        window = slice(top, top + side), slice(left, left + side)
        assert np.array_equal(composite.part(*window), whole[window])


def looked_at_in_part() -> Gate:
    """A gate whose candidates were looked at by some lattices, and not by all."""
    gate = Gate(Stage().size, SETTINGS, Finder(), releases_in_see=False)
    for time_s, picture in Play(seconds=6.0, hz=5.0):
        gate.see(picture, time_s)
    for _ in range(4):
        assert gate.release()
    assert gate._looks is not None
    assert (gate._looks._todo != gate._looks._all).any()
    assert not gate.plate.established.any()
    return gate


def test_looks_at_a_place_that_was_dropped_do_not_count_for_the_next_one() -> None:
    gate = looked_at_in_part()
    for step in range(4):
        gate.see(Stage(seed=99).seen(Stage(seed=99).empty, 7.0 + step / 5), 7.0 + step / 5)
    assert gate._looks is not None
    assert np.array_equal(gate._looks._todo, gate._looks._all)


def test_looks_at_a_candidate_that_was_given_up_do_not_count_for_the_next_one() -> None:
    """Also where no other candidate waits, so that nothing is looked at meanwhile."""
    gate = looked_at_in_part()
    gate.plate._samples.empty(np.ones(gate.plate.established.shape, bool))
    gate.see(Stage().seen(Stage().empty, 7.0), 7.0)
    assert gate._looks is not None
    assert np.array_equal(gate._looks._todo, gate._looks._all)


def test_somebody_who_left_before_the_looks_came_to_him_is_not_released_after_all() -> None:
    """He stood still for as long as it takes to fill all samples, and the detector never finds anybody. Then he goes, before anything is released."""
    left_s = 9.0
    gate, canvas = Gate(Stage().size, SETTINGS, Blind(), releases_in_see=False), Canvas()
    gone = Figure(stands(150.0, 100.0, 0.0, left_s), width_px=30, height_px=60)
    for time_s, picture in Play(figures=[gone], seconds=40.0, hz=10.0):
        canvas.take(gate.see(picture, time_s))
        while time_s > left_s + 1 and gate.release():
            pass
        assert not figure_pixels(canvas.picture).any(), time_s
    assert canvas.shown.mean() > 0.9, "what he hid settles anew"


def test_a_plate_that_is_dropped_right_after_it_was_asked_for_has_another_number() -> None:
    play = Play(seconds=15.0, hz=5.0)
    gate = Gate(play.stage.size, SETTINGS, Finder())
    epoch = [gate.see(picture, time_s) for time_s, picture in play][-1].plate_epoch
    gate.resend_plate()
    dark = np.zeros_like(play.stage.empty)
    assert [gate.see(dark, 15.0 + step / 5) for step in range(3)][-1].plate_epoch == epoch + 1


def test_after_a_damaged_picture_nothing_is_shown_or_released_until_a_good_one_was_looked_at() -> None:
    play = Play(seconds=15.0, hz=5.0)
    gate = Gate(play.stage.size, SETTINGS, Finder())
    for time_s, picture in play:
        gate.see(picture, time_s)
    assert not shown_blocks(gate.damaged(15.0)).any()
    assert not gate.release()
    assert not shown_blocks(gate.see(None, 14.9)).any(), "no look is due yet"
    assert shown_blocks(gate.see(play.picture(15.2), 15.2)).mean() > 0.9
