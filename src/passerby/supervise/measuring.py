"""What comes of measurements in a running site: pulses are remembered for a minute, minutes are kept. What cannot be true is dropped, and counted."""

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from passerby.clock import Clock
from passerby.released.measurement import Measurement, Pulse
from passerby.supervise.history_thread import HistoryHealth, HistoryThread
from passerby.supervise.journal import Journal
from passerby.supervise.measured import believable
from passerby.supervise.measured_parts import MeasuredParts
from passerby.supervise.recent_pulses import RecentPulses


@dataclass(frozen=True, slots=True)
class MeasuredCamera:
    """What is measured of a camera: ids of its zones and lines."""

    id: str
    zones: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MeasuringSettings:
    """What is done with measurements.

    Attributes:
        keeps: Whether minutes are kept; what was kept before is deleted when it is due in any case.
        retention_s: How long they are kept.
    """

    keeps: bool = True
    retention_s: float = 730 * 86400.0


class Measuring:
    """Takes in what workers measured. Safe to use from several threads; nothing here waits.

    Args:
        cameras: What is measured.
        history: Keeps minutes, and deletes what is due.
        clock: Time.
        journal: Is told once of a camera that measures what cannot be true.
        settings: What is done with them.

    Attributes:
        pulses: The newest pulses.
    """

    def __init__(
        self, cameras: Iterable[MeasuredCamera], history: HistoryThread, clock: Clock, journal: Journal, settings: MeasuringSettings
    ) -> None:
        self._history, self._clock, self._journal = history, clock, journal
        self._lock = threading.Lock()
        self._unbelieved = Counter[str]()
        self._parts: dict[str, MeasuredParts] = {}
        self._settings = settings
        self._cameras = {one.id: one for one in cameras}
        self.pulses = RecentPulses(self._cameras, clock)

    def start(self) -> None:
        """Starts keeping."""
        self._history.start()

    def stop(self, within_s: float) -> bool:
        """Keeps what is queued; whether that was done in time."""
        return self._history.stop(within_s)

    def follow(self, cameras: Iterable[MeasuredCamera], settings: MeasuringSettings) -> None:
        """Goes on with what a changed site file says."""
        self._cameras, self._settings = {one.id: one for one in cameras}, settings
        with self._lock:
            self._parts = {camera: parts for camera, parts in self._parts.items() if camera in self._cameras}
        self.pulses.follow(self._cameras)
        self._history.configure(settings.retention_s)

    def accept(self, message: Pulse | Measurement) -> bool:
        """Takes in a message of a worker; never blocks. Whether it can be true."""
        camera = self._cameras.get(message.camera)
        if camera is None:
            return False
        if not believable(message, camera.zones, camera.lines, self._clock.wall_s()):
            self._disbelieve(camera.id)
            return False
        if isinstance(message, Pulse):
            self.pulses.accept(message)
        elif self._settings.keeps:
            self._keep(message)
        return True

    def _keep(self, message: Measurement) -> None:
        """Keeps a minute under a name that no other one has."""
        with self._lock:
            parts = self._parts.setdefault(message.camera, MeasuredParts())
            part = parts.part_of(message.minute_wall_s, message.part, self._clock.monotonic_s())
        if part is None:
            self._disbelieve(message.camera)
        else:
            self._history.put(msgspec.structs.replace(message, part=part))

    def health(self) -> HistoryHealth:
        """How keeping is; what was not believed counts as lost."""
        found = self._history.health()
        with self._lock:
            return replace(found, lost=dict(Counter(found.lost) + self._unbelieved))

    def _disbelieve(self, camera: str) -> None:
        with self._lock:
            self._unbelieved[camera] += 1
            first = self._unbelieved[camera] == 1
        if first:
            self._journal.error("a worker measured what cannot be true: it is not kept", camera=camera)
