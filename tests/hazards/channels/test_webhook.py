"""Webhooks against a real HTTP server that fails, hangs, breaks off, refuses and comes back."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec
import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import Event, Severity, What
from passerby.hazards.channels import webhook
from passerby.hazards.channels.delivering import Pace, Told
from passerby.hazards.channels.delivery import Letter
from passerby.hazards.outbox import ALERTS, Listeners, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.told import HttpReceiver, channel_table, opened, site_with, then, until

FAST = Pace(first_s=0.02, longest_s=0.1)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver() as one:
        yield one


def outbox(site: Site, pace: Pace = FAST, listeners: Listeners | None = None) -> Outbox:
    return Outbox(site.state_folder / ALERTS, site, SystemClock(), KeptJournal(), listeners, environ=os.environ, pace=pace)


def alert(number: int) -> str:
    return f"{number:016x}"


def ids(*numbers: int, channel: str = "ops") -> list[str]:
    return [f"{alert(number)}-0-{channel}" for number in numbers]


def test_an_event_is_posted_signed_with_its_id(tmp_path: Path, receiver: HttpReceiver) -> None:
    told: list[Told] = []
    box = outbox(site_with(tmp_path, channel_table(address=receiver.address)), listeners=Listeners(told=told.extend))
    box.start()
    box.accept(opened(alert(1)))
    until(lambda: told)
    assert box.stop(5)
    (delivery,) = receiver.deliveries
    assert delivery.id == receiver.headers[0]["Passerby-Delivery"] == ids(1)[0]
    assert (delivery.site, delivery.camera, delivery.place, delivery.value, delivery.severity) == (
        "Central station",
        "gate-1",
        "stairs",
        2.9,
        Severity.WARNING,
    )
    assert delivery.title == "Central station: warning: density opened, gate-1 stairs"
    assert receiver.wrong == 0
    assert [(one.alert, one.channel, one.words) for one in told] == [(alert(1), "ops", "delivered")]


def test_what_could_not_be_told_for_long_comes_once_and_in_order_when_the_server_is_back(tmp_path: Path, receiver: HttpReceiver) -> None:
    receiver.answer = 503
    box = outbox(site_with(tmp_path, channel_table(address=receiver.address)))
    box.start()
    for number in range(300):
        box.accept(opened(alert(number)))
    until(lambda: receiver.requests > 5)
    receiver.answer = -1
    until(lambda: box.health()[0].failing == "the connection broke")
    receiver.answer = 200
    until(lambda: len(receiver.once) == 300)
    assert box.stop(5)
    assert [delivery.id for delivery in receiver.deliveries] == ids(*range(300))


def test_a_server_that_is_not_there_at_first_is_found_later(tmp_path: Path) -> None:
    with HttpReceiver() as gone:
        port = gone.port
    box = outbox(site_with(tmp_path, channel_table(address=f"http://127.0.0.1:{port}/hook")))
    box.start()
    box.accept(opened(alert(1)))
    until(lambda: box.health()[0].failing == "no connection")
    with HttpReceiver(port=port) as back:
        until(lambda: back.once == ids(1))
        assert box.stop(5)


def test_a_server_that_hangs_holds_up_neither_us_nor_another_channel(tmp_path: Path, receiver: HttpReceiver) -> None:
    with HttpReceiver(answer=0) as hanging:
        box = outbox(site_with(tmp_path, channel_table("hangs", address=hanging.address), channel_table(address=receiver.address)))
        box.start()
        began_s = time.monotonic()
        for number in range(5):
            box.accept(opened(alert(number)))
        assert time.monotonic() - began_s < 2
        until(lambda: len(receiver.once) == 5)
        until(lambda: hanging.requests == 1)
        assert box.stop(5)


def test_an_event_that_is_given_twice_is_told_once(tmp_path: Path, receiver: HttpReceiver) -> None:
    site = site_with(tmp_path, channel_table(address=receiver.address))
    events = [opened(alert(1)), then(alert(1), 1, What.ENDED)]
    for _ in range(2):
        box = outbox(site)
        box.start()
        box.accept_all([*events, *events])
        until(lambda: len(receiver.once) == 2)
        assert box.stop(5)
    assert len(receiver.deliveries) == 2


def test_one_message_that_is_refused_does_not_hold_up_the_others_and_is_a_dead_letter(tmp_path: Path, receiver: HttpReceiver) -> None:
    receiver.refuses = lambda letter: any(delivery.alert == alert(2) for delivery in letter.deliveries)
    site = site_with(tmp_path, channel_table(address=receiver.address))
    told: list[Told] = []
    box = outbox(site, listeners=Listeners(told=told.extend))
    box.accept_all(opened(alert(number)) for number in range(5))
    box.start()
    until(lambda: len(receiver.once) == 4)
    until(lambda: box.health()[0].dead == 1)
    assert box.stop(5)
    assert receiver.once == ids(0, 1, 3, 4)
    assert told[-1].words == "delivered"
    assert [one.alert for one in told if one.words.startswith("given up: the server answers 422")] == [alert(2)]


def test_refusals_right_after_an_outage_give_up_nothing(tmp_path: Path, receiver: HttpReceiver) -> None:
    refused: list[int] = []

    def refuses(letter: Letter) -> bool:
        refused.append(len(letter.deliveries))
        return len(refused) <= 5

    receiver.answer, receiver.refuses = 500, refuses
    site = site_with(tmp_path, channel_table(address=receiver.address))
    box = outbox(site)
    box.accept_all(opened(alert(number)) for number in range(3))
    box.start()
    until(lambda: receiver.requests >= 6)
    receiver.answer = 204
    until(lambda: len(receiver.once) + box.health()[0].dead == 3)
    assert (receiver.once, box.health()[0].dead) == (ids(0, 1, 2), 0)
    assert refused[:6] == [3, 1, 1, 1, 1, 1], "all at once, and then the first alone: four refusals of it are none too many"
    assert box.stop(5)


def test_what_waits_for_too_long_is_given_up_and_can_be_sent_again(tmp_path: Path, receiver: HttpReceiver) -> None:
    receiver.answer = 500
    site = site_with(tmp_path, channel_table(address=receiver.address))
    box = outbox(site, Pace(first_s=0.01, longest_s=0.02, dead_after_s=0.0, dead_tries=4))
    box.accept_all(opened(alert(number)) for number in range(3))
    box.start()
    until(lambda: box.health()[0].dead == 3)
    receiver.answer = 200
    path = site.folder / "site.toml"
    run = [sys.executable, "-m", "passerby.cli"]
    assert subprocess.run([*run[:1], "-c", CLI, "dead", str(path)], capture_output=True, text=True, check=True).stdout.count("the server") == 3
    said = subprocess.run([*run[:1], "-c", CLI, "retry", str(path)], capture_output=True, text=True, check=True).stdout
    assert said == "3 dead letters wait again\n"
    until(lambda: receiver.once == ids(0, 1, 2))
    assert box.stop(5)


CLI = "import sys; from passerby.cli import main; sys.argv[1:1] = ['channels']; main()"


def test_a_redirect_is_not_followed(tmp_path: Path, receiver: HttpReceiver) -> None:
    receiver.answer = 307
    box = outbox(site_with(tmp_path, channel_table(address=receiver.address)))
    box.start()
    box.accept(opened(alert(1)))
    until(lambda: box.health()[0].failing == "the server answers 307")
    assert box.stop(5)
    assert receiver.deliveries == []


class Dripping:
    """A server that takes what it is sent and answers 200, with a body that comes byte by byte and does not end."""

    def __init__(self) -> None:
        self.requests = 0
        self._ends = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}/hook"
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._server.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as request:
            length = 0
            while (line := request.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            request.read(length)
            self.requests += 1
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
            while not self._ends.wait(0.05):
                connection.sendall(b".")


def test_an_answer_whose_body_never_comes_to_its_end_is_an_answer_and_is_waited_for_no_longer_than_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "WITHIN_S", 2.0)
    with Dripping() as dripping:
        box = outbox(site_with(tmp_path, channel_table(address=dripping.address)))
        box.accept(opened(alert(1)))
        box.start()
        until(lambda: box.health()[0].delivered == 1)
        assert (dripping.requests, box.health()[0].retried, box.health()[0].failing) == (1, 0, "")
        assert box.stop(5)


KILLED = """
import os, sys
from pathlib import Path
from passerby.clock import SystemClock
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.hazards.channels.delivering import Pace
from passerby.site.reading import read_site
from tests.support.journals import KeptJournal
from tests.support.told import opened
site = read_site(Path(sys.argv[1]))
box = Outbox(site.state_folder / ALERTS, site, SystemClock(), KeptJournal(), pace=Pace(0.02, 0.1))
box.start()
for number in range(int(sys.argv[2]), 10**6):
    box.accept(opened(f"{number:016x}"))
    print(number, flush=True)
