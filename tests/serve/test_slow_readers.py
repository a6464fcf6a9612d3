import asyncio
from typing import Any

from passerby.serve.slow_readers import READS_WITHIN_S, CutOffWhoDoesNotRead


class Transport:
    def __init__(self) -> None:
        self.waiting_bytes, self.aborted = 100_000, False

    def get_write_buffer_size(self) -> int:
        return self.waiting_bytes

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
