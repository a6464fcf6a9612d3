"""Lettering: OpenCV's built-in sans serif, and rounded boxes to set it in. The one module that knows how letters are drawn."""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

REGULAR, BOLD = 400, 600
FAMILY = "sans"


class Typeface:
    """Letters of one size.

    Args:
        em_px: The letters' size in pixels.
    """

    def __init__(self, em_px: int) -> None:
        self.em_px = em_px
        self._face = cv2.FontFace(FAMILY)

    def width_px(self, text: str, *, bold: bool = False) -> int:
        """How wide a line of text is."""
        if not text:
            return 0
        left, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), self._face, self.em_px, BOLD if bold else REGULAR)
        return int(left + width)

    def coverage(self, width_px: int, height_px: int, lines: Iterable[tuple[str, int, int, bool]]) -> NDArray[np.float32]:
        """How much of each pixel letters cover: height x width, 0..1.

        Args:
            width_px: Width of the area.
            height_px: Height of the area.
            lines: Text, left end and baseline in pixels, and whether it is bold.
        """
        ink = np.zeros((height_px, width_px, 3), np.uint8)
        for text, left_px, baseline_px, bold in lines:
            if text:
                cv2.putText(ink, text, (left_px, baseline_px), (255, 255, 255), self._face, self.em_px, BOLD if bold else REGULAR)
        return ink[:, :, 0].astype(np.float32) / np.float32(255)


def rounded_box_opacity(width_px: int, height_px: int, radius_px: float) -> NDArray[np.float32]:
    """A box with round corners that fills its area: height x width, 0..1, with smooth edges."""
    across = np.abs(np.arange(width_px) + 0.5 - width_px / 2) - (width_px / 2 - radius_px)
    down = np.abs(np.arange(height_px) + 0.5 - height_px / 2) - (height_px / 2 - radius_px)
    corner = np.hypot(np.maximum(across[None, :], 0), np.maximum(down[:, None], 0))
    distance = corner + np.minimum(np.maximum(across[None, :], down[:, None]), 0) - radius_px
    opacity: NDArray[np.float32] = np.clip(0.5 - distance, 0, 1).astype(np.float32)
    return opacity
