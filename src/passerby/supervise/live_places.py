"""What is known of each camera now: its newest scene, its health, and, for each who watches, what was not drawn yet.

Nothing here grows: of the scenes between two pictures only the newest is kept, together with the patches of the plate that all of them
brought. A plate itself is never kept; whoever begins to watch makes the worker send it whole (`SendPlate`).
"""

import itertools
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.released.messages import CameraHealth, SceneMessage, Trouble
from passerby.released.scene import GateHealth, GateState
from passerby.supervise.gathering import Gathering, Pending
from passerby.supervise.latency import Latency

ASK_AGAIN_S: Final = 2.0
"""A whole plate that did not come is asked for again after so long: the worker may have been another one."""
PLATES_AT_ONCE: Final = 2
"""So many whole plates of 1920x1080 pixels are on their way to those who watch at once; more of smaller ones, one of a larger."""
FULL_PLATE_PX: Final = 1920 * 1080
RATE_OVER_S: Final = 3.0
"""Over about so long, at least, is a rate of pictures measured."""


@dataclass(frozen=True, slots=True)
class PlaceNow:
    """What is known of a camera at one moment.

    Attributes:
        scene: The newest scene, without its patches.
        scene_age_s: Seconds since its picture came in; None = there was none.
        health: The newest health of the capture.
        health_age_s: Seconds since it came.
        trouble: The last error that the worker outlived.
        received_hz: Pictures a second that came from the camera, of late.
        gated_hz: Of these, those that went through the gate.
        skipped_hz: Of these, those that were replaced by newer ones.
        scenes: Scenes since the start.
        orders: Which orders its scenes follow: grows with each change of its settings, and what was drawn under others is void. No two cameras
            share a number, nor a camera and the one of its id that was there before.
    """

    scene: SceneMessage | None
    scene_age_s: float | None
    health: CameraHealth | None
    health_age_s: float | None
    trouble: Trouble | None
    received_hz: float
    gated_hz: float
    skipped_hz: float
    scenes: int
    orders: int = 0


@dataclass(slots=True)
class _Place:
    """One camera; under its lock."""

    orders: int
    latency: Latency = field(default_factory=Latency)
    lock: threading.Lock = field(default_factory=threading.Lock)
    scene: SceneMessage | None = None
    scene_at_s: float = 0.0
    """When it came here, by our own clock: what a worker says of time is taken for no younger than that."""
    scenes: int = 0
    health: CameraHealth | None = None
    health_at_s: float = 0.0
    trouble: Trouble | None = None
    rates: tuple[float, float, float] = (0.0, 0.0, 0.0)
    rated: CameraHealth | None = None
    rated_at_s: float = 0.0
    watchers: dict["PlaceWatcher", Gathering] = field(default_factory=dict)
    asked_at_s: float | None = None
    """When the whole plate was asked for; None = it is not on its way."""
    withheld: bool = False
    """Whether scenes are ignored: they still follow orders that were changed."""
    begins_anew: bool = False
    """Whether the next scene is of another worker for certain."""


