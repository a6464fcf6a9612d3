"""The ground image of each place: its plate and the hatch, without anything that moves. A browser lays the vectors of each new scene over it.

Drawn in the painter's process, and only while somebody wants it and the ground changed. A ground has a name, `number.plate`: two with the same
part after the dot are of one plate. A ground is void, and has no name any more, from the moment on in which the newest scene is of another plate
or another epoch of it; a browser hatches everything until it has the next.
"""

import contextlib
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from passerby.clock import Clock
from passerby.released.messages import SceneMessage
from passerby.released.scene import GateState, LightField, Scene, Size
from passerby.supervise.gathering import Pending
from passerby.supervise.live_places import LivePlaces

KEEP_S: Final = 10.0
"""A ground that nobody wanted for so long is let go."""
SOONEST_S: Final = 0.5
"""Between two drawings of a place's ground, whatever happens."""
EVERY_S: Final = 2.0
"""Between two, where the plate grows or is withheld less."""
SETTLING_TIMES: Final = 2.0
"""While a place is learned, it grows all the time: so many times less often."""
LIGHT_EVERY_S: Final = 10.0
"""Where only the light changed."""
MOST_HZ: Final = 3.0
"""Of all places together, so many grounds are drawn anew a second, first ones and withdrawn ones beside."""
VISIBLE_LIGHT: Final = 3
"""A gain that changed by so many 1/128 is a light that looks different."""
WIDTHS_PX: Final = (240, 480, 960)
"""Widths that a ground is given in; wider ones are the camera's own."""


