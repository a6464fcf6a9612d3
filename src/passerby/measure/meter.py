"""Measures one camera: looks in, a pulse a second and a measurement a minute out. What it keeps of persons are short tracks, which die with them.

Time is the camera's capture time. Everything is told `tracker.LAG_S` after it was; seconds and minutes are those of the wall clock. What was not seen
(the gate withholds all, looks are more than `LONGEST_STEP_S` apart, the camera is away) is not covered: it is a gap, and no zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

from passerby.errors import SettingsError
from passerby.measure.crowd import Crowd
from passerby.measure.ground import GroundPlane
from passerby.measure.heat import HeatGrid
from passerby.measure.line import CountingLine
from passerby.measure.sighting import Sighting
from passerby.measure.tracker import LAG_S, Tracker
from passerby.measure.zone import Zone
from passerby.measure.zone_meter import ZoneMeter
from passerby.released.measurement import CrowdNumbers, LineMinute, LinePulse, Measurement, Pulse
from passerby.released.scene import Size

LONGEST_STEP_S: Final = 2.0
MINUTE_S: Final = 60
SECOND_S: Final = 1.0
CLOCK_STEP_S: Final = 2.0
"""The wall clock may run so far off from the capture time before a minute is told as another part: the clock was set."""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line of a camera: its id and its two ends in pixels."""

    id: str
    a_px: tuple[float, float]
    b_px: tuple[float, float]


@dataclass(slots=True)
class _Counted:
    ab: int = 0
    ba: int = 0


