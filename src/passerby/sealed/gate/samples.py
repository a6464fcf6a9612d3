"""Quiet samples of each block, and the picture that they agree on.

Every block keeps SAMPLES pictures of itself, taken while it was quiet. The candidate for the plate is their median, pixel by pixel; a block
agrees when almost all of its pixels look the same in almost all samples, so somebody who stood there for a part of the time spoils the
agreement instead of entering the plate. In a file each ninth of the clip gives one sample: whoever never was detected would have to stand on
one spot for seven ninths of it.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.sealed.gate.grid import BLOCK_PX, Grid, Mask, Picture
from passerby.sealed.gate.settings import SAMPLES

TOLERANCE: Final = 28
AGREEING_SAMPLES: Final = 8
KEPT_SAMPLES: Final = 8
"""A pixel on which fewer samples agree than this is not shown, even in a block that agrees: its surroundings are."""
AGREEING_SHARE_LIVE: Final = 0.93
AGREEING_SHARE_FILE: Final = 0.7
"""Least share of a block's pixels that must look alike. In a file the samples come from all over the clip: what disturbs them differs each time."""
EMPTY: Final = -1
UNKNOWN_PART: Final = SAMPLES
LEAST_FACTOR: Final = 0.01
"""Differences of light below this are left to the median."""
BLOCKS_AT_ONCE: Final = 1024
"""So many blocks are worked on at once: bounds the memory of a large picture."""


