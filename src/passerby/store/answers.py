"""Answers questions out of the history's files. Reads only; another process may write and compact meanwhile.

Means over time weigh minutes by how much of them was seen. Speeds of a span are the means of its minutes' speeds, weighed by the people in them: the
median of an hour is not known, only its minutes' medians are.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb

from passerby.errors import InputError, SettingsError
from passerby.store.buckets import STEPS_S, Every, edges
from passerby.store.database import connection
from passerby.store.layout import Layout, ends_of
from passerby.store.question import Question, Span, Table
from passerby.store.tables import DWELL_COLUMNS, from_days, from_lines, once, quoted

MOST_SPANS: Final = 500_000
"""In one answer, of all zones or lines together."""
TRIES: Final = 3
"""A file that is compacted away while it is read is looked for anew."""
WEEK_HOURS: Final = 168


def _by_time(name: str, told_with: str = "") -> str:
    """SQL of a mean over time; `told_with` names the column that is told whenever this one is."""
    return f"sum({name} * covered_s) / nullif(sum(if({told_with or name} IS NULL, 0, covered_s)), 0)"


def _by_people(name: str, told_with: str) -> str:
    """SQL of a mean over people and time."""
    return f"sum({name} * people_s) / nullif(sum(if({told_with} IS NULL, 0, people_s)), 0)"


_COLUMNS: Final[dict[Table, dict[str, str]]] = {
    Table.ZONES: {
        "people_mean": "sum(people_s) / nullif(sum(covered_s), 0)",
        "people_least": "min(people_least)",
        "people_most": "max(people_most)",
        "per_m2": _by_time("per_m2"),
        "per_m2_error": _by_time("per_m2_error", "per_m2"),
        "per_m2_most": "max(per_m2_most)",
        **{name: _by_people(name, "speed_median_m_s") for name in ("speed_p10_m_s", "speed_median_m_s", "speed_p90_m_s")},
        **{name: _by_people(name, "east_m_s") for name in ("east_m_s", "north_m_s")},
        **{name: f"sum({name})" for name in DWELL_COLUMNS},
        "queue_mean": _by_time("queue_mean"),
        "queue_most": "max(queue_most)",
        "wait_s": _by_time("wait_s"),
    },
    Table.LINES: {
        "ab": "sum(ab)",
        "ba": "sum(ba)",
        "flow_ab": _by_time("flow_ab"),
        "flow_ba": _by_time("flow_ba", "flow_ab"),
    },
}
"""How a span's values come of its minutes'. Aggregates that are alike are worked out once."""
_ADDED: Final = {Table.ZONES: ", people_mean * covered_s AS people_s", Table.LINES: ""}


def columns(table: Table) -> tuple[str, ...]:
    """The names of a table's values, in order."""
    return tuple(_COLUMNS[table])


Row = tuple[str, str, int, float, tuple[float | None, ...]]
"""Camera, id, slot, seconds that were seen, values."""
Known = list[tuple[tuple[str, str], dict[int, Row]]]
"""By camera and id, what is known by slot."""
Statement = tuple[str, list[object]]
"""SQL, and what goes into it."""
Found = tuple[Any, ...]
"""A row as DuckDB gives it."""


