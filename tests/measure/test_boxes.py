"""Which boxes of a look are of one person each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.measure.boxes import is_wide, like_things, of_one_each, standing_x

Box = tuple[float, float, float, float]

PERSON: Box = (100, 100, 140, 200)
BOTH: Box = (100, 98, 205, 203)
STROLLER: Box = (135, 127, 205, 203)
COMPANION: Box = (160, 101, 202, 201)
BESIDE: Box = (210, 100, 250, 200)


def kept(*scored: tuple[Box, float]) -> list[Box]:
    boxes, scores = np.array([box for box, _ in scored], float).reshape(-1, 4), np.array([score for _, score in scored], float)
    return [scored[index][0] for index in of_one_each(boxes, scores)]


def things(*scored: tuple[Box, float]) -> list[bool]:
    boxes, scores = np.array([box for box, _ in scored], float).reshape(-1, 4), np.array([score for _, score in scored], float)
    return like_things(boxes, scores, list(range(len(scored))))


def test_a_part_and_a_double_of_a_surer_box_go() -> None:
    upper_half, double = (100, 100, 140, 150), (103, 102, 143, 203)
    assert kept((upper_half, 0.5), (PERSON, 0.8), (double, 0.7)) == [PERSON]
    assert kept((PERSON, 0.8), (BESIDE, 0.7)) == [PERSON, BESIDE]
    assert kept() == []


@pytest.mark.parametrize("both", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("alone", [0.4, 0.75])
def test_of_somebody_with_what_they_push_the_box_of_them_alone_is_kept_whichever_is_surer(both: float, alone: float) -> None:
    assert kept((BOTH, both), (PERSON, alone)) == [PERSON]


def test_what_they_push_stays_hidden_in_the_box_of_both() -> None:
    assert kept((BOTH, 0.8), (PERSON, 0.7), (STROLLER, 0.5)) == [PERSON]


def test_two_who_walk_side_by_side_are_two_whether_or_not_there_is_a_box_of_both() -> None:
    assert kept((PERSON, 0.7), (COMPANION, 0.6)) == [PERSON, COMPANION]
    assert kept((BOTH, 0.8), (PERSON, 0.7), (COMPANION, 0.6)) == [PERSON, COMPANION]


def test_where_there_is_no_sure_box_of_anybody_alone_the_box_of_both_is_somebody() -> None:
    assert kept((BOTH, 0.8)) == [BOTH]
    assert kept((BOTH, 0.8), (PERSON, 0.3)) == [BOTH]
    assert kept((BOTH, 0.8), ((100, 100, 115, 200), 0.7)) == [BOTH], "a part of somebody"
    assert kept((BOTH, 0.8), ((100, 100, 140, 170), 0.7)) == [BOTH], "not as high"


def test_somebody_near_is_not_taken_for_what_somebody_far_off_pushes() -> None:
    near, far = (100.0, 100.0, 190.0, 210.0), (120.0, 110.0, 150.0, 170.0)
    assert kept((near, 0.6), (far, 0.8)) == [far, near]


def test_what_is_wide_and_beside_somebody_surer_and_no_taller_may_be_pushed() -> None:
    assert things((PERSON, 0.8), (STROLLER, 0.5)) == [False, True]
    assert things((PERSON, 0.5), (STROLLER, 0.8)) == [False, False]
    assert things((PERSON, 0.8), (COMPANION, 0.5)) == [False, False], "as narrow as people are"
    assert things((STROLLER, 0.5)) == [False], "nobody beside it"
    far = (400.0, 127.0, 470.0, 203.0)
    assert things((PERSON, 0.8), (far, 0.5)) == [False, False]
    behind = (135.0, 60.0, 205.0, 136.0)
    assert things((PERSON, 0.8), (behind, 0.5)) == [False, False], "taller, and on other ground"


@pytest.mark.parametrize("people", [3, 8])
def test_in_a_row_of_people_shoulder_to_shoulder_nobody_is_a_thing(people: int) -> None:
    widths = [0.62, 0.7, 0.8]
    row = [((60.0 * at, 100.0, 60.0 * at + 100 * widths[at % 3], 200.0), 0.60 + 0.04 * (at % 2)) for at in range(people)]
    assert things(*row) == [False] * people
    assert sum(things(*row[:2])) == 1, "two alone may be one with what they push"


def test_only_boxes_that_are_kept_push_and_are_pushed() -> None:
    boxes, scores = np.array([PERSON, STROLLER], float), np.array([0.8, 0.5])
    assert like_things(boxes, scores, [1]) == [False, False]
    assert like_things(boxes, scores, []) == [False, False]


def test_in_a_wide_box_somebody_stands_where_they_were_expected_and_else_in_the_middle() -> None:
    assert is_wide(list(BOTH))
    assert not is_wide(list(PERSON))
    assert standing_x(list(PERSON), 0.0, 100.0) == 120.0
    assert standing_x(list(BOTH), 118.0, 100.0) == 120.0, "not nearer to the edge than half of them"
    assert standing_x(list(BOTH), 150.0, 100.0) == 150.0
    assert standing_x(list(BOTH), 300.0, 100.0) == 185.0


@given(st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_whoever_is_seen_somebody_is_kept_and_nobody_twice(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    corner, size = rng.uniform(0, 400, (count, 2)), rng.uniform(5, 200, (count, 2))
    boxes, scores = np.hstack([corner, corner + size]), rng.random(count)
    found = of_one_each(boxes, scores)
    assert len(set(found)) == len(found)
    assert bool(found) == bool(count)
    assert scores[found].tolist() == sorted(scores[found], reverse=True)
    assert len(like_things(boxes, scores, found)) == count


@given(st.floats(0, 800), st.floats(1, 300), st.floats(1, 300), st.floats(-1000, 2000), st.floats(1, 500))
def test_wherever_somebody_is_expected_they_stand_in_the_box(left: float, wide: float, tall: float, expected: float, height: float) -> None:
    x = standing_x([left, 0.0, left + wide, tall], expected, height)
    assert left <= x <= left + wide
