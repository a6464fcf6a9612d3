"""Somebody where nobody may be: tracks, the edge of a platform, a closed stand."""

from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.pulses import ZonePulses
from passerby.hazards.rules.rule import Heard
from passerby.hazards.rules.scene_now import SceneNow, inside
from passerby.hazards.words import LIMIT, bound, quoted
from passerby.released.scene import Kind, Level
from passerby.site.hazards import Hazard

SOMEBODY: Final = frozenset({Kind.PERSON, Kind.TWO_WHEELER})


class ForbiddenRule:
    """Persons in a zone in which nobody may be.

    At release level `glyphs` figures are counted whose foot point is in the zone, and the pulse must not say that nobody is there: a figure stands
    on a grid, and one next to the border may be drawn inside of it. At other levels the pulse alone says how many there are.
    """

    def __init__(self, hazard: Hazard, place: Place) -> None:
        self._limit = hazard.limit or 1.0
        self._place, self._where = place, quoted(place.shown)
        self._scenes = SceneNow(place) if place.level is Level.GLYPHS else None
        self._pulses = ZonePulses(place.id)

    def accept(self, message: Heard) -> None:
        """Takes scenes and pulses."""
        self._pulses.accept(message)
        if self._scenes is not None:
            self._scenes.accept(message)

    def read(self, second: int) -> Reading:
        """How many are there."""
        people = self._people(second)
        if people is None:
            return UNKNOWN
        words = f"{people} person{'s' if people != 1 else ''} in {self._where}, where nobody may be,{LIMIT}{bound(self._limit)}"
        return Reading(True, people >= self._limit, people < self._limit, words, float(people), None, self._limit)

    def _people(self, second: int) -> int | None:
        pulse = self._pulses.newest(second)
        if self._scenes is None:
            return None if pulse is None else pulse.most if pulse.people > 0 else 0
        shown = self._scenes.take(second)
        if not shown:
            return None
        figures = max(sum(one.kind in SOMEBODY and inside(self._place.polygon, one.x_px, one.y_px) for one in held.scene.glyphs) for held in shown)
        return figures if pulse is None or pulse.most else 0
