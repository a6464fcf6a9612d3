"""Which corrections of counts are in force, as workers must be told: those that were trained for zones as they are drawn now."""

from collections.abc import Callable, Iterable
from pathlib import Path

from passerby.site.orders import Correct
from passerby.store.counted_places import CountedPlace
from passerby.store.crowds import read_crowds
from passerby.store.question import Table


class Corrections:
    """Reads corrections off the history, each time it is asked: seldom, for a worker that begins, and after people have counted.

    Args:
        folder: The folder `measurements`.
        places: Where people can count, as the site file says it now.
    """

    def __init__(self, folder: Path, places: Callable[[], Iterable[CountedPlace]]) -> None:
        self._folder, self._places = folder, places

    def of(self, camera: str) -> list[Correct]:
        """One for each zone of a camera."""
        known = {(one.camera, one.zone, one.shape): one.model for one in read_crowds(self._folder)}
        zones = [one for one in self._places() if one.table is Table.ZONES and one.camera == camera]
        return [Correct(camera, zone.id, known.get((camera, zone.id, zone.shape))) for zone in zones]
