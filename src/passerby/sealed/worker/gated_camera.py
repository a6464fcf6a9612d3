"""One camera and its gate: the newest picture in, a scene out. Whatever fails, the next scene withholds everything."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import msgspec

from passerby.clock import Clock
from passerby.errors import DetectorError, SettingsError
from passerby.measure.crowd import Crowd
from passerby.measure.meter import Meter
from passerby.released.measurement import CrowdNumbers, Measurement, Pulse
from passerby.released.messages import MOST_TEXT, CameraHealth, CaptureState, Reason, SceneMessage, Trouble
from passerby.released.scene import GateState, Level, Scene, Size
from passerby.sealed.features.crowd import CrowdView
from passerby.sealed.gate.gate import WITHHOLDS_ALL, Gate
from passerby.sealed.gate.ground import Homography
from passerby.sealed.gate.home import Home
from passerby.sealed.gate.pace import LEAST_LOOKS_HZ
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.worker.camera import Camera, LivePicture
from passerby.sealed.worker.kept_plate import kept_plate
from passerby.sealed.worker.metering import MEASURE, crowd_of, crowd_view_of, meter_of
from passerby.sealed.worker.timed_detector import TimedDetector
from passerby.site.orders import CameraOrder, CrowdModel

GATE: Final = "gate"
"""Where an error was: in gating a picture, ..."""
SCENE: Final = "scene"
"""... or in saying that nothing is shown, after that."""
RELEASE: Final = "release"
"""Or in looking, between pictures, at what is about to be released."""
SETTINGS: Final = "settings"
"""Or before there was a camera."""
FIRST_PAUSE_S: Final = 0.25
SLACK_S: Final = 0.02
"""Times of the gate and times of arrival drift apart by no more from one look to the next."""
LOOKS_MEASURED: Final = 9
FORGOTTEN_S: Final = 3.0
RESTS_AFTER_S: Final = 3.0
"""Without a look for so long, what was measured is told: the rest of the minute is a gap."""
MOST_PAUSE_S: Final = 5.0
"""A gate that fails time after time is tried again after a pause, twice as long each time: it shall not take the time of the other cameras."""


class Latest(NamedTuple):
    """The picture that was looked at last, if it is not measured yet: its time, wall time, the gate's state at it, its size."""

    time_s: float
    wall_s: float
    state: GateState
    size: Size


def gate_settings(order: CameraOrder) -> GateSettings:
    """What a camera's gate is told. Raises SettingsError."""
    try:
        ground: Homography | None = None if order.ground is None else _nine(order.ground)
        level = Level(order.level)
    except ValueError:
        raise SettingsError(f"camera {order.camera}: a ground of other than 9 numbers, or an unknown release level") from None
    return GateSettings(
        settle_s=order.settle_s, absorb_s=order.absorb_s, min_person_px=order.min_person_px, level=level, never=order.never, ground=ground
    )


def _nine(numbers: tuple[float, ...]) -> Homography:
    a, b, c, d, e, f, g, h, i = numbers
    return a, b, c, d, e, f, g, h, i


