"""An outbox whose channels fail, hang or go, whose file is locked, and whose thread meets what nobody thought of."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards import outbox as outbox_module
from passerby.hazards.alert import Event, Severity
from passerby.hazards.channels import delivering as delivering_module
from passerby.hazards.channels import outbox_file as outbox_file_module
from passerby.hazards.channels.delivering import Pace, Told
from passerby.hazards.channels.delivery import ChannelError, Delivery
from passerby.hazards.channels.sender import Around
from passerby.hazards.channels.waiting import NAME
from passerby.hazards.outbox import ALERTS, ENDED, Outbox
from passerby.site.channels import Channel
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.recorded import SetClock
from tests.support.told import channel_table, opened, site_with, until

NOW_S = 1_764_000_000.0  # Monday, 2025-11-24 16:00 UTC
A, B = "a" * 16, "b" * 16


def begun(alert: str, severity: Severity = Severity.WARNING) -> Event:
    return opened(alert, severity, wall_s=NOW_S)


class FailingSender:
    """Takes nothing, or everything."""

    most, summarises = 10, False

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.fails = False
        self.proves = False

    async def send(self, deliveries: Sequence[Delivery]) -> None:
        if self.fails:
            raise ChannelError("no")
        self.sent += [delivery.id for delivery in deliveries]

    async def tend(self) -> bool:
        """Nothing is held."""
        return self.proves

    async def close(self) -> None:
        """Nothing is held."""


def test_what_is_held_in_quiet_hours_is_told_when_they_end(tmp_path: Path) -> None:
    site = site_with(tmp_path, channel_table(quiet='["Mo 15:00-17:00"]'))
    clock, sender = SetClock(NOW_S), FailingSender()
    box = Outbox(site.state_folder / ALERTS, site, clock, KeptJournal(), environ={}, pace=Pace(0.01, 0.02), make=lambda *_: sender)
    box.start()
    box.accept_all([begun(A), begun(B, Severity.ALARM)])
    until(lambda: sender.sent == [f"{B}-0-ops"])
    assert box.health()[0].waiting == 1
    clock.set(3600.0)
    until(lambda: sender.sent == [f"{B}-0-ops", f"{A}-0-ops"])
    assert box.stop(5)


def test_another_site_file_begins_and_ends_channels(tmp_path: Path) -> None:
    senders: dict[str, FailingSender] = {}
    site = site_with(tmp_path, channel_table("one"), channel_table("two"))
    box = Outbox(
        site.state_folder / ALERTS,
        site,
        SimulatedClock(NOW_S),
        KeptJournal(),
        environ={},
        make=lambda _site, channel, *_: senders.setdefault(channel.id, FailingSender()),
    )
    box.start()
    until(lambda: len(senders) == 2)
    senders["two"].fails = True
    box.accept(begun(A))
    until(lambda: senders["one"].sent == [f"{A}-0-one"])
    box.follow(site_with(tmp_path, channel_table("one"), channel_table("three")))
    box.accept(begun(B))
    until(lambda: "three" in senders and senders["three"].sent == [f"{B}-0-three"])
    assert senders["one"].sent == [f"{A}-0-one", f"{B}-0-one"]
    assert [one.channel for one in box.health()] == ["one", "three"]
    until(lambda: len(box._waiting.dead("two")) == 1)
    assert box.stop(5)


def box_of(site: Site, clock: SimulatedClock, sender: FailingSender, journal: KeptJournal | None = None) -> Outbox:
    journal = KeptJournal() if journal is None else journal
    return Outbox(site.state_folder / ALERTS, site, clock, journal, environ={}, pace=Pace(0.01, 0.02), make=lambda *_: sender)


def test_a_file_that_is_locked_at_the_start_keeps_channels_from_working_only_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_file_module, "BUSY_S", 0.05)
    site, sender = site_with(tmp_path, channel_table()), FailingSender()
    box = box_of(site, SimulatedClock(NOW_S), sender)
    box.accept(begun(A))
    other = sqlite3.connect(site.state_folder / ALERTS / NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    box.start()
    until(lambda: "cannot be written" in box.failing)
    other.execute("ROLLBACK")
    other.close()
    until(lambda: sender.sent == [f"{A}-0-ops"] and not box.failing)
    assert box.stop(5)


def test_the_outbox_outlives_what_nobody_thought_of_and_says_it_by_its_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, sender, journal = site_with(tmp_path, channel_table()), FailingSender(), KeptJournal()
    box = box_of(site, SimulatedClock(NOW_S), sender, journal)
    assert box.failing == ""

    def escalate(_: Site) -> None:
        raise ZeroDivisionError("https://user:hunter2@ops.example.org")

    monkeypatch.setattr(box._routing, "escalate", escalate)
    box.start()
    until(lambda: box.failing == "unexpected ZeroDivisionError")
    box.accept(begun(A))
    until(lambda: sender.sent == [f"{A}-0-ops"])
    assert box.alive
    assert journal.of("telling of alerts fails") == [{"channel": "outbox", "why": "unexpected ZeroDivisionError"}]
    assert box.stop(5)
    until(lambda: not box.alive)
    assert box.failing != ENDED, "it was ended, it did not end"


def test_a_thread_that_ended_by_itself_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = box_of(site_with(tmp_path, channel_table()), SimulatedClock(NOW_S), FailingSender())

    async def deliver() -> None:
        raise MemoryError

    monkeypatch.setattr(box, "_deliver", deliver)
    box.start()
    until(lambda: not box.alive)
    assert box.failing == ENDED
    assert box.stop(5)


def test_what_was_taken_and_cannot_be_deleted_is_not_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site, clock, sender = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S), FailingSender()
    box = box_of(site, clock, sender)
    box.accept(begun(A))
    box.accept(begun(B))
    taken = box._waiting.taken

    def cannot(channel: str, seqs: Sequence[int]) -> None:
        raise OutputError("what waits to be told cannot be written: OperationalError")

    monkeypatch.setattr(box._waiting, "taken", cannot)
    box.start()
    until(lambda: "cannot be written" in box.health()[0].failing and len(sender.sent) == 2)
    box.follow(site)
    for _ in range(5):
        clock.sleep(20)
        time.sleep(0.05)
    assert sorted(sender.sent) == [f"{A}-0-ops", f"{B}-0-ops"]
    assert box.health()[0].waiting == 2
    monkeypatch.setattr(box._waiting, "taken", taken)
    clock.sleep(2)
    until(lambda: box.health()[0].waiting == 0 and not box.health()[0].failing)
    assert len(sender.sent) == 2
    assert box.stop(5)


@pytest.mark.parametrize("proves", [False, True])
def test_quiet_hours_do_not_end_that_a_channel_fails_unless_a_connection_is_held(
    proves: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering_module, "FAILING_S", 1.0)
    monkeypatch.setattr(delivering_module, "POLL_S", 0.02)
    clock, sender, journal = SetClock(NOW_S), FailingSender(), KeptJournal()
    sender.fails, sender.proves = True, proves
    box = box_of(site_with(tmp_path, channel_table(quiet='["Mo 16:30-17:30"]')), clock, sender, journal)
    box.accept(begun(A))
    box.start()
    until(lambda: box.health()[0].failing == "no")
    clock.sleep(5)
    until(lambda: journal.of("telling of alerts fails"))
    clock.set(3600.0)
    for _ in range(5):
        clock.sleep(20)
        time.sleep(0.05)
    if proves:
        until(lambda: not box.health()[0].failing)
    else:
        assert box.health()[0].failing == "no"
        assert not journal.of("telling of alerts works again")
    sender.fails = False
    clock.set(-3600.0)
    clock.sleep(1)
    until(lambda: sender.sent and not box.health()[0].failing and journal.of("telling of alerts works again"))
    assert box.stop(5)


def test_a_message_that_alone_is_refused_is_given_up_and_makes_no_channel_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering_module, "POLL_S", 0.02)

    class Refusing(FailingSender):
        async def send(self, deliveries: Sequence[Delivery]) -> None:
            raise ChannelError("the server answers 422", refused=True)

    clock = SimulatedClock(NOW_S)
    box = box_of(site_with(tmp_path, channel_table()), clock, Refusing())
    box.accept(begun(A))
    box.start()

    def is_given_up() -> bool:
        clock.sleep(0.01)
        return box.health()[0].dead == 1 and not box.health()[0].failing

    until(is_given_up)
    assert box.stop(5)


def test_a_sender_that_gets_on_as_it_closes_is_heard_and_closes(tmp_path: Path) -> None:
    closed: list[str] = []

    class Closing(FailingSender):
        def __init__(self, went: Callable[[int], object]) -> None:
            super().__init__()
            self.went = went

        async def close(self) -> None:
            self.went(0)
            closed.append("closed")

    def make(_site: object, _channel: object, _access: object, _clock: object, around: Around) -> Closing:
        return Closing(around.went)

    site = site_with(tmp_path, channel_table())
    box = Outbox(site.state_folder / ALERTS, site, SimulatedClock(NOW_S), KeptJournal(), environ={}, pace=Pace(0.01, 0.02), make=make)
    box.accept(begun(A))
    box.start()
    until(lambda: box.health()[0].delivered == 1)
    assert box.stop(5)
    assert closed == ["closed"]


def test_a_channel_that_hangs_as_it_closes_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering_module, "CLOSE_S", 0.05)

    class Hanging(FailingSender):
        async def close(self) -> None:
            await asyncio.Event().wait()

    made: list[FailingSender] = []

    def make(_site: object, channel: Channel, *_: object) -> FailingSender:
        made.append(Hanging() if channel.id == "hangs" else FailingSender())
        return made[-1]

    site = site_with(tmp_path, channel_table("hangs"), channel_table("ops"))
    box = Outbox(site.state_folder / ALERTS, site, SimulatedClock(NOW_S), KeptJournal(), environ={}, pace=Pace(0.01, 0.02), make=make)
    box.start()
    until(lambda: len(made) == 2)
    box.follow(site)
    until(lambda: len(made) == 4)
    box.accept(begun(A))
    until(lambda: made[3].sent == [f"{A}-0-ops"])
    assert box.stop(5)


def test_what_fails_of_what_is_done_each_hour_is_said_until_it_is_done_and_that_is_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "TICK_S", 0.01)
    site, clock, journal = site_with(tmp_path, channel_table()), SimulatedClock(NOW_S), KeptJournal()
    box = box_of(site, clock, FailingSender(), journal)
    wipe, escalate = box._waiting.wipe, box._routing.escalate
    tried = ticked = 0

    def cannot(*, whole: bool = False) -> bool:
        nonlocal tried
        tried += whole
        if whole:
            raise OutputError("what waits to be told cannot be wiped: OperationalError")
        return wipe()

    def tick(at_work: Site) -> list[Told]:
        nonlocal ticked
        ticked += 1
        return escalate(at_work)

    monkeypatch.setattr(box._waiting, "wipe", cannot)
    monkeypatch.setattr(box._routing, "escalate", tick)
    box.start()
    until(lambda: "cannot be wiped" in box.failing)

    def goes_on() -> bool:
        clock.sleep(0.1)
        return ticked > 10

    until(goes_on)
    assert "cannot be wiped" in box.failing
    assert journal.of("telling of alerts works again") == []
    clock.sleep(61)
    until(lambda: tried >= 2)
    monkeypatch.setattr(box._waiting, "wipe", wipe)
    clock.sleep(61)
    until(lambda: not box.failing)
    assert len(journal.of("telling of alerts fails")) == len(journal.of("telling of alerts works again")) == 1
    assert box.stop(5)


def test_what_always_fails_keeps_nothing_else_from_being_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "TICK_S", 0.01)
    clock = SimulatedClock(NOW_S)
    box = box_of(site_with(tmp_path, channel_table()), clock, FailingSender())
    whole: list[bool] = []

    def escalate(_: Site) -> None:
        clock.sleep(1)
        raise ZeroDivisionError

    monkeypatch.setattr(box._routing, "escalate", escalate)
    monkeypatch.setattr(box._waiting, "wipe", lambda *, whole=False, kept=whole: kept.append(whole))
    box.start()
    until(lambda: whole[:2] == [True, False] and box.figures)
    assert box.failing == "unexpected ZeroDivisionError"
    assert box.stop(5)


def test_letters_that_are_lost_while_those_before_are_told_of_are_told_of_later(tmp_path: Path) -> None:
    site, journal = site_with(tmp_path, channel_table()), KeptJournal()
    box = box_of(site, SimulatedClock(NOW_S), FailingSender(), journal)
    warn = journal.warning

    def warned(event: str, **facts: object) -> None:
        warn(event, **facts)
        box._waiting.lost["duty"] = 1

    journal.warning = warned  # type: ignore[method-assign]
    box._waiting.lost["ops"] = 1
    box._saying.lost(box._waiting.lost)
    box._saying.lost(box._waiting.lost)
    assert [facts["channel"] for facts in journal.of("dead letters are deleted, as there are too many")] == ["ops", "duty"]
    assert box.stop(5)
