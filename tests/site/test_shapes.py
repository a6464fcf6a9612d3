"""Polygons of a site file: which make sense."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import Polygon

from passerby.site.shapes import area_px, crosses_itself

whole = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda p: (float(p[0]), float(p[1])))


@given(st.lists(whole, min_size=3, max_size=7, unique=True))
def test_what_crosses_itself_is_what_a_geometry_library_finds_invalid(polygon: list[tuple[float, float]]) -> None:
    shape = Polygon(polygon)
    assume(shape.area > 0)
    assert crosses_itself(polygon) is not shape.is_valid
    if shape.is_valid:
        assert area_px(polygon) == pytest.approx(shape.area)


@pytest.mark.parametrize(
    "polygon",
    [
        [(0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0)],
        [(0.0, 0.0), (10.0, 0.0), (0.0, 0.0), (5.0, 5.0)],
        [(0.0, 0.0), (10.0, 0.0), (5.0, 0.0)],
    ],
)
def test_bow_ties_repeated_corners_and_spikes_cross_themselves(polygon: list[tuple[float, float]]) -> None:
    assert crosses_itself(polygon)
