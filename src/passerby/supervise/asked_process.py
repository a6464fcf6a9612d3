"""A process of ours that is asked over its standard input and answers over its standard output, one framed message each way at a time.

What loads NumPy, OpenCV or DuckDB lives in such a process and not in the supervisor. It gets nothing of our environment, which may hold secrets.
"""

import contextlib
import os
import subprocess
import threading
from collections.abc import Sequence
from typing import BinaryIO, Final, cast

from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed

PASSED_ON: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Of our own environment it gets these, so that libraries are found."""
END_WITHIN_S: Final = 1.0


class AskedProcess:
    """Asks a process that is started with the first question. Safe to use from several threads; one question is answered at a time.

    Args:
        command: How it is started.
        longest_s: An answer that takes longer comes from a process that hangs: it is ended.
        first: What it is told before its first question; b"" = nothing.
    """

    def __init__(self, command: Sequence[str], longest_s: float, first: bytes = b"") -> None:
        self._command, self._longest_s, self._first = command, longest_s, first
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._interrupts = 0
        self._ended = False

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        process = self._process
        return None if process is None else process.pid

    def exchange(self, question: bytes) -> bytes | None:
        """The answer; None where the process gives none. It is then ended, and the next question starts another."""
        with self._lock:
            interrupts = self._interrupts
            if self._ended:
                return None
            try:
                process = self._running()
            except OSError:
                self._let_go()
                return None
            watchdog = threading.Timer(self._longest_s, process.kill)
            watchdog.daemon = True
            watchdog.start()
            if self._interrupts != interrupts or self._ended:
                process.kill()  # it was asked to end while it was being started
            try:
                cast("BinaryIO", process.stdin).write(framed(question))
                cast("BinaryIO", process.stdin).flush()
                answer = read_framed(cast("BinaryIO", process.stdout))
            except (OSError, SceneError):
                answer = None
            finally:
                watchdog.cancel()
            if answer is None:
                self._let_go()
            return answer

    def release(self) -> None:
        """Lets go of the process; the next question starts another. Does nothing while a question is being answered."""
        if self._lock.acquire(blocking=False):
            try:
                self._let_go()
            finally:
                self._lock.release()

    def interrupt(self) -> None:
        """Ends the process, also within a question, which then has no answer. The next question starts another."""
        self._interrupts += 1
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()

    def stop(self) -> None:
        """Ends it for good, also within a question."""
        self._ended = True
        self.interrupt()
        with self._lock:
            self._let_go()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._let_go()
        self._process = process = started(self._command)
        if self._first:
            cast("BinaryIO", process.stdin).write(framed(self._first))
        return process

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)


def started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A process of ours with pipes to and from it, and nothing of our environment but `PASSED_ON`.

    Raises:
        OSError: It cannot be started.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - this interpreter, with a module of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )


def end(process: subprocess.Popen[bytes], *, hears: bool = False) -> None:
    """Ends a process by closing its input, and waits until it has ended; by force where it does not.

    Args:
        process: The process.
        hears: Somebody still reads what it gives: its output stays open.
    """
    for pipe in (process.stdin, None if hears else process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
