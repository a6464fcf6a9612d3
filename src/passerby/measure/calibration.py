"""How a ground plane is found: from points that are known in the picture and on the ground, or from lengths on the ground and the horizon.

What cannot be told from what was given is refused, with the reason: three points in a line, lengths that all run one way. An answer always comes with
its covariance (`GroundPlane.error_m`), and with what is left over at each point or length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from passerby.errors import SettingsError
from passerby.measure.ground import LEAST_PIXEL_ERROR_PX, GroundPlane

Floats = NDArray[np.floating[Any]]
Pixel = tuple[float, float]

LEAST_POINTS: Final = 4
STEPS: Final = 50
WORST_CONDITION: Final = 3e3
"""Of the scaled equations: three of four points in a line give infinity, a narrow quadrilateral some hundreds."""
WORST_LENGTHS: Final = 40.0
WORST_SHARE: Final = 0.15
"""A length that is off by more than this is a slip, not an error of clicking."""
LENGTH_ERROR: Final = 0.02
"""A length on the ground is not known more exactly than this, as a share of itself, however well two of them fit."""


@dataclass(frozen=True, slots=True)
class KnownPoint:
    """A point that is known in the picture (pixels) and on the ground (metres)."""

    px: Pixel
    metres: tuple[float, float]


@dataclass(frozen=True, slots=True)
class KnownLength:
    """Two pixels on the ground, and how many metres apart they are."""

    begin_px: Pixel
    end_px: Pixel
    metres: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A ground plane, and what is left over: pixels at each point, or shares of each length."""

    plane: GroundPlane
    residuals: tuple[float, ...]


def from_points(points: Sequence[KnownPoint]) -> Calibration:
    """The plane through four points or more.

    Direct linear transform with scaled points, then least squares of the pixels (Hartley and Zisserman,
    "Multiple View Geometry", 2nd ed., 4.1 to 4.5).

    Raises:
        SettingsError: Too few points, points that do not say enough, or a horizon that runs between them.
    """
    if len(points) < LEAST_POINTS:
        raise SettingsError(f"{len(points)} points are given for the ground; {LEAST_POINTS} are needed", "add corners of paving, markings, a mat")
    pixels, metres = np.array([p.px for p in points], float), np.array([p.metres for p in points], float)
    if not (np.isfinite(pixels).all() and np.isfinite(metres).all()):
        raise SettingsError("a point of the ground has a coordinate that is no finite number", "give pixels and metres as plain numbers")
    for number, one in enumerate(points):
        if any(one.px == other.px or one.metres == other.metres for other in points[:number]):
            raise SettingsError(f"point {number + 1} of the ground is given twice", "each point once, in the picture and on the ground")
    scale_px, scale_m = _scaling(pixels), _scaling(metres)
    a = _equations(_apply(scale_m, metres), _apply(scale_px, pixels))
    _, singular, rows = np.linalg.svd(a)
    if singular[7] * WORST_CONDITION < singular[0]:
        raise SettingsError(
            "the points do not say where the ground is: three of four lie in a line, or nearly", "take corners of an area, not of a line"
        )
    matrix = np.linalg.inv(scale_px) @ rows[-1].reshape(3, 3) @ scale_m
    matrix /= np.linalg.norm(matrix)
    weights = np.column_stack([metres, np.ones(len(metres))]) @ matrix[2]
    if not ((weights > 0).all() or (weights < 0).all()):
        raise SettingsError("the horizon would run between the points", "look for a point whose metres or pixels are swapped")
    matrix = matrix if weights[0] > 0 else -matrix
    matrix, jacobian, left = _refined(matrix, metres, pixels)
    spare = 2 * len(points) - 8
    error_px = max(LEAST_PIXEL_ERROR_PX, float(np.sqrt((left**2).sum() / spare)) if spare else 0.0)
    covariance = np.linalg.pinv(jacobian.T @ jacobian, rcond=1e-12, hermitian=True) * error_px**2
    return Calibration(GroundPlane(matrix, covariance), tuple(float(value) for value in np.hypot(*left.reshape(-1, 2).T)))


