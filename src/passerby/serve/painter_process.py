"""The supervisor's end of the painter: started when somebody watches, ended when nobody does."""

import contextlib
import subprocess
import sys
import threading
from typing import BinaryIO, Final, cast

import msgspec

from passerby.errors import SceneError
from passerby.released.framing import length_of, read_framed
from passerby.released.scene import Scene
from passerby.serve.painter_orders import Draw, Forget, Order

END_WITHIN_S: Final = 1.0
LONGEST_S: Final = 10.0
"""A picture that takes longer comes from a painter that hangs: it is ended."""


class PainterProcess:
    """Draws through a process. Safe to use from several threads; one picture is drawn at a time.

    Attributes:
        starts: How often the process was started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._known: set[str] = set()
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """The process, if one runs."""
        process = self._process
        return None if process is None else process.pid

    def draw(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        """The JPEG of a scene; b"" where the whole plate is needed first, for instance as the painter had to be started anew."""
        with self._lock:
            if not anew and (camera not in self._known or not self._runs()):
                return b""
            self._known.add(camera)
            jpeg = self._ask(Draw(camera, scene, anew))
            if not jpeg:
                self._known.discard(camera)
            return jpeg

    def forget(self, camera: str) -> None:
        """Lets go of a camera; of the process, too, if it was the last one."""
        with self._lock:
            if camera not in self._known:
                return
            self._known.discard(camera)
            if not self._known:
                self._end()
            elif self._process is not None and self._process.stdin is not None:
                with contextlib.suppress(OSError):
                    self._send(self._process, Forget(camera))

    def stop(self) -> None:
        """Ends the process."""
        with self._lock:
            self._known.clear()
            self._end()

    def _ask(self, order: Draw) -> bytes:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._start()
        watchdog = threading.Timer(LONGEST_S, process.kill)
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
        return answer or b""

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
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "passerby.serve.painter"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
        )
        return self._process

    def _end(self) -> None:
        """Ends the process, if there is one: what it had drawn is gone."""
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
