"""Whether a head can still be found in a released picture, by the gradients of its person pixels.

A head is looked for within 8 px of its place, upright or mirrored, as it is or as a negative. The same search for the head turned
upside down says what chance gives: the floor.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clips import Mask, Picture

REACH_PX: Final = 8

Gradients = NDArray[np.float32]
"""Height x width x 2: horizontal and vertical."""


def gradients_of(picture: Picture) -> Gradients:
    """The Sobel gradients of the picture's brightness."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.dstack([cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)]).astype(np.float32)


class Head:
    """A head in the raw picture, ready to be looked for.

    Args:
        crop: The head's part of the raw picture (height x width x 3).
        mask: Its person pixels (height x width).
        left_px: Column of its upper left corner in the picture.
        top_px: Row of that corner.
    """

    def __init__(self, crop: Picture, mask: Mask, left_px: int, top_px: int) -> None:
        self.left_px, self.top_px = left_px, top_px
        self.height_px, self.width_px = mask.shape
        self._upright = [self._template(crop, mask, 1, across) for across in (1, -1)]
        self._upside_down = [self._template(crop, mask, -1, across) for across in (1, -1)]

    def found_in(self, out: Gradients) -> tuple[float, float]:
        """The best absolute correlation with the released picture's gradients, 0 to 1: of the head, and of the head upside down."""
        rows = slice(max(0, self.top_px - REACH_PX), self.top_px + self.height_px + REACH_PX)
        columns = slice(max(0, self.left_px - REACH_PX), self.left_px + self.width_px + REACH_PX)
        return _best(self._upright, out[rows, columns]), _best(self._upside_down, out[rows, columns])

    @staticmethod
    def _template(crop: Picture, mask: Mask, down: int, across: int) -> tuple[Gradients, Gradients]:
        turned = gradients_of(np.ascontiguousarray(crop[::down, ::across]))
        weight = np.ascontiguousarray(mask[::down, ::across]).astype(np.float32)
        return turned, np.dstack([weight, weight])


def _best(templates: list[tuple[Gradients, Gradients]], window: Gradients) -> float:
    best = 0.0
    for patch, weight in templates:
        if window.shape[0] < patch.shape[0] or window.shape[1] < patch.shape[1]:
            continue
        scores = np.abs(cv2.matchTemplate(window, patch, cv2.TM_CCORR_NORMED, mask=weight))
        # A window without any gradient gives no number: nothing was found there.
        scores = scores[np.isfinite(scores)]
        if scores.size:
            best = max(best, min(1.0, float(scores.max())))
    return best