def from_lengths(size_px: tuple[int, int], horizon: tuple[Pixel, Pixel], lengths: Sequence[KnownLength]) -> Calibration:
    """The plane from the horizon and known lengths on the ground: of a camera with square pixels that looks through the middle of its picture.

    The horizon says how the camera is tilted, the lengths how high it hangs and how far it sees; they must run across and along the view.

    Args:
        size_px: Width and height of the picture.
        horizon: Two pixels of it; it may lie above the picture.
        lengths: Two or more.

    Raises:
        SettingsError: They do not say enough, contradict each other, or lie above the horizon.
    """
    if len(lengths) < 2:
        raise SettingsError("at least two lengths on the ground are needed beside the horizon", "one across the view and one along it")
    if any(not np.isfinite(one.metres) or one.metres <= 0 for one in lengths):
        raise SettingsError("a length on the ground is not above zero", "give it in metres")
    middle = np.array(size_px, float) / 2
    (x0, y0), (x1, y1) = horizon
    if x0 == x1:
        raise SettingsError("the horizon stands upright", "give two points of it, left and right")
    roll = float(np.arctan2(y1 - y0, x1 - x0)) if x1 > x0 else float(np.arctan2(y0 - y1, x0 - x1))
    ends = np.array([[one.begin_px, one.end_px] for one in lengths], float).reshape(-1, 2)
    turned = _turned(ends - middle, -roll)
    above_px = float(_turned(np.array([[x0, y0]], float) - middle, -roll)[0, 1])
    if (turned[:, 1] <= above_px).any():
        raise SettingsError("a length reaches above the horizon", "both ends stand on the ground, below the horizon")
    metres = np.array([one.metres for one in lengths], float)
    guesses = [np.log([factor * size_px[0], 5.0]) for factor in (0.5, 0.8, 1.2, 2.0)]
    fits = [_fitted(guess, turned, above_px, metres) for guess in guesses]
    unknowns, left, jacobian = min(fits, key=lambda fit: float((fit[1] ** 2).sum()))
    singular = np.linalg.svd(jacobian, compute_uv=False)
    if singular[-1] * WORST_LENGTHS < singular[0]:
        raise SettingsError("the lengths do not say how far the camera sees: they all run one way", "give one across the view and one along it")
    if np.abs(left).max() > WORST_SHARE:
        worst = int(np.abs(left).argmax())
        raise SettingsError(f"length {worst + 1} does not fit the horizon and the others: off by {abs(left[worst]):.0%}", "measure it again")
    plane = _plane(unknowns, roll, above_px, middle)
    steps = 1e-4
    by_unknown = np.stack([(_plane(unknowns + steps * row, roll, above_px, middle) - plane).reshape(9) / steps for row in np.eye(2)], 1)
    spare = len(lengths) - 2
    share = max(LENGTH_ERROR, float(np.sqrt((left**2).sum() / spare)) if spare else 0.0)
    covariance = by_unknown @ np.linalg.inv(jacobian.T @ jacobian) @ by_unknown.T * share**2
    return Calibration(GroundPlane(plane, covariance), tuple(float(value) for value in left))


def _scaling(points: Floats) -> Floats:
    """3 x 3 that moves points to the middle and to a mean distance of sqrt 2."""
    middle = points.mean(0)
    reach = float(np.hypot(*(points - middle).T).mean())
    if reach == 0:
        raise SettingsError("all points of the ground are one", "take corners of an area")
    scale = np.sqrt(2) / reach
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])


def _apply(matrix: Floats, points: Floats) -> Floats:
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def _equations(metres: Floats, pixels: Floats) -> Floats:
    rows = []
    for (x, y), (u, v) in zip(metres, pixels, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, -u], [0, 0, 0, x, y, 1, -v * x, -v * y, -v]]
    return np.array(rows)


