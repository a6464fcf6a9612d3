"""The ground plane: there and back, what lies above the horizon, areas, lengths, speeds, errors."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.measure.calibration import Calibration, KnownLength, KnownPoint, from_lengths, from_points
from passerby.measure.ground import Floats, GroundPlane

WIDTH, HEIGHT = 768, 576


def view(focal_px: float = 700.0, height_m: float = 6.0, tilt: float = 0.3, roll: float = 0.0) -> GroundPlane:
    """The plane of a camera: x to the right, y ahead, in metres from below the camera. Written out another way than in `calibration`."""
    axes = np.array([[1, 0, 0], [0, -np.sin(tilt), -np.cos(tilt)], [0, np.cos(tilt), -np.sin(tilt)]])  # right, down, ahead of the camera
    turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    lens = np.array([[focal_px, 0, WIDTH / 2], [0, focal_px, HEIGHT / 2], [0, 0, 1]])
    camera = lens @ turn @ axes
    return GroundPlane(np.column_stack([camera[:, 0], camera[:, 1], -height_m * camera[:, 2]]))


def horizon(plane: GroundPlane) -> tuple[tuple[float, float], tuple[float, float]]:
    """Two pixels of the horizon: where lines along the ground's directions end."""
    ends = [plane.to_px @ (east, 1.0, 0.0) for east in (-0.5, 0.5)]
    (u0, v0, w0), (u1, v1, w1) = ends
    return (u0 / w0, v0 / w0), (u1 / w1, v1 / w1)


views = st.builds(view, st.floats(400, 1500), st.floats(2.5, 20), st.floats(0.1, 1.0), st.floats(-0.1, 0.1))
spots = st.tuples(st.floats(-10, 10), st.floats(2, 40))


@given(views, st.lists(spots, min_size=1, max_size=8))
def test_a_spot_on_the_ground_is_found_again_from_its_pixel(plane: GroundPlane, metres: list[tuple[float, float]]) -> None:
    pixels = plane.pixels_of(np.array(metres))
    there = np.isfinite(pixels).all(1)
    assert np.allclose(plane.metres_of(pixels[there]), np.array(metres)[there], atol=1e-5)


def test_what_lies_above_the_horizon_has_no_ground() -> None:
    plane = view(tilt=0.3)
    above = float(min(y for _, y in horizon(plane))) - 1
    assert np.isnan(plane.metres_of(np.array([[WIDTH / 2, above], [WIDTH / 2, above - 200]]))).all()
    with pytest.raises(SettingsError, match="horizon"):
        plane.area_m2([(0, 500), (700, 500), (380, above)])
    with pytest.raises(SettingsError, match="horizon"):
        plane.length_m((0, 500), (380, above))


@given(views, st.floats(1, 6), st.floats(1, 8))
def test_areas_and_lengths_are_those_of_the_ground(plane: GroundPlane, wide_m: float, deep_m: float) -> None:
    corners = plane.pixels_of(np.array([(-wide_m / 2, 12.0), (wide_m / 2, 12.0), (wide_m / 2, 12.0 + deep_m), (-wide_m / 2, 12.0 + deep_m)]))
    assume(np.isfinite(corners).all())
    polygon = [(float(x), float(y)) for x, y in corners]
    assert plane.area_m2(polygon) == pytest.approx(wide_m * deep_m, rel=1e-6)
    assert plane.length_m(polygon[0], polygon[1]) == pytest.approx(wide_m, rel=1e-6)


@given(views, spots, st.tuples(st.floats(-3, 3), st.floats(-3, 3)))
def test_speeds_over_the_picture_are_speeds_on_the_ground(plane: GroundPlane, spot: tuple[float, float], velocity: tuple[float, float]) -> None:
    step_s = 1e-4
    ends = np.array([spot, (spot[0] + velocity[0] * step_s, spot[1] + velocity[1] * step_s)])
    pixels = plane.pixels_of(ends)
    assume(np.isfinite(pixels).all())
    moved = (pixels[1] - pixels[0]) / step_s
    found = plane.velocities([(float(pixels[0, 0]), float(pixels[0, 1]))], [(float(moved[0]), float(moved[1]))])
    assert found[0] == pytest.approx(velocity, abs=0.02)


def test_a_homography_of_the_site_file_is_taken_with_the_side_on_which_people_stand() -> None:
    plane = view()
    for sign in (1, -1):
        same = GroundPlane.of([sign * number for number in plane.homography], foot_px=(WIDTH / 2, HEIGHT - 20))
        assert np.allclose(same.metres_of(np.array([[300.0, 500.0]])), plane.metres_of(np.array([[300.0, 500.0]])))
    for wrong in ([1.0] * 8, [0.0] * 9, [float("nan")] * 9):
        with pytest.raises(SettingsError):
            GroundPlane.of(wrong)


