"""The one renderer (invariant I3): a released scene becomes a picture.

From below to above: the ground (plate or hatch, `plate_canvas`), coarse cells, glyphs from the back to the front, the caption. Only what
changed since the scene before is drawn anew; the result is the same, bit by bit, as drawing everything.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.errors import SceneError
from passerby.released.caption import Caption, CaptionText, caption_text
from passerby.released.geometry import check
from passerby.released.overlay import Item, Overlay, placed
from passerby.released.plate_canvas import PlateCanvas
from passerby.released.rect import Rect, gathered
from passerby.released.scene import Scene, Size
from passerby.released.show import Show
from passerby.released.sprite import blend

Picture = NDArray[np.uint8]
"""height x width x 3, BGR."""
TILES_PER_HEIGHT: Final = 24
"""Changes are gathered on tiles of this part of the picture's height."""


class Renderer:
    """Renders the scenes of one camera. It keeps the plate, so it must be given every scene, in order.

    Args:
        size: Size of the pictures.
        show: How much of the scenes is drawn.
        caption: Whether the caption is drawn. Its words change at most once in a second of media time, or when the gate's state does.
    """

    def __init__(self, size: Size, *, show: Show = Show.GLYPHS, caption: bool = True) -> None:
        self._canvas = PlateCanvas(size)
        self._overlay = Overlay(size, show)
        self._caption = Caption(size) if caption else None
        self._show = show
        self._tile_px = max(16, size.height_px // TILES_PER_HEIGHT)
        self._captioned: tuple[int, CaptionText] | None = None
        self._items: dict[Item, None] = {}
        # Two buffers take turns. Each has its own tiles that are out of date, since it missed what was drawn into the other.
        self._buffers = [self._canvas.ground.copy() for _ in range(2)]
        tiles = (-(-size.height_px // self._tile_px), -(-size.width_px // self._tile_px))
        self._stale = [np.ones(tiles, np.bool_) for _ in range(2)]
        self._turn = 0
        self._picture: Picture | None = None

    @property
    def size(self) -> Size:
        """Size of the pictures."""
        return self._canvas.size

    @property
    def caption(self) -> CaptionText | None:
        """What the caption of the last picture says; None = it has none."""
        return self._captioned[1] if self._captioned else None

    def render(self, scene: Scene) -> Picture:
        """The picture of a scene: height x width x 3 BGR uint8, read-only.

        If nothing in it differs from the picture before, it is the very same object. Else it is a new object, and its pixels stay as they
        are until the next picture but one is drawn: copy it to keep it for longer.

        Raises:
            SceneError: The scene is inconsistent, or its size is another one.
        """
        check(scene)
        if scene.size != self.size:
            raise SceneError(f"this renderer draws {self.size.width_px} x {self.size.height_px}, not {scene.size.width_px} x {scene.size.height_px}")
        changed = self._canvas.update(scene)
        items = dict.fromkeys(self._overlay.items(scene) + self._caption_items(scene))
        changed += [item.rect for item in items.keys() ^ self._items.keys()]
        self._items = items
        if self._picture is not None and not changed:
            return self._picture
        for rect in changed:
            rows = slice(rect.top // self._tile_px, (rect.bottom - 1) // self._tile_px + 1)
            columns = slice(rect.left // self._tile_px, (rect.right - 1) // self._tile_px + 1)
            for stale in self._stale:
                stale[rows, columns] = True
        self._turn = 1 - self._turn
        buffer, stale = self._buffers[self._turn], self._stale[self._turn]
        for rect in gathered(stale, self._tile_px, self.size):
            self._compose(buffer, rect)
        stale[:] = False
        self._picture = buffer.view()
        self._picture.flags.writeable = False
        return self._picture

    def _caption_items(self, scene: Scene) -> list[Item]:
        """The caption, which keeps its words for as long as media time shows the same second and the gate is in the same state."""
        if self._caption is None:
            return []
        second, state = int(scene.time_s), scene.health.state
        if self._captioned is None or (second, state) != (self._captioned[0], self._captioned[1].state):
            self._captioned = second, caption_text(scene, self._show)
        sprite = self._caption.sprite(self._captioned[1])
        return [] if sprite is None else placed(sprite, 0, 0, self.size)

    def _compose(self, buffer: Picture, rect: Rect) -> None:
        """Draws everything that lies in a rectangle."""
        np.copyto(buffer[rect.slices], self._canvas.ground[rect.slices])
        for item in self._items:
            if item.rect.cut(rect):
                blend(buffer, item.sprite, item.x_px, item.y_px, rect)


def render_once(scene: Scene, *, show: Show = Show.GLYPHS, caption: bool = True) -> Picture:
    """The picture of a single scene that brings its whole plate: what a `Renderer` gives that has seen all the patches one after another."""
    return Renderer(scene.size, show=show, caption=caption).render(scene).copy()
