"""The supervisor's end of a streamer, with processes that are real and fail as they are told to."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from passerby.clock import SimulatedClock
from passerby.released.scene import Size
from passerby.serve import streamer_process
from passerby.serve.streamer_orders import Answer, Begin, InitSegment, MediaSegment, TransportChunk, Want
from passerby.serve.streamer_process import FIRST_ANSWER_WITHIN_S, FIRST_REST_S, SILENT_S, StreamerProcess
from passerby.supervise.gathering import Pending
from tests.support.site_now import message, whole_plate

LONG_S = 60.0
SIZE = Size(64, 48)
TALKS = "import sys; sys.stdin.buffer.read()"
SILENT = (sys.executable, "-c", TALKS)


class OneScene:
    """A source that has one scene, whole, whenever the plate was lost."""

    def __init__(self) -> None:
        self.lost = threading.Event()
        self.taken, self.unwatched = 0, threading.Event()
        self.number = 1
        self.known = True
        self.follows = 1

    def orders(self, camera: str) -> int:
        return self.follows

    def watch(self, camera: str) -> None:
        if not self.known:
            raise KeyError(camera)

    def lose_plate(self, camera: str) -> None:
        self.lost.set()
        self.number += 1

    def plate(self, camera: str) -> int | None:
        return self.number

    def take(self, camera: str) -> Pending | None:
        if not self.lost.is_set():
            return None
        self.lost.clear()
        self.taken += 1
        return Pending(message(patches=whole_plate(), whole=True), True, self.number)

    def unwatch(self, camera: str) -> None:
        self.unwatched.set()


class Heard:
    """What a streamer answered."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self._changed = threading.Condition()

    def __call__(self, answer: Answer) -> None:
        with self._changed:
            self.answers.append(answer)
            self._changed.notify_all()

    def until(self, count: int, kind: type = TransportChunk) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: sum(isinstance(answer, kind) for answer in self.answers) >= count, LONG_S)


class Fixture:
    """A process on a machine whose time is set. Its streamer's own time is the real one."""

    def __init__(self, command: tuple[str, ...] = streamer_process.STREAMER) -> None:
        self.clock, self.source, self.heard = SimulatedClock(), OneScene(), Heard()
        self.process = StreamerProcess("gate", self.source, self._begin, self.heard, self.clock, command)
        self.process.want(video=True, jpeg=False)

    def _begin(self, want: Want) -> Begin:
        return Begin(time.monotonic(), 0, 0, 1e9, SIZE, want)


def started(fixture: Fixture, times: int) -> int:
    """The process, once it was started so often."""
    waited = threading.Event()
    for _ in range(int(LONG_S / 0.01)):
        pid = fixture.process.pid
        if fixture.process.starts == times and pid is not None:
            return pid
        waited.wait(0.01)
    raise AssertionError(f"started {fixture.process.starts} times")


@pytest.fixture
def running() -> Iterator[Fixture]:
    fixture = Fixture()
    fixture.process.start()
    yield fixture
    fixture.process.stop()


def test_a_scene_becomes_video(running: Fixture) -> None:
    running.heard.until(2, MediaSegment)
    assert running.source.taken >= 1


def test_a_process_that_was_killed_is_replaced_and_gets_the_whole_plate(running: Fixture) -> None:
    running.heard.until(1)
    first = running.process.pid
    taken = running.source.taken
    assert first is not None
    os.kill(first, signal.SIGKILL)
    running.heard.until(2, InitSegment)
    assert running.process.pid != first
    assert running.process.starts == 2
    assert running.source.taken > taken


def test_a_process_that_hangs_is_replaced(running: Fixture) -> None:
    running.heard.until(1)
    first = running.process.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    running.clock.sleep(SILENT_S + 0.1)
    running.process.look()
    running.heard.until(2, InitSegment)
    assert running.process.pid != first


def test_a_process_that_never_answers_is_replaced() -> None:
    fixture = Fixture(SILENT)
    fixture.process.start()
    try:
        first = started(fixture, 1)
        fixture.process.look()
        fixture.clock.sleep(FIRST_ANSWER_WITHIN_S + 0.1)
        fixture.process.look()
        assert started(fixture, 2) != first
    finally:
        fixture.process.stop()


def test_stopping_ends_the_process_and_the_watching(running: Fixture) -> None:
    running.heard.until(1)
    pid = running.process.pid
    assert pid is not None
    running.process.stop()
    assert running.source.unwatched.is_set()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_hangs_is_stopped_too(running: Fixture) -> None:
    running.heard.until(1)
    pid = running.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    running.process.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize("command", [("/nowhere/streamer",), (sys.executable, "-c", "pass"), (sys.executable, "-c", "print('nonsense' * 99)")])
def test_a_process_that_cannot_stream_is_not_started_again_and_again(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    fixture = Fixture(command)
    enough = threading.Event()

    def rest(rest_s: float | None = None) -> bool:
        if rest_s is not None and rest_s >= FIRST_REST_S:  # else it is a pause between two scenes
            rests.append(rest_s)
        if len(rests) >= 6:
            enough.set()
            fixture.process._ending.set()
        return enough.is_set()

    monkeypatch.setattr(fixture.process._ending, "wait", rest)
    fixture.process.start()
    assert enough.wait(LONG_S)
    fixture.process.stop()
    assert rests[:6] == sorted(rests[:6])
    assert rests[5] >= 16 * rests[0]


def test_a_camera_that_is_gone_ends_the_process(running: Fixture) -> None:
    running.heard.until(1)
    running.source.known = False
    running.process.wake()
    assert running.source.unwatched.wait(LONG_S)
    assert running.process.gone
    assert running.process.pid is None
