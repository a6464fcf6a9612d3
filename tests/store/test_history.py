"""The history: what was kept is there once, whatever happens; gaps are gaps; ranges are those of the site's clock."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.errors import OutputError, SettingsError
from passerby.released.measurement import Heat, LineMinute, Measurement, ZoneMinute
from passerby.store.answers import answer, columns
from passerby.store.buckets import Every, edges
from passerby.store.compacting import compact_all
from passerby.store.history import History
from passerby.store.layout import TABLES
from passerby.store.question import Question, Span, Table

DAY_S = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
BERLIN = ZoneInfo("Europe/Berlin")


def minute(at_s: int, people: float = 2.0, *, covered_s: float = 60.0, part: int = 0, camera: str = "gate", zone: str = "hall") -> Measurement:
    return Measurement(
        camera,
        at_s,
        covered_s,
        part,
        (
            ZoneMinute(
                zone,
                people,
                int(people),
                int(people) + 1,
                people / 50,
                0.02,
                (people + 1) / 50,
                speed_m_s=(0.9, 1.3, 1.7),
                dwell=(1, 2, 0, 0, 0, 0, 1),
            ),
        ),
        (LineMinute("door", 3, 1, 0.01, 0.003),),
        Heat(36, 22, (0.0,) * 351 + (people,)),
    )


def asked(
    folder: Path, from_s: float, to_s: float, every: Every = Every.HOUR, *, table: Table = Table.ZONES, ids: Sequence[str] = (), **more: object
) -> list[Span]:
    return answer(folder, Question(table, from_s, to_s, every, more.pop("clock", UTC), ids=tuple(ids), **more))  # type: ignore[arg-type]


def seen(spans: list[Span]) -> list[Span]:
    return [span for span in spans if span.covered_s]


@pytest.mark.parametrize("compacted", [False, True])
def test_what_was_added_is_answered_rolled_up(tmp_path: Path, *, compacted: bool) -> None:
    history = History(tmp_path)
    history.add([minute(DAY_S + 60 * number, people=number % 5) for number in range(120)])
    if compacted:
        compact_all(history)
        assert not list((tmp_path / "live").iterdir())
    hours = asked(tmp_path, DAY_S, DAY_S + 3 * 3600)
    assert [(span.begin_s - DAY_S, span.covered_s) for span in hours] == [(0, 3600), (3600, 3600), (7200, 0)]
    first = hours[0].values
    assert tuple(first) == columns(Table.ZONES)
    assert first["people_mean"] == pytest.approx(2.0)
    assert (first["people_least"], first["people_most"]) == (0, 5)
    assert first["per_m2"] == pytest.approx(2 / 50, rel=1e-3)
    assert first["speed_median_m_s"] == pytest.approx(1.3, rel=1e-3)
    assert (first["dwell_0"], first["dwell_1"], first["dwell_6"]) == (60, 120, 60)
    assert first["queue_mean"] is None
    assert set(hours[2].values.values()) == {None}
    lines = asked(tmp_path, DAY_S, DAY_S + 2 * 3600, table=Table.LINES)
    assert [(span.values["ab"], span.values["ba"]) for span in lines] == [(180, 60)] * 2


def test_means_weigh_minutes_by_how_much_of_them_was_seen(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add([minute(DAY_S, 10.0, covered_s=60.0), minute(DAY_S + 60, 1.0, covered_s=15.0)])
    hour = asked(tmp_path, DAY_S, DAY_S + 3600)[0]
    assert hour.covered_s == 75
    assert hour.values["people_mean"] == pytest.approx((10 * 60 + 15) / 75)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=6)
def test_repeated_late_and_reordered_batches_arrive_once(
    tmp_path_factory: pytest.TempPathFactory, keys: list[tuple[int, int]], rng: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("history")
    history = History(folder)
    batch = [minute(DAY_S + 60 * number, 1.0, part=part, covered_s=20.0) for number, part in keys]
    for one in batch:
        history.add([one])
        if rng.random() < 0.2:
            compact_all(history)
        if rng.random() < 0.3:
            again = rng.sample(batch, rng.randrange(len(batch) + 1))
            history.add(again)
    expected = len(set(keys))
    spans = seen(asked(folder, DAY_S, DAY_S + 3600, Every.MINUTE))
    assert sum(span.covered_s for span in spans) == 20.0 * expected
    compact_all(history)
    compact_all(history)
    assert sum(span.covered_s for span in seen(asked(folder, DAY_S, DAY_S + 3600, Every.MINUTE))) == 20.0 * expected


def test_a_line_that_a_crash_cut_is_left_out_and_the_next_one_is_whole(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add([minute(DAY_S)])
    lines = history.layout.lines(date(2026, 11, 23))[0]
    with lines.open("ab") as file:
        file.write(b'{"type":"measurement","camera":"gate","minute_wa')
    assert sum(span.covered_s for span in asked(tmp_path, DAY_S, DAY_S + 3600)) == 60
    history.add([minute(DAY_S + 60)])
    assert sum(span.covered_s for span in asked(tmp_path, DAY_S, DAY_S + 3600)) == 120
    compact_all(history)
    assert sum(span.covered_s for span in asked(tmp_path, DAY_S, DAY_S + 3600)) == 120


KILLED = """
import sys, itertools
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from tests.store.test_history import minute
from passerby.store.compacting import compact_all
from passerby.store.history import History
history, begin = History(Path(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
for number in itertools.count():
    history.add([minute(begin + 60 * number)])
    print(number, flush=True)
    if number % 7 == 6:
        compact_all(history)
"""


def killed_rounds(tmp_path: Path, rounds: int) -> None:
    """Kills a writer at random moments; what it said that it had kept is there, once."""
    rng, begin_s, root = random.Random(7), DAY_S, str(Path(__file__).parents[2])
    kept = 0
    for _ in range(rounds):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path), str(begin_s), root], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        wanted, said = rng.randrange(1, 25), -1
        while said < wanted:
            said = int(process.stdout.readline())
        time.sleep(rng.random() * 0.05)  # anywhere within a step
        os.kill(process.pid, signal.SIGKILL)
        with process:
            said = max([said, *(int(line) for line in process.stdout.read().split())])
        kept += said + 1
        begin_s += 60 * (said + 3)
        spans = seen(asked(tmp_path, DAY_S, begin_s, Every.MINUTE))
        assert kept <= len(spans) <= kept + rounds
        assert all(span.covered_s == 60 for span in spans)
        kept = len(spans)
    compact_all(History(tmp_path))
    assert len(seen(asked(tmp_path, DAY_S, begin_s, Every.MINUTE))) == kept
    compact_all(History(tmp_path))
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".tmp", ".1"}]
    assert len(list(tmp_path.rglob("*.parquet"))) == len(TABLES)


def test_a_writer_that_is_killed_loses_nothing_that_it_said_it_kept(tmp_path: Path) -> None:
    killed_rounds(tmp_path, 3)


@pytest.mark.soak
def test_a_writer_that_is_killed_two_hundred_times_loses_nothing(tmp_path: Path) -> None:
    killed_rounds(tmp_path, 200)


def test_readers_are_right_while_another_process_writes_and_compacts(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), str(DAY_S), str(Path(__file__).parents[2])], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        for _ in range(8):
            kept = int(process.stdout.readline())
            assert len(seen(asked(tmp_path, DAY_S, DAY_S + 86400, Every.MINUTE))) > kept
    finally:
        process.kill()
        with process:
            process.stdout.read()


def test_a_day_that_cannot_be_compacted_stays_as_lines_and_holds_up_no_other(tmp_path: Path) -> None:
    history = History(tmp_path)
    for number in range(3):
        history.add([minute(DAY_S + 86400 * number)])
    damaged = history.layout.next_compacted("zones", date(2026, 11, 23))
    damaged.write_bytes(b"PAR1 and nothing more")
    with pytest.raises(OutputError, match=r"of 2026-11-23 .* could not be compacted"):
        compact_all(history)
    assert [day for day in history.days() if not any(path.exists() for path in history.layout.lines(day))] == [date(2026, 11, 24), date(2026, 11, 25)]
    damaged.unlink()
    compact_all(history)
    assert sum(span.covered_s for span in asked(tmp_path, DAY_S, DAY_S + 3 * 86400)) == 180


def test_a_folder_that_cannot_be_written_is_an_error_and_not_a_loss(tmp_path: Path) -> None:
    (tmp_path / "measurements").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be kept"):
        History(tmp_path / "measurements")


def test_a_day_is_deleted_whole_and_no_other(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add([minute(DAY_S), minute(DAY_S + 86400)])
    compact_all(history)
    history.add([minute(DAY_S + 60)])
    assert history.days() == [date(2026, 11, 23), date(2026, 11, 24)]
    assert history.delete(date(2026, 11, 23)) == len(TABLES) + 1
    assert sum(span.covered_s for span in asked(tmp_path, DAY_S, DAY_S + 2 * 86400)) == 60
    assert not list(tmp_path.rglob("2026-11-23*"))


def test_who_is_asked_for_by_name_and_was_never_seen_is_all_gaps(tmp_path: Path) -> None:
    History(tmp_path).add([minute(DAY_S)])
    spans = asked(tmp_path, DAY_S, DAY_S + 7200, camera="gate", ids=["yard"])
    assert [(span.id, span.covered_s) for span in spans] == [("yard", 0.0)] * 2
    assert asked(tmp_path, DAY_S, DAY_S + 7200, camera="gate", ids=["it's; DROP TABLE"])[0].covered_s == 0


def test_a_file_that_third_parties_can_read(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add([minute(DAY_S + 60 * number) for number in range(3)])
    compact_all(history)
    for table in TABLES:
        with duckdb.connect() as theirs:
            assert theirs.execute("SELECT count(*) FROM read_parquet(?)", [f"{tmp_path}/{table}/*.parquet"]).fetchall() == [(3,)]


def test_the_day_on_which_the_clock_goes_back_has_25_hours_and_each_is_a_span() -> None:
    begin_s = datetime(2026, 10, 25, tzinfo=BERLIN).timestamp()
    end_s = datetime(2026, 10, 26, tzinfo=BERLIN).timestamp()
    assert end_s - begin_s == 25 * 3600
    hours = edges(begin_s, end_s, Every.HOUR, BERLIN)
    assert len(hours) == 26
    assert edges(begin_s, end_s, Every.DAY, BERLIN) == [begin_s, end_s]
    spring_s = datetime(2026, 3, 29, tzinfo=BERLIN).timestamp()
    assert len(edges(spring_s, datetime(2026, 3, 30, tzinfo=BERLIN).timestamp(), Every.HOUR, BERLIN)) == 24


@pytest.mark.parametrize(("every", "first"), [(Every.WEEK, "2026-11-23"), (Every.MONTH, "2026-11-01"), (Every.YEAR, "2026-01-01")])
def test_long_spans_begin_at_local_midnight(every: Every, first: str) -> None:
    at_s = datetime(2026, 11, 25, 12, tzinfo=BERLIN).timestamp()
    found = edges(at_s, at_s + 1, every, BERLIN)
    assert datetime.fromtimestamp(found[0], BERLIN).isoformat()[:19] == f"{first}T00:00:00"
    assert len(found) == 2


@given(
    st.floats(0, 4e9),
    st.floats(60, 1e7),
    st.sampled_from(list(Every)),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
@settings(max_examples=60)
def test_spans_cover_the_range_without_a_gap_and_go_on(from_s: float, long_s: float, every: Every, name: str) -> None:
    try:
        found = edges(from_s, from_s + long_s, every, ZoneInfo(name))
    except SettingsError:
        return
    assert found[0] <= from_s
    assert found[-1] >= from_s + long_s
    assert all(a < b for a, b in pairwise(found))


def test_too_many_spans_and_an_end_before_the_begin_are_refused() -> None:
    with pytest.raises(SettingsError, match="more than"):
        edges(0, 4e9, Every.MINUTE, UTC)
    with pytest.raises(SettingsError, match="not after"):
        edges(5, 5, Every.DAY, UTC)


def test_the_mean_week_is_by_hours_of_the_local_clock(tmp_path: Path) -> None:
    history = History(tmp_path)
    mondays = [int(datetime(2026, 11, day, 8, tzinfo=BERLIN).timestamp()) for day in (9, 16, 23)]
    history.add([minute(begin_s + 60 * number, people=10.0 + week) for week, begin_s in enumerate(mondays) for number in range(60)])
    compact_all(history)
    week = asked(tmp_path, mondays[0] - 86400, mondays[2] + 86400, weekdays=True, clock=BERLIN)
    assert len(week) == 168
    assert [span.begin_s / 3600 for span in seen(week)] == [8.0]
    assert seen(week)[0].values["people_mean"] == pytest.approx(11.0)
    assert seen(week)[0].covered_s == 3 * 3600
