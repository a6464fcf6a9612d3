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


def hides_m2(camera: Camera, far_m: float) -> float:
    return hidden_m2(GroundPlane.of([float(one) for one in camera.homography.reshape(9)]), square(camera, far_m))


@pytest.mark.parametrize(("height_m", "down_deg", "far_m"), [(5.2, 16.0, 10.0), (5.2, 16.0, 7.0), (3.0, 12.0, 9.0), (8.0, 40.0, 9.0)])
def test_what_one_hides_is_their_shadow_in_a_light_at_the_camera(height_m: float, down_deg: float, far_m: float) -> None:
    assert hides_m2(camera(height_m, down_deg), far_m) == pytest.approx(WIDTH_M * HEIGHT_M / (height_m / far_m) + 0.3, rel=0.1)


def test_from_straight_above_one_hides_where_they_stand_and_from_the_horizon_not_all_of_the_world() -> None:
    assert hides_m2(camera(6.0, 89.9), 0.1) == pytest.approx(0.3, abs=0.1)
    assert hides_m2(camera(0.2, 1.0), 50.0) < 50


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
