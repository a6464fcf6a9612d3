"""The definitions that counts are held against."""

from collections.abc import Sequence

import pytest

from bench.count_measure import Crossing, Line, matched, occupancy, outside, true_crossings
from bench.truth import Person

LINES: dict[str, Line] = {"gate": ((300.0, 0.0), (300.0, 500.0))}


def walks(person: float, xs: Sequence[float], *, first: int = 1, counts: bool = True, skip: tuple[int, int] = (0, 0)) -> list[Person]:
    return [Person(first + n, person, x - 20, 220, 40, 80, counts) for n, x in enumerate(xs) if not skip[0] <= first + n < skip[1]]


def test_a_crossing_is_counted_once_and_to_the_side_to_which_it_went() -> None:
    there = walks(1, [250 + 5 * n for n in range(20)])
    assert [(one.line, one.direction) for one in true_crossings(there, LINES)] == [("gate", "ba")]
    back = walks(2, [350 - 5 * n for n in range(20)])
    assert [one.direction for one in true_crossings(back, LINES)] == ["ab"]
    assert true_crossings(walks(3, [250 + 5 * min(n, 9) for n in range(20)]), LINES) == []
    assert true_crossings(there, LINES, least_y_px=400) == []


def test_a_long_gap_ends_a_row() -> None:
    xs = [250 + 5 * n for n in range(30)]
    assert len(true_crossings(walks(1, xs, skip=(8, 14)), LINES)) == 1
    assert true_crossings(walks(1, xs, skip=(5, 25)), LINES) == []


def test_occupancy_is_a_range_and_what_lies_in_it_is_no_error() -> None:
    people = [*walks(1, [100.0] * 3), *walks(2, [200.0] * 2, counts=False)]
    least, most = occupancy(people, 4)
    assert least.tolist() == [1, 1, 1, 0]
    assert most.tolist() == [2, 2, 1, 0]
    assert outside([1, 2, 2, 3], least, most) == pytest.approx((0 + 0 + 1 + 3) / 4)


def test_events_are_matched_one_to_one_by_line_direction_and_time() -> None:
    true = [Crossing("gate", "ab", 10), Crossing("gate", "ab", 14), Crossing("gate", "ba", 50)]
    counted = [Crossing("gate", "ab", 12), Crossing("gate", "ab", 90), Crossing("gate", "ab", 50)]
    found = matched(counted, true, 10)
    assert (found.true, found.counted, found.hits) == (3, 3, 1)
    assert found.errors == 2
    assert found.f1 == pytest.approx(2 / 6)
    assert len(found.missed) == len(found.false) == 2
    assert matched(true, true, 0).f1 == 1