class GatedCamera:
    """A camera behind its gate; used by the gate thread only.

    Args:
        order: What the supervisor said of the camera.
        settings: Of its gates.
        camera: The capture.
        detector: Shared with the worker's other cameras.
        clock: What time it is.
        kept_plates: Plates of before, by camera; the first gate takes this camera's.
    """

    def __init__(
        self, order: CameraOrder, settings: GateSettings, camera: Camera, detector: TimedDetector, clock: Clock, kept_plates: dict[str, Scene]
    ) -> None:
        self.id = order.camera
        self._order = order
        self._meter: Meter | None = None
        self._moved = False
        """Whether it was told that nothing is measured since the camera was moved."""
        self._metered: Size | None = None
        """The size of the pictures that the meter measures."""
        self._latest: Latest | None = None
        self._home = Home()
        """The view in which zones and lines were drawn: of all gates of the camera, so that none forgets that it was moved."""
        self._crowds: dict[str, Crowd | None] = {}
        self._crowd_view: CrowdView | None = None
        self._kept_plates = kept_plates
        self._settings = settings
        self.capture = camera
        self._detector = detector
        self._clock = clock
        self.seen_s = float("-inf")
        """When a picture of it was gated last, or let go of."""
        self._looks: deque[float] = deque(maxlen=LOOKS_MEASURED)
        self._gate: Gate | None = None
        self._size: Size | None = None
        self._connection: int | None = None
        self._whole = True
        self._epochs_before = 0
        self._last_epoch = -1
        self._failures = 0
        self._paused_until_s = 0.0
        self._gated = self._let_go = 0
        self._gate_s = 0.0
        self._looks_s = 0.0

    def lets_go(self) -> bool:
        """Whether its gate failed a moment ago: the picture at hand, which is its turn, is then skipped."""
        paused = self._failures > 0 and self._clock.monotonic_s() < self._paused_until_s
        self._let_go += paused
        self.seen_s = self._clock.monotonic_s()
        return paused

    def must_look(self, captured_s: float) -> bool:
        """Whether a picture that came in then, monotonic, will be looked at in any case: that takes a hundred times as long as any other."""
        return not self._looks or captured_s - self._looks[-1] >= 1 / LEAST_LOOKS_HZ - SLACK_S

    @property
    def looked_s(self) -> float:
        """When the picture that was looked at last came in; long ago, if none was."""
        return self._looks[-1] if self._looks else float("-inf")

    def send_plate(self) -> None:
        """Lets the next scene bring all of the plate that is shown."""
        if self._gate is not None:
            self._gate.resend_plate()
        self._whole = True

    def see(self, picture: LivePicture, looks_hz: float) -> SceneMessage:
        """What may be said of a picture, which is looked at if so often is right now.

        Raises whatever the gate or the decoder raises: then call `renew`.
        """
        with self._timed():
            gate = self._gate_of(picture.size)
            if picture.connection != self._connection:
                # Whoever answers now, and wherever the camera looks now: the plate waits until its view is seen.
                self._connection = picture.connection
                gate.reconnected()
            if picture.damaged:
                return self._message(gate.damaged(picture.time_s), picture)
            gate.looks_hz = looks_hz
            looks = gate.wants_picture(picture.time_s)
            scene = gate.see(picture.bgr() if looks else None, picture.time_s)
            if looks:
                self._looks.append(picture.captured_monotonic_s)
                self._latest = Latest(picture.time_s, picture.captured_wall_s, scene.health.state, picture.size)
            return self._message(scene, picture)

    def release(self) -> bool:
        """Looks, while no picture waits, at a part of what is about to be released, if there is some; whether it did. Raises as `see` does."""
        if self._gate is None:
            return False
        with self._timed():
            return self._gate.release()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        begun_s, looks_before_s = time.thread_time(), self._detector.spent_s
        try:
            yield
        finally:
            self._looks_s += self._detector.spent_s - looks_before_s
            self._gate_s += time.thread_time() - begun_s

    def is_sent(self) -> None:
        """Says that the last scene is on its way: the gate works."""
        self._gated += 1
        self._failures = 0

    def renew(self, error: Exception, place: str) -> Trouble:
        """Lets go of a gate that failed, and of all that it knew; what to say of it. `place`: GATE, SCENE or RELEASE."""
        self._forget_gate()
        self._let_go += place == GATE
        # After a release no picture is at hand whose scene would say that nothing is shown now: the next one's has to come at once.
        pause_s = 0.0 if place == RELEASE else min(MOST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(self._failures, 16))
        self._paused_until_s = self._clock.monotonic_s() + pause_s
        self._failures += 1
        return trouble_of(self.id, error, place)

    def withheld(self, picture: LivePicture, error: Exception) -> SceneMessage:
        """A scene that shows nothing, in place of that of a picture on which the gate failed."""
        state = GateState.DETECTOR_FAILED if isinstance(error, DetectorError) else GateState.BAD_FRAME
        return self._message(self._gate_of(picture.size).withheld(picture.time_s, state), picture)

    def health(self) -> CameraHealth:
        """How the camera and its gate are."""
        health = self.capture.health()
        reason = Reason.GATE_FAILED if self._failures and health.reason is Reason.NONE else health.reason
        return msgspec.structs.replace(
            health,
            camera=self.id,
            reason=reason,
            gated=self._gated,
            skipped=health.skipped + self._let_go,
            looks_hz=self._looks_hz(),
            gate_s=self._gate_s,
            looks_s=self._looks_s,
        )

    def measured(self) -> list[Pulse | Measurement | Trouble]:
        """What is measured and due to be told, up to the picture seen last. Whatever it raises, the gate is as it was: call `stop_measuring`."""
        latest, self._latest = self._latest, None
        if latest is None or not (self._order.zones or self._order.lines):
            return []
        told: list[Pulse | Measurement | Trouble] = [] if latest.size == self._metered else [*self.stop_measuring()]
        if self._gate is not None and self._gate.was_moved is not self._moved:
            self._moved = self._gate.was_moved
            told += [Trouble(self.id, Reason.NONE, "CameraMoved" if self._moved else "CameraBack", MEASURE)]
        if self._meter is None:
            self._meter, self._metered = meter_of(self._order, latest.size), latest.size
            self._meter.correct(self._crowds)
            self._crowd_view = crowd_view_of(self._order, latest.size)
        sighting = None if self._gate is None or latest.state in WITHHOLDS_ALL else self._gate.sighting
        if sighting is None or sighting.time_s != latest.time_s:
            return told + self._meter.blind(latest.time_s, latest.wall_s)
        return told + self._meter.see(sighting, latest.wall_s, self._crowd_numbers(latest.time_s))

    def correct(self, zone: str, model: CrowdModel | None) -> None:
        """Corrects the count of a zone from now on. A correction that says nothing is none: the detector's count stands."""
        self._crowds[zone] = crowd_of(model)
        if self._meter is not None:
            self._meter.correct(self._crowds)

    def _crowd_numbers(self, time_s: float) -> list[CrowdNumbers | None]:
        """What of each zone differs from the place, None where too little of it is known; empty where nothing is."""
        observed = None if self._gate is None else self._gate.observed
        return [] if self._crowd_view is None or observed is None else self._crowd_view.of(observed, time_s)

    def stop_measuring(self) -> list[Pulse | Measurement]:
        """What is left to be told: no picture comes for long, or the end has come. Measuring begins anew with the next picture."""
        meter, self._meter, self._latest = self._meter, None, None
        return [] if meter is None else meter.end()

    @property
    def rests(self) -> bool:
        """Whether something is measured, and no picture was looked at for long."""
        return self._meter is not None and self._clock.monotonic_s() - self.looked_s > RESTS_AFTER_S

    def _looks_hz(self) -> float:
        """How often it looked of late."""
        if len(self._looks) < 2 or self._clock.monotonic_s() - self._looks[-1] > FORGOTTEN_S:
            return 0.0
        passed_s = self._looks[-1] - self._looks[0]
        return round((len(self._looks) - 1) / passed_s, 2) if passed_s > 0 else 0.0

    def _gate_of(self, size: Size) -> Gate:
        """The gate for pictures of a size: a new one where the size is new, which knows nothing of the place."""
        if self._gate is None or size != self._size:
            self._forget_gate()
            gate = Gate(size, self._settings, self._detector, releases_in_see=False, home=self._home)
            kept = self._kept_plates.pop(self.id, None)
            if kept is not None and kept.size == size and self._last_epoch < 0:
                gate.restore(*kept_plate(kept))
            self._gate, self._size = gate, size
        return self._gate

    def _forget_gate(self) -> None:
        self._gate, self._size, self._latest = None, None, None
        self._looks.clear()
        self._whole = True
        self._epochs_before, self._last_epoch = self._last_epoch + 1, self._last_epoch

    def _message(self, scene: Scene, picture: LivePicture) -> SceneMessage:
        # Plates are numbered through all gates of a camera, so that no receiver takes a new gate's plate for a part of the old one's.
        if self._epochs_before:
            scene = msgspec.structs.replace(scene, plate_epoch=scene.plate_epoch + self._epochs_before)
        self._last_epoch = scene.plate_epoch
        whole, self._whole = self._whole, False
        return SceneMessage(
            camera=self.id,
            captured_wall_s=picture.captured_wall_s,
            captured_monotonic_s=picture.captured_monotonic_s,
            released_monotonic_s=self._clock.monotonic_s(),
            media_s=picture.media_s,
            connection=picture.connection,
            whole_plate=whole,
            scene=scene,
        )


def no_capture(camera: str) -> CameraHealth:
    """The health of a camera that cannot be gated at all, and so is never opened."""
    return CameraHealth(camera, CaptureState.WAITING, Reason.GATE_FAILED)


def trouble_of(camera: str | None, error: BaseException, place: str) -> Trouble:
    """What may be said of an error: its class, nothing of its text."""
    reason = Reason.OUT_OF_MEMORY if isinstance(error, MemoryError) else Reason.CRASHED if camera is None else Reason.GATE_FAILED
    return Trouble(camera, reason, type(error).__name__[:MOST_TEXT], place)
