"""A dark cloth that slides over the lens."""

from typing import Final

import cv2
import numpy as np

from passerby.released.scene import Size
from passerby.simulate.place_texture import Floats, Picture, waves

SOFT_PX: Final = 26.0
"""How soft the cloth's edge is, so close to the lens, in a picture 576 pixels high."""


class Cover:
    """The cloth.

    Args:
        size: Of the picture.
        seed: Of its folds.
    """

    def __init__(self, size: Size, seed: int) -> None:
        rng = np.random.default_rng([seed, 36])
        rows, columns = size.height_px, size.width_px
        down, across = np.meshgrid(np.linspace(0, 1, rows, dtype=np.float32), np.linspace(0, 1, columns, dtype=np.float32), indexing="ij")
        folds = np.asarray(cv2.resize(waves(rng, 128, 3), (columns, rows), interpolation=cv2.INTER_CUBIC), np.float32)
        tone = np.clip(9 + 3.0 * folds + 4 * (1 - down), 2, 28)
        self._cloth: Picture = np.asarray(tone[..., None] * np.array([1.0, 0.95, 1.02], np.float32), np.uint8)
        # It comes from the upper right: each pixel is reached when the cloth has slid so far.
        self._reached: Floats = np.asarray((1 - across) * 0.72 + down * 0.28 + 0.05 * np.sin(5 * down + 3 * across), np.float32)
        self._soft = SOFT_PX / 576
        self._span = (float(self._reached.min()) - self._soft, float(self._reached.max()) + self._soft)

    def over(self, picture: Picture, part: float) -> Picture:
        """The picture with the cloth slid over it by `part`, 0 to 1: a new array."""
        if part >= 1:
            return self._cloth.copy()
        at = self._span[0] + part * (self._span[1] - self._span[0])
        share = np.clip((at - self._reached) / self._soft + 0.5, 0, 1)
        alpha = np.asarray(cv2.merge([np.asarray(share * 255, np.uint8)] * 3), np.uint8)
        rest = cv2.multiply(picture, 255 - alpha, scale=1 / 255)
        return np.asarray(cv2.add(rest, cv2.multiply(self._cloth, alpha, scale=1 / 255)), np.uint8)
