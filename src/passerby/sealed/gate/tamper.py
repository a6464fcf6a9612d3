"""Whether the camera still sees the place it knew: moved, covered, defocused, lit otherwise, or frozen.

The reference is a slowly followed grey working picture. Regions are compared by their gradients, so that light alone does not look like
movement. Pixels under subjects are never read, not for the first reference either. What differs from the plate without a subject is read: after
a bump that is nearly everything. When in doubt the answer is a fault: the plate is dropped and everything is withheld until it settles again.
"""

from typing import Final

import cv2
import numpy as np

from passerby.released.scene import GateState
from passerby.sealed.gate.grid import Mask, Picture
from passerby.sealed.gate.regions import FEWEST_REGIONS, LEAST_GRADIENT, Floats, grey_of, likeness

LEAST_CORRELATION: Final = 0.5
CHANGED_SHARE: Final = 0.5
LOST_GRADIENT: Final = 0.3
LIGHT_RATIO: Final = 1.35
LIGHT_BLURS: Final = 0.15
STRONG_GRADIENT: Final = 2.5
"""When the brightness is off by more than 15 %, as when a white car enters and the camera's exposure falls, faint texture such as asphalt no longer
resembles itself: then only strong gradients tell whether the camera moved. Where there are too few of them, it counts as a change of light."""
BLACK_LEVEL: Final = 10.0
FLAT_DEVIATION: Final = 4.0
FOLLOW_LEVELS: Final = 1.5
TIMES_IN_ROW: Final = 2
FROZEN_AFTER_S: Final = 10.0
COLOUR_LOST: Final = 4.0


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

    def expect(self, working: Picture, known: Mask) -> None:
        """Takes a working picture of the place, of which `known` pixels are known, as the reference for the next picture."""
        self.forget()
        self._reference = grey_of(working)
        self._known, self._colour = known.copy(), _colourfulness(working, known)

    @property
    def suspicious(self) -> bool:
        """Whether the last picture alone suggested a fault: it is no evidence of the place."""
        return self._suspect_times > 0

    def forget(self) -> None:
        """Takes the next picture as the new reference."""
        self._reference = None
        self._suspect_times = 0

    @property
    def reference(self) -> tuple[Floats, Mask] | None:
        """What the place looks like, grey, and where that is known; None = the next picture will say."""
        return None if self._reference is None else (self._reference, self._known)

    def judge(self, working: Picture, visible: Mask, free: Mask, time_s: float, *, follows: bool = True) -> GateState:
        """What the working picture says: WATCHING, or the fault. MOVED, COVERED and LIGHT_CHANGED are said once, when sure; then call `forget`.

        Args:
            working: The working picture.
            visible: Pixels that no subject covers; no others are read.
            free: Those of them that do not differ from the place either: the reference follows them.
            time_s: The picture's time.
            follows: Whether the reference may take anything from this picture.
        """
        if not visible.any():
            self.identical, self._last, self._same_since_s = False, None, time_s
            return GateState.WATCHING
        self.identical = self._is_last(working, visible)
        self._last = (working, visible)
        if not self.identical:
            self._same_since_s = time_s
        grey = grey_of(working)
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
        if self._suspect_times == 0 and follows:
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
        like = likeness(grey, reference, readable)
        usable, before, unlike = like.usable, like.strength_before, like.correlation < LEAST_CORRELATION
        if like.enough and (like.strength[usable] < LOST_GRADIENT * before[usable]).mean() > CHANGED_SHARE:
            return GateState.COVERED
        brightness = float(np.median(like.brightness[usable])) if like.enough else 1.0
        telling = usable & ((before > STRONG_GRADIENT * LEAST_GRADIENT) if abs(brightness - 1) > LIGHT_BLURS else True)
        moved = telling.sum() >= FEWEST_REGIONS and unlike[telling].mean() > CHANGED_SHARE
        if like.gained > CHANGED_SHARE or moved:
            return GateState.MOVED
        unsure = like.enough and telling.sum() < FEWEST_REGIONS and unlike[usable].mean() > CHANGED_SHARE
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
