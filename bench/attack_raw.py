"""What the same attacker reads off the clip itself: colours of who walks there, and how tall they are and how they step.

An attack on the released stream proves nothing unless it would find the difference where there is one to find.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from bench.clips import Mask, Picture
from bench.privacy_types import Floats, Labels, SeenPerson, whole_box

WHOLE: Final = 0.98
LEAST_PIXELS: Final = 80
BANDS: Final = ((0.0, 0.16), (0.16, 0.34), (0.34, 0.52), (0.52, 0.74), (0.74, 1.0))
"""Head, chest, hips, thighs, shins: parts of the box, from its upper edge."""
HUES: Final = 10
LEVELS: Final = 6
LEGS: Final = (0.72, 1.0)
TRUNK: Final = (0.15, 0.5)
STEPS_PER_M: Final = np.arange(0.8, 2.21, 0.05)
"""Steps in a metre that are looked for in the width of the legs."""
LEAST_SIGHTS: Final = 8
APPEARANCE_NUMBERS: Final = len(BANDS) * (6 + HUES + LEVELS)
GAIT_NUMBERS: Final = 14


@dataclass
class RawSighting:
    """One picture of a walker who is seen whole: where they stand in metres, colours, and the outline's measures in metres."""

    foot_m: tuple[float, float]
    colours: Floats
    measures: Floats


@dataclass
class RawWatcher:
    """Collects what the clip shows of all walkers of a visit."""

    sightings: dict[int, list[RawSighting]] = field(default_factory=dict)

    def see(self, picture: Picture, labels: Labels, people: Sequence[SeenPerson], px_per_m: Floats) -> None:
        """Takes a picture, whose pixels are whose, who is there, and how many pixels an upright metre has where each of them stands."""
        rows, columns = labels.shape
        for person, scale in zip(people, px_per_m.tolist(), strict=True):
            left, top, right, bottom = whole_box(person, columns, rows)
            inside = left > 0 and top > 0 and right < columns and bottom < rows
            if not inside or person.visible < WHOLE:
                continue
            outline = labels[top:bottom, left:right] == person.person + 1
            if outline.sum() < LEAST_PIXELS:
                continue
            colours = colours_of(picture[top:bottom, left:right], outline)
            self.sightings.setdefault(person.person, []).append(RawSighting(person.foot_m, colours, _measures(outline, person, (left, top), scale)))

    def appearance(self, person: int) -> Floats | None:
        """Colours of a walker; None = seen whole too seldom."""
        sights = self.sightings.get(person, [])
        return np.mean([one.colours for one in sights], axis=0) if len(sights) >= LEAST_SIGHTS else None

    def gait(self, person: int) -> Floats | None:
        """Height, step length, sway of a walker; None = seen whole too seldom."""
        sights = self.sightings.get(person, [])
        if len(sights) < LEAST_SIGHTS:
            return None
        return gait_features(np.array([one.foot_m for one in sights]), np.array([one.measures for one in sights]))


def colours_of(picture: Picture, outline: Mask) -> Floats:
    """Colours of the pixels of an outline, by part of the body: means, deviations, and histograms of hue and of brightness."""
    lab = cv2.cvtColor(picture, cv2.COLOR_BGR2LAB).astype(float)
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(float)
    found: list[float] = []
    for low, high in BANDS:
        rows = slice(int(low * len(picture)), max(int(low * len(picture)) + 1, int(high * len(picture))))
        mine = outline[rows]
        if not mine.any():
            found += [0.0] * (6 + HUES + LEVELS)
            continue
        some, tones = lab[rows][mine], hsv[rows][mine]
        hues, _ = np.histogram(tones[:, 0], bins=HUES, range=(0, 180), weights=tones[:, 1] / 255)
        levels, _ = np.histogram(some[:, 0], bins=LEVELS, range=(0, 256))
        # Roots keep one large bin from hiding all others; 60 brings shares to the scale of levels.
        shares = 60 * np.sqrt(np.concatenate([hues, levels]) / len(some))
        found += [*some.mean(0).tolist(), *some.std(0).tolist(), *shares.tolist()]
    return np.array(found)


def _measures(outline: Mask, person: SeenPerson, corner: tuple[int, int], scale: float) -> Floats:
    """Height, width of legs and trunk, and how far the trunk is beside the feet, in metres as if all of it were upright where they stand."""
    filled = np.flatnonzero(outline.any(1))
    height_px = person.foot_px[1] - (corner[1] + filled[0])
    legs, trunk = (_span(outline, part) for part in (LEGS, TRUNK))
    beside = corner[0] + (trunk[0] + trunk[1]) / 2 - person.foot_px[0]
    return np.array([height_px, legs[1] - legs[0], trunk[1] - trunk[0], beside]) / scale


def _span(outline: Mask, part: tuple[float, float]) -> tuple[float, float]:
    """From which to which column a part of an outline reaches."""
    rows = outline[int(part[0] * len(outline)) : max(int(part[0] * len(outline)) + 1, int(part[1] * len(outline)))]
    columns = np.flatnonzero(rows.any(0))
    return (float(columns[0]), float(columns[-1] + 1)) if len(columns) else (0.0, 0.0)


def gait_features(feet_m: Floats, measures: Floats) -> Floats:
    """One row of numbers: n x 2 places, n x 4 measures (height, legs, trunk, beside) in metres."""
    walked_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(feet_m, axis=0), axis=1))])
    height, legs, trunk, beside = measures.T
    heights = [np.median(height), np.quantile(height, 0.8), height.mean()]
    power = _power(walked_m, legs)
    slow = _power(walked_m, beside)
    peak = STEPS_PER_M[int(power.argmax())]
    fine = float((STEPS_PER_M * power**4).sum() / (power**4).sum())
    steps = [1 / peak, 1 / fine, legs.mean(), legs.std(), np.quantile(legs, 0.9)]
    return np.array([*heights, *steps, trunk.mean(), trunk.std(), beside.mean(), beside.std(), slow.max(), power.max()])


def _power(walked_m: Floats, values: Floats) -> Floats:
    """Amplitude of values by steps a metre, against the way walked."""
    at = (walked_m - walked_m.mean()) / max(1e-6, np.ptp(walked_m))
    rest = (values - np.polyval(np.polyfit(at, values, 2), at)) * np.hanning(len(values) + 2)[1:-1]
    return np.asarray(np.abs(np.exp(-2j * np.pi * STEPS_PER_M[:, None] * walked_m[None]) @ rest) / len(values) + 1e-9, np.float64)