class Samples:
    """A bounded store of quiet samples.

    Args:
        grid: Units of the picture.
        keep: True = samples need not be adjacent: one is kept from each part of the clip, and where the clip's length is not known, a random choice
            of all, so that they spread over all quiet time (files).
            False = the caller spaces them out and empties a block that is disturbed (live).
    """

    def __init__(self, grid: Grid, *, keep: bool) -> None:
        self._grid = grid
        rows, columns = grid.block_shape
        self._pictures = np.zeros((SAMPLES, rows * BLOCK_PX, columns * BLOCK_PX, 3), np.uint8)
        self._gains = np.ones((SAMPLES, rows, columns, 3), np.float32)
        self._candidate = _Candidate(grid)
        self._keep = keep
        self._random = np.random.default_rng(0)
        self._part = np.full((SAMPLES, rows, columns), EMPTY, np.int8)
        """The part of the clip that each sample is from."""
        self._latest_part = EMPTY
        self._offered_in_part = np.zeros(grid.block_shape, np.int32)
        self.offered = np.zeros(grid.block_shape, np.int32)
        """Samples offered to each block since it was last emptied."""

    @property
    def full(self) -> Mask:
        """Blocks that have all their samples."""
        return np.asarray((self._part != EMPTY).all(0))

    def empty(self, blocks: Mask) -> None:
        """Forgets the samples of the given blocks."""
        self.offered[blocks] = 0
        self._part[:, blocks] = EMPTY
        self._candidate.forget(blocks)

    def add(self, picture: Picture, blocks: Mask, gains: NDArray[np.float32] | None = None, part: int | None = None) -> None:
        """Takes a sample of each of the given blocks from `picture` (h x w x 3), with the light that it was taken in.

        Args:
            picture: A whole picture.
            blocks: Those that give a sample.
            gains: A few rows x columns x 3, how bright each region is against a picture that stays the same; None = samples are not compensated.
            part: Which of SAMPLES equal parts of the clip this is, not falling; None where its length is not known.
        """
        slots = self._slots(part)
        self.offered[blocks] += 1
        row, column = np.nonzero(blocks & (slots < SAMPLES))
        if len(row):
            self._part[slots[row, column], row, column] = UNKNOWN_PART if part is None else part
            if gains is not None:
                by_block = cv2.resize(gains, self._grid.block_shape[::-1], interpolation=cv2.INTER_LINEAR)
                self._gains[slots[row, column], row, column] = by_block[row, column]
            self._by_block(self._pictures)[slots[row, column], row, :, column] = self._by_block(self._padded(picture)[None])[0, row, :, column]

    def _slots(self, part: int | None) -> NDArray[np.int64]:
        """Where each block would put a sample; SAMPLES = nowhere."""
        if not self._keep:
            return np.minimum(self.offered, SAMPLES)
        drawn = self._random.integers(0, self.offered + 1)
        if part is None:
            return np.where(self.offered < SAMPLES, self.offered, np.minimum(drawn, SAMPLES))
        if part != self._latest_part:
            self._latest_part = part
            self._offered_in_part[:] = 0
        self._offered_in_part += 1
        # A place of its own for each part of the clip; a random one of the part's samples has it. Places of parts without a quiet moment, before
        # or to come, are lent to samples of other parts: once all are taken, to random ones.
        takes_own = (self._part[part] != part) | (self._random.integers(0, self._offered_in_part) == 0)
        is_empty = self._part == EMPTY
        before, to_come = is_empty[:part], is_empty[::-1]
        free = np.where(before.any(0), before.argmax(0) if part else 0, SAMPLES - 1 - to_come.argmax(0))
        lent = np.minimum(drawn, SAMPLES)
        holder = np.take_along_axis(self._part, np.minimum(lent, SAMPLES - 1)[None], 0)[0]
        lent = np.where(holder == lent, SAMPLES, lent)
        return np.where(takes_own, part, np.where(is_empty.any(0), free, lent))

    def _padded(self, picture: Picture) -> Picture:
        """The picture with its last row and column repeated up to whole blocks."""
        below, beside = (whole - part for whole, part in zip(self._pictures.shape[1:3], picture.shape[:2], strict=True))
        if not (below or beside):
            return picture
        return np.asarray(cv2.copyMakeBorder(picture, 0, below, 0, beside, cv2.BORDER_REPLICATE), np.uint8)

    def _by_block(self, pictures: Picture) -> Picture:
        """A view of n pictures as n x rows x 16 x columns x 16 x 3."""
        rows, columns = self._grid.block_shape
        return pictures.reshape(len(pictures), rows, BLOCK_PX, columns, BLOCK_PX, 3)

    def candidate(self, blocks: Mask) -> tuple[Picture, Mask, Mask]:
        """The median picture (h x w x 3; anything where a block was not asked for), which of the given blocks agree on it, and which pixels do.

        Live, blocks with all their samples change no more, so each is worked out once; the pictures are the same objects at each call.
        """
        if self._keep:
            self._candidate.forget(blocks)
        fresh = blocks & ~self._candidate.known
        if fresh.any():
            # In a file, the light of most samples; live, where blocks are established one after the other, that of the first picture.
            usual = self._usual_gain(blocks) if self._keep else np.ones(3, np.float32)
            row, column = np.nonzero(fresh)
            for start in range(0, len(row), BLOCKS_AT_ONCE):
                self._work_out(row[start : start + BLOCKS_AT_ONCE], column[start : start + BLOCKS_AT_ONCE], usual)
            # Blocks that lack samples may get more.
            self._candidate.known |= fresh & self.full
        inside = (slice(0, self._grid.size.height_px), slice(0, self._grid.size.width_px))
        return self._candidate.median[inside], self._candidate.agree & blocks & self.full, self._candidate.kept[inside]

    def _work_out(self, row: NDArray[np.intp], column: NDArray[np.intp], usual: NDArray[np.float32]) -> None:
        """The candidate of some blocks."""
        count = len(row)
        by_block = self._by_block(self._pictures)
        stack = np.stack([by_block[n, row, :, column].reshape(count, -1) for n in range(SAMPLES)])
        stack = _in_light(stack, usual / self._gains[:, row, column])
        best = middle(stack)
        votes = _votes(stack, best)
        alike = np.asarray(votes >= AGREEING_SAMPLES, np.float32)
        into = self._candidate
        into.agree[row, column] = alike.mean(1) >= (AGREEING_SHARE_FILE if self._keep else AGREEING_SHARE_LIVE)
        self._by_block(into.median[None])[0, row, :, column] = best.reshape(count, BLOCK_PX, BLOCK_PX, 3)
        kept = into.kept.reshape(self._grid.block_shape[0], BLOCK_PX, self._grid.block_shape[1], BLOCK_PX)
        kept[row, :, column] = (votes >= KEPT_SAMPLES).reshape(count, BLOCK_PX, BLOCK_PX)

    def _usual_gain(self, blocks: Mask) -> NDArray[np.float32]:
        """The light that most samples of the given blocks were taken in, a channel."""
        some = self._gains[:, blocks & self.full].reshape(-1, 3)
        return np.asarray(np.median(some, axis=0) if len(some) else np.ones(3), np.float32)


