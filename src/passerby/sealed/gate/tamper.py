"""Whether the camera still sees the place it knew: moved, covered, defocused, lit otherwise, or frozen.

The reference is a slowly followed grey working picture. Regions are compared by their gradients, so that light alone does not look like
movement. Pixels under subjects are never read, not for the first reference either. What differs from the plate without a subject is read: after
a bump that is nearly everything. When in doubt the answer is a fault: the plate is dropped and everything is withheld until it settles again.
"""

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import GateState
from passerby.sealed.gate.grid import Mask, Picture

ROWS: Final = 6
COLUMNS: Final = 8
LEAST_CORRELATION: Final = 0.5
CHANGED_SHARE: Final = 0.5
LEAST_GRADIENT: Final = 3.0
LOST_GRADIENT: Final = 0.3
LEAST_FREE_SHARE: Final = 0.4
LIGHT_RATIO: Final = 1.35
LIGHT_BLURS: Final = 0.15
STRONG_GRADIENT: Final = 2.5
"""When the brightness is off by more than 15 %, as when a white car enters and the camera's exposure falls, faint texture such as asphalt no longer
resembles itself: then only strong gradients tell whether the camera moved. Where there are too few of them, it counts as a change of light."""
FEWEST_REGIONS: Final = 4
BLACK_LEVEL: Final = 10.0
FLAT_DEVIATION: Final = 4.0
FOLLOW_LEVELS: Final = 1.5
TIMES_IN_ROW: Final = 2
FROZEN_AFTER_S: Final = 10.0
COLOUR_LOST: Final = 4.0

Floats = NDArray[np.float32]


