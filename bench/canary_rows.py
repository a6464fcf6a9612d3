"""Looks for the canary along rows: 31 cells in a row, anywhere in a run of bytes, whatever the width of the picture they belong to.

A window of 31 cells holds the whole sequence, at one of its 31 shifts, and is compared with all of them by normalised correlation, which no
change of brightness or gain alters. Light and dark may have changed places: that is the sequence mirrored.

One row alone says too little: 31 bits are met by chance in data that are bits. A cell is several rows high, though, so the same window comes again
one row further on. Three such pairs at the same distance are asked for.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.canary_code import CELL_PX, PERIOD, sequence

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

PER_CELL: Final = 2
"""Samples that a cell has where it is compared."""
SPAN: Final = PERIOD * PER_CELL
LEAST_DEVIATION: Final = 6.0
"""Levels that samples must deviate from their mean: flatter windows hold nothing that anybody could see."""
BLOCK: Final = 1 << 17
SCALES: Final = (1.0, 0.5)
MOST_STRIDE: Final = 1 << 16
"""Samples from a row to the next, at most."""
NEXT: Final = 16
"""Windows further on with which one is paired, at most."""
LEAST_PAIRS: Final = 3


@dataclass(frozen=True)
class RowFind:
    """The window that is most like the sequence.

    Attributes:
        likeness: Its correlation, 0 to 1.
        at: Its first sample.
        scale: The scale at which cells were looked for; 1 = 4 samples a cell.
        pairs: Windows at or above the limit that come again at the commonest distance.
    """

    likeness: float = 0.0
    at: int = 0
    scale: float = 1.0
    pairs: int = 0

    @property
    def sure(self) -> bool:
        """Whether it is the canary."""
        return self.pairs >= LEAST_PAIRS


@dataclass(frozen=True)
class _Windows:
    """Windows above the limit: first sample, likeness, and which shift of the sequence they are like, mirrored ones from 31 on."""

    places: Numbers
    values: Floats
    shifts: Numbers

    @classmethod
    def joined(cls, parts: list["_Windows"]) -> "_Windows":
        if not parts:
            return cls(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64))
        return cls(*(np.concatenate(column) for column in zip(*((one.places, one.values, one.shifts) for one in parts), strict=True)))


class RowSearch:
    """Looks for 31 cells in a row.

    Args:
        limit: The likeness from which a window is taken for the sequence.
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
        return max(found, key=lambda one: (one.pairs, one.likeness))

    def _best_of(self, samples: NDArray[np.generic], scale: float, step: int) -> RowFind:
        parts = []
        for start in range(0, len(samples), BLOCK):
            # Blocks overlap by one window, so that none is cut; none is counted twice.
            part = self._windows_of(samples[start : start + BLOCK + SPAN].astype(np.float32), start)
            parts += [part] if len(part.places) else []
        windows = _Windows.joined(parts)
        if not len(windows.places):
            return RowFind(scale=scale)
        top = int(windows.values.argmax())
        return RowFind(float(windows.values[top]), int(windows.places[top]) * step, scale, _pairs_in(windows))

    def _windows_of(self, block: Floats, start: int) -> _Windows:
        """The windows of a block that are like the sequence."""
        parts = []
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
            chosen = chosen[chosen * PER_CELL + offset < BLOCK]
            if not len(chosen):
                continue
            windows = np.lib.stride_tricks.sliding_window_view(cells, PERIOD)[chosen]
            scores = windows @ self._shifts
            shifts = np.abs(scores).argmax(axis=1)
            best = scores[np.arange(len(chosen)), shifts] / np.sqrt(spread[chosen])
            near = np.abs(best) >= self._limit
            places = chosen[near] * PER_CELL + offset + start
            parts.append(_Windows(places, np.abs(best[near]).astype(np.float32), shifts[near] + PERIOD * (best[near] < 0)))
        return _Windows.joined(parts)


def _pairs_in(windows: _Windows) -> int:
    """How many windows come again at the distance at which most do."""
    starts: list[Numbers] = []
    distances: list[Numbers] = []
    for shift in np.unique(windows.shifts):
        places = np.sort(windows.places[windows.shifts == shift])
        for further in range(1, min(NEXT, len(places) - 1) + 1):
            apart = places[further:] - places[:-further]
            fits = (apart >= SPAN) & (apart <= MOST_STRIDE)
            starts.append(places[:-further][fits])
            distances.append(apart[fits])
    if not starts or not sum(map(len, starts)):
        return 0
    start, distance = np.concatenate(starts), np.concatenate(distances)
    most = 0
    # A row may be no whole number of samples: distances may differ by one.
    for commonest in np.argsort(np.bincount(distance))[::-1][:NEXT]:
        near = np.sort(start[np.abs(distance - commonest) <= 1])
        # Windows that overlap are one.
        most = max(most, _apart(near))
    return most


def _apart(places: Numbers) -> int:
    """How many of the places (increasing) lie a window apart."""
    count, last = 0, -SPAN
    for place in places.tolist():
        if place - last >= SPAN:
            count, last = count + 1, place
    return count


def _sums(values: Floats) -> NDArray[np.float64]:
    """The sum of each run of 31."""
    running = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray(running[PERIOD:] - running[:-PERIOD])
