"""Movement that no detector explains, as coarse cells: smoke, an animal, a rolling suitcase stay visible, a gait does not."""

from typing import Final

import numpy as np

from passerby.released.scene import Cell
from passerby.sealed.gate.grid import BLOCK_PX, Grid, Mask, mean_over

LEAST_SHARE: Final = 0.2


class CoarseCells:
    """Shows a cell from the second look on in which at least a fifth of it is touched: a lone flicker stays unseen."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._before: set[Cell] = set()

    def update(self, unexplained: Mask) -> tuple[Cell, ...]:
        """The cells to show, sorted by position, for a mask of the working picture."""
        side = BLOCK_PX // self._grid.shrink
        rows, columns = self._grid.block_shape
        padded = np.zeros((rows * side, columns * side), np.float32)
        padded[: unexplained.shape[0], : unexplained.shape[1]] = unexplained
        share = self._grid.cells_of(mean_over(padded, side))
        now = {Cell(int(r), int(c)) for r, c in np.argwhere(share >= LEAST_SHARE)}
        near = {Cell(c.row + dr, c.column + dc) for c in self._before for dr in (-1, 0, 1) for dc in (-1, 0, 1)}
        self._before = now
        return tuple(sorted(now & near))
