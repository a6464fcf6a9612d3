"""The retained states at a real broker: how it is now, whatever was told late, again, or never."""

import os
from functools import partial
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.channels import delivering
from passerby.hazards.channels.delivering import Pace
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.told import Listener, broker, channel_table, free_port, opened, site_with, then, until

NOW_S = 1_764_000_000.0  # Monday, 2025-11-24 16:00 UTC
NIGHT = '["Mo 15:00-17:00"]'
CROWD, CAMERA = "passerby/hazards/crowd/gate-1/stairs", "passerby/hazards/cameras/gate-1/_"
A, B = "a" * 16, "b" * 16


class SetClock(SimulatedClock):
    """A clock whose wall time may be set, as an administrator does."""

    jump_s = 0.0

    def wall_s(self) -> float:
        return super().wall_s() + self.jump_s


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "POLL_S", 0.02)


def box_of(site: Site, clock: SimulatedClock) -> Outbox:
    return Outbox(site.state_folder / ALERTS, site, clock, KeptJournal(), environ=os.environ, pace=Pace(0.01, 0.05))


def site(folder: Path, port: int, **keys: str) -> Site:
    return site_with(folder, channel_table("home", "mqtt", f"mqtt://127.0.0.1:{port}", **keys))


def begun(alert: str = A, severity: Severity = Severity.WARNING, **keys: object) -> Event:
    return opened(alert, severity, wall_s=NOW_S, **keys)


def last(listener: Listener, topic: str) -> tuple[str, str]:
    """The state that is told there, and of which alert."""
    found = listener.of(topic)
    return (found[-1]["state"], found[-1].get("alert", "")) if found else ("", "")


def is_last(listener: Listener, clock: SimulatedClock, topic: str, state: tuple[str, str]) -> bool:
    clock.sleep(0.1)
    return last(listener, topic) == state


def fails(box: Outbox, clock: SimulatedClock) -> bool:
    clock.sleep(0.1)
    return bool(box.health()[0].failing)


def is_online(listener: Listener, clock: SimulatedClock) -> bool:
    clock.sleep(0.1)
    return listener.of("passerby/status") == ["online"]


def has_told(box: Outbox, clock: SimulatedClock, count: int) -> bool:
    clock.sleep(0.1)
    return box.health()[0].delivered >= count


def test_what_quiet_hours_held_does_not_turn_off_an_alarm_that_goes_on(tmp_path: Path) -> None:
    port, clock = free_port(), SetClock(NOW_S)
    with broker(port):
        listener = Listener(port)
        box = box_of(site(tmp_path, port, quiet=NIGHT), clock)
        box.start()
        box.accept_all([begun(), then(A, 1, What.ENDED), then(A, 2, What.CLOSED), begun(B, Severity.ALARM)])
        until(partial(has_told, box, clock, 1))
        until(lambda: last(listener, CROWD) == ("ON", B))
        clock.jump_s = 3600.0
        until(partial(has_told, box, clock, 4))
        until(lambda: len(listener.of("passerby/events")) == 4)
        assert {state["state"] for state in listener.of(CROWD)[1:]} == {"ON"}
        assert last(listener, CROWD) == ("ON", B)
        assert box.stop(5)
        listener.close()


def test_an_opening_that_is_sent_again_when_all_is_over_is_an_event_and_turns_nothing_on(tmp_path: Path) -> None:
    port, clock = free_port(), SetClock(NOW_S)
    with broker(port):
        listener = Listener(port)
        box = box_of(site(tmp_path, port), clock)
        box.accept(begun())
        (row,) = box._waiting.next("home", 1, quiet=False)
        box._waiting.bury("home", [row.seq], "too much was waiting")
        box.accept_all([then(A, 1, What.ENDED), then(A, 2, What.CLOSED)])
        box.start()
        until(partial(has_told, box, clock, 2))
        assert box._waiting.retry([row.seq], NOW_S) == 1
        until(partial(has_told, box, clock, 3))
        until(lambda: [event["event_type"] for event in listener.of("passerby/events")] == ["ended", "closed", "opened"])
        assert {state["state"] for state in listener.of(CROWD)} == {"OFF"}
        assert box.stop(5)
        listener.close()


