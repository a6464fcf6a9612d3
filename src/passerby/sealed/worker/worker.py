"""The work of a sealed process: several cameras, one thread that gates their pictures, one that writes messages, one for each capture.

The gate thread sleeps until a picture, a command or the next second comes. Of the pictures that wait it takes first those that need no look,
then the others, and of each kind that of the camera whose turn was longest ago; what a camera brings meanwhile replaces what it brought before
(`sealed.capture.slot`). So overload skips pictures and lets nothing grow, and no camera starves another one. While nothing waits, it looks at
what is about to be released. An error of a camera or of its gate costs that gate all it knows, and touches no other camera.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

from passerby.clock import Clock
from passerby.errors import PasserbyError
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import Beat, CameraHealth, CaptureState, Message, Reason, Trouble, encode_message
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.pace import LEAST_LOOKS_HZ
from passerby.sealed.worker.camera import Camera, LivePicture, OpenCamera
from passerby.sealed.worker.gated_camera import GATE, RELEASE, SCENE, SETTINGS, GatedCamera, gate_settings, no_capture, trouble_of
from passerby.sealed.worker.metering import MEASURE
from passerby.sealed.worker.name_files import NameFiles, NamesReplacedError
from passerby.sealed.worker.outbox import Key
from passerby.sealed.worker.pace import LookPace
from passerby.sealed.worker.surroundings import Surroundings
from passerby.sealed.worker.timed_detector import TimedDetector
from passerby.site.orders import CameraOrder

BEAT_S: Final = 1.0
MOST_LOOKS_HZ: Final = 5.0
LONGEST_PUT_OFF_S: Final = 0.25
STOP_WITHIN_S: Final = 1.5
LONGEST_WITHOUT_RELEASE_S: Final = 1.0


class Worker:
    """Cameras behind their gates.

    Args:
        orders: Which cameras.
        open_camera: Makes a camera's capture.
        detector: Finds subjects, for all of them.
        surroundings: Where messages go, what wakes the work, which plates are asked for.
        clock: What time it is.
    """

    def __init__(self, orders: Iterable[CameraOrder], open_camera: OpenCamera, detector: Detector, surroundings: Surroundings, clock: Clock) -> None:
        self._outbox = surroundings.outbox
        self._bell = bell = surroundings.bell
        self._usage = surroundings.usage
        self._plates_wanted, self._corrections = surroundings.plates_wanted, surroundings.corrections
        self._clock = clock
        self._pace = LookPace(MOST_LOOKS_HZ, clock.monotonic_s())
        self._name_files = NameFiles()
        self._states: dict[str, CaptureState] = {}
        self._unopened: list[CameraHealth] = []
        timed = TimedDetector(detector)
        self._cameras: dict[str, GatedCamera] = {}
        for order in orders:
            try:
                capture = open_camera(order, clock, bell.ring)
                self._cameras[order.camera] = GatedCamera(order, gate_settings(order), capture, timed, clock, surroundings.kept_plates)
            except Exception as error:  # noqa: BLE001 - a camera that cannot be made touches no other
                self._unopened.append(no_capture(order.camera))
                self._tell(trouble_of(order.camera, error, SETTINGS))
        self._releasing = deque(self._cameras)
        self._released_s = 0.0

    def run(self) -> None:
        """Works until the bell's end."""
        for camera in self._cameras.values():
            camera.capture.start()
        try:
            due_s = self._clock.monotonic_s()
            while not self._bell.ended:
                now_s = self._clock.monotonic_s()
                if now_s >= due_s:
                    self._beat(now_s)
                    due_s = now_s + BEAT_S
                self._follow_commands()
                if self._work(now_s):
                    self._pace.spent(self._clock.monotonic_s() - now_s)
                elif self._bell.wait(due_s - self._clock.monotonic_s()):
                    self._tell_changes()
        finally:
            self._stop_captures()
            for camera in self._cameras.values():
                self._measure(camera, camera.stop_measuring)

    def _work(self, now_s: float) -> bool:
        """Does what is next; whether there was something to do. However many pictures come, once a second something is brought nearer to release."""
        if now_s - self._released_s >= LONGEST_WITHOUT_RELEASE_S:
            self._released_s = now_s
            if self._release_next(now_s):
                return True
        return self._gate_next() or self._release_next(now_s)

    def _gate_next(self) -> bool:
        """Gates one of the pictures that wait; False where none does."""
        waiting = [(camera, since_s) for camera in self._cameras.values() if (since_s := camera.capture.waiting_since_s()) is not None]
        if not waiting:
            return False
        now_s = self._clock.monotonic_s()
        camera, _ = min(waiting, key=lambda one: _turn(one, now_s))
        picture = camera.capture.take()
        if picture is not None and not camera.lets_go():
            self._gate(camera, picture, self._pace.looks_hz if len(waiting) == 1 else LEAST_LOOKS_HZ)
        return True

    def _release_next(self, now_s: float) -> bool:
        """Looks once at what one of the cameras is about to release, each in turn; whether there was something."""
        for _ in range(len(self._cameras)):
            name = self._releasing.popleft()
            self._releasing.append(name)
            camera = self._cameras[name]
            try:
                if camera.release():
                    self._released_s = now_s
                    return True
            except Exception as error:  # noqa: BLE001 - as with a picture
                self._tell(camera.renew(error, RELEASE))
        return False

    def _gate(self, camera: GatedCamera, picture: LivePicture, looks_hz: float) -> None:
        key = ("scene", camera.id)
        if self._outbox.holds_plate(key):
            camera.send_plate()
        try:
            message = camera.see(picture, looks_hz)
            data = encode_message(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, this camera starts anew with nothing shown, and the others go on
            self._tell(camera.renew(error, GATE))
            try:
                message = camera.withheld(picture, error)
                data = encode_message(message)
            except Exception as again:  # noqa: BLE001 - then nothing is said of this picture
                self._tell(camera.renew(again, SCENE))
                return
        else:
            camera.is_sent()
        self._outbox.put(key, data, plate=message.whole_plate or bool(message.scene.patches))
        self._measure(camera, camera.measured)

    def _measure(self, camera: GatedCamera, tell: Callable[[], Sequence[Pulse | Measurement | Trouble]]) -> None:
        """Tells what is measured, after the scene: nothing that is wrong with it touches the gate."""
        try:
            for message in tell():
                self._tell(message)
        except Exception as error:  # noqa: BLE001 - the camera goes on, and measuring begins anew
            self._tell(trouble_of(camera.id, error, MEASURE))
            with suppress(Exception):
                camera.stop_measuring()

    def _follow_commands(self) -> None:
        while self._plates_wanted:
            camera = self._cameras.get(self._plates_wanted.pop())
            if camera is not None:
                camera.send_plate()
        while self._corrections:
            (name, zone), model = self._corrections.popitem()
            camera = self._cameras.get(name)
            if camera is not None:
                camera.correct(zone, model)

    def _tell_changes(self) -> None:
        """Tells of captures whose state changed."""
        for camera in self._cameras.values():
            health = camera.health()
            if self._states.get(camera.id) is not health.state:
                self._tell_health(health)

    def _beat(self, now_s: float) -> None:
        skipped = 0
        reasons = set()
        for camera in self._cameras.values():
            health = camera.health()
            skipped += health.skipped
            reasons.add(health.reason)
            self._tell_health(health)
            if camera.rests:
                self._measure(camera, camera.stop_measuring)
        for unopened in self._unopened:
            self._tell_health(unopened)
        if Reason.UNREACHABLE in reasons and self._name_files.were_replaced():
            raise NamesReplacedError("this process may not read where names of hosts are found; the next one may")
        self._pace.update(now_s, skipped)
        self._tell(Beat(now_s, self._usage.cpu_s(), self._usage.resident_bytes()))

    def _tell_health(self, health: CameraHealth) -> None:
        self._states[health.camera] = health.state
        self._tell(health)

    def _tell(self, message: Message) -> None:
        self._outbox.put(_key_of(message), encode_message(message))

    def _stop_captures(self) -> None:
        """Stops all at once; whoever does not end in time ends with the process."""
        threads = [threading.Thread(target=_stop, args=(camera.capture,), daemon=True) for camera in self._cameras.values()]
        for thread in threads:
            thread.start()
        until_s = self._clock.monotonic_s() + STOP_WITHIN_S
        for thread in threads:
            thread.join(max(0.0, until_s - self._clock.monotonic_s()))


def _turn(waiting: tuple[GatedCamera, float], now_s: float) -> tuple[int, float]:
    """Whose picture is gated first: the least of these.

    A picture that must be looked at lets those go first that need no look, since they take no time, but not for ever.
    """
    camera, since_s = waiting
    if not camera.must_look(since_s):
        return 1, camera.seen_s
    return (0 if now_s - camera.seen_s > LONGEST_PUT_OFF_S else 2), camera.looked_s


def _stop(capture: Camera) -> None:
    try:
        capture.stop()
    except (PasserbyError, RuntimeError, OSError):
        return


def _key_of(message: Message) -> Key:
    match message:
        case CameraHealth(camera=camera):
            return ("health", camera)
        case Pulse(camera=camera):
            return ("pulse", camera)
        case Measurement(camera=camera, minute_wall_s=minute_s, part=part):
            return ("measurement", camera, str(minute_s), str(part))
        case Trouble(camera=camera, error=error, place=place):
            return ("trouble", camera or "", error, place)
        case _:
            return (type(message).__name__,)