class Reader:
    """Answers questions, one after the other, with a DuckDB that is kept: what a day's file says of itself is read once. A context.

    Args:
        folder: The folder `measurements`.
    """

    def __init__(self, folder: Path) -> None:
        self._layout = Layout(folder)
        self._open = contextlib.ExitStack()
        self._database: duckdb.DuckDBPyConnection | None = None

    def answer(self, question: Question, most: int = MOST_SPANS) -> list[Span]:
        """The spans of a question, by camera, id and time; gaps are among them. Spans that the range touches are answered whole.

        Args:
            question: What is asked.
            most: More spans than these are refused.

        Raises:
            InputError: A file of the history cannot be read.
            SettingsError: The range makes no sense, or has too many spans.
        """
        every = Every.HOUR if question.weekdays else question.every
        begins = edges(question.from_s, question.to_s, every, question.zone)
        question = replace(question, from_s=begins[0], to_s=begins[-1])
        known = _by_id(self._rows(question, begins, most), question)
        if len(known) * (WEEK_HOURS if question.weekdays else len(begins) - 1) > most:
            raise _too_many(most)
        return list(_weeks(known, question) if question.weekdays else _spans(known, question, begins))

    def first_day(self) -> date | None:
        """The first UTC day of which there is anything; None = there is nothing."""
        return next(iter(self._layout.days()), None)

    def close(self) -> None:
        """Lets go of the DuckDB."""
        self._database = None
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def fetch(self, tables: Sequence[str], from_s: float, to_s: float, ask: Callable[[Mapping[str, str]], list[Statement]]) -> list[list[Found]]:
        """What statements find in the history: all of them see the same files.

        Args:
            tables: Which tables are asked.
            from_s: Days that the range touches are read; its begin, seconds since 1970 UTC.
            to_s: Its end.
            ask: The statements, out of SQL for each table's rows; a table of which there are none is left out.

        Returns:
            A list of rows for each statement.

        Raises:
            InputError: A file of the history cannot be read.
        """
        layout = self._layout
        for left in range(TRIES - 1, -1, -1):
            lines = _lines(layout, from_s, to_s)
            statements = ask({table: sql for table in tables if (sql := _source(layout, table, from_s, to_s, lines)) is not None})
            if not statements:
                return []
            try:
                if self._database is None:
                    self._database = self._open.enter_context(connection(layout.folder, threads=2))
                found = [self._database.execute(sql, values).fetchall() for sql, values in statements]
                if left and _lines(layout, from_s, to_s) != lines:
                    continue  # lines were set aside meanwhile: a file of the same name may have been another one
            except duckdb.Error as error:
                self.close()
                if not left:
                    raise InputError(f"the history cannot be read: {type(error).__name__}", "look into the state folder's measurements") from error
            else:
                return found
        raise AssertionError("unreachable")

    def _rows(self, question: Question, begins: list[float], most: int) -> list[Row]:
        def ask(sources: Mapping[str, str]) -> list[Statement]:
            return [_grouped(sql, question, begins, most) for sql in sources.values()]

        found = [row for rows in self.fetch((question.table.value,), question.from_s, question.to_s, ask) for row in rows]
        if len(found) > most:
            raise _too_many(most)
        return [(str(row[0]), str(row[1]), int(row[2]), float(row[3]), tuple(row[4:])) for row in found]


def answer(folder: Path, question: Question, most: int = MOST_SPANS) -> list[Span]:
    """The spans of one question, as `Reader.answer`.

    Raises:
        InputError: A file of the history cannot be read.
        SettingsError: The range makes no sense, or has too many spans.
    """
    with Reader(folder) as reader:
        return reader.answer(question, most)


def _lines(layout: Layout, from_s: float, to_s: float) -> list[tuple[Path, int]]:
    """The files of lines of the days that a range touches, and which they are."""
    first, last = ends_of(from_s, to_s)
    found = []
    for day in layout.live_days():
        for path in layout.lines(day) if first <= day <= last else ():
            with contextlib.suppress(FileNotFoundError):
                found.append((path, path.stat().st_ino))
    return found


def _source(layout: Layout, table: str, from_s: float, to_s: float, lines: list[tuple[Path, int]]) -> str | None:
    """SQL of a table's rows of the days that a range touches; None = there are none."""
    first, last = ends_of(from_s, to_s)
    of_day: dict[date, list[str]] = {}
    for path, _ in lines:
        of_day.setdefault(date.fromisoformat(path.name.partition(".")[0]), []).append(str(path))
    parts, quiet = [], []
    for day, compacted in sorted(layout.newest(table).items()):
        if first <= day <= last and day in of_day:
            parts.append(once(table, f"{from_days([str(compacted)])} UNION ALL BY NAME {from_lines(table, of_day.pop(day))}"))
        elif first <= day <= last:
            quiet.append(str(compacted))
    parts += [once(table, from_lines(table, paths)) for _, paths in sorted(of_day.items())]
    parts += [from_days(quiet)] if quiet else []
    return " UNION ALL BY NAME ".join(f"({part})" for part in parts) or None


