"""The supervisor's end of a player: started with the first question of a viewing, ended with it."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import BinaryIO, Final, cast

import msgspec

from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed
from passerby.serve.painter_process import PASSED_ON
from passerby.serve.player_orders import AskGround, AskScenes, Failed, Open, PlayerAnswer

PLAYER: Final = (sys.executable, "-I", "-m", "passerby.serve.player")
END_WITHIN_S: Final = 1.0
LONGEST_S: Final = 20.0
"""An answer that takes longer comes from a player that hangs: it is ended."""
NO_ANSWER: Final = Failed("The recordings could not be read just now.")


class PlayerProcess:
    """Asks a player. Safe to use from several threads; one question is answered at a time.

    Args:
        order: What it plays.
        command: How it is started.
        longest_s: How long an answer may take.
    """

    def __init__(self, order: Open, command: Sequence[str] = PLAYER, longest_s: float = LONGEST_S) -> None:
        self._order, self._command, self._longest_s = order, command, longest_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        process = self._process
        return None if process is None else process.pid

    def ask(self, question: AskScenes | AskGround) -> PlayerAnswer:
        """The answer; `NO_ANSWER` where the process gives none. It is then ended, and the next question starts another."""
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
                data = framed(msgspec.msgpack.encode(question))
                cast("BinaryIO", process.stdin).write(data)
                cast("BinaryIO", process.stdin).flush()
                answer = read_framed(cast("BinaryIO", process.stdout))
                if answer is not None:
                    told: PlayerAnswer = msgspec.msgpack.decode(answer, type=PlayerAnswer)
                    return told
            except (OSError, SceneError, msgspec.MsgspecError):
                pass
            finally:
                watchdog.cancel()
            self._let_go()
            return NO_ANSWER

    def rest(self) -> None:
        """Lets go of the process; the next question starts another. Does nothing while a question is being answered."""
        if self._lock.acquire(blocking=False):
            try:
                self._let_go()
            finally:
                self._lock.release()

    def stop(self) -> None:
        """Ends the process for good, also within a question."""
        self._ended = True
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()
        with self._lock:
            self._let_go()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._let_go()
        self._process = started(self._command)
        cast("BinaryIO", self._process.stdin).write(framed(msgspec.msgpack.encode(self._order)))
        return self._process

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)


def started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A process of ours with pipes to and from it, and nothing of our environment, which may hold secrets.

    Raises:
        OSError: It cannot be started.
    """
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - this interpreter, with a module of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, and waits until it has."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
