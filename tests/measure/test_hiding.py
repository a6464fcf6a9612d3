"""How dense a crowd is by how much of the ground it hides."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.measure.ground import GroundPlane
from passerby.measure.hiding import FULL, hidden_m2, hiding_per_m2
from passerby.released.scene import Size
from passerby.simulate.camera import Camera

SIZE = Size(768, 576)
WIDTH_M, HEIGHT_M = 0.5, 1.7


def camera(height_m: float, down_deg: float) -> Camera:
    return Camera(SIZE, height_m, math.radians(down_deg), 800.0)


def square(camera: Camera, far_m: float, side_m: float = 2.0) -> np.ndarray:
    half = side_m / 2
    return camera.to_px(np.array([(-half, far_m - half), (half, far_m - half), (half, far_m + half), (-half, far_m + half)]))


def hides_m2(camera: Camera, far_m: float, aside_m: float = 0.0) -> float | None:
    corners = (
        square(camera, far_m) if aside_m == 0 else camera.to_px(np.array([(aside_m + x, far_m + y) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]))
    )
    return hidden_m2(GroundPlane.of([float(one) for one in camera.homography.reshape(9)], (384.0, 570.0)), corners, SIZE)


@pytest.mark.parametrize(
    ("height_m", "down_deg", "far_m", "aside_m"),
    [(5.2, 16.0, 10.0, 0.0), (5.2, 16.0, 7.0, 3.0), (3.0, 12.0, 9.0, 0.0), (8.0, 40.0, 9.0, 4.0), (8.0, 60.0, 5.0, 3.0), (5.0, 85.0, 0.5, 2.0)],
)
def test_what_one_hides_is_their_shadow_in_a_light_at_the_camera(height_m: float, down_deg: float, far_m: float, aside_m: float) -> None:
    shadow_m = HEIGHT_M * math.hypot(far_m, aside_m) / height_m
    assert hides_m2(camera(height_m, down_deg), far_m, aside_m) == pytest.approx(WIDTH_M * shadow_m + 0.3, rel=0.05)


@given(st.floats(2, 20), st.floats(5, 80), st.floats(0.3, 4), st.floats(-3, 3), st.floats(-math.pi, math.pi))
def test_wherever_a_camera_hangs_and_however_its_ground_lies(height_m: float, down_deg: float, far: float, aside_m: float, turned: float) -> None:
    hung = Camera(SIZE, height_m, math.radians(down_deg), 700.0)
    far_m = far * height_m
    turn = np.array([[math.cos(turned), -math.sin(turned), 3.0], [math.sin(turned), math.cos(turned), -7.0], [0, 0, 1]])
    corners = hung.to_px(np.array([(aside_m + x, far_m + y) for x, y in ((-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1))]))
    if not np.isfinite(corners).all():
        return
    foot = tuple(float(one) for one in hung.to_px(np.array([(0.0, height_m / math.tan(math.radians(down_deg)))]))[0])
    found = hidden_m2(GroundPlane.of((hung.homography @ turn).reshape(9).tolist(), (foot[0], foot[1])), corners, SIZE)
    expected = WIDTH_M * HEIGHT_M * math.hypot(far_m, aside_m) / height_m + 0.3
    assert found == pytest.approx(expected, rel=0.02, abs=0.02)


def test_of_a_camera_that_looks_straight_down_or_a_ground_that_no_camera_sees_so_it_is_not_known() -> None:
    straight_down = GroundPlane.of([100.0, 0.0, 384.0, 0.0, 100.0, 288.0, 0.0, 0.0, 1.0])
    assert hidden_m2(straight_down, np.array([(100.0, 100.0), (200.0, 100.0), (200.0, 200.0)]), SIZE) is None
    skewed = GroundPlane.of([100.0, 60.0, 384.0, 0.0, 30.0, 288.0, 0.0, 0.001, 1.0])
    assert hidden_m2(skewed, np.array([(100.0, 100.0), (200.0, 100.0), (200.0, 200.0)]), SIZE) is None


@pytest.mark.parametrize("per_m2", [0.3, 0.8, 1.2])
def test_it_tells_how_many_stand_there_anyhow(per_m2: float) -> None:
    """Against sticks as wide and high as people, thrown on a square; what each of them hides is worked out ray by ray."""
    rng, slope, side_m = np.random.default_rng(7), 0.5, 12.0
    found = []
    for _ in range(20):
        feet = rng.uniform(0, side_m, (rng.poisson(per_m2 * side_m**2), 2))
        spots = rng.uniform(3.5, side_m - 0.5, (2000, 2))
        aside, behind = abs(spots[:, None, 0] - feet[None, :, 0]), spots[:, None, 1] - feet[None, :, 1]
        hidden = ((aside < WIDTH_M / 2) & (behind > 0) & (behind < HEIGHT_M / slope)).any(1)
        found.append(hiding_per_m2(float(hidden.mean()), WIDTH_M * HEIGHT_M / slope)[0])
    assert float(np.mean(found)) == pytest.approx(per_m2, rel=0.12)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.3, 40))
def test_the_more_is_hidden_the_denser_it_is_until_all_is_hidden(covered: float, other: float, one_m2: float) -> None:
    (less, _), (more, full) = (hiding_per_m2(part, one_m2) for part in sorted((covered, other)))
    assert 0 <= less <= more < 10
    assert full is (max(covered, other) >= FULL)
