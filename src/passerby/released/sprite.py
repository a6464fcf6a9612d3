"""A small picture with transparency, ready to be laid over another one.

The arithmetic is in whole numbers: a pixel's result depends on nothing but that pixel, so a part of a picture drawn alone is the same, bit by bit, as
that part of the whole picture. The renderer's incremental drawing rests on this.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passerby.released.rect import Rect


@dataclass(frozen=True, eq=False)
class Sprite:
    """A premultiplied picture: `result = (under * keep + cover) >> 8`.

    Attributes:
        cover: height x width x 3 uint16: colour times opacity (0..256), plus one half for rounding.
        keep: height x width x 3 uint16: 256 minus opacity.
        left_px: Column of the sprite's left edge, measured from its anchor.
        top_px: Row of the sprite's upper edge, measured from its anchor.
    """

    cover: NDArray[np.uint16]
    keep: NDArray[np.uint16]
    left_px: int
    top_px: int

    @property
    def size_bytes(self) -> int:
        """Memory that the sprite holds."""
        return self.cover.nbytes + self.keep.nbytes

    def rect_at(self, x_px: int, y_px: int) -> Rect:
        """The rectangle that the sprite covers when its anchor stands at a pixel."""
        height, width = self.cover.shape[:2]
        left, top = x_px + self.left_px, y_px + self.top_px
        return Rect(left, top, left + width, top + height)


def sprite_of(colour: NDArray[np.floating[Any]], opacity: NDArray[np.floating[Any]], left_px: int, top_px: int) -> Sprite:
    """A sprite from a colour picture (height x width x 3, 0..255) and its opacity (height x width, 0..1)."""
    alpha = np.rint(np.clip(opacity, 0, 1) * 256)[..., None]
    cover = np.rint(np.clip(colour, 0, 255) * alpha) + 128
    keep = np.repeat(256 - alpha, 3, axis=2)
    # uint16 holds 255 * 256 + 128, the largest sum that `blend` can meet.
    return Sprite(cover.astype(np.uint16), keep.astype(np.uint16), left_px, top_px)


def blend(picture: NDArray[np.uint8], sprite: Sprite, x_px: int, y_px: int, within: Rect) -> None:
    """Lays a sprite over `picture` (changed in place), its anchor at a pixel, and touches nothing outside `within` (which lies in the picture)."""
    place = sprite.rect_at(x_px, y_px)
    part = place.cut(within)
    if part is None:
        return
    rows, columns = slice(part.top - place.top, part.bottom - place.top), slice(part.left - place.left, part.right - place.left)
    under = picture[part.top : part.bottom, part.left : part.right]
    mixed = np.multiply(under, sprite.keep[rows, columns], dtype=np.uint16)
    mixed += sprite.cover[rows, columns]
    mixed >>= 8
    np.copyto(under, mixed, casting="unsafe")
