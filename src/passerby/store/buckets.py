"""Spans of time by the site's own clock: minutes to years, days of 23 and 25 hours where summer begins and ends."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from passerby.errors import SettingsError

MOST_BUCKETS: Final = 50_000


class Every(StrEnum):
    """How long a span is."""

    MINUTE = "minute"
    QUARTER = "15min"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


STEPS_S: Final = {Every.MINUTE: 60, Every.QUARTER: 900, Every.HOUR: 3600}
"""Spans that are all of a length."""


def edges(from_s: float, to_s: float, every: Every, zone: tzinfo) -> list[float]:
    """Where spans begin and end that cover [from_s, to_s): one more than there are spans.

    Days, weeks (from Monday), months and years begin at local midnight. Minutes, quarters and hours run through: an hour that a clock repeats is two
    spans, one that it leaves out is none.

    Raises:
        SettingsError: There would be too many, or the end is not after the begin.
    """
    if not from_s < to_s:
        raise SettingsError("the end of a range is not after its beginning", "give from and to in this order")
    step_s = STEPS_S.get(every)
    found: list[float] = []
    for edge in _by_seconds(from_s, to_s, step_s, zone) if step_s else _by_days(from_s, to_s, every, zone):
        found.append(edge)
        if len(found) > MOST_BUCKETS:
            raise SettingsError(f"that would be more than {MOST_BUCKETS} spans of a {every.value}", "take a shorter range, or longer spans")
    return found


def _by_seconds(from_s: float, to_s: float, step_s: int, zone: tzinfo) -> Iterator[float]:
    # An hour begins when the local clock shows a full one: some zones are half an hour off.
    offset = datetime.fromtimestamp(from_s, UTC).astimezone(zone).utcoffset() or timedelta(0)
    shift_s = offset.total_seconds() % step_s
    edge = (from_s + shift_s) // step_s * step_s - shift_s
    yield edge
    while edge < to_s:
        edge += step_s
        yield edge


def _by_days(from_s: float, to_s: float, every: Every, zone: tzinfo) -> Iterator[float]:
    day = _first_day(datetime.fromtimestamp(from_s, UTC).astimezone(zone).date(), every)
    edge = midnight_s(day, zone)
    yield edge
    while edge < to_s:
        day = _next_day(day, every)
        edge = midnight_s(day, zone)
        yield edge


def midnight_s(day: date, zone: tzinfo) -> float:
    """When a local day begins, seconds since 1970 UTC; where the clock leaves midnight out, the first moment of the day."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def _first_day(day: date, every: Every) -> date:
    match every:
        case Every.WEEK:
            return day - timedelta(day.weekday())
        case Every.MONTH:
            return day.replace(day=1)
        case Every.YEAR:
            return day.replace(month=1, day=1)
        case _:
            return day


def _next_day(day: date, every: Every) -> date:
    match every:
        case Every.WEEK:
            return day + timedelta(7)
        case Every.MONTH:
            return (day.replace(day=1) + timedelta(32)).replace(day=1)
        case Every.YEAR:
            return day.replace(year=day.year + 1, month=1, day=1)
        case _:
            return day + timedelta(1)
