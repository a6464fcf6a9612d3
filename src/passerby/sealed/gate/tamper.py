"""Whether the camera still sees the place it knew: moved, covered, defocused, lit otherwise, or frozen.

The reference is a slowly followed grey working picture. Regions are compared by their gradients, so that light alone does not look like
movement; only pixels free of subjects are read. When in doubt the answer is a fault: the plate is dropped and everything is withheld until it
settles again.
"""

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
        self._colour = 0.0
        self._suspect_times = 0
        self._last: Picture | None = None
        self._same_since_s = 0.0
        self.identical = False
        """Whether the last picture was, bit by bit, the one before it: no new evidence of anything."""

    def forget(self) -> None:
        """Takes the next picture as the new reference."""
        self._reference = None
        self._suspect_times = 0

    def judge(self, working: Picture, free: Mask, time_s: float) -> GateState:
        """What the working picture says: WATCHING, or the fault. MOVED, COVERED and LIGHT_CHANGED are said once, when sure; then call `forget`."""
        self.identical = self._last is not None and np.array_equal(working, self._last)
        self._last = working
        if not self.identical:
            self._same_since_s = time_s
        grey = cv2.cvtColor(working, cv2.COLOR_BGR2GRAY).astype(np.float32)
        if _mean(grey, free) < BLACK_LEVEL and float(grey.std()) < FLAT_DEVIATION:
            return GateState.COVERED
        colour = _colourfulness(working, free)
        if self._reference is None:
            self._reference, self._colour = grey, colour
        suspicion = self._suspicion(grey, self._reference, colour, free)
        self._suspect_times = self._suspect_times + 1 if suspicion is not GateState.WATCHING else 0
        if self._suspect_times >= TIMES_IN_ROW:
            return suspicion
        if self._suspect_times == 0:
            step = np.clip(grey - self._reference, -FOLLOW_LEVELS, FOLLOW_LEVELS)
            self._reference += np.where(free, step, np.float32(0))
            self._colour += 0.1 * (colour - self._colour)
        return GateState.FROZEN if time_s - self._same_since_s >= FROZEN_AFTER_S else GateState.WATCHING

    def _suspicion(self, grey: Floats, reference: Floats, colour: float, free: Mask) -> GateState:
        """What this picture alone suggests, against the reference."""
        if colour < COLOUR_LOST / 2 and self._colour > COLOUR_LOST:
            return GateState.LIGHT_CHANGED
        usable, correlation, strength, before, ratio = _compare(grey, reference, free)
        if usable.sum() < FEWEST_REGIONS:
            return GateState.WATCHING
        if (strength[usable] < LOST_GRADIENT * before[usable]).mean() > CHANGED_SHARE:
            return GateState.COVERED
        if (correlation[usable] < LEAST_CORRELATION).mean() > CHANGED_SHARE:
            return GateState.MOVED
        middle = float(np.median(ratio[usable]))
        if middle > LIGHT_RATIO or middle < 1 / LIGHT_RATIO:
            return GateState.LIGHT_CHANGED
        return GateState.WATCHING


def _mean(grey: NDArray[np.uint8] | Floats, free: Mask) -> float:
    """Mean over the free pixels; over all where none is free."""
    mask = free.astype(np.uint8)
    return float(cv2.mean(grey, mask)[0]) if mask.any() else float(cv2.mean(grey)[0])


def _colourfulness(working: Picture, free: Mask) -> float:
    """Mean difference between the largest and the smallest channel, in levels; near 0 in infrared."""
    blue, green, red = cv2.split(working)
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    return _mean(np.asarray(spread, np.uint8), free)


def is_infrared(working: Picture, free: Mask) -> bool:
    """Whether the free part of a picture has no colour, as from a camera in infrared."""
    return _colourfulness(working, free) < COLOUR_LOST / 4


def _gradient(grey: Floats) -> tuple[Floats, Floats]:
    smooth = cv2.blur(grey, (3, 3))
    across, down = (np.asarray(cv2.Sobel(smooth, cv2.CV_32F, dx, 1 - dx, scale=0.25), np.float32) for dx in (1, 0))
    return across, down


def _compare(grey: Floats, reference: Floats, free: Mask) -> tuple[NDArray[np.bool_], Floats, Floats, Floats, Floats]:
    """By region: usable (textured and free), correlation of gradients, their strength now and before, ratio of brightness."""
    weight = cv2.erode(free.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    now, before = _gradient(grey), _gradient(reference)
    cross = _sums((now[0] * before[0] + now[1] * before[1]) * weight)
    power_now = _sums((now[0] ** 2 + now[1] ** 2) * weight)
    power_before = _sums((before[0] ** 2 + before[1] ** 2) * weight)
    pixels = _sums(weight)
    correlation = cross / np.sqrt(np.maximum(power_now * power_before, 1e-6))
    usable = (pixels > LEAST_FREE_SHARE * free.size / (ROWS * COLUMNS)) & (power_before > LEAST_GRADIENT**2 * np.maximum(pixels, 1))
    ratio = (_sums(grey * weight) + 1) / (_sums(reference * weight) + 1)
    return usable, correlation, np.sqrt(np.maximum(power_now, 0)), np.sqrt(np.maximum(power_before, 0)), ratio


def _sums(values: Floats) -> Floats:
    rows, columns = values.shape
    table = cv2.integral(np.asarray(values, np.float32), sdepth=cv2.CV_64F)
    corner = table[np.ix_(np.linspace(0, rows, ROWS + 1).astype(int), np.linspace(0, columns, COLUMNS + 1).astype(int))]
    return np.asarray(corner[1:, 1:] - corner[:-1, 1:] - corner[1:, :-1] + corner[:-1, :-1], np.float32)
