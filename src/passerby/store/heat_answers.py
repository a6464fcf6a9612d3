"""Where people were in a camera's picture, added up over a range, out of the history's files.

What was seen is told by all rows of the camera: a minute in which nobody was there has no grid, and was seen all the same.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from passerby.errors import SettingsError
from passerby.site.times import offsets_between
from passerby.store.answers import MOST_SPANS, Found, Reader, Statement
from passerby.store.buckets import midnight_s
from passerby.store.layout import TABLES, day_of
from passerby.store.question import HeatCells, HeatMap, HeatQuestion
from passerby.store.tables import quoted

HEAT: Final = "heat"
"""The table of grids."""
QUARTER_MIN: Final = 15
"""Whoever stays in a cell counts once in a quarter of an hour, and again in the next one."""
DAY_MIN: Final = 1440
DIGITS: Final = 1
COMES_WITHIN_S: Final = 7500.0
"""Minutes of a worker are taken up to two hours late, and a little more until they are written: so long after its end a day may still grow."""
NOTHING: Final[tuple[list[Found], ...]] = ([], [], [])


def in_whole_days(question: HeatQuestion, now_s: float, first: date | None = None) -> HeatQuestion:
    """The question as anybody but the operator may ask it: of whole days of the site's time zone that are over.

    Of ranges that end at any minute, two that differ by one would tell that minute, cell by cell. So would a day that grows after it was told, or of
    which retention, which goes by UTC days, deletes a part.

    Args:
        question: As it was asked.
        now_s: Seconds since 1970 UTC.
        first: The first UTC day of which there is a history.

    Raises:
        SettingsError: There is no such day in it.
    """
    zone, over_s = question.zone, now_s - COMES_WITHIN_S
    begin = datetime.fromtimestamp(question.from_s, zone).date()
    if first is not None:
        begin = max(begin, first)
        begin += timedelta(day_of(midnight_s(begin, zone)) < first)
    last = datetime.fromtimestamp(min(question.to_s, over_s) - 1e-3, zone).date()
    end_s = midnight_s(last + timedelta(1), zone)
    from_s, to_s = midnight_s(begin, zone), end_s if end_s <= over_s else midnight_s(last, zone)
    if from_s >= to_s:
        raise SettingsError(
            "where people were is told of whole days that are kept and have been over for two hours",
            "give from and to as days, the last of them yesterday",
        )
    return replace(question, from_s=from_s, to_s=to_s)


def heat_of(reader: Reader, question: HeatQuestion, most: int = MOST_SPANS, least: int = 0) -> HeatMap:
    """The map of a question.

    Args:
        reader: Reads the history.
        question: What is asked.
        most: More cells than these are refused.
        least: A cell counts on a day only where somebody was in it in so many quarters of an hour of that day.

    Raises:
        InputError: A file of the history cannot be read.
        SettingsError: There are too many cells.
    """
    where = f"camera = {quoted(question.camera)} AND minute >= {int(question.from_s // 60)} AND minute < {int(question.to_s // 60)}"
    local_min = _local_minute(question)

    def ask(sources: Mapping[str, str]) -> list[Statement]:
        if HEAT not in sources:
            return [(_covered(list(sources.values()), where), [])] if sources else []
        grids = sources[HEAT]
        wanted = (_covered(list(sources.values()), where), _shapes(grids, where), _cells(grids, where, least, local_min))
        return [(sql, []) for sql in wanted]

    covered, shapes, cells = [*reader.fetch(TABLES, question.from_s, question.to_s, ask), *NOTHING][:3]
    if sum(int(count) for _, _, count in shapes) > most:
        raise SettingsError(f"that would be more than {most} cells", "take a shorter range")
    known = {(int(cell_px), int(columns), int(cell)): (float(person_s), int(quarters)) for cell_px, columns, cell, person_s, quarters in cells}
    grids = [_grid(int(cell_px), int(columns), int(count), known) for cell_px, columns, count in shapes]
    return HeatMap(question, round(float(covered[0][0] or 0.0), 2) if covered else 0.0, tuple(grids))


def heat(folder: Path, question: HeatQuestion) -> HeatMap:
    """The map of one question, as `heat_of`; `folder` is the folder `measurements`."""
    with Reader(folder) as reader:
        return heat_of(reader, question)


def _covered(sources: list[str], where: str) -> str:
    """SQL of the seconds that were seen: each part of a minute once, whatever was measured in it."""
    rows = " UNION ALL ".join(f"SELECT minute, part, covered_s FROM ({sql}) WHERE {where}" for sql in sources)
    return f"SELECT sum(covered_s) FROM (SELECT minute, part, max(covered_s) AS covered_s FROM ({rows}) GROUP BY minute, part)"


def _shapes(sql: str, where: str) -> str:
    """SQL of the shapes that grids have: side of a cell, columns, cells."""
    return f"SELECT cell_px, columns, max(len(person_s)) FROM ({sql}) WHERE {where} GROUP BY cell_px, columns ORDER BY cell_px, columns"


def _local_minute(question: HeatQuestion) -> str:
    """SQL of a minute of the site's time zone, whose clock may be set forward or back within the range."""
    offsets = [(int(from_s // 60), ahead_s // 60) for from_s, ahead_s in offsets_between(question.zone, question.from_s, question.to_s)]
    before = [f"WHEN minute < {next_min} THEN {ahead_min}" for (_, ahead_min), (next_min, _) in pairwise(offsets)]
    last = offsets[-1][1]
    return f"(minute + CASE {' '.join(before)} ELSE {last} END)" if before else f"(minute + {last})"


def _cells(sql: str, where: str, least: int, local_min: str) -> str:
    """SQL of all cells in which somebody was: shape, place from 0, person-seconds, quarters of an hour in which somebody was there.

    A day's quarters are a bit each, so that a year needs no table of all of them. `local_min` is SQL of a minute of the site's time zone.
    """
    return (
        "WITH cells AS (SELECT cell_px, columns, minute, unnest(person_s) AS person_s, generate_subscripts(person_s, 1) - 1 AS cell "
        f"FROM ({sql}) WHERE {where}), days AS (SELECT cell_px, columns, cell, {local_min} // {DAY_MIN} AS day, "
        f"sum(person_s) AS person_s, bit_or(1::HUGEINT << ({local_min} % {DAY_MIN} // {QUARTER_MIN})) AS quarters "
        "FROM cells WHERE person_s > 0 GROUP BY ALL) SELECT cell_px, columns, cell, sum(person_s), sum(bit_count(quarters)) "
        f"FROM days WHERE bit_count(quarters) >= {least} GROUP BY cell_px, columns, cell"
    )


def _grid(cell_px: int, columns: int, count: int, known: Mapping[tuple[int, int, int], tuple[float, int]]) -> HeatCells:
    cells = [known.get((cell_px, columns, cell), (0.0, 0)) for cell in range(count)]
    return HeatCells(cell_px, columns, tuple(round(person_s, DIGITS) for person_s, _ in cells), tuple(quarters for _, quarters in cells))
