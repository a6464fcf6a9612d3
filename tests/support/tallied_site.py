"""A site at which people count: the product's server, routes and files; the zones and lines, and what is measured, are made up."""

from collections.abc import Iterable
from pathlib import Path

from passerby.clock import Clock, SystemClock
from passerby.serve.tally.tallying import Tallying
from passerby.store.counted_places import CountedPlace
from passerby.store.question import Table
from passerby.store.tallies import Tallies
from passerby.supervise.recent_pulses import RecentPulses
from tests.support.journals import KeptJournal

HALL = CountedPlace(Table.ZONES, "gate", "South gate", "hall", "Hall, between the pillars", "1c9a44f0")
STAIRS = CountedPlace(Table.ZONES, "stairs", "Stairs", "stairs", "Stairs", "2c9a44f0")
DOOR = CountedPlace(Table.LINES, "gate", "South gate", "door", "Glass door", "3c9a44f0", ("Towards the camera", "Away from the camera"))


class NoValidator:
    """Stands in for what compares; remembers of which places it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[CountedPlace, ...]] = []
        self.trouble = ""
        self.stopped = False

    def validate(self, places: Iterable[CountedPlace]) -> str:
        self.asked.append(tuple(places))
        return self.trouble

    def stop(self) -> None:
        self.stopped = True


class Tallied:
    """What takes tallies, with all that a test looks at."""

    def __init__(self, folder: Path, *places: CountedPlace, clock: Clock | None = None) -> None:
        self.clock = SystemClock() if clock is None else clock
        self.folder = folder / "tallies"
        self.places: tuple[CountedPlace, ...] = places or (HALL, STAIRS, DOOR)
        self.pulses = RecentPulses(("gate", "stairs"), self.clock)
        self.validator, self.journal = NoValidator(), KeptJournal()
        self.tallying = Tallying(Tallies(self.folder), lambda: self.places, self.pulses, self.validator, self.clock, self.journal, lambda job: job())