class _Candidate:
    """What blocks agree on: `median` and `kept` (a pixel each) and `agree` (a block each) are valid where `known` is set."""

    def __init__(self, grid: Grid) -> None:
        rows, columns = grid.block_shape
        self.median = np.zeros((rows * BLOCK_PX, columns * BLOCK_PX, 3), np.uint8)
        self.kept = np.zeros((rows * BLOCK_PX, columns * BLOCK_PX), bool)
        self.agree = np.zeros(grid.block_shape, bool)
        self.known = np.zeros(grid.block_shape, bool)

    def forget(self, blocks: Mask) -> None:
        """Says that these blocks have other samples now."""
        self.known &= ~blocks


def _in_light(stack: NDArray[np.uint8], factors: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Samples (n x blocks x bytes, BGR) as they would look in one light, from a factor (n x blocks x 3) for each."""
    if np.abs(factors - 1).max() < LEAST_FACTOR:
        return stack
    pixels = stack.shape[2] // 3
    return np.stack([np.asarray(cv2.multiply(s, np.tile(f, (1, pixels)), dtype=cv2.CV_8U), np.uint8) for s, f in zip(stack, factors, strict=True)])


def _votes(stack: NDArray[np.uint8], median: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How many samples (n x blocks x bytes, BGR) are near the median, by pixel: blocks x pixels."""
    votes = np.zeros((median.shape[0], median.shape[1] // 3), np.uint8)
    for sample in stack:
        off = cv2.absdiff(sample, median).reshape(*votes.shape, 3)
        votes += np.asarray(cv2.inRange(off, (0, 0, 0), (TOLERANCE, TOLERANCE, TOLERANCE))) != 0
    return votes


def smoothed_where_unlike(picture: Picture, alike: Mask, released: Mask) -> Picture:
    """The picture, but released pixels whose samples do not agree are a smooth mean of the agreeing ones around them: no sliver of a visitor stays.

    Only pixels that are released themselves are averaged: nothing of a block that is withheld enters its neighbour. Where none is near, it is grey.
    """
    wrong = released & ~alike
    if not wrong.any():
        return picture
    around = (2 * BLOCK_PX + 1, 2 * BLOCK_PX + 1)
    weight = (released & alike).astype(np.float32)
    total = np.asarray(cv2.blur(weight, around), np.float32)[..., None]
    mean = np.asarray(cv2.blur(picture * weight[..., None], around), np.float32) / np.maximum(total, 1e-6)
    smooth = np.where(total > 1e-5, np.clip(mean + 0.5, 0, 255), np.float32(128)).astype(np.uint8)
    return np.where(wrong[..., None], smooth, picture)


def middle(stack: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median over the first axis, whose length is odd: a sorting network, many times as fast as a general sort of bytes."""
    values = [np.ascontiguousarray(s) for s in stack]
    count = len(values)
    for turn in range(count):
        for i in range(turn % 2, count - 1, 2):
            values[i], values[i + 1] = np.minimum(values[i], values[i + 1]), np.maximum(values[i], values[i + 1])
    return values[count // 2]
