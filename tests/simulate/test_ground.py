import itertools
import math

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from passerby.released.scene import Size
from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.ground import plaza_ground
from passerby.simulate.happenings import LEFT_AT_M, THROWN_FROM_M, THROWN_TO_M
from passerby.simulate.vehicles import LANE_M, PARKING_M

PLAN = plaza_ground()
WALKABLE = Polygon(PLAN.walkable_m)
OBSTACLES = [Polygon(o) for o in PLAN.obstacles_m]
FREE = WALKABLE.difference(shapely.union_all(OBSTACLES))


def test_every_polygon_is_simple_and_runs_anticlockwise() -> None:
    for corners in (PLAN.walkable_m, *PLAN.obstacles_m, *PLAN.entrances_m, *PLAN.zones_m.values()):
        polygon = Polygon(corners)
        assert polygon.is_valid
        assert polygon.exterior.is_ccw


def test_obstacles_are_apart() -> None:
    assert not any(a.intersects(b) for a, b in itertools.combinations(OBSTACLES, 2))


def test_obstacles_lie_inside_or_cut_the_border() -> None:
    for obstacle in OBSTACLES:
        assert obstacle.intersects(WALKABLE)
        assert WALKABLE.contains_properly(obstacle) or obstacle.crosses(WALKABLE.exterior) or obstacle.overlaps(WALKABLE)


def test_everybody_can_walk_everywhere() -> None:
    assert FREE.geom_type == "Polygon"
    assert FREE.buffer(-0.4).geom_type == "Polygon", "a passage is too narrow for a person"


def test_entrances_are_convex_and_inside_the_walkable_area_with_room_to_stand() -> None:
    for corners in PLAN.entrances_m:
        entrance = Polygon(corners)
        assert entrance.convex_hull.area == entrance.area
        assert FREE.contains(entrance)
        assert entrance.area > 0.5


def test_all_entrances_but_the_door_are_out_of_view() -> None:
    camera = Camera.over_plaza(Size(768, 576))

    def in_view(corners: ground.Polygon) -> bool:
        feet = np.array(corners)
        points = np.concatenate([camera.to_px(feet), camera.px_of(np.column_stack([feet, np.full(len(feet), 1.9)]))])
        inside = (points > 0).all(1) & (points < (768, 576)).all(1)
        return bool(inside.any())

    assert [in_view(e) for e in PLAN.entrances_m] == [False] * (len(PLAN.entrances_m) - 1) + [True]


def test_seats_lie_on_benches_and_look_away_from_their_backs() -> None:
    benches = [ground._bench(x, y) for x, y, _ in ground.BENCHES_M]
    assert all(any(Polygon(b).contains(Point(seat.xy_m)) for b in benches) for seat in PLAN.seats)
    for seat in PLAN.seats:
        x, y, heading = min(ground.BENCHES_M, key=lambda b: math.dist(b[:2], seat.xy_m))
        assert seat.heading_rad == heading
        assert (seat.xy_m[1] - y) * math.sin(heading) > 0, "who sits there is nearer to the front than to the back"
        assert abs(seat.xy_m[0] - x) < ground.BENCH_WIDTH_M / 2


def test_queues_fit_on_free_ground() -> None:
    for queue in PLAN.queues:
        away = np.arange(queue.most)[:, None] * queue.spacing_m
        spots = np.array(queue.head_xy_m) + away * np.array([math.cos(queue.direction_rad), math.sin(queue.direction_rad)])
        assert all(FREE.contains(Point(spot).buffer(0.25)) for spot in spots)
        assert queue.spacing_m > 0.5


def test_zones_and_lines_lie_where_people_walk() -> None:
    assert all(WALKABLE.contains(Polygon(zone)) for zone in PLAN.zones_m.values())
    assert all(WALKABLE.contains(LineString(line)) for line in PLAN.lines_m.values())


def test_the_seen_ground_is_walkable_up_to_the_houses_or_street() -> None:
    camera = Camera.over_plaza(Size(768, 576))
    street = shapely.union_all(OBSTACLES[:2])
    rows, columns = np.meshgrid(np.arange(200, 576, 24), np.arange(0, 769, 32), indexing="ij")
    seen = camera.to_ground(np.column_stack([columns.ravel(), rows.ravel()]).astype(np.float64))
    on_plaza = seen[seen[:, 1] < ground.KERB_NEAR_M]
    assert len(on_plaza) > 100
    assert all(WALKABLE.contains(Point(p)) for p in on_plaza)
    assert not any(street.contains(Point(p)) for p in on_plaza)


def test_cars_keep_to_the_street_and_leave_the_crossing_free() -> None:
    for x, y in (*PARKING_M, (0.0, LANE_M)):
        assert y - 0.93 > ground.KERB_NEAR_M + 0.3
        assert y + 0.93 < ground.KERB_FAR_M
        if y != LANE_M:
            assert x + 2.3 < ground.CROSSING_M[0] or x - 2.3 > ground.CROSSING_M[1]


def test_bags_lie_on_free_ground() -> None:
    for x, y, *_ in (*LEFT_AT_M, *THROWN_FROM_M, *THROWN_TO_M):
        assert FREE.contains(Point(x, y).buffer(0.3))


def test_the_plan_is_the_same_each_time() -> None:
    assert plaza_ground() == PLAN