class Meter:
    """Measures one camera.

    Args:
        camera: Its id.
        size: Size of its pictures.
        zones: Its zones.
        lines: Its lines.
        plane: Its ground plane; None = nothing is told in metres.
    """

    def __init__(self, camera: str, size: Size, zones: Sequence[Zone], lines: Iterable[LineFacts], plane: GroundPlane | None = None) -> None:
        self._camera, self._plane = camera, plane
        self._tracker = Tracker()
        self._zones = [ZoneMeter(zone) for zone in zones]
        self._lines = [CountingLine(one.id, one.a_px, one.b_px, _length_m(plane, one)) for one in lines]
        self._heat = HeatGrid(size)
        self._looked_s: float | None = None
        self._told_s = 0.0
        self._wall_offset_s = 0.0
        self._second: int | None = None
        self._minute: int | None = None
        self._part = 0
        self._covered_second_s = self._covered_minute_s = 0.0
        self._of_second = [_Counted() for _ in self._lines]
        self._of_minute = [_Counted() for _ in self._lines]

    def correct(self, crowds: Mapping[str, Crowd | None]) -> None:
        """Corrects the counts of these zones from now on, and no others."""
        for zone in self._zones:
            zone.crowd = crowds.get(zone.id)

    def see(self, sighting: Sighting, wall_s: float, seen: Sequence[CrowdNumbers | None] = ()) -> list[Pulse | Measurement]:
        """Takes a look; what is due to be told.

        Args:
            sighting: The persons of the look.
            wall_s: Capture time of its picture by the wall clock, seconds since 1970 UTC.
            seen: What of each zone differs from the place, in the order of the zones; None = not known, empty = of none.
        """
        now_s, at_s = sighting.time_s, sighting.time_s - LAG_S
        told = self._follow_clock(wall_s - now_s, now_s)
        self._tracker.update(sighting)
        looked_s, self._looked_s = self._looked_s, now_s
        if looked_s is None or not 0 < now_s - looked_s <= LONGEST_STEP_S:
            self._told_s = now_s
        if at_s <= self._told_s:
            return told
        told += self._close_until(at_s)
        passed_s, self._told_s = at_s - self._told_s, at_s
        people = self._tracker.standing(at_s)
        self._covered_second_s += passed_s
        self._covered_minute_s += passed_s
        sure = [one for one in people if one.confirmed]
        velocities = self._velocities([(one.x_px, one.y_px) for one in sure], [one.speed_px_s for one in sure])
        known: Sequence[CrowdNumbers | None] = seen or [None] * len(self._zones)
        for zone, numbers in zip(self._zones, known, strict=True):
            zone.add(at_s, passed_s, sure, velocities, len([one for one in people if not one.confirmed and zone.holds(one)]), numbers)
        for line, second, minute in zip(self._lines, self._of_second, self._of_minute, strict=True):
            ab, ba = line.update(sure)
            second.ab, second.ba, minute.ab, minute.ba = second.ab + ab, second.ba + ba, minute.ab + ab, minute.ba + ba
        self._heat.add(passed_s, [(one.x_px, one.y_px) for one in sure])
        return told

    def blind(self, time_s: float, wall_s: float) -> list[Pulse | Measurement]:
        """Says that at this time nothing was seen: the gate withholds all, or there is no picture. Tracks are forgotten."""
        told = self._follow_clock(wall_s - time_s, time_s)
        told += self._close_until(time_s - LAG_S)
        self._tracker.forget()
        self._looked_s = None
        for zone in self._zones:
            zone.lose_all()
        return told

    def end(self) -> list[Pulse | Measurement]:
        """What is left to be told at the end, or where no picture comes for long; what comes later begins anew, as another part of its minute."""
        told = self._tell_second() + self._tell_minute()
        self._tracker.forget()
        self._looked_s = self._second = self._minute = None
        for zone in self._zones:
            zone.lose_all()
        return told

    def _velocities(self, points_px: list[tuple[float, float]], speeds_px_s: list[tuple[float, float]]) -> list[tuple[float, float] | None]:
        """Metres a second along the ground's axes of people at pixels; None where there is no ground."""
        if self._plane is None or not points_px:
            return [None] * len(points_px)
        return self._plane.velocities(points_px, speeds_px_s)

    def _follow_clock(self, offset_s: float, at_s: float) -> list[Pulse | Measurement]:
        """Follows the wall clock; where it was set, what was begun is told, and the rest of its minute becomes another part."""
        if self._second is not None and abs(offset_s - self._wall_offset_s) < CLOCK_STEP_S:
            return []
        told = self._tell_second() + self._tell_minute()
        self._wall_offset_s = offset_s
        self._begin_minute(floor(at_s + offset_s))
        return told

    def _begin_minute(self, second: int) -> None:
        """Begins the minute of a second, or the rest of it: a part is named by the second at which it began."""
        self._second, self._minute = second, second // MINUTE_S
        self._part = second % MINUTE_S

    def _close_until(self, at_s: float) -> list[Pulse | Measurement]:
        """Tells the second and the minute that are over."""
        told: list[Pulse | Measurement] = []
        second = floor(at_s + self._wall_offset_s)
        if self._second is None or second > self._second:
            told += self._tell_second()
            self._second = second
            if self._minute is None or second // MINUTE_S > self._minute:
                told += self._tell_minute()
                self._begin_minute(second)
        return told

    def _tell_second(self) -> list[Pulse | Measurement]:
        if self._second is None or not self._covered_second_s:
            return []
        zones = tuple(zone.pulse() for zone in self._zones)
        lines = tuple(LinePulse(line.id, count.ab, count.ba) for line, count in zip(self._lines, self._of_second, strict=True))
        covered, self._covered_second_s = min(1.0, self._covered_second_s), 0.0
        self._of_second = [_Counted() for _ in self._lines]
        return [Pulse(self._camera, float(self._second + 1), round(covered, 3), zones, lines)]

    def _tell_minute(self) -> list[Pulse | Measurement]:
        covered_s, self._covered_minute_s = self._covered_minute_s, 0.0
        if self._minute is None or not covered_s:
            return []
        zones = tuple(zone.minute() for zone in self._zones)
        lines = tuple(_line_minute(line, count, covered_s) for line, count in zip(self._lines, self._of_minute, strict=True))
        self._of_minute = [_Counted() for _ in self._lines]
        heat = self._heat.taken()
        return [Measurement(self._camera, self._minute * MINUTE_S, round(min(60.0, covered_s), 2), self._part, zones, lines, heat)]


def _length_m(plane: GroundPlane | None, line: LineFacts) -> float | None:
    """Its length on the ground; None = the ground is not known, or the line reaches above the horizon."""
    try:
        return None if plane is None else plane.length_m(line.a_px, line.b_px)
    except SettingsError:
        return None


def _line_minute(line: CountingLine, count: _Counted, covered_s: float) -> LineMinute:
    if line.length_m is None:
        return LineMinute(line.id, count.ab, count.ba)
    per = line.length_m * covered_s
    return LineMinute(line.id, count.ab, count.ba, round(count.ab / per, 4), round(count.ba / per, 4))
