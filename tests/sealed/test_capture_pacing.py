import itertools

from passerby.clock import SimulatedClock
from passerby.sealed.capture.interrupt import Interrupt
from passerby.sealed.capture.pacing import Pacer


def due_times(media: list[float], *, slow_s: float = 0.0, gap_s: float = 2.0) -> list[float]:
    """When pictures are given, if each takes `slow_s` to make."""
    clock = SimulatedClock()
    pacer, given = Pacer(clock, Interrupt(clock), gap_s), []
    for media_s in media:
        clock.sleep(slow_s)
        assert pacer.wait(media_s)
        given.append(round(clock.monotonic_s(), 3))
    return given


def test_pictures_are_given_as_far_apart_as_they_were_taken() -> None:
    assert due_times([7.0, 7.1, 7.4, 8.0]) == [0.0, 0.1, 0.4, 1.0]


def test_time_spent_on_a_picture_is_no_delay_for_the_next() -> None:
    assert due_times([0.0, 0.1, 0.2], slow_s=0.03) == [0.03, 0.13, 0.23]


def test_who_is_late_does_not_hurry() -> None:
    given = due_times([0.1 * step for step in range(30)], slow_s=0.2)
    assert all(later - earlier >= 0.199 for earlier, later in itertools.pairwise(given))


def test_nobody_waits_for_a_timestamp_that_jumped() -> None:
    assert due_times([0.0, 0.1, 500.0, 500.1, 3.0, 3.1]) == [0.0, 0.1, 0.1, 0.2, 0.2, 0.3]


def test_who_is_stopped_waits_no_longer_and_is_told() -> None:
    clock = SimulatedClock()
    interrupt = Interrupt(clock)
    pacer = Pacer(clock, interrupt, 2.0)
    assert pacer.wait(0.0)
    interrupt.stop()
    assert not pacer.wait(1.0)
    assert clock.monotonic_s() == 0.0
