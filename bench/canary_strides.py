"""Finds pictures in a run of bytes of which nothing is known: where each byte is like the one a row further on, there may be a picture."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

LEAST_STRIDE: Final = 96
MOST_STRIDE: Final = 1 << 16
LEAST_ROWS: Final = 24
LEAST_LIKENESS: Final = 0.12
"""Of bytes to those a row further on; noise has a hundredth of that."""
LAYOUTS: Final = (1, 2, 3, 4)
"""Bytes a pixel: grey or planar; luma and colour in turns; three channels; four."""
SECOND: Final = 0.6
"""Part of the likeness of the first stride that a second one must reach."""
ALIKE: Final = 1.3
"""How much less like than the best the bytes of a channel may be to be tried."""
EQUAL: Final = 0.15
"""Channels that differ by this part of what pixels differ by are those of a grey picture."""
NEIGHBOURS: Final = 32
APART: Final = 12


def strides_in(chunk: Bytes, most: int = 2) -> list[int]:
    """Bytes a row of the pictures that may lie in a chunk, likeliest first."""
    values = chunk.astype(np.float32)
    # Differences to the next pixel, which 12 is a multiple of for 1, 2, 3 and 4 bytes a pixel: what does not change, such as a fourth
    # channel, says nothing about rows.
    detail = values[APART:] - values[:-APART]
    reach = min(MOST_STRIDE, len(detail) // LEAST_ROWS)
    energy = float(np.dot(detail, detail))
    if reach <= LEAST_STRIDE or not energy:
        return []
    spectrum = np.fft.rfft(detail, 1 << (2 * len(detail) - 1).bit_length())
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[:reach] / energy
    likeness[:LEAST_STRIDE] = 0.0
    found: list[int] = []
    least = LEAST_LIKENESS
    while len(found) < most:
        stride = int(likeness.argmax())
        if likeness[stride] < least:
            break
        least = max(least, SECOND * float(likeness[stride]))
        # Two rows further on is nearly as like as one: the row itself is looked for among the fractions.
        for parts in range(8, 1, -1):
            near = round(stride / parts)
            if near > LEAST_STRIDE and likeness[near] > 0.8 * likeness[stride]:
                stride = near
                break
        found.append(stride)
        for multiple in range(stride, reach, stride):
            likeness[max(0, multiple - NEIGHBOURS) : multiple + NEIGHBOURS + 1] = 0.0
    return found


def planes_of(chunk: Bytes, stride: int) -> Iterator[Bytes]:
    """The chunk as pictures of one channel of that many bytes a row, for each layout that bytes may have.

    Rows are an eighth longer than they are, so that what lies across the seam is whole somewhere.
    """
    extra = stride // 8
    rows = (len(chunk) - extra) // stride
    if rows < LEAST_ROWS:
        return
    wide = np.lib.stride_tricks.sliding_window_view(chunk, stride + extra)[::stride][:rows]
    for bytes_per_px in _layouts_of(chunk):
        # The channel with most in it: the others may be transparency or colour. Rows begin with a pixel, however long they are.
        channels = [wide[:, channel::bytes_per_px] for channel in range(bytes_per_px)]
        yield np.ascontiguousarray(max(channels, key=np.std))


def _layouts_of(chunk: Bytes) -> list[int]:
    """Bytes a pixel that the chunk may have: those at which neighbours are most alike."""
    values = chunk[: len(chunk) // 12 * 12].astype(np.float32)
    apart = {count: float(np.mean(np.abs(values[count:] - values[:-count]))) for count in LAYOUTS}
    layouts = [count for count, mean in apart.items() if mean <= ALIKE * min(apart.values())]
    next_to = np.abs(np.diff(values, append=values[-1]))
    for count in (3, 4):
        # Grey pictures of several channels: bytes of a pixel are more alike than the same bytes of two pixels.
        steps = next_to.reshape(-1, count).mean(axis=0)
        if count not in layouts and np.sort(steps)[1] < EQUAL * steps.max():
            layouts.append(count)
    return layouts
