from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.serve.accounts.limits import MOST_KEYS, Limit, Rate, network_of


@given(st.integers(1, 20), st.floats(0.1, 60), st.lists(st.floats(0, 30), max_size=60))
def test_in_no_time_is_more_done_than_the_burst_and_the_rate_allow(burst: int, every_s: float, pauses: list[float]) -> None:
    clock = SimulatedClock()
    limit = Limit(Rate(burst, every_s), clock)
    done: list[float] = []
    for pause_s in pauses:
        clock.sleep(pause_s)
        if limit.wait_s("one") == 0:
            done.append(clock.monotonic_s())
    for first in range(len(done)):
        for last in range(first, len(done)):
            assert last - first + 1 <= burst + (done[last] - done[first]) / every_s + 1e-6


def test_whoever_waits_as_long_as_told_is_heard() -> None:
    clock = SimulatedClock()
    limit = Limit(Rate(2, 10.0), clock)
    assert [limit.wait_s("one"), limit.wait_s("one")] == [0, 0]
    wait_s = limit.wait_s("one")
    assert wait_s == 10
    clock.sleep(wait_s)
    assert limit.wait_s("one") == 0
    assert limit.wait_s("one") > 0
    limit.forgive("one")
    assert limit.wait_s("one") == 0


def test_one_does_not_count_for_the_other_and_only_so_many_are_known() -> None:
    limit = Limit(Rate(1, 10.0), SimulatedClock())
    for number in range(MOST_KEYS + 100):
        assert limit.wait_s(str(number)) == 0
    assert len(limit._due_s) == MOST_KEYS
    assert limit.wait_s(str(MOST_KEYS + 99)) > 0


def test_an_address_counts_as_its_network() -> None:
    assert network_of("203.0.113.7") == "203.0.113.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("") == network_of("unix") == "unknown"
