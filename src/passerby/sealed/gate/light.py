"""How bright the place is now, against how bright it was when the plate was learned: one smooth gain per region and channel.

Only free, established pixels are read. Gains follow slowly and by whole steps of 1/128, so that a still picture stays bit-identical; gradients
of the plate are kept, so no shape can enter it this way.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import LightField
from passerby.sealed.gate.grid import Mask, Picture

ROWS: Final = 6
COLUMNS: Final = 8
UNIT: Final = 128
LEAST_STEPS: Final = 3
FOLLOW_PER_S: Final = 0.15
LEAST_PIXELS: Final = 60


class LightModel:
    """Follows the light of one place. The gain of a region that cannot be seen is that of its neighbours."""

    def __init__(self) -> None:
        self._gain = np.ones((ROWS, COLUMNS, 3), np.float32)
        self._released = np.full((ROWS, COLUMNS, 3), UNIT, np.uint8)

    def update(self, working: Picture, reference: Picture, free: Mask, passed_s: float) -> None:
        """Follows the ratio of `working` to `reference` over the `free` pixels, `passed_s` seconds after the last time."""
        seen, ratio = _regions(working, reference, free)
        if not seen.any():
            return
        filled = _filled(ratio, seen)
        self._gain += np.float32(min(1.0, FOLLOW_PER_S * passed_s)) * (filled - self._gain)
        wanted = np.clip(np.round(self._gain * UNIT), 1, 255)
        off = np.abs(wanted - self._released) >= LEAST_STEPS
        self._released = np.where(off, wanted, self._released).astype(np.uint8)

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


def _regions(working: Picture, reference: Picture, free: Mask) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Which regions can be seen, and their ratio of working to reference (rows x columns x 3)."""
    rows, columns = free.shape
    edges_y = np.linspace(0, rows, ROWS + 1).astype(int)
    edges_x = np.linspace(0, columns, COLUMNS + 1).astype(int)
    weight = free.astype(np.uint8)

    def total(values: Picture) -> NDArray[np.float32]:
        corner = np.asarray(cv2.integral(values), np.float64)[np.ix_(edges_y, edges_x)]
        return np.asarray(corner[1:, 1:] - corner[:-1, 1:] - corner[1:, :-1] + corner[:-1, :-1], np.float32)

    now, then = (total(np.asarray(cv2.copyTo(p, weight), np.uint8)) for p in (working, reference))
    ratio = np.clip((now + np.float32(1)) / (then + np.float32(1)), np.float32(0.25), np.float32(1.95))
    return total(weight) >= LEAST_PIXELS, ratio


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
