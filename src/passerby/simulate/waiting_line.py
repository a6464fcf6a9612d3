"""A line of people who wait: the first is served and leaves, the others move up, somebody new comes to the end."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from shapely.ops import nearest_points

from passerby.simulate.floor import Floor, Point, distance_m
from passerby.simulate.ground import Polygon, Queue
from passerby.simulate.itinerary import Itinerary, Stop, draw_itinerary
from passerby.simulate.walker import Walker

_SERVED_S: Final = (10.0, 30.0)
_REACTION_S: Final = (0.3, 1.0)
_JOINS_M: Final = 1.2
_ASIDE_M: Final = 1.3


class WaitingLine:
    """One line.

    Attributes:
        wanted: So many shall wait in it.
        places_m: Where they stand, the head first.

    Args:
        queue: Where it is.
        obstacles_m: The first in line looks at the nearest of them.
        wanted: So many shall wait in it.
        floor: Where they go afterwards.
    """

    def __init__(self, queue: Queue, obstacles_m: Sequence[Polygon], wanted: int, floor: Floor) -> None:
        self.wanted = wanted
        self._floor = floor
        x_m, y_m = queue.head_xy_m
        step = (queue.spacing_m * math.cos(queue.direction_rad), queue.spacing_m * math.sin(queue.direction_rad))
        self.places_m: list[Point] = [(x_m + number * step[0], y_m + number * step[1]) for number in range(queue.most)]
        self._forward_rad = math.remainder(queue.direction_rad + math.pi, 2 * math.pi)
        self._counter_rad = _towards_nearest(queue.head_xy_m, obstacles_m, self._forward_rad)
        self._waiting: list[Walker] = []
        self._coming: list[Walker] = []
        self._place_numbers: dict[Walker, int] = {}
        self._moves_up_s: dict[Walker, float] = {}
        self._served_at_s: float | None = None

    @property
    def missing(self) -> int:
        """How many should still be sent to it."""
        return self.wanted - len(self._waiting) - len(self._coming)

    @property
    def tail_m(self) -> Point:
        """Where the next one goes."""
        return self.places_m[min(len(self._waiting), len(self.places_m) - 1)]

    def expect(self, walker: Walker) -> None:
        """Somebody is on their way to the line."""
        walker.line = self
        self._coming.append(walker)

    def place_of(self, walker: Walker) -> tuple[Point, float]:
        """Where somebody should stand now, and the direction they look in."""
        if walker not in self._place_numbers:
            return self.tail_m, math.nan
        number = self._place_numbers[walker]
        return self.places_m[number], self._counter_rad if number == 0 else self._forward_rad

    def advance(self, time_s: float, rng: np.random.Generator) -> None:
        """Serves, lets people move up and join."""
        for walker in [walker for walker in self._coming if distance_m(walker.xy_m, self.tail_m) < _JOINS_M]:
            if len(self._waiting) < len(self.places_m):
                self._coming.remove(walker)
                self._place_numbers[walker] = len(self._waiting)
                self._waiting.append(walker)
        if self._waiting and self._place_numbers[self._waiting[0]] == 0:
            if self._served_at_s is None:
                self._served_at_s = time_s + float(rng.uniform(*_SERVED_S))
            elif time_s >= self._served_at_s:
                self._serve(time_s, rng)
        for number, walker in enumerate(self._waiting):
            if self._place_numbers[walker] > number and time_s >= self._moves_up_s.get(walker, 0.0):
                self._place_numbers[walker] = number

    def _serve(self, time_s: float, rng: np.random.Generator) -> None:
        """The first one leaves; each of the others follows a moment after the one before."""
        first = self._waiting.pop(0)
        del self._place_numbers[first]
        self._moves_up_s.pop(first, None)
        self._served_at_s = None
        aside = Stop(self._floor.beside(first.xy_m, _aside(self._forward_rad)))
        way = draw_itinerary(self._floor, rng, counter_flow=False)
        first.send(Itinerary(way.entrance, way.exit, (aside, *way.stops)), self._floor)
        for walker in self._waiting:
            time_s += float(rng.uniform(*_REACTION_S))
            self._moves_up_s[walker] = time_s


def _aside(forward_rad: float) -> Point:
    """To the left of a line that looks `forward_rad`."""
    return -_ASIDE_M * math.sin(forward_rad), _ASIDE_M * math.cos(forward_rad)


def _towards_nearest(xy_m: Point, obstacles_m: Sequence[Polygon], otherwise_rad: float) -> float:
    """The direction from a place to the nearest obstacle."""
    here = shapely.Point(xy_m)
    shapes = [shapely.Polygon(polygon) for polygon in obstacles_m]
    if not shapes:
        return otherwise_rad
    nearest = min(shapes, key=lambda shape: float(shape.distance(here)))
    there = nearest_points(here, nearest)[1]
    return math.atan2(there.y - xy_m[1], there.x - xy_m[0])