class Tamper:
    """Watches over one camera's view, once a look."""

    def __init__(self) -> None:
        self._reference: Floats | None = None
        self._known: Mask = np.zeros((0, 0), bool)
        """Pixels of the reference that were seen free of subjects."""
        self._colour = 0.0
        self._suspect_times = 0
        self._last: tuple[Picture, Mask] | None = None
        self._same_since_s = 0.0
        self.identical = False
        """Whether the last picture was, bit by bit and outside of subjects, the one before it: no new evidence of anything."""
        self.compared = False
        """Whether enough of the last picture could be compared with the reference for its judgement to say that the view is the same."""

    def expect(self, working: Picture, known: Mask) -> None:
        """Takes a working picture of the place, of which `known` pixels are known, as the reference for the next picture."""
        self.forget()
        self._reference = cv2.cvtColor(working, cv2.COLOR_BGR2GRAY).astype(np.float32)
        self._known, self._colour = known.copy(), _colourfulness(working, known)

    @property
    def suspicious(self) -> bool:
        """Whether the last picture alone suggested a fault: it is no evidence of the place."""
        return self._suspect_times > 0

    def forget(self) -> None:
        """Takes the next picture as the new reference."""
        self._reference = None
        self._suspect_times = 0

    def judge(self, working: Picture, visible: Mask, free: Mask, time_s: float) -> GateState:
        """What the working picture says: WATCHING, or the fault. MOVED, COVERED and LIGHT_CHANGED are said once, when sure; then call `forget`.

        Args:
            working: The working picture.
            visible: Pixels that no subject covers; no others are read.
            free: Those of them that do not differ from the place either: the reference follows them.
            time_s: The picture's time.
        """
        if not visible.any():
            self.compared = False
            self.identical, self._last, self._same_since_s = False, None, time_s
            return GateState.WATCHING
        self.compared = False
        self.identical = self._is_last(working, visible)
        self._last = (working, visible)
        if not self.identical:
            self._same_since_s = time_s
        grey = cv2.cvtColor(working, cv2.COLOR_BGR2GRAY).astype(np.float32)
        mean, deviation = cv2.meanStdDev(grey, mask=visible.astype(np.uint8))
        if mean.item() < BLACK_LEVEL and deviation.item() < FLAT_DEVIATION:
            return GateState.COVERED
        colour = _colourfulness(working, visible)
        if self._reference is None:
            self._reference, self._known, self._colour = grey.copy(), visible.copy(), colour
        suspicion = self._suspicion(grey, self._reference, colour, visible & self._known)
        self._suspect_times = self._suspect_times + 1 if suspicion is not GateState.WATCHING else 0
        if self._suspect_times >= TIMES_IN_ROW:
            return suspicion
        if self._suspect_times == 0:
            self._follow(grey, self._reference, free)
            self._colour += 0.1 * (colour - self._colour)
        return GateState.FROZEN if time_s - self._same_since_s >= FROZEN_AFTER_S else GateState.WATCHING

    def _is_last(self, working: Picture, visible: Mask) -> bool:
        if self._last is None or not np.array_equal(visible, self._last[1]):
            return False
        return not cv2.copyTo(cv2.absdiff(working, self._last[0]), visible.astype(np.uint8)).any()

    def _follow(self, grey: Floats, reference: Floats, free: Mask) -> None:
        """Moves the reference a little towards the picture; what is free for the first time is taken as it is."""
        step = np.clip(grey - reference, -FOLLOW_LEVELS, FOLLOW_LEVELS)
        reference += np.where(free, np.where(self._known, step, grey - reference), np.float32(0))
        self._known |= free

    def _suspicion(self, grey: Floats, reference: Floats, colour: float, readable: Mask) -> GateState:
        """What this picture alone suggests, against the reference."""
        usable, gained, correlation, strength, before, ratio = _compare(grey, reference, readable)
        self.compared = enough = bool(usable.sum() >= FEWEST_REGIONS)
        if enough and (strength[usable] < LOST_GRADIENT * before[usable]).mean() > CHANGED_SHARE:
            return GateState.COVERED
        brightness = float(np.median(ratio[usable])) if enough else 1.0
        telling = usable & ((before > STRONG_GRADIENT * LEAST_GRADIENT) if abs(brightness - 1) > LIGHT_BLURS else True)
        moved = telling.sum() >= FEWEST_REGIONS and (correlation[telling] < LEAST_CORRELATION).mean() > CHANGED_SHARE
        if gained > CHANGED_SHARE or moved:
            return GateState.MOVED
        unsure = enough and telling.sum() < FEWEST_REGIONS and (correlation[usable] < LEAST_CORRELATION).mean() > CHANGED_SHARE
        to_or_from_infrared = min(colour, self._colour) < COLOUR_LOST / 2 and max(colour, self._colour) > COLOUR_LOST
        if to_or_from_infrared or unsure or not 1 / LIGHT_RATIO <= brightness <= LIGHT_RATIO:
            return GateState.LIGHT_CHANGED
        return GateState.WATCHING


def _colourfulness(working: Picture, visible: Mask) -> float:
    """Mean difference between the largest and the smallest channel, in levels; near 0 in infrared, 0 where nothing is visible."""
    blue, green, red = cv2.split(working)
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    return float(cv2.mean(spread, visible.astype(np.uint8))[0])


def is_infrared(working: Picture, visible: Mask) -> bool:
    """Whether the visible part of a picture has no colour, as from a camera in infrared."""
    return _colourfulness(working, visible) < COLOUR_LOST / 4


def _gradient(grey: Floats) -> tuple[Floats, Floats]:
    smooth = cv2.blur(grey, (3, 3))
    across, down = (np.asarray(cv2.Sobel(smooth, cv2.CV_32F, dx, 1 - dx, scale=0.25), np.float32) for dx in (1, 0))
    return across, down


def _compare(grey: Floats, reference: Floats, readable: Mask) -> tuple[NDArray[np.bool_], float, Floats, Floats, Floats, Floats]:
    """How the pictures compare, by region.

    Returns:
        Which regions are usable (readable, and textured before); the share of the readable ones that were blank before and are textured now, as
        when a lens is uncovered; correlation of gradients, their strength now and before, ratio of brightness.
    """
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
    return enough & textured_before, gained, correlation, strength, strength_before, ratio


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
