"""What an attacker can read off a released stream along the way of one walker: everything that scenes and their pictures hold near the figure.

The attacker is told more than anybody could know: which figure is whose, by the true places. What is left for him to find is whether
anything along the way tells one walker from another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from bench.clips import Picture
from bench.privacy_types import Floats, SeenPerson
from passerby.released.scene import Glyph, Kind, LightField, Scene

LEAST_VISIBLE: Final = 0.25
REACH_HEIGHTS: Final = 0.5
CROP: Final = (8, 12)
"""Columns and rows to which the picture around a figure is reduced."""
CROP_GROWTH: Final = 0.5
CELL_WINDOW: Final = 2
BLOCKS_ACROSS: Final = 3
BLOCKS_DOWN: Final = 5
SPECTRUM_HZ: Final = np.arange(0.2, 2.01, 0.2)
LEAST_SIGHTS: Final = 6
LOST: Final = np.nan
KINDS: Final = len(Kind)
TRACK_NUMBERS: Final = 4 + 7 * 5 + 3 * (len(SPECTRUM_HZ) + 2) + KINDS + 3
NEAR_NUMBERS: Final = (2 * CELL_WINDOW + 1) ** 2 + 3 + 3 + 2
RELEASED_NUMBERS: Final = TRACK_NUMBERS + 2 * NEAR_NUMBERS + 3 * CROP[0] * CROP[1] + 3


@dataclass
class Sighting:
    """One scene in which a walker is in view: time, figure (x, y, height, width in pixels and kind, NaN = no figure), what is released around it."""

    time_s: float
    glyph: tuple[float, float, float, float, float]
    near: Floats
    crop: Floats


@dataclass
class ReleasedWatcher:
    """Collects what is released along the ways of all walkers of a visit.

    Args:
        reference: The rendered picture shortly before the visit, with nobody there.
    """

    reference: Picture
    sightings: dict[int, list[Sighting]] = field(default_factory=dict)
    _shown_before: Floats | None = None

    def see(self, scene: Scene, out: Picture, people: Sequence[SeenPerson]) -> None:
        """Takes a scene, its picture, and who is in view."""
        inside = in_view(people, out)
        glyphs = _assigned(inside, scene.glyphs)
        surroundings = _Surroundings(scene, self._shown_before)
        for person in inside:
            glyph = glyphs.get(person.person)
            x, y = (glyph.x_px, glyph.y_px) if glyph else person.foot_px
            tall = float(glyph.height_px) if glyph else _standing_px(person)
            line = (float(glyph.x_px), float(glyph.y_px), float(glyph.height_px), float(glyph.width_px), float(glyph.kind)) if glyph else (LOST,) * 5
            sight = Sighting(scene.time_s, line, surroundings.around(x, y, tall), _crop(out, self.reference, x, y, tall))
            self.sightings.setdefault(person.person, []).append(sight)
        self._shown_before = surroundings.shown

    def features(self, person: int) -> Floats | None:
        """One row of numbers for a walker; None = seen too seldom to say anything."""
        sights = self.sightings.get(person, [])
        if len(sights) < LEAST_SIGHTS:
            return None
        times_s = np.array([one.time_s for one in sights])
        track = np.array([one.glyph for one in sights])
        near = np.array([one.near for one in sights])
        crops = np.array([one.crop for one in sights])
        return np.concatenate([track_features(times_s, track), near.mean(0), near.std(0), crops.mean(0), crops.std(0).reshape(-1, 3).mean(0)])


def in_view(people: Sequence[SeenPerson], out: Picture) -> list[SeenPerson]:
    """Those who stand in the picture and are not hidden."""
    height_px, width_px = out.shape[:2]
    return [one for one in people if one.visible >= LEAST_VISIBLE and 0 <= one.foot_px[0] < width_px and 0 <= one.foot_px[1] < height_px]


def track_features(times_s: Floats, track: Floats) -> Floats:
    """What a figure's way says: n times, n x 5 (x, y, height, width, kind; NaN = no figure)."""
    there = np.isfinite(track[:, 0])
    shares = [there.mean(), np.argmax(there) if there.any() else len(there), len(there), (np.diff(there.astype(int)) != 0).mean()]
    if there.sum() < LEAST_SIGHTS:
        return np.concatenate([shares, np.zeros(TRACK_NUMBERS - len(shares))])
    seen_s, x, y, tall, wide, kind = times_s[there], *track[there].T
    by_row = np.polynomial.Polynomial.fit(y, tall, 1) if np.ptp(y) > 0 else np.polynomial.Polynomial([tall.mean()])
    speed = np.hypot(np.gradient(x, seen_s), np.gradient(y, seen_s)) / tall
    rows = [tall, tall / y, tall - by_row(y), wide / tall, speed, np.abs(np.diff(speed)), np.abs(np.diff(tall)) / tall[1:]]
    statistics = [value for row in rows for value in (row.mean(), row.std(), *np.quantile(row, (0.1, 0.5, 0.9)))]
    wobble = [_residual(seen_s, line) / tall.mean() for line in (x, y, tall)]
    spectra = [power for line in wobble for power in (*_spectrum(seen_s, line), line.std(), np.abs(line).max())]
    kinds = [(kind == one).mean() for one in range(KINDS)]
    return np.concatenate([shares, statistics, spectra, kinds, [(np.diff(kind) != 0).mean(), seen_s[0] - times_s[0], times_s[-1] - seen_s[-1]]])


