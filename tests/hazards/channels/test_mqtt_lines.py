"""MQTT against a real broker over a line that is slow, stands still or breaks: what gets on is not given up, what was taken is not sent again."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import Cause, Severity
from passerby.hazards.channels import delivering, mqtt
from passerby.hazards.channels.delivering import Pace
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.lines import Line
from tests.support.site_files import camera_table
from tests.support.told import Listener, broker, channel_table, free_port, opened, site_with, until

CAMERAS = 40
"""Each of them is announced and has a state: 81 messages of a greeting before the last one."""
STATUS = "passerby/status"


@dataclass(frozen=True)
class Home:
    """A site with a broker behind a line, and somebody who listens at the broker itself. The box is not started yet."""

    site: Site
    box: Outbox
    line: Line
    listener: Listener

    @property
    def events(self) -> list[str]:
        return [event["id"] for event in self.listener.of("passerby/events")]


class Settle(Protocol):
    """Makes one."""

    def __call__(self, cameras: int = CAMERAS, delay_s: float = 0.0) -> Home: ...


@pytest.fixture
def settle(tmp_path: Path) -> Iterator[Settle]:
    """All that it makes is ended, whatever becomes of the test."""
    with contextlib.ExitStack() as ends:

        def settled(cameras: int = CAMERAS, delay_s: float = 0.0) -> Home:
            port = free_port()
            ends.enter_context(broker(port))
            line = ends.enter_context(Line(port, delay_s))
            listener = Listener(port)
            ends.callback(listener.close)
            site = site_with(
                tmp_path,
                channel_table("home", "mqtt", f"mqtt://127.0.0.1:{line.port}"),
                cameras="".join(camera_table(f"gate-{number}") for number in range(cameras)),
            )
            box = Outbox(site.state_folder / ALERTS, site, SystemClock(), KeptJournal(), environ=os.environ, pace=Pace(0.05, 0.2))
            ends.callback(box.stop, 12)
            return Home(site, box, line, listener)

        yield settled


def alert(number: int) -> str:
    return f"{number:016x}"


def test_a_greeting_that_was_cut_off_is_done_anew_and_then_we_are_online(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "ALL_WITHIN_S", 1.0)
    monkeypatch.setattr(delivering, "TEND_S", 0.2)
    home = settle()
    home.line.most = 5000
    home.box.start()
    until(lambda: home.box.health()[0].failing == "no answer in time")
    assert home.listener.of(STATUS) == []
    home.line.most = None
    until(lambda: home.listener.of(STATUS)[-1:] == ["online"])
    assert len({name for name, _, _ in home.listener.heard if name.endswith("/config")}) == CAMERAS + 1
    until(lambda: not home.box.health()[0].failing)
    assert home.box.stop(12)


def test_a_greeting_that_gets_on_has_all_the_time_that_it_needs(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "ALL_WITHIN_S", 2.0)
    home = settle(delay_s=0.15)
    home.box.start()
    home.box.accept(opened(alert(1), Severity.ALARM))
    until(lambda: home.events == [f"{alert(1)}-0-home"])
    assert (home.line.connections, home.box.health()[0].retried) == (1, 0)
    assert home.listener.of(STATUS) == ["online"]
    assert home.box.stop(12)


def test_many_messages_over_a_slow_line_come_once_each_and_none_is_sent_again(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "ALL_WITHIN_S", 2.0)
    home = settle(cameras=1, delay_s=0.1)
    home.box.accept_all([opened(alert(number)) for number in range(12)])
    home.box.start()
    until(lambda: home.box.health()[0].delivered == 12, 40)
    assert home.events == [f"{alert(number)}-0-home" for number in range(12)]
    assert (home.line.connections, home.box.health()[0].retried) == (1, 0)
    assert home.box.stop(12)


def test_what_was_taken_before_the_line_broke_is_not_sent_again(settle: Settle) -> None:
    home = settle(cameras=1, delay_s=0.05)
    home.box.accept_all([opened(alert(number)) for number in range(20)])
    home.box.start()
    until(lambda: len(home.events) >= 8)
    home.line.cut()
    until(lambda: home.box.health()[0].delivered == 20, 40)
    until(lambda: home.events[-1:] == [f"{alert(19)}-0-home"])
    heard = home.events
    assert list(dict.fromkeys(heard)) == [f"{alert(number)}-0-home" for number in range(20)]
    assert len(heard) <= 21  # the one that was on its way comes twice
    assert home.box.stop(12)


def test_a_new_connection_has_the_name_of_the_lost_one_so_that_a_broker_ends_that_first(settle: Settle) -> None:
    home = settle(cameras=1)
    home.box.start()
    until(lambda: home.listener.of(STATUS) == ["online"])
    home.line.cut()
    home.box.accept(opened(alert(1)))
    until(lambda: home.box.health()[0].delivered == 1)
    assert home.line.connections == 2
    names = [re.findall(rb"passerby-[0-9a-f]{12}", began) for began in home.line.began]
    assert names[0] == names[1] != []
    assert home.box.stop(12)


def test_another_site_file_leaves_no_connection_behind_that_says_later_that_we_are_gone(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "TEND_S", 0.2)
    home = settle(cameras=1)
    home.box.start()
    until(lambda: home.listener.of(STATUS) == ["online"])
    for times in (2, 3):
        home.box.follow(home.site)
        until(lambda times=times: home.listener.of(STATUS).count("online") == times)  # type: ignore[misc]
    home.line.cut()
    until(lambda: home.listener.of(STATUS).count("online") == 4)
    assert home.listener.of(STATUS) == ["online", "offline", "online", "offline", "online", "offline", "online"]
    assert home.box.stop(12)


def test_an_alarm_shows_in_its_state_before_all_is_told_that_waits(settle: Settle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "SHOW_S", 0.0)
    home = settle(cameras=1, delay_s=0.02)
    home.box.accept_all([opened(alert(number)) for number in range(80)])
    home.box.start()
    until(lambda: len(home.events) >= 5)
    home.box.accept(opened(alert(80), Severity.ALARM, cause=Cause("cameras", "gate-0")))
    until(lambda: home.events[-1:] == [f"{alert(80)}-0-home"], 60)
    heard = [(name, payload) for name, payload, _ in home.listener.heard]
    shown = next(at for at, (name, payload) in enumerate(heard) if name == "passerby/hazards/cameras/gate-0/_" and payload["state"] == "ON")
    told = next(at for at, (name, payload) in enumerate(heard) if name == "passerby/events" and payload["id"] == f"{alert(79)}-0-home")
    assert shown < told
    assert home.box.stop(12)
