"""Looks for the canary in a picture: pieces of 8 x 8 cells, at any place, any cell size from 1.7 to 6.5 px, upright.

The picture is brought to two pixels a cell for each size that is tried, and its contrast is evened out. Each piece in it is then compared with
all pieces that the plane of cells has, at steps of half a cell, by normalised correlation: first the means of 2 x 2 pixels; where those are alike,
the pixels themselves with those of the piece whose means were most alike.
"""

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.canary_code import PERIOD, plane

Plane = NDArray[np.uint8]
"""One channel: height x width."""
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

PER_CELL: Final = 2
"""Pixels that a cell has where it is compared."""
CELLS: Final = 8
"""Of a piece, along each side."""
SIDE: Final = CELLS * PER_CELL
"""Of a piece in pixels."""
STEP: Final = 2 * PER_CELL
"""From piece to piece: whatever is 10 cells wide and high holds a whole one."""
CELLS_PX: Final = tuple(1.7 * 1.13**number for number in range(12))
LEAST_DEVIATION: Final = 18.0
"""Levels that a piece must deviate from its surroundings: the texture in full light deviates by 80."""
NEAR: Final = 9
"""Side of the window whose mean is taken off, in pixels at two a cell."""
AROUND: Final = 17
"""Side of the window by whose deviation a pixel is divided."""
MOST: Final = 2.0
"""Deviations at which pixels are cut off: a single edge must not decide."""
ALIKE: Final = 0.85
"""Part of the limit that the means must reach for the pixels to be compared."""
MARGIN_PX: Final = 80
"""Of a changed part: the largest piece, and what its contrast is compared with."""
AT_ONCE: Final = 1024


@dataclass(frozen=True)
class PatchFind:
    """The piece that is most like the plane.

    Attributes:
        likeness: Its correlation, 0 to 1.
        x_px: Column of its upper left corner.
        y_px: Row of that corner.
        cell_px: Size of a cell at which it was found.
        pieces: Pieces at or above the limit, of all sizes that were tried.
    """

    likeness: float = 0.0
    x_px: int = 0
    y_px: int = 0
    cell_px: float = 0.0
    pieces: int = 0


