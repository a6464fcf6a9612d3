"""Too many persons in a zone: how many are confirmed there, against a limit."""

from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.pulses import ZonePulses
from passerby.hazards.rules.rule import Heard
from passerby.hazards.words import LIMIT, bound, measured, quoted
from passerby.site.hazards import Hazard

UNIT: Final = "persons"


class OccupancyRule:
    """Persons in a zone."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit = hazard.limit or 1.0
        self._clear, self._where = hazard.clear, quoted(place.shown)
        self._pulses = ZonePulses(place.id)

    def accept(self, message: Heard) -> None:
        """Takes pulses."""
        self._pulses.accept(message)

    def read(self, second: int) -> Reading:
        """How many there are in a second."""
        now = self._pulses.newest(second)
        if now is None:
            return UNKNOWN
        error = people_error(now.people, now.per_m2, now.per_m2_error)
        words = f"{measured(now.people, error, UNIT)} in {self._where}{LIMIT}{bound(self._limit)}"
        return Reading(True, now.people >= self._limit, now.people < self._clear * self._limit, words, now.people, error, self._limit)


def people_error(people: float, per_m2: float | None, per_m2_error: float | None) -> float | None:
    """Standard error of a count, out of that of the density; None = the ground is not known, or nobody is there."""
    return None if not per_m2 or per_m2_error is None else per_m2_error * people / per_m2
