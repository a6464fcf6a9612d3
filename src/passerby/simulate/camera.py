"""A pinhole camera over the ground: how metres become pixels and back.

World: x to the right, y away from the camera, z up, in metres; the origin lies on the ground straight below the camera. Picture: x to the right,
y down, in pixels; the middle of the upper left pixel is (0.5, 0.5). The camera does not roll and its lens does not distort.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Size

HEIGHT_M: Final = 5.2
TILT_RAD: Final = math.radians(16.0)
FOCAL_PER_HEIGHT: Final = 800 / 576
"""Focal length in heights of the picture: 40 degrees from top to bottom."""
PERSON_M: Final = 1.75
"""`Camera.px_per_m` is exact for what is so high and stands upright."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """Where a camera hangs and what it sees.

    Attributes:
        size: Size of its pictures; the principal point is their middle.
        height_m: Height of the lens above the ground.
        tilt_rad: Angle by which it looks down; 0 = at the horizon.
        focal_px: Focal length in pixels.
    """

    size: Size
    height_m: float
    tilt_rad: float
    focal_px: float

    def __post_init__(self) -> None:
        if not (self.height_m > 0 and self.focal_px > 0 and 0 < self.tilt_rad < math.pi / 2):
            raise ValueError(f"a camera hangs above the ground and looks down: {self.height_m} m, {self.tilt_rad} rad, {self.focal_px} px")

    @classmethod
    def over_plaza(cls, size: Size) -> "Camera":
        """The camera of the simulated plaza; what is seen is the same at each size, as far as the picture's shape is."""
        return cls(size, HEIGHT_M, TILT_RAD, FOCAL_PER_HEIGHT * size.height_px)

    @cached_property
    def matrix(self) -> Floats:
        """(3, 4) projection of (x, y, z, 1) in metres to homogeneous pixels; the third row gives the depth in metres."""
        sine, cosine = math.sin(self.tilt_rad), math.cos(self.tilt_rad)
        right = np.array([1.0, 0.0, 0.0, 0.0])
        down = np.array([0.0, -sine, -cosine, cosine * self.height_m])
        depth = np.array([0.0, cosine, -sine, sine * self.height_m])
        middle_x, middle_y = self.size.width_px / 2, self.size.height_px / 2
        return np.stack([self.focal_px * right + middle_x * depth, self.focal_px * down + middle_y * depth, depth])

    @cached_property
    def homography(self) -> Floats:
        """(3, 3) float64: ground metres (x, y, 1) to homogeneous pixels."""
        return np.ascontiguousarray(self.matrix[:, [0, 1, 3]])

    @cached_property
    def inverse(self) -> Floats:
        """(3, 3) float64: pixels (x, y, 1) to homogeneous ground metres."""
        return np.asarray(np.linalg.inv(self.homography), np.float64)

    @property
    def horizon_px(self) -> float:
        """Row of the horizon; rows above it see no ground. May lie outside of the picture."""
        return self.size.height_px / 2 - self.focal_px * math.tan(self.tilt_rad)

    def px_of(self, xyz_m: Floats) -> Floats:
        """(n, 2) pixels of (n, 3) points; not a number behind the camera."""
        points = np.asarray(xyz_m, np.float64).reshape(-1, 3)
        return _divided(points @ self.matrix[:, :3].T + self.matrix[:, 3])

    def to_px(self, xy_m: Floats) -> Floats:
        """(n, 2) pixels of (n, 2) points on the ground; not a number behind the camera."""
        points = np.asarray(xy_m, np.float64).reshape(-1, 2)
        return _divided(points @ self.homography[:, :2].T + self.homography[:, 2])

    def to_ground(self, px: Floats) -> Floats:
        """(n, 2) points on the ground, in metres, of (n, 2) pixels; not a number at the horizon and above it."""
        points = np.asarray(px, np.float64).reshape(-1, 2)
        return _divided(points @ self.inverse[:, :2].T + self.inverse[:, 2])

    def depth_m(self, xy_m: Floats) -> Floats:
        """(n,) distances of (n, 2) ground points along the optical axis: what is drawn first has the largest one."""
        points = np.asarray(xy_m, np.float64).reshape(-1, 2)
        return np.asarray(points @ self.homography[2, :2] + self.homography[2, 2], np.float64)

    def px_per_m(self, xy_m: Floats) -> Floats:
        """(n,) pixels of an upright metre at (n, 2) ground points, as a mean over a person's height."""
        points = np.asarray(xy_m, np.float64).reshape(-1, 2)
        head = self.px_of(np.column_stack([points, np.full(len(points), PERSON_M)]))
        return np.asarray((self.to_px(points)[:, 1] - head[:, 1]) / PERSON_M, np.float64)


def _divided(homogeneous: Floats) -> Floats:
    """(n, 2) points of (n, 3) homogeneous ones; not a number where the third is not above 0."""
    third = np.where(homogeneous[:, 2:] > 1e-12, homogeneous[:, 2:], np.nan)
    return np.asarray(homogeneous[:, :2] / third, np.float64)
