"""Something that was left behind: coarse cells that came, do not go away, and near which nobody is."""

from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.pulses import ZonePulses
from passerby.hazards.rules.rule import Heard
from passerby.hazards.rules.scene_now import SceneNow, ZoneCells
from passerby.hazards.rules.spots import GAP_S, CellSpots, any_covers
from passerby.hazards.words import LIMIT, duration, quoted
from passerby.released.scene import Cell, Level, Scene
from passerby.site.hazards import Hazard

ATTENDED_S: Final = 15.0
"""Who stays so long where a thing lies has not left it; who passes is gone before."""
MOST_CELLS: Final = 4
LARGEST_SHARE: Final = 0.5
"""More of the zone than this, and more than so many cells: that is light or a shadow, and no thing that somebody carried."""
SOMEBODY: Final = 0.5


class LeftObjectRule:
    """Cells of a zone that stay while nobody is near.

    At release level `glyphs` figures say where somebody is. At `heat` there are none, and cells show persons, too: there only seconds count in which
    the pulse says that nobody is in the zone.
    """

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit_s, self._clear, self._where = hazard.lasts_s, hazard.clear, quoted(place.shown)
        self._cells, self._scenes = ZoneCells(place), SceneNow(place)
        self._pulses = None if place.level is Level.GLYPHS else ZonePulses(place.id)
        self._somebody = False
        self._known_s: int | None = None
        self._begin()

    def accept(self, message: Heard) -> None:
        """Takes scenes; pulses where there are no figures."""
        self._scenes.accept(message)
        if self._pulses is not None:
            self._pulses.accept(message)

    def read(self, second: int) -> Reading:
        """For how long the longest one has lain there unattended."""
        shown = self._scenes.take(second)
        if not shown or (self._pulses is not None and self._pulses.newest(second) is None):
            return UNKNOWN
        if self._known_s is not None and second - self._known_s > GAP_S:
            self._begin()
        self._known_s = second
        if self._pulses is not None:
            pulse = self._pulses.newest(second)
            self._somebody = pulse is not None and pulse.people >= SOMEBODY
        self._things.add(second, shown, all_hidden=self._somebody)
        longest_s = self._things.longest_s()
        over = longest_s >= self._limit_s
        if not over and self._things.may_be_longer():
            return UNKNOWN
        words = f"something lies in {self._where}, with nobody near, for {duration(longest_s)}{LIMIT}{duration(self._limit_s)}"
        return Reading(True, over, longest_s < self._clear * self._limit_s, words, float(longest_s), None, self._limit_s)

    def _begin(self) -> None:
        attended_s = ATTENDED_S if self._pulses is None else float("inf")
        self._things = CellSpots(self._of, self._is_hidden, attended_s)

    def _of(self, scene: Scene) -> frozenset[Cell]:
        """The cells of a thing: none where so many differ that it is the light."""
        cells = self._cells.of(scene)
        return frozenset() if len(cells) > max(MOST_CELLS, LARGEST_SHARE * self._cells.count) else cells

    def _is_hidden(self, cell: Cell, scene: Scene) -> bool:
        return self._somebody if self._pulses is not None else any_covers(scene.glyphs, cell, scene.cell_px)
