"""How a map of where people were is written: JSON, CSV, a table for a terminal. The same for `passerby query` and the API.

Each form says how much of the range was seen. A cell that is told to nobody but the operator is empty, as is one in which nobody was, for others.
"""

import json
from collections.abc import Iterator, Sequence
from math import log
from typing import Any, Final

from passerby.store.question import HeatMap
from passerby.store.sheet import Cell, Sheet, time_text
from passerby.store.suppression import told_cells

COLUMNS: Final = ("camera", "begin", "end", "covered_s", "cell_px", "row", "column", "person_s")
SHADES: Final = " ·░▒▓█"
"""From nobody to the most; each begins at a third of where the next one does."""
STEP: Final = 3.0

Rows = list[list[float | None]]


def grids_of(heat: HeatMap, *, for_operator: bool) -> list[tuple[int, Rows]]:
    """Each grid that a reader gets: the side of its cells in pixels, and person-seconds row by row; None = not told."""
    found = []
    for grid in heat.grids:
        cells: Sequence[float | None] = grid.person_s if for_operator else told_cells(grid.person_s, grid.quarters)
        if any(cell is not None for cell in cells):
            found.append((grid.cell_px, [list(cells[begin : begin + grid.columns]) for begin in range(0, len(cells), grid.columns)]))
    return found


def heat_sheet(heat: HeatMap, *, for_operator: bool = True) -> Sheet:
    """A row for each cell that is told; a single one without a cell where there is none, which says what was seen."""
    head: tuple[Cell, ...] = (heat.question.camera, *_range(heat), heat.covered_s)
    rows: list[tuple[Cell, ...]] = [
        (*head, cell_px, row, column, cell)
        for cell_px, grid in grids_of(heat, for_operator=for_operator)
        for row, cells in enumerate(grid)
        for column, cell in enumerate(cells)
        if cell is not None
    ]
    return Sheet(COLUMNS, rows or [(*head, None, None, None, None)])


def heat_json(heat: HeatMap, zone_name: str, *, for_operator: bool = True) -> bytes:
    """As JSON: what was asked, how much of it was seen, and each grid as a list of rows."""
    begin, end = _range(heat)
    told: dict[str, Any] = {"time_zone": zone_name, "camera": heat.question.camera, "begin": begin, "end": end, "covered_s": heat.covered_s}
    told["grids"] = [{"cell_px": cell_px, "person_s": rows} for cell_px, rows in grids_of(heat, for_operator=for_operator)]
    return json.dumps(told, ensure_ascii=False, allow_nan=False).encode("utf-8")


def heat_table(heat: HeatMap) -> bytes:
    """As somebody sees it in a terminal: a shade for each cell, in the shape of the picture."""
    return "\n".join(_drawn(heat)).encode("utf-8")


def _drawn(heat: HeatMap) -> Iterator[str]:
    begin, end = _range(heat)
    passed_s = heat.question.to_s - heat.question.from_s
    yield f"{heat.question.camera}, {begin} to {end}: {heat.covered_s:.0f} of {passed_s:.0f} s were seen"
    if not heat.grids:
        yield "nobody was there" if heat.covered_s else "nothing was measured there"
    for grid in heat.grids:
        most = max(grid.person_s)
        yield ""
        yield f"cells of {grid.cell_px} px; most in one: {most:g} person-seconds; {SHADES[-1]} from a third of that, {SHADES[-2]} from a ninth, ..."
        for first in range(0, len(grid.person_s), grid.columns):
            yield "".join(_shade(cell, most) * 2 for cell in grid.person_s[first : first + grid.columns]).rstrip()


def _shade(person_s: float, most: float) -> str:
    if person_s <= 0:
        return SHADES[0]
    return SHADES[max(1, len(SHADES) - 1 - int(log(most / person_s, STEP)))]


def _range(heat: HeatMap) -> tuple[str, str]:
    question = heat.question
    return time_text(question.from_s, question.zone), time_text(question.to_s, question.zone)
