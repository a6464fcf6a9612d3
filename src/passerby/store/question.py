"""What is asked of the history: which zones or lines, of when, rolled up how. And what is answered: spans, of which some were not seen.

A span that was not seen at all is a gap: its numbers are None and `covered_s` is 0, never a zero that was not counted. Where a span was seen in part,
means are over what was seen, and sums are what was counted, so `covered_s` says how much of `end_s - begin_s` they stand for.

Where people were in a camera's picture is asked apart, and answered by one map of the whole range.
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


@dataclass(frozen=True, slots=True)
class HeatQuestion:
    """Where people were in a camera's picture.

    Attributes:
        camera: Its id.
        from_s, to_s: Of when, whole minutes, seconds since 1970 UTC; the end is not included.
        zone: The site's time zone.
    """

    camera: str
    from_s: float
    to_s: float
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class HeatCells:
    """Where people were while the pictures had one size.

    Attributes:
        cell_px: Side of a cell in pixels.
        columns: Cells in a row.
        person_s: Person-seconds of each cell, row by row.
        quarters: In how many quarters of an hour somebody was in it.
    """

    cell_px: int
    columns: int
    person_s: tuple[float, ...]
    quarters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Where people were in the range that was asked for.

    Attributes:
        question: What was asked.
        covered_s: Seconds of it that were seen. 0 = a gap; nobody was there where it is more and there are no grids.
        grids: One for each size that pictures had; usually one.
    """

    question: HeatQuestion
    covered_s: float
    grids: tuple[HeatCells, ...]
