"""A counting line: each person once per crossing, whichever way, and not at all who turns on it.

A person has crossed when, after a foot point at least `HYSTERESIS` of the person's height to one side, another one is as far to the other side, and
the straight way between the two meets the line. Direction "ab" is from the left of a -> b to its right, where y points down.
"""

from math import hypot
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from passerby.measure.track import Track
from passerby.measure.tracker import Standing

HYSTERESIS: Final = 0.05

Pixel = tuple[float, float]


class _Last(NamedTuple):
    at_px: Pixel
    side: int


class CountingLine:
    """A line of a camera, from a to b in pixels.

    Args:
        line: Id, as in the site file.
        a_px: Its begin.
        b_px: Its end; another point.
        length_m: Length on the ground; None = the ground is not known.
    """

    def __init__(self, line: str, a_px: Pixel, b_px: Pixel, length_m: float | None = None) -> None:
        if a_px == b_px:
            raise ValueError("a line needs two points")
        self.id, self.length_m = line, length_m
        self._a, self._b = a_px, b_px
        self._lasts: WeakKeyDictionary[Track, _Last] = WeakKeyDictionary()

    def update(self, people: list[Standing]) -> tuple[int, int]:
        """Takes where people stand now; how many have crossed since the last call: ab, ba."""
        ab = ba = 0
        for one in people:
            at_px = (one.x_px, one.y_px)
            away_px = _side(at_px, self._a, self._b)
            if abs(away_px) < HYSTERESIS * one.height_px:
                continue
            side, last = (1 if away_px > 0 else -1), self._lasts.get(one.track)
            if last is not None and last.side != side and _meet(last.at_px, at_px, self._a, self._b):
                ab, ba = ab + (side > 0), ba + (side < 0)
            self._lasts[one.track] = _Last(at_px, side)
        return ab, ba


def _side(point: Pixel, a: Pixel, b: Pixel) -> float:
    """Distance of a point from the line a -> b in pixels; positive to the right of the direction, where y points down."""
    along_x, along_y = b[0] - a[0], b[1] - a[1]
    return (along_x * (point[1] - a[1]) - along_y * (point[0] - a[0])) / hypot(along_x, along_y)


def _meet(p: Pixel, q: Pixel, a: Pixel, b: Pixel) -> bool:
    """Whether the segments p-q and a-b meet."""
    if p == q:
        return False
    return _side(p, a, b) * _side(q, a, b) <= 0 and _side(a, p, q) * _side(b, p, q) <= 0
