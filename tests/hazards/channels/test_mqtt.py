"""MQTT against a real broker that is killed, comes back and asks for passwords, with somebody who listens to all of it."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from passerby.clock import SystemClock
from passerby.hazards.alert import Severity, What
from passerby.hazards.channels.delivering import Pace
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.site_files import login
from tests.support.told import Listener, broker, channel_table, free_port, opened, site_with, then, until

FAST = Pace(first_s=0.05, longest_s=0.2)
STATE = "passerby/hazards/crowd/gate-1/stairs"


def outbox(site: Site) -> Outbox:
    return Outbox(site.state_folder / ALERTS, site, SystemClock(), KeptJournal(), environ=os.environ, pace=FAST)


def site(folder: Path, port: int, **keys: str) -> Site:
    return site_with(folder, channel_table("home", "mqtt", f"mqtt://127.0.0.1:{port}", **keys))


def _is_online(listener: Listener) -> bool:
    return listener.of("passerby/status") == ["online"]


def _has_told(box: Outbox, count: int) -> bool:
    return box.health()[0].delivered == count


def alert(number: int) -> str:
    return f"{number:016x}"


def test_home_assistant_is_told_what_there_is_and_the_states_are_retained(tmp_path: Path) -> None:
    port = free_port()
    with broker(port):
        box = outbox(site(tmp_path, port))
        box.start()
        box.accept(opened(alert(1), Severity.ALARM))
        until(lambda: box.health()[0].delivered == 1)
        listener = Listener(port)
        until(lambda: listener.of(STATE))
        (state,) = listener.of(STATE)
        assert (state["state"], state["severity"], state["value"]) == ("ON", "alarm", 2.9)
        assert listener.of("passerby/status") == ["online"]
        configs = {name: payload for name, payload, retained in listener.heard if name.startswith("homeassistant/") and retained}
        (config,) = [payload for payload in configs.values() if payload["state_topic"] == STATE]
        assert config["availability_topic"] == "passerby/status"
        assert config["json_attributes_topic"] == STATE
        assert config["device_class"] == "safety"
        (events,) = [payload for payload in configs.values() if payload["state_topic"] == "passerby/events"]
        assert events["event_types"] == ["opened", "updated", "ended", "returned", "acknowledged", "commented", "closed"]
        cameras = [payload for payload in configs.values() if payload["state_topic"] == "passerby/hazards/cameras/gate-1/_"]
        assert [one["device_class"] for one in cameras] == ["problem"]
        assert listener.of("passerby/hazards/cameras/gate-1/_") == [{"state": "OFF"}]
        # A drill at the same place is told of, and leaves the state as it is.
        box.accept_all([opened(alert(2), exercise=True), then(alert(2), 1, What.ENDED)])
        until(lambda: len(listener.of("passerby/events")) == 2)
        assert [event["exercise"] for event in listener.of("passerby/events")] == [True, True]
        assert len(listener.of(STATE)) == 1
        box.accept(then(alert(1), 1, What.ENDED))
        until(lambda: listener.of(STATE)[-1]["state"] == "OFF")
        assert [event["event_type"] for event in listener.of("passerby/events")] == ["opened", "ended", "ended"]
        assert box.stop(5)
        until(lambda: listener.of("passerby/status")[-1] == "offline")
        listener.close()


def test_what_somebody_says_of_a_hazard_that_is_over_does_not_turn_it_on_again(tmp_path: Path) -> None:
    port = free_port()
    with broker(port):
        listener = Listener(port)
        box = outbox(site(tmp_path, port))
        box.start()
        until(partial(_is_online, listener))
        # In the order of `What`: opened, updated, ended, returned, acknowledged, commented, closed.
        happened = [opened(alert(1)), *(then(alert(1), number, what) for number, what in enumerate(What) if what not in (What.OPENED, What.TOLD))]
        for count, event in enumerate(happened, 1):
            box.accept(event)
            until(partial(_has_told, box, count))
        until(lambda: len(listener.of("passerby/events")) == len(happened))
        assert [state["state"] for state in listener.of(STATE)] == ["ON", "ON", "OFF", "ON", "OFF"]
        assert {state["alert"] for state in listener.of(STATE)} == {alert(1)}
        assert box.stop(5)
        listener.close()


KILLED = """
import sys, time
from pathlib import Path
from passerby.clock import SystemClock
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.reading import read_site
from tests.support.journals import KeptJournal
site = read_site(Path(sys.argv[1]))
Outbox(site.state_folder / ALERTS, site, SystemClock(), KeptJournal()).start()
time.sleep(60)
"""


def test_whoever_is_killed_is_said_to_be_offline_by_the_broker(tmp_path: Path) -> None:
    port = free_port()
    with broker(port):
        listener = Listener(port)
        path = site(tmp_path, port).folder / "site.toml"
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])})
        until(lambda: listener.of("passerby/status") == ["online"])
        process.kill()
        process.wait()
        until(lambda: listener.of("passerby/status") == ["online", "offline"])
        listener.close()


def test_what_happened_while_the_broker_was_gone_comes_once_and_in_order(tmp_path: Path) -> None:
    port = free_port()
    one = site(tmp_path, port)
    with broker(port):
        box = outbox(one)
        box.start()
        box.accept(opened(alert(0)))
        until(lambda: box.health()[0].delivered == 1)
    for number in range(1, 40):
        box.accept(opened(alert(number)))
    until(lambda: box.health()[0].failing)
    with broker(port):
        listener = Listener(port)
        until(lambda: len(listener.of("passerby/events")) >= 39)
        assert box.stop(5)
        ids = list(dict.fromkeys(event["id"] for event in listener.of("passerby/events")))
        listener.close()
    assert ids == [f"{alert(number)}-0-home" for number in range(1, 40)]


def test_a_broker_that_comes_back_hears_of_us_without_any_alert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.hazards.channels.delivering.TEND_S", 0.2)
    port = free_port()
    box = outbox(site(tmp_path, port))
    box.start()
    until(lambda: box.health()[0].failing == "no connection to the broker")
    for _ in range(2):
        with broker(port):
            listener = Listener(port)
            until(partial(_is_online, listener))
            listener.close()
        until(lambda: box.health()[0].failing)
    assert box.stop(8)


def test_a_password_is_given_and_a_wrong_one_is_said_without_it(tmp_path: Path) -> None:
    port = free_port()
    passwords = tmp_path / "passwords"
    passwords.write_text(f"duty:{PasswordHash((Argon2Hasher(),)).hash('hunter2-right')}\n", "utf-8")
    with broker(port, passwords):
        right = outbox(site(tmp_path / "right", port, **login("duty", "hunter2-right")))
        right.start()
        right.accept(opened())
        until(lambda: right.health()[0].delivered == 1)
        assert right.stop(5)
        wrong = outbox(site(tmp_path / "wrong", port, **login("duty", "hunter2-wrong")))
        wrong.start()
        wrong.accept(opened())
        until(lambda: wrong.health()[0].failing, 30)
        assert "hunter2" not in repr(wrong.health())
        assert wrong.stop(12)


def test_without_discovery_home_assistant_is_told_nothing(tmp_path: Path) -> None:
    port = free_port()
    with broker(port):
        box = outbox(site(tmp_path, port, discovery="false", topic='"station/north"'))
        box.start()
        box.accept(opened())
        until(lambda: box.health()[0].delivered == 1)
        listener = Listener(port)
        until(lambda: listener.of("station/north/status"))
        assert not [name for name, _, _ in listener.heard if not name.startswith(("station/north/", "$SYS"))]
        listener.close()
        assert box.stop(5)
