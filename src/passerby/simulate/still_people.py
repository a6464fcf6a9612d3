"""Places for people who never move: on benches, standing about, lying on the ground, off the entrances and the lines where others wait."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from shapely.affinity import rotate

from passerby.simulate.cast import Posture
from passerby.simulate.floor import Floor, Point, nearest_m
from passerby.simulate.ground import Ground, Queue
from passerby.simulate.path import Spot

POSTURES: Final = (Posture.STANDING, Posture.SITTING, Posture.STANDING, Posture.LYING, Posture.SITTING, Posture.STANDING)
"""What they do, one after the other, from a random one on; who finds no seat stands."""
APART_M: Final = 1.6
"""Between any two of them: others pass through."""
_TRIES: Final = 300
_QUEUE_CLEARANCE_M: Final = 1.2
_BODY_M: Final = 0.25
_NEAREST_M: Final = 1.0
CAMERA_M: Final = (0.0, 0.0)
_HIDES_M: Final = 1.3
"""A thing through which a line of sight goes this far is a house, not a bench: nobody who never moves is put behind it."""
_FLAT_BORDER_M: Final = 0.01
_LYING_M: Final = 1.8


def still_spots(ground: Ground, count: int, rng: np.random.Generator, seen: shapely.Polygon | None = None) -> list[Spot]:
    """Where so many people stand, sit and lie, if possible in `seen`. Fewer where the ground is full."""
    floor = Floor(ground)
    keep_free = shapely.union_all(
        [*(shapely.Polygon(entrance).buffer(1.0) for entrance in ground.entrances_m), *(_line_of(queue) for queue in ground.queues)]
    )
    room = floor.area.buffer(-APART_M / 2).difference(keep_free)
    rooms = [part for part in (room if seen is None else room.intersection(seen), room) if not part.is_empty]
    walls = _walls(ground)
    shown = [seat for seat in ground.seats if seen is None or shapely.contains_xy(seen, *seat.xy_m)]
    seats = [shown[int(number)] for number in rng.permutation(len(shown))]
    first = int(rng.integers(len(POSTURES)))
    found: list[Spot] = []
    for number in range(count):
        posture = POSTURES[(first + number) % len(POSTURES)]
        if posture is Posture.SITTING and seats:
            seat = seats.pop()
            found.append(Spot(seat.xy_m, seat.heading_rad, int(posture)))
            continue
        posture = Posture.STANDING if posture is Posture.SITTING else posture
        xy_m = _free_place(rooms, walls, [one.xy_m for one in found], rng)
        if xy_m is None:
            break
        found.append(Spot(xy_m, float(rng.uniform(-math.pi, math.pi)), int(posture)))
    return found


def footprint(spot: Spot) -> shapely.Polygon:
    """What somebody who never moves takes of the ground; those who sit are on their bench, which is an obstacle already."""
    x_m, y_m = spot.xy_m
    if spot.posture == Posture.LYING:
        half = _LYING_M / 2
        body = shapely.box(x_m - half, y_m - _BODY_M, x_m + half, y_m + _BODY_M)
        turned: shapely.Polygon = rotate(body, spot.heading_rad, use_radians=True)
        return turned
    return shapely.Point(x_m, y_m).buffer(_BODY_M, quad_segs=2)


def _free_place(rooms: Sequence[shapely.Geometry], walls: shapely.Geometry, others: Sequence[Point], rng: np.random.Generator) -> Point | None:
    """Somewhere in the first room that has a place. Near and far alike: distances are spread as evenly as sizes in the picture are."""
    for room in rooms:
        west, south, east, north = room.bounds
        nearest = max(south, _NEAREST_M)
        for _ in range(_TRIES):
            xy_m = (float(rng.uniform(west, east)), nearest * float(north / nearest) ** float(rng.random()))
            free = shapely.contains_xy(room, *xy_m) and nearest_m(xy_m, others) >= APART_M
            if free and shapely.LineString([CAMERA_M, xy_m]).intersection(walls).length < _HIDES_M:
                return xy_m
    return None


def _walls(ground: Ground) -> shapely.Geometry:
    """What stands on the ground and may hide somebody; not the street, which is no place to walk but lies flat."""
    middle = shapely.Polygon(ground.walkable_m).buffer(-_FLAT_BORDER_M)
    return shapely.union_all([shape for shape in map(shapely.Polygon, ground.obstacles_m) if middle.contains(shape)])


def _line_of(queue: Queue) -> shapely.Polygon:
    """The ground on which a queue stands, with room to pass."""
    along = queue.most * queue.spacing_m
    x_m, y_m = queue.head_xy_m
    tail = (x_m + along * math.cos(queue.direction_rad), y_m + along * math.sin(queue.direction_rad))
    return shapely.LineString([queue.head_xy_m, tail]).buffer(_QUEUE_CLEARANCE_M)
