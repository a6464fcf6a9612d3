"""What hides people, and what mirrors them: masks over the empty place, by which it is brought back or shines through."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.simulate.camera import Camera
from passerby.simulate.place_facade import Window
from passerby.simulate.place_solids import Layer
from passerby.simulate.place_texture import Picture

REFLECTION: Final = 0.28
MIRRORED_WITHIN_M: Final = 7.0
"""Who stands farther from a pane than this is not seen in it."""
HIDES: Final = 128
"""Of this alpha on, a pixel shows the thing and not who is behind it."""

Area = tuple[slice, slice]


class Sprite(Protocol):
    """A figure as drawn: what `figure.Sprite` is."""

    @property
    def bgr(self) -> Picture:
        """(h, w, 3)."""
        ...

    @property
    def alpha(self) -> Picture:
        """(h, w)."""
        ...

    @property
    def foot_x_px(self) -> float:
        """Column of its ground point."""
        ...

    @property
    def foot_y_px(self) -> float:
        """Row of its ground point."""
        ...


@dataclass(frozen=True, eq=False)
class Occluder:
    """A thing of the place that hides who is behind it. It lies within the picture.

    Attributes:
        left_px: Column of its first pixel.
        top_px: Row of its first pixel.
        alpha: (h, w) uint8, 255 = hides all.
        y_m: Who stands farther than this is behind it.
    """

    left_px: int
    top_px: int
    alpha: Picture
    y_m: float
    _shares: Picture = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_shares", cv2.merge([self.alpha] * 3) if self.alpha.size else np.zeros((*self.alpha.shape, 3), np.uint8))

    @classmethod
    def of(cls, layer: Layer, camera: Camera) -> "Occluder":
        """What a layer hides in a camera's picture."""
        rows, columns = layer.alpha.shape
        y0, x0 = max(0, layer.top_px), max(0, layer.left_px)
        y1, x1 = max(y0, min(camera.size.height_px, layer.top_px + rows)), max(x0, min(camera.size.width_px, layer.left_px + columns))
        alpha = layer.alpha[y0 - layer.top_px : y1 - layer.top_px, x0 - layer.left_px : x1 - layer.left_px]
        return cls(x0, y0, np.ascontiguousarray(alpha), layer.y_m)

    @property
    def area(self) -> Area:
        """Its rows and columns in the picture."""
        rows, columns = self.alpha.shape
        return slice(self.top_px, self.top_px + rows), slice(self.left_px, self.left_px + columns)

    def common(self, other: Area | None) -> tuple[Area, Area] | None:
        """Where it meets rows and columns of the picture (None = all of it): in the picture, and in `alpha`; None where it does not."""
        rows, columns = self.alpha.shape
        y0, x0, y1, x1 = self.top_px, self.left_px, self.top_px + rows, self.left_px + columns
        if other is not None:
            y0, y1 = max(y0, other[0].start), min(y1, other[0].stop)
            x0, x1 = max(x0, other[1].start), min(x1, other[1].stop)
        if y1 <= y0 or x1 <= x0:
            return None
        own = (slice(y0 - self.top_px, y1 - self.top_px), slice(x0 - self.left_px, x1 - self.left_px))
        return (slice(y0, y1), slice(x0, x1)), own

    def restore(self, picture: Picture, background: Picture, within: Area | None = None) -> None:
        """Brings the thing back over figures drawn on `picture`, in place, from the empty `background`, inside of `within` only.

        What nobody was drawn on stays bit for bit as in `background`.
        """
        parts = self.common(within)
        if parts is None:
            return
        below = picture[parts[0]]
        # The difference is scaled, so that equal pixels remain equal.
        difference = cv2.subtract(background[parts[0]], below, dtype=cv2.CV_16S)
        scaled = cv2.multiply(difference, self._shares[parts[1]], scale=1 / 255, dtype=cv2.CV_16S)
        below[:] = np.asarray(cv2.add(below, scaled, dtype=cv2.CV_8U), np.uint8)

    def hide(self, labels: NDArray[np.uint16], within: Area | None = None) -> None:
        """Sets labels (h, w) to 0, in place, where the thing hides them."""
        parts = self.common(within)
        if parts is not None:
            labels[parts[0]][self.alpha[parts[1]] >= HIDES] = 0


