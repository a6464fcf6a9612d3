"""How bright the place is now, against how bright it was when the plate was learned: one smooth gain per region and channel.

Only established pixels that no subject covers are read, and of those the middle one of each region counts. Gains follow slowly and by
whole steps of 1/128, so that a still picture stays bit-identical; gradients of the plate are kept, so no shape can enter it this way.
"""

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import LightField
from passerby.sealed.gate.grid import Mask, Picture

ROWS: Final = 6
COLUMNS: Final = 8
UNIT: Final = 128
LEAST_STEPS: Final = 4
LARGE_STEPS: Final = 8
HOLD_S: Final = 3.0
"""The released light changes where it is off by 4 steps of 1/128, every 3 s at most; off by 8, at once. Each change redraws the picture."""
FOLLOW_PER_S: Final = 0.8
PER_SIDE: Final = 12
DARKEST: Final = 0.08
BRIGHTEST: Final = 1.95
"""Bounds of a gain: a place at dusk, and twice as bright, where a byte of 1/128 ends."""
LEAST_PIXELS: Final = 24
"""Each region is judged by 12 x 12 of its pixels, of which so many must be seen."""


class LightModel:
    """Follows the light of one place. The gain of a region that cannot be seen is that of its neighbours."""

    def __init__(self) -> None:
        self._gain = np.ones((ROWS, COLUMNS, 3), np.float32)
        self._released = np.full((ROWS, COLUMNS, 3), UNIT, np.uint8)
        self._released_for_s = HOLD_S

    def update(self, working: Picture, reference: Picture, usable: Mask, passed_s: float) -> None:
        """Follows the ratio of `working` to `reference` over the `usable` pixels, `passed_s` seconds after the last time."""
        seen, ratio = _regions(working, reference, usable)
        if not seen.any():
            return
        self._gain += np.float32(min(1.0, FOLLOW_PER_S * passed_s)) * (_filled(ratio, seen) - self._gain)
        self._released_for_s += passed_s
        wanted = np.clip(np.round(self._gain * UNIT), 1, 255)
        off = np.abs(wanted - self._released)
        if (self._released_for_s >= HOLD_S and (off >= LEAST_STEPS).any()) or (off >= LARGE_STEPS).any():
            self._released = wanted.astype(np.uint8)
            self._released_for_s = 0.0

    def field(self) -> LightField | None:
        """The released light; None = as when the plate was learned."""
        if (self._released == UNIT).all():
            return None
        return LightField(ROWS, COLUMNS, self._released.tobytes())

    def lit(self, reference: Picture) -> Picture:
        """`reference` in the light of now, as compared with a working picture."""
        if np.abs(self._gain - 1).max() < 1 / UNIT:
            return reference
        rows, columns = reference.shape[:2]
        gain = cv2.resize(self._gain, (columns, rows), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(reference * gain + 0.5, 0, 255), np.uint8)


class Exposure:
    """How bright each picture is against the first one, so that samples taken in different light can be compared.

    Unlike `LightModel` it needs no plate: it remembers each pixel as it was when first seen free of subjects.
    """

    def __init__(self) -> None:
        self._first: NDArray[np.float32] | None = None
        self._known: Mask | None = None

    def expect(self, working: Picture, known: Mask) -> None:
        """Takes a working picture of the place, of which `known` pixels are known, as the first picture."""
        self._first, self._known = working.astype(np.float32), known.copy()

    def of(self, working: Picture, usable: Mask) -> NDArray[np.float32]:
        """The gain of `working` by region (rows x columns x 3), from the pixels that no subject covers; 1 = as the first picture."""
        if self._first is None or self._known is None:
            self._first, self._known = working.astype(np.float32), usable.copy()
            return np.ones((ROWS, COLUMNS, 3), np.float32)
        seen, ratio = _regions(working, self._first, usable & self._known)
        gain = _filled(ratio, seen) if seen.any() else np.ones((ROWS, COLUMNS, 3), np.float32)
        fresh = usable & ~self._known
        if fresh.any():
            rows, columns = usable.shape
            spread = np.asarray(cv2.resize(gain, (columns, rows), interpolation=cv2.INTER_LINEAR), np.float32)
            self._first[fresh] = working[fresh] / spread[fresh]
            self._known |= fresh
        return gain


def _regions(working: Picture, reference: NDArray[Any], usable: Mask) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which regions can be seen, and their ratio of working to reference (rows x columns x 3): the median, so that objects do not count."""
    rows, columns = usable.shape
    picked = np.ix_(_spread(rows, ROWS), _spread(columns, COLUMNS))
    ratio = (working[picked].astype(np.float32) + 4) / (reference[picked].astype(np.float32) + 4)
    ratio[~usable[picked]] = np.inf
    by_region = ratio.reshape(ROWS, PER_SIDE, COLUMNS, PER_SIDE, 3).transpose(0, 2, 4, 1, 3).reshape(ROWS, COLUMNS, 3, -1)
    ordered = np.sort(by_region, axis=3)
    count = np.isfinite(ordered).sum(3)
    middle = np.take_along_axis(ordered, np.maximum(0, (count[..., None] - 1) // 2), axis=3)[..., 0]
    seen = count[..., 0] >= LEAST_PIXELS
    return seen, np.where(seen[..., None], np.clip(middle, np.float32(DARKEST), np.float32(BRIGHTEST)), np.float32(1))


def _spread(length: int, regions: int) -> NDArray[np.intp]:
    """PER_SIDE positions in each of `regions` equal parts of `length`."""
    return np.asarray((np.arange(regions * PER_SIDE) + 0.5) * length / (regions * PER_SIDE), np.intp)


def _filled(ratio: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """`ratio`, smoothed over neighbouring regions that can be seen."""
    weight = seen.astype(np.float32)
    while True:
        spread = cv2.blur(weight, (3, 3), borderType=cv2.BORDER_CONSTANT)
        values = cv2.blur(ratio * weight[..., None], (3, 3), borderType=cv2.BORDER_CONSTANT)
        ratio = np.asarray(values / np.maximum(spread, 1e-6)[..., None], np.float32)
        weight = (spread > 0).astype(np.float32)
        if weight.all():
            return ratio
