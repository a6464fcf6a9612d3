"""Which zone a point is in, and what room people have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point, Polygon

from passerby.measure.service import WAITING_FT2, WALKING_FT2, density_error, limits_per_m2, service_of
from passerby.measure.zone import inside
from passerby.released.measurement import Service

corner = st.tuples(st.floats(0, 768), st.floats(0, 576))


@given(st.lists(corner, min_size=3, max_size=8), corner)
def test_inside_is_what_a_geometry_library_says(polygon: list[tuple[float, float]], point: tuple[float, float]) -> None:
    shape = Polygon(polygon)
    if not shape.is_valid or shape.boundary.distance(Point(point)) < 1e-6:
        return
    assert inside(polygon, *point) is bool(shape.contains(Point(point)))


@given(st.floats(0, 576), st.floats(0, 768))
def test_a_point_on_a_border_that_two_zones_share_is_in_one_of_them(y: float, x: float) -> None:
    left, right = [(0.0, -1.0), (300.0, -1.0), (300.0, 600.0), (0.0, 600.0)], [(300.0, -1.0), (800.0, -1.0), (800.0, 600.0), (300.0, 600.0)]
    assert inside(left, 300.0, y) + inside(right, 300.0, y) == 1
    assert inside(left, x, y) + inside(right, x, y) <= 1


@pytest.mark.parametrize("waiting", [False, True])
def test_levels_of_service_end_where_fruin_lets_them_end(*, waiting: bool) -> None:
    rooms_ft2 = WAITING_FT2 if waiting else WALKING_FT2
    assert service_of(0.0, waiting=waiting) is Service.A
    for level, (room_ft2, limit) in enumerate(zip(rooms_ft2, limits_per_m2(waiting=waiting), strict=True)):
        assert limit == pytest.approx(10.7639 / room_ft2, rel=1e-4)
        assert service_of(limit * 0.999, waiting=waiting) is list(Service)[level]
        assert service_of(limit * 1.001, waiting=waiting) is list(Service)[level + 1]
    assert service_of(9.0, waiting=waiting) is Service.F


@given(st.floats(0, 500), st.floats(1, 1000))
def test_the_error_of_a_density_is_never_nothing_and_grows_with_the_people(people: float, area_m2: float) -> None:
    assert density_error(people, area_m2) >= 0.5 / area_m2
    assert density_error(people + 1, area_m2) > density_error(people, area_m2)
