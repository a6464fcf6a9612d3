"""A picture and its labels, on which cut-out figures are laid, far ones first. Integer arithmetic on the figure's rectangle only."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Area = tuple[slice, slice]
OPAQUE: Final = 128
"""Where a figure covers at least half of a pixel, the pixel is the figure's."""


class Hider(Protocol):
    """A thing of the place that hides what is behind it: what `place_occluder.Occluder` is."""

    @property
    def left_px(self) -> int:
        """Column of its first pixel."""
        ...

    @property
    def top_px(self) -> int:
        """Row of its first pixel."""
        ...

    @property
    def alpha(self) -> Picture:
        """(h, w) uint8, 255 = hides all."""
        ...

    @property
    def y_m(self) -> float:
        """What stands farther than this is behind it."""
        ...


class Hiders:
    """All that hides at a moment, by where it is.

    Args:
        hiders: In any order.
    """

    def __init__(self, hiders: Iterable[Hider]) -> None:
        self._hiders = tuple(hiders)
        rows = [(one.top_px, one.left_px, one.top_px + one.alpha.shape[0], one.left_px + one.alpha.shape[1]) for one in self._hiders]
        self._top, self._left, self._bottom, self._right = np.array(rows, np.int32).reshape(-1, 4).T.copy()
        self._y_m = np.array([one.y_m for one in self._hiders], np.float64)

    def unhidden(self, alpha: Picture, window: Area, y_m: float) -> Picture:
        """What the hiders leave of an alpha in a window of the picture, of something that stands so far away; infinite: behind everything."""
        top, bottom, left, right = window[0].start, window[0].stop, window[1].start, window[1].stop
        meets = (self._top < bottom) & (self._bottom > top) & (self._left < right) & (self._right > left) & (self._y_m < y_m)
        if not meets.any():
            return alpha
        left_over = alpha.copy()
        for index in np.flatnonzero(meets):
            hider = self._hiders[index]
            y0, y1 = max(top, int(self._top[index])), min(bottom, int(self._bottom[index]))
            x0, x1 = max(left, int(self._left[index])), min(right, int(self._right[index]))
            hidden = hider.alpha[y0 - hider.top_px : y1 - hider.top_px, x0 - hider.left_px : x1 - hider.left_px]
            part = left_over[y0 - top : y1 - top, x0 - left : x1 - left]
            part[:] = cv2.multiply(part, cv2.bitwise_not(hidden), scale=1 / 255)
        return left_over


@dataclass(frozen=True, slots=True)
class CutOut:
    """A figure and where it goes: column and row of its first pixel, which may lie outside of the picture; BGR and alpha."""

    left_px: int
    top_px: int
    bgr: Picture
    alpha: Picture

    def box(self) -> tuple[int, int, int, int] | None:
        """Left, top, width and height of what is opaque; may reach out of the picture. None where nothing is."""
        left, top, width, height = cv2.boundingRect((self.alpha >= OPAQUE).view(np.uint8))
        return (self.left_px + left, self.top_px + top, width, height) if width and height else None

    def moved(self, shift_px: tuple[int, int]) -> "CutOut":
        """The same, so far to the right and down."""
        return CutOut(self.left_px + shift_px[0], self.top_px + shift_px[1], self.bgr, self.alpha)

    def inside(self, shape: tuple[int, ...]) -> tuple[Area, Area] | None:
        """Rows and columns of a picture of that shape that the figure meets, and those of the figure that do; None if it lies outside."""
        height, width = shape[:2]
        rows, columns = self.alpha.shape
        top, left = max(0, self.top_px), max(0, self.left_px)
        bottom, right = min(height, self.top_px + rows), min(width, self.left_px + columns)
        if bottom <= top or right <= left:
            return None
        part = (slice(top - self.top_px, bottom - self.top_px), slice(left - self.left_px, right - self.left_px))
        return (slice(top, bottom), slice(left, right)), part

    def count(self, labels: NDArray[np.uint16], label: int) -> int:
        """How many of the labels are this one, where the figure is."""
        inside = self.inside(labels.shape)
        return 0 if inside is None else int(np.count_nonzero(labels[inside[0]] == label))

    @property
    def opaque_px(self) -> int:
        """How many of its pixels are opaque."""
        return int(np.count_nonzero(self.alpha >= OPAQUE))


class Canvas:
    """A picture that is painted on, and whose each pixel is.

    Attributes:
        picture: height x width x 3, BGR; changed in place.
        labels: height x width, uint16; 0 = nobody's.

    Args:
        picture: The picture to begin with.
        hiders: What hides those who stand behind it.
    """

    def __init__(self, picture: Picture, hiders: Hiders | None = None) -> None:
        self.picture = picture
        self.labels: NDArray[np.uint16] = np.zeros(picture.shape[:2], np.uint16)
        self._hiders = hiders if hiders is not None else Hiders(())

    def lay(self, figure: CutOut, label: int, y_m: float) -> None:
        """Lays a figure that stands so far away over the picture; its opaque pixels get the label (0: they become nobody's)."""
        inside = figure.inside(self.labels.shape)
        if inside is None:
            return
        window, part = inside
        alpha = self._hiders.unhidden(figure.alpha[part], window, y_m)
        below = self.picture[window]
        share = cv2.merge((alpha, alpha, alpha))
        rest = cv2.multiply(below, cv2.bitwise_not(share), scale=1 / 255)
        below[:] = cv2.add(rest, cv2.multiply(figure.bgr[part], share, scale=1 / 255))
        np.copyto(self.labels[window], np.uint16(label), where=alpha >= OPAQUE)

    def shade(self, shadow: CutOut, y_m: float = math.inf) -> None:
        """Darkens the picture by a shadow's alpha where nothing nearer hides it, by default on the bare ground only. Labels stay."""
        inside = shadow.inside(self.labels.shape)
        if inside is None:
            return
        window, part = inside
        alpha = self._hiders.unhidden(shadow.alpha[part], window, y_m)
        below = self.picture[window]
        rest = cv2.bitwise_not(alpha)
        below[:] = cv2.multiply(below, cv2.merge((rest, rest, rest)), scale=1 / 255)
