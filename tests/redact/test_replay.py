"""The second pass: when everything is withheld, which looks are repeated, and where figures stand between looks."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.redact.learn import Lesson, Segment
from passerby.redact.replay import AROUND_CHANGE_S, SECOND_LOOKS_S, KnownSubjects, _fault_near, _spaced
from passerby.released.scene import GateState, Kind, Size
from passerby.sealed.gate.glyphs import PersonHeight
from passerby.sealed.gate.plate import LearnedPlate
from passerby.sealed.gate.tracks import Track

SIZE = Size(320, 240)
NONE = np.zeros((15, 20), bool)
KNOWN = LearnedPlate(np.zeros((240, 320, 3), np.uint8), ~NONE, NONE, NONE)
UNKNOWN = LearnedPlate(np.zeros((240, 320, 3), np.uint8), NONE, NONE, NONE)
FIRST = Segment(0.0, 0.0, GateState.WATCHING, KNOWN)


def fault(time_s: float, *segments: Segment) -> GateState | None:
    number = max(i for i, s in enumerate(segments) if s.from_s <= time_s)
    return _fault_near(time_s, list(segments), number)


@given(st.floats(5, 50), st.floats(0, 4), st.floats(0, 60))
def test_from_the_last_sure_look_before_a_change_to_a_second_after_it_all_is_withheld(from_s: float, unsure_s: float, time_s: float) -> None:
    moved = Segment(from_s, from_s - unsure_s, GateState.MOVED, KNOWN)
    begins, ends = min(from_s - unsure_s, from_s - AROUND_CHANGE_S), from_s + AROUND_CHANGE_S
    found = fault(time_s, FIRST, moved)
    if begins + 1e-6 < time_s < ends - 1e-6:
        assert found is GateState.MOVED
    elif not begins - 1e-6 < time_s < ends + 1e-6:
        assert found is None


def test_a_view_that_never_settled_again_is_withheld_to_its_end() -> None:
    covered = Segment(10.0, 9.5, GateState.COVERED, UNKNOWN)
    back = Segment(30.0, 29.0, GateState.MOVED, KNOWN)
    states = [fault(time_s, FIRST, covered, back) for time_s in (5.0, 9.6, 20.0, 28.9, 29.5, 30.5, 31.5)]
    expected = [None, *[GateState.COVERED] * 3, GateState.COVERED, GateState.MOVED, None]
    assert [s if s is None else s.name for s in states] == [e if e is None else e.name for e in expected]


def test_a_beginning_that_never_settled_is_settling_and_no_fault_unless_the_detector_failed() -> None:
    assert fault(5.0, replace(FIRST, plate=UNKNOWN)) is None
    assert fault(5.0, Segment(0.0, 0.0, GateState.DETECTOR_FAILED, UNKNOWN)) is GateState.DETECTOR_FAILED


@given(st.lists(st.tuples(st.floats(0.04, 2), st.sampled_from([GateState.WATCHING] * 5 + list(GateState))), max_size=60))
def test_the_second_pass_looks_once_a_second_and_at_every_fault(looks: list[tuple[float, GateState]]) -> None:
    times_s = np.cumsum([step for step, _ in looks]).tolist()
    states = dict(zip(times_s, (state for _, state in looks), strict=True))
    chosen = _spaced(states)
    assert chosen.items() <= states.items()
    assert all(time_s in chosen for time_s, state in states.items() if state is not GateState.WATCHING)
    if times_s:
        assert times_s[0] in chosen
    # Nowhere is the distance larger than the first pass made it: a second, and the step beyond it.
    kept = [*chosen, *times_s[-1:]]
    longest_step_s = max((step for step, _ in looks), default=0.0)
    assert all(later - earlier < SECOND_LOOKS_S + longest_step_s + 1e-6 for earlier, later in pairwise(kept))


def track(times_s: list[float], xs: list[float], score: float = 0.9, height: float = 40.0, kind: Kind = Kind.PERSON) -> Track:
    made = Track(kind)
    for time_s, x in zip(times_s, xs, strict=True):
        made.add(time_s, np.array([x - 8, 200 - height, x + 8, 200], np.float32), score, vouched=True)
    return made


def known(*tracks: Track) -> KnownSubjects:
    return KnownSubjects(Lesson(SIZE, [FIRST], list(tracks), {}, PersonHeight(SIZE), 100, {}), 5.0)


def test_somebody_stands_between_two_looks_where_they_must_have_been() -> None:
    subjects = known(track([0, 0.5, 1, 1.5, 2], [100, 110, 120, 130, 140]))
    for time_s in (0.3, 0.75, 1.2):
        (subject,) = subjects.at(time_s)
        # Glyphs stand for a fifth of a second: what is drawn is the middle of it.
        assert subject.x_px == pytest.approx(100 + 20 * (time_s + 0.1))
        assert (subject.y_px, subject.height_px) == (200.0, 40.0)


def test_somebody_is_drawn_half_a_look_before_the_first_and_after_the_last_sight_and_no_longer() -> None:
    subjects = known(track([10, 10.5, 11, 11.5], [100, 110, 120, 130]))
    assert [len(subjects.at(time_s)) for time_s in (9.7, 9.8, 11.7, 11.8)] == [0, 1, 1, 0]


def test_a_gap_in_a_track_is_filled_unless_somebody_else_stands_there() -> None:
    hidden = track([0, 0.5, 1, 3, 3.5, 4], [100, 105, 110, 130, 135, 140])
    (subject,) = known(hidden).at(1.9)
    assert subject.x_px == pytest.approx(120, abs=1.5)
    in_front = track([0.5 * n for n in range(9)], [119.0 + 0.2 * n for n in range(9)])
    assert len(known(hidden, in_front).at(1.9)) == 1
    assert len(known(hidden, in_front).at(0.5)) == 2
    car = track([0.5 * n for n in range(9)], [119.0 + 0.2 * n for n in range(9)], kind=Kind.VEHICLE)
    assert len(known(hidden, car).at(1.9)) == 2, "a person before a car is drawn with it"


def test_a_track_is_drawn_only_while_the_picture_differs_from_the_place() -> None:
    subjects = known(track([0, 0.5, 1, 1.5, 2], [100, 110, 120, 130, 140]))
    boxes = subjects.look(np.zeros((240, 320, 3), np.uint8), 1.0)
    assert boxes.xyxy.tolist() == [[112.0, 160.0, 128.0, 200.0]]
    nothing = np.zeros(1, np.float32)
    subjects.follow(1.0, boxes, nothing, nothing)
    assert subjects.at(1.2) == []
    subjects.follow(1.0, boxes, nothing + 0.5, nothing)
    assert len(subjects.at(1.2)) == 1
    subjects.follow(1.0, boxes, nothing, nothing + 1)
    assert len(subjects.at(1.2)) == 1, "where no place is known, its movement vouches for it"
