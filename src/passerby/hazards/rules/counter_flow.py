"""Persons who go the other way than people should: crossings of a line against its declared direction, over the rule's own time."""

from collections import deque
from math import sqrt
from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.pulses import GOOD_S, LEAST_COVERED
from passerby.hazards.rules.rule import Heard
from passerby.hazards.words import LIMIT, bound, measured, quoted
from passerby.released.measurement import Pulse
from passerby.site.hazards import Hazard

UNIT: Final = "persons/min"
MINUTE_S: Final = 60.0
NEXT_S: Final = 1.5
"""A pulse that comes later than that after the one before is not the next one: a second is missing, and whoever crossed in it."""
LEAST_AGAINST: Final = 2
"""One who turns round is no flow, however low the limit is."""


class CounterFlowRule:
    """Crossings of a line against its direction, in persons a minute over `for`."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit, self._clear = hazard.limit or hazard.facts.limit or 0.0, hazard.clear
        self._over_s, self._line, self._where = hazard.lasts_s, place.id, quoted(place.shown)
        self._counts_ba = hazard.direction == "ab"
        self._told: deque[tuple[float, int]] = deque()
        self._last_s, self._since_s = float("-inf"), float("inf")

    def accept(self, message: Heard) -> None:
        """Takes pulses."""
        if not isinstance(message, Pulse) or message.covered < LEAST_COVERED or message.wall_s <= self._last_s:
            return
        line = next((one for one in message.lines if one.line == self._line), None)
        if line is None:
            return
        if message.wall_s - self._last_s > NEXT_S:
            self._since_s = message.wall_s - 1
        self._last_s = message.wall_s
        self._told.append((message.wall_s, line.ba if self._counts_ba else line.ab))

    def read(self, second: int) -> Reading:
        """How many went the other way. Of a time that was not watched without a gap, too few are not known to be all."""
        while self._told and self._told[0][0] <= second - self._over_s:
            self._told.popleft()
        if self._last_s <= second - GOOD_S:
            return UNKNOWN
        against = sum(count for _, count in self._told)
        rate, error = (MINUTE_S / self._over_s * value for value in (against, sqrt(max(1, against))))
        words = f"{measured(rate, error, UNIT)} against the direction of {self._where}{LIMIT}{bound(self._limit)}"
        over = rate >= self._limit and against >= LEAST_AGAINST
        if not over and self._since_s > second - self._over_s:
            return UNKNOWN
        return Reading(True, over, not over and rate < self._clear * self._limit, words, rate, error, self._limit)
