import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.scene import Size
from passerby.simulate.camera import PERSON_M, Camera

SIZE = Size(768, 576)
ACROSS = st.floats(-30, 30)
ALONG = st.floats(4, 60)


def camera() -> Camera:
    return Camera.over_plaza(SIZE)


@given(ACROSS, ALONG)
def test_the_homography_says_where_the_ground_is_seen(x: float, y: float) -> None:
    homogeneous = camera().homography @ np.array([x, y, 1.0])
    on_ground = camera().px_of(np.array([[x, y, 0.0]]))[0]
    assert np.allclose(homogeneous[:2] / homogeneous[2], on_ground, atol=1e-7)
    assert np.allclose(camera().to_px(np.array([[x, y]]))[0], on_ground, atol=1e-7)


@given(ACROSS, ALONG)
def test_the_ground_is_found_back_from_its_pixels(x: float, y: float) -> None:
    there = np.array([[x, y]])
    assert np.allclose(camera().to_ground(camera().to_px(there)), there, atol=1e-6)


@given(ACROSS, ALONG)
def test_a_metre_upright_is_as_many_pixels_as_its_ends_are_apart(x: float, y: float) -> None:
    ends = camera().px_of(np.array([[x, y, 0.0], [x, y, PERSON_M]]))
    assert camera().px_per_m(np.array([[x, y]]))[0] == pytest.approx((ends[0, 1] - ends[1, 1]) / PERSON_M, rel=1e-9)


@given(ACROSS, ALONG, st.floats(0, 3))
def test_a_point_is_seen_where_a_ray_through_it_leaves_the_lens(x: float, y: float, z: float) -> None:
    it = camera()
    seen = it.px_of(np.array([[x, y, z]]))[0]
    # The other way round: the direction of the pixel, turned by the tilt, meets the point.
    right, down = (seen[0] - SIZE.width_px / 2) / it.focal_px, (seen[1] - SIZE.height_px / 2) / it.focal_px
    forward = np.array([0.0, math.cos(it.tilt_rad), -math.sin(it.tilt_rad)])
    below = np.array([0.0, -math.sin(it.tilt_rad), -math.cos(it.tilt_rad)])
    ray = forward + right * np.array([1.0, 0.0, 0.0]) + down * below
    towards = np.array([x, y, z - it.height_m])
    assert np.allclose(np.cross(ray, towards) / np.linalg.norm(towards), 0, atol=1e-6)


def test_what_is_far_away_is_not_on_the_ground_above_the_horizon() -> None:
    it = camera()
    above = np.array([[100.0, it.horizon_px - 1], [100.0, it.horizon_px + 5]])
    assert np.isnan(it.to_ground(above)[0]).all()
    assert np.isfinite(it.to_ground(above)[1]).all()


def test_what_is_behind_the_camera_is_not_seen() -> None:
    assert np.isnan(camera().to_px(np.array([[0.0, -20.0]]))).all()


def test_people_are_as_large_as_the_plan_says() -> None:
    it = camera()
    near, far = it.px_per_m(np.array([[0.0, 7.6], [0.0, 38.0]])) * PERSON_M
    assert near / SIZE.height_px == pytest.approx(0.26, abs=0.02)
    assert far / SIZE.height_px == pytest.approx(0.067, abs=0.007)


@pytest.mark.parametrize("size", [Size(384, 288), Size(640, 480), Size(1024, 768)])
def test_the_same_is_seen_at_each_size_of_a_shape(size: Size) -> None:
    there = np.array([[3.0, 9.0], [-12.0, 30.0]])
    small, large = camera().to_px(there) / SIZE.height_px, Camera.over_plaza(size).to_px(there) / size.height_px
    assert np.allclose(small, large)


def test_who_is_farther_is_drawn_earlier() -> None:
    depth = camera().depth_m(np.array([[5.0, 8.0], [5.0, 12.0], [-5.0, 12.0]]))
    assert depth[0] < depth[1] == pytest.approx(depth[2])


@pytest.mark.parametrize(("height_m", "tilt_rad", "focal_px"), [(0.0, 0.3, 800.0), (5.0, 0.0, 800.0), (5.0, 0.3, 0.0), (5.0, 2.0, 800.0)])
def test_a_camera_that_sees_no_ground_is_refused(height_m: float, tilt_rad: float, focal_px: float) -> None:
    with pytest.raises(ValueError, match="looks down"):
        Camera(SIZE, height_m, tilt_rad, focal_px)
