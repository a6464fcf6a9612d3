"""Noise of a sensor and streaks of rain: drawn once on a larger field, of which each frame takes another part."""

from typing import Final

import cv2
import numpy as np

from passerby.released.scene import Size
from passerby.simulate.place_texture import Floats, Picture

ROOM_PX: Final = 96
"""The field is larger than the picture by this much in both directions: so many thousand parts."""
CHROMA: Final = 0.55
"""Share of the noise's deviation that differs from channel to channel."""
DROPS: Final = 1300


class Grain:
    """Independent noise from frame to frame, a little soft in space as that of a sensor that interpolates its colours.

    Args:
        size: Of the picture.
        sigma: Deviation of each channel in levels.
        seed: Of the noise.
        grey: Whether all channels have the same noise.
    """

    def __init__(self, size: Size, sigma: float, seed: int, *, grey: bool) -> None:
        self._size, self._seed = size, seed
        rng = np.random.default_rng([seed, 32])
        rows, columns = size.height_px + ROOM_PX, size.width_px + ROOM_PX
        common = _soft(rng.standard_normal((rows, columns, 1), np.float32), 0.45)
        own = np.zeros((rows, columns, 3), np.float32) if grey else _soft(rng.standard_normal((rows, columns, 3), np.float32), 0.6)
        share = 0.0 if grey else CHROMA
        field = np.round(sigma * (np.sqrt(1 - share * share) * common + share * own))
        # Sums of unsigned bytes are three times as fast as those of signed ones.
        self._more = np.asarray(np.clip(field, 0, 255), np.uint8)
        self._less = np.asarray(np.clip(-field, 0, 255), np.uint8)

    def add(self, picture: Picture, frame: int) -> None:
        """Adds the noise of a frame to `picture` (h, w, 3), in place."""
        y, x = np.random.default_rng([self._seed, 33, frame]).integers(0, ROOM_PX + 1, 2)
        part = slice(y, y + self._size.height_px), slice(x, x + self._size.width_px)
        cv2.add(picture, self._more[part], dst=picture)
        cv2.subtract(picture, self._less[part], dst=picture)


class Streaks:
    """Rain: short bright streaks, others in each frame, a little aslant.

    Args:
        size: Of the picture.
        rain: 0 to 1: how many.
        seed: Of the streaks.
    """

    def __init__(self, size: Size, rain: float, seed: int) -> None:
        self._size, self._seed = size, seed
        rng = np.random.default_rng([seed, 34])
        rows, columns = size.height_px + ROOM_PX, size.width_px + ROOM_PX
        scale = size.height_px / 576
        field = np.zeros((rows, columns), np.uint8)
        for _ in range(round(DROPS * rain * rows * columns / (672 * 864 * scale * scale))):
            x, y = rng.uniform(0, columns), rng.uniform(-20, rows)
            near = float(rng.random()) ** 2
            long = scale * (7 + 22 * near)
            ends = np.round(np.array([[x, y], [x + (0.12 + 0.03 * float(rng.standard_normal())) * long, y + long]]) * 16).astype(np.int32)
            # One streak lies over another: they do not add up.
            cv2.polylines(field, [ends], False, round(8 + 17 * near), max(1, round(scale * (0.6 + 0.8 * near))), cv2.LINE_AA, 4)
        soft = np.asarray(cv2.GaussianBlur(field, (0, 0), 0.6 * max(1.0, scale)), np.uint8)
        self._field = np.asarray(cv2.cvtColor(soft, cv2.COLOR_GRAY2BGR), np.uint8)

    def add(self, picture: Picture, frame: int) -> None:
        """Adds the streaks of a frame to `picture` (h, w, 3), in place."""
        y, x = np.random.default_rng([self._seed, 35, frame]).integers(0, ROOM_PX + 1, 2)
        cv2.add(picture, self._field[y : y + self._size.height_px, x : x + self._size.width_px], dst=picture)


def _soft(noise: Floats, sigma_px: float) -> Floats:
    """Noise, a little blurred, of deviation 1 again."""
    blurred = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma_px), np.float32).reshape(noise.shape)
    return np.asarray(blurred / blurred.std(), np.float32)