class LivePlaces:
    """The cameras of a running site, by id. Safe to use from several threads.

    Args:
        cameras: Their ids; messages of others are ignored.
        send_plate: Asks a camera's worker for its whole plate; must not block.
        clock: Monotonic time.
    """

    def __init__(self, cameras: Iterable[str], send_plate: Callable[[str], object], clock: Clock) -> None:
        self._orders = itertools.count(1)
        self._places = {camera: _Place(next(self._orders)) for camera in cameras}
        self._send_plate = send_plate
        self._clock = clock
        self._plates = itertools.count(1)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Ids of all cameras."""
        return tuple(self._places)

    def follow(self, cameras: Iterable[str]) -> None:
        """Knows these cameras from now on, and no others; what is known of those that stay is kept."""
        self._places = {camera: self._places.get(camera) or _Place(next(self._orders)) for camera in cameras}

    def withhold(self, cameras: Iterable[str]) -> None:
        """Makes void what is known of these cameras, whose orders change, for all who watch; scenes are ignored until `resume`.

        What the old orders showed (a part of the picture that shall never be seen, say) may not be seen for as long as the new worker takes.
        """
        for camera in cameras:
            place = self._places.get(camera)
            if place is not None:
                self._withhold(place, camera)

    def resume(self, cameras: Iterable[str]) -> None:
        """Takes scenes of these cameras again: the workers of before have ended."""
        for camera in cameras:
            place = self._places.get(camera)
            if place is not None:
                with place.lock:
                    place.withheld, place.begins_anew = False, True

    def begin_anew(self, cameras: Iterable[str]) -> None:
        """Says that a worker of these cameras starts: what its scenes show goes on from nothing of before, whatever their times and numbers say."""
        for camera in cameras:
            place = self._places.get(camera)
            if place is not None:
                with place.lock:
                    place.begins_anew = True

    def accept(self, message: SceneMessage | CameraHealth | Trouble) -> None:
        """Takes in a message of a worker. Never blocks for longer than another caller copies a few references."""
        place = self._places.get(message.camera) if message.camera is not None else None
        if place is None:
            return
        now_s = self._clock.monotonic_s()
        match message:
            case SceneMessage():
                place.latency.add(now_s - message.captured_monotonic_s)
                self._accept_scene(place, message)
            case CameraHealth():
                with place.lock:
                    place.health, place.health_at_s = message, now_s
                    _rate(place, message, now_s)
            case Trouble():
                with place.lock:
                    place.trouble = message

    def now(self, camera: str) -> PlaceNow:
        """What is known of a camera. Raises KeyError for an unknown one."""
        place, now_s = self._places[camera], self._clock.monotonic_s()
        with place.lock:
            scene = place.scene
            return PlaceNow(
                scene=scene,
                scene_age_s=None if scene is None else max(0.0, now_s - place.scene_at_s, now_s - scene.captured_monotonic_s),
                health=place.health,
                health_age_s=None if place.health is None else max(0.0, now_s - place.health_at_s),
                trouble=place.trouble,
                received_hz=place.rates[0],
                gated_hz=place.rates[1],
                skipped_hz=place.rates[2],
                scenes=place.scenes,
                orders=place.orders,
            )

    def orders(self, camera: str) -> int:
        """As `PlaceNow.orders`; never waits. Raises KeyError for an unknown camera."""
        return self._places[camera].orders

    def latency(self, camera: str) -> Latency:
        """How long the camera's scenes took from its picture's arrival to here. Raises KeyError for an unknown one."""
        return self._places[camera].latency

    def plate_weight(self, camera: str) -> float:
        """How large a camera's whole plate is, in plates of 1920x1080 pixels; 1 where it is not known."""
        place = self._places.get(camera)
        return 1.0 if place is None else _weight(place)

    def watcher(self, notify: Callable[[str], object] | None = None) -> "PlaceWatcher":
        """A new consumer of scenes.

        Args:
            notify: Is told the camera when something can be taken, on the thread that brought it; must not block.
        """
        return PlaceWatcher(self, notify)

    def watched(self, camera: str) -> int:
        """How many consumers watch a camera."""
        place = self._places.get(camera)
        return 0 if place is None else len(place.watchers)

    def _accept_scene(self, place: _Place, message: SceneMessage) -> None:
        """Keeps the scene without its patches, and gives both to those who watch."""
        bare = msgspec.structs.replace(message, scene=msgspec.structs.replace(message.scene, patches=()))
        with place.lock:
            if place.withheld:
                return
            before, place.scene = place.scene, bare
            place.scene_at_s = self._clock.monotonic_s()
            place.scenes += 1
            is_earlier = before is not None and (before.connection > message.connection or before.scene.time_s > message.scene.time_s)
            is_new_worker, place.begins_anew = is_earlier or place.begins_anew, False
            is_other_size = before is not None and before.scene.size != message.scene.size
            if message.whole_plate or is_other_size:
                place.asked_at_s = None
            for gathering in place.watchers.values():
                if is_new_worker:
                    gathering.forget()  # its gate knows nothing of the plate that we have
                if message.whole_plate:
                    gathering.begin_anew()
                elif is_other_size:
                    gathering.forget()
                elif before is not None and before.scene.plate_epoch != message.scene.plate_epoch:
                    gathering.drop_patches()
                gathering.add(bare, message.scene.patches)
            told = [watcher.notify for watcher, gathering in place.watchers.items() if gathering.has_pending and watcher.notify is not None]
        for notify in told:
            notify(message.camera)

    def _withhold(self, place: _Place, camera: str) -> None:
        with place.lock:
            place.withheld = True
            place.orders = next(self._orders)
            if place.scene is None:
                return
            place.scene = withheld = _showing_nothing(place.scene)
            for gathering in place.watchers.values():
                gathering.drop_patches()
                gathering.add(withheld, ())
            told = [watcher.notify for watcher, gathering in place.watchers.items() if gathering.has_pending and watcher.notify is not None]
        for notify in told:
            notify(camera)

    def _watch(self, watcher: "PlaceWatcher", camera: str) -> None:
        place, now_s = self._places[camera], self._clock.monotonic_s()
        others = [_weight(other) for other in tuple(self._places.values()) if other is not place and _awaits_plate(other, now_s)]
        crowded = bool(others) and sum(others) + _weight(place) > PLATES_AT_ONCE
        with place.lock:
            gathering = place.watchers.get(watcher)
            if gathering is None:
                gathering = place.watchers[watcher] = Gathering(self._plates)
            due = not crowded and not gathering.knows_plate and (place.asked_at_s is None or now_s - place.asked_at_s >= ASK_AGAIN_S)
            if due:
                place.asked_at_s = now_s
        if due:
            self._send_plate(camera)

    def _unwatch(self, watcher: "PlaceWatcher", camera: str) -> None:
        place = self._places.get(camera)
        if place is not None:
            with place.lock:
                place.watchers.pop(watcher, None)
                if not place.watchers:
                    place.asked_at_s = None

    def _lose_plate(self, watcher: "PlaceWatcher", camera: str) -> None:
        place = self._places.get(camera)
        if place is not None:
            with place.lock:
                gathering = place.watchers.get(watcher)
                if gathering is not None:
                    gathering.forget()
                    place.asked_at_s = None

    def _take(self, watcher: "PlaceWatcher", camera: str) -> Pending | None:
        place = self._places[camera]
        with place.lock:
            gathering = place.watchers.get(watcher)
            return None if gathering is None else gathering.take()

    def _plate(self, watcher: "PlaceWatcher", camera: str) -> int | None:
        place = self._places.get(camera)
        if place is None:
            return None
        with place.lock:
            gathering = place.watchers.get(watcher)
            return gathering.plate if gathering is not None and gathering.knows_plate else None


