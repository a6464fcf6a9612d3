"""Spans of a week as people write them: "Mo-Fr 06:00-22:00", "Sa,Su 22:00-04:00", "08:00-20:00". Local times of day, no dates."""

import re
from dataclasses import dataclass
from typing import Final

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_MINUTES: Final = 24 * 60
_DAY: Final = "(?:" + "|".join(DAYS) + ")"
_DAYS: Final = rf"{_DAY}(?:-{_DAY})?"
_TIME: Final = r"(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
WEEK_SPAN_PATTERN: Final = rf"^(?:{_DAYS}(?:,{_DAYS})* )?{_TIME}-{_TIME}$"


@dataclass(frozen=True, slots=True)
class WeekSpan:
    """A span of some days of the week.

    Attributes:
        days: On which it begins, Monday is 0.
        from_min: When, in minutes after midnight.
        to_min: When it ends; not after `from_min` = on the next day.
        text: As it was written.
    """

    days: frozenset[int]
    from_min: int
    to_min: int
    text: str

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether a local minute of a day of the week is in it. The end is not."""
        if self.from_min < self.to_min:
            return weekday in self.days and self.from_min <= minute < self.to_min
        return (weekday in self.days and minute >= self.from_min) or ((weekday - 1) % 7 in self.days and minute < self.to_min)


def week_span_of(value: object) -> WeekSpan:
    """The span of a text. Raises ValueError, without the text, where it is none."""
    if isinstance(value, WeekSpan):
        return value
    if not isinstance(value, str) or re.fullmatch(WEEK_SPAN_PATTERN, value) is None:
        raise ValueError("no span of a week")
    days, _, hours = value.rpartition(" ")
    begin, end = (_minutes(time) for time in hours.split("-"))
    if begin in (DAY_MINUTES, end):
        raise ValueError("an empty span")
    return WeekSpan(frozenset(_days(days)), begin, end, value)


def _minutes(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)


def _days(text: str) -> set[int]:
    if not text:
        return set(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin = DAYS.index(first)
        count = (DAYS.index(last or first) - begin) % 7
        found |= {(begin + step) % 7 for step in range(count + 1)}
    return found
