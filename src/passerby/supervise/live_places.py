"""What is known of each camera now: its newest scene, its health, and, while somebody watches, what a renderer has not drawn yet.

Nothing here grows: of the scenes between two pictures only the newest is kept, together with the patches of the plate that all of them
brought. A plate itself is never kept; whoever begins to watch makes the worker send it whole (`SendPlate`).
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.released.messages import CameraHealth, SceneMessage, Trouble
from passerby.released.scene import PlatePatch
from passerby.supervise.latency import Latency

ASK_AGAIN_S: Final = 2.0
"""A whole plate that did not come is asked for again after so long: the worker may have been another one."""
PLATES_AT_ONCE: Final = 2
"""So many whole plates are on their way to the renderer at once."""
MOST_PENDING: Final = 2
"""Patches that wait for the renderer hold at most so many times the picture's bytes; beyond, the whole plate is cheaper."""
RATE_OVER_S: Final = 3.0
"""Over about so long, at least, is a rate of pictures measured."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a renderer has to draw next. `anew`: the plate is whole, and what was known of it before is void."""

    message: SceneMessage
    anew: bool


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


@dataclass(slots=True)
class _Place:
    """One camera; under its lock."""

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
    watched: bool = False
    asked_at_s: float | None = None
    knows_plate: bool = False
    anew: bool = False
    pending: SceneMessage | None = None
    patches: list[PlatePatch] = field(default_factory=list)
    patch_bytes: int = 0


class LivePlaces:
    """The cameras of a running site, by id. Safe to use from several threads.

    Args:
        cameras: Their ids; messages of others are ignored.
        send_plate: Asks a camera's worker for its whole plate; must not block.
        clock: Monotonic time.
    """

    def __init__(self, cameras: Iterable[str], send_plate: Callable[[str], object], clock: Clock) -> None:
        self._places = {camera: _Place() for camera in cameras}
        self._send_plate = send_plate
        self._clock = clock

    @property
    def cameras(self) -> tuple[str, ...]:
        """Ids of all cameras."""
        return tuple(self._places)

    def follow(self, cameras: Iterable[str]) -> None:
        """Knows these cameras from now on, and no others; what is known of those that stay is kept."""
        self._places = {camera: self._places.get(camera) or _Place() for camera in cameras}

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
            )

    def latency(self, camera: str) -> Latency:
        """How long the camera's scenes took from its picture's arrival to here. Raises KeyError for an unknown one."""
        return self._places[camera].latency

    def watch(self, camera: str) -> None:
        """Begins to gather what a renderer needs, or goes on. Raises KeyError for an unknown camera.

        Where many whole plates are on their way or wait to be drawn, this one is asked for with a later call.
        """
        place, now_s = self._places[camera], self._clock.monotonic_s()
        crowded = sum(_awaits_plate(other, now_s) for other in self._places.values() if other is not place) >= PLATES_AT_ONCE
        with place.lock:
            place.watched = True
            due = not crowded and not place.knows_plate and (place.asked_at_s is None or now_s - place.asked_at_s >= ASK_AGAIN_S)
            if due:
                place.asked_at_s = now_s
        if due:
            self._send_plate(camera)

    def unwatch(self, camera: str) -> None:
        """Stops gathering, and lets go of what was gathered."""
        place = self._places.get(camera)
        if place is not None:
            with place.lock:
                place.watched = False
                _forget_plate(place)

    def lose_plate(self, camera: str) -> None:
        """Says that the renderer lost what it had drawn: the whole plate is needed again."""
        place = self._places.get(camera)
        if place is not None:
            with place.lock:
                _forget_plate(place)

    def take(self, camera: str) -> Pending | None:
        """What has to be drawn since the last call; None = nothing is new, or the plate has not come yet. Raises KeyError for an unknown camera."""
        place = self._places[camera]
        with place.lock:
            if place.pending is None:
                return None
            scene = msgspec.structs.replace(place.pending.scene, patches=tuple(place.patches))
            pending = Pending(msgspec.structs.replace(place.pending, scene=scene, whole_plate=place.anew), place.anew)
            place.pending, place.anew, place.patches, place.patch_bytes = None, False, [], 0
            return pending

    def _accept_scene(self, place: _Place, message: SceneMessage) -> None:
        """Keeps the scene without its patches, and, while somebody watches, the patches beside it."""
        bare = msgspec.structs.replace(message, scene=msgspec.structs.replace(message.scene, patches=()))
        with place.lock:
            before, place.scene = place.scene, bare
            place.scene_at_s = self._clock.monotonic_s()
            place.scenes += 1
            if before is not None and (before.connection > message.connection or before.scene.time_s > message.scene.time_s):
                place.knows_plate = False  # a new worker: its gate knows nothing of the plate that we have
            if message.whole_plate:
                place.knows_plate = place.anew = place.watched
                place.asked_at_s, place.patches, place.patch_bytes = None, [], 0
            elif before is not None and before.scene.size != message.scene.size:
                _forget_plate(place)
            elif before is not None and before.scene.plate_epoch != message.scene.plate_epoch:
                place.patches, place.patch_bytes = [], 0
            if not place.watched or not place.knows_plate:
                return
            place.pending = bare
            place.patches += message.scene.patches
            place.patch_bytes += sum(len(patch.pixels) for patch in message.scene.patches)
            size = message.scene.size
            if place.patch_bytes > MOST_PENDING * size.width_px * size.height_px * 3:
                _forget_plate(place)


def _awaits_plate(place: _Place, now_s: float) -> bool:
    """Whether a whole plate is on its way, or waits to be drawn; read without the lock, for a guess is good enough."""
    asked_at_s = place.asked_at_s
    return place.watched and (place.anew or (asked_at_s is not None and now_s - asked_at_s < ASK_AGAIN_S))


def _forget_plate(place: _Place) -> None:
    place.knows_plate, place.anew, place.asked_at_s = False, False, None
    place.pending, place.patches, place.patch_bytes = None, [], 0


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
