"""The supervisor's end of a historian: started when something is asked, ended when nothing is for a while. DuckDB is loaded there only."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import BinaryIO, Final, cast

import msgspec

from passerby.clock import Clock, SystemClock
from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed
from passerby.store.historian_orders import Failed, HistorianAnswer, HistorianOrder

HISTORIAN: Final = (sys.executable, "-I", "-m", "passerby.store.historian")
PASSED_ON: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Of our own environment, which may hold secrets, it gets these, so that libraries are found."""
END_WITHIN_S: Final = 1.0
IDLE_S: Final = 30.0
NO_ANSWER: Final = Failed("The history could not be read just now.")


class HistorianProcess:
    """Asks a historian. Safe to use from several threads; one order is followed at a time.

    Args:
        longest_s: An answer that takes longer comes from a process that hangs: it is ended.
        clock: Monotonic time.
        command: How it is started.
    """

    def __init__(self, longest_s: float, clock: Clock | None = None, command: Sequence[str] = HISTORIAN) -> None:
        self._longest_s, self._command = longest_s, command
        self._clock = SystemClock() if clock is None else clock
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._asked_s = 0.0
        self._ended = False

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        process = self._process
        return None if process is None else process.pid

    def ask(self, order: HistorianOrder) -> HistorianAnswer:
        """The answer; `NO_ANSWER` where the process gives none. It is then ended, and the next order starts another."""
        with self._lock:
            if self._ended:
                return NO_ANSWER
            try:
                process = self._running()
            except OSError:
                return NO_ANSWER
            watchdog = threading.Timer(self._longest_s, process.kill)
            watchdog.daemon = True
            watchdog.start()
            try:
                cast("BinaryIO", process.stdin).write(framed(msgspec.msgpack.encode(order)))
                cast("BinaryIO", process.stdin).flush()
                answer = read_framed(cast("BinaryIO", process.stdout))
                if answer is not None:
                    told: HistorianAnswer = msgspec.msgpack.decode(answer, type=HistorianAnswer)
                    return told
            except (OSError, SceneError, msgspec.MsgspecError):
                pass
            finally:
                watchdog.cancel()
                self._asked_s = self._clock.monotonic_s()
            self._let_go()
            return NO_ANSWER

    def rest(self, idle_s: float = IDLE_S) -> None:
        """Lets go of a process that had nothing to do for so long; the next order starts another."""
        if self._lock.acquire(blocking=False):
            try:
                if self._clock.monotonic_s() - self._asked_s >= idle_s:
                    self._let_go()
            finally:
                self._lock.release()

    def interrupt(self) -> None:
        """Ends the process, also within an order, which is then not followed. The next order starts another."""
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()

    def stop(self) -> None:
        """Ends it for good."""
        self._ended = True
        self.interrupt()
        with self._lock:
            self._let_go()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._let_go()
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with a module of ours
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )
        return self._process

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            process.wait(END_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
