"""MQTT against a real broker over a line that is slow, stands still or breaks: what gets on is not given up, what was taken is not sent again."""

import os
import re
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import Severity
from passerby.hazards.channels import delivering
from passerby.hazards.channels.delivering import Pace
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.lines import Line
from tests.support.site_files import camera_table
from tests.support.told import Listener, broker, channel_table, free_port, opened, site_with, until

CAMERAS = 40
"""Each of them is announced and has a state: 81 messages of a greeting before the last one."""


def outbox(site: Site) -> Outbox:
    return Outbox(site.state_folder / ALERTS, site, SystemClock(), KeptJournal(), environ=os.environ, pace=Pace(0.05, 0.2))


def site(folder: Path, port: int, cameras: int = CAMERAS) -> Site:
    return site_with(
        folder,
        channel_table("home", "mqtt", f"mqtt://127.0.0.1:{port}"),
        cameras="".join(camera_table(f"gate-{number}") for number in range(cameras)),
    )


def alert(number: int) -> str:
    return f"{number:016x}"


def events(listener: Listener) -> list[str]:
    return [event["id"] for event in listener.of("passerby/events")]


def test_a_greeting_that_was_cut_off_is_done_anew_and_then_we_are_online(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "ALL_WITHIN_S", 1.0)
    monkeypatch.setattr(delivering, "TEND_S", 0.2)
    port = free_port()
    with broker(port), Line(port) as line:
        line.most = 5000
        listener = Listener(port)
        box = outbox(site(tmp_path, line.port))
        box.start()
        until(lambda: box.health()[0].failing == "no answer in time")
        assert listener.of("passerby/status") == []
        line.most = None
        until(lambda: listener.of("passerby/status")[-1:] == ["online"])
        assert len({name for name, _, _ in listener.heard if name.endswith("/config")}) == CAMERAS + 1
        until(lambda: not box.health()[0].failing)
        assert box.stop(12)
        listener.close()


def test_a_greeting_that_gets_on_has_all_the_time_that_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "ALL_WITHIN_S", 2.0)
    port = free_port()
    with broker(port), Line(port, 0.15) as line:
        listener = Listener(port)
        box = outbox(site(tmp_path, line.port))
        box.start()
        box.accept(opened(alert(1), Severity.ALARM))
        until(lambda: events(listener) == [f"{alert(1)}-0-home"])
        assert (line.connections, box.health()[0].retried) == (1, 0)
        assert listener.of("passerby/status") == ["online"]
        assert box.stop(12)
        listener.close()


def test_many_messages_over_a_slow_line_come_once_each_and_none_is_sent_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "ALL_WITHIN_S", 2.0)
    port = free_port()
    with broker(port), Line(port, 0.1) as line:
        listener = Listener(port)
        box = outbox(site(tmp_path, line.port, cameras=1))
        box.accept_all([opened(alert(number)) for number in range(12)])
        box.start()
        until(lambda: box.health()[0].delivered == 12, 40)
        assert events(listener) == [f"{alert(number)}-0-home" for number in range(12)]
        assert (line.connections, box.health()[0].retried) == (1, 0)
        assert box.stop(12)
        listener.close()


def test_what_was_taken_before_the_line_broke_is_not_sent_again(tmp_path: Path) -> None:
    port = free_port()
    with broker(port), Line(port, 0.05) as line:
        listener = Listener(port)
        box = outbox(site(tmp_path, line.port, cameras=1))
        box.accept_all([opened(alert(number)) for number in range(20)])
        box.start()
        until(lambda: len(events(listener)) >= 8)
        line.cut()
        until(lambda: box.health()[0].delivered == 20, 40)
        until(lambda: events(listener)[-1:] == [f"{alert(19)}-0-home"])
        heard = events(listener)
        assert list(dict.fromkeys(heard)) == [f"{alert(number)}-0-home" for number in range(20)]
        assert len(heard) <= 21  # the one that was on its way comes twice
        assert box.stop(12)
        listener.close()


def test_a_new_connection_has_the_name_of_the_lost_one_so_that_a_broker_ends_that_first(tmp_path: Path) -> None:
    port = free_port()
    with broker(port), Line(port) as line:
        listener = Listener(port)
        box = outbox(site(tmp_path, line.port, cameras=1))
        box.start()
        until(lambda: listener.of("passerby/status") == ["online"])
        line.cut()
        box.accept(opened(alert(1)))
        until(lambda: box.health()[0].delivered == 1)
        assert line.connections == 2
        names = [re.findall(rb"passerby-[0-9a-f]{12}", began) for began in line.began]
        assert names[0] == names[1] != []
        assert box.stop(12)
        listener.close()
