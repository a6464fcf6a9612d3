"""The pace of a live gate: slower when time is short, never below what moving people need, and never releasing earlier for it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.scene import GateState, Scene
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.pace import LEAST_LOOKS_HZ, LEAST_RUNS_HZ, Pace
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Finder
from tests.support.scenes import Canvas, Figure, Play, Stage, shown_blocks, stands, walks

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
    assert slow.all_windows <= fast.all_windows


def test_a_new_pace_is_the_fastest_and_uses_all_runs_of_each_look() -> None:
    pace = Pace(SETTINGS)
    assert pace.looks_hz == pytest.approx(5.0)
    for _ in range(20):
        assert pace.runs(pace.interval_s) == SETTINGS.looks_at_once
        pace.spend(SETTINGS.looks_at_once)


def test_a_long_settling_time_with_slow_looks_keeps_its_pace() -> None:
    slow = GateSettings(settle_s=20.0, live_looks_hz=1.0)
    assert paced(5.0, slow).looks_hz == pytest.approx(1.0)


@pytest.mark.parametrize("taken", [1, 2, 4])
def test_at_the_slowest_pace_few_runs_are_made_however_many_a_tile_takes(taken: int) -> None:
    pace = paced(0.0)
    made = 0
    for _ in range(400):
        if pace.runs(pace.interval_s) is not None:
            pace.spend(taken)
            made += taken
    assert made / (400 * pace.interval_s) == pytest.approx(LEAST_RUNS_HZ, rel=0.1)


def test_without_a_bound_there_is_none_at_any_pace() -> None:
    assert paced(2.0, GateSettings(looks_at_once=0)).runs(0.5) == 0


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
    released = np.zeros(0)
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
