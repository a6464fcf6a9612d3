"""The plaza as a plan: where people walk, come from, sit and queue. Metres only; x to the right, y away from the camera, origin below the camera.

From near to far: the plaza (y 2.6 to 29.2) with a kiosk, trees, benches and planters; a street across (29.2 to 35.0) with parked cars on its near
side and one zebra crossing; the pavement before the facade (35.0 to 38.6); the facade at 39.
"""

import math
from dataclasses import dataclass
from typing import Final

Point = tuple[float, float]
Polygon = tuple[Point, ...]

NEAR_M: Final = 2.6
KERB_NEAR_M: Final = 29.2
KERB_FAR_M: Final = 35.0
PAVEMENT_FAR_M: Final = 38.6
FACADE_M: Final = 39.0
CROSSING_M: Final = (4.5, 8.5)
"""The zebra crossing, from left to right."""
KIOSK_M: Final = (-8.6, -5.2, 19.6, 22.0)
"""Left, right, near, far."""
PLANTERS_M: Final = ((-4.1, -2.5, 11.3, 12.3), (6.6, 8.8, 22.4, 23.6), (-1.6, 1.2, 26.4, 27.4))
TREES_M: Final = ((5.6, 16.6), (-11.2, 25.2), (11.6, 26.2))
LAMPS_M: Final = ((2.35, 10.6), (-2.2, 20.6), (-9.4, 28.4), (2.2, 28.4), (13.4, 28.4))
BENCHES_M: Final = (
    (3.4, 14.6, -math.pi / 2),
    (-2.6, 15.9, math.pi / 2),
    (-13.2, 22.4, -math.pi / 2),
    (10.6, 21.6, -math.pi / 2),
    (3.4, 23.2, math.pi / 2),
)
"""Middle of each bench, and the direction in which who sits there looks."""
BENCH_WIDTH_M: Final = 1.8
BENCH_DEPTH_M: Final = 0.55
SEATS_PER_BENCH: Final = 3
BIN_M: Final = (-4.4, 19.4)


@dataclass(frozen=True)
class Seat:
    """A place to sit.

    Attributes:
        xy_m: Where who sits there has the hips.
        heading_rad: Direction in which they look, as atan2 in ground coordinates: -pi/2 is towards the camera.
    """

    xy_m: Point
    heading_rad: float


@dataclass(frozen=True)
class Queue:
    """Where people line up.

    Attributes:
        head_xy_m: Where the first one stands, facing the counter.
        direction_rad: Direction from the first one to the last, as atan2 in ground coordinates.
        spacing_m: From one to the next.
        most: So many fit.
    """

    head_xy_m: Point
    direction_rad: float
    spacing_m: float
    most: int


@dataclass(frozen=True)
class Ground:
    """A plan in metres; polygons are simple, run anticlockwise as seen from above, and are not closed.

    Attributes:
        walkable_m: Where people can be at all.
        obstacles_m: Where they cannot; disjoint, each inside `walkable_m` or cutting its border.
        entrances_m: Convex areas inside `walkable_m`, clear of obstacles, where people come and go.
        seats: Places to sit; they may lie on an obstacle, the bench.
        queues: Where people line up.
        zones_m: Named areas to count people in.
        lines_m: Named lines to count crossings of, from one point to the other.
    """

    walkable_m: Polygon
    obstacles_m: tuple[Polygon, ...]
    entrances_m: tuple[Polygon, ...]
    seats: tuple[Seat, ...]
    queues: tuple[Queue, ...]
    zones_m: dict[str, Polygon]
    lines_m: dict[str, tuple[Point, Point]]


def half_width_m(y_m: float) -> float:
    """Half of the walkable area's width at a distance: a little wider than a picture of 16:9 sees."""
    return 7.0 + 0.5 * y_m


def plaza_ground() -> Ground:
    """The plaza that all simulations share."""
    near, far = half_width_m(NEAR_M), half_width_m(PAVEMENT_FAR_M)
    walkable = ((-near, NEAR_M), (near, NEAR_M), (far, PAVEMENT_FAR_M), (-far, PAVEMENT_FAR_M))
    left, right = CROSSING_M
    street = (_box(-30.0, left, KERB_NEAR_M, KERB_FAR_M), _box(right, 30.0, KERB_NEAR_M, KERB_FAR_M))
    things = (
        _box(*KIOSK_M),
        *(_box(*planter) for planter in PLANTERS_M),
        *(_around(tree, 0.3) for tree in TREES_M),
        *(_around(lamp, 0.12) for lamp in LAMPS_M),
        *(_bench(x, y) for x, y, _ in BENCHES_M),
        _around(BIN_M, 0.3),
    )
    return Ground(
        walkable_m=walkable,
        obstacles_m=street + things,
        entrances_m=_entrances(),
        seats=_seats(),
        queues=(Queue(((KIOSK_M[0] + KIOSK_M[1]) / 2, KIOSK_M[2] - 0.55), -0.42, 0.75, 8),),
        zones_m={
            "kiosk": ((-9.0, 14.5), (-1.5, 14.5), (-1.5, 19.4), (-9.0, 19.4)),
            "middle": _box(-4.0, 4.0, 16.4, 22.6),
            "street corner": _box(3.5, 9.5, 24.4, 29.0),
            "pavement": _box(-14.0, 14.0, 35.2, 38.4),
        },
        lines_m={"across": ((-8.0, 13.2), (8.0, 13.2)), "crossing": ((left, 32.1), (right, 32.1)), "along": ((0.0, 16.0), (0.0, 26.0))},
    )


def _entrances() -> tuple[Polygon, ...]:
    """Out of view at the near side and at both sides of the plaza and of the pavement; in view, the door of the facade."""

    def side(sign: int, low: float, high: float) -> Polygon:
        corners = [(half_width_m(low) - 0.3, low), (half_width_m(high) - 0.3, high), (half_width_m(high) - 1.7, high), (half_width_m(low) - 1.7, low)]
        return tuple((x, y) for x, y in corners) if sign > 0 else tuple((-x, y) for x, y in reversed(corners))

    return (
        _box(-6.5, -1.0, NEAR_M + 0.1, NEAR_M + 0.9),
        _box(1.0, 6.5, NEAR_M + 0.1, NEAR_M + 0.9),
        side(-1, 10.0, 13.5),
        side(1, 10.0, 13.5),
        side(-1, 24.0, 28.0),
        side(1, 22.0, 26.0),
        side(-1, 35.5, 38.0),
        side(1, 35.5, 38.0),
        _box(-1.6, 0.2, 37.5, 38.4),
    )


def _seats() -> tuple[Seat, ...]:
    """Three on each bench, a little towards the front."""
    step = BENCH_WIDTH_M / SEATS_PER_BENCH
    seats = []
    for x, y, heading in BENCHES_M:
        for number in range(SEATS_PER_BENCH):
            along = (number - (SEATS_PER_BENCH - 1) / 2) * step
            seats.append(Seat((x + along, y + 0.12 * math.sin(heading)), heading))
    return tuple(seats)


def _bench(x: float, y: float) -> Polygon:
    return _box(x - BENCH_WIDTH_M / 2, x + BENCH_WIDTH_M / 2, y - BENCH_DEPTH_M / 2, y + BENCH_DEPTH_M / 2)


def _box(left: float, right: float, near: float, far: float) -> Polygon:
    return ((left, near), (right, near), (right, far), (left, far))


def _around(middle: Point, half_m: float) -> Polygon:
    x, y = middle
    return _box(x - half_m, x + half_m, y - half_m, y + half_m)
