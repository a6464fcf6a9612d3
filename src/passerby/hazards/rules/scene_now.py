"""What a camera's scenes show in a second: which figures stand in a zone, which cells differ there. A scene holds until the next one."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from passerby.hazards.place import Pixel, Place
from passerby.hazards.rules.rule import Heard
from passerby.released.messages import SceneMessage
from passerby.released.scene import Cell, GateState, Scene

STALE_S: Final = 3.0
"""A scene that is older says nothing of now. Of cameras that give less than a picture a second: three pictures' time."""
SEES: Final = frozenset({GateState.WATCHING, GateState.SETTLING})
"""In all other states neither figures nor cells are released."""


def stale_after_s(place: Place) -> float:
    """How old the newest scene of a camera may be."""
    return STALE_S if not place.fps_limit else max(STALE_S, 3 / place.fps_limit)


@dataclass(frozen=True, slots=True)
class Shown:
    """A scene for as long as it held within a second."""

    scene: Scene
    held_s: float


class SceneNow:
    """The scenes of the second that is being read."""

    def __init__(self, place: Place) -> None:
        self._stale_s = stale_after_s(place)
        self._since: list[tuple[float, Scene]] = []

    def accept(self, message: Heard) -> None:
        """Takes scenes."""
        if isinstance(message, SceneMessage):
            self._since.append((message.captured_wall_s, message.scene))

    def take(self, second: int) -> list[Shown]:
        """What was shown in a second, and how long each; empty = nothing is known. What was shown last is kept for the next one."""
        self._since = self._since[max(0, len([at for at, _ in self._since if at <= second - 1]) - 1) :]
        if not self._since or self._since[-1][0] < second - self._stale_s:
            return []
        ends = [*(at for at, _ in self._since[1:]), float(second)]
        shown = [Shown(scene, max(0.0, min(end_s, second) - max(at_s, second - 1))) for (at_s, scene), end_s in zip(self._since, ends, strict=True)]
        self._since = self._since[-1:]
        return [one for one in shown if one.held_s > 0 and one.scene.health.state in SEES]


def inside(polygon: tuple[Pixel, ...], x: float, y: float) -> bool:
    """Whether a point is in a polygon, by the even-odd rule, as people are counted (`measure.zone`)."""
    found = False
    x0, y0 = polygon[-1]
    for x1, y1 in polygon:
        if (y1 > y) != (y0 > y) and x < (x0 - x1) * (y - y1) / (y0 - y1) + x1:
            found = not found
        x0, y0 = x1, y1
    return found


class ZoneCells:
    """Which coarse cells of a scene lie in a zone: those whose middle does, or the one that holds the zone's middle if there is none."""

    def __init__(self, place: Place) -> None:
        self._polygon = place.polygon
        self._known: tuple[int, int, int] | None = None
        self._cells: frozenset[Cell] = frozenset()

    def of(self, scene: Scene) -> frozenset[Cell]:
        """Those of the scene that are shown."""
        shape = scene.cell_px, scene.size.width_px, scene.size.height_px
        if self._known != shape:
            self._known, self._cells = shape, self._within(*shape)
        return self._cells.intersection(scene.cells)

    @property
    def count(self) -> int:
        """How many cells the zone has; 0 before the first scene."""
        return len(self._cells)

    def _within(self, side_px: int, width_px: int, height_px: int) -> frozenset[Cell]:
        rows, columns = ceil(height_px / side_px), ceil(width_px / side_px)
        found = frozenset(
            Cell(row, column)
            for row in range(rows)
            for column in range(columns)
            if inside(self._polygon, (column + 0.5) * side_px, (row + 0.5) * side_px)
        )
        if found:
            return found
        count = len(self._polygon)
        x, y = sum(x for x, _ in self._polygon) / count, sum(y for _, y in self._polygon) / count
        return frozenset({Cell(int(y // side_px), int(x // side_px))})
