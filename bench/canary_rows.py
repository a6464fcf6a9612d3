"""Looks for the canary along rows: 31 cells in a row, anywhere in a run of bytes, whatever the width of the picture they belong to.

A window of 31 cells holds the whole sequence, at one of its 31 shifts, and is compared with all of them by normalised correlation, which no
change of brightness or gain alters. Light and dark may have changed places: that is the sequence mirrored.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.canary_code import CELL_PX, PERIOD, sequence

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

PER_CELL: Final = 2
"""Samples that a cell has where it is compared."""
SPAN: Final = PERIOD * PER_CELL
LEAST_DEVIATION: Final = 6.0
"""Levels that samples must deviate from their mean: flatter windows hold nothing that anybody could see."""
BLOCK: Final = 1 << 17
SCALES: Final = (1.0, 0.5)


@dataclass(frozen=True)
class RowFind:
    """The window that is most like the sequence.

    Attributes:
        likeness: Its correlation, 0 to 1.
        at: Its first sample.
        scale: The scale at which cells were looked for; 1 = 4 samples a cell.
        rows: Windows at or above the limit, at most one in 31 cells.
    """

    likeness: float
    at: int
    scale: float
    rows: int


class RowSearch:
    """Looks for 31 cells in a row.

    Args:
        limit: The likeness from which a window is counted.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        cells = sequence().astype(np.float32)
        shifts = np.stack([np.roll(cells, -shift) for shift in range(PERIOD)], axis=1)
        shifts -= shifts.mean(axis=0)
        self._shifts = np.ascontiguousarray(shifts / np.sqrt(PER_CELL * (shifts[:, 0] ** 2).sum()))

    def best(self, samples: Bytes) -> RowFind:
        """The best window of a run of samples of one channel, at scale 1 and 1/2."""
        found = []
        for scale in SCALES:
            step = round(scale * CELL_PX / PER_CELL)
            # Several samples become one, so that a cell has two.
            whole = samples[: len(samples) // step * step].reshape(-1, step)
            found.append(self._best_of(whole[:, 0] if step == 1 else whole.mean(axis=1, dtype=np.float32), scale, step))
        return max(found, key=lambda one: (one.likeness >= self._limit, one.rows, one.likeness))

    def _best_of(self, samples: NDArray[np.generic], scale: float, step: int) -> RowFind:
        likeness, at, rows = 0.0, 0, 0
        for start in range(0, len(samples), BLOCK):
            # Blocks overlap by one window, so that none is cut.
            block = samples[start : start + BLOCK + SPAN].astype(np.float32)
            places, values = self._windows_of(block)
            if not len(values):
                continue
            top = int(values.argmax())
            if values[top] > likeness:
                likeness, at = float(values[top]), (start + int(places[top])) * step
            hits = np.unique(places[values >= self._limit] // SPAN)
            rows += len(hits)
        return RowFind(likeness, at, scale, rows)

    def _windows_of(self, block: Floats) -> tuple[NDArray[np.int64], Floats]:
        """First samples of the windows that could be the sequence, and their likenesses."""
        places, values = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        for offset in range(PER_CELL):
            count = (len(block) - offset) // PER_CELL
            if count < PERIOD:
                continue
            pairs = block[offset : offset + count * PER_CELL].reshape(count, PER_CELL)
            cells = pairs.sum(axis=1)
            total = _sums(cells)
            squares = _sums(np.einsum("ij,ij->i", pairs, pairs))
            between = _sums(cells * cells) / PER_CELL - total**2 / SPAN
            spread = squares - total**2 / SPAN
            # What varies within cells bounds the likeness: most windows of noise are out before they are compared.
            chosen = np.flatnonzero((spread > SPAN * LEAST_DEVIATION**2) & (between >= self._limit**2 * spread))
            if not len(chosen):
                continue
            windows = np.lib.stride_tricks.sliding_window_view(cells, PERIOD)[chosen]
            scores = np.abs(windows @ self._shifts).max(axis=1) / np.sqrt(spread[chosen])
            places.append(chosen * PER_CELL + offset)
            values.append(scores.astype(np.float32))
        return np.concatenate(places), np.concatenate(values)


def _sums(values: Floats) -> NDArray[np.float64]:
    """The sum of each run of 31."""
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(running[PERIOD:] - running[:-PERIOD])
