"""Pulses are remembered for a minute at most, and of the site's cameras only."""

from passerby.clock import SimulatedClock
from passerby.released.measurement import Pulse
from passerby.supervise.recent_pulses import LONGEST_S, MOST_PULSES, RecentPulses


def pulse(number: int, camera: str = "gate") -> Pulse:
    return Pulse(camera, float(number), 1.0)


def test_the_newest_sixty_of_each_camera_are_kept() -> None:
    pulses = RecentPulses(["gate", "hall"], SimulatedClock())
    for number in range(100):
        pulses.accept(pulse(number))
    assert [one.wall_s for one in pulses.of("gate")["gate"]] == list(range(100 - MOST_PULSES, 100))
    assert pulses.of() == {"gate": pulses.of("gate")["gate"], "hall": []}


def test_a_pulse_is_forgotten_after_a_minute_also_where_none_comes_any_more() -> None:
    clock = SimulatedClock()
    pulses = RecentPulses(["gate"], clock)
    pulses.accept(pulse(1))
    clock.sleep(LONGEST_S)
    assert len(pulses.of()["gate"]) == 1
    clock.sleep(0.1)
    assert pulses.of()["gate"] == []


def test_what_comes_of_a_camera_that_there_is_not_is_not_kept() -> None:
    pulses = RecentPulses(["gate"], SimulatedClock())
    pulses.accept(pulse(1, "../../etc"))
    assert list(pulses.of()) == ["gate"]
    pulses.accept(pulse(2))
    pulses.follow(["hall"])
    assert pulses.of() == {"hall": []}
    assert pulses.of("gate") == {}
