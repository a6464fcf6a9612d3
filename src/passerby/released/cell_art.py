"""How coarse cells look: warm, soft tiles that run into each other where cells touch, and the softer ones of the heat picture.

A tile depends on the 3 x 3 cells around it and on nothing else, so tiles can be drawn one by one and join without a seam.
"""

from collections.abc import Iterable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.palette import CELL_BGR
from passerby.released.scene import Cell
from passerby.released.sprite import Sprite, sprite_of

CELL_OPACITY: Final = 0.42
HEAT_OPACITY: Final = 0.62
INNER_CORNER: Final = 0.75
"""What the blur leaves in the corner between three occupied cells: the most that any pixel outside of them can have."""


class CellArt:
    """Tiles of coarse cells, each drawn once and kept (there are 512 at most).

    Args:
        soft: False = tiles fill their cell, with round corners; True = heat, which also spreads into the cells beside.
    """

    def __init__(self, *, soft: bool) -> None:
        self._soft = soft
        self._cell_px = 0
        self._tiles: dict[int, Sprite] = {}

    def patterns(self, cells: Iterable[Cell]) -> dict[Cell, int]:
        """Where tiles are to be drawn, and for each the pattern of its neighbourhood (nine bits, row by row)."""
        occupied = {(cell.row, cell.column) for cell in cells}
        reach = (-1, 0, 1) if self._soft else (0,)
        drawn = {(row + down, column + right) for row, column in occupied for down in reach for right in reach}
        patterns: dict[Cell, int] = {}
        for row, column in sorted(drawn):
            around = ((row + down, column + right) in occupied for down in (-1, 0, 1) for right in (-1, 0, 1))
            patterns[Cell(row, column)] = sum(bit << place for place, bit in enumerate(around))
        return patterns

    def sprite(self, pattern: int, cell_px: int) -> Sprite:
        """The tile of a pattern, anchored at the upper left corner of its cell."""
        if cell_px != self._cell_px:
            self._tiles, self._cell_px = {}, cell_px
        if pattern not in self._tiles:
            self._tiles[pattern] = _tile(pattern, cell_px, soft=self._soft)
        return self._tiles[pattern]


def _tile(pattern: int, cell_px: int, *, soft: bool) -> Sprite:
    """Draws the middle one of 3 x 3 cells: their squares, blurred, and for crisp tiles cut so that the edge stays in the cell."""
    bits = np.array([pattern >> place & 1 for place in range(9)], np.float32).reshape(3, 3)
    squares = np.kron(bits, np.ones((cell_px, cell_px), np.float32))
    # The blur must not reach further than one cell, or tiles would depend on cells that the pattern does not hold.
    sigma_px = cell_px / (3.2 if soft else 9)
    side = 2 * min(cell_px, round(3 * sigma_px)) + 1
    blurred = cv2.GaussianBlur(squares, (side, side), sigma_px, borderType=cv2.BORDER_REPLICATE)
    middle = np.asarray(blurred[cell_px : 2 * cell_px, cell_px : 2 * cell_px], np.float32)
    opacity = _eased(middle) * HEAT_OPACITY if soft else _eased((middle - INNER_CORNER) / (0.97 - INNER_CORNER)) * CELL_OPACITY
    colour = np.broadcast_to(np.array(CELL_BGR, np.float32), (cell_px, cell_px, 3))
    return sprite_of(colour, opacity, 0, 0)


def _eased(share: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """The share cut to 0..1, with soft ends."""
    cut: NDArray[np.floating[Any]] = np.clip(share, 0, 1)
    eased: NDArray[np.floating[Any]] = cut * cut * (3 - 2 * cut)
    return eased
