"""Somebody who walks from stop to stop: where they want to go next, and how fast. Decides; JuPedSim moves."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from passerby.simulate.floor import Floor, Point, distance_m
from passerby.simulate.itinerary import FASTEST_M_S, Itinerary, Stop
from passerby.simulate.track import Record

if TYPE_CHECKING:
    from passerby.simulate.waiting_line import WaitingLine

_REACHED_M: Final = 0.5
_STUCK_AFTER_STEPS: Final = 25
_STUCK_M: Final = 0.3
_DETOUR_M: Final = 2.5
_DETOUR_S: Final = 2.0
_STANDS_M: Final = 0.08
"""Who is so close to where they want to stand stops there."""


@dataclass(eq=False)
class Company:
    """Those who walk together: their speed, where they are, and until when they pause at each of their stops.

    Attributes:
        speed_m_s: How fast they like to walk.
        members: All of them.
        pauses_until_s: By number of the stop.
    """

    speed_m_s: float
    members: "list[Walker]" = field(default_factory=list)
    pauses_until_s: dict[int, float] = field(default_factory=dict)

    def middle_m(self) -> Point:
        """Where they are, on average."""
        here = [walker.xy_m for walker in self.members if not walker.done]
        return sum(x for x, _ in here) / len(here), sum(y for _, y in here) / len(here)

    def others(self, walker: "Walker") -> bool:
        """Whether somebody else is still there."""
        return any(other is not walker and not other.done for other in self.members)


@dataclass(eq=False)
class Walker:
    """One walker.

    Attributes:
        xy_m: Where they are.
        company: With whom.
        stops: Where they still want to go; the last one is where they leave.
        record: What is noted of them.
        person: Their number, once the clip has begun.
        line: The line that they wait in or are on their way to.
        target_m: Where they want to go now.
        speed_m_s: How fast at most.
        looks_rad: Where they look while standing; not a number: as they came.
        been_seen: Whether they have been in the part that counts.
        done: Whether they have left.
    """

    xy_m: Point
    company: Company
    stops: deque[Stop]
    record: Record
    person: int | None = None
    line: "WaitingLine | None" = None
    target_m: Point = (0.0, 0.0)
    speed_m_s: float = 0.0
    looks_rad: float = math.nan
    been_seen: bool = False
    done: bool = False
    _stop_number: int = 0
    _leaves_by: shapely.Polygon | None = None
    _detour: tuple[float, Point] | None = None
    _checked: tuple[int, Point] = (0, (math.inf, math.inf))

    @classmethod
    def along(cls, itinerary: Itinerary, xy_m: Point, company: Company, side_m: float, group: int, step: int, floor: Floor) -> "Walker":
        """Somebody at a place who sets out on an itinerary, so far to the side of the others in their company."""
        stops = deque[Stop]()
        before = xy_m
        for stop in itinerary.stops:
            along_rad = math.atan2(stop.xy_m[1] - before[1], stop.xy_m[0] - before[0])
            place = floor.beside(stop.xy_m, (-side_m * math.sin(along_rad), side_m * math.cos(along_rad)))
            stops.append(Stop(place, stop.pause_s, stop.heading_rad))
            before = stop.xy_m
        first = stops[0].xy_m
        record = Record(group, step, math.atan2(first[1] - xy_m[1], first[0] - xy_m[0]))
        walker = cls(xy_m, company, stops, record, target_m=first, speed_m_s=company.speed_m_s)
        walker._leaves_by = floor.entrances[itinerary.exit]
        company.members.append(walker)
        return walker

    def send(self, itinerary: Itinerary, floor: Floor) -> None:
        """Gives somebody who has waited a way out."""
        self.line = None
        self.stops = deque(itinerary.stops)
        self._leaves_by = floor.entrances[itinerary.exit]

    def note(self, xy_m: Point) -> None:
        """Notes where they are now."""
        self.xy_m = xy_m
        self.record.xy_m.append(xy_m)
        self.record.faced_rad.append(self.looks_rad)

    def decide(self, time_s: float, floor: Floor, rng: np.random.Generator) -> None:
        """Settles `target_m`, `speed_m_s`, `looks_rad` and `done` for the next step."""
        if self.line is not None:
            self._decide_in_line()
            return
        stop = self.stops[0]
        last = len(self.stops) == 1
        stuck = self._stuck()
        left = last and stuck and self._leaves_by is not None and bool(shapely.contains_xy(self._leaves_by, *self.xy_m))
        if distance_m(self.xy_m, stop.xy_m) < _REACHED_M or left:
            if last:
                self.done = True
                return
            until_s = self.company.pauses_until_s.setdefault(self._stop_number, time_s + stop.pause_s)
            if time_s < until_s:
                self._pause(stop)
                return
            self.stops.popleft()
            self._stop_number += 1
            stop = self.stops[0]
        self.looks_rad = math.nan
        self.speed_m_s = self._pace(stop)
        self.target_m = self._detour_m(time_s, floor, rng, stuck=stuck) or stop.xy_m

    @property
    def squeezes(self) -> bool:
        """Whether they take less room for a moment, because they did not get on."""
        return self._detour is not None

    def _decide_in_line(self) -> None:
        if self.line is None:
            raise RuntimeError("only who has a line waits in it")
        place, self.looks_rad = self.line.place_of(self)
        self.target_m = place
        self.speed_m_s = 0.0 if distance_m(self.xy_m, place) < _STANDS_M else self.company.speed_m_s

    def _pause(self, stop: Stop) -> None:
        """Stands; together they look at each other, alone where the stop says."""
        self.target_m, self.speed_m_s = self.xy_m, 0.0
        self._checked = (len(self.record.xy_m), (math.inf, math.inf))
        if self.company.others(self):
            x_m, y_m = self.company.middle_m()
            self.looks_rad = math.atan2(y_m - self.xy_m[1], x_m - self.xy_m[0])
        elif stop.heading_rad is not None:
            self.looks_rad = stop.heading_rad

    def _pace(self, stop: Stop) -> float:
        """Slower for those behind, faster to catch up, so that a company stays together."""
        speed_m_s = self.company.speed_m_s
        if not self.company.others(self):
            return speed_m_s
        x_m, y_m = self.company.middle_m()
        along = (stop.xy_m[0] - self.xy_m[0], stop.xy_m[1] - self.xy_m[1])
        length_m = max(math.hypot(*along), 1e-6)
        behind_m = ((x_m - self.xy_m[0]) * along[0] + (y_m - self.xy_m[1]) * along[1]) / length_m
        return min(FASTEST_M_S, speed_m_s * min(1.3, max(0.5, 1 + 0.5 * behind_m)))

    def _detour_m(self, time_s: float, floor: Floor, rng: np.random.Generator, *, stuck: bool) -> Point | None:
        """For a moment a place to the side, for somebody who does not get on."""
        if stuck:
            self._detour = (time_s + _DETOUR_S, floor.somewhere(rng, shapely.Point(self.xy_m).buffer(_DETOUR_M)))
        if self._detour is None or time_s >= self._detour[0] or distance_m(self.xy_m, self._detour[1]) < _REACHED_M:
            self._detour = None
            return None
        return self._detour[1]

    def _stuck(self) -> bool:
        """Whether they have hardly come on for a while. Looks at the way once in that while."""
        steps = len(self.record.xy_m)
        since, place = self._checked
        if steps - since < _STUCK_AFTER_STEPS:
            return False
        self._checked = (steps, self.xy_m)
        return distance_m(place, self.xy_m) < _STUCK_M
