from hypothesis import given
from hypothesis import strategies as st

from passerby.supervise.latency import BOUNDS_S, Latency

DURATIONS = st.lists(st.floats(0, 10), min_size=1, max_size=60)


@given(DURATIONS)
def test_every_duration_is_counted_once(durations: list[float]) -> None:
    latency = Latency()
    for duration_s in durations:
        latency.add(duration_s)
    counts, sum_s = latency.counts()
    assert sum(counts) == len(durations)
    assert abs(sum_s - sum(durations)) < 1e-6


@given(DURATIONS, st.floats(0.01, 1))
def test_a_percentile_is_never_below_the_true_one(durations: list[float], share: float) -> None:
    latency = Latency()
    for duration_s in durations:
        latency.add(duration_s)
    bound_s = latency.percentile_s(share)
    below = sum(duration <= (bound_s if bound_s is not None else float("inf")) for duration in durations)
    assert below >= share * len(durations) - 1e-9


def test_of_nothing_there_is_no_percentile() -> None:
    assert Latency().percentile_s(0.5) is None


def test_the_bounds_rise() -> None:
    assert list(BOUNDS_S) == sorted(set(BOUNDS_S))
