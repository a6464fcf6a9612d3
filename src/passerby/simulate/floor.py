"""Where somebody can walk: the ground without its obstacles and without those who never move. Metres; shapely, no pictures."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import shapely

from passerby.errors import SettingsError
from passerby.simulate.ground import Ground

Point = tuple[float, float]
_TRIES: Final = 400
_SMALLEST_ENTRANCE_M2: Final = 0.3
WALL_M: Final = 0.35
"""Nobody starts, turns or stops closer to an obstacle than this."""


class Floor:
    """The free ground, in one piece.

    Attributes:
        area: The polygon with holes in which people walk.
        entrances: Where they come and go: at least two.

    Args:
        ground: The place.
        taken: Polygons of those who never move.

    Raises:
        SettingsError: Fewer than two entrances are left.
    """

    def __init__(self, ground: Ground, taken: Iterable[shapely.Polygon] = ()) -> None:
        blocked = shapely.union_all([*(shapely.Polygon(polygon) for polygon in ground.obstacles_m), *taken])
        rest = shapely.Polygon(ground.walkable_m).difference(blocked)
        self.area = largest(rest)
        self._inner = self.area.buffer(-WALL_M)
        parts = [largest(shapely.Polygon(polygon).intersection(self._inner)) for polygon in ground.entrances_m]
        self.entrances = [part for part in parts if part.area >= _SMALLEST_ENTRANCE_M2]
        if len(self.entrances) < 2:
            raise SettingsError("the ground has fewer than two entrances that can be reached", "give it two, inside the walkable area")
        shapely.prepare(self._inner)
        shapely.prepare(self.area)

    def holds(self, xy_m: Point) -> bool:
        """Whether somebody can stand there."""
        return bool(shapely.contains_xy(self._inner, *xy_m))

    def somewhere(self, rng: np.random.Generator, within: shapely.Polygon | None = None) -> Point:
        """A random free place, evenly spread; in `within` where that is possible."""
        west, south, east, north = (self.area if within is None else within).bounds
        for _ in range(_TRIES):
            xy_m = (float(rng.uniform(west, east)), float(rng.uniform(south, north)))
            if self.holds(xy_m) and (within is None or shapely.contains_xy(within, *xy_m)):
                return xy_m
        inside = (self._inner if within is None else within).representative_point()
        return float(inside.x), float(inside.y)

    def beside(self, xy_m: Point, offset_m: Point) -> Point:
        """The place this far from another one; the other itself where nobody can stand there."""
        moved = (xy_m[0] + offset_m[0], xy_m[1] + offset_m[1])
        return moved if self.holds(moved) else xy_m

    def farthest_entrances(self) -> tuple[int, int]:
        """The two entrances that are farthest from each other."""
        middles = [part.centroid for part in self.entrances]
        pairs = [(a, b) for a in range(len(middles)) for b in range(a)]
        return max(pairs, key=lambda pair: float(middles[pair[0]].distance(middles[pair[1]])))


def largest(shape: shapely.Geometry) -> shapely.Polygon:
    """The largest polygon of a shape; an empty one where it has none."""
    polygons = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    return max(polygons, key=lambda part: float(part.area), default=shapely.Polygon())


def distance_m(a: Point, b: Point) -> float:
    """How far two places are from each other."""
    return math.hypot(a[0] - b[0], a[1] - b[1])


def nearest_m(xy_m: Point, others: Sequence[Point]) -> float:
    """How far the nearest of the others is; infinite where there is nobody."""
    return min((distance_m(xy_m, other) for other in others), default=math.inf)