class PlaceWatcher:
    """One consumer of scenes: the painter, a streamer. It watches as many cameras as it likes. Safe to use from several threads.

    Made by `LivePlaces.watcher`.

    Attributes:
        notify: Is told the camera when something can be taken; None = nobody is.
    """

    __slots__ = ("_places", "notify")

    def __init__(self, places: LivePlaces, notify: Callable[[str], object] | None) -> None:
        self._places, self.notify = places, notify

    def watch(self, camera: str) -> None:
        """Begins to gather what has to be drawn, or goes on; to be called again and again until the plate has come.

        Where many whole plates are on their way or wait to be drawn, this one is asked for with a later call. Raises KeyError for an
        unknown camera.
        """
        self._places._watch(self, camera)  # noqa: SLF001 - the two are one unit

    def unwatch(self, camera: str) -> None:
        """Stops gathering, and lets go of what was gathered."""
        self._places._unwatch(self, camera)  # noqa: SLF001

    def lose_plate(self, camera: str) -> None:
        """Says that what was drawn is lost: the whole plate is needed again."""
        self._places._lose_plate(self, camera)  # noqa: SLF001

    def take(self, camera: str) -> Pending | None:
        """What has to be drawn since the last call; None = nothing is new, or the plate has not come yet. Raises KeyError for an unknown camera."""
        return self._places._take(self, camera)  # noqa: SLF001

    def orders(self, camera: str) -> int:
        """Which orders the scenes follow, as `PlaceNow.orders`. Raises KeyError for an unknown camera."""
        return self._places.orders(camera)

    def plate(self, camera: str) -> int | None:
        """Which plate the newest scene goes on from, as in `Pending.plate`; None = it is not known, or the camera is not.

        Numbers of plates in scenes begin anew with each worker, so an equal `plate_epoch` alone does not say that it is the same.
        """
        return self._places._plate(self, camera)  # noqa: SLF001

    def close(self) -> None:
        """Stops gathering of all cameras."""
        for camera in self._places.cameras:
            self.unwatch(camera)


def _showing_nothing(message: SceneMessage) -> SceneMessage:
    """The same moment, with all of it withheld."""
    scene = message.scene
    health = GateHealth(GateState.SETTLING, 1.0, scene.health.held_by_subject_share, scene.health.never_share)
    nothing = msgspec.structs.replace(scene, shown=bytes(len(scene.shown)), patches=(), glyphs=(), cells=(), health=health)
    return msgspec.structs.replace(message, scene=nothing, whole_plate=False)


def _weight(place: _Place) -> float:
    """How large its whole plate is, in plates of 1920x1080 pixels."""
    scene = place.scene
    return 1.0 if scene is None else scene.scene.size.width_px * scene.scene.size.height_px / FULL_PLATE_PX


def _awaits_plate(place: _Place, now_s: float) -> bool:
    """Whether a whole plate is on its way, or waits to be drawn; read without the lock, for a guess is good enough."""
    asked_at_s = place.asked_at_s
    on_its_way = asked_at_s is not None and now_s - asked_at_s < ASK_AGAIN_S
    return bool(place.watchers) and (on_its_way or any(gathering.needed for gathering in tuple(place.watchers.values())))


def _rate(place: _Place, health: CameraHealth, now_s: float) -> None:
    """Pictures a second, from the counters of two healths some seconds apart; counters that fell are a new worker's."""
    before = place.rated
    if before is None or health.received < before.received or health.gated < before.gated:
        place.rated, place.rated_at_s, place.rates = health, now_s, (0.0, 0.0, 0.0)
        return
    passed_s = now_s - place.rated_at_s
    if passed_s >= RATE_OVER_S:
        counts = (health.received - before.received, health.gated - before.gated, health.skipped - before.skipped)
        place.rates = (counts[0] / passed_s, counts[1] / passed_s, counts[2] / passed_s)
        place.rated, place.rated_at_s = health, now_s