def _grouped(sql: str, question: Question, begins: list[float], most: int) -> Statement:
    """SQL of all spans that are not gaps, and what goes into it."""
    name = "zone" if question.table is Table.ZONES else "line"
    where = [f"minute >= {int(question.from_s // 60)}", f"minute < {-int(-question.to_s // 60)}"]
    if question.camera is not None:
        where.append(f"camera = {quoted(question.camera)}")
    if question.ids:
        where.append(f"{name} IN ({', '.join(quoted(one) for one in question.ids)})")
    values = ", ".join(f"{made} AS {column}" for column, made in _COLUMNS[question.table].items())
    rows = f"(SELECT *{_ADDED[question.table]} FROM ({sql}) WHERE {' AND '.join(where)})"
    end = f"GROUP BY ALL ORDER BY ALL LIMIT {most + 1}"
    step_s = STEPS_S.get(question.every)
    if step_s is not None and not question.weekdays:
        # Spans that are all of a length need no table of them.
        slot = f"(minute - {int(begins[0] // 60)}) // {step_s // 60}"
        return f"SELECT camera, {name}, {slot} AS slot, sum(covered_s), {values} FROM {rows} {end}", []
    slots = [_hour_of_week(begin, question) for begin in begins[:-1]] if question.weekdays else list(range(len(begins) - 1))
    joined = (
        "WITH edges AS (SELECT unnest(?::BIGINT[]) AS begin, unnest(?::BIGINT[]) AS slot) "
        f"SELECT camera, {name}, slot, sum(covered_s), {values} FROM {rows} AS rows ASOF JOIN edges ON rows.minute >= edges.begin {end}"
    )
    return joined, [[int(begin // 60) for begin in begins], [*slots, -1]]


def _spans(known: Known, question: Question, begins: list[float]) -> Iterator[Span]:
    """Each zone's or line's spans, the gaps among them."""
    for (camera, one), slots in known:
        for slot in range(len(begins) - 1):
            yield _span(camera, one, begins[slot], begins[slot + 1], slots.get(slot), question)


def _by_id(rows: list[Row], question: Question) -> Known:
    """Rows by camera and id, then by slot. Who was asked for by name and was never seen is among them: all of it is a gap."""
    found: dict[tuple[str, str], dict[int, Row]] = {(question.camera, one): {} for one in question.ids} if question.camera is not None else {}
    for row in rows:
        found.setdefault((row[0], row[1]), {})[row[2]] = row
    return sorted(found.items())


def _weeks(known: Known, question: Question) -> Iterator[Span]:
    for (camera, one), slots in known:
        for slot in range(WEEK_HOURS):
            yield _span(camera, one, slot * 3600.0, (slot + 1) * 3600.0, slots.get(slot), question)


def _span(camera: str, one: str, begin_s: float, end_s: float, row: Row | None, question: Question) -> Span:
    names = columns(question.table)
    if row is None:
        return Span(camera, one, begin_s, end_s, 0.0, dict.fromkeys(names))
    return Span(camera, one, begin_s, end_s, round(row[3], 2), dict(zip(names, row[4], strict=True)))


def _too_many(most: int) -> SettingsError:
    return SettingsError(f"that would be more than {most} spans", "ask for fewer zones or lines, a shorter range, or longer spans")


def _hour_of_week(begin_s: float, question: Question) -> int:
    local = datetime.fromtimestamp(begin_s, UTC).astimezone(question.zone)
    return local.weekday() * 24 + local.hour
