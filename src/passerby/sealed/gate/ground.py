"""The ground of a camera: foot points in pixels and in metres, and the coarse grid that glyphs stand on.

With a homography glyphs stand on a grid of 0.25 m on the ground; without one, on a grid of 1/48 of the picture's height: metres, far off.
"""

import math
from typing import Final

import numpy as np

from passerby.errors import SettingsError

GRID_M: Final = 0.25
LEAST_WEIGHT: Final = 1e-9

Homography = tuple[float, float, float, float, float, float, float, float, float]
"""Row by row, from metres on the ground to pixels."""


class Ground:
    """The plane that people walk on.

    Args:
        homography: See `Homography`. Raises SettingsError where it cannot be inverted.
    """

    def __init__(self, homography: Homography) -> None:
        matrix = np.array(homography, float).reshape(3, 3)
        if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < LEAST_WEIGHT:
            raise SettingsError("the ground's homography cannot be inverted", "expected 9 finite numbers, metres to pixels, row by row")
        self._to_px, self._to_ground = matrix, np.linalg.inv(matrix)

    def snapped(self, x_px: float, y_px: float) -> tuple[float, float]:
        """The pixel point of the nearest crossing of the ground's grid; the point itself where it lies on no ground."""
        ground = _mapped(self._to_ground, x_px, y_px)
        if ground is None:
            return x_px, y_px
        snapped = _mapped(self._to_px, *(round(metres / GRID_M) * GRID_M for metres in ground))
        return (x_px, y_px) if snapped is None else snapped


def _mapped(matrix: np.ndarray[tuple[int, ...], np.dtype[np.float64]], x: float, y: float) -> tuple[float, float] | None:
    u, v, w = (float(value) for value in matrix @ (x, y, 1.0))
    if abs(w) < LEAST_WEIGHT or not (math.isfinite(u / w) and math.isfinite(v / w)):
        return None
    return u / w, v / w
