"""Something like smoke: soft grey clouds that rise, grow, drift and thin out."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from passerby.simulate.camera import Camera
from passerby.simulate.place_solids import Layer
from passerby.simulate.place_texture import Floats, waves

PUFFS_PER_S: Final = 4.0
LIVES_S: Final = 9.0
GREY: Final = (176, 176, 174)
COARSER: Final = 2
"""Smoke is drawn on pixels so many times larger, since it has no fine detail."""


@dataclass(frozen=True)
class Smoke:
    """A source of smoke.

    Attributes:
        xy_m: Where it is.
        from_s: When it begins.
        until_s: When the last puff leaves it.
        seed: For the puffs.
    """

    xy_m: tuple[float, float]
    from_s: float
    until_s: float
    seed: int

    def seen(self, camera: Camera, time_s: float) -> Layer | None:
        """The smoke as seen now; None when there is none."""
        first = max(0, math.ceil((time_s - LIVES_S - self.from_s) * PUFFS_PER_S))
        last = math.floor((min(time_s, self.until_s) - self.from_s) * PUFFS_PER_S)
        if last < first:
            return None
        per_m = float(camera.px_per_m(np.array([self.xy_m]))[0])
        foot = camera.to_px(np.array([self.xy_m]))[0]
        puffs = [self._puff(number, time_s, per_m) for number in range(first, last + 1)]
        low = [min(p[k] - 2.2 * p[2] for p in puffs) for k in (0, 1)]
        high = [max(p[k] + 2.2 * p[2] for p in puffs) for k in (0, 1)]
        left, top = (math.floor(foot[k] + low[k]) for k in (0, 1))
        columns, rows = (max(1, math.ceil((high[k] - low[k]) / COARSER)) for k in (0, 1))
        clear = np.ones((rows, columns), np.float32)
        for x, y, radius, thick in puffs:
            _dim(clear, ((x - low[0]) / COARSER, (y - low[1]) / COARSER), radius / COARSER, thick)
        shift = int(time_s * 6) % 256
        rolled = np.tile(np.roll(self._billows, -shift, axis=0), (rows // 256 + 1, columns // 256 + 1))[:rows, :columns]
        share = (1 - clear) * np.clip(1 + 0.22 * rolled, 0, 1.25)
        alpha = np.asarray(np.clip(235 * share, 0, 235), np.uint8)
        large = np.asarray(cv2.resize(alpha, (columns * COARSER, rows * COARSER), interpolation=cv2.INTER_LINEAR), np.uint8)
        bgr = np.empty((*large.shape, 3), np.uint8)
        bgr[:] = GREY
        return Layer(left, top, bgr, large, self.xy_m[1])

    @cached_property
    def _billows(self) -> Floats:
        """(256, 256): the unevenness that rises through the smoke."""
        return waves(np.random.default_rng([self.seed, 13]), 256, 14)

    def _puff(self, number: int, time_s: float, per_m: float) -> tuple[float, float, float, float]:
        """A puff's middle from the source in pixels, radius in pixels, and how thick it is."""
        rng = np.random.default_rng([self.seed, 14, number])
        age = time_s - self.from_s - number / PUFFS_PER_S
        part = min(1.0, max(0.0, age / LIVES_S))
        aside, push, size = rng.uniform(-0.2, 0.2), rng.uniform(0.10, 0.28), rng.uniform(0.8, 1.25)
        x = aside + push * age + 0.12 * math.sin(1.3 * age + number)
        up = 0.1 + 0.42 * age / (1 + 0.06 * age)
        radius = size * (0.18 + 0.11 * age)
        return (x * per_m, -up * per_m, radius * per_m, 0.55 * min(1.0, age / 0.5) * (1 - part) ** 1.2)


def _dim(clear: Floats, at: tuple[float, float], radius: float, thick: float) -> None:
    """Multiplies in what one puff lets through."""
    rows, columns = clear.shape
    reach = 2.0 * radius
    y0, y1 = max(0, int(at[1] - reach)), min(rows, int(at[1] + reach) + 1)
    x0, x1 = max(0, int(at[0] - reach)), min(columns, int(at[0] + reach) + 1)
    if y1 <= y0 or x1 <= x0:
        return
    down = np.exp(-0.5 * ((np.arange(y0, y1, dtype=np.float32) + 0.5 - at[1]) / (0.72 * radius)) ** 2)
    across = np.exp(-0.5 * ((np.arange(x0, x1, dtype=np.float32) + 0.5 - at[0]) / (0.72 * radius)) ** 2)
    clear[y0:y1, x0:x1] *= 1 - np.float32(thick) * down[:, None] * across[None]
