"""What there is to measure of people on the ground: who is in a zone, how dense it is, who crosses a line. Metres only, exact.

A crossing, as our counts are held against it: after a foot point at least HYSTERESIS_M to one side of the line, another at least as far to the other
side, the straight way between them meeting the segment. Direction "ab": from the left of a->b to its right; "ba": back. Left and right are those of
somebody who walks on the ground from a to b, and of the picture as well: the camera looks at the ground from above.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from passerby.simulate.ground import Point, Polygon

Floats = NDArray[np.float64]
HYSTERESIS_M: Final = 0.1
"""About 5 % of a person's height, as in counts made in pixels."""
LEFT_TO_RIGHT: Final = "ab"
RIGHT_TO_LEFT: Final = "ba"


@dataclass(frozen=True, slots=True)
class Crossing:
    """Somebody crossed a line: the 1-based frame in which they are surely on the other side, the line, the direction, who and where."""

    frame: int
    line: str
    direction: str
    person: int
    xy_m: Point


class CrossingCounter:
    """Finds the crossings of named lines, frame after frame.

    Args:
        lines_m: The lines, each from a to b.
    """

    def __init__(self, lines_m: Mapping[str, tuple[Point, Point]]) -> None:
        self._lines = dict(lines_m)
        self._last: dict[tuple[str, int], tuple[Point, float]] = {}

    def step(self, frame: int, people_m: Mapping[int, Point]) -> Iterator[Crossing]:
        """The crossings of one frame, from where everybody is; those who are gone are forgotten."""
        for line, (a, b) in self._lines.items():
            for person, xy_m in people_m.items():
                side_m = side_of_line_m(xy_m, a, b)
                if abs(side_m) < HYSTERESIS_M:
                    continue
                before = self._last.get((line, person))
                self._last[line, person] = (xy_m, side_m)
                if before is not None and before[1] * side_m < 0 and _meet(before[0], xy_m, a, b):
                    yield Crossing(frame, line, LEFT_TO_RIGHT if side_m > 0 else RIGHT_TO_LEFT, person, xy_m)
        self._last = {key: value for key, value in self._last.items() if key[1] in people_m}


class Zones:
    """Who is in which zone.

    Attributes:
        areas_m2: Area of each zone.

    Args:
        zones_m: Named polygons.
    """

    def __init__(self, zones_m: Mapping[str, Polygon]) -> None:
        self._shapes = {name: shapely.Polygon(polygon) for name, polygon in zones_m.items()}
        for shape in self._shapes.values():
            shapely.prepare(shape)
        self.areas_m2 = {name: float(shape.area) for name, shape in self._shapes.items()}

    def occupancy(self, xy_m: Floats) -> dict[str, int]:
        """How many of the n x 2 places lie in each zone or on its border."""
        points = shapely.points(np.asarray(xy_m, np.float64).reshape(-1, 2))
        return {name: int(np.count_nonzero(shapely.covers(shape, points))) for name, shape in self._shapes.items()}

    def density_per_m2(self, xy_m: Floats) -> dict[str, float]:
        """Persons per square metre of each zone."""
        return {name: count / self.areas_m2[name] for name, count in self.occupancy(xy_m).items()}


def side_of_line_m(xy_m: Point, a: Point, b: Point) -> float:
    """Signed distance from the line a->b in metres; positive to the right of the direction."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = float(np.hypot(dx, dy))
    if length == 0:
        raise ValueError("a line needs two different points")
    return (dy * (xy_m[0] - a[0]) - dx * (xy_m[1] - a[1])) / length


def _meet(p: Point, q: Point, a: Point, b: Point) -> bool:
    """Whether the segments p-q and a-b meet, given that p and q are on different sides of a-b."""
    if p == q:
        return False
    return side_of_line_m(a, p, q) * side_of_line_m(b, p, q) <= 0
