"""One life of a worker process: started, told its cameras, listened to, ended. It is known by its module's name alone; nothing of it is imported.

Orders with passwords go through its standard input, never over its command line or environment, which others can read.

What a worker says is checked before it is believed: a process that decodes pictures from the network may have been taken over.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final, cast

from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import Beat, CameraHealth, Hello, Message, SceneMessage, Trouble, decode_message
from passerby.site.orders import Command, Configure, RestorePlate, encode_command

WORKER: Final = (sys.executable, "-I", "-B", "-m", "passerby.sealed.worker")
"""How a worker is started: isolated from the user's environment, writing no byte code."""
ENVIRONMENT: Final = {
    "LC_ALL": "C.UTF-8",
    "MALLOC_ARENA_MAX": "2",  # glibc keeps an arena for each thread otherwise, and a worker has many
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ORT_DISABLE_TELEMETRY": "1",
}
PASSED_ON: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Of our own environment a worker gets these, so that libraries are found."""
PIPE_BYTES: Final = 1024 * 1024
"""A whole plate then takes a few reads instead of some dozens."""


class WorkerProcess:
    """A worker process, started when this is made, by a thread that must outlive it: Linux ends the process together with that thread.

    Args:
        command: How it is started.
        cameras: Whose messages it may send.
    """

    def __init__(self, command: Sequence[str], cameras: frozenset[str]) -> None:
        self._cameras = cameras
        self._sending = threading.Lock()
        self._configured = False
        environment = ENVIRONMENT | {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        # A session of its own: Ctrl-C in a terminal is for the supervisor, which ends its workers in order.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._commands, self._messages = cast("BinaryIO", self._process.stdin), cast("BinaryIO", self._process.stdout)
        _enlarge(self._messages.fileno())

    def configure(self, configure: Configure, kept: Iterable[RestorePlate] = ()) -> None:
        """Tells it its cameras, and plates of before; waits until it has read them, or is gone."""
        with contextlib.suppress(OSError):
            commands: tuple[Command, ...] = (configure, *kept)
            for command in commands:
                self._commands.write(framed(encode_command(command)))
            self._commands.flush()
            os.set_blocking(self._commands.fileno(), False)
            self._configured = True

    def send(self, command: Command) -> bool:
        """Whether a command could be handed over, without waiting: a worker that hangs, or does not know its cameras yet, reads none."""
        data = framed(encode_command(command))
        with self._sending:
            try:
                return self._configured and not self._commands.closed and os.write(self._commands.fileno(), data) == len(data)
            except OSError:
                return False

    def messages(self) -> Iterator[Message]:
        """What it says, until it ends.

        Raises:
            SceneError: It said something that is no message, or that a worker of these cameras does not say.
        """
        first = True
        while (data := read_framed(self._messages)) is not None:
            message = decode_message(data)
            if isinstance(message, Hello) is not first:
                raise SceneError("a worker says Hello once, and first")
            check_credible(message, self._cameras, self.pid)
            first = False
            yield message

    def kill(self) -> None:
        """Ends it at once, also while it is stopped or hangs."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> int:
        """Its exit code, or minus the signal that ended it; kills it where it still runs. Its pipes are closed then."""
        self.kill()
        code = self._process.wait()
        with self._sending, contextlib.suppress(OSError):
            self._commands.close()
        self._messages.close()
        return code


def check_credible(message: Message, cameras: frozenset[str], pid: int) -> None:
    """Makes sure that a message is one that a worker of these cameras, with this process id, may send. What any may say is checked before.

    Raises:
        SceneError: It is not.
    """
    if isinstance(message, Hello):
        if message.pid != pid:
            raise SceneError("a worker gives another process id than its own")
    elif isinstance(message, (SceneMessage, CameraHealth, Trouble, Pulse, Measurement)):
        if message.camera not in cameras | {None}:
            raise SceneError("a worker speaks for a camera that is not its own")
    elif not isinstance(message, Beat):
        raise SceneError("a message of no known kind")


def exit_words(code: int) -> str:
    """What an exit code says, in words."""
    if code < 0:
        try:
            return f"ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"ended by signal {-code}"
    return f"exit code {code}"


def _enlarge(pipe: int) -> None:
    """Gives a pipe more room, where the system has a word for it and allows it."""
    size = getattr(fcntl, "F_SETPIPE_SZ", None)
    if size is not None:
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, size, PIPE_BYTES)
