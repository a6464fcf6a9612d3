"""One rule at one place over time: when an alert opens, goes on, ends, comes back and closes. Nothing here reads a clock: seconds are handed in.

    IDLE --over for `for_s`--> OPEN --clear for `clear_for_s`--> ENDED --`cool_down_s` passed--> IDLE
                                ^---------over for `for_s`---------'

What people do about an alert (acknowledge, comment, close) is no matter of the rules: `book` puts both together.

A second that is not known opens nothing and ends nothing. A gap of up to `BRIDGE_S` seconds that are not over, or not known, breaks no row.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from passerby.hazards.alert import What
from passerby.hazards.reading import Reading

BRIDGE_S: Final = 2
UPDATE_S: Final = 10
"""An alert is updated no more often."""
WORSE: Final = 1.1
"""So many times the worst that was told is worse."""
ALARM_S: Final = 5.0
"""The alarm's limit must be reached for so long, or for the rule's own time where that is shorter."""
UNSEEN_S: Final = 10
"""After so many seconds that are not known, an open alert says so."""
_PACES: Final = ((60, UPDATE_S), (3600, 60), (float("inf"), 600))
"""So old an alert is told to go on so often: nobody needs 8,640 lines of a camera that is away for a day."""


class Stage(Enum):
    """Where the alert of a cause is."""

    IDLE = auto()
    OPEN = auto()
    ENDED = auto()


@dataclass(frozen=True, slots=True)
class Terms:
    """When it opens and ends: seconds, as in the site file; `alarm_limit` in the unit of the value."""

    for_s: float
    clear_for_s: float
    cool_down_s: float
    alarm_limit: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What became of an alert in a second.

    Attributes:
        what: OPENED, UPDATED, ENDED, RETURNED or CLOSED.
        reading: The reading it follows from; not known = it is not seen any more, or not read.
        lasted_s: How long it has lasted; of ENDED: how long it did.
        alarm: Whether it is an alarm from now on.
        seen_s: The last second that was known.
    """

    what: What
    reading: Reading
    lasted_s: int
    alarm: bool = False
    seen_s: int = 0


class _Row:
    """Seconds in a row in which something holds, with gaps bridged."""

    def __init__(self) -> None:
        self.since_s: int | None = None
        self.last_s = 0

    def add(self, second: int, *, holds: bool) -> None:
        if holds:
            if self.since_s is None or second - self.last_s > BRIDGE_S + 1:
                self.since_s = second - 1
            self.last_s = second
        elif second - self.last_s > BRIDGE_S:
            self.since_s = None

    def lasts_s(self, second: int) -> int | None:
        """How long the row is, where the second is of it; None = it is not."""
        return second - self.since_s if self.since_s is not None and self.last_s == second else None


