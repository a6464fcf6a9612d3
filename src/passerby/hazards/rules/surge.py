"""A crowd that starts all at once: within two seconds many are faster, in one direction or away from each other."""

from math import hypot
from statistics import median
from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.pulses import Told, ZonePulses
from passerby.hazards.rules.rule import Heard
from passerby.hazards.words import LIMIT, bound, measured, number, quoted
from passerby.site.hazards import Hazard

UNIT: Final = "m/s"
PERSONS: Final = 5
WITHIN_S: Final = 2.0
BEFORE_S: Final = 3.0
"""What it was before is the median of so many seconds."""
RUNNING_M_S: Final = 1.8
"""Hardly anybody walks faster: free speed is 1.34 m/s with a standard deviation of 0.26 (Weidmann, "Transporttechnik der Fussgaenger", 1993)."""
CROWD_PER_M2: Final = 3.0
"""In a crowd as dense nobody can run: there any sudden common movement counts."""


class SurgeRule:
    """Sudden acceleration of those in a zone: of their mean velocity (all one way), or of their median speed (apart)."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit, self._clear = hazard.limit or hazard.facts.limit or 0.0, hazard.clear
        self._persons, self._where = hazard.persons or PERSONS, quoted(place.shown)
        self._pulses = ZonePulses(place.id, WITHIN_S + BEFORE_S)

    def accept(self, message: Heard) -> None:
        """Takes pulses."""
        self._pulses.accept(message)

    def read(self, second: int) -> Reading:
        """By how much they are faster than two seconds ago and more."""
        now = self._pulses.newest(second)
        told = self._pulses.last(second)
        if now is None:
            return UNKNOWN
        if now.speed_m_s is None or now.people < self._persons:
            return Reading(True, clear=True, words=f"fewer than {self._persons} persons move in {self._where}", value=0.0, limit=self._limit)
        before = [one for one in told if one.wall_s <= told[-1].wall_s - WITHIN_S and one.zone.people >= self._persons]
        gain = _gain(told[-1], before)
        if gain is None:
            return UNKNOWN
        suddenly = now.speed_m_s >= RUNNING_M_S or (now.per_m2 is not None and now.per_m2 >= CROWD_PER_M2)
        words = (
            f"{number(now.people)} persons faster by {measured(gain, None, UNIT)} within {WITHIN_S:g} s in {self._where}{LIMIT}{bound(self._limit)}"
        )
        over = suddenly and gain >= self._limit
        return Reading(True, over, not over and gain < self._clear * self._limit, words, gain, None, self._limit)


def _gain(now: Told, before: list[Told]) -> float | None:
    """By how much the mean velocity has changed or the median speed has grown; None = not known. Coming to a halt is no surge."""
    speeds = [one.zone.speed_m_s for one in before if one.zone.speed_m_s is not None]
    if not speeds or now.zone.speed_m_s is None:
        return None
    apart = now.zone.speed_m_s - median(speeds)
    if apart < 0:
        return 0.0
    easts = [one.zone.east_m_s for one in before if one.zone.east_m_s is not None]
    norths = [one.zone.north_m_s for one in before if one.zone.north_m_s is not None]
    if not easts or not norths or now.zone.east_m_s is None or now.zone.north_m_s is None:
        return apart
    return max(apart, hypot(now.zone.east_m_s - median(easts), now.zone.north_m_s - median(norths)))
