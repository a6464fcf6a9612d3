"""The newest picture of each camera, drawn only while somebody asks for it, once for all who ask.

A picture that nobody asked for in `KEEP_S` is let go, with all that drew it. Asking is bounded: a camera is drawn at most `MOST_HZ` times a
second, however many ask. Ground images, which browsers draw over themselves, come from the same painter (`grounds`).
"""

import threading
from dataclasses import dataclass
from typing import Final, Protocol

from passerby.clock import Clock
from passerby.released.scene import Scene
from passerby.serve.grounds import GroundPainter, Grounds
from passerby.supervise.live_places import LivePlaces

KEEP_S: Final = 10.0
MOST_BEHIND_S: Final = 5.0
"""A picture that could not be drawn anew for so long, while scenes came, is not given out."""
MOST_HZ: Final = 12.0


@dataclass(frozen=True, slots=True)
class LivePicture:
    """A drawn scene. `number` grows with each picture that differs in bytes; `captured_wall_s` is when the camera's picture came in."""

    jpeg: bytes
    number: int
    captured_wall_s: float
    captured_monotonic_s: float


class ScenePainter(GroundPainter, Protocol):
    """What draws scenes and grounds."""

    def draw(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        """The JPEG of a scene; b"" where the whole plate is needed first."""
        ...

    def forget(self, camera: str) -> None:
        """Lets go of a camera."""
        ...

    def stop(self) -> None:
        """Lets go of everything."""
        ...


class _Watched:
    """What is kept of one camera that is being watched."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.picture: LivePicture | None = None
        self.orders = 0
        self.drawn_at_s = -1.0
        self.asked_at_s = 0.0


class Pictures:
    """Pictures on demand. Safe to use from several threads.

    Args:
        places: Where scenes come in.
        painter: Draws.
        clock: Time.

    Attributes:
        grounds: The ground images of the same places, by the same painter.
    """

    def __init__(self, places: LivePlaces, painter: ScenePainter, clock: Clock) -> None:
        self._places, self._painter, self._clock = places, painter, clock
        self.grounds = Grounds(places, painter, clock)
        self._watcher = places.watcher()
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {}
        self._number = 0

    @property
    def watched(self) -> tuple[str, ...]:
        """Ids of the cameras that somebody watches, as pictures or as vectors over their ground."""
        with self._lock:
            pictures = tuple(self._watched)
        return tuple(dict.fromkeys((*pictures, *self.grounds.wanted)))

    def picture(self, camera: str) -> LivePicture | None:
        """The newest picture; None = the whole plate is on its way. Raises KeyError for an unknown camera.

        May take as long as it takes to draw one picture; never waits for a camera or a worker.
        """
        self._watcher.watch(camera)
        with self._lock:
            watched = self._watched.setdefault(camera, _Watched())
            watched.asked_at_s = self._clock.monotonic_s()
        with watched.lock:
            now_s, orders = self._clock.monotonic_s(), self._places.now(camera).orders
            if watched.orders != orders:
                # What was drawn followed orders that were changed since: it may show what shall not be shown.
                watched.picture, watched.orders = None, orders
            if watched.picture is None or now_s - watched.drawn_at_s >= 1 / MOST_HZ:
                self._draw(camera, watched, now_s)
            if watched.picture is not None and self._is_behind(camera, watched.picture):
                watched.picture = None
            return watched.picture

    def _is_behind(self, camera: str, picture: LivePicture) -> bool:
        """Whether the place has gone on for long since the picture: then it must not pass for what is seen now."""
        newest = self._places.now(camera).scene
        return newest is not None and newest.captured_monotonic_s - picture.captured_monotonic_s > MOST_BEHIND_S

    def tick(self) -> None:
        """Lets go of the cameras that nobody asked for of late. To be called about once a second."""
        self.grounds.tick()
        now_s = self._clock.monotonic_s()
        with self._lock:
            idle = [camera for camera, watched in self._watched.items() if now_s - watched.asked_at_s > KEEP_S]
            for camera in idle:
                del self._watched[camera]
        for camera in idle:
            self._let_go(camera)

    def stop(self) -> None:
        """Lets go of everything."""
        with self._lock:
            self._watched.clear()
        self._watcher.close()
        self.grounds.stop()
        self._painter.stop()

    def _draw(self, camera: str, watched: _Watched, now_s: float) -> None:
        pending = self._watcher.take(camera)
        if pending is None:
            return
        watched.drawn_at_s = now_s
        message = pending.message
        jpeg = self._painter.draw(camera, message.scene, anew=pending.anew)
        if not jpeg:
            watched.picture = None
            self._watcher.lose_plate(camera)
            self._watcher.watch(camera)
            return
        number = watched.picture.number if watched.picture is not None and watched.picture.jpeg == jpeg else self._next_number()
        watched.picture = LivePicture(jpeg, number, message.captured_wall_s, message.captured_monotonic_s)

    def _let_go(self, camera: str) -> None:
        self._watcher.unwatch(camera)
        self._painter.forget(camera)

    def _next_number(self) -> int:
        with self._lock:
            self._number += 1
            return self._number
