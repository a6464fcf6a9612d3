"""How dense a crowd is by how much of the ground it hides: geometry alone, for crowds that nobody has counted and in which boxes see next to nobody.

People who stand anywhere, each of whom hides an area `a` of the ground from the camera, leave exp(-a d) of it to be seen at a density of d persons a
square metre: the Boolean model of overlapping grains (D. Stoyan, W. S. Kendall and J. Mecke, *Stochastic Geometry and its Applications*, chapter 3).
What one hides follows from the angle at which the camera looks down. Where nearly all is hidden, more people hide no more: the density is at least
so high, and nothing else is known.
"""

from math import asin, log, tan
from typing import Final

import numpy as np

from passerby.measure.ground import Floats, GroundPlane

HEIGHT_M: Final = 1.7
WIDTH_M: Final = 0.5
"""Of a person with clothes and what they carry, seen from any side."""
FEET_M2: Final = 0.3
"""What one covers seen from straight above, with a shadow."""
LEAST_SINE: Final = 0.02
LEAST_COVERED: Final = 0.5
"""Where less is hidden, boxes find people, and whatever else differs weighs too much."""
FULL: Final = 0.92
"""Of the densest crowds some looks like the place: with this much hidden, all is."""


def hidden_m2(plane: GroundPlane, polygon_px: Floats) -> float:
    """The area of the ground that one person hides from the camera in the middle of a zone.

    How much smaller lengths away from the camera look than those across is the sine of the angle at which it looks down.

    Args:
        plane: The ground.
        polygon_px: (n, 2) the zone's corners.
    """
    scales = plane.metres_per_pixel(polygon_px.mean(0)[None])[0]
    along, across = np.linalg.svd(scales, compute_uv=False)
    sine = min(0.999, max(LEAST_SINE, float(across / along)))
    return WIDTH_M * HEIGHT_M / tan(asin(sine)) + FEET_M2


def hiding_per_m2(covered: float, one_m2: float) -> tuple[float, bool]:
    """The density at which so much is hidden, and whether it may be any higher one as well.

    Args:
        covered: Which part of the ground is hidden, 0 to 1.
        one_m2: What one person hides (`hidden_m2`).
    """
    return -log(1 - min(covered, FULL)) / one_m2, covered >= FULL
