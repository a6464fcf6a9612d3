"""The calm diagonal hatch that stands where the plate is withheld.

Its waves are soft and low, for two reasons: they compress to almost nothing, and nothing in them has the contrast of something seen.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.released.palette import HATCH_BGR, HATCH_EDGE_BGR
from passerby.released.scene import Size

PERIOD_PER_HEIGHT: Final = 1 / 44
"""Distance from line to line along a row, as a part of the picture's height."""
SWING: Final = 5.0
"""How far the waves go above and below the hatch's tone, in levels of 255."""


class Hatch:
    """The hatch of a picture, its phase tied to the picture: withheld blocks join without a seam, whichever they are.

    Attributes:
        texture: height x width x 3 uint8, read-only. Every row is the row above it moved by a pixel, so all of them share one strip of memory.
        edge_bgr: The tone of the line along the border of a withheld region.
        edge_px: The line's thickness in pixels.
    """

    def __init__(self, size: Size) -> None:
        period_px = max(6, round(size.height_px * PERIOD_PER_HEIGHT))
        steps = np.arange(size.width_px + size.height_px) % period_px
        wave = np.cos(2 * np.pi * steps / period_px) * SWING
        strip = np.rint(np.asarray(HATCH_BGR, np.float64) + wave[:, None]).astype(np.uint8)
        windows = np.lib.stride_tricks.sliding_window_view(strip, size.width_px, axis=0)
        self.texture: NDArray[np.uint8] = windows[: size.height_px].transpose(0, 2, 1)
        self.edge_bgr = np.array(HATCH_EDGE_BGR, np.uint8)
        self.edge_px = max(1, round(size.height_px / 500))