@given(views, st.integers(4, 9), st.integers(0, 2**32 - 1))
def test_points_give_the_plane_that_they_were_taken_from(plane: GroundPlane, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    corners = np.array([(-4.0, 8.0), (4.0, 8.0), (4.0, 18.0), (-4.0, 18.0)])
    metres = np.concatenate([corners, rng.uniform((-4, 8), (4, 18), (count - 4, 2))])
    pixels = plane.pixels_of(metres)
    assume(np.isfinite(pixels).all())
    found = from_points(_known(pixels, metres))
    assert max(found.residuals) < 1e-3
    assert np.allclose(found.plane.metres_of(pixels), metres, atol=1e-3)


def test_the_error_that_is_told_is_the_error_that_is_made() -> None:
    plane, rng = view(tilt=0.35), np.random.default_rng(5)
    metres = np.array([(-4.0, 8.0), (4.0, 8.0), (4.0, 16.0), (-4.0, 16.0), (0.0, 12.0), (2.0, 10.0)])
    pixels = plane.pixels_of(metres)
    asked = plane.pixels_of(np.array([(0.0, 9.0), (-3.0, 15.0), (5.0, 24.0)]))
    truth = plane.metres_of(asked)
    off, told = [], []
    for _ in range(300):
        found = from_points(_known(pixels + rng.normal(0, 3.0, pixels.shape), metres)).plane
        off.append(np.hypot(*(found.metres_of(asked) - truth).T))
        told.append(found.error_m(asked, foot_error_px=0.0))
    made = np.sqrt((np.array(off) ** 2).mean(0))
    assert np.median(told, 0) == pytest.approx(made, rel=0.4)
    assert made[2] > 2 * made[0]


@pytest.mark.parametrize(
    ("metres", "says"),
    [
        ([(0, 0), (1, 0), (1, 1)], "needed"),
        ([(0, 8), (1, 8), (2, 8), (0, 12)], "in a line"),
        ([(0, 8), (1, 9), (2, 10), (3, 11)], "in a line"),
        ([(0, 8), (0, 8), (3, 8), (3, 12)], "twice"),
    ],
)
def test_points_that_do_not_say_enough_are_refused_with_the_reason(metres: list[tuple[float, float]], says: str) -> None:
    pixels = view().pixels_of(np.array(metres, float))
    with pytest.raises(SettingsError, match=says):
        from_points(_known(pixels, np.array(metres, float)))


def test_points_whose_metres_are_swapped_are_refused_where_no_camera_sees_that() -> None:
    metres = np.array([(-4.0, 8.0), (4.0, 8.0), (4.0, 18.0), (-4.0, 18.0)])
    pixels = view().pixels_of(metres)
    with pytest.raises(SettingsError, match="horizon would run between"):
        from_points(_known(pixels, metres[[0, 2, 1, 3]]))


@given(st.floats(500, 1200), st.floats(3, 12), st.floats(0.15, 0.6), st.floats(-0.08, 0.08))
def test_lengths_and_the_horizon_give_areas_and_lengths_of_the_ground(focal_px: float, height_m: float, tilt: float, roll: float) -> None:
    plane = view(focal_px, height_m, tilt, roll)
    ends = np.array([(-2.0, 9.0), (2.0, 9.0), (0.0, 8.0), (0.5, 16.0), (-3.0, 12.0), (1.0, 15.0)])
    pixels = plane.pixels_of(ends)
    assume(np.isfinite(pixels).all())
    lengths = [KnownLength(_pixel(pixels[i]), _pixel(pixels[i + 1]), float(np.hypot(*(ends[i + 1] - ends[i])))) for i in (0, 2, 4)]
    found = from_lengths((WIDTH, HEIGHT), horizon(plane), lengths)
    polygon = [_pixel(row) for row in plane.pixels_of(np.array([(-2.0, 9.0), (2.0, 9.0), (2.0, 14.0), (-2.0, 14.0)]))]
    assert found.plane.area_m2(polygon) == pytest.approx(20.0, rel=0.02)
    assert (found.plane.error_m(pixels) > 0).all()


def test_lengths_that_do_not_say_enough_are_refused_with_the_reason() -> None:
    plane = view()

    def length(begin: tuple[float, float], end: tuple[float, float], factor: float = 1.0) -> KnownLength:
        pixels = plane.pixels_of(np.array([begin, end]))
        return KnownLength(_pixel(pixels[0]), _pixel(pixels[1]), factor * float(np.hypot(end[0] - begin[0], end[1] - begin[1])))

    across, along = length((-2, 10), (2, 10)), length((0, 8), (0, 14))
    with pytest.raises(SettingsError, match="two lengths"):
        from_lengths((WIDTH, HEIGHT), horizon(plane), [across])
    with pytest.raises(SettingsError, match="one way"):
        from_lengths((WIDTH, HEIGHT), horizon(plane), [across, length((-1, 10), (3, 10))])
    with pytest.raises(SettingsError, match="above zero"):
        from_lengths((WIDTH, HEIGHT), horizon(plane), [across, KnownLength((0, 500), (100, 500), 0.0)])
    with pytest.raises(SettingsError, match="above the horizon"):
        from_lengths((WIDTH, HEIGHT), horizon(plane), [across, KnownLength((0, 500), (100, -4000), 2.0)])
    with pytest.raises(SettingsError, match="does not fit"):
        from_lengths((WIDTH, HEIGHT), horizon(plane), [across, along, length((-3, 12), (1, 15)), length((1, 9), (2, 13), factor=2.0)])


def _known(pixels: Floats, metres: Floats) -> list[KnownPoint]:
    return [KnownPoint(_pixel(px), _pixel(m)) for px, m in zip(pixels, metres, strict=True)]


def _pixel(row: Floats) -> tuple[float, float]:
    return float(row[0]), float(row[1])


def test_a_calibration_says_what_is_left_over() -> None:
    plane = view()
    metres = np.array([(-4.0, 8.0), (4.0, 8.0), (4.0, 18.0), (-4.0, 18.0), (0.0, 12.0)])
    pixels = plane.pixels_of(metres)
    pixels[4] += (0, 12)
    found: Calibration = from_points(_known(pixels, metres))
    assert max(found.residuals) > 3
    assert float(found.plane.error_m(pixels[:1])[0]) > float(from_points(_known(plane.pixels_of(metres), metres)).plane.error_m(pixels[:1])[0])
