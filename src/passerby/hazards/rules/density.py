"""Too many persons on a square metre, or soon: density as pulses tell it, against a limit, and how fast it rises.

Where nobody has counted and people hide each other, boxes find next to nobody. There the density by how much of the ground is hidden goes, where that
is more; and where all is hidden, so that nobody can say how many there are, it is over.
"""

from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.pulses import Told, ZonePulses
from passerby.hazards.rules.rule import Heard
from passerby.hazards.words import LIMIT, bound, measured, number, quoted
from passerby.released.measurement import ZonePulse
from passerby.site.hazards import Hazard, default_limit

UNIT: Final = "persons/m2"
RISE_OVER_S: Final = 60.0
LEAST_RISE_S: Final = 30.0
"""A rise is told of so many seconds at least."""
LEAST_SHARE: Final = 0.5
"""Below this share of the limit a rise says nothing: a platform fills with every train."""
MINUTE_S: Final = 60.0
HIDDEN_ERROR_SHARE: Final = 0.3
"""Of a density by what is hidden: people are of many widths, and stand in groups."""
STILL_S: Final = 600.0
"""So long a crowd that stands still is not taken to be gone: what stays for longer without stirring is a thing."""


class DensityRule:
    """Density of a zone."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit = hazard.limit or default_limit("density", place.use) or 0.0
        self._rise, self._clear, self._where = hazard.rise, hazard.clear, quoted(place.shown)
        self._pulses = ZonePulses(place.id, RISE_OVER_S)
        self._full_from = self._limit
        """From how dense on all is hidden, where that is less than the limit; known once it was so."""
        self._stirred_s: float | None = None
        """When people were last seen to hide much of the ground; None = not yet."""

    def accept(self, message: Heard) -> None:
        """Takes pulses."""
        self._pulses.accept(message)

    def read(self, second: int) -> Reading:
        """The density of a second."""
        now = self._pulses.newest(second)
        if now is None:
            return UNKNOWN
        per_m2, error = density_of(now)
        if per_m2 is None:
            return UNKNOWN
        hides = by_hiding(now)
        if now.hidden_per_m2 is not None:
            self._stirred_s = second
            self._full_from = min(self._limit, now.hidden_per_m2) if now.full else self._full_from
        # From so low that all is hidden long before the limit, that all is hidden says nothing: nor that it is over.
        full = now.full and (per_m2 >= LEAST_SHARE * self._limit if hides else per_m2 + (error or 0.0) >= self._limit)
        if now.full and not full and hides:
            return UNKNOWN
        rise = None if self._rise is None else rise_of(self._pulses.last(second))
        rises = self._rise is not None and rise is not None and rise >= self._rise and per_m2 >= LEAST_SHARE * self._limit
        slow = rise is not None and self._rise is not None and rise < self._clear * self._rise
        calms = self._rise is None or slow or per_m2 < self._clear * LEAST_SHARE * self._limit
        rising = f", rising by {number(rise)} a minute" if rise is not None and rises else ""
        over = per_m2 >= self._limit or full or rises
        found = f"at least {number(per_m2)} {UNIT}, all ground hidden by people," if full and hides else measured(per_m2, error, UNIT)
        words = f"{found} in {self._where}{rising}{LIMIT}{bound(self._limit)}"
        clear = not over and calms and per_m2 < self._clear * (self._full_from if hides else self._limit) and not self._may_stand(now, second)
        return Reading(True, over, clear, words, per_m2, error, self._limit)

    def _may_stand(self, now: ZonePulse, second: int) -> bool:
        """Whether a crowd that was there may be, and stands still."""
        return now.still and self._stirred_s is not None and second - self._stirred_s < STILL_S


def density_of(zone: ZonePulse) -> tuple[float | None, float | None]:
    """The density of a zone and its standard error: by the people who were counted, or by the ground that they hide, where that is more."""
    if zone.hidden_per_m2 is None or not by_hiding(zone):
        return zone.per_m2, zone.per_m2_error
    return zone.hidden_per_m2, HIDDEN_ERROR_SHARE * zone.hidden_per_m2


def by_hiding(zone: ZonePulse) -> bool:
    """Whether the density is that by the ground that people hide."""
    return zone.per_m2 is not None and zone.hidden_per_m2 is not None and zone.hidden_per_m2 > zone.per_m2


def rise_of(told: list[Told]) -> float | None:
    """By how much a density rises in a minute: the slope of a straight line through the seconds; None = too few of them.

    Where hidden ground takes over from boxes it jumps by what boxes missed. That is little, since it is told from a quarter of the ground on.
    """
    points = [(one.wall_s, per_m2) for one in told if (per_m2 := density_of(one.zone)[0]) is not None]
    if len(points) < LEAST_RISE_S / 2 or points[-1][0] - points[0][0] < LEAST_RISE_S:
        return None
    middle_s = sum(at for at, _ in points) / len(points)
    spread = sum((at - middle_s) ** 2 for at, _ in points)
    return MINUTE_S * sum((at - middle_s) * value for at, value in points) / spread