@dataclass(frozen=True, eq=False)
class Mirror:
    """All panes of one plane, upright and square to the line of sight.

    Attributes:
        y_m: The plane's distance along the ground.
        top_px: First row of `glass` in the picture.
        left_px: First column of `glass` in the picture.
        glass: (h, w) uint8, how much of each pixel is bare glass.
    """

    y_m: float
    top_px: int
    left_px: int
    glass: Picture

    def show(self, picture: Picture, sprite: Sprite, xy_m: tuple[float, float], camera: Camera) -> None:
        """Draws who stands at `xy_m` into the panes, faintly, where they would be seen in them; changes `picture`.

        A plane across the line of sight mirrors near and far, not left and right: the outline is that of the figure itself.
        """
        x, y = xy_m
        if not 0 < self.y_m - y < MIRRORED_WITHIN_M:
            return
        behind = np.array([[x, 2 * self.y_m - y]])
        scale = float(camera.px_per_m(behind)[0] / camera.px_per_m(np.array([[x, y]]))[0])
        foot = camera.to_px(behind)[0]
        rows, columns = (max(1, round(n * scale)) for n in sprite.alpha.shape)
        left, top = round(float(foot[0]) - sprite.foot_x_px * scale), round(float(foot[1]) - sprite.foot_y_px * scale)
        y0, x0 = max(top, self.top_px), max(left, self.left_px)
        y1, x1 = min(top + rows, self.top_px + self.glass.shape[0]), min(left + columns, self.left_px + self.glass.shape[1])
        if y1 <= y0 or x1 <= x0:
            return
        glass = self.glass[y0 - self.top_px : y1 - self.top_px, x0 - self.left_px : x1 - self.left_px]
        if not glass.any():
            return
        own = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        bgr = np.asarray(cv2.resize(sprite.bgr, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)[own]
        alpha = np.asarray(cv2.resize(sprite.alpha, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)[own]
        share = (alpha.astype(np.float32) * glass * np.float32(REFLECTION / 255**2))[..., None]
        part = picture[y0:y1, x0:x1]
        part[:] = np.asarray(part * (1 - share) + bgr * share + np.float32(0.5), np.uint8)


def mirrors(windows: Sequence[Window], things: Sequence[Occluder], camera: Camera) -> tuple[Mirror, ...]:
    """The panes by plane, without what is hidden by things nearer than they are."""
    made = []
    for y_m in sorted({window.y_m for window in windows}, reverse=True):
        mask = np.zeros((camera.size.height_px, camera.size.width_px), np.uint8)
        for window in windows:
            if window.y_m == y_m:
                sides = (
                    (window.left_m, window.low_m),
                    (window.right_m, window.low_m),
                    (window.right_m, window.high_m),
                    (window.left_m, window.high_m),
                )
                corners = camera.px_of(np.array([(x, y_m, z) for x, z in sides]))
                cv2.fillPoly(mask, [np.round(np.clip(corners - 0.5, -20000, 20000) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        for thing in things:
            if thing.y_m < y_m - 0.01:
                mask[thing.area] = np.asarray(cv2.multiply(mask[thing.area], 255 - thing.alpha, scale=1 / 255), np.uint8) if thing.alpha.size else 0
        seen_rows, seen_columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if len(seen_rows):
            top, left = int(seen_rows[0]), int(seen_columns[0])
            made.append(Mirror(y_m, top, left, np.ascontiguousarray(mask[top : seen_rows[-1] + 1, left : seen_columns[-1] + 1])))
    return tuple(made)
