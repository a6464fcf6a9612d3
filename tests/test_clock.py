import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import Clock, SimulatedClock, SystemClock

DURATIONS_S = st.lists(st.floats(min_value=0, max_value=1e6), max_size=20)


@given(wall_s=st.floats(min_value=0, max_value=4e9), durations_s=DURATIONS_S)
def test_a_simulated_clock_goes_on_by_what_it_was_told_and_never_back(wall_s: float, durations_s: list[float]) -> None:
    clock: Clock = SimulatedClock(wall_s)
    for duration_s in durations_s:
        before_s = clock.monotonic_s()
        clock.sleep(duration_s)
        assert clock.monotonic_s() == before_s + duration_s
        assert clock.wall_s() == wall_s + clock.monotonic_s()


def test_a_simulated_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="forward"):
        SimulatedClock().sleep(-1.0)


def test_the_systems_clock_does_not_go_back() -> None:
    clock: Clock = SystemClock()
    before_s = clock.monotonic_s()
    clock.sleep(0.0)
    assert clock.monotonic_s() >= before_s
    assert clock.wall_s() > 1.7e9
