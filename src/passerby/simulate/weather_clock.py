"""Date and time as a camera burns them into its picture."""

import datetime as dt
from typing import Final

import cv2
import numpy as np

from passerby.released.scene import Size
from passerby.released.typeface import Typeface
from passerby.simulate.place_texture import Picture

HEIGHT: Final = 24
"""The picture is so many lines of the clock high."""
FIRST_DAY: Final = dt.date(2023, 3, 1)
DAYS: Final = 600


class BurnedClock:
    """White letters with a dark rim in the upper left corner.

    Args:
        size: Of the picture.
        seed: Of the date and the time at which the clip begins.
    """

    def __init__(self, size: Size, seed: int) -> None:
        rng = np.random.default_rng([seed, 37])
        day = FIRST_DAY + dt.timedelta(days=int(rng.integers(DAYS)))
        morning = dt.datetime.combine(day, dt.time(8), tzinfo=dt.UTC)
        self._start = morning + dt.timedelta(seconds=int(rng.integers(6 * 3600)))
        self._em = max(8, size.height_px // HEIGHT)
        self._face = Typeface(self._em)
        self._edge = max(2, size.height_px // 64)
        self._room = (max(1, size.height_px - self._edge), max(1, size.width_px - self._edge))
        self._kept: tuple[str, Picture, Picture] | None = None

    def text(self, time_s: float) -> str:
        """What it says: it changes once a second."""
        return (self._start + dt.timedelta(seconds=int(time_s + 1e-6))).strftime("%d-%m-%Y  %H:%M:%S")

    def write(self, picture: Picture, time_s: float) -> None:
        """Writes date and time into `picture` (h, w, 3), in place."""
        text = self.text(time_s)
        if self._kept is None or self._kept[0] != text:
            self._kept = (text, *self._drawn(text))
        _, rest, ink = self._kept
        rows, columns = ink.shape[:2]
        part = picture[self._edge : self._edge + rows, self._edge : self._edge + columns]
        part[:] = np.asarray(cv2.add(cv2.multiply(part, rest, scale=1 / 255), ink), np.uint8)

    def _drawn(self, text: str) -> tuple[Picture, Picture]:
        """What the letters and their rim leave of the picture (255 = all), and what the letters add."""
        rows, columns = min(self._room[0], round(1.5 * self._em)), min(self._room[1], self._face.width_px(text) + self._em)
        letters = self._face.coverage(columns, rows, [(text, self._em // 3, round(1.1 * self._em), False)])
        rim = np.asarray(cv2.GaussianBlur(cv2.dilate(letters, np.ones((3, 3), np.uint8)), (0, 0), 0.8), np.float32)
        rest = 1 - np.maximum(letters, 0.8 * rim)
        return tuple(np.asarray(cv2.merge([np.asarray(v, np.uint8)] * 3), np.uint8) for v in (rest * 255, letters * 235))  # type: ignore[return-value]
