"""All forms of an answer say the same: gaps are gaps, times are those of the site's clock, the accuracy stands beside every figure."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from passerby.store.accuracy import FILE, NOT_YET, read_accuracies
from passerby.store.answers import answer
from passerby.store.asking import Wish, question_of
from passerby.store.buckets import Every
from passerby.store.parquet import write_parquet
from passerby.store.question import Question, Table
from passerby.store.sheet import Sheet, csv_of, json_of, sheet_of
from passerby.store.shown_table import table_of
from tests.support.measured import DAY_S, kept

BERLIN = ZoneInfo("Europe/Berlin")
TEXTS = {"camera", "zone", "line", "begin", "end", "service", "accuracy"}


def made(folder: Path, wish: Wish, *, for_operator: bool = True) -> tuple[Sheet, Question]:
    question = question_of(wish, BERLIN, DAY_S)
    return sheet_of(question, answer(folder, question), read_accuracies(folder), for_operator=for_operator), question


def rows_of_csv(data: bytes) -> list[dict[str, Any]]:
    def cell(name: str, text: str) -> Any:
        return (text if name in TEXTS else float(text)) if text else None

    return [{name: cell(name, text) for name, text in row.items()} for row in csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))]


@pytest.mark.parametrize("table", list(Table))
@pytest.mark.parametrize("weekdays", [False, True])
def test_csv_json_and_parquet_say_the_same(tmp_path: Path, table: Table, weekdays: bool) -> None:
    kept(tmp_path / "measurements", minutes=150)
    sheet, question = made(tmp_path / "measurements", Wish(table, "2026-11-23", "2026-11-24", weekdays=weekdays))
    from_json = json.loads(json_of(sheet, question, "Europe/Berlin"))["spans"]
    assert len(from_json) == (168 if weekdays else 24)
    assert rows_of_csv(csv_of(sheet)) == from_json
    write_parquet(sheet, tmp_path / "out.parquet", weekdays=weekdays)
    with duckdb.connect() as theirs:
        times = "*" if weekdays else '* REPLACE (epoch("begin") AS "begin", epoch("end") AS "end")'
        read = theirs.execute(f"SELECT {times} FROM read_parquet(?)", [str(tmp_path / "out.parquet")])  # noqa: S608
        names = [column[0] for column in read.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in read.fetchall()]
    for row in rows:
        for name in ("begin", "end"):
            row[name] = row[name] if weekdays else datetime.fromtimestamp(row[name], BERLIN).isoformat()
    assert rows == from_json
    assert not list(tmp_path.glob("*.rows"))


def test_a_gap_is_empty_in_every_form_and_never_a_zero(tmp_path: Path) -> None:
    kept(tmp_path, minutes=60)
    sheet, question = made(tmp_path, Wish(Table.ZONES, "2026-11-23T01:00", "2026-11-23T04:00"))
    seen, *gaps = json.loads(json_of(sheet, question, "Europe/Berlin"))["spans"]
    assert seen["covered_s"] == 3600
    for gap in gaps:
        assert gap["covered_s"] == 0
        assert {value for name, value in gap.items() if name not in {*TEXTS, "covered_s"}} == {None}
    assert csv_of(sheet).decode().splitlines()[2].split(",")[4:7] == ["0", "", ""]
    assert table_of(sheet).decode().splitlines()[2].split()[-1] == "0"


def test_the_hour_that_a_clock_repeats_is_two_rows_that_can_be_told_apart(tmp_path: Path) -> None:
    begin_s = int(datetime(2026, 10, 25, tzinfo=BERLIN).timestamp())
    kept(tmp_path, begin_s, 25 * 60)
    sheet, _ = made(tmp_path, Wish(Table.LINES, "2026-10-25", "2026-10-26"))
    begins = [str(row[2]) for row in sheet.rows]
    assert len(begins) == len(set(begins)) == 25
    assert begins[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
    assert {row[4] for row in sheet.rows} == {3600}
    day, _ = made(tmp_path, Wish(Table.LINES, "2026-10-25", "2026-10-26", Every.DAY))
    assert [row[4] for row in day.rows] == [25 * 3600]


def test_the_hour_that_a_clock_leaves_out_is_no_row(tmp_path: Path) -> None:
    begin_s = int(datetime(2026, 3, 29, tzinfo=BERLIN).timestamp())
    kept(tmp_path, begin_s, 23 * 60)
    sheet, _ = made(tmp_path, Wish(Table.LINES, "2026-03-29", "2026-03-30"))
    assert [str(row[2])[11:] for row in sheet.rows][1:3] == ["01:00:00+01:00", "03:00:00+02:00"]
    assert len(sheet.rows) == 23


def test_nothing_is_validated_until_a_tally_says_so_and_a_damaged_file_is_told(tmp_path: Path) -> None:
    kept(tmp_path, minutes=5)
    wish = Wish(Table.ZONES, "2026-11-23T01:00", "2026-11-23T02:00")
    assert {row[-1] for row in made(tmp_path, wish)[0].rows} == {NOT_YET}
    assert table_of(made(tmp_path, wish)[0]).decode().endswith(f"measured accuracy: {NOT_YET}")
    (tmp_path / FILE).write_text("[{")
    assert "damaged" in str(made(tmp_path, wish)[0].rows[0][-1])


def test_others_than_the_operator_get_bins_of_few_merged(tmp_path: Path) -> None:
    kept(tmp_path, minutes=4)  # 4 visits up to 10 s, 8 up to 30 s, 4 of more than 600 s
    wish = Wish(Table.ZONES, "2026-11-23T01:00", "2026-11-23T02:00")
    sheet, others = made(tmp_path, wish)[0], made(tmp_path, wish, for_operator=False)[0]
    (ours,), (theirs,) = sheet.rows, others.rows
    first, last = sheet.columns.index("dwell_to_10_s"), sheet.columns.index("dwell_over_600_s")
    assert ours[first : last + 1] == (4, 8, 0, 0, 0, 0, 4)
    assert theirs[first : last + 1] == (16, None, None, None, None, None, None)
    assert theirs[others.columns.index("dwell_merged")] == "dwell_to_10_s:dwell_over_600_s"
    assert "dwell_merged" not in sheet.columns


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    tmp_path.joinpath("measurements").mkdir()
    sheet, _ = made(tmp_path / "measurements", Wish(Table.ZONES))
    assert table_of(sheet) == b"nothing was measured there"
