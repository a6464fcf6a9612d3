"""What of a zone differs from the empty place: its area and the edges in it, in metres on upright people (after Chan et al., CVPR 2008).

Somebody whose feet are in the zone is seen above them. So the zone is taken as high as the middle of people who stand in it, and each pixel there
counts as large as it is on them: the ground plane says how many pixels a metre across has at their feet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.measure.ground import Floats, GroundPlane
from passerby.released.measurement import CrowdNumbers
from passerby.sealed.gate.background import distance
from passerby.sealed.gate.grid import Grid, Mask, Picture
from passerby.sealed.gate.watch import Observed

MIDDLE_M: Final = 0.85
"""Height of the middle of a person."""
LEAST_BRIGHTNESS: Final = 16.0
"""Grey levels: a place that is darker counts as this bright, or noise would be edges."""
LEAST_KNOWN: Final = 0.9
"""Of the pixels in which people of a zone would be seen, so many must be of a place that is known."""
HIDES_LEVELS: Final = 12
"""Levels by which a pixel differs from the place, in the light of now, where it is hidden. Less than what makes a subject: of a crowd in dusk a tenth
would be taken for the place."""
STIRS_LEVELS: Final = 10
"""Grey levels by which a pixel changes from one look to the next where somebody stirs: noise is less in a working picture."""
LEAST_STIRS: Final = 0.02
"""Of people who stand close, so much changes from look to look, on most looks; of what was put there, nothing."""
STIRS_FADE_S: Final = 5.0
"""So long it takes to fade to a half: people stand still for a moment, too. Soon enough that a lorry which has parked is none of them."""
MOST_STIRS: Final = 0.06
"""What is more fades as if it were this."""
LEAST_LEFT: Final = 0.5
"""Of the zone's view, so much must be left beside what is never shown, or one person would fill the rest."""
KERNEL: Final = np.ones((3, 3), np.uint8)
GREY_BGR: Final = (0.114, 0.587, 0.299)
Polygon = Sequence[tuple[float, float]]
Weights = NDArray[np.float32]


class CrowdView:
    """Takes a camera's zones' numbers off its working pictures.

    Args:
        grid: The geometry of its pictures.
        zones: The zones' corners in pixels.
        plane: Its ground plane.

    Raises:
        SettingsError: A zone reaches above the horizon.
    """

    def __init__(self, grid: Grid, zones: Sequence[Polygon], plane: GroundPlane) -> None:
        rows, columns = grid.working_shape
        foot_rows = (np.arange(rows) + 0.5) * grid.shrink
        self._zones, self._stirring = list[_Zone](), list[_Stirring]()
        for zone in zones:
            corners = np.asarray(zone, float)
            metre_px = _metre_px(plane, float(corners[:, 0].mean()), foot_rows) / grid.shrink
            feet = np.zeros((rows, columns), np.uint8)
            cv2.fillPoly(feet, [np.round(corners / grid.shrink).astype(np.int32)], (1,))
            self._zones.append(_Zone.of(np.square(_raised(feet.astype(bool), metre_px)), plane.area_m2(zone)))
            self._stirring.append(_Stirring())

    def of(self, observed: Observed, time_s: float) -> list[CrowdNumbers | None]:
        """The numbers of each zone; None = too little of the place is known there: what is not known differs from nothing.

        `detected` is 0: it is not known here.

        Args:
            observed: What a look saw.
            time_s: Time of its picture.
        """
        return [zone.numbers(observed, stirring, time_s) for zone, stirring in zip(self._zones, self._stirring, strict=True)]


class _Stirring:
    """Whether what differs from the place in a zone stirs, as people do and stalls do not."""

    def __init__(self) -> None:
        self._before: tuple[Picture, float] | None = None
        self._share = 0.0

    def seen(self, working: Picture, hides: Mask, time_s: float) -> bool:
        """Whether it does, as of this look. Of the first one it is not known, and taken for no."""
        before, self._before = self._before, (working.copy(), time_s)
        if before is None or not hides.any():
            return False
        stirs = distance(working, before[0]) > STIRS_LEVELS
        faded = 0.5 ** (max(0.0, time_s - before[1]) / STIRS_FADE_S) * min(self._share, MOST_STIRS)
        self._share = max(float(stirs[hides].mean()), faded)
        return self._share >= LEAST_STIRS


