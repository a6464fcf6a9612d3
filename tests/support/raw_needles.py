"""Finds raw frames in heaps of bytes: any eight bytes in a row that a decoder gave where somebody wears the canary, or that a camera sent.

It is quick enough for the memory of a process, and exact: what was scaled, packed or spelled out otherwise is `bench.canary_finder`'s to find.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

WORD_BYTES: Final = 8
CONTRAST: Final = 60
"""Levels that the bytes of a needle must span: flat ones stand everywhere."""
TABLE_BITS: Final = 24
SPREADING: Final = np.uint64(0x9E3779B97F4A7C15)
SURE: Final = 8
"""So many different needles in one place are no chance: one is met once in 10**12 random bytes."""
CHUNK: Final = 1 << 24


class RawNeedles:
    """Needles, and the search for them.

    Args:
        rows: Runs of bytes as they stand in memory: rows of pixels, encoded packets. Windows at every offset become needles.
        exact: Runs of which only every eighth window is taken, whatever its contrast: for what is packed.
    """

    def __init__(self, rows: Iterable[Bytes], exact: Iterable[Bytes] = ()) -> None:
        parts = [_contrasting(row) for row in rows]
        parts += [np.frombuffer(run.tobytes()[: len(run) // WORD_BYTES * WORD_BYTES], np.uint64) for run in exact]
        self.words: Words = np.unique(np.concatenate(parts))
        self._table = np.zeros(1 << TABLE_BITS, np.bool_)
        self._table[_places(self.words)] = True

    def hits(self, data: bytes | bytearray | memoryview) -> int:
        """How many different needles are in the data."""
        found: set[int] = set()
        view = memoryview(data)
        for start in range(0, len(view), CHUNK):
            found.update(self._in(view[start : start + CHUNK + WORD_BYTES - 1]))
        return len(found)

    def holds(self, data: bytes | bytearray | memoryview) -> bool:
        """Whether a raw frame, or a part of one, is in the data."""
        return self.hits(data) >= SURE

    def _in(self, chunk: memoryview) -> list[int]:
        found: list[int] = []
        for offset in range(WORD_BYTES):
            count = (len(chunk) - offset) // WORD_BYTES
            if count <= 0:
                break
            words = np.frombuffer(chunk, np.uint64, count, offset)
            likely = words[self._table[_places(words)]]
            near = self.words[np.minimum(np.searchsorted(self.words, likely), len(self.words) - 1)]
            found += np.unique(likely[near == likely]).tolist()
        return found


def rows_of(picture: Bytes, box: tuple[int, int, int, int], covered: NDArray[np.bool_], every: int = 3) -> Sequence[Bytes]:
    """Rows of bytes of a part of a picture (left, top, width, height), as they stand in memory: runs of pixels that are `covered`, and no others.

    Beside somebody in his box the place is seen, as it is in every plate.
    """
    left, top, width, height = box
    rows = []
    for y in range(top, top + height, every):
        edges = np.flatnonzero(np.diff(covered[y, left : left + width].astype(np.int8), prepend=0, append=0)) + left
        rows += [np.ascontiguousarray(picture[y, start:end]).reshape(-1) for start, end in edges.reshape(-1, 2)]
    return rows


def _contrasting(row: Bytes) -> Words:
    """The windows of a run of bytes that span some levels."""
    if len(row) < WORD_BYTES:
        return np.zeros(0, np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(row, WORD_BYTES)
    chosen = np.ascontiguousarray(windows[np.ptp(windows, axis=1) >= CONTRAST])
    return chosen.view(np.uint64).reshape(-1)


def _places(words: Words) -> NDArray[np.uint64]:
    return (words * SPREADING) >> np.uint64(64 - TABLE_BITS)