class PatchSearch:
    """Looks for pieces of the texture.

    Args:
        limit: The likeness from which a piece is counted.
        cells_px: Cell sizes that are tried; neighbours may differ by an eighth.
    """

    def __init__(self, limit: float, cells_px: tuple[float, ...] = CELLS_PX) -> None:
        self._limit = limit
        self._cells_px = cells_px
        self._pieces = _pieces_of_the_plane()

    def best(self, picture: Plane, changed: Mask | None = None) -> PatchFind:
        """The best piece of a picture; with `changed` (height x width), of those that hold a pixel for which it is true."""
        if changed is not None:
            rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
            if not len(rows):
                return PatchFind()
            top, left = max(0, int(rows[0]) - MARGIN_PX), max(0, int(columns[0]) - MARGIN_PX)
            part = slice(top, rows[-1] + MARGIN_PX), slice(left, columns[-1] + MARGIN_PX)
            found = self._best(picture[part], changed[part])
            return replace(found, x_px=found.x_px + left, y_px=found.y_px + top)
        return self._best(picture, None)

    def _best(self, picture: Plane, changed: Mask | None) -> PatchFind:
        found = PatchFind()
        for cell_px in self._cells_px:
            one = self._best_of(picture, changed, cell_px)
            better = one if one.likeness > found.likeness else found
            found = PatchFind(better.likeness, better.x_px, better.y_px, better.cell_px, found.pieces + one.pieces)
        return found

    def _best_of(self, picture: Plane, changed: Mask | None, cell_px: float) -> PatchFind:
        factor = PER_CELL / cell_px
        height, width = (round(side * factor) for side in picture.shape)
        if min(height, width) < SIDE:
            return PatchFind()
        scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
        even, deviation = _evened(scaled.astype(np.float32))
        ys, xs = _places(deviation, None if changed is None else _scaled_mask(changed, width, height))
        windows = np.lib.stride_tricks.sliding_window_view(even, (SIDE, SIDE))
        likeness, best, pieces = 0.0, 0, 0
        for start in range(0, len(ys), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            scores = self._scores(windows[ys[part], xs[part]])
            top = int(scores.argmax())
            pieces += int((scores >= self._limit).sum())
            if scores[top] > likeness:
                likeness, best = float(scores[top]), start + top
        if not likeness:
            return PatchFind()
        return PatchFind(likeness, round(xs[best] / factor), round(ys[best] / factor), cell_px, pieces)

    def _scores(self, windows: Floats) -> Floats:
        """The greatest correlation of each window (n x 16 x 16) with any piece of the plane; 0 where their means are unlike already."""
        means, pixels = self._pieces
        alike = _unit(_means(windows)) @ means
        best = alike.argmax(axis=1)
        near = np.flatnonzero(alike[np.arange(len(best)), best] >= ALIKE * self._limit)
        scores = np.zeros(len(windows), np.float32)
        scores[near] = np.einsum("ij,ij->i", _unit(windows[near].reshape(-1, SIDE * SIDE)), pixels[best[near]])
        return scores


def _means(windows: Floats) -> Floats:
    """Windows of 16 x 16 pixels as 8 x 8 means (n x 64)."""
    parts = windows.reshape(-1, CELLS, PER_CELL, CELLS, PER_CELL)
    return np.asarray(parts.mean(axis=(2, 4)).reshape(-1, CELLS * CELLS), np.float32)


def _unit(vectors: Floats) -> Floats:
    """Vectors in rows without their mean, of length 1."""
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    return np.asarray(centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-3), np.float32)


def _pieces_of_the_plane() -> tuple[Floats, Floats]:
    """Every piece that the plane has, as unit vectors: means in columns (64 x 3844), pixels in rows (3844 x 256)."""
    period = PERIOD * PER_CELL
    cells = np.tile(np.repeat(np.repeat(plane(), PER_CELL, axis=0), PER_CELL, axis=1), (3, 3))
    even, _ = _evened(cells.astype(np.float32) * 100)
    # From the middle of three: no border has a part in it.
    whole = np.lib.stride_tricks.sliding_window_view(even[period:, period:], (SIDE, SIDE))[:period, :period].reshape(-1, SIDE, SIDE)
    return np.ascontiguousarray(_unit(_means(whole)).T), _unit(whole.reshape(-1, SIDE * SIDE))


def _evened(picture: Floats) -> tuple[Floats, Floats]:
    """The picture with its contrast the same everywhere, and the deviation that it had, in levels."""
    detail = picture - cv2.blur(picture, (NEAR, NEAR))
    deviation = np.sqrt(np.maximum(cv2.blur(detail * detail, (AROUND, AROUND)), 0.0))
    return np.clip(detail / (deviation + 1.0), -MOST, MOST).astype(np.float32), deviation.astype(np.float32)


def _places(deviation: Floats, changed: Mask | None) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Upper left corners (rows, columns) of the windows to be compared."""
    ys, xs = np.mgrid[0 : deviation.shape[0] - SIDE + 1 : STEP, 0 : deviation.shape[1] - SIDE + 1 : STEP]
    chosen = deviation[ys + SIDE // 2, xs + SIDE // 2] > LEAST_DEVIATION
    if changed is not None:
        touched = cv2.dilate(changed.astype(np.uint8), np.ones((SIDE + 1, SIDE + 1), np.uint8)).astype(bool)
        chosen &= touched[ys + SIDE // 2, xs + SIDE // 2]
    return ys[chosen], xs[chosen]


def _scaled_mask(mask: Mask, width: int, height: int) -> Mask:
    """The mask at another size: true where any of it is."""
    return np.asarray(cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA) > 0)
