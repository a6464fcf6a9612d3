"""The light of a scene as a smooth gain over the plate.

All sums below 2**24 are whole numbers in float32, so a part of the picture gets the very gains that the whole would give it.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.rect import Rect
from passerby.released.scene import LightField, Size

STEPS: Final = 256
"""Weights between two regions of the light field are whole parts of this."""
UNIT: Final = 128
"""The gain byte that leaves the plate as it is."""
STRIP_ROWS: Final = 128
"""Rows that are worked on at a time, so that a large picture needs no float copy of itself."""


class LightGain:
    """A light field spread over a picture: linear between the middles of its regions, constant outside of the outermost."""

    def __init__(self, field: LightField, size: Size) -> None:
        gains = np.frombuffer(field.gains, np.uint8).reshape(field.rows, field.columns, 3).astype(np.float32)
        lower, upper, weight = _neighbours(size.width_px, field.columns)
        across = weight[None, :, None]
        self._row_gains = gains[:, lower] * (STEPS - across) + gains[:, upper] * across
        self._lower, self._upper, self._weight = _neighbours(size.height_px, field.rows)

    def lit(self, plate: NDArray[np.uint8], rect: Rect) -> NDArray[np.uint8]:
        """The pixels `plate[rect]` of a whole plate (height x width x 3) in this light."""
        lit = np.empty((rect.bottom - rect.top, rect.right - rect.left, 3), np.uint8)
        for top in range(rect.top, rect.bottom, STRIP_ROWS):
            strip = Rect(rect.left, top, rect.right, min(rect.bottom, top + STRIP_ROWS))
            lit[top - rect.top : strip.bottom - rect.top] = cv2.multiply(plate[strip.slices], self._gains(strip), dtype=cv2.CV_8U)
        return lit

    def _gains(self, rect: Rect) -> NDArray[np.float32]:
        """Gains of a rectangle, 1.0 = unchanged: rows x columns x 3."""
        columns = slice(rect.left, rect.right)
        down = self._weight[rect.top : rect.bottom, None, None]
        gains = self._row_gains[self._lower[rect.top : rect.bottom], columns] * (STEPS - down)
        gains += self._row_gains[self._upper[rect.top : rect.bottom], columns] * down
        gains *= np.float32(1 / (STEPS * STEPS * UNIT))
        return gains


def _neighbours(pixels: int, regions: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For every pixel the region before and after it, and the weight (0..255) of the latter."""
    at = np.clip(((2 * np.arange(pixels) + 1) * regions * STEPS) // (2 * pixels) - STEPS // 2, 0, (regions - 1) * STEPS)
    lower = at // STEPS
    return lower, np.minimum(lower + 1, regions - 1), (at % STEPS).astype(np.float32)
