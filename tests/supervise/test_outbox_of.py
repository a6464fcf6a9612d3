"""The outbox of a running site: from a rule to a real server and back into the alert's history, over restarts; a channel's failure as an alert."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import Cause, HazardKind, What
from passerby.hazards.alert_log import AlertLog
from passerby.hazards.channels.delivering import Pace
from passerby.hazards.channels.waiting import NAME, Waiting
from passerby.hazards.outbox import ALERTS, ENDED, Outbox
from passerby.record.receipts import FileReceipts
from passerby.serve.metrics import exposition
from passerby.site.durations import DAY_S
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.alert_retention import kept_alerts
from passerby.supervise.hazard_thread import HazardThread
from passerby.supervise.outbox_of import outbox_of
from tests.support.alerts import NOON, ToldRules
from tests.support.journals import KeptJournal
from tests.support.recorded import SetClock, SetMachine
from tests.support.site_now import site_now
from tests.support.told import HttpReceiver, channel_table, opened, site_with, then, until

A, B = "a" * 16, "b" * 16
ALERTS_OF = {
    "alerts": "SELECT alert FROM alerts",
    "told": "SELECT alert FROM told",
    "armed": "SELECT alert FROM armed",
    "deliveries": "SELECT alert FROM deliveries",
}


class Running:
    """Rules, thread, desk and outbox, as a site has them."""

    def __init__(self, site: Site) -> None:
        self.rules = ToldRules()
        self.desk = AlertDesk(AlertLog(site.state_folder / ALERTS), SystemClock(), KeptJournal())
        self.thread = HazardThread(site, lambda _: self.rules, self.desk, None, SystemClock(), KeptJournal())
        self.outbox: Outbox = outbox_of(site, site.state_folder, self.thread, SystemClock(), KeptJournal())
        self.outbox._pace = Pace(0.02, 0.05)
        self.thread.start()
        self.outbox.start()

    def stop(self) -> None:
        assert self.thread.stop(5)
        assert self.outbox.stop(5)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as one:
        yield one


def test_what_a_rule_says_is_told_once_over_restarts_and_that_it_was_told_is_kept(tmp_path: Path, receiver: HttpReceiver) -> None:
    site = site_with(tmp_path, channel_table(address=receiver.address))
    first = Running(site)
    first.rules.say = [opened(A)]
    until(lambda: receiver.once == [f"{A}-0-ops"])
    first.desk.act(A, What.ACKNOWLEDGED, "operator")
    until(lambda: [one.delivered for one in first.outbox.health()] == [2])  # the answer came back, too
    first.stop()
    second = Running(site)
    second.rules.say = [then(A, 1, What.ENDED)]
    until(lambda: len(receiver.once) == 3 and [one.delivered for one in second.outbox.health()] == [1])
    second.stop()
    assert [(one.channel, one.delivered) for one in second.outbox.health()] == [("ops", 1)]
    assert [one.channel for one in second.thread.health().channels] == ["ops"]
    assert len(receiver.deliveries) == 3
    assert [delivery.what for delivery in receiver.deliveries] == [What.OPENED, What.ACKNOWLEDGED, What.ENDED]
    log = AlertLog(site.state_folder / ALERTS)
    told = [event for day in log.days() for event in log.events(day) if event.what is What.TOLD]
    assert [(event.alert, event.channel, event.words) for event in told] == [(A, "ops", "delivered")]


def test_a_channel_that_fails_is_an_alert_of_the_site_and_ends_also_after_a_restart(
    tmp_path: Path, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("passerby.hazards.channels.delivering.FAILING_S", 0.1)
    receiver.answer = 500
    site = site_with(tmp_path, channel_table(address=receiver.address))
    first = Running(site)
    first.rules.say = [opened(A)]
    until(lambda: [alert for alert in first.desk.open() if alert.kind is HazardKind.CHANNEL])
    (fault,) = [alert for alert in first.desk.open() if alert.kind is HazardKind.CHANNEL]
    assert (fault.cause.place, fault.over) == ("ops", True)
    first.stop()
    receiver.answer = 200
    second = Running(site)
    until(lambda: [alert for alert in second.desk.open() if alert.id == fault.id and not alert.over])
    second.stop()
    # Of its own failure it told nobody, and of what waited it told once.
    assert receiver.once == [f"{A}-0-ops"]


def rows_of(folder: Path) -> dict[str, int]:
    """How many rows there are in each table."""
    with contextlib.closing(sqlite3.connect(folder / NAME)) as database:
        return {table: len(database.execute(select).fetchall()) for table, select in ALERTS_OF.items()}


def test_what_channels_know_of_an_alert_goes_when_the_alert_does(tmp_path: Path) -> None:
    site = site_with(tmp_path, channel_table("ops"), channel_table("boss", escalate_after='"5 min"'))
    folder, clock, journal = site.state_folder / ALERTS, SetClock(NOON), KeptJournal()
    desk, retention = kept_alerts(folder, 2 * DAY_S, FileReceipts(tmp_path / "receipts.jsonl"), clock, journal, SetMachine(clock))
    rules = ToldRules()
    thread = HazardThread(site, lambda _: rules, desk, retention, clock, journal)
    (folder / f"{NAME}.damaged").touch()
    os.utime(folder / f"{NAME}.damaged", (NOON, NOON))
    outbox = outbox_of(site, site.state_folder, thread, clock, journal)
    rules.say = [opened(A, wall_s=NOON), opened(B, wall_s=NOON, cause=Cause("crowd", "gate-1", "hall")), then(B, 1, What.ENDED, wall_s=NOON + 9)]
    thread.step()
    outbox._waiting.bury("ops", [1], "nobody there")
    assert rows_of(folder) == {"alerts": 2, "told": 2, "armed": 2, "deliveries": 3}
    clock.sleep(1.4 * DAY_S)
    thread.step()
    assert rows_of(folder)["alerts"] == 2
    clock.sleep(0.2 * DAY_S)
    for _ in range(3):
        thread.step()
        clock.sleep(40)
    # Those that went on did so as others, of which channels were told; of those of that day nothing is left, dead, armed or open.
    (anew,) = [alert for alert in desk.open() if alert.over]
    with contextlib.closing(sqlite3.connect(folder / NAME)) as database:
        for select in ALERTS_OF.values():
            left = {row[0] for row in database.execute(select)}
            assert not left & {A, B}
            assert anew.id in left
    assert not (folder / f"{NAME}.damaged").exists()
    assert thread.stop(5)
    assert outbox.stop(5)
    # What a crash left is deleted at the next start, before anything is told.
    late = Waiting(folder, NOON)
    known = late.known(anew.id)
    assert known is not None
    late.learn(A, msgspec.structs.replace(known[0], opened_s=NOON), 0, NOON)
    late.close()
    desk, retention = kept_alerts(folder, 2 * DAY_S, FileReceipts(tmp_path / "receipts.jsonl"), clock, journal, SetMachine(clock))
    thread = HazardThread(site, lambda _: rules, desk, retention, clock, journal)
    outbox = outbox_of(site, site.state_folder, thread, clock, journal)
    assert outbox._waiting.known(A) is None
    assert outbox.stop(5)


def test_an_outbox_that_fails_is_said_with_the_hazards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running(site_with(tmp_path, channel_table()))
    assert running.thread.health().failing == ""
    monkeypatch.setattr(running.outbox._routing, "escalate", lambda _: 1 / 0)
    until(lambda: running.thread.health().failing == "unexpected ZeroDivisionError")
    running.stop()


def test_channels_of_an_outbox_that_has_ended_by_itself_do_not_go_on_to_be_well(tmp_path: Path) -> None:
    running = Running(site_with(tmp_path, channel_table("ops"), channel_table("boss")))
    until(lambda: [one.failing for one in running.thread.health().channels] == ["", ""])
    loop = running.outbox._loop
    assert loop is not None
    loop.call_soon_threadsafe(loop.stop)
    until(lambda: not running.outbox.alive)
    health = running.thread.health()
    assert [one.failing for one in health.channels] == [ENDED, ENDED]
    read = exposition(site_now(hazards=health), 0, 0).decode("utf-8")
    assert [f'passerby_channel_ok{{channel="{name}"}} 0.0' in read for name in ("ops", "boss")] == [True, True]
    running.stop()
