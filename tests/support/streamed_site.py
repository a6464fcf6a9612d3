"""A site in this process whose cameras are made up, with real streams and a real server: for tests that read streams as players do.

A camera shows a grey place with a bright bar, and a figure that walks; it can be stopped, lose its plate, and come back in another size.
"""

import itertools
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from passerby.clock import SystemClock
from passerby.released.messages import SceneMessage
from passerby.released.scene import Cell, Glyph, Kind, Level, PlatePatch, Scene, Size
from passerby.serve.accounts.door import Door
from passerby.serve.app import application
from passerby.serve.http_server import HttpServer
from passerby.serve.painter_process import PainterProcess
from passerby.serve.pictures import Pictures
from passerby.serve.streamer_process import STREAMER
from passerby.serve.streams import Streams
from passerby.supervise.live_places import LivePlaces
from tests.support.site_now import ToldSite, camera_now, scene, site_now

SIZE = Size(320, 240)
STALE_S = 1.5
HZ = 5.0
GREY, BAR = 60, 200


def plate(size: Size, *, grain: int = 0) -> PlatePatch:
    """A grey place with a bright bar in its upper left quarter; with grain, it takes many bytes."""
    picture = np.full((size.height_px, size.width_px, 3), GREY, np.uint8)
    picture += np.random.default_rng(1).integers(0, grain + 1, picture.shape, np.uint8)
    picture[size.height_px // 8 : size.height_px // 4, size.width_px // 8 : size.width_px // 2] = BAR
    return PlatePatch(0, 0, size.width_px, size.height_px, picture.tobytes())


class MadeUpCamera:
    """A worker's part: scenes come on a thread of its own.

    Args:
        camera: Its id.
        accept: Takes the scenes.
        size: Of its pictures.
    """

    def __init__(self, camera: str, accept: Callable[[SceneMessage], object], size: Size = SIZE) -> None:
        self.camera, self.size = camera, size
        self._accept = accept
        self._clock = SystemClock()
        self._ended, self._running = threading.Event(), threading.Event()
        self._running.set()
        self._send_plate = True
        self._epoch, self._connection = 0, 1
        self._numbers = itertools.count()
        self.scenes, self.grain = 0, 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._running.set()
        self._thread.join()

    def send_plate(self) -> None:
        """The next scene brings the whole plate."""
        self._send_plate = True

    def falls_silent(self) -> None:
        self._running.clear()

    def comes_back(self, size: Size | None = None) -> None:
        """It goes on, over another connection, perhaps with pictures of another size."""
        self._connection += 1
        if size is not None:
            self.size, self._epoch, self._send_plate = size, self._epoch + 1, True
        self._running.set()

    def scene(self) -> Scene:
        """The next one."""
        number, size = next(self._numbers), self.size
        whole, self._send_plate = self._send_plate, False
        walks = Glyph(size.height_px - 8, 20 + number * 7 % (size.width_px - 40), size.height_px // 4, size.height_px // 10, Kind.PERSON)
        made = scene(time_s=number / HZ, size=size, epoch=self._epoch, patches=(plate(size, grain=self.grain),) if whole else ())
        return msgspec.structs.replace(made, level=Level.GLYPHS, glyphs=(walks,), cells=(Cell(1, number % 5),))

    def _run(self) -> None:
        while not self._ended.wait(1 / HZ):
            self._running.wait()
            whole = self._send_plate
            made, now_s = self.scene(), self._clock.monotonic_s()
            self.scenes += 1
            self._accept(SceneMessage(self.camera, self._clock.wall_s(), now_s, now_s, None, self._connection, whole, made))


class StreamedSite:
    """A context in which the site runs, with its server.

    Args:
        cameras: Ids and sizes.
        command: How a streamer is started.
        grain: Of the places: with much of it, video takes many bytes.
        door: Who may come in; None = this machine, without accounts.
    """

    def __init__(
        self, cameras: dict[str, Size] | None = None, command: Sequence[str] = STREAMER, *, grain: int = 0, door: Door | None = None
    ) -> None:
        sizes = {"gate": SIZE} if cameras is None else cameras
        self.places = LivePlaces(sizes, self._ask, SystemClock())
        self.cameras = {camera: MadeUpCamera(camera, self.places.accept, size) for camera, size in sizes.items()}
        for camera in self.cameras.values():
            camera.grain = grain
        self.streams = Streams(self.places, lambda _camera: STALE_S, SystemClock(), command)
        site = ToldSite(site_now(*(camera_now(camera) for camera in sizes)))
        pictures = Pictures(self.places, PainterProcess(), SystemClock())
        self.server = HttpServer(application(site, pictures, door=door, streams=self.streams), "127.0.0.1", 0)

    @property
    def camera(self) -> MadeUpCamera:
        """The first one."""
        return next(iter(self.cameras.values()))

    def url(self, path: str) -> str:
        return self.server.address + path

    def __enter__(self) -> Self:
        for camera in self.cameras.values():
            camera.start()
        self.server.start()
        waited = threading.Event()
        while not all(camera.scenes for camera in self.cameras.values()):
            waited.wait(0.02)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.server.stop(3.0)
        self.streams.stop()
        for camera in self.cameras.values():
            camera.stop()

    def _ask(self, camera: str) -> None:
        self.cameras[camera].send_plate()
