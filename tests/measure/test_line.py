"""Crossings: each person once per crossing, each way; turning on the line is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.measure.line import CountingLine
from passerby.measure.tracker import LAG_S, Tracker
from tests.support.walkers import Walker, along, looks, straight

A, B = (300.0, 100.0), (300.0, 500.0)
"""Upright, from above to below: who goes to the left has crossed to its right."""


def crossed(walkers: list[Walker], until_s: float, *, a: tuple[float, float] = A, b: tuple[float, float] = B, seed: int = 0) -> tuple[int, int]:
    tracker, line, ab, ba = Tracker(), CountingLine("gate", a, b), 0, 0
    for look in looks(walkers, until_s, seed=seed):
        tracker.update(look)
        one, two = line.update(tracker.standing(look.time_s - LAG_S))
        ab, ba = ab + one, ba + two
    return ab, ba


def test_each_way_is_counted_for_itself() -> None:
    right, left = straight((100, 300), (500, 300), 0.0, 10.0), straight((500, 200), (100, 200), 0.0, 10.0)
    assert crossed([Walker(right)], 12.0) == (0, 1)
    assert crossed([Walker(left)], 12.0) == (1, 0)
    assert crossed([Walker(right), Walker(left), Walker(straight((100, 420), (500, 420), 1.0, 11.0))], 14.0) == (1, 2)


def test_the_direction_is_that_of_the_definition() -> None:
    """From the left of a -> b to its right, where y points down: looking up along the line from below, to the right."""
    assert crossed([Walker(straight((100, 300), (500, 300), 0.0, 10.0))], 12.0, a=B, b=A) == (1, 0)


def test_who_turns_on_the_line_did_not_cross_it_and_who_goes_back_crossed_twice() -> None:
    turns = along((0.0, 150, 300), (4.0, 299, 300), (8.0, 150, 300))
    assert crossed([Walker(turns)], 10.0) == (0, 0)
    back = along((0.0, 150, 300), (5.0, 400, 300), (10.0, 150, 300))
    assert crossed([Walker(back)], 12.0) == (1, 1)


@pytest.mark.parametrize("seed", range(8))
def test_who_stands_on_the_line_and_sways_did_not_cross_it(seed: int) -> None:
    assert sum(crossed([Walker(along((0.0, 200, 300), (3.0, 299.5, 300), (60.0, 300.5, 300)))], 60.0, seed=seed)) <= 1


def test_who_walks_along_or_past_the_ends_did_not_cross() -> None:
    assert crossed([Walker(straight((290, 100), (290, 500), 0.0, 10.0))], 12.0) == (0, 0)
    assert crossed([Walker(straight((100, 540), (500, 540), 0.0, 10.0))], 12.0) == (0, 0)


def test_who_is_hidden_while_crossing_is_counted_once() -> None:
    assert crossed([Walker(straight((100, 300), (500, 300), 0.0, 10.0), unseen=[(4.4, 5.6)])], 12.0) == (0, 1)


def test_a_group_of_four_crosses_four_times() -> None:
    group = [Walker(straight((100 + 28 * n, 300 + 9 * n), (500 + 28 * n, 300 + 9 * n), 0.0, 10.0)) for n in range(4)]
    assert crossed(group, 14.0) == (0, 4)


@given(
    st.lists(
        st.tuples(st.floats(60, 240), st.floats(360, 560), st.floats(160, 480), st.booleans(), st.floats(0, 20)),
        max_size=5,
        unique_by=lambda w: round(w[2] / 40),
    )
)
@settings(max_examples=25)
def test_crossings_are_as_many_as_there_are_whoever_else_crosses(ways: list[tuple[float, float, float, bool, float]]) -> None:
    walkers = [
        Walker(straight((high if back else low, y), (low if back else high, y), begin_s, begin_s + 8.0), height_px=50.0)
        for low, high, y, back, begin_s in ways
    ]
    backs = sum(back for *_, back, _ in ways)
    assert crossed(walkers, 30.0) == (backs, len(ways) - backs)


def test_a_line_without_a_length_is_refused() -> None:
    with pytest.raises(ValueError, match="two points"):
        CountingLine("gate", A, A)