def test_a_broker_that_forgot_all_is_told_of_what_goes_on_without_anything_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TEND_S", 0.2)
    port, clock = free_port(), SetClock(NOW_S)
    fault = "passerby/hazards/channel/_/duty"
    box = box_of(site(tmp_path, port), clock)
    with broker(port):
        box.start()
        box.accept_all([begun(), begun(B, kind=HazardKind.CHANNEL, cause=Cause("channel", "", "duty"))])
        until(partial(has_told, box, clock, 2))
    until(partial(fails, box, clock))
    with broker(port):
        listener = Listener(port)
        until(partial(is_online, listener, clock))
        assert (last(listener, CROWD), last(listener, fault), last(listener, CAMERA)) == (("ON", A), ("ON", B), ("OFF", ""))
        # What a state means, and what it is, comes before we are online.
        topics = [name for name, _, _ in listener.heard if not name.startswith("$SYS")]
        assert topics[-1] == "passerby/status"
        (config,) = [name for name, payload, _ in listener.heard if name.endswith("/config") and payload["state_topic"] == fault]
        assert topics.index(config) < topics.index(fault)
        assert listener.of("passerby/events") == []
        assert box.stop(5)
        listener.close()


def test_what_quiet_hours_hold_is_not_told_by_a_new_connection_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TEND_S", 0.2)
    port, clock = free_port(), SetClock(NOW_S)
    with broker(port):
        listener = Listener(port)
        box = box_of(site(tmp_path, port, quiet=NIGHT), clock)
        box.accept_all([begun(), begun(B, Severity.ALARM, cause=Cause("cameras", "gate-1"))])
        box.start()
        until(partial(has_told, box, clock, 1))
        until(lambda: listener.of("passerby/status") == ["online"])
        assert (last(listener, CROWD), last(listener, CAMERA)) == (("", ""), ("ON", B))
        clock.jump_s = 3600.0
        until(partial(is_last, listener, clock, CROWD, ("ON", A)))
        assert box.stop(5)
        listener.close()


@pytest.mark.parametrize("keys", [{"tells": '["opened"]'}, {"quiet": '["Mo 16:30-17:30"]'}])
def test_an_end_that_the_channel_is_not_told_of_turns_the_state_off_all_the_same(
    keys: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "TEND_S", 0.2)
    port, clock = free_port(), SetClock(NOW_S)
    with broker(port):
        listener = Listener(port)
        box = box_of(site(tmp_path, port, **keys), clock)
        box.start()
        box.accept(begun())
        until(partial(has_told, box, clock, 1))
        until(partial(is_last, listener, clock, CROWD, ("ON", A)))
        clock.jump_s = 3600.0
        box.accept(then(A, 1, What.ENDED))
        until(partial(is_last, listener, clock, CROWD, ("OFF", "")))
        assert len(listener.of("passerby/events")) == 1
        assert box.stop(5)
        listener.close()


def test_who_is_not_told_of_an_alert_hears_of_it_in_no_state(tmp_path: Path) -> None:
    port, clock = free_port(), SetClock(NOW_S)
    with broker(port):
        listener = Listener(port)
        box = box_of(site(tmp_path, port, severities='["alarm"]'), clock)
        box.accept_all([begun(), begun(B, Severity.ALARM, exercise=True, cause=Cause("cameras", "gate-1"))])
        box.start()
        until(partial(has_told, box, clock, 1))
        until(lambda: listener.of("passerby/status") == ["online"])
        assert (last(listener, CROWD), last(listener, CAMERA)) == (("", ""), ("OFF", ""))
        assert box.stop(5)
        listener.close()
