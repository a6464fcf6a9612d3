import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.sealed.capture.live_clock import LiveClock, Moment

STAMP = st.one_of(st.none(), st.floats(-1e6, 1e6), st.floats(0, 10))


def shown(stamps: list[float | None], arrivals: list[float], clock: SimulatedClock | None = None) -> tuple[LiveClock, list[Moment]]:
    """Pictures with these timestamps that come in at these times."""
    clock = clock or SimulatedClock()
    times = LiveClock(clock)
    moments = []
    for stamp, arrived_s in zip(stamps, arrivals, strict=True):
        clock.sleep(max(0.0, arrived_s - clock.monotonic_s()))
        moments.append(times.place(stamp, arrived_s))
    return times, moments


@settings(max_examples=300)
@given(st.lists(st.tuples(STAMP, st.floats(0, 5), st.booleans()), min_size=1, max_size=80))
def test_gate_time_rises_strictly_whatever_a_camera_sends_and_is_never_ahead_of_ours(pictures: list[tuple[float | None, float, bool]]) -> None:
    clock = SimulatedClock()
    times = LiveClock(clock)
    began_s, last_s = None, -1.0
    for number, (stamp, passed_s, reconnects) in enumerate(pictures):
        clock.sleep(passed_s)
        if reconnects:
            times.connect()
        moment = times.place(stamp, clock.monotonic_s())
        began_s = clock.monotonic_s() if began_s is None else began_s
        assert moment.time_s > last_s
        assert moment.time_s <= clock.monotonic_s() - began_s + 0.0011 * number
        assert moment.captured_monotonic_s == clock.monotonic_s()
        last_s = moment.time_s


@settings(max_examples=200)
@given(st.lists(st.tuples(STAMP, st.floats(0.001, 1)), min_size=2, max_size=80))
def test_media_time_rises_strictly_within_a_connection(pictures: list[tuple[float | None, float]]) -> None:
    clock = SimulatedClock()
    times, known = LiveClock(clock), []
    for stamp, passed_s in pictures:
        clock.sleep(passed_s)
        media_s = times.place(stamp, clock.monotonic_s()).media_s
        known += [] if media_s is None else [media_s]
    assert all(later > earlier for earlier, later in itertools.pairwise(known))
    assert not known or known[0] == 0.0


def test_pictures_that_were_held_up_on_their_way_stay_as_far_apart_as_they_were_taken() -> None:
    stamps: list[float | None] = [0.1 * step for step in range(40)]
    arrivals = [0.1 * step for step in range(40)]
    arrivals[20:26] = [2.6] * 6
    times, moments = shown(stamps, arrivals)
    steps = [later.time_s - earlier.time_s for earlier, later in itertools.pairwise(moments)]
    assert steps == pytest.approx([0.1] * 39, abs=0.01)
    assert times.repaired == 0


def test_without_timestamps_gate_time_is_that_of_arrival_and_nothing_is_called_repaired() -> None:
    times, moments = shown([None] * 5, [3.0, 3.1, 3.3, 3.4, 3.9])
    assert [moment.time_s for moment in moments] == pytest.approx([0, 0.1, 0.3, 0.4, 0.9])
    assert {moment.media_s for moment in moments} == {None}
    assert times.repaired == 0


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, -2.0, 60.0])
def test_a_camera_clock_that_is_set_is_counted_once_and_moves_nothing(jump_s: float) -> None:
    stamps: list[float | None] = [0.1 * step + (jump_s if step >= 50 else 0) for step in range(100)]
    times, moments = shown(stamps, [0.1 * step for step in range(100)])
    assert times.repaired == 1
    assert [moment.time_s for moment in moments] == pytest.approx([0.1 * step for step in range(100)], abs=0.02)
    assert moments[-1].media_s == pytest.approx(9.9, abs=0.02)


def test_missing_repeated_and_late_timestamps_are_counted() -> None:
    times, moments = shown([0.0, 0.1, None, 0.3, 0.3, 0.25, 0.6], [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert times.repaired == 3
    assert moments[2].media_s == pytest.approx(0.2)
    assert moments[-1].media_s == pytest.approx(0.6)


@pytest.mark.parametrize("rate", [1.0001, 0.9999, 1.005, 0.995])
def test_a_drifting_clock_is_followed_and_reported(rate: float) -> None:
    count = 10 * 3600
    stamps: list[float | None] = [0.1 * step * rate for step in range(count)]
    times, moments = shown(stamps, [0.1 * step for step in range(count)])
    assert times.repaired == 0
    assert moments[-1].time_s == pytest.approx(moments[-1].captured_monotonic_s, abs=0.05)
    assert times.drift_s == pytest.approx(3600 * (rate - 1), abs=0.2)


def test_a_burst_at_the_beginning_is_no_drift_and_delays_nothing() -> None:
    stamps: list[float | None] = [0.1 * step for step in range(300)]
    arrivals = [max(0.0, 0.1 * step - 2.0) for step in range(300)]
    times, moments = shown(stamps, arrivals)
    assert times.drift_s == pytest.approx(0.0, abs=0.01)
    assert moments[-1].time_s == pytest.approx(arrivals[-1], abs=0.02)


def test_a_real_gap_is_a_gap() -> None:
    times, moments = shown([0.0, 0.1, 60.1, 60.2], [0.0, 0.1, 60.1, 60.2])
    assert [moment.time_s for moment in moments] == pytest.approx([0.0, 0.1, 60.1, 60.2])
    assert times.repaired == 0


def test_gate_time_goes_on_over_connections_by_our_clock() -> None:
    clock = SimulatedClock()
    times = LiveClock(clock)
    first = times.place(500.0, 0.0)
    clock.sleep(30)
    times.connect()
    second = times.place(7.0, 30.0)
    assert (first.time_s, second.time_s) == (0.0, 30.0)
    assert second.media_s == 0.0


def test_a_wall_clock_that_jumps_changes_wall_time_only() -> None:
    class Jumping(SimulatedClock):
        jump_s = 0.0

        def wall_s(self) -> float:
            return super().wall_s() + self.jump_s

    clock = Jumping(1_000.0)
    times = LiveClock(clock)
    first = times.place(0.0, 0.0)
    clock.sleep(1)
    clock.jump_s = 3600.0
    second = times.place(1.0, 1.0)
    assert second.captured_wall_s - first.captured_wall_s == 3601.0
    assert second.time_s == 1.0
