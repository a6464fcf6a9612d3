"""Polygons and lines of a site file: whether they make sense. Plain geometry on a few points."""

from collections.abc import Sequence

Point = tuple[float, float]


def crosses_itself(polygon: Sequence[Point]) -> bool:
    """Whether two sides of a polygon meet elsewhere than where one follows on the other, or a corner comes twice."""
    count = len(polygon)
    if len(set(polygon)) < count:
        return True
    sides = [(polygon[number], polygon[(number + 1) % count]) for number in range(count)]
    for first in range(count):
        for second in range(first + 1, count):
            follow = second == first + 1 or (first == 0 and second == count - 1)
            if follow:
                (a, b), (_, c) = (sides[first], sides[second]) if second == first + 1 else (sides[second], sides[first])
                if _turn(a, b, c) == 0 and _along(a, b, c) > 0:
                    return True  # folds back onto itself
            elif _meet(*sides[first], *sides[second]):
                return True
    return False


def area_px(polygon: Sequence[Point]) -> float:
    """The area of a polygon that does not cross itself, in square pixels."""
    total = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(polygon, [*polygon[1:], polygon[0]], strict=True))
    return abs(total) / 2


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _along(a: Point, b: Point, c: Point) -> float:
    """Above zero where c lies back towards a, seen from b."""
    return (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1])


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the segments a-b and c-d meet, touching included."""
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    return any(
        turn == 0 and min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])
        for turn, (p, q, r) in zip(turns, ((a, b, c), (a, b, d), (c, d, a), (c, d, b)), strict=True)
    )