class GroundPainter(Protocol):
    """What draws grounds."""

    def prepare(self) -> None:
        """Gets ready, while the first plates are still on their way."""
        ...

    def draw_ground(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        """A mark that differs where the ground does; b"" where the whole plate is needed first."""
        ...

    def ground(self, camera: str, width_px: int) -> bytes:
        """The JPEG of the ground that was drawn last, at most so wide, 0 = as it is; b"" where it is gone."""
        ...

    def forget_ground(self, camera: str) -> None:
        """Lets go of a camera's ground."""
        ...


@dataclass(frozen=True, slots=True)
class GroundImage:
    """A ground as a JPEG. It belongs below scenes of its plate only: those whose `ground` has the same part after the dot as its `name`."""

    jpeg: bytes
    name: str
    epoch: int
    captured_wall_s: float


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What the painter drew last of a place.

    Attributes:
        name: Of the ground.
        message: The scene that it is of, without patches.
        plate: Which plate it is, as `Pending.plate`.
        orders: Which orders the scene followed, as `PlaceNow.orders`.
        mark: Of its pixels.
    """

    name: str
    message: SceneMessage
    plate: int
    orders: int
    mark: bytes


@dataclass(slots=True)
class _Place:
    """What is kept of a place whose ground is wanted.

    Attributes:
        drawn: Replaced as a whole, so that it can be read without the lock.
        withdrawn: Whether a block that it shows was withheld since.
        jpegs: Of it, by width.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    drawn: _Drawn | None = None
    drawn_at_s: float = float("-inf")
    withdrawn: bool = False
    wanted_at_s: float = 0.0
    jpegs: dict[int, bytes] = field(default_factory=dict)


class Grounds:
    """Ground images on demand. Safe to use from several threads.

    Args:
        places: Where scenes come in.
        painter: Draws.
        clock: Time.
    """

    def __init__(self, places: LivePlaces, painter: GroundPainter, clock: Clock) -> None:
        self._places, self._painter, self._clock = places, painter, clock
        self._watcher = places.watcher()
        self._lock = threading.Lock()
        self._wanted: dict[str, _Place] = {}
        self._number = 0
        self._stopped = False
        self._start = secrets.token_hex(4)
        """In every name: pages stay open over a restart, and numbers begin anew with it."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Ids of the cameras whose ground somebody wants."""
        with self._lock:
            return tuple(self._wanted)

    def want(self, cameras: Iterable[str]) -> None:
        """Says that somebody wants the grounds of these cameras; unknown ones are left out. Does not wait."""
        known = set(self._places.cameras)
        now_s = self._clock.monotonic_s()
        with self._lock:
            for camera in cameras:
                if camera in known and not self._stopped:
                    self._wanted.setdefault(camera, _Place()).wanted_at_s = now_s

    def expect(self) -> None:
        """Says that somebody is about to want all of them: plates are asked for, and the painter gets ready."""
        self.want(self._places.cameras)
        self.look()

    def look(self) -> None:
        """Draws the grounds that are due. To be called some times a second while somebody wants one; takes as long as drawing takes."""
        with self._lock:
            wanted = tuple(self._wanted.items())
        if wanted and all(place.drawn is None for _, place in wanted):
            self._painter.prepare()
        for camera, place in wanted:
            with place.lock:
                self._look_at(camera, place)

    def name(self, camera: str, message: SceneMessage) -> str | None:
        """Name of the newest ground, if it belongs below this scene; None = there is none that does. Does not wait.

        Args:
            camera: Id.
            message: The newest scene of the camera.
        """
        place = self._wanted.get(camera)
        drawn = None if place is None else place.drawn
        with contextlib.suppress(KeyError):
            if drawn is not None and self._belongs(camera, drawn, message.scene, self._places.now(camera).orders):
                return drawn.name
        return None

    def image(self, camera: str, width_px: int) -> GroundImage | None:
        """The newest ground, at most so wide (0 = as it is); None = there is none that belongs to what is seen now: it is on its way.

        May take as long as it takes to draw one; never waits for a camera or a worker. Raises KeyError for an unknown camera.
        """
        self._places.now(camera)
        self.want((camera,))
        place = self._wanted.get(camera)
        if place is None:
            return None
        with place.lock:
            self._look_at(camera, place)
            now, drawn = self._places.now(camera), place.drawn
            if drawn is None or now.scene is None or not self._belongs(camera, drawn, now.scene.scene, now.orders):
                return None
            if width_px not in place.jpegs:
                jpeg = self._painter.ground(camera, width_px)
                if not jpeg:
                    self._lose(camera, place)
                    return None
                place.jpegs[width_px] = jpeg
            return GroundImage(place.jpegs[width_px], drawn.name, drawn.message.scene.plate_epoch, drawn.message.captured_wall_s)

    def tick(self) -> None:
        """Lets go of grounds that nobody wanted of late. To be called about once a second."""
        now_s, known = self._clock.monotonic_s(), set(self._places.cameras)
        with self._lock:
            idle = {camera: place for camera, place in self._wanted.items() if now_s - place.wanted_at_s > KEEP_S or camera not in known}
            for camera in idle:
                del self._wanted[camera]
        for camera, place in idle.items():
            with place.lock:
                self._watcher.unwatch(camera)
                self._painter.forget_ground(camera)

    def stop(self) -> None:
        """Lets go of everything for good; the painter is somebody else's to stop."""
        with self._lock:
            self._stopped = True
            self._wanted.clear()
        self._watcher.close()

    def _look_at(self, camera: str, place: _Place) -> None:
        """Draws a place's ground if that is due."""
        if self._wanted.get(camera) is not place:
            return  # it was let go meanwhile
        try:
            now = self._places.now(camera)
            if self._watcher.plate(camera) is None:
                self._watcher.watch(camera)
            pending = self._watcher.take(camera) if now.scene is not None and self._is_due(camera, place, now.scene.scene, now.orders) else None
        except KeyError:
            place.drawn = None
            return
        if pending is not None and self._differs(place, pending, now.orders):
            self._draw(camera, place, pending, now.orders)

    def _is_due(self, camera: str, place: _Place, newest: Scene, orders: int) -> bool:
        """Whether it is time to look at what is new."""
        since_s = self._clock.monotonic_s() - place.drawn_at_s
        drawn = place.drawn
        if drawn is None or not self._belongs(camera, drawn, newest, orders):
            return since_s >= SOONEST_S
        place.withdrawn = place.withdrawn or withdraws(drawn.message.scene, newest)
        if place.withdrawn:
            return since_s >= SOONEST_S
        pace_s = max(EVERY_S, len(self._wanted) / MOST_HZ)
        return since_s >= pace_s * (SETTLING_TIMES if newest.health.state is GateState.SETTLING else 1.0)

    def _belongs(self, camera: str, drawn: _Drawn, scene: Scene, orders: int) -> bool:
        """Whether what was drawn is of the plate of the newest scene, and follows the orders that hold now."""
        of = drawn.message.scene
        same_plate = of.plate_epoch == scene.plate_epoch and of.size == scene.size and self._watcher.plate(camera) == drawn.plate
        return same_plate and drawn.orders == orders

    def _differs(self, place: _Place, pending: Pending, orders: int) -> bool:
        """Whether what is new can be seen."""
        drawn, scene = place.drawn, pending.message.scene
        if drawn is None or (pending.plate, orders) != (drawn.plate, drawn.orders) or place.withdrawn or scene.patches:
            return True
        if _frame(drawn.message.scene) != _frame(scene):
            return True
        return self._clock.monotonic_s() - place.drawn_at_s >= LIGHT_EVERY_S and looks_different(drawn.message.scene.light, scene.light)

    def _draw(self, camera: str, place: _Place, pending: Pending, orders: int) -> None:
        message, drawn = pending.message, place.drawn
        if drawn is not None and (drawn.plate, drawn.orders) != (pending.plate, orders):
            drawn = None  # what is drawn now is of another plate: whatever comes out, it has another name
        place.drawn_at_s = self._clock.monotonic_s()
        mark = self._painter.draw_ground(camera, message.scene, anew=pending.anew)
        if not mark:
            self._lose(camera, place)
            return
        bare = msgspec.structs.replace(message, scene=msgspec.structs.replace(message.scene, patches=()))
        if drawn is not None and drawn.mark == mark and _frame(drawn.message.scene) == _frame(bare.scene):
            name = drawn.name
        else:
            size = bare.scene.size
            plate = f"{self._start}-{pending.plate}-{orders}-{bare.scene.plate_epoch}-{size.width_px}x{size.height_px}"
            name, place.jpegs = f"{self._next_number()}.{plate}", {}
        place.withdrawn = False
        place.drawn = _Drawn(name, bare, pending.plate, orders, mark)

    def _lose(self, camera: str, place: _Place) -> None:
        """The painter has nothing to go on from: the whole plate is needed."""
        place.drawn, place.jpegs = None, {}
        self._watcher.lose_plate(camera)
        with contextlib.suppress(KeyError):
            self._watcher.watch(camera)

    def _next_number(self) -> int:
        with self._lock:
            self._number += 1
            return self._number


def withdraws(drawn: Scene, newest: Scene) -> bool:
    """Whether a block that is shown in one scene is withheld in the other, which has the same blocks; True if it has others."""
    if drawn.block_px != newest.block_px or len(drawn.shown) != len(newest.shown):
        return True
    return bool(int.from_bytes(drawn.shown) & ~int.from_bytes(newest.shown))


def looks_different(one: LightField | None, other: LightField | None) -> bool:
    """Whether a place looks different in another light."""
    if one is None or other is None or len(one.gains) != len(other.gains):
        return one != other
    return any(abs(first - second) >= VISIBLE_LIGHT for first, second in zip(one.gains, other.gains, strict=True))


def _frame(scene: Scene) -> tuple[int, Size, int, bytes]:
    """What decides which pixels of a plate are seen."""
    return scene.plate_epoch, scene.size, scene.block_px, scene.shown
