import asyncio
import socket
import time
from typing import Any

import pytest

from passerby.serve import slow_readers
from passerby.serve.http_server import MOST_UNREAD_BYTES, HttpServer
from passerby.serve.slow_readers import READS_WITHIN_S, CutOffWhoDoesNotRead

WITHIN_S = 90.0
"""What is waited for comes within seconds; a machine under load may take longer."""


class Transport:
    def __init__(self) -> None:
        self.waiting_bytes, self.aborted = 100_000, False

    def get_write_buffer_size(self) -> int:
        return self.waiting_bytes

    def get_extra_info(self, _name: str) -> None:
        return None

    def abort(self) -> None:
        self.aborted = True


class Timer:
    def __init__(self, loop: "Loop", do: Any, values: tuple[Any, ...]) -> None:
        self._loop, self.do, self.values = loop, do, values

    def cancel(self) -> None:
        self._loop.timers.remove(self)


class Loop:
    """A loop whose time goes on when it is told to."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []

    def call_later(self, within_s: float, do: Any, *values: Any) -> Timer:
        assert within_s == READS_WITHIN_S
        self.timers.append(Timer(self, do, values))
        return self.timers[-1]

    def go_on(self) -> None:
        due, self.timers = self.timers, []
        for timer in due:
            timer.do(*timer.values)


class Inner(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def pause_writing(self) -> None:
        self.heard.append("pause")

    def resume_writing(self) -> None:
        self.heard.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.heard.append("lost")


class Connection(CutOffWhoDoesNotRead, Inner):
    def __init__(self) -> None:
        super().__init__()
        self.transport = Transport()
        self.timing = Loop()
        self.loop: Any = self.timing


def test_who_takes_nothing_is_cut_off() -> None:
    connection = Connection()
    connection.pause_writing()
    assert not connection.transport.aborted
    connection.timing.go_on()
    assert connection.transport.aborted


def test_who_takes_a_little_each_time_is_not() -> None:
    connection = Connection()
    connection.pause_writing()
    for _ in range(20):
        connection.transport.waiting_bytes -= 1
        connection.timing.go_on()
    assert not connection.transport.aborted
    connection.timing.go_on()
    assert connection.transport.aborted


def test_who_reads_again_or_has_gone_is_not_looked_at() -> None:
    connection = Connection()
    connection.pause_writing()
    connection.resume_writing()
    assert connection.timing.timers == []
    connection.pause_writing()
    connection.connection_lost(None)
    assert connection.timing.timers == []
    assert connection.heard == ["pause", "resume", "pause", "lost"]


async def for_ever(scope: Any, receive: Any, send: Any) -> None:
    """Answers a request with bytes without an end."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": bytes(10_000), "more_body": True})


def is_served_after(reading_bytes: int, reads: int) -> bool:
    """Whether somebody is still served who takes so many bytes so many times, each tenth of a second."""
    server = HttpServer(for_ever, "127.0.0.1", 0)
    server.start()
    reader = socket.socket()
    reader.settimeout(WITHIN_S)
    end_s = time.monotonic() + WITHIN_S
    try:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", server.port))
        reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(reads):
            time.sleep(0.1)
            if reading_bytes and not reader.recv(reading_bytes):
                return False
        taken_bytes = 0
        while taken_bytes < MOST_UNREAD_BYTES + 100_000 and (piece := reader.recv(65536)):  # more than was on its way when it was cut off
            taken_bytes += len(piece)
            assert time.monotonic() < end_s, f"{taken_bytes} bytes in {WITHIN_S:.0f} s"
    except ConnectionError:
        return False
    finally:
        reader.close()
        server.stop(5)
    return bool(piece)


@pytest.mark.parametrize(("reading_bytes", "served"), [(400, True), (0, False)])
def test_slow_is_no_reason_to_be_cut_off_however_much_the_system_holds(monkeypatch: pytest.MonkeyPatch, reading_bytes: int, served: bool) -> None:
    """With so little, the system takes nothing from us from one look to the next: it has more than that to send."""
    monkeypatch.setattr(slow_readers, "READS_WITHIN_S", 3.0)
    assert is_served_after(reading_bytes, reads=100) is served