def _refined(matrix: Floats, metres: Floats, pixels: Floats) -> tuple[Floats, Floats, Floats]:
    """Least squares of the pixels by Gauss and Newton: the matrix of norm 1, the derivatives of all pixels by its numbers, what is left over."""
    points = np.column_stack([metres, np.ones(len(metres))])
    for _ in range(STEPS):
        jacobian, left = _slope(matrix, points, pixels)
        step = np.linalg.lstsq(jacobian, left, rcond=1e-12)[0]
        moved = matrix + step.reshape(3, 3)
        moved /= np.linalg.norm(moved)
        done = bool(np.abs(moved - matrix).max() < 1e-14)
        matrix = moved
        if done:
            break
    return matrix, *_slope(matrix, points, pixels)


def _slope(matrix: Floats, points: Floats, pixels: Floats) -> tuple[Floats, Floats]:
    mapped = points @ matrix.T
    at, w = mapped[:, :2] / mapped[:, 2:], mapped[:, 2:]
    count = len(points)
    jacobian = np.zeros((count, 2, 9))
    jacobian[:, 0, 0:3] = jacobian[:, 1, 3:6] = points / w
    jacobian[:, :, 6:9] = -at[:, :, None] * (points / w)[:, None, :]
    return jacobian.reshape(2 * count, 9), (pixels - at).reshape(-1)


def _turned(points: Floats, angle: float) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


def _on_ground(unknowns: Floats, turned: Floats, above_px: float) -> Floats:
    """Ground points in metres of pixels that count from the middle, with the roll taken out. Unknowns: logarithms of focal length and height."""
    focal_px, height_m = np.exp(unknowns)
    tilt = np.arctan2(-above_px, focal_px)
    ahead = focal_px * np.cos(tilt) - turned[:, 1] * np.sin(tilt)
    down = focal_px * np.sin(tilt) + turned[:, 1] * np.cos(tilt)
    return np.stack([turned[:, 0] * height_m / down, ahead * height_m / down], 1)


def _misfit(unknowns: Floats, turned: Floats, above_px: float, metres: Floats) -> Floats:
    ends = _on_ground(unknowns, turned, above_px).reshape(-1, 2, 2)
    return np.asarray(np.hypot(*(ends[:, 1] - ends[:, 0]).T) / metres - 1)


def _fitted(guess: Floats, turned: Floats, above_px: float, metres: Floats) -> tuple[Floats, Floats, Floats]:
    """Least squares of the lengths' shares, by damped Gauss and Newton: unknowns, what is left over, derivatives."""
    unknowns, damping = np.asarray(guess, float), 1e-3
    left = _misfit(unknowns, turned, above_px, metres)
    jacobian = _by_unknowns(unknowns, turned, above_px, metres)
    for _ in range(STEPS):
        step = np.linalg.solve(jacobian.T @ jacobian + damping * np.eye(2), -jacobian.T @ left)
        tried = np.clip(unknowns + np.clip(step, -0.5, 0.5), np.log([50, 0.3]), np.log([50_000, 300]))
        there = _misfit(tried, turned, above_px, metres)
        if (there**2).sum() < (left**2).sum():
            unknowns, left, damping = tried, there, damping / 5
            jacobian = _by_unknowns(unknowns, turned, above_px, metres)
        else:
            damping *= 5
    return unknowns, left, jacobian


def _by_unknowns(unknowns: Floats, turned: Floats, above_px: float, metres: Floats) -> Floats:
    step = 1e-5
    here = _misfit(unknowns, turned, above_px, metres)
    return np.stack([(_misfit(unknowns + step * row, turned, above_px, metres) - here) / step for row in np.eye(2)], 1)


def _plane(unknowns: Floats, roll: float, above_px: float, middle: Floats) -> Floats:
    """3 x 3: metres (right, ahead) to pixels, w positive before the camera."""
    focal_px, height_m = np.exp(unknowns)
    tilt = np.arctan2(-above_px, focal_px)
    cos, sin = np.cos(tilt), np.sin(tilt)
    # A ground point (x, z) lies at depth z cos + h sin, and h cos - z sin below the axis.
    view = np.array([[focal_px, 0, 0], [0, -focal_px * sin, focal_px * height_m * cos], [0, cos, height_m * sin]])
    turn = np.array([[np.cos(roll), -np.sin(roll), middle[0]], [np.sin(roll), np.cos(roll), middle[1]], [0, 0, 1]])
    return np.asarray(turn @ view)