"""


def test_a_process_that_is_killed_while_it_tells_loses_nothing_and_keeps_the_order(tmp_path: Path, receiver: HttpReceiver) -> None:
    site = site_with(tmp_path, channel_table(address=receiver.address))
    next_number = 0
    for again in range(3):
        begun = len(receiver.once)
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(site.folder / "site.toml"), str(next_number)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        assert process.stdout is not None
        for line in process.stdout:
            next_number = int(line) + 1
            if len(receiver.once) > begun + 20 + again:
                break
        process.send_signal(signal.SIGKILL)
        next_number = max([next_number, *(int(line) + 1 for line in process.stdout if line.endswith("\n"))])
        process.wait()
        process.stdout.close()
    box = outbox(site)
    box.start()
    until(lambda: len(receiver.once) >= next_number)
    assert box.stop(5)
    assert receiver.once[:next_number] == ids(*range(next_number))


def test_a_channel_that_fails_is_an_alert_and_ends_when_it_works(tmp_path: Path, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.hazards.channels.delivering.FAILING_S", 0.1)
    events: list[Event] = []
    with HttpReceiver(answer=500) as failing:
        site = site_with(tmp_path, channel_table("fails", address=failing.address), channel_table(address=receiver.address))
        boxes: list[Outbox] = []

        def raised(event: Event) -> None:
            events.append(event)
            boxes[0].accept(msgspec.structs.replace(event, number=len(events) - 1))  # as the book of alerts numbers them

        boxes.append(outbox(site, listeners=Listeners(raised=raised)))
        boxes[0].start()
        boxes[0].accept(opened(alert(1)))
        until(lambda: any(delivery.place == "fails" for delivery in receiver.deliveries))
        failing.answer = 200
        until(lambda: receiver.deliveries[-1].what is What.ENDED)
        assert boxes[0].stop(5)
        assert [event.what for event in events] == [What.OPENED, What.ENDED]
        assert "nobody is told by channel 'fails'" in events[0].words
        assert "500" in events[0].words
        # Of its own failure it could not tell: it is not told later either.
        assert [delivery.alert for delivery in failing.deliveries] == [alert(1)]


def test_thousands_in_a_moment_are_all_told_in_few_requests(tmp_path: Path, receiver: HttpReceiver) -> None:
    box = outbox(site_with(tmp_path, channel_table(address=receiver.address)))
    box.start()

    def give(first: int) -> None:
        for one in range(500):
            box.accept(opened(alert(first * 1000 + one)))

    threads = [threading.Thread(target=give, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(receiver.once) == 2000, 60)
    assert box.stop(5)
    assert len(receiver.deliveries) == 2000
    assert receiver.requests < 1000
