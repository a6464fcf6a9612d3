"""Places in a zone that stay taken: by a figure that does not move, or by coarse cells that do not go away.

A spot is a place, not somebody: who comes after another one within `GAP_S` on the same spot goes on with it. Nothing of a spot leaves a rule but
how long the longest one has been taken, and whether that may be longer than was watched: one that was taken when watching began may have been so for
any time. While that cannot be ruled out, nobody may say that it is over.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import hypot, isfinite
from typing import Final

from passerby.hazards.place import Pixel
from passerby.hazards.rules.scene_now import Shown, inside
from passerby.released.scene import GLYPH_STEPS_PER_HEIGHT, Cell, Glyph, Scene

GAP_S: Final = 3
"""A spot may be seen empty for so long: somebody walked before it."""
LONGEST_GAP_S: Final = 10
GAP_SHARE: Final = 6
"""A spot of figures may be empty for a sixth of the time that it was taken: a figure is missed now and then, and minutes shall not begin anew."""
HELD_SHARE: Final = 0.8
"""A second counts in which it was taken for so much of it."""
LEAST_SEEN: Final = 0.5
"""A cell that was hidden for some of a second must have been seen for so much of it."""
NEAR_HEIGHTS: Final = 0.25
NEAR_STEPS: Final = 1.5
"""A figure that stands still is drawn within so many heights, or steps of the grid, of one place."""
MOST_SPOTS: Final = 256
DOUBTED: Final = 2
"""So many times the limit, or the time after which a spot has the longest gap: by then whoever still stands there was counted for as long."""


@dataclass(slots=True)
class _Spot:
    """Where, how near counts, since when, when last; whether it may have been taken before; whether it was empty for too long to count on."""

    x_px: float
    y_px: float
    near_px: float
    since_s: int
    seen_s: int
    before: bool = False
    lapsed: bool = False

    @property
    def gap_s(self) -> int:
        """For how long it may be empty."""
        return min(LONGEST_GAP_S, max(GAP_S, (self.seen_s - self.since_s) // GAP_SHARE))

    def holds(self, glyph: Glyph) -> bool:
        return hypot(glyph.x_px - self.x_px, glyph.y_px - self.y_px) <= self.near_px


class FigureSpots:
    """Spots that figures take in a zone.

    Args:
        polygon: The zone.
        limit_s: For how long a spot may be taken.
    """

    def __init__(self, polygon: tuple[Pixel, ...], limit_s: float) -> None:
        self._polygon = polygon
        self._doubted_s = doubted_s(limit_s)
        self._begun_s: int | None = None
        self._spots: list[_Spot] = []

    def add(self, second: int, shown: list[Shown]) -> None:
        """Takes what was shown in a second; not empty."""
        self._begun_s = second if self._begun_s is None else self._begun_s
        there = [([one for one in held.scene.glyphs if inside(self._polygon, one.x_px, one.y_px)], held.held_s) for held in shown]
        known_s = sum(held_s for _, held_s in there)
        for spot in self._spots:
            taken_s = sum(held_s for glyphs, held_s in there if any(spot.holds(one) for one in glyphs))
            if taken_s >= HELD_SHARE * known_s:
                spot.since_s, spot.seen_s = second if spot.lapsed else spot.since_s, second
            spot.lapsed = second - spot.seen_s > spot.gap_s
        self._spots = [one for one in self._spots if not one.lapsed or (one.before and second - one.seen_s <= LONGEST_GAP_S)]
        step_px = shown[-1].scene.size.height_px / GLYPH_STEPS_PER_HEIGHT
        for glyph in there[-1][0]:
            if len(self._spots) < MOST_SPOTS and not any(spot.seen_s == second and spot.holds(glyph) for spot in self._spots):
                near_px = max(NEAR_HEIGHTS * glyph.height_px, NEAR_STEPS * step_px)
                before = second - self._begun_s <= LONGEST_GAP_S
                self._spots.append(_Spot(glyph.x_px, glyph.y_px, near_px, second, second, before))

    def longest_s(self) -> int:
        """For how long the longest one has been taken, until it was last seen so."""
        return max((one.seen_s - one.since_s for one in self._spots if not one.lapsed), default=0)

    def may_be_longer(self, second: int) -> bool:
        """Whether one may have been taken for longer: since before watching began."""
        watched_s = 0 if self._begun_s is None else second - self._begun_s
        return watched_s <= LONGEST_GAP_S or (watched_s <= self._doubted_s and any(one.before for one in self._spots))


@dataclass(slots=True)
class _Lying:
    """A cell: seconds that count, when it was last seen or hidden, whether it may have lain there for longer, since when it has been hidden.

    Attributes:
        doubted_s: How many seconds longer than one may be hidden it was, since it was last seen.
    """

    counted_s: int
    seen_s: int
    before: bool
    hidden_since_s: int | None = None
    doubted_s: int = 0


class CellSpots:
    """Coarse cells of a zone that do not go away.

    Args:
        cells_of: The cells of a scene that count.
        hidden: Whether a cell is hidden in a scene, or attended by somebody: such a time counts neither way.
        attended_s: A cell that is hidden for longer begins anew; with `limit_s`, it is then doubted.
        limit_s: For how long one may lie there, where `hidden` is never said of what is shown: a second counts by what of it was not hidden, and what
            is doubted is not known to be gone, for `doubted_s` at once. None = what is attended begins anew, shown or not.
    """

    def __init__(
        self,
        cells_of: Callable[[Scene], frozenset[Cell]],
        hidden: Callable[[Cell, Scene], bool],
        attended_s: float,
        limit_s: float | None = None,
    ) -> None:
        self._cells_of, self._hidden, self._attended_s, self._limit_s = cells_of, hidden, attended_s, limit_s
        self._lying: dict[Cell, _Lying] = {}
        self._side_px = self._looked_s = 0

    def add(self, second: int, shown: list[Shown], *, all_hidden: bool = False) -> None:
        """Takes what was shown in a second; not empty. `all_hidden`: nothing can be told of any cell."""
        if shown[-1].scene.cell_px != self._side_px:
            self._side_px, self._lying, self._looked_s = shown[-1].scene.cell_px, {}, 0
        self._looked_s += not all_hidden
        known_s = sum(held.held_s for held in shown)
        seen_s: dict[Cell, float] = {}
        for held in shown:
            for cell in self._cells_of(held.scene):
                seen_s[cell] = seen_s.get(cell, 0.0) + held.held_s
        for cell in sorted({*seen_s, *self._lying}):
            hidden_s = sum(held.held_s for held in shown if self._hidden(cell, held.scene))
            is_hidden = hidden_s > (1 - HELD_SHARE) * known_s
            if self._limit_s is None:
                self._count(cell, second, seen=not is_hidden and seen_s.get(cell, 0.0) >= HELD_SHARE * known_s, hidden=is_hidden)
            else:
                least_s = max(LEAST_SEEN * known_s, HELD_SHARE * (known_s - hidden_s))
                self._count(cell, second, seen=seen_s.get(cell, 0.0) >= least_s, hidden=is_hidden)

    def longest_s(self) -> int:
        """How many seconds of the longest one count."""
        return max((one.counted_s for one in self._lying.values()), default=0)

    def may_be_longer(self) -> bool:
        """Whether one may have lain there for longer: since before watching began, seen or hidden; or hidden for too long to count on."""
        return self._is_beginning() or any(one.before for one in self._lying.values())

    def _is_beginning(self) -> bool:
        """Whether something that lay there before may not have been seen yet. Seconds in which all is hidden are not counted."""
        return self._looked_s <= GAP_S + 1 + (self._attended_s if isfinite(self._attended_s) else 0)

    def _count(self, cell: Cell, second: int, *, seen: bool, hidden: bool) -> None:
        lying = self._lying.get(cell)
        if seen:
            lying = self._lying.setdefault(cell, _Lying(0, second, self._is_beginning()))
            lying.counted_s, lying.seen_s, lying.hidden_since_s = lying.counted_s + 1, second, None
            lying.doubted_s = 0
        elif lying is None:
            pass
        elif hidden:
            lying.seen_s = second
            lying.hidden_since_s = second if lying.hidden_since_s is None else lying.hidden_since_s
            if second - lying.hidden_since_s >= self._attended_s and not self._is_doubted(lying):
                del self._lying[cell]
        elif second - lying.seen_s > GAP_S:
            del self._lying[cell]

    def _is_doubted(self, lying: _Lying) -> bool:
        """Whether a cell that was hidden for too long to count on may lie there still: for a while. What was not enough is kept."""
        if self._limit_s is None:
            return False
        lying.doubted_s += 1
        if lying.counted_s >= self._limit_s:
            lying.before, lying.counted_s = True, 0
        return lying.doubted_s <= doubted_s(self._limit_s)


def doubted_s(limit_s: float) -> float:
    """For how long it is not known to be over that a spot was taken for longer than `limit_s`, seconds."""
    return DOUBTED * max(limit_s, LONGEST_GAP_S * GAP_SHARE)


def any_covers(glyphs: Iterable[Glyph], cell: Cell, side_px: int) -> bool:
    """Whether one of the figures, drawn on its foot point, reaches into a cell or next to it."""
    x, y = (cell.column + 0.5) * side_px, (cell.row + 0.5) * side_px
    return any(abs(x - one.x_px) <= one.width_px / 2 + side_px and one.y_px - one.height_px - side_px <= y <= one.y_px + side_px for one in glyphs)