def _residual(times_s: Floats, values: Floats) -> Floats:
    """What is left of a line of values once its smooth course is taken away."""
    at = (times_s - times_s.mean()) / max(1e-6, np.ptp(times_s))
    return np.asarray(values - np.polyval(np.polyfit(at, values, 3), at), np.float64)


def _spectrum(times_s: Floats, values: Floats) -> Floats:
    """Amplitude of values by frequency; times need not be even."""
    turns = np.exp(-2j * np.pi * SPECTRUM_HZ[:, None] * (times_s - times_s[0])[None])
    return np.asarray(np.abs(turns @ values) / len(values), np.float64)


def _assigned(people: Sequence[SeenPerson], glyphs: Sequence[Glyph]) -> dict[int, Glyph]:
    """Whose figure is which: nearest pairs first, of any kind."""
    pairs = []
    for person in people:
        reach = REACH_HEIGHTS * _standing_px(person)
        for index, glyph in enumerate(glyphs):
            apart = float(np.hypot(person.foot_px[0] - glyph.x_px, person.foot_px[1] - glyph.y_px))
            if apart <= reach:
                pairs.append((apart, person.person, index))
    found: dict[int, Glyph] = {}
    taken: set[int] = set()
    for _, person_number, index in sorted(pairs):
        if person_number not in found and index not in taken:
            found[person_number] = glyphs[index]
            taken.add(index)
    return found


def _standing_px(person: SeenPerson) -> float:
    return max(person.box[2], person.box[3], 8.0)


class _Surroundings:
    """What one scene says around a point: cells, withheld blocks, fresh patches, light, and the gate's health."""

    def __init__(self, scene: Scene, shown_before: Floats | None) -> None:
        self._scene = scene
        bits = np.unpackbits(np.frombuffer(scene.shown, np.uint8), count=scene.block_rows * scene.block_columns)
        self.shown: Floats = bits.reshape(scene.block_rows, scene.block_columns).astype(float)
        before = self.shown if shown_before is None or shown_before.shape != self.shown.shape else shown_before
        self._changed = np.abs(self.shown - before)
        self._fresh = np.zeros_like(self.shown)
        for patch in scene.patches:
            block = scene.block_px
            self._fresh[patch.y_px // block, patch.x_px // block : -(-(patch.x_px + patch.width_px) // block)] = 1
        self._cells = {(cell.row, cell.column) for cell in scene.cells}
        self._light = None if scene.light is None else _gains(scene.light)

    def around(self, x_px: float, y_px: float, tall_px: float) -> Floats:
        """A row of numbers about the surroundings of a figure whose foot is there."""
        scene, side = self._scene, self._scene.cell_px
        row, column = int((y_px - tall_px / 2) // side), int(x_px // side)
        span = range(-CELL_WINDOW, CELL_WINDOW + 1)
        cells = [float((row + down, column + across) in self._cells) for down in span for across in span]
        block = scene.block_px
        rows = slice(max(0, int((y_px - tall_px) // block)), max(1, int(y_px // block) + 1))
        columns = slice(max(0, int(x_px // block) - BLOCKS_ACROSS), max(1, int(x_px // block) + BLOCKS_ACROSS + 1))
        blocks = [float(1 - _mean(self.shown[rows, columns])), _mean(self._changed[rows, columns]), _mean(self._fresh[rows, columns])]
        return np.array([*cells, *blocks, *self._light_at(x_px, y_px - tall_px / 2), scene.health.withheld_share, float(len(self._cells))])

    def _light_at(self, x_px: float, y_px: float) -> list[float]:
        """The light there against that of the whole picture, by channel."""
        if self._light is None:
            return [0.0, 0.0, 0.0]
        rows, columns = self._light.shape[:2]
        size = self._scene.size
        row = int(np.clip(y_px * rows / size.height_px, 0, rows - 1))
        column = int(np.clip(x_px * columns / size.width_px, 0, columns - 1))
        return list((self._light[row, column] - np.median(self._light, axis=(0, 1))).tolist())


def _gains(light: LightField) -> Floats:
    return np.frombuffer(light.gains, np.uint8).reshape(light.rows, light.columns, 3) / 128.0


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else 0.0


def _crop(out: Picture, reference: Picture, x_px: float, y_px: float, tall_px: float) -> Floats:
    """The picture around a figure against the same part without anybody, reduced to a few numbers."""
    grown = tall_px * CROP_GROWTH / 2
    top, bottom = int(y_px - tall_px - grown), int(y_px + grown)
    half = tall_px * 0.36 / 2 + grown
    left, right = int(x_px - half), int(x_px + half)
    rows, columns = slice(max(0, top), max(0, bottom)), slice(max(0, left), max(0, right))
    now, then = out[rows, columns], reference[rows, columns]
    if now.size == 0:
        return np.zeros(CROP[0] * CROP[1] * 3)
    difference = now.astype(np.float32) - then.astype(np.float32)
    return np.asarray(cv2.resize(difference, CROP, interpolation=cv2.INTER_AREA).reshape(-1), np.float64)
