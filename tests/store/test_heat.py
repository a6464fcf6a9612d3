"""Where people were: added up as it was measured, what was not seen a gap, and no cell of a few for anybody but the operator."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.released.measurement import Heat, LineMinute, Measurement
from passerby.store.answers import Reader
from passerby.store.asking import HeatWish, heat_question_of
from passerby.store.compacting import compact_all
from passerby.store.heat_answers import COMES_WITHIN_S, heat, heat_of, in_whole_days
from passerby.store.heat_sheet import heat_json, heat_sheet, heat_table
from passerby.store.history import History
from passerby.store.layout import day_of
from passerby.store.parquet import write_parquet
from passerby.store.question import HeatCells, HeatMap, HeatQuestion
from passerby.store.sheet import csv_of
from passerby.store.suppression import K, told_cells
from passerby.supervise.measured import MOST_LATE_S
from tests.support.measured import DAY_S, kept

COLUMNS = 3


def minute(number: int, *cells: float, camera: str = "gate", cell_px: int = 36, part: int = 0, covered_s: float = 60.0) -> Measurement:
    """A minute of a camera that has a line, and these cells; none = nobody was there."""
    found = Heat(cell_px, COLUMNS, cells) if cells else None
    return Measurement(camera, DAY_S + 60 * number, covered_s, part, (), (LineMinute("door", 0, 0),), found)


def asked(folder: Path, begin: str = "2026-11-23", end: str = "2026-11-24", camera: str = "gate") -> HeatMap:
    return heat(folder, heat_question_of(HeatWish(camera, begin, end), UTC, DAY_S))


@pytest.mark.parametrize("compacted", [False, True])
def test_person_seconds_add_up_over_the_range_and_no_further(tmp_path: Path, compacted: bool) -> None:
    history = History(tmp_path)
    rows = [minute(0, 1.5, 0, 0, 0, 0, 2), minute(1, 0.5, 0, 0, 0, 7, 2), minute(2), minute(60, 0, 0, 9, 0, 0, 0), minute(1, 60, 0, 0, camera="hall")]
    history.add(rows)
    if compacted:
        compact_all(history)
        history.add(rows[:2])  # what lies there twice counts once
    hour = asked(tmp_path, end="2026-11-23T01:00")
    assert hour.covered_s == 180
    assert hour.grids == (HeatCells(36, COLUMNS, (2.0, 0, 0, 0, 7, 4), (1, 0, 0, 0, 1, 1)),)
    day = asked(tmp_path)
    assert day.covered_s == 240
    assert list(day.grids[0].person_s) == [2.0, 0, 9, 0, 7, 4]
    assert asked(tmp_path, "2026-11-23T00:01:30", "2026-11-23T00:01:40").grids[0].person_s[:2] == (0.5, 0)


def test_a_minute_without_anybody_was_seen_and_one_that_was_not_measured_was_not(tmp_path: Path) -> None:
    History(tmp_path).add([minute(0), minute(1, covered_s=20.0), minute(1, covered_s=30.0, part=30)])
    seen, gap = asked(tmp_path), asked(tmp_path, "2026-11-23T02:00", "2026-11-23T03:00")
    assert (seen.covered_s, seen.grids) == (110, ())
    assert (gap.covered_s, gap.grids) == (0, ())
    assert asked(tmp_path, camera="none").covered_s == 0
    assert json.loads(heat_json(seen, "UTC"))["covered_s"] == 110
    assert heat_table(seen).decode().endswith("nobody was there")
    assert heat_table(gap).decode().endswith("nothing was measured there")
    assert [row[3:] for row in heat_sheet(seen).rows + heat_sheet(gap).rows] == [(110, None, None, None, None), (0, None, None, None, None)]


def test_a_camera_without_a_history_is_a_gap(tmp_path: Path) -> None:
    assert asked(tmp_path).covered_s == 0


def test_a_zones_minutes_are_not_seen_twice(tmp_path: Path) -> None:
    kept(tmp_path, minutes=30)  # a zone, a line and a grid each
    assert asked(tmp_path).covered_s == 1800


def test_whoever_stays_counts_once_in_a_quarter_of_an_hour(tmp_path: Path) -> None:
    stays = [minute(number, 60, 0, 0) for number in range(20)]
    History(tmp_path).add([*stays, *(minute(15 * number + 5, 0, 20, 0) for number in range(2, 8)), minute(130, 0, 0, 20)])
    (grid,) = asked(tmp_path).grids
    assert grid.quarters == (2, 6, 1)
    told = json.loads(heat_json(asked(tmp_path), "UTC", for_operator=False))
    assert told["grids"] == [{"cell_px": 36, "person_s": [[None, 120, None]]}]
    assert [row[5:] for row in heat_sheet(asked(tmp_path), for_operator=False).rows] == [(0, 1, 120)]


def test_a_walk_of_one_person_is_told_to_the_operator_only(tmp_path: Path) -> None:
    History(tmp_path).add([minute(0, 2, 3, 1.5, 0, 0, 4)])
    assert json.loads(heat_json(asked(tmp_path), "UTC"))["grids"] == [{"cell_px": 36, "person_s": [[2, 3, 1.5], [0, 0, 4]]}]
    others = json.loads(heat_json(asked(tmp_path), "UTC", for_operator=False))
    assert (others["grids"], others["covered_s"]) == ([], 60)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 20)), min_size=1, max_size=50))
def test_no_cell_of_a_few_is_told_and_a_zero_looks_the_same(cells: list[tuple[float, int]]) -> None:
    told = told_cells([cell for cell, _ in cells], [number for _, number in cells])
    assert told == [60 * round(cell / 60) if number >= K else None for cell, number in cells]


def test_pictures_of_another_size_have_a_grid_of_their_own(tmp_path: Path) -> None:
    History(tmp_path).add([minute(0, 1, 2, 3), minute(1, 4, 5, 6, 7, 8, 9, cell_px=68), minute(2, 1, 1, 1)])
    assert [(grid.cell_px, grid.person_s) for grid in asked(tmp_path).grids] == [(36, (2, 3, 4)), (68, (4, 5, 6, 7, 8, 9))]


def test_more_cells_than_an_answer_may_have_are_refused(tmp_path: Path) -> None:
    kept(tmp_path, minutes=5)
    with Reader(tmp_path) as reader, pytest.raises(SettingsError, match="more than 100 cells"):
        heat_of(reader, heat_question_of(HeatWish("gate", "2026-11-23", "2026-11-24"), UTC, DAY_S), 100)


def test_all_forms_say_the_same(tmp_path: Path) -> None:
    kept(tmp_path / "measurements", minutes=90)
    found = asked(tmp_path / "measurements")
    (grid,) = json.loads(heat_json(found, "UTC"))["grids"]
    from_json = [(row, column, cell) for row, cells in enumerate(grid["person_s"]) for column, cell in enumerate(cells)]
    rows = list(csv.DictReader(io.StringIO(csv_of(heat_sheet(found)).decode("utf-8"), newline="")))
    assert [(int(row["row"]), int(row["column"]), float(row["person_s"])) for row in rows] == from_json
    write_parquet(heat_sheet(found), tmp_path / "out.parquet")
    with duckdb.connect() as theirs:
        read = theirs.execute('SELECT "row", "column", person_s FROM read_parquet(?)', [str(tmp_path / "out.parquet")]).fetchall()
        kinds = theirs.execute("SELECT typeof(cell_px), typeof(begin) FROM read_parquet(?) LIMIT 1", [str(tmp_path / "out.parquet")]).fetchall()
    assert read == from_json
    assert kinds == [("BIGINT", "TIMESTAMP WITH TIME ZONE")]


def test_a_terminal_shows_the_pictures_shape(tmp_path: Path) -> None:
    History(tmp_path).add([minute(0, 90, 29, 9, 0, 0, 0.1)])
    _, _, says, *picture = heat_table(asked(tmp_path)).decode().splitlines()
    assert "90 person-seconds" in says
    assert picture == ["██▓▓▒▒", "    ··"]


def test_others_are_told_of_whole_days_that_are_over_and_of_cells_that_many_were_in_on_that_day(tmp_path: Path) -> None:
    """Two ranges that differ by a minute would tell who walked in that minute, cell by cell."""
    zone = ZoneInfo("Europe/Berlin")
    midnight_s = datetime(2026, 11, 23, tzinfo=zone).timestamp()
    now_s = midnight_s + 3 * 86400 + 7 * 3600
    question = HeatQuestion("gate", midnight_s + 600, midnight_s + 86400 + 60, zone)
    snapped = in_whole_days(question, now_s)
    assert (snapped.from_s, snapped.to_s) == (midnight_s, midnight_s + 2 * 86400)
    later = in_whole_days(HeatQuestion("gate", midnight_s + 600, midnight_s + 86400 + 120, zone), now_s)
    assert later == snapped, "a minute more asks nothing more"
    today = in_whole_days(HeatQuestion("gate", midnight_s, now_s, zone), now_s)
    assert today.to_s == midnight_s + 3 * 86400
    with pytest.raises(SettingsError, match="whole days"):
        in_whole_days(HeatQuestion("gate", midnight_s + 3 * 86400, now_s, zone), now_s)


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2026-03-29", 23)])
def test_the_day_on_which_the_clock_changes_is_a_whole_day(day: str, hours: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin_s = datetime.fromisoformat(day).replace(tzinfo=zone).timestamp()
    snapped = in_whole_days(HeatQuestion("gate", begin_s + 7200, begin_s + 7260, zone), begin_s + 30 * 86400)
    assert snapped.to_s - snapped.from_s == hours * 3600


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("changes", ["2026-03", "2026-04", "2026-10", "2026-11"])
def test_whoever_is_in_a_cell_at_midnight_is_told_of_the_day_it_was_wherever_the_clock_changes_in_the_range(
    tmp_path: Path, zone: str, changes: str
) -> None:
    """With one offset for all of a range, a stay just after midnight would belong to the day before, on which others were in the cell four times."""
    place = ZoneInfo(zone)
    begin, end = datetime.fromisoformat(f"{changes}-01").replace(tzinfo=place), datetime.fromisoformat(f"{changes}-28").replace(tzinfo=place)
    days = [begin + timedelta(number) for number in range((end.date() - begin.date()).days)]
    stays_s = [int(day.replace(hour=hour, minute=1).timestamp()) for day in days for hour in (0, 20, 21, 22, 23)]
    rows = [Measurement("gate", minute_s, 60.0, 0, (), (), Heat(36, COLUMNS, (1.0,))) for minute_s in stays_s]
    assert {datetime.fromtimestamp(one, place).date() for one in stays_s} == {day.date() for day in days}
    History(tmp_path).add(rows)
    question = HeatQuestion("gate", begin.timestamp(), end.timestamp(), place)
    with Reader(tmp_path) as reader:
        assert heat_of(reader, question, least=5).grids[0].quarters == (5 * len(days),)
        assert heat_of(reader, question, least=6).grids[0].quarters == (0,)


def test_a_day_is_told_once_none_of_its_minutes_can_come_any_more() -> None:
    zone = ZoneInfo("Europe/Berlin")
    begin, end = (datetime(2026, 11, day, tzinfo=zone).timestamp() for day in (22, 24))
    question = HeatQuestion("gate", begin, end, zone)
    assert COMES_WITHIN_S > MOST_LATE_S + 60, "what is believed of a worker, and its minute"
    assert in_whole_days(question, end + COMES_WITHIN_S).to_s == end
    for passed_s in (0.5, 3600, MOST_LATE_S, COMES_WITHIN_S - 1):
        assert in_whole_days(question, end + passed_s).to_s == end - 86400


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin", "UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_no_day_is_told_of_which_retention_has_deleted_a_part(zone: str) -> None:
    place = ZoneInfo(zone)
    question = HeatQuestion("gate", datetime(2026, 11, 1, tzinfo=place).timestamp(), datetime(2026, 11, 20, tzinfo=place).timestamp(), place)
    for first in (date(2026, 11, 10), date(2026, 11, 11)):
        begin_s = in_whole_days(question, question.to_s + DAY_S, first).from_s
        assert day_of(begin_s) >= first
        assert day_of(begin_s - 86400) < first, "and no day more is left out"
        assert datetime.fromtimestamp(begin_s, place).strftime("%H:%M") == "00:00"
    assert in_whole_days(question, question.to_s + DAY_S, date(2020, 1, 1)) == in_whole_days(question, question.to_s + DAY_S)
    with pytest.raises(SettingsError, match="whole days"):
        in_whole_days(question, question.to_s + DAY_S, date(2026, 11, 21))
