"""The ground plane of a camera: pixels to metres and back, how far off that may be, and areas.

    metres -> pixels   [u v w] = H [x y 1],  x_px = u / w, y_px = v / w,  w > 0 for all ground before the camera

H is scaled so that w is positive where people stand; a pixel at which it is not lies on or above the horizon and has no ground. What H is worth
is told by the covariance of its eight free numbers: `error_m` carries it to a place in the picture (Criminisi, Reid and Zisserman, "A plane
measuring device", 1999).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from passerby.errors import SettingsError

Floats = NDArray[np.floating[Any]]
Homography = tuple[float, float, float, float, float, float, float, float, float]

LEAST_PIXEL_ERROR_PX: Final = 2.0
"""A point is not clicked more exactly than this, however well four points fit each other: four points always fit."""
LEAST_DETERMINANT: Final = 1e-9
HINT: Final = "nine finite numbers, row by row, from metres on the ground to pixels"


@dataclass(frozen=True, slots=True)
class GroundPlane:
    """A ground plane.

    Attributes:
        to_px: 3 x 3: metres to pixels, scaled so that w is positive before the camera.
        covariance: 9 x 9 covariance of `to_px`, row by row; None = not known.
    """

    to_px: Floats
    covariance: Floats | None = None

    @staticmethod
    def of(homography: Sequence[float], foot_px: tuple[float, float] | None = None) -> "GroundPlane":
        """The plane of a homography.

        Args:
            homography: Nine numbers, row by row, metres to pixels.
            foot_px: A pixel at which people stand: the side of the horizon that counts. None = nothing is known; the side of the ground's origin.

        Raises:
            SettingsError: It cannot be inverted.
        """
        numbers = np.asarray(homography, float).reshape(-1)
        if numbers.shape != (9,) or not np.isfinite(numbers).all():
            raise SettingsError("the ground's homography is not nine finite numbers", f"expected {HINT}")
        matrix: Floats = numbers.reshape(3, 3)
        if abs(np.linalg.det(matrix)) < LEAST_DETERMINANT:
            raise SettingsError("the ground's homography cannot be inverted", f"expected {HINT}")
        weight = float(matrix[2, 2]) if foot_px is None else float((np.linalg.inv(matrix) @ (*foot_px, 1.0))[2])  # that is 1 / w
        return GroundPlane(matrix if weight >= 0 else -matrix)

    @property
    def homography(self) -> Homography:
        """Nine numbers, row by row, metres to pixels, as the site file has them."""
        a, b, c, d, e, f, g, h, i = (float(value) for value in self.to_px.reshape(9))
        return a, b, c, d, e, f, g, h, i

    def metres_of(self, points_px: Floats) -> Floats:
        """(n, 2) pixels to (n, 2) metres; NaN for what lies on or above the horizon."""
        points = np.asarray(points_px, float).reshape(-1, 2)
        back = np.linalg.inv(self.to_px)
        mapped = np.column_stack([points, np.ones(len(points))]) @ back.T
        # H (x y 1) = w (x_px y_px 1), and back: the third number is 1 / w.
        out = np.full((len(points), 2), np.nan)
        before = mapped[:, 2] > 0
        out[before] = mapped[before, :2] / mapped[before, 2:]
        return out

    def pixels_of(self, points_m: Floats) -> Floats:
        """(n, 2) metres to (n, 2) pixels; NaN for what lies behind the camera."""
        points = np.asarray(points_m, float).reshape(-1, 2)
        mapped = np.column_stack([points, np.ones(len(points))]) @ self.to_px.T
        out = np.full((len(points), 2), np.nan)
        before = mapped[:, 2] > 0
        out[before] = mapped[before, :2] / mapped[before, 2:]
        return out

    def metres_per_pixel(self, points_px: Floats) -> Floats:
        """(n, 2, 2): how metres change with pixels at (n, 2) pixels; NaN above the horizon."""
        points = np.asarray(points_px, float).reshape(-1, 2)
        metres = self.metres_of(points)
        u = np.column_stack([metres, np.ones(len(metres))]) @ self.to_px.T
        out = np.full((len(points), 2, 2), np.nan)
        known = np.isfinite(metres).all(1)
        forward = (self.to_px[:2, :2] - points[known][:, :, None] * self.to_px[2, :2]) / u[known, 2, None, None]
        out[known] = np.linalg.inv(forward)
        return out

    def velocities(self, points_px: Sequence[tuple[float, float]], speeds_px_s: Sequence[tuple[float, float]]) -> list[tuple[float, float] | None]:
        """Metres a second along the ground's axes of things that move over the picture, at pixels and in pixels a second; None above the horizon."""
        scales = self.metres_per_pixel(np.asarray(points_px, float))
        moved = np.einsum("nij,nj->ni", scales, np.asarray(speeds_px_s, float).reshape(-1, 2))
        return [(float(east), float(north)) if np.isfinite(east) else None for east, north in moved]

    def error_m(self, points_px: Floats, foot_error_px: float = LEAST_PIXEL_ERROR_PX) -> Floats:
        """Standard error in metres of where the feet at (n, 2) pixels stand: of the plane, where it is known, and of the feet; NaN above the horizon.

        Args:
            points_px: Where.
            foot_error_px: Standard error of a foot point in pixels, along each axis.
        """
        points = np.asarray(points_px, float).reshape(-1, 2)
        metres, scale = self.metres_of(points), self.metres_per_pixel(points)
        out = np.full(len(points), np.nan)
        for row in np.flatnonzero(np.isfinite(metres).all(1)):
            spread_px = np.eye(2) * foot_error_px**2
            if self.covariance is not None:
                jacobian = _pixels_by_matrix(self.to_px, metres[row])
                spread_px = spread_px + jacobian @ self.covariance @ jacobian.T
            out[row] = float(np.sqrt(np.trace(scale[row] @ spread_px @ scale[row].T)))
        return out

    def area_m2(self, polygon_px: Sequence[tuple[float, float]]) -> float:
        """The area on the ground of a polygon of pixels.

        Raises:
            SettingsError: A part of it lies on or above the horizon.
        """
        corners = self.metres_of(np.asarray(polygon_px, float))
        if not np.isfinite(corners).all():
            raise SettingsError("the polygon reaches above the horizon, where there is no ground", "keep its corners on the ground")
        x, y = corners.T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)

    def length_m(self, begin_px: tuple[float, float], end_px: tuple[float, float]) -> float:
        """The length on the ground between two pixels.

        Raises:
            SettingsError: One of them lies on or above the horizon.
        """
        ends = self.metres_of(np.array([begin_px, end_px], float))
        if not np.isfinite(ends).all():
            raise SettingsError("the line reaches above the horizon, where there is no ground", "keep its ends on the ground")
        return float(np.hypot(*(ends[1] - ends[0])))


def _pixels_by_matrix(matrix: Floats, metres: Floats) -> Floats:
    """2 x 9: how the pixel of a point changes with the homography's numbers, row by row."""
    point = np.array([metres[0], metres[1], 1.0])
    u, v, w = matrix @ point
    zero = np.zeros(3)
    return np.asarray(np.stack([np.concatenate([point, zero, -u / w * point]), np.concatenate([zero, point, -v / w * point])]) / w)
