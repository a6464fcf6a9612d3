"""A small form of bench.history: a million rows, without times."""

from pathlib import Path

import pytest

from bench.history import LAST, Made, last_day, made, week_of_a_zone
from bench.history_rows import day_rows
from passerby.store.answers import answer
from passerby.store.compacting import compact_all
from passerby.store.database import connection
from passerby.store.history import History
from tests.support.measured import kept

ZONES, DAYS = 350, 2


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("history"), ZONES, DAYS, say=str)


def test_a_million_rows_take_no_more_room_than_was_promised(history: Made) -> None:
    assert history.rows == pytest.approx(ZONES * DAYS * 1440, rel=0.02)
    assert history.bytes_a_row <= 60


def test_a_zones_week_has_a_span_for_each_hour_and_gaps_where_there_is_nothing(history: Made) -> None:
    spans = answer(history.folder, week_of_a_zone(17))
    assert len(spans) == 168
    assert {span.id for span in spans} == {"zone-17"}
    assert [span.covered_s > 0 for span in spans] == [False] * 24 * 5 + [True] * 48


def test_the_last_day_has_all_zones(history: Made) -> None:
    spans = answer(history.folder, last_day(0))
    assert len(spans) == 24 * ZONES
    assert all(span.covered_s > 3000 for span in spans)


def test_made_rows_have_the_columns_of_real_ones(tmp_path: Path) -> None:
    compact_all(kept(tmp_path / "real"))
    (real,) = (tmp_path / "real" / "zones").glob("*.parquet")
    with connection() as database:
        made_columns = database.execute(f"DESCRIBE SELECT * FROM ({day_rows(LAST, 3)})").fetchall()  # noqa: S608
        real_columns = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(real)]).fetchall()
    assert sorted(row[:2] for row in made_columns) == sorted(row[:2] for row in real_columns)
    assert History(tmp_path / "real").days()
