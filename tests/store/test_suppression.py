"""What readers other than the operator get never tells of fewer than K persons."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from passerby.store.question import Table
from passerby.store.suppression import OF_FEW, K, merged, suppressed
from passerby.store.tables import DWELL_COLUMNS

BINS = st.lists(st.integers(0, 12), min_size=7, max_size=7)


@given(BINS, st.integers(1, 9))
@example([0] * 7, 5)
@example([4, 0, 0, 0, 0, 0, 1], 5)
def test_merged_bins_follow_each_other_cover_all_and_hold_enough(bins: list[int], least: int) -> None:
    groups = merged(bins, least)
    assert bool(groups) == (sum(bins) >= least)
    assert all(visits >= least and visits == sum(bins[first : last + 1]) for first, last, visits in groups)
    if groups:
        assert groups[0][0] == 0
        assert groups[-1][1] == len(bins) - 1
        assert all(before[1] + 1 == after[0] for before, after in pairwise(groups))


@given(BINS.map(lambda bins: [one * 7 for one in bins]))
def test_bins_that_hold_enough_stay_as_they_are(bins: list[int]) -> None:
    if all(bins):
        assert merged(bins) == [(number, number, visits) for number, visits in enumerate(bins)]


@given(BINS)
def test_no_bin_below_k_is_told_and_no_visit_is_lost(bins: list[int]) -> None:
    told = suppressed(Table.ZONES, {**dict(zip(DWELL_COLUMNS, bins, strict=True)), "people_mean": 1.5})
    found = [value for name in DWELL_COLUMNS if (value := told[name]) is not None]
    assert all(value >= K for value in found)
    assert sum(found) == (sum(bins) if sum(bins) >= K else 0)
    assert told["people_mean"] == 1.5


def test_a_zero_looks_like_any_few() -> None:
    few = [suppressed(Table.ZONES, dict(zip(DWELL_COLUMNS, bins, strict=True))) for bins in ([0] * 7, [0, 0, 4, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0, 0])]
    assert few[0] == few[1] == few[2]


def test_the_speed_of_a_few_is_not_told_and_that_of_many_is() -> None:
    values = {**dict.fromkeys(OF_FEW, 1.2), "people_least": 0, "dwell_1": 4}
    assert {suppressed(Table.ZONES, values)[name] for name in OF_FEW} == {None}
    assert {suppressed(Table.ZONES, values | {"dwell_2": 1})[name] for name in OF_FEW} == {1.2}
    assert {suppressed(Table.ZONES, values | {"people_least": 5})[name] for name in OF_FEW} == {1.2}


def test_crossings_and_gaps_stay_as_they_are() -> None:
    assert suppressed(Table.LINES, {"ab": 1, "ba": None}) == {"ab": 1, "ba": None}
    assert set(suppressed(Table.ZONES, dict.fromkeys(DWELL_COLUMNS)).values()) == {None}
