"""The supervisor's end of a camera's streamer: started with the first reader, started anew where it ends or hangs, ended with the last reader."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import BinaryIO, Final, Protocol, cast

import msgspec

from passerby.clock import Clock
from passerby.errors import SceneError
from passerby.released.framing import length_of, read_framed
from passerby.serve.streamer_orders import Answer, Begin, Hide, Order, PlateLost, Show, Void, Want
from passerby.supervise.asked_process import END_WITHIN_S, end, started
from passerby.supervise.gathering import Pending

STREAMER: Final = (sys.executable, "-I", "-m", "passerby.serve.streamer")
FIRST_ANSWER_WITHIN_S: Final = 20.0
SILENT_S: Final = 4.0
"""It gives ten pictures a second: one that is silent for so long hangs."""
FIRST_REST_S: Final = 0.2
LONGEST_REST_S: Final = 30.0
LIVED_S: Final = 20.0
"""A process that lived for so long did not fail at once."""
PAUSE_S: Final = 0.08
"""Between two scenes, at least."""
ASK_EVERY_S: Final = 0.5


class SceneSource(Protocol):
    """Where the scenes of one camera come from: `supervise.live_places.PlaceWatcher`."""

    def watch(self, camera: str) -> None:
        """Asks for the plate, where it has not come."""
        ...

    def lose_plate(self, camera: str) -> None:
        """Says that the whole plate is needed again."""
        ...

    def orders(self, camera: str) -> int:
        """Which orders the scenes follow: where they were changed, what was shown before is void."""
        ...

    def plate(self, camera: str) -> int | None:
        """Which plate the newest scene goes on from; None = it is not known."""
        ...

    def take(self, camera: str) -> Pending | None:
        """The newest scene that was not taken."""
        ...

    def unwatch(self, camera: str) -> None:
        """Ends."""
        ...


class StreamerProcess:
    """Keeps the streamer of one camera alive. A thread of its own writes to it, and one for each process reads.

    Args:
        camera: Its id.
        source: Its scenes.
        begin: What a process that starts now is told first, given what somebody reads.
        hear: Is given every answer, on the thread that reads.
        clock: Time.
        command: How the process is started.

    Attributes:
        starts: How often a process was started.
        gone: Whether the camera is not known any more.
    """

    def __init__(
        self,
        camera: str,
        source: SceneSource,
        begin: Callable[[Want], Begin],
        hear: Callable[[Answer], object],
        clock: Clock,
        command: Sequence[str] = STREAMER,
    ) -> None:
        self._camera, self._source, self._begin, self._hear, self._clock, self._command = camera, source, begin, hear, clock, command
        self._want = Want(video=False, jpeg=False)
        self._told: Want | None = None
        self._woken, self._ending = threading.Event(), threading.Event()
        self._lost = False
        self._process: subprocess.Popen[bytes] | None = None
        self._started_s = 0.0
        self._heard_s: float | None = None
        self._failures = 0
        self.starts = 0
        self.gone = False
        self._thread = threading.Thread(target=self._run, name=f"stream {camera}", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Starts it; returns at once."""
        self._thread.start()

    def wake(self) -> None:
        """Says that a scene can be taken. Never blocks."""
        self._woken.set()

    def want(self, *, video: bool, jpeg: bool) -> None:
        """Says what somebody reads."""
        wanted = Want(video=video, jpeg=jpeg)
        if wanted != self._want:
            self._want = wanted
            self._woken.set()

    def look(self) -> None:
        """Ends a process that hangs; to be called about once a second."""
        process, now_s = self._process, self._clock.monotonic_s()
        if process is None or self._ending.is_set():
            return
        heard_s = self._heard_s
        hangs = now_s - self._started_s > FIRST_ANSWER_WITHIN_S if heard_s is None else now_s - heard_s > SILENT_S
        if hangs:
            process.kill()

    def stop(self) -> None:
        """Ends it, and waits until it has."""
        self._ending.set()
        self._woken.set()
        process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.terminate()  # writes that block end, too
        if self._thread.ident is not None:
            self._thread.join(2 * END_WITHIN_S)

    def _run(self) -> None:
        try:
            while not self._ending.is_set() and not self.gone:
                self._live()
                rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2**self._failures)
                if self._clock.monotonic_s() - self._started_s > LIVED_S:
                    self._failures = 0
                self._failures = min(self._failures + 1, 16)
                if not self.gone:
                    self._ending.wait(rest_s)
        finally:
            self._source.unwatch(self._camera)

    def _live(self) -> None:
        """The life of one process."""
        process = self._start()
        if process is None:
            return
        reader = threading.Thread(target=self._read, args=(process,), name=f"stream {self._camera} answers", daemon=True)
        reader.start()
        try:
            self._feed(process)
        except KeyError:
            self.gone = True
        except (OSError, SceneError):
            pass  # it ended
        finally:
            self._process = None
            end(process, hears=True)
            reader.join()
            if process.stdout is not None:
                process.stdout.close()

    def _start(self) -> subprocess.Popen[bytes] | None:
        self.starts += 1
        self._started_s, self._heard_s, self._told, self._lost = self._clock.monotonic_s(), None, None, True
        try:
            self._process = started(self._command)
        except OSError:
            self._process = None
        return self._process

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        self._told, orders = self._want, self._source.orders(self._camera)
        _send(process, self._begin(self._told))
        shown: int | None = None
        while not self._ending.is_set() and process.poll() is None:
            self._woken.clear()
            if self._told != self._want:
                self._told = self._want
                _send(process, self._told)
            # Before a scene is taken: one that was taken later follows these orders, or newer ones.
            newest_orders = self._source.orders(self._camera)
            if newest_orders != orders:
                orders, shown, self._lost = newest_orders, None, True
                _send(process, Void(orders))
            if self._lost:
                self._lost = False
                self._source.lose_plate(self._camera)
            self._source.watch(self._camera)
            pending = self._source.take(self._camera)
            if pending is None:
                if shown is not None and self._source.plate(self._camera) != shown:
                    shown = None
                    _send(process, Hide())
                self._woken.wait(ASK_EVERY_S)
                continue
            shown = pending.plate
            message = pending.message
            # A worker may say anything of time: its scene is no younger than when it came here.
            captured_s = min(message.captured_monotonic_s, self._clock.monotonic_s())
            _send(process, Show(message.scene, captured_s, pending.anew))
            self._ending.wait(PAUSE_S)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError, SceneError, ValueError, msgspec.MsgspecError):
            while (data := read_framed(cast("BinaryIO", process.stdout))) is not None:
                answer = msgspec.msgpack.decode(data, type=Answer)
                self._heard_s = self._clock.monotonic_s()
                if isinstance(answer, PlateLost):
                    self._lost = True
                    self._woken.set()
                else:
                    self._hear(answer)
        with contextlib.suppress(OSError):
            process.kill()  # whatever it says is not understood, or it ended
        self._woken.set()


def _send(process: subprocess.Popen[bytes], order: Order) -> None:
    if process.stdin is not None:
        data = msgspec.msgpack.encode(order)
        process.stdin.write(length_of(data))
        process.stdin.write(data)
        process.stdin.flush()
