"""A queue that is too long, or takes too long: persons who stand in a zone of kind `queue`, and the wait that minutes estimate."""

from statistics import median
from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.occupancy import people_error
from passerby.hazards.rules.pulses import ZonePulses
from passerby.hazards.rules.rule import Heard
from passerby.hazards.words import LIMIT, bound, duration, measured, quoted
from passerby.released.measurement import Measurement, ZoneMinute
from passerby.site.hazards import Hazard

UNIT: Final = "persons"
STANDS_M_S: Final = 0.4
"""As in the measurement of queues: who is faster does not stand (docs/design/measurements.md)."""
SPEED_OVER_S: Final = 10.0
MINUTE_S: Final = 60
WAIT_GOOD_S: Final = 75.0
"""A minute's wait stands until the next one has come."""


class QueueRule:
    """Length and wait of a queue."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit, self._wait_s, self._clear = hazard.limit, hazard.wait_s, hazard.clear
        self._zone, self._where = place.id, quoted(place.shown)
        self._pulses = ZonePulses(place.id, SPEED_OVER_S)
        self._minute: tuple[int, ZoneMinute] | None = None

    def accept(self, message: Heard) -> None:
        """Takes pulses and minutes."""
        self._pulses.accept(message)
        if isinstance(message, Measurement):
            zone = next((one for one in message.zones if one.zone == self._zone), None)
            self._minute = self._minute if zone is None else (message.minute_wall_s + MINUTE_S, zone)

    def read(self, second: int) -> Reading:
        """The length, or the wait where that is what is too much."""
        readings = [one for one in (self._length(second), self._wait(second)) if one is not None]
        known = [one for one in readings if one.known]
        over = next((one for one in known if one.over), None)
        if over is not None:
            return over
        if not known:
            return UNKNOWN
        first = known[0]
        clear = len(known) == len(readings) and all(one.clear for one in known)
        return Reading(True, False, clear, first.words, first.value, first.error, first.limit)

    def _length(self, second: int) -> Reading | None:
        """None = the rule has no limit of length."""
        if self._limit is None:
            return None
        now = self._pulses.newest(second)
        if now is None:
            return UNKNOWN
        speeds = [one.zone.speed_m_s for one in self._pulses.last(second) if one.zone.speed_m_s is not None]
        people = now.people if not speeds or median(speeds) < STANDS_M_S else now.people / 2
        error = people_error(people, now.per_m2, now.per_m2_error)
        words = f"{measured(people, error, UNIT)} wait in {self._where}{LIMIT}{bound(self._limit)}"
        return Reading(True, people >= self._limit, people < self._clear * self._limit, words, people, error, self._limit)

    def _wait(self, second: int) -> Reading | None:
        """None = the rule has no limit of the wait."""
        if self._wait_s is None:
            return None
        if self._minute is None or second - self._minute[0] > WAIT_GOOD_S:
            return UNKNOWN
        zone = self._minute[1]
        if zone.wait_s is None:
            # Nobody has left it of late: with nobody in it there is no wait, else nobody knows it.
            return Reading(True, clear=True, words=f"no wait in {self._where}", value=0.0, limit=self._wait_s) if not zone.queue_mean else UNKNOWN
        words = f"a wait of {duration(zone.wait_s)} in {self._where}{LIMIT}{duration(self._wait_s)}"
        return Reading(True, zone.wait_s >= self._wait_s, zone.wait_s < self._clear * self._wait_s, words, zone.wait_s, None, self._wait_s)
