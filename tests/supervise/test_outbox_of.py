"""The outbox of a running site: from a rule to a real server and back into the alert's history, over restarts; a channel's failure as an alert."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import HazardKind, What
from passerby.hazards.alert_log import AlertLog
from passerby.hazards.channels.delivering import Pace
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.hazard_thread import HazardThread
from passerby.supervise.outbox_of import outbox_of
from tests.support.alerts import ToldRules
from tests.support.journals import KeptJournal
from tests.support.told import HttpReceiver, channel_table, opened, site_with, then, until

A, B = "a" * 16, "b" * 16


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
    until(lambda: len(receiver.once) == 2)
    first.stop()
    second = Running(site)
    second.rules.say = [then(A, 1, What.ENDED)]
    until(lambda: len(receiver.once) == 3)
    second.stop()
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
