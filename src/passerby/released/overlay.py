"""What is drawn over the ground: the cells and glyphs of a scene, from below to above."""

from typing import NamedTuple

from passerby.released.cell_art import CellArt
from passerby.released.glyph_art import GlyphArt
from passerby.released.rect import Rect
from passerby.released.scene import Cell, Glyph, Scene, Size
from passerby.released.show import Show
from passerby.released.sprite import Sprite


class Item(NamedTuple):
    """A sprite at a place. Sprites are drawn once and kept, so equal items look alike and stand at the same place."""

    sprite: Sprite
    x_px: int
    y_px: int
    rect: Rect
    """What the item covers of the picture."""


def placed(sprite: Sprite, x_px: int, y_px: int, size: Size) -> list[Item]:
    """The sprite with its anchor at a pixel, or nothing if it lies outside of the picture."""
    rect = sprite.rect_at(x_px, y_px).cut(Rect.whole(size))
    return [] if rect is None else [Item(sprite, x_px, y_px, rect)]


class Overlay:
    """Chooses and places the sprites of scenes of one camera."""

    def __init__(self, size: Size, show: Show) -> None:
        self._size = size
        self._show = show
        self._glyph_art = GlyphArt()
        self._cell_art = CellArt(soft=show is Show.HEAT)
        self._last: tuple[tuple[Glyph, ...], tuple[Cell, ...], int] = ((), (), 1)
        self._items: list[Item] = []

    def items(self, scene: Scene) -> list[Item]:
        """The scene's items, in the order in which they are drawn; the same list as before where nothing changed."""
        wanted = (scene.glyphs, scene.cells, scene.cell_px)
        if wanted != self._last:
            self._last, self._items = wanted, self._placed(scene)
        return self._items

    def _placed(self, scene: Scene) -> list[Item]:
        """Places everything that this overlay shows."""
        if self._show is Show.COUNTS:
            return []
        if self._show is Show.HEAT:
            return self._cells({*scene.cells, *(self._cell_under(glyph, scene) for glyph in scene.glyphs)}, scene.cell_px)
        items = self._cells(set(scene.cells), scene.cell_px)
        for glyph in scene.glyphs:  # sorted by their foot points: from the back to the front
            items += placed(self._glyph_art.sprite(glyph), glyph.x_px, glyph.y_px, self._size)
        return items

    def _cells(self, cells: set[Cell], cell_px: int) -> list[Item]:
        """Places the tiles of cells."""
        items: list[Item] = []
        for cell, pattern in self._cell_art.patterns(cells).items():
            items += placed(self._cell_art.sprite(pattern, cell_px), cell.column * cell_px, cell.row * cell_px, self._size)
        return items

    def _cell_under(self, glyph: Glyph, scene: Scene) -> Cell:
        """The cell in which a glyph stands."""
        row = min(max(glyph.y_px - 1, 0), self._size.height_px - 1) // scene.cell_px
        column = min(max(glyph.x_px, 0), self._size.width_px - 1) // scene.cell_px
        return Cell(row, column)
