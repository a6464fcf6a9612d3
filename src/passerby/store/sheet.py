"""Answers as a sheet of columns and rows, which all forms share: a table for people, CSV, JSON, Parquet. A gap is an empty cell, never a zero.

camera,zone,begin,end,covered_s,people_mean,...,service,accuracy
gate,stairs,2026-11-23T08:00:00+01:00,2026-11-23T09:00:00+01:00,3600,2.4,...,A,not yet validated
gate,stairs,2026-11-23T09:00:00+01:00,2026-11-23T10:00:00+01:00,0,,...,,not yet validated
"""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Final

from passerby.measure.service import service_of
from passerby.released.measurement import DWELL_EDGES_S
from passerby.store.accuracy import Accuracies
from passerby.store.answers import columns
from passerby.store.question import Question, Span, Table
from passerby.store.suppression import K, merged, suppressed, visits_of
from passerby.store.tables import DWELL_COLUMNS

Cell = str | int | float | None
ROUNDED: Final = 4
WHOLE: Final = frozenset({"people_least", "people_most", "queue_most", "ab", "ba", *DWELL_COLUMNS})
"""Columns that count, and so hold whole numbers."""
DWELL_NAMES: Final = {
    **{name: f"dwell_to_{edge:g}_s" for name, edge in zip(DWELL_COLUMNS, DWELL_EDGES_S, strict=False)},
    DWELL_COLUMNS[-1]: f"dwell_over_{DWELL_EDGES_S[-1]:g}_s",
}
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns and rows.

    Attributes:
        columns: Names, with units.
        rows: As many cells each.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]


def sheet_of(
    question: Question, spans: Iterable[Span], accuracies: Accuracies, waiting: frozenset[tuple[str, str]] = frozenset(), *, for_operator: bool = True
) -> Sheet:
    """The sheet of an answer.

    Args:
        question: What was asked.
        spans: What was answered.
        accuracies: What stands beside each figure.
        waiting: Zones, by camera and id, in which people wait: they have levels of service of their own.
        for_operator: Whether the site's operator reads it; for others, figures of few persons are merged or left out (`suppression`).
    """
    is_zones = question.table is Table.ZONES
    values = columns(question.table)
    names = ["camera", "zone" if is_zones else "line", "begin", "end", "covered_s", *(DWELL_NAMES.get(name, name) for name in values)]
    names += ["service"] if is_zones else []
    names += ["dwell_merged"] if is_zones and not for_operator else []
    names += ["accuracy"]
    rows = []
    for span in spans:
        told = span.values if for_operator else suppressed(question.table, span.values, K)
        row: list[Cell] = [span.camera, span.id, *_when(span, question), _number(span.covered_s)]
        row += [_cell(name, told[name]) for name in values]
        if is_zones:
            per_m2 = told["per_m2"]
            row.append(None if per_m2 is None else service_of(per_m2, waiting=(span.camera, span.id) in waiting).value)
            if not for_operator:
                row.append(_merged_text(span))
        row.append(accuracies.words(question.table, span.camera, span.id))
        rows.append(tuple(row))
    return Sheet(tuple(names), rows)


def csv_of(sheet: Sheet) -> bytes:
    """As CSV (RFC 4180) in UTF-8, with a head line."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(sheet.columns)
    writer.writerows(sheet.rows)
    return written.getvalue().encode("utf-8")


def json_of(sheet: Sheet, question: Question, zone_name: str) -> bytes:
    """As JSON: what was asked, and a list of objects with a key for each column."""
    head = {
        "time_zone": zone_name,
        "from": time_text(question.from_s, question.zone),
        "to": time_text(question.to_s, question.zone),
        "every": "hour" if question.weekdays else question.every.value,
        "weekdays": question.weekdays,
    }
    spans = [dict(zip(sheet.columns, row, strict=True)) for row in sheet.rows]
    return json.dumps({**head, "spans": spans}, ensure_ascii=False, allow_nan=False).encode("utf-8")


def time_text(wall_s: float, zone: tzinfo) -> str:
    """A time by the site's clock, with its offset from UTC: an hour that a clock repeats is two texts."""
    return datetime.fromtimestamp(wall_s, UTC).astimezone(zone).isoformat(timespec="seconds")


def _merged_text(span: Span) -> str | None:
    """Which bins of dwell are one, from the first to the last, such as "dwell_to_60_s:dwell_over_600_s"; it stands in the first."""
    groups = [group for group in merged(visits_of(span.values), K) if group[0] < group[1]]
    return " ".join(f"{DWELL_NAMES[DWELL_COLUMNS[first]]}:{DWELL_NAMES[DWELL_COLUMNS[last]]}" for first, last, _ in groups) or None


def _when(span: Span, question: Question) -> tuple[str, str]:
    if not question.weekdays:
        return time_text(span.begin_s, question.zone), time_text(span.end_s, question.zone)
    return _weekday_text(span.begin_s), _weekday_text(span.end_s)


def _weekday_text(week_s: float) -> str:
    hours = int(week_s // 3600)
    return f"{WEEKDAYS[hours // 24 % 7]} {hours % 24:02d}:00"


def _cell(name: str, value: float | None) -> Cell:
    if value is None:
        return None
    return round(value) if name in WHOLE else _number(value)


def _number(value: float) -> int | float:
    rounded = round(float(value), ROUNDED)
    return int(rounded) if rounded == int(rounded) else rounded
