"""What is asked of the history: which zones or lines, of when, rolled up how. And what is answered: spans, of which some were not seen.

A span that was not seen at all is a gap: its numbers are None and `covered_s` is 0, never a zero that was not counted. Where a span was seen in part,
means are over what was seen, and sums are what was counted, so `covered_s` says how much of `end_s - begin_s` they stand for.
"""

from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from passerby.store.buckets import Every


class Table(StrEnum):
    """What is asked for."""

    ZONES = "zones"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Attributes:
        table: Zones or lines.
        from_s, to_s: Of when, seconds since 1970 UTC; the end is not included.
        every: How long spans are.
        zone: The site's time zone.
        camera: Of this camera only; None = of all.
        ids: Of these zones or lines only; () = of all.
        weekdays: The mean week instead: a span for each hour of each weekday.
    """

    table: Table
    from_s: float
    to_s: float
    every: Every
    zone: tzinfo
    camera: str | None = None
    ids: tuple[str, ...] = ()
    weekdays: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """One span of one zone or line.

    Attributes:
        camera, id: Whose.
        begin_s, end_s: When, seconds since 1970 UTC; of the mean week: seconds since Monday, 0 o'clock, by the local clock.
        covered_s: Seconds of it that were seen.
        values: By column; None = not known, or not seen.
    """

    camera: str
    id: str
    begin_s: float
    end_s: float
    covered_s: float
    values: dict[str, float | None]
