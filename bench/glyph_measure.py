"""Whether glyphs stand where people stand.

In each frame, person glyphs and annotated persons are matched one to one by their foot points: as many pairs as can be, then the
least distance; a pair may be 0.3 body heights (of the annotated box) apart. Persons that do not count (flag 0) and those whose feet
are above `least_y_px`, where nobody is annotated reliably, are neither missed nor hit, and a glyph on or among them is no false alarm.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.matching import match
from bench.truth import Person

NEAR_HEIGHTS: Final = 0.3
PETS_LEAST_Y_PX: Final = 90.0

Foot = tuple[float, float]
"""x, y in pixels."""


@dataclass(frozen=True)
class GlyphFigures:
    """Shares between 0 and 1; medians over the matched pairs, NaN if there are none."""

    persons: int
    glyphs: int
    matched: int
    recall: float
    precision: float
    median_error_px: float
    median_error_heights: float


class GlyphMeter:
    """Takes the glyphs of each frame and keeps the tallies."""

    def __init__(self, persons: Iterable[Person], least_y_px: float = PETS_LEAST_Y_PX) -> None:
        self._least_y_px = least_y_px
        self._by_frame: dict[int, list[Person]] = defaultdict(list)
        for person in persons:
            self._by_frame[person.frame].append(person)
        self._persons = self._glyphs = 0
        self._errors: list[tuple[float, float]] = []

    def see(self, number: int, feet: Sequence[Foot]) -> None:
        """Takes the foot points of the person glyphs of frame `number` (from 1)."""
        everyone = self._by_frame.get(number, [])
        counting = [person for person in everyone if person.counts and person.foot_px[1] >= self._least_y_px]
        others = [person for person in everyone if person not in counting]
        hits = match(_distances(counting, feet))
        taken = {glyph for _, glyph in hits}
        left = [foot for glyph, foot in enumerate(feet) if glyph not in taken]
        excused = {glyph for _, glyph in match(_distances(others, left))}
        alarms = [foot for glyph, foot in enumerate(left) if glyph not in excused and foot[1] >= self._least_y_px]
        for index, glyph in hits:
            error_px = _apart(counting[index], feet[glyph])
            self._errors.append((error_px, error_px / counting[index].height_px))
        self._persons += len(counting)
        self._glyphs += len(hits) + len(alarms)

    def figures(self) -> GlyphFigures:
        """The figures of all frames seen so far."""
        matched = len(self._errors)
        px, heights = np.median(np.array(self._errors), axis=0) if matched else (np.nan, np.nan)
        return GlyphFigures(
            persons=self._persons,
            glyphs=self._glyphs,
            matched=matched,
            recall=matched / max(1, self._persons),
            precision=matched / max(1, self._glyphs),
            median_error_px=float(px),
            median_error_heights=float(heights),
        )


def _distances(persons: Sequence[Person], feet: Sequence[Foot]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    table = np.full((len(persons), len(feet)), np.inf)
    for row, person in enumerate(persons):
        for column, foot in enumerate(feet):
            apart = _apart(person, foot)
            if apart <= NEAR_HEIGHTS * person.height_px:
                table[row, column] = apart
    return table


def _apart(person: Person, foot: Foot) -> float:
    return float(np.hypot(person.foot_px[0] - foot[0], person.foot_px[1] - foot[1]))