class Holding:
    """Follows one cause. Seconds come in their order, each once.

    Args:
        terms: When it opens and ends.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.stage = Stage.IDLE
        self.is_alarm = False
        self._over, self._alarm = _Row(), _Row()
        self._clear_s = 0
        self._began_s = self._opened_s = self._ended_s = self._told_s = self._seen_s = 0
        self._worst: float | None = None
        self._unseen_told = False

    def take_up(self, *, began_s: float, last_s: float, ended: bool, alarm: bool) -> None:
        """Goes on with an alert of before a restart: when it was opened, and its last event was; seconds since 1970 UTC."""
        self.stage, self.is_alarm = (Stage.ENDED if ended else Stage.OPEN), alarm
        self._began_s = self._opened_s = int(began_s)
        self._ended_s = self._told_s = self._seen_s = self._over.last_s = int(last_s)

    def feed(self, second: int, reading: Reading) -> list[Step]:
        """What follows from the reading of a second (its end, seconds since 1970 UTC)."""
        over = reading.known and reading.over
        self._over.add(second, holds=over)
        limit, value = self.terms.alarm_limit, reading.value
        self._alarm.add(second, holds=over and limit is not None and value is not None and value >= limit)
        if reading.known:
            self._seen_s, self._unseen_told = second, False
            self._clear_s = self._clear_s + 1 if reading.clear else 0
        match self.stage:
            case Stage.IDLE:
                return [self._open(second, reading, What.OPENED)] if self._is_due(second) else []
            case Stage.OPEN:
                return self._go_on(second, reading)
            case Stage.ENDED:
                return list(self._cool(second, reading))

    def leave(self, second: int, reading: Reading) -> list[Step]:
        """Says that the rule is not in force in this second: an open alert ends at once, and cools down as any other."""
        self._over, self._alarm = _Row(), _Row()
        if self.stage is Stage.OPEN:
            return [self._end(second, reading, second - self._began_s)]
        return list(self._cool(second, reading)) if self.stage is Stage.ENDED else []

    def drop(self, second: int, reading: Reading) -> list[Step]:
        """Says that there is no such rule any more: what is open ends, and is closed at once."""
        steps = self.leave(second, reading)
        if self.stage is Stage.ENDED:
            steps.append(self._close(reading))
        return steps

    def _is_due(self, second: int) -> bool:
        lasts_s = self._over.lasts_s(second)
        return lasts_s is not None and lasts_s >= self.terms.for_s

    def _becomes_alarm(self, second: int) -> bool:
        lasts_s = self._alarm.lasts_s(second)
        if self.is_alarm or lasts_s is None or lasts_s < min(ALARM_S, self.terms.for_s):
            return False
        self.is_alarm = True
        return True

    def _open(self, second: int, reading: Reading, what: What) -> Step:
        self.stage, self._clear_s = Stage.OPEN, 0
        self._began_s = self._over.since_s if self._over.since_s is not None else second
        self._opened_s = second
        self.is_alarm = self.is_alarm and what is What.RETURNED
        self._becomes_alarm(second)
        return self._told(second, reading, what, alarm=self.is_alarm)

    def _told(self, second: int, reading: Reading, what: What, *, alarm: bool = False) -> Step:
        self._told_s = second
        if what is not What.UPDATED:
            self._worst = reading.value
        elif reading.value is not None:
            self._worst = max(self._worst or 0.0, reading.value)
        return Step(what, reading, second - self._began_s, alarm, self._seen_s)

    def _go_on(self, second: int, reading: Reading) -> list[Step]:
        if self._clear_s >= self.terms.clear_for_s:
            return [self._end(second, reading, max(0, self._over.last_s - self._began_s))]
        if self._becomes_alarm(second):
            return [self._told(second, reading, What.UPDATED, alarm=True)]
        return [self._told(second, reading, What.UPDATED)] if self._is_worth_telling(second, reading) else []

    def _is_worth_telling(self, second: int, reading: Reading) -> bool:
        """Whether it got worse, has gone on for long, or cannot be seen any more; never within `UPDATE_S` of what was told before."""
        since_told_s = second - self._told_s
        if since_told_s < UPDATE_S or reading.clear:
            return False
        if not reading.known:
            before, self._unseen_told = self._unseen_told, self._unseen_told or second - self._seen_s >= UNSEEN_S
            return self._unseen_told and not before
        pace_s = next(pace_s for age_s, pace_s in _PACES if second - self._opened_s <= age_s)
        worse = reading.over and reading.value is not None and self._worst is not None and reading.value >= WORSE * self._worst
        return worse or since_told_s >= pace_s

    def _end(self, second: int, reading: Reading, lasted_s: int) -> Step:
        self.stage, self._ended_s, self._clear_s = Stage.ENDED, second, 0
        return Step(What.ENDED, reading, lasted_s, seen_s=self._seen_s)

    def _cool(self, second: int, reading: Reading) -> Iterator[Step]:
        if self._is_due(second):
            yield self._open(second, reading, What.RETURNED)
        elif self._over.since_s is None and second - self._ended_s >= self.terms.cool_down_s:
            yield self._close(reading)

    def _close(self, reading: Reading) -> Step:
        self.stage, self.is_alarm = Stage.IDLE, False
        return Step(What.CLOSED, reading, 0, seen_s=self._seen_s)
