"""The geometry of a gate: picture, working picture, blocks of the plate and coarse cells, and how masks go from one to the other.

The working picture is the picture made smaller by 1, 2, 4, ... until it is at most 480 pixels wide; a block is 16 pixels of the picture and so
a whole number of working pixels. Everything that maps a mask to coarser units rounds outwards: a unit that is touched at all counts as touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import CELLS_PER_HEIGHT, Size
from passerby.sealed.gate.settings import Polygon

BLOCK_PX: Final = 16
WORKING_WIDTH_PX: Final = 480

Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """The units of one picture size."""

    size: Size

    @property
    def shrink(self) -> int:
        """Pixels of the picture in a row of one working pixel: 1, 2, 4, 8 or 16."""
        return next((k for k in (1, 2, 4, 8) if self.size.width_px <= k * WORKING_WIDTH_PX), 16)

    @property
    def working_shape(self) -> tuple[int, int]:
        """Rows and columns of the working picture; the last ones may lie over the border."""
        k = self.shrink
        return -(-self.size.height_px // k), -(-self.size.width_px // k)

    @property
    def block_shape(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return -(-self.size.height_px // BLOCK_PX), -(-self.size.width_px // BLOCK_PX)

    @property
    def cell_px(self) -> int:
        """Side of a coarse cell: whole blocks, at least 1/24 of the picture's height."""
        return BLOCK_PX * max(1, -(-self.size.height_px // (CELLS_PER_HEIGHT * BLOCK_PX)))

    def reduced(self, picture: Picture) -> Picture:
        """The working picture of `picture` (h x w x 3)."""
        rows, columns = self.working_shape
        return picture if self.shrink == 1 else np.asarray(cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)

    def blocks_of(self, working: Mask) -> Mask:
        """Blocks that a mask of the working picture touches."""
        side = BLOCK_PX // self.shrink
        return touched(working, side, self.block_shape)

    def share_of_blocks(self, working: Mask) -> NDArray[np.float32]:
        """Which share of each block's working pixels is set; what lies over the border counts as not set."""
        side = BLOCK_PX // self.shrink
        rows, columns = self.block_shape
        padded = np.zeros((rows * side, columns * side), np.float32)
        padded[: working.shape[0], : working.shape[1]] = working[: rows * side, : columns * side]
        return mean_over(padded, side)

    def cells_of(self, blocks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Mean of a value per block over each coarse cell; what lies over the border counts as 0."""
        per = self.cell_px // BLOCK_PX
        rows, columns = -(-blocks.shape[0] // per), -(-blocks.shape[1] // per)
        padded = np.zeros((rows * per, columns * per), np.float32)
        padded[: blocks.shape[0], : blocks.shape[1]] = blocks
        return mean_over(padded, per)

    def working_boxes(self, xyxy: NDArray[np.float32], *, grow: float = 0.0) -> Mask:
        """Working pixels under boxes (n, 4) in pixels of the picture, each side moved out by `grow` of the box and one more pixel."""
        mask, shrink = np.zeros(self.working_shape, np.uint8), self.shrink
        for left, top, right, bottom in xyxy.astype(float):
            dx, dy = (right - left) * grow, (bottom - top) * grow
            x0, y0 = int((left - dx) // shrink) - 1, int((top - dy) // shrink) - 1
            x1, y1 = int(-(-(right + dx) // shrink)) + 1, int(-(-(bottom + dy) // shrink)) + 1
            mask[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = 1
        return mask.astype(bool)

    def blocks_in(self, polygons: Sequence[Polygon]) -> Mask:
        """Blocks that one of the polygons touches or comes within a pixel of. Where a polygon crosses itself, all that it goes around counts."""
        rows, columns = self.block_shape
        x, y = np.arange(columns, dtype=np.float64) * BLOCK_PX, np.arange(rows, dtype=np.float64) * BLOCK_PX
        found = np.zeros(self.block_shape, bool)
        for polygon in polygons:
            windings = np.zeros(self.block_shape, np.int32)
            for start, end in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
                across, down = _within(start[0], end[0], x - 1, x + BLOCK_PX + 1), _within(start[1], end[1], y - 1, y + BLOCK_PX + 1)
                enters, leaves = np.maximum(across[0][None], down[0][:, None]), np.minimum(across[1][None], down[1][:, None])
                found |= np.maximum(enters, 0) <= np.minimum(leaves, 1)
                windings += _turns(start, end, x + BLOCK_PX / 2, y + BLOCK_PX / 2)
            found |= windings != 0
        return found

    def border_blocks(self) -> Mask:
        """Blocks that touch the band of 1/12 of the width along the picture's border."""
        rows, columns = self.block_shape
        band = self.size.width_px / 12
        x0, y0 = np.arange(columns) * BLOCK_PX, np.arange(rows) * BLOCK_PX
        x = (x0 < band) | (x0 + BLOCK_PX > self.size.width_px - band)
        y = (y0 < band) | (y0 + BLOCK_PX > self.size.height_px - band)
        return np.asarray(y[:, None] | x[None])

    def working_of(self, blocks: Mask) -> Mask:
        """Working pixels of the given blocks."""
        side = BLOCK_PX // self.shrink
        rows, columns = self.working_shape
        return np.repeat(np.repeat(blocks, side, 0), side, 1)[:rows, :columns]

    def pixels_of(self, blocks: Mask) -> Mask:
        """Pixels of the picture of the given blocks."""
        return np.repeat(np.repeat(blocks, BLOCK_PX, 0), BLOCK_PX, 1)[: self.size.height_px, : self.size.width_px]


def _within(start: float, end: float, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """From which to which part (0 to 1) of the way from `start` to `end` a point is between `low` and `high`; nowhere where first > last."""
    way = end - start
    if way == 0:
        inside = (low <= start) & (start <= high)
        return np.where(inside, -np.inf, np.inf), np.where(inside, np.inf, -np.inf)
    one, other = (low - start) / way, (high - start) / way
    return np.minimum(one, other), np.maximum(one, other)


def _turns(start: tuple[float, float], end: tuple[float, float], x: Floats, y: Floats) -> NDArray[np.int32]:
    """What one edge adds to the winding number of the points at rows `y` and columns `x`: 1, -1 or 0."""
    if start[1] == end[1]:
        return np.zeros((len(y), len(x)), np.int32)
    crossed = (np.minimum(start[1], end[1]) <= y) & (y < np.maximum(start[1], end[1]))
    at_x = start[0] + (y - start[1]) * ((end[0] - start[0]) / (end[1] - start[1]))
    left_of_it = crossed[:, None] & (at_x[:, None] > x[None])
    return np.asarray(left_of_it.astype(np.int32) * (1 if end[1] > start[1] else -1), np.int32)


def mean_over(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Mean of `values` over squares of `side`; its shape is a multiple of it."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    return np.asarray(values.reshape(rows, side, columns * side).sum(1).reshape(rows, columns, side).sum(2) / np.float32(side * side))


def touched(mask: Mask, side: int, shape: tuple[int, int]) -> Mask:
    """Squares of `side` pixels, `shape` of them, in which at least one pixel of `mask` is set."""
    rows, columns = shape
    padded = np.zeros((rows * side, columns * side), bool)
    padded[: min(mask.shape[0], rows * side), : min(mask.shape[1], columns * side)] = mask[: rows * side, : columns * side]
    # Along rows first: many times as fast as both axes at once.
    return np.asarray(padded.reshape(rows, side, columns * side).any(1).reshape(rows, columns, side).any(2))