@dataclass(frozen=True, slots=True)
class _Zone:
    """A zone on the working picture: its window there, and what each pixel of it stands for.

    Attributes:
        window: Rows and columns.
        metres: rows x columns float32: square metres of a pixel; 0 = nobody's middle is there.
        seen: rows x columns: where it is not 0.
        zone_m2: Area of the zone on the ground.
    """

    window: tuple[slice, slice]
    metres: Weights
    seen: Mask
    zone_m2: float

    @staticmethod
    def of(metres: Weights, zone_m2: float) -> "_Zone":
        rows, columns = np.flatnonzero(metres.any(1)), np.flatnonzero(metres.any(0))
        window = (_grown(rows), _grown(columns)) if len(rows) else (slice(0, 1), slice(0, 1))
        return _Zone(window, np.ascontiguousarray(metres[window]), metres[window] > 0, zone_m2)

    def numbers(self, observed: Observed, stirring: _Stirring, time_s: float) -> CrowdNumbers | None:
        window = self.window
        counts = self.seen & ~observed.never[window]
        known = counts & observed.known[window]
        if int(known.sum()) < LEAST_KNOWN * max(1, int(counts.sum())):
            return None
        solid = cv2.morphologyEx(observed.changed[window].astype(np.uint8), cv2.MORPH_OPEN, KERNEL)
        differs = solid.astype(bool) & counts
        metres = self.metres * differs
        across_rows = np.abs(cv2.Sobel(cv2.cvtColor(observed.working[window], cv2.COLOR_BGR2GRAY), cv2.CV_32F, 0, 1, scale=1 / 8))
        brightness = max(LEAST_BRIGHTNESS, float(np.dot(cv2.mean(observed.place[window], known.astype(np.uint8))[:3], GREY_BGR)))
        # What moves differs twice from picture to picture, where it is and where it was: it hides the place where that is not seen now.
        hides = known & (distance(observed.working[window], observed.place[window]) > HIDES_LEVELS)
        stirs = stirring.seen(observed.working[window], hides, time_s)
        left = int(counts.sum()) >= LEAST_LEFT * int(self.seen.sum())
        covered = float((self.metres * hides).sum()) / max(1e-6, float((self.metres * known).sum())) if left else 0.0
        return CrowdNumbers(0.0, float(metres.sum()), float(np.vdot(metres, across_rows)) / brightness, self.zone_m2, covered, float(stirs))


def _grown(found: NDArray[np.intp]) -> slice:
    """From the first to the last, and one more on each side: an edge has two sides."""
    return slice(max(0, int(found[0]) - 1), int(found[-1]) + 2)


def _metre_px(plane: GroundPlane, x_px: float, rows_px: Floats) -> Floats:
    """Pixels of a metre across at a column's rows: the longer axis of what a circle on the ground becomes; NaN above the horizon."""
    points = np.column_stack([np.full(len(rows_px), x_px), rows_px])
    scales = plane.metres_per_pixel(points)
    found = np.full(len(rows_px), np.nan)
    for row in np.flatnonzero(np.isfinite(scales).all((1, 2))):
        found[row] = 1 / np.linalg.svd(scales[row], compute_uv=False)[-1]
    return found


def _raised(feet: Mask, metre_px: Floats) -> Weights:
    """For each working pixel, metres across that it stands for as a part of somebody whose feet are in a mask; 0 = nobody's middle is there."""
    rows = np.arange(len(metre_px), dtype=float)
    known = np.isfinite(metre_px) & (metre_px > 0)
    middles = rows[known] - MIDDLE_M * metre_px[known]
    if known.sum() < 2:
        return np.zeros(feet.shape, np.float32)
    # The higher up in the picture, the smaller people are: middles rise with feet.
    order = np.argsort(middles)
    foot = np.interp(rows, middles[order], rows[known][order], left=np.nan, right=np.nan)
    weights = np.zeros(feet.shape, np.float32)
    for row in np.flatnonzero(np.isfinite(foot)):
        at = round(foot[row])
        weights[row] = feet[at] / metre_px[at]
    return weights
