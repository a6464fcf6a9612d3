"""Rectangles of whole pixels, and how scattered changes are gathered into few of them."""

from typing import NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Size


class Rect(NamedTuple):
    """Pixels with left <= x < right and top <= y < bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the rectangle in an array of rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def cut(self, other: "Rect") -> "Rect | None":
        """What both rectangles have in common; None = nothing."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(left, top, right, bottom) if left < right and top < bottom else None

    def grown(self, by_px: int) -> "Rect":
        """The rectangle with a margin on every side."""
        return Rect(self.left - by_px, self.top - by_px, self.right + by_px, self.bottom + by_px)

    @classmethod
    def whole(cls, size: Size) -> Self:
        """The rectangle of a whole picture."""
        return cls(0, 0, size.width_px, size.height_px)


def gathered(marks: NDArray[np.bool_], step_px: int, size: Size) -> list[Rect]:
    """Few rectangles that cover all marked squares: the bounds of those that touch each other.

    Args:
        marks: rows x columns, one mark for each square of the picture.
        step_px: Side of a square.
        size: Size of the picture; squares at its right and lower border may be cut by it.
    """
    if not marks.any():
        return []
    _, _, stats, _ = cv2.connectedComponentsWithStats(marks.astype(np.uint8))
    rects = []
    for left, top, columns, rows, _ in stats[1:].tolist():
        right, bottom = min(size.width_px, (left + columns) * step_px), min(size.height_px, (top + rows) * step_px)
        rects.append(Rect(left * step_px, top * step_px, right, bottom))
    return rects
