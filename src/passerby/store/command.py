"""`passerby query SITE`: what was measured, rolled up, as a table, CSV, JSON or Parquet."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.store.buckets import Every

if TYPE_CHECKING:
    from passerby.store.asking import HeatWish, Wish
    from passerby.store.places import HistoryPlace
    from passerby.store.sheet import Sheet


class Form(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def query_command(
    *,
    place: Annotated[Path, typer.Argument(metavar="SITE", help="The site.toml, or the site's state folder.")],
    zones: Annotated[bool, typer.Option("--zones", help="Of zones: occupancy, density, speed, dwell, queues.")] = False,
    lines: Annotated[bool, typer.Option("--lines", help="Of lines: crossings and flow, each way.")] = False,
    heat: Annotated[
        bool, typer.Option("--heat", help="Of where people were in a camera's picture, added up: person-seconds in coarse cells.")
    ] = False,
    ids: Annotated[list[str] | None, typer.Option("--id", metavar="ID", help="Of this zone or line only; may be given again.")] = None,
    camera: Annotated[str | None, typer.Option("--camera", metavar="ID", help="Of this camera only.")] = None,
    begin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="Begin, such as 2026-11-23T08:00 or 2026-11-23, in the site's time zone. Left out: a day before."
        ),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="End, which is not included. Left out: now.")] = None,
    every: Annotated[Every, typer.Option(help="How long spans are, by the site's clock.")] = Every.HOUR,
    weekdays: Annotated[bool, typer.Option("--weekdays", help="The mean week: each hour of each weekday, over the whole range.")] = False,
    form: Annotated[Form, typer.Option("--format", help="How it is written.")] = Form.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Into this file; left out: to standard output.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")] = False,
) -> None:
    """Show what was measured. What was not seen is a gap: empty, and covered_s says how many seconds of a span were seen."""
    from passerby.errors import SettingsError
    from passerby.store.asking import HeatWish, Wish
    from passerby.store.places import opened_history
    from passerby.store.question import Table

    if zones + lines + heat != 1:
        raise SettingsError("say what is asked for", "one of --zones, --lines and --heat")
    if form is Form.PARQUET and output is None:
        raise SettingsError("a Parquet file is not for a terminal", "name a file with --output")
    if heat and (camera is None or ids or weekdays or every is not Every.HOUR):
        raise SettingsError("--heat is of one camera and adds up the whole range", "give --camera, and no --id, --every or --weekdays")
    opened = opened_history(place)
    if heat:
        told = _heat(HeatWish(camera or "", begin, end), opened)
    else:
        told = _spans(Wish(Table.ZONES if zones else Table.LINES, begin, end, every, camera, tuple(ids or ()), weekdays), opened)
    if output is not None:
        _write(told, form, output, overwrite=overwrite)
    else:
        typer.echo(_bytes(told, form), nl=form is not Form.CSV)


@dataclass(frozen=True, slots=True)
class _Told:
    """An answer: as a sheet, and how it is written as JSON and for a terminal."""

    sheet: "Sheet"
    json: Callable[[], bytes]
    table: Callable[[], bytes]
    weekdays: bool = False


def _spans(wish: "Wish", place: "HistoryPlace") -> _Told:
    """Of zones or lines."""
    from passerby.clock import SystemClock
    from passerby.store.accuracy import read_accuracies
    from passerby.store.answers import answer
    from passerby.store.asking import question_of
    from passerby.store.sheet import json_of, sheet_of
    from passerby.store.shown_table import table_of

    question = question_of(wish, place.zone, SystemClock().wall_s())
    sheet = sheet_of(question, answer(place.folder, question), read_accuracies(place.folder), place.waiting)
    return _Told(sheet, lambda: json_of(sheet, question, place.zone_name), lambda: table_of(sheet), question.weekdays)


def _heat(wish: "HeatWish", place: "HistoryPlace") -> _Told:
    """Of where people were."""
    from passerby.clock import SystemClock
    from passerby.store.asking import heat_question_of
    from passerby.store.heat_answers import heat
    from passerby.store.heat_sheet import heat_json, heat_sheet, heat_table

    found = heat(place.folder, heat_question_of(wish, place.zone, SystemClock().wall_s()))
    return _Told(heat_sheet(found), lambda: heat_json(found, place.zone_name), lambda: heat_table(found))


def _write(told: _Told, form: Form, output: Path, *, overwrite: bool) -> None:
    """Writes the file, as a whole or not at all."""
    from passerby.released.partial_file import PartialFile, output_error
    from passerby.store.parquet import write_parquet

    partial = PartialFile(output, overwrite=overwrite)
    try:
        if form is Form.PARQUET:
            write_parquet(told.sheet, partial.path, weekdays=told.weekdays)
        else:
            partial.path.write_bytes(_bytes(told, form))
    except OSError as error:
        partial.discard()
        raise output_error(output, error) from error
    except BaseException:
        partial.discard()
        raise
    partial.commit()


def _bytes(told: _Told, form: Form) -> bytes:
    from passerby.store.sheet import csv_of

    if form is Form.CSV:
        return csv_of(told.sheet)
    return told.json() if form is Form.JSON else told.table()
