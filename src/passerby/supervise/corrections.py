"""Which corrections of counts are in force, as workers must be told: those that were trained for zones as they are drawn now."""

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from passerby.measure.crowd import MOST_COUNTS
from passerby.site.orders import Correct, CrowdModel
from passerby.store.counted_places import CountedPlace
from passerby.store.crowds import FILE, read_crowds
from passerby.store.question import Table

Known = dict[tuple[str, str, str], CrowdModel]
"""By camera, zone and shape."""


class Corrections:
    """Reads corrections off the history: when it is asked, and the file is another one than before. Safe to use from several threads.

    Args:
        folder: The folder `measurements`.
        places: Where people can count, as the site file says it now.
    """

    def __init__(self, folder: Path, places: Callable[[], Iterable[CountedPlace]]) -> None:
        self._folder, self._places = folder, places
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int], Known] | None = None

    def of(self, camera: str) -> list[Correct]:
        """One for each zone of a camera."""
        known = self._known()
        zones = [one for one in self._places() if one.table is Table.ZONES and one.camera == camera]
        return [Correct(camera, zone.id, known.get((camera, zone.id, zone.shape))) for zone in zones]

    def _known(self) -> Known:
        with self._lock:
            try:
                state = (self._folder / FILE).stat()
            except OSError:
                return {}
            which = (state.st_mtime_ns, state.st_ino)
            if self._read is not None and self._read[0] == which:
                return self._read[1]
            found = read_crowds(self._folder)
            # More counts than these nobody writes, and a command with them would not go through a worker's pipe in one piece.
            known = {(one.camera, one.zone, one.shape): one.model for one in found if len(one.model.counts) <= MOST_COUNTS}
            # One that holds none may be one that could not be read this time. It is read when next asked: when a worker starts, or after the next
            # training or reload; until then the detector's counts stand.
            self._read = (which, known) if known else None
            return known
