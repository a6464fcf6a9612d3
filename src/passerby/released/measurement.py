"""What is measured, as it leaves a worker: a `Pulse` each second, which is never stored, and a `Measurement` each minute (invariants I4 and I9).

Both speak of zones and lines of the site file, by their ids, and never of one person: there is no field for a track, a box or a path, and nothing
that one could be read from. What a number means, and where it comes from: docs/design/measurements.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

DWELL_EDGES_S: Final = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Bins of dwell: up to 10 s, 10 to 30 s, ..., 600 s and more."""
MOST_ZONES: Final = 64
"""Zones, and as many lines, of a camera."""


class Service(StrEnum):
    """Level of service: how much room there is, after Fruin. A = free, F = a crush threatens."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class CrowdNumbers(msgspec.Struct, frozen=True, array_like=True):
    """What of a zone differs from the empty place in one second, all of it summed up: what the count of a crowd is corrected by (`measure.crowd`).

    Attributes:
        detected: Mean of the persons that the tracker confirms.
        area_m2: Area that differs, in square metres on upright people.
        edges_m2: How much it is darker or lighter from one row to the next, in brightnesses of the empty place a pixel, summed up over that area.
        zone_m2: Area of the zone on the ground.
        covered: Which part of where people of the zone would be seen is hidden, 0 to 1; 0 where too much of it is never shown.
        stirs: For which part of the time what hides it stirs, as people do, 0 to 1.
    """

    detected: float
    area_m2: float
    edges_m2: float
    zone_m2: float
    covered: float = 0.0
    stirs: float = 0.0


LEAST_TOLD: Final = 5
"""Numbers of a crowd are told where at least so many persons are, or as much as so many cover: they are of nobody in particular."""
PERSON_M2: Final = 1.0
"""What one covers, with a shadow."""


class ZonePulse(msgspec.Struct, frozen=True):
    """A zone in one second.

    Attributes:
        zone: Its id.
        people: Mean of those in it.
        most: The most at one moment, with those that nothing confirms.
        per_m2: Density in persons per square metre; None = the ground is not known.
        per_m2_error: Standard error of the density.
        speed_m_s: Median speed of those in it; None = nobody, or the ground is not known.
        east_m_s: Mean velocity along the ground's first axis; north_m_s: along its second.
        crowd: What the count can be corrected by; None = there is no crowd, or the ground is not known. Kept only beside a count by somebody there.
        hidden_per_m2: Density at which people hide as much of the ground as is hidden; None = little is, what hides it does not stir, the ground is
            not known, or the count is corrected.
        full: Whether so much is hidden that more people would hide no more: there may be any number beyond `hidden_per_m2`.
        still: Whether much is hidden by what does not stir: a thing, or people who stand still for a moment.
    """

    zone: str
    people: float
    most: int
    per_m2: float | None = None
    per_m2_error: float | None = None
    speed_m_s: float | None = None
    east_m_s: float | None = None
    north_m_s: float | None = None
    crowd: CrowdNumbers | None = None
    hidden_per_m2: float | None = None
    full: bool = False
    still: bool = False


class LinePulse(msgspec.Struct, frozen=True):
    """How many crossed a line in one second, each way."""

    line: str
    ab: int
    ba: int


class Pulse(msgspec.Struct, frozen=True, tag="pulse"):
    """One second of a camera.

    Attributes:
        camera: Its id.
        wall_s: End of the second that was measured, seconds since 1970 UTC.
        covered: Which part of the second was seen, 0 to 1; zones and lines are left out where it is 0.
    """

    camera: str
    wall_s: float
    covered: float
    zones: tuple[ZonePulse, ...] = ()
    lines: tuple[LinePulse, ...] = ()


class ZoneMinute(msgspec.Struct, frozen=True):
    """A zone in one minute. Times and means count what was seen only (`Measurement.covered_s`).

    Attributes:
        zone: Its id.
        people_mean, people_least, people_most: Occupancy: mean over time, least and most at one moment; the most counts the unconfirmed, too.
        per_m2, per_m2_error, per_m2_most: Density: mean over time, its standard error, the most; None = the ground is not known.
        service: Level of service at the mean density.
        speed_m_s: Speed: p10, median, p90 over persons and time; None = nobody, or the ground is not known.
        east_m_s, north_m_s: Mean velocity along the ground's axes.
        dwell: How many visits ended, by how long they were (`DWELL_EDGES_S`).
        queue_mean, queue_most: Of a queue: how many stood in it; None = the zone is no queue.
        wait_s: Of a queue: estimated wait of who joins it now (Little's law); None = nobody left it of late.
    """

    zone: str
    people_mean: float
    people_least: int
    people_most: int
    per_m2: float | None = None
    per_m2_error: float | None = None
    per_m2_most: float | None = None
    service: Service | None = None
    speed_m_s: tuple[float, float, float] | None = None
    east_m_s: float | None = None
    north_m_s: float | None = None
    dwell: tuple[int, int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0, 0)
    queue_mean: float | None = None
    queue_most: int | None = None
    wait_s: float | None = None


class LineMinute(msgspec.Struct, frozen=True):
    """A line in one minute: crossings each way, and the flow in persons per metre and second; None = the ground is not known."""

    line: str
    ab: int
    ba: int
    flow_ab: float | None = None
    flow_ba: float | None = None


class Heat(msgspec.Struct, frozen=True):
    """Where people were: person-seconds in each coarse cell of the picture, row by row. A cell is a sixteenth of the picture's height, at least."""

    cell_px: int
    columns: int
    person_s: tuple[float, ...]


class Measurement(msgspec.Struct, frozen=True, tag="measurement"):
    """One minute of a camera.

    Attributes:
        camera: Its id.
        minute_wall_s: Begin of the minute, seconds since 1970 UTC; a whole multiple of 60.
        covered_s: Seconds of it that were seen and measured, 0 to 60. What was not seen is a gap, never a zero.
        part: Second of the minute at which measuring began: 0, or later where a camera came back or a worker began anew within it. The supervisor
            adds 60 for each time that the minute came before, as where the clock was set back. Camera, minute and part name it for good.
    """

    camera: str
    minute_wall_s: int
    covered_s: float
    part: int = 0
    zones: tuple[ZoneMinute, ...] = ()
    lines: tuple[LineMinute, ...] = ()
    heat: Heat | None = None
