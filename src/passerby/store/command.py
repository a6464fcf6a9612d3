"""`passerby query SITE`: what was measured, rolled up, as a table, CSV, JSON or Parquet."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passerby.store.buckets import Every

if TYPE_CHECKING:
    from passerby.store.places import HistoryPlace
    from passerby.store.question import Question
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
    from passerby.clock import SystemClock
    from passerby.errors import SettingsError
    from passerby.store.accuracy import read_accuracies
    from passerby.store.answers import answer
    from passerby.store.asking import Wish, question_of
    from passerby.store.places import opened_history
    from passerby.store.question import Table
    from passerby.store.sheet import sheet_of

    if zones == lines:
        raise SettingsError("say what is asked for", "either --zones or --lines")
    if form is Form.PARQUET and output is None:
        raise SettingsError("a Parquet file is not for a terminal", "name a file with --output")
    wish = Wish(Table.ZONES if zones else Table.LINES, begin, end, every, camera, tuple(ids or ()), weekdays)
    opened = opened_history(place)
    question = question_of(wish, opened.zone, SystemClock().wall_s())
    sheet = sheet_of(question, answer(opened.folder, question), read_accuracies(opened.folder), opened.waiting)
    if output is not None:
        _write(sheet, question, opened, form, output, overwrite=overwrite)
    else:
        _print(sheet, question, opened, form)


def _write(sheet: "Sheet", question: "Question", place: "HistoryPlace", form: Form, output: Path, *, overwrite: bool) -> None:
    """Writes the file, as a whole or not at all."""
    from passerby.released.partial_file import PartialFile, output_error
    from passerby.store.parquet import write_parquet

    partial = PartialFile(output, overwrite=overwrite)
    try:
        if form is Form.PARQUET:
            write_parquet(sheet, question, partial.path)
        else:
            partial.path.write_bytes(_bytes(sheet, question, place, form))
    except OSError as error:
        partial.discard()
        raise output_error(output, error) from error
    except BaseException:
        partial.discard()
        raise
    partial.commit()


def _print(sheet: "Sheet", question: "Question", place: "HistoryPlace", form: Form) -> None:
    typer.echo(_bytes(sheet, question, place, form), nl=form is not Form.CSV)


def _bytes(sheet: "Sheet", question: "Question", place: "HistoryPlace", form: Form) -> bytes:
    from passerby.store.sheet import csv_of, json_of
    from passerby.store.shown_table import table_of

    if form is Form.CSV:
        return csv_of(sheet)
    return json_of(sheet, question, place.zone_name) if form is Form.JSON else table_of(sheet)
