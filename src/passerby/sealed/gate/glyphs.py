"""From subjects to glyphs: snapped to a coarse grid, everybody of one height where they stand.

The height that persons have at a row of the picture is a straight line fitted to many of them at once, in coarse steps: no glyph tells its
subject's own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from passerby.released.scene import GLYPH_STEPS_PER_HEIGHT, Glyph, Kind, Size
from passerby.sealed.gate.ground import Ground

PERSON_WIDTH_PER_HEIGHT: Final = 0.36
ROW_BANDS: Final = 16
MOST_PER_BAND: Final = 200
LEAST_PER_BAND: Final = 5
ENOUGH_PERSONS: Final = 8
COARSE_STEP: Final = 1.25
"""The height of fewer persons would be that of the first one: people differ by a twentieth, so steps of a quarter hide it."""
STEEPEST: Final = 0.9
LEAST_SLOPE: Final = 0.05
"""Pixels of height a row; where it is less, everybody is about as high and no row is far off."""
FIRST_HEIGHT_SHARE: Final = 0.2
LOWEST_FOOT: Final = 1.2
"""Of the picture's height: feet may be below the lower border."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject at one moment: foot point, height and width in pixels of the picture."""

    kind: Kind
    x_px: float
    y_px: float
    height_px: float
    width_px: float


class PersonHeight:
    """The common height of persons by the row they stand on. Holds a bounded number of heights for each of 16 bands of rows."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._bands: list[list[float]] = [[] for _ in range(ROW_BANDS)]
        self._line: tuple[float, float] | None = None
        self._persons = 0

    def learn(self, y_px: float, height_px: float, *, another: bool = True) -> None:
        """Takes the height of one person standing at row `y_px`; `another` says that nothing was learned of this person before."""
        self._persons += another
        if y_px >= self._size.height_px - 2:
            return
        band = self._bands[int(np.clip(y_px * ROW_BANDS / self._size.height_px, 0, ROW_BANDS - 1))]
        band.append(height_px)
        if len(band) > MOST_PER_BAND:
            del band[: MOST_PER_BAND // 2]
        self._line = None

    def at(self, y_px: float) -> float:
        """Height in pixels of everybody who stands at row `y_px`."""
        slope, offset = self._known_line()
        return max(0.02 * self._size.height_px, slope * y_px + offset)

    def foot_below(self, top_px: float) -> float:
        """The row on which somebody stands whose head is at row `top_px`."""
        slope, offset = self._known_line()
        return (top_px + offset) / (1 - slope) if slope < STEEPEST else top_px + self.at(top_px)

    def rows_of(self, height_px: float) -> tuple[float, float]:
        """From which row to which persons are no higher than this: (0, 0) where that is not known or nowhere."""
        slope, offset = self._known_line()
        if slope < LEAST_SLOPE:
            return 0.0, 0.0
        return max(0.0, -offset / slope), float(np.clip((height_px - offset) / slope, 0, self._size.height_px))

    def _known_line(self) -> tuple[float, float]:
        """Slope and offset of the common height; of few persons in steps so coarse that it is not theirs."""
        if self._line is None:
            slope, offset = self._fitted()
            middle = slope * self._size.height_px / 2 + offset
            if self._persons < ENOUGH_PERSONS and middle > 1:
                coarse = COARSE_STEP ** round(math.log(middle) / math.log(COARSE_STEP)) / middle
                slope, offset = slope * coarse, offset * coarse
            self._line = slope, offset
        return self._line

    def _fitted(self) -> tuple[float, float]:
        """Slope and offset of the line through the bands' medians, in steps too coarse for one person to show."""
        centres = (np.arange(ROW_BANDS) + 0.5) * self._size.height_px / ROW_BANDS
        used = [i for i, band in enumerate(self._bands) if len(band) >= LEAST_PER_BAND]
        if not used:
            every = [h for band in self._bands for h in band]
            middle = float(np.median(every)) if every else FIRST_HEIGHT_SHARE * self._size.height_px
            return 0.0, round(middle / 4) * 4.0
        medians = np.array([np.median(self._bands[i]) for i in used])
        if len(used) == 1:
            return 0.0, round(float(medians[0]) / 4) * 4.0
        weights = np.sqrt([len(self._bands[i]) for i in used])
        slope, offset = np.polyfit(centres[used], medians, 1, w=weights)
        return round(float(slope), 2), float(round(offset / 2) * 2)


def glyphs_of(subjects: Sequence[Subject], size: Size, heights: PersonHeight, ground: Ground | None = None) -> tuple[Glyph, ...]:
    """The glyphs of `subjects`, sorted by position."""
    step = max(1.0, size.height_px / GLYPH_STEPS_PER_HEIGHT)
    return tuple(sorted(_glyph(subject, size, step, heights, ground) for subject in subjects))


def _glyph(subject: Subject, size: Size, step: float, heights: PersonHeight, ground: Ground | None) -> Glyph:
    x_px, y_px = float(np.clip(subject.x_px, 0, size.width_px)), float(np.clip(subject.y_px, 0, size.height_px * LOWEST_FOOT))
    if ground is None:
        x, y = round(round(x_px / step) * step), round(round(y_px / step) * step)
    else:
        on_grid = ground.snapped(x_px, y_px)
        x, y = round(np.clip(on_grid[0], 0, size.width_px)), round(np.clip(on_grid[1], 0, size.height_px * LOWEST_FOOT))
    # Neither a line drawn too far nor a box that is far too large may make a glyph so large that no scene could hold it.
    longest = max(size.width_px, size.height_px)
    if subject.kind is Kind.PERSON:
        height = min(round(heights.at(y) / 2) * 2, longest)
        return Glyph(y, x, max(2, height), max(2, round(height * PERSON_WIDTH_PER_HEIGHT)), subject.kind)
    coarse = 2 * step
    tall, wide = (round(max(1, round(min(side, longest) / coarse)) * coarse) for side in (subject.height_px, subject.width_px))
    return Glyph(y, x, tall, wide, subject.kind)
