"""How two pictures of a view compare, region by region: by their gradients, so that light alone does not look like movement."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.sealed.gate.grid import Mask, Picture

ROWS: Final = 6
COLUMNS: Final = 8
LEAST_GRADIENT: Final = 3.0
"""Levels a pixel; what has less is no texture."""
LEAST_FREE_SHARE: Final = 0.4
FEWEST_REGIONS: Final = 4

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a picture compares with a reference, by region (6 x 8).

    Attributes:
        usable: Regions that could be read, and were textured before.
        gained: Share of the regions that could be read that were blank before and are textured now, as when a lens is uncovered.
        correlation: Of the gradients, -1 to 1.
        strength: Of the gradients now, levels a pixel.
        strength_before: Of those of the reference.
        brightness: Ratio, now to before.
    """

    usable: NDArray[np.bool_]
    gained: float
    correlation: Floats
    strength: Floats
    strength_before: Floats
    brightness: Floats

    @property
    def enough(self) -> bool:
        """Whether enough regions are usable for a judgement."""
        return int(self.usable.sum()) >= FEWEST_REGIONS


def grey_of(working: Picture) -> Floats:
    """A working picture without its colour."""
    return np.asarray(cv2.cvtColor(working, cv2.COLOR_BGR2GRAY), np.float32)


def likeness(grey: Floats, reference: Floats, readable: Mask) -> Likeness:
    """How a grey working picture compares with another, where both may be read."""
    # A gradient reads 2 pixels to each side.
    weight = cv2.erode(readable.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.float32)
    now, before = _gradient(grey), _gradient(reference)
    cross = _sums((now[0] * before[0] + now[1] * before[1]) * weight)
    power_now = _sums((now[0] ** 2 + now[1] ** 2) * weight)
    power_before = _sums((before[0] ** 2 + before[1] ** 2) * weight)
    pixels = _sums(weight)
    correlation = cross / np.sqrt(np.maximum(power_now * power_before, 1e-6))
    enough = pixels > LEAST_FREE_SHARE * readable.size / (ROWS * COLUMNS)
    textured_now, textured_before = (power > LEAST_GRADIENT**2 * np.maximum(pixels, 1) for power in (power_now, power_before))
    gained = float((enough & textured_now & ~textured_before).sum() / max(FEWEST_REGIONS, int(enough.sum())))
    ratio = (_sums(grey * weight) + 1) / (_sums(reference * weight) + 1)
    per_pixel = np.maximum(pixels, 1)
    strength, strength_before = (np.sqrt(np.maximum(power, 0) / per_pixel) for power in (power_now, power_before))
    return Likeness(enough & textured_before, gained, correlation, strength, strength_before, ratio)


def _gradient(grey: Floats) -> tuple[Floats, Floats]:
    smooth = cv2.blur(grey, (3, 3))
    across, down = (np.asarray(cv2.Sobel(smooth, cv2.CV_32F, dx, 1 - dx, scale=0.25), np.float32) for dx in (1, 0))
    return across, down


def _sums(values: Floats) -> Floats:
    """Sums over the regions; a pixel on the border of two counts for both in part."""
    rows, columns = values.shape
    return np.asarray(_parts(rows, ROWS) @ values @ _parts(columns, COLUMNS).T, np.float32)


@lru_cache(maxsize=16)
def _parts(length: int, regions: int) -> Floats:
    """How much of each of `length` pixels lies in each of `regions` equal parts: regions x length, columns sum to 1."""
    edges = np.arange(regions + 1) * length / regions
    pixels = np.arange(length)
    inside = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.clip(inside, 0, 1), np.float32)
