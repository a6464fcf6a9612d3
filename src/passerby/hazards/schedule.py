"""When a rule is in force: hours of the week in the site's time zone, over midnight and over the days on which clocks are set."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from passerby.site.times_of_week import WeekSpan

MINUTE_S: Final = 60


class Schedule:
    """The hours of a rule. What the clock on the wall of the place shows decides: an hour that comes twice counts twice, one left out never comes.

    Args:
        spans: When it is in force; empty = always.
        zone: The site's time zone.
    """

    def __init__(self, spans: Sequence[WeekSpan], zone: tzinfo) -> None:
        self._spans, self._zone = tuple(spans), zone
        self._known: tuple[int, bool] | None = None

    def in_force(self, wall_s: float) -> bool:
        """Whether it is in force at a moment, seconds since 1970 UTC."""
        if not self._spans:
            return True
        minute = int(wall_s // MINUTE_S)
        if self._known is None or self._known[0] != minute:
            local = datetime.fromtimestamp(minute * MINUTE_S, self._zone)
            self._known = minute, any(span.holds(local.weekday(), local.hour * 60 + local.minute) for span in self._spans)
        return self._known[1]
