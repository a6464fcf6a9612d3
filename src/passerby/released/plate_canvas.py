"""The ground of every picture: the plate in its light where it is shown, the hatch everywhere else (invariants I2 and I3).

A pixel comes from the plate only if its block is shown and a patch of the present epoch brought it. Whatever is drawn later lies over this ground,
so translucent things stand over the hatch where the plate is withheld, and nothing of the plate shines through.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.hatch import Hatch
from passerby.released.light_gain import LightGain
from passerby.released.rect import Rect, gathered
from passerby.released.scene import LightField, Scene, Size


class PlateCanvas:
    """Plate, light and hatch of one camera, kept from scene to scene: it must be given every scene, in order.

    Attributes:
        size: Size of the picture.
        ground: height x width x 3 BGR uint8, changed in place by `update`.
    """

    def __init__(self, size: Size) -> None:
        self.size = size
        self._hatch = Hatch(size)
        self.ground: NDArray[np.uint8] = self._hatch.texture.copy()
        self._plate = np.zeros_like(self.ground)
        self._known = np.zeros(self.ground.shape[:2], np.bool_)
        self._visible = np.zeros(self.ground.shape[:2], np.uint8)
        self._epoch = -1
        self._block_px = 0
        self._shown_bits = b""
        self._shown = np.zeros((0, 0), np.bool_)
        self._light: LightField | None = None
        self._gain: LightGain | None = None

    def update(self, scene: Scene) -> list[Rect]:
        """Takes in a scene and gives the rectangles of the ground that it changed."""
        everything = scene.plate_epoch != self._epoch or scene.block_px != self._block_px
        if scene.plate_epoch != self._epoch:
            self._known[:] = False
        if scene.light != self._light:
            self._light, everything = scene.light, True
            self._gain = None if scene.light is None else LightGain(scene.light, self.size)
        changed = [self._accept(patch.x_px, patch.y_px, patch.width_px, patch.height_px, patch.pixels) for patch in scene.patches]
        changed += self._switch(scene)
        self._epoch, self._block_px = scene.plate_epoch, scene.block_px
        if everything:
            changed = [Rect.whole(self.size)]
        return [self._paint(rect) for rect in changed]

    def _accept(self, x_px: int, y_px: int, width_px: int, height_px: int, pixels: bytes) -> Rect:
        """Copies a patch into the plate; the rectangle that it covers."""
        rect = Rect(x_px, y_px, x_px + width_px, y_px + height_px)
        self._plate[rect.slices] = np.frombuffer(pixels, np.uint8).reshape(height_px, width_px, 3)
        self._known[rect.slices] = True
        return rect

    def _switch(self, scene: Scene) -> list[Rect]:
        """Reads which blocks are shown; the rectangles where that changed."""
        if scene.shown == self._shown_bits and scene.block_px == self._block_px:
            return []
        count = scene.block_rows * scene.block_columns
        shown = np.unpackbits(np.frombuffer(scene.shown, np.uint8), count=count).reshape(scene.block_rows, scene.block_columns).astype(np.bool_)
        same_blocks = shown.shape == self._shown.shape
        changed = gathered(shown != self._shown, scene.block_px, self.size) if same_blocks else [Rect.whole(self.size)]
        self._shown_bits, self._shown, self._block_px = scene.shown, shown, scene.block_px
        return changed

    def _paint(self, rect: Rect) -> Rect:
        """Draws the ground anew where `rect` is, and the line along the border of the withheld around it; what was drawn in all."""
        self._visible[rect.slices] = (self._shown_pixels(rect) & self._known[rect.slices]) * np.uint8(255)
        edge_px = self._hatch.edge_px
        whole = Rect.whole(self.size)
        painted = rect.grown(edge_px).cut(whole) or whole
        around = painted.grown(edge_px).cut(whole) or whole
        near = cv2.dilate(self._visible[around.slices], np.ones((2 * edge_px + 1, 2 * edge_px + 1), np.uint8))
        near = near[painted.top - around.top :, painted.left - around.left :][: painted.bottom - painted.top, : painted.right - painted.left]
        visible, ground = self._visible[painted.slices], self.ground[painted.slices]
        np.copyto(ground, self._hatch.texture[painted.slices])
        ground[(near > 0) & (visible == 0)] = self._hatch.edge_bgr
        cv2.copyTo(self._lit(painted), visible, ground)
        return painted

    def _shown_pixels(self, rect: Rect) -> NDArray[np.bool_]:
        """Which pixels of a rectangle lie in blocks that are shown: rows x columns."""
        rows = np.arange(rect.top, rect.bottom) // self._block_px
        columns = np.arange(rect.left, rect.right) // self._block_px
        return self._shown[rows][:, columns]

    def _lit(self, rect: Rect) -> NDArray[np.uint8]:
        """The plate in the present light."""
        return self._plate[rect.slices] if self._gain is None else self._gain.lit(self._plate, rect)
