"""How dense a crowd is by how much of the ground it hides: geometry alone, for crowds that nobody has counted and in which boxes see next to nobody.

People who stand anywhere, each of whom hides an area `a` of the ground from the camera, leave exp(-a d) of it to be seen at a density of d persons a
square metre: the Boolean model of overlapping grains (D. Stoyan, W. S. Kendall and J. Mecke, *Stochastic Geometry and its Applications*, chapter 3).
What one hides follows from where the camera hangs. Where nearly all is hidden, more people hide no more: the density is at least
so high, and nothing else is known.
"""

from math import log
from typing import Final

import numpy as np

from passerby.measure.ground import Floats, GroundPlane
from passerby.released.scene import Size

HEIGHT_M: Final = 1.7
WIDTH_M: Final = 0.5
"""Of a person with clothes and what they carry, seen from any side."""
FEET_M2: Final = 0.3
"""What one covers seen from straight above, with a shadow."""
LEAST_FOCAL: Final = 0.2
MOST_FOCAL: Final = 20.0
"""In heights of the picture: from a fisheye's middle to a long lens. Another one is not that of a camera over this ground."""
LEAST_HEIGHT_M: Final = 1.0
MOST_HEIGHT_M: Final = 200.0
LEAST_DETERMINANT: Final = 0.1
LEAST_COVERED: Final = 0.25
"""Where less is hidden, boxes find people, and whatever else differs weighs too much."""
LEAST_STIRS: Final = 0.5
"""For less of the time than this, what hides the ground is a thing."""
FULL: Final = 0.95
"""Of the densest crowds some looks like the place: with this much hidden, all is."""


def hidden_m2(plane: GroundPlane, polygon_px: Floats, size: Size) -> float | None:
    """The area of the ground that one person hides from the camera in the middle of a zone; None = where the camera hangs cannot be told.

    That follows from the ground's homography for a lens that does not distort, square pixels and an axis in the middle of the picture (Hartley and
    Zisserman, *Multiple View Geometry in Computer Vision*, 2004, 8.8): lengths along the ground's two axes are alike, and the axes at a right angle.

    Args:
        plane: The ground.
        polygon_px: (n, 2) the zone's corners.
        size: Of the picture.
    """
    lens = _lens_m(plane, size)
    if lens is None:
        return None
    aside_m = float(np.hypot(*(plane.metres_of(polygon_px.mean(0)[None])[0] - lens[:2])))
    return WIDTH_M * HEIGHT_M * aside_m / float(lens[2]) + FEET_M2


def _lens_m(plane: GroundPlane, size: Size) -> Floats | None:
    """Where the lens hangs: metres along the ground's axes and above it; None = that cannot be told, as for a camera that looks straight down."""
    middle = np.array([[1, 0, -size.width_px / 2], [0, 1, -size.height_px / 2], [0, 0, 1]]) @ plane.to_px
    x, y, corner = middle.T / np.linalg.norm(middle[:2, :2])
    # With 1 / f squared = k: k (x . y) + x3 y3 = 0 and k (|x|^2 - |y|^2) + x3^2 - y3^2 = 0, x and y their first two numbers.
    slopes = np.array([x[:2] @ y[:2], x[:2] @ x[:2] - y[:2] @ y[:2]])
    rest = np.array([x[2] * y[2], x[2] ** 2 - y[2] ** 2])
    inverse_px2 = -float(slopes @ rest) / max(1e-30, float(slopes @ slopes))
    if not LEAST_FOCAL**2 < 1 / max(1e-30, inverse_px2) / size.height_px**2 < MOST_FOCAL**2:
        return None
    scale = np.array([inverse_px2**0.5, inverse_px2**0.5, 1.0])
    east, north, to_corner = x * scale, y * scale, corner * scale
    length = float(np.sqrt(np.linalg.norm(east) * np.linalg.norm(north)))
    up = np.cross(east / np.linalg.norm(east), north / np.linalg.norm(north))
    turned = np.column_stack([east / length, north / length, up])
    if abs(np.linalg.det(turned)) < LEAST_DETERMINANT:
        return None
    found = -np.linalg.inv(turned) @ (to_corner / length)
    height_m = abs(float(found[2]))
    return np.array([found[0], found[1], height_m]) if LEAST_HEIGHT_M <= height_m <= MOST_HEIGHT_M else None


def hiding_per_m2(covered: float, one_m2: float) -> tuple[float, bool]:
    """The density at which so much is hidden, and whether it may be any higher one as well.

    Args:
        covered: Which part of the ground is hidden, 0 to 1.
        one_m2: What one person hides (`hidden_m2`).
    """
    return -log(1 - min(covered, FULL)) / one_m2, covered >= FULL
