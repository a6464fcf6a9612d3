"""The supervisor's end of the painter: started when somebody watches, ended when nobody does."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import BinaryIO, Final, cast

import msgspec

from passerby.clock import Clock, SystemClock
from passerby.errors import SceneError
from passerby.released.framing import length_of, read_framed
from passerby.released.scene import Scene
from passerby.serve.painter_orders import Draw, DrawGround, EncodeGround, Forget, ForgetGround, Order
from passerby.supervise.asked_process import end, started

PAINTER: Final = (sys.executable, "-I", "-m", "passerby.serve.painter")
FIRST_REST_S: Final = 0.5
LONGEST_REST_S: Final = 30.0
LONGEST_S: Final = 10.0
"""A picture that takes longer comes from a painter that hangs: it is ended."""
LONGEST_FIRST_S: Final = 40.0
"""The same for the first that a process draws: on a machine that has too much to do, libraries take long to load."""


class PainterProcess:
    """Draws through a process. Safe to use from several threads; one picture is drawn at a time.

    Args:
        clock: Monotonic time.
        command: How the process is started.

    Attributes:
        starts: How often the process was started.
    """

    def __init__(self, clock: Clock | None = None, command: Sequence[str] = PAINTER) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._command = command
        self._failures, self._rests_until_s, self._has_drawn = 0, 0.0, False
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._known: set[str] = set()
        self._grounds: set[str] = set()
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        process = self._process
        return None if process is None else process.pid

    def prepare(self) -> None:
        """Starts the process, so that what is drawn first need not wait for it."""
        with self._lock:
            if not self._runs() and self._clock.monotonic_s() >= self._rests_until_s:
                try:
                    self._start()
                except OSError:
                    self._rest()

    def draw(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        """The JPEG of a scene; b"" where the whole plate is needed first, for instance as the painter had to be started anew."""
        with self._lock:
            if (not anew and (camera not in self._known or not self._runs())) or self._clock.monotonic_s() < self._rests_until_s:
                return b""
            self._known.add(camera)
            jpeg = self._ask(Draw(camera, scene, anew))
            if not jpeg:
                self._known.discard(camera)
            return jpeg

    def draw_ground(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        """A mark of a scene's ground, which differs where the ground does; b"" where the whole plate is needed first."""
        with self._lock:
            if (not anew and (camera not in self._grounds or not self._runs())) or self._clock.monotonic_s() < self._rests_until_s:
                return b""
            self._grounds.add(camera)
            mark = self._ask(DrawGround(camera, scene, anew))
            if not mark:
                self._grounds.discard(camera)
            return mark

    def ground(self, camera: str, width_px: int) -> bytes:
        """The JPEG of the ground that was drawn last; b"" where it is gone."""
        with self._lock:
            if camera not in self._grounds or not self._runs() or self._clock.monotonic_s() < self._rests_until_s:
                return b""
            return self._ask(EncodeGround(camera, width_px))

    def forget(self, camera: str) -> None:
        """Lets go of a camera's pictures; of the process, too, if it has nothing left to draw."""
        with self._lock:
            self._let_go(self._known, Forget(camera))

    def forget_ground(self, camera: str) -> None:
        """Lets go of a camera's ground; of the process, too, if it has nothing left to draw."""
        with self._lock:
            self._let_go(self._grounds, ForgetGround(camera))

    def stop(self) -> None:
        """Ends the process."""
        with self._lock:
            self._known.clear()
            self._grounds.clear()
            self._end()

    def _let_go(self, known: set[str], order: Forget | ForgetGround) -> None:
        was_known = order.camera in known
        known.discard(order.camera)
        if not self._known and not self._grounds:
            self._end()
        elif was_known and self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._send(self._process, order)

    def _ask(self, order: Draw | DrawGround | EncodeGround) -> bytes:
        process = self._process
        if process is None or process.poll() is not None:
            try:
                process = self._start()
            except OSError:
                self._rest()
                return b""
        watchdog = threading.Timer(LONGEST_S if self._has_drawn else LONGEST_FIRST_S, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            self._send(process, order)
            answer = read_framed(cast("BinaryIO", process.stdout))
        except (OSError, SceneError):
            answer = None
        finally:
            watchdog.cancel()
        if answer is None:
            self._end()
            self._rest()
        else:
            self._failures, self._has_drawn = 0, True
        return answer or b""

    def _rest(self) -> None:
        """A process that ended is not started anew at once, and each time without success later."""
        self._rests_until_s = self._clock.monotonic_s() + min(LONGEST_REST_S, FIRST_REST_S * 2**self._failures)
        self._failures = min(self._failures + 1, 16)

    @staticmethod
    def _send(process: subprocess.Popen[bytes], order: Order) -> None:
        if process.stdin is not None:
            data = msgspec.msgpack.encode(order)
            process.stdin.write(length_of(data))
            process.stdin.write(data)
            process.stdin.flush()

    def _runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _start(self) -> subprocess.Popen[bytes]:
        self._end()
        self.starts += 1
        self._has_drawn = False
        self._process = started(self._command)
        return self._process

    def _end(self) -> None:
        """Ends the process, if there is one: what it had drawn is gone."""
        process, self._process = self._process, None
        if process is not None:
            end(process)
