"""Too many persons on a square metre, or soon: density as pulses tell it, against a limit, and how fast it rises."""

from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.pulses import Told, ZonePulses
from passerby.hazards.rules.rule import Heard
from passerby.hazards.words import LIMIT, bound, measured, number, quoted
from passerby.site.hazards import Hazard, default_limit

UNIT: Final = "persons/m2"
RISE_OVER_S: Final = 60.0
LEAST_RISE_S: Final = 30.0
"""A rise is told of so many seconds at least."""
LEAST_SHARE: Final = 0.5
"""Below this share of the limit a rise says nothing: a platform fills with every train."""
MINUTE_S: Final = 60.0


class DensityRule:
    """Density of a zone."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit = hazard.limit or default_limit("density", place.use) or 0.0
        self._rise, self._clear, self._where = hazard.rise, hazard.clear, quoted(place.shown)
        self._pulses = ZonePulses(place.id, RISE_OVER_S)

    def accept(self, message: Heard) -> None:
        """Takes pulses."""
        self._pulses.accept(message)

    def read(self, second: int) -> Reading:
        """The density of a second."""
        now = self._pulses.newest(second)
        if now is None or now.per_m2 is None:
            return UNKNOWN
        rise = None if self._rise is None else rise_of(self._pulses.last(second))
        rises = self._rise is not None and rise is not None and rise >= self._rise and now.per_m2 >= LEAST_SHARE * self._limit
        slow = rise is not None and self._rise is not None and rise < self._clear * self._rise
        calms = self._rise is None or slow or now.per_m2 < self._clear * LEAST_SHARE * self._limit
        rising = f", rising by {number(rise)} a minute" if rise is not None and rises else ""
        over = now.per_m2 >= self._limit or rises
        words = f"{measured(now.per_m2, now.per_m2_error, UNIT)} in {self._where}{rising}{LIMIT}{bound(self._limit)}"
        clear = not over and calms and now.per_m2 < self._clear * self._limit
        return Reading(True, over, clear, words, now.per_m2, now.per_m2_error, self._limit)


def rise_of(told: list[Told]) -> float | None:
    """By how much a density rises in a minute: the slope of a straight line through the seconds; None = too few of them."""
    points = [(one.wall_s, one.zone.per_m2) for one in told if one.zone.per_m2 is not None]
    if len(points) < LEAST_RISE_S / 2 or points[-1][0] - points[0][0] < LEAST_RISE_S:
        return None
    middle_s = sum(at for at, _ in points) / len(points)
    spread = sum((at - middle_s) ** 2 for at, _ in points)
    return MINUTE_S * sum((at - middle_s) * value for at, value in points) / spread
