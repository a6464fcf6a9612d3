"""Somebody or something that does not move in a walkway: a figure on one spot, or coarse cells that do not go away."""

from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.rule import Heard
from passerby.hazards.rules.scene_now import SceneNow, ZoneCells
from passerby.hazards.rules.spots import GAP_S, CellSpots, FigureSpots, any_covers
from passerby.hazards.words import LIMIT, duration, quoted
from passerby.released.scene import Cell, Scene
from passerby.site.hazards import Hazard

PASSED_S: Final = 15.0
"""Who lies on the ground is hidden by those who walk past for so long at once. Hidden for longer, they may lie there, or be gone."""


class StaticRule:
    """A spot of a zone that is taken for too long."""

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit_s, self._clear, self._where = hazard.lasts_s, hazard.clear, quoted(place.shown)
        self._place, self._cells = place, ZoneCells(place)
        self._scenes = SceneNow(place)
        self._known_s: int | None = None
        self._begin()

    def accept(self, message: Heard) -> None:
        """Takes scenes."""
        self._scenes.accept(message)

    def read(self, second: int) -> Reading:
        """For how long the longest one has been there."""
        shown = self._scenes.take(second)
        if not shown:
            return UNKNOWN
        if self._known_s is not None and second - self._known_s > GAP_S:
            self._begin()
        self._known_s = second
        self._figures.add(second, shown)
        self._things.add(second, shown)
        figure_s, thing_s = self._figures.longest_s(), self._things.longest_s()
        longest_s = max(figure_s, thing_s)
        what = "a figure" if figure_s >= thing_s else "something"
        words = f"{what} has not moved in {self._where} for {duration(longest_s)}{LIMIT}{duration(self._limit_s)}"
        over = longest_s >= self._limit_s
        if not over and (self._figures.may_be_longer(second) or self._things.may_be_longer()):
            return UNKNOWN
        return Reading(True, over, longest_s < self._clear * self._limit_s, words, float(longest_s), None, self._limit_s)

    def _begin(self) -> None:
        self._figures = FigureSpots(self._place.polygon, self._limit_s)
        self._things = CellSpots(self._cells.of, _is_hidden, PASSED_S, self._limit_s)


def _is_hidden(cell: Cell, scene: Scene) -> bool:
    """Whether somebody stands before a cell. What is shown beside somebody lies there all the same: they may have come to help."""
    return any_covers(scene.glyphs, cell, scene.cell_px) and cell not in scene.cells
