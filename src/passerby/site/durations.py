"""Durations and sizes as people write them: "72 h", "30 days", "2 years"; "2 GB", "500 MiB". A bare number has no unit and is refused."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
DAY_S: Final = 86400.0
"""24 hours: a retention does not change with daylight saving."""
YEAR_S: Final = 365 * DAY_S
"""365 days, also where a year has one more."""

DURATION_UNITS: Final[Mapping[str, float]] = MappingProxyType(
    {
        **dict.fromkeys(("s", "second", "seconds"), 1.0),
        **dict.fromkeys(("min", "minute", "minutes"), MINUTE_S),
        **dict.fromkeys(("h", "hour", "hours"), HOUR_S),
        **dict.fromkeys(("d", "day", "days"), DAY_S),
        **dict.fromkeys(("week", "weeks"), 7 * DAY_S),
        **dict.fromkeys(("year", "years"), YEAR_S),
    }
)
SIZE_UNITS: Final[Mapping[str, int]] = MappingProxyType({"MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40})
_NUMBER: Final = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
DURATION_PATTERN: Final = rf"^{_NUMBER} ?({'|'.join(DURATION_UNITS)})$"
SIZE_PATTERN: Final = rf"^{_NUMBER} ?({'|'.join(SIZE_UNITS)})$"


def seconds_of(text: str) -> float:
    """Seconds of a duration. Raises ValueError, without the text, where it is none."""
    match = re.fullmatch(DURATION_PATTERN, text)
    if match is None:
        raise ValueError("no duration")
    return float(match[1]) * DURATION_UNITS[match[2]]


def bytes_of(text: str) -> int:
    """Bytes of a size. Raises ValueError, without the text, where it is none."""
    match = re.fullmatch(SIZE_PATTERN, text)
    if match is None:
        raise ValueError("no size")
    return round(float(match[1]) * SIZE_UNITS[match[2]])


def duration_text(duration_s: float) -> str:
    """A duration in the largest unit that leaves a whole number: 259200 is "3 days", 5400 is "90 min"."""
    for unit_s, one, many in ((DAY_S, "day", "days"), (HOUR_S, "h", "h"), (MINUTE_S, "min", "min")):
        if duration_s >= unit_s and duration_s % unit_s == 0:
            count = round(duration_s / unit_s)
            return f"{count} {one if count == 1 else many}"
    return f"{duration_s:g} s"
