"""The one place where Passerby reaches into PyAV: a new release of it that asks for the time elsewhere fails here."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import av
import pytest

from passerby.clock import SimulatedClock, SystemClock
from passerby.sealed.capture.interrupt import Interrupt

LONG_S = 60.0


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def blocked(interrupt: Interrupt, url: str, failed: list[BaseException]) -> None:
    """Opens what never answers."""
    with interrupt.watching():
        try:
            av.open(url, timeout=LONG_S)
        except av.FFmpegError as error:
            failed.append(error)


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_a_blocked_call_ends_when_another_thread_says_so(silent: int, scheme: str) -> None:
    interrupt, failed = Interrupt(SystemClock()), list[BaseException]()
    thread = threading.Thread(target=blocked, args=(interrupt, f"{scheme}://127.0.0.1:{silent}/", failed))
    thread.start()
    interrupt.stop()
    thread.join(LONG_S / 2)
    assert not thread.is_alive()
    assert len(failed) == 1


def test_a_blocked_call_ends_when_its_time_is_over(silent: int) -> None:
    clock = SimulatedClock()
    interrupt, failed = Interrupt(clock), list[BaseException]()
    interrupt.allow(5.0)
    thread = threading.Thread(target=blocked, args=(interrupt, f"rtsp://127.0.0.1:{silent}/", failed))
    thread.start()
    assert not interrupt.due
    clock.sleep(5.0)
    thread.join(LONG_S / 2)
    assert not thread.is_alive()
    assert interrupt.expired


def test_one_threads_interrupt_leaves_anothers_call_alone(silent: int) -> None:
    stopped, going = Interrupt(SystemClock()), Interrupt(SystemClock())
    failed: list[BaseException] = []
    thread = threading.Thread(target=blocked, args=(going, f"rtsp://127.0.0.1:{silent}/", failed))
    thread.start()
    stopped.stop()
    with stopped.watching(), pytest.raises(av.FFmpegError):
        av.open(f"rtsp://127.0.0.1:{silent}/", timeout=LONG_S)
    assert thread.is_alive()
    assert not failed
    going.stop()
    thread.join(LONG_S / 2)
    assert not thread.is_alive()


def test_after_it_was_watched_a_thread_is_free_again(silent: int) -> None:
    stopped = Interrupt(SystemClock())
    stopped.stop()
    with stopped.watching():
        pass
    # PyAV's own limit holds now, and only that.
    with pytest.raises(av.FFmpegError):
        av.open(f"http://127.0.0.1:{silent}/", timeout=0.2)


def test_a_farewell_may_take_a_moment_and_no_longer() -> None:
    clock = SimulatedClock()
    interrupt = Interrupt(clock)
    interrupt.stop()
    due = [interrupt.due]
    interrupt.farewell()
    due.append(interrupt.due)
    clock.sleep(0.3)
    due.append(interrupt.due)
    assert due == [True, False, True]


def test_time_that_is_allowed_anew_counts_anew() -> None:
    clock = SimulatedClock()
    interrupt, due = Interrupt(clock), []
    for passed_s in (1.9, 1.9, 2.1):
        interrupt.allow(2.0)
        clock.sleep(passed_s)
        due.append(interrupt.due)
    assert due == [False, False, True]
    assert not interrupt.stopped
