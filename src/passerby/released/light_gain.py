"""The light of a scene as a smooth gain over the plate.

All gains below are multiples of 2**-23 and less than 2, which float32 holds exactly. So a part of the picture gets the very gains that the
whole would give it, bit by bit.
"""

from collections.abc import Iterator
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
BAND_ROWS: Final = 32
"""Rows that are worked on at a time, so that their gains stay in the processor's cache."""


class LightGain:
    """A light field spread over a picture: linear between the middles of its regions, constant outside of the outermost."""

    def __init__(self, field: LightField, size: Size) -> None:
        gains = np.frombuffer(field.gains, np.uint8).reshape(field.rows, field.columns, 3).astype(np.float32)
        before, after, weight = _neighbours(size.width_px, field.columns)
        across = weight[None, :, None]
        # numpy.take keeps rows together in memory, which indexing does not: it is five times as fast to work with.
        row_gains = np.take(gains, before, axis=1) * (STEPS - across) + np.take(gains, after, axis=1) * across
        self._row_gains = row_gains / np.float32(STEPS * UNIT)
        self._row_steps = (np.roll(self._row_gains, -1, axis=0) - self._row_gains) / np.float32(STEPS)
        self._row, _, self._weight = _neighbours(size.height_px, field.rows)

    def lit(self, plate: NDArray[np.uint8], rect: Rect) -> NDArray[np.uint8]:
        """The pixels `plate[rect]` of a whole plate (height x width x 3) in this light."""
        lit = np.empty((rect.bottom - rect.top, rect.right - rect.left, 3), np.uint8)
        columns = slice(rect.left, rect.right)
        for row, top, bottom in self._bands(rect):
            gains = self._weight[top:bottom, None, None] * self._row_steps[row, columns]
            gains += self._row_gains[row, columns]
            cv2.multiply(plate[top:bottom, columns], gains, lit[top - rect.top : bottom - rect.top], dtype=cv2.CV_8U)
        return lit

    def _bands(self, rect: Rect) -> Iterator[tuple[int, int, int]]:
        """A rectangle's rows in bands below the same row of the light field: that row, the first pixel row, the one after the last."""
        top = rect.top
        while top < rect.bottom:
            row = int(self._row[top])
            end = int(np.searchsorted(self._row, row, side="right"))
            bottom = min(rect.bottom, end, top + BAND_ROWS)
            yield row, top, bottom
            top = bottom


def _neighbours(pixels: int, regions: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For every pixel the region before and after it, and the weight (0..255) of the latter."""
    middles = ((2 * np.arange(pixels) + 1) * regions * STEPS + pixels) // (2 * pixels)
    at = np.clip(middles - STEPS // 2, 0, (regions - 1) * STEPS)
    before = at // STEPS
    return before, np.minimum(before + 1, regions - 1), (at % STEPS).astype(np.float32)
