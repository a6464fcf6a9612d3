"""The newest pulses of each camera: in memory only, a minute at most, never stored."""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Final

from passerby.clock import Clock
from passerby.released.measurement import Pulse

MOST_PULSES: Final = 60
LONGEST_S: Final = 60.0
"""A pulse is forgotten after so long, also where no newer ones come."""


class RecentPulses:
    """Keeps pulses of the cameras of a site. Safe to use from several threads; nothing here waits.

    Args:
        cameras: Whose are kept.
        clock: Time.
    """

    def __init__(self, cameras: Iterable[str], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, deque[tuple[float, Pulse]]] = {}
        self.follow(cameras)

    def follow(self, cameras: Iterable[str]) -> None:
        """Goes on with these cameras; the others' pulses are forgotten."""
        with self._lock:
            self._kept = {camera: self._kept.get(camera, deque(maxlen=MOST_PULSES)) for camera in cameras}

    def accept(self, pulse: Pulse) -> None:
        """Keeps a pulse, if it is of a camera of this site."""
        with self._lock:
            kept = self._kept.get(pulse.camera)
            if kept is not None:
                kept.append((self._clock.monotonic_s(), pulse))

    def of(self, camera: str | None = None) -> dict[str, list[Pulse]]:
        """Pulses by camera, the oldest first; of one camera, or of all."""
        since_s = self._clock.monotonic_s() - LONGEST_S
        with self._lock:
            for kept in self._kept.values():
                while kept and kept[0][0] < since_s:
                    kept.popleft()
            return {one: [pulse for _, pulse in kept] for one, kept in self._kept.items() if camera in (None, one)}
