import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString

from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.measures import HYSTERESIS_M, CrossingCounter, Zones, side_of_line_m

LINE = {"gate": ((-2.0, 10.0), (3.0, 11.0))}
COORDINATES = st.floats(-5, 5, allow_nan=False).map(lambda value: round(value, 3))
WAYS = st.lists(st.tuples(COORDINATES, COORDINATES.map(lambda y: y + 10)), min_size=2, max_size=40)


def crossings(way: list[tuple[float, float]], lines: dict[str, tuple[tuple[float, float], tuple[float, float]]] = LINE) -> list[tuple[int, str]]:
    counter = CrossingCounter(lines)
    return [(found.frame, found.direction) for frame, xy in enumerate(way, 1) for found in counter.step(frame, {7: xy})]


def brute_force(way: list[tuple[float, float]]) -> list[tuple[int, str]]:
    """The same by another road: sides by angles, meetings by shapely, every pair of consecutive sure points looked at."""
    a, b = (np.array(point) for point in LINE["gate"])
    along = (b - a) / np.linalg.norm(b - a)
    to_the_right = np.array([along[1], -along[0]])
    sure = [(frame, xy, float((np.array(xy) - a) @ to_the_right)) for frame, xy in enumerate(way, 1)]
    sure = [one for one in sure if abs(one[2]) >= HYSTERESIS_M]
    found = []
    for (_, before, side_before), (frame, now, side_now) in pairwise(sure):
        if (side_before > 0) != (side_now > 0) and LineString([before, now]).distance(LineString([a, b])) < 1e-9:
            found.append((frame, "ab" if side_now > 0 else "ba"))
    return found


@given(WAYS)
def test_crossings_are_those_of_a_second_reckoning(way: list[tuple[float, float]]) -> None:
    assert crossings(way) == brute_force(way)


def test_walking_away_from_the_camera_crosses_a_line_drawn_to_the_right_from_its_right_to_its_left() -> None:
    assert crossings([(0.0, 9.0), (0.0, 12.0)]) == [(2, "ba")]
    assert crossings([(0.0, 12.0), (0.0, 9.0)]) == [(2, "ab")]


def test_left_and_right_are_those_of_the_picture() -> None:
    """In pixels, where y points down, `ab` is from the left of a->b to its right as well."""
    plaza_camera = Camera.over_plaza(Size(768, 576))
    a, b = LINE["gate"]
    for point in ((0.0, 9.0), (0.5, 12.0), (-3.0, 14.0)):
        (ax, ay), (bx, by), (px, py) = plaza_camera.to_px(np.array([a, b, point]))
        in_pixels = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        assert math.copysign(1, in_pixels) == math.copysign(1, side_of_line_m(point, a, b))


def test_treading_on_the_line_is_no_crossing() -> None:
    lines = {"gate": ((-2.0, 10.0), (2.0, 10.0))}
    step = HYSTERESIS_M * 0.9
    assert crossings([(0.0, 9.0), (0.0, 10 + step), (0.0, 10 - step), (0.0, 10 + step), (0.0, 9.0)], lines) == []


def test_walking_around_the_end_of_a_line_is_no_crossing() -> None:
    assert crossings([(4.0, 9.0), (4.0, 14.0)]) == []


def test_somebody_who_was_away_has_not_crossed() -> None:
    counter = CrossingCounter(LINE)
    assert list(counter.step(1, {1: (0.0, 9.0)})) == []
    assert list(counter.step(2, {})) == []
    assert list(counter.step(3, {1: (0.0, 12.0)})) == []


def test_each_person_and_each_line_is_counted_for_itself() -> None:
    counter = CrossingCounter({"near": ((-5.0, 10.0), (5.0, 10.0)), "far": ((-5.0, 11.0), (5.0, 11.0))})
    assert list(counter.step(1, {1: (0.0, 9.0), 2: (1.0, 12.0)})) == []
    found = {(one.line, one.direction, one.person) for one in counter.step(2, {1: (0.0, 12.0), 2: (1.0, 9.0)})}
    assert found == {("near", "ba", 1), ("far", "ba", 1), ("near", "ab", 2), ("far", "ab", 2)}


def test_a_line_of_one_point_is_no_line() -> None:
    with pytest.raises(ValueError, match="two different points"):
        side_of_line_m((0.0, 0.0), (1.0, 1.0), (1.0, 1.0))


@given(st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), max_size=60))
def test_occupancy_of_a_box_is_what_counting_gives(quarters: list[tuple[int, int]]) -> None:
    zones = Zones({"box": ((-2.0, -1.0), (3.0, -1.0), (3.0, 4.0), (-2.0, 4.0)), "wedge": ((0.0, 0.0), (4.0, 0.0), (0.0, 4.0))})
    xy_m = np.array(quarters, float).reshape(-1, 2) / 4
    in_box = sum(-2 <= x <= 3 and -1 <= y <= 4 for x, y in xy_m.tolist())
    in_wedge = sum(x >= 0 and y >= 0 and x + y <= 4 for x, y in xy_m.tolist())
    assert zones.occupancy(xy_m) == {"box": in_box, "wedge": in_wedge}
    assert zones.density_per_m2(xy_m) == {"box": in_box / 25, "wedge": in_wedge / 8}
