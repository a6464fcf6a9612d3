"""`passerby channels` against real servers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import Cause, HazardKind
from passerby.hazards.channels.signature import TOLERANCE_S, signature_of, verifies
from passerby.hazards.channels.waiting import Waiting
from passerby.hazards.channels.wording import trial
from passerby.hazards.outbox import ALERTS, Outbox
from tests.support.guarded_site import make_certificate
from tests.support.journals import KeptJournal
from tests.support.told import SECRET, HttpReceiver, Listener, broker, channel_table, free_port, opened, site_with, until

CLI = "from passerby.cli import main; main()"


def passerby(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", CLI, "channels", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200", **environ},
    )


def test_a_channel_is_tried_with_a_message_that_is_marked_as_an_exercise(tmp_path: Path) -> None:
    with HttpReceiver() as receiver:
        path = str(site_with(tmp_path, channel_table(address=receiver.address)).folder / "site.toml")
        run = passerby("test", path, "ops")
        assert (run.returncode, run.stdout) == (0, "ops: taken\n")
        (delivery,) = receiver.deliveries
        assert delivery.exercise
        assert delivery.title == "EXERCISE: Central station: notice: channel opened"
        assert receiver.wrong == 0
        receiver.answer = 500
        run = passerby("test", path, "ops")
        assert (run.returncode, run.stderr) == (1, "not taken: the server answers 500\n")
        assert passerby("test", path, "nobody").returncode == 2


def test_whoever_tries_a_broker_leaves_its_states_and_our_being_there_as_they_are(tmp_path: Path) -> None:
    port = free_port()
    with broker(port):
        site = site_with(tmp_path, channel_table("home", "mqtt", f"mqtt://127.0.0.1:{port}"))
        box = Outbox(site.state_folder / ALERTS, site, SystemClock(), KeptJournal(), environ=os.environ)
        box.start()
        box.accept(opened(cause=Cause("cameras", "gate-1"), kind=HazardKind.CAMERA))
        listener = Listener(port)
        until(lambda: len(listener.of("passerby/events")) == 1 or box.health()[0].delivered == 1)
        run = passerby("test", str(site.folder / "site.toml"), "home")
        assert (run.returncode, run.stdout) == (0, "home: taken\n"), run.stderr
        until(lambda: listener.of("passerby/events")[-1:] and listener.of("passerby/events")[-1]["exercise"])
        assert set(listener.of("passerby/status")) == {"online"}
        assert listener.of("passerby/hazards/cameras/gate-1/_")[-1]["state"] == "ON"
        assert not [name for name, _, _ in listener.heard if "/test_" in name]
        assert box.stop(5)
        listener.close()


def test_the_list_says_what_waits_and_no_secret(tmp_path: Path) -> None:
    site = site_with(tmp_path, channel_table(address="https://ops.example.org/hunter2"), channel_table("boss", escalate_after='"5 min"'))
    waiting = Waiting(site.state_folder / ALERTS, 0.0)
    for number in range(3):
        waiting.put(trial(site, site.channels[0], f"{number:016x}", 0.0), 0.0, loud=False)
    (first, *_) = waiting.next("ops", 10, quiet=False)
    waiting.bury("ops", [first.seq], "the server answers 410")
    waiting.close()
    path = str(site.folder / "site.toml")
    run = passerby("list", path)
    assert run.returncode == 0, run.stderr
    assert "unacknowledged for 5 min" in run.stdout
    (row,) = [line for line in run.stdout.splitlines() if "ops " in line]
    assert [cell.strip() for cell in row.split("│")[-3:-1]] == ["2", "1"]
    assert "hunter2" not in run.stdout
    assert SECRET not in run.stdout
    dead = passerby("dead", path, "--channel", "ops").stdout
    assert "0000000000000000-0-ops" in dead
    assert "the server answers 410" in dead
    assert passerby("dead", path, "--channel", "boss").stdout == "There are no dead letters.\n"
    assert passerby("retry", path, "0000000000000001-0-ops").stdout == "0 dead letters wait again\n"
    assert passerby("retry", path, "0000000000000000-0-ops").stdout == "1 dead letters wait again\n"


HOSTILE = "[/nothing][bold red]\\[link=file:///etc]\x1b]0;title\x07\x1b[2J\u202e"


def test_names_that_somebody_chose_to_do_harm_are_shown_as_they_are(tmp_path: Path) -> None:
    site = site_with(tmp_path, channel_table(address="https://[2001:db8::1]/[/nothing]"))
    waiting = Waiting(site.state_folder / ALERTS, 0.0)
    one = msgspec.structs.replace(trial(site, site.channels[0], "0" * 16, 0.0), title=HOSTILE)
    waiting.put(one, 0.0, loud=False)
    waiting.bury("ops", [waiting.next("ops", 1, quiet=False)[0].seq], HOSTILE)
    waiting.close()
    path = str(site.folder / "site.toml")
    for command in ("list", "dead"):
        run = passerby(command, path)
        assert run.returncode == 0, run.stderr
        assert "\x1b" not in run.stdout
        assert "\u202e" not in run.stdout
    assert passerby("dead", path).stdout.count("[/nothing][bold red]\\[link=file:///etc]\ufffd]0;title\ufffd\ufffd[2J\ufffd") == 2


def test_a_site_that_never_ran_has_nothing_that_waits(tmp_path: Path) -> None:
    path = str(site_with(tmp_path, channel_table()).folder / "site.toml")
    assert passerby("list", path).returncode == 0
    assert passerby("dead", path).stdout == "There are no dead letters.\n"
    assert passerby("retry", path).stdout == "0 dead letters wait again\n"
    assert not (tmp_path / "state").exists()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
def test_a_server_shows_a_certificate_that_is_trusted_or_hears_nothing(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with HttpReceiver(tls=(certificate, key)) as receiver:
        trusted = site_with(tmp_path / "a", channel_table(address=receiver.address, tls_certificate=f'"{certificate}"'))
        assert passerby("test", str(trusted.folder / "site.toml"), "ops").returncode == 0
        other = site_with(tmp_path / "b", channel_table(address=receiver.address))
        run = passerby("test", str(other.folder / "site.toml"), "ops")
        assert (run.returncode, run.stderr) == (1, "not taken: the certificate is not accepted\n")
        wrong = site_with(tmp_path / "c", channel_table(address=receiver.address, tls_certificate=f'"{key}"'))
        assert "tls_certificate" in passerby("test", str(wrong.folder / "site.toml"), "ops").stderr
        assert len(receiver.deliveries) == 1


def test_a_signature_is_of_this_body_this_secret_and_this_time() -> None:
    now_s = SystemClock().wall_s()
    header = signature_of(SECRET, b"body", now_s)
    assert verifies(SECRET, b"body", header, now_s)
    assert not verifies(SECRET, b"Body", header, now_s)
    assert not verifies(SECRET + "x", b"body", header, now_s)
    assert not verifies(SECRET, b"body", header, now_s + TOLERANCE_S + 2)
    assert not verifies(SECRET, b"body", header.replace("t=", "t=1"), now_s)
    assert not verifies(SECRET, b"body", "", now_s)
