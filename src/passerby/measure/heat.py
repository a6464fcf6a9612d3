"""Where people were in a minute: person-seconds in coarse cells of the picture."""

from collections.abc import Iterable
from typing import Final

from passerby.released.measurement import Heat
from passerby.released.scene import Size

CELLS_PER_HEIGHT: Final = 16
"""A cell is this part of the picture's height: about a person's height where people are large."""


class HeatGrid:
    """Gathers person-seconds of one camera.

    Args:
        size: Size of its pictures.
    """

    def __init__(self, size: Size) -> None:
        self._cell_px = max(1, -(-size.height_px // CELLS_PER_HEIGHT))
        self._columns, self._rows = -(-size.width_px // self._cell_px), -(-size.height_px // self._cell_px)
        self._person_s: dict[int, float] = {}

    def add(self, passed_s: float, feet_px: Iterable[tuple[float, float]]) -> None:
        """People stood at these pixels for so long; who stands outside of the picture is at its border."""
        for x, y in feet_px:
            column = min(max(int(x) // self._cell_px, 0), self._columns - 1)
            row = min(max(int(y) // self._cell_px, 0), self._rows - 1)
            cell = row * self._columns + column
            self._person_s[cell] = self._person_s.get(cell, 0.0) + passed_s

    def taken(self) -> Heat | None:
        """What was gathered, and begins anew; None = nobody was there."""
        gathered, self._person_s = self._person_s, {}
        if not gathered:
            return None
        return Heat(self._cell_px, self._columns, tuple(round(gathered.get(cell, 0.0), 1) for cell in range(self._rows * self._columns)))
