"""Persons who go the other way than people should: crossings of a line against its declared direction, over the rule's own time."""

from collections import deque
from math import sqrt
from typing import Final, NamedTuple

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
"""A pulse that comes later than that after the one before is not the next one: a second is missing, and whoever crossed in it. Where looks are
further apart than a second, as the site file says it, the pulse of a look tells of all that happened since the look before it: there a pulse that was
lost, and only one, is not told from a look that came late."""
GUESSED_AFTER: Final = 5
"""Where seconds go missing again and again for so many times `for`, they are taken to be as those that were heard."""
LEAST_HEARD: Final = 0.5
"""So much of `for` must have been heard for that."""
MISSING_S: Final = 0.5
"""Where less is missing, no second is."""
LEAST_AGAINST: Final = 2
"""One who turns round is no flow, however low the limit is."""


class _Told(NamedTuple):
    """What a pulse says: the end of its second, how many seconds that end with it it tells of, and how many went the other way."""

    wall_s: float
    covers_s: float
    against: int


class CounterFlowRule:
    """Crossings of a line against its direction, in persons a minute over `for`."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit, self._clear = hazard.limit or hazard.facts.limit or 0.0, hazard.clear
        self._over_s, self._line, self._where = hazard.lasts_s, place.id, quoted(place.shown)
        self._counts_ba = hazard.direction == "ab"
        self._next_s = NEXT_S if not place.fps_limit or place.fps_limit >= 1 else max(NEXT_S, 1 / place.fps_limit + 1)
        self._told: deque[_Told] = deque()
        self._last_s = float("-inf")
        self._doubted_s = 0

    def accept(self, message: Heard) -> None:
        """Takes pulses."""
        if not isinstance(message, Pulse) or message.covered < LEAST_COVERED or message.wall_s <= self._last_s:
            return
        line = next((one for one in message.lines if one.line == self._line), None)
        if line is None:
            return
        passed_s = message.wall_s - self._last_s
        self._last_s = message.wall_s
        self._told.append(_Told(message.wall_s, passed_s if passed_s <= self._next_s else 1.0, line.ba if self._counts_ba else line.ab))

    def read(self, second: int) -> Reading:
        """How many went the other way. Of a time in which seconds are missing, too few are not known to be all.

        Where seconds go missing all the time that would never be known: there the rate of those that were heard stands for all, once it has been
        so for long. It ends an alert, and opens none.
        """
        begin_s = second - self._over_s
        while self._told and self._told[0].wall_s <= begin_s:
            self._told.popleft()
        if not self._told:
            self._doubted_s = 0  # nothing is heard at all: that is no camera of which seconds go missing
        if self._last_s <= second - GOOD_S:
            return UNKNOWN
        heard_s = sum(min(one.covers_s, one.wall_s - begin_s) for one in self._told)
        is_whole = self._last_s - begin_s - heard_s < MISSING_S
        self._doubted_s = 0 if is_whole else self._doubted_s + 1
        against = sum(one.against for one in self._told)
        rate = MINUTE_S / self._over_s * against
        over = rate >= self._limit and against >= LEAST_AGAINST
        if not over and not is_whole:
            if self._doubted_s <= GUESSED_AFTER * self._over_s or heard_s < LEAST_HEARD * self._over_s:
                return UNKNOWN
            rate = MINUTE_S / heard_s * against
        error = rate / sqrt(against) if against else MINUTE_S / self._over_s
        words = f"{measured(rate, error, UNIT)} against the direction of {self._where}{LIMIT}{bound(self._limit)}"
        return Reading(True, over, not over and rate < self._clear * self._limit, words, rate, error, self._limit)
