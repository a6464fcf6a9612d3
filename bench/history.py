"""How quick the history answers and how much room it takes.

    python -m bench.history [--zones 500] [--days 139] [--rounds 20] [--folder FOLDER] [--json FILE]

Makes a history of zones (500 zones over 139 days are 100 million minutes; some 5 GB, deleted afterwards), each day written by the SQL that compaction
writes it with, and asks it what people ask: one zone's week by the hour, and the last day of all zones by the hour. *Cold*: the files were dropped
from the system's memory before, and DuckDB is started for it; *warm*: asked of a reader that is open, as a historian has it, of another zone than
before; its processor time, on up to two cores, is the same on a machine that is busy. *Process*: through a historian that has to be started first.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path
from statistics import median
from typing import Final

from bench.history_rows import day_rows
from bench.results import keep, show
from passerby.store.answers import Reader, answer
from passerby.store.asking import Wish
from passerby.store.buckets import Every, midnight_s
from passerby.store.compacting import write_day
from passerby.store.database import connection
from passerby.store.historian_orders import AskHistory, Told
from passerby.store.history import History
from passerby.store.layout import Layout
from passerby.store.question import Question, Table
from passerby.supervise.historian_process import HistorianProcess

LAST: Final = date(2026, 11, 22)
MOST_BYTES: Final = 8e9


@dataclass(frozen=True)
class Made:
    """A history that was made."""

    folder: Path
    rows: int
    size_bytes: int

    @property
    def bytes_a_row(self) -> float:
        return self.size_bytes / self.rows


def made(folder: Path, zones: int, days: int, say: Callable[[str], object] = print) -> Made:
    """Makes a history of zones."""
    History(folder)
    layout, rows, size_bytes = Layout(folder), 0, 0
    for number in range(days):
        day = LAST - timedelta(days - 1 - number)
        path = layout.next_compacted("zones", day)
        with connection(folder, threads=2) as database:
            write_day(database, "zones", day_rows(day, zones), path)
            rows += database.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()[0][0]
        size_bytes += path.stat().st_size
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        if size_bytes > MOST_BYTES:
            raise SystemExit(f"more than {MOST_BYTES / 1e9:g} GB after {number + 1} days: not enough room is allowed")
        if number % 10 == 9:
            say(f"{number + 1} of {days} days, {rows / 1e6:.1f} million rows, {size_bytes / rows:.1f} bytes a row")
    return Made(folder, rows, size_bytes)


def week_of_a_zone(zone: int) -> Question:
    """One zone's week by the hour."""
    end_s = midnight_s(LAST, UTC) + 86400
    return Question(Table.ZONES, end_s - 7 * 86400, end_s, Every.HOUR, UTC, f"camera-{zone // 4}", (f"zone-{zone}",))


def last_day(_: int) -> Question:
    """The last 24 hours of all zones, by the hour; they lie in two days' files."""
    end_s = midnight_s(LAST, UTC) + 86400 - 9 * 3600
    return Question(Table.ZONES, end_s - 86400, end_s, Every.HOUR, UTC)


def forget(folder: Path) -> None:
    """Drops the files from the system's memory."""
    for path in (folder / "zones").glob("*.parquet"):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def timed_s(step: Callable[[], object]) -> float:
    """How long a step takes."""
    begin_s = time.perf_counter()
    step()
    return time.perf_counter() - begin_s


def times_ms(folder: Path, question: Callable[[int], Question], zones: int, rounds: int) -> dict[str, list[float]]:
    """How long answers take; each round asks of another zone."""
    cold, warm, cpu = [], [], []
    reader = Reader(folder)
    reader.answer(question(0))
    for number in range(rounds):
        asked = question(number * 37 % zones)
        forget(folder)
        cold.append(1000 * timed_s(lambda asked=asked: answer(folder, asked)))  # type: ignore[misc]
        begin_s = time.process_time()
        warm.append(1000 * timed_s(lambda asked=asked: reader.answer(asked)))  # type: ignore[misc]
        cpu.append(1000 * (time.process_time() - begin_s))
    reader.close()
    return {"cold": cold, "warm": warm, "warm_cpu": cpu}


def process_ms(folder: Path, rounds: int) -> list[float]:
    """How long one zone's week takes through a process that is started for it."""
    found = []
    for number in range(rounds):
        wish = Wish(Table.ZONES, "2026-11-16", "2026-11-23", camera=f"camera-{number // 4}", ids=(f"zone-{number}",))
        order = AskHistory(str(folder), wish, "UTC", 0.0, (), "json", for_operator=True, most=50_000)
        process = HistorianProcess(60.0)
        begin_s = time.perf_counter()
        told = process.ask(order)
        found.append(1000 * (time.perf_counter() - begin_s))
        process.stop()
        if not isinstance(told, Told):
            raise SystemExit(f"the historian answered {told}")
    return found


def _row(question: str, times: dict[str, list[float]], to_reach: str) -> list[str]:
    warm = times["warm"]
    return [question, f"{median(times['cold']):.0f}", f"{median(warm):.0f}", f"{min(warm):.0f}", f"{median(times['warm_cpu']):.0f}", to_reach]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zones", type=int, default=500)
    parser.add_argument("--days", type=int, default=139)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--folder", type=Path, default=None, help="where the history is made; left out: a temporary folder")
    parser.add_argument("--json", type=Path, default=Path("out/bench/history.json"))
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="passerby-history-", dir=given.folder))
    try:
        begin_s = time.perf_counter()
        history = made(folder, given.zones, given.days)
        made_s = time.perf_counter() - begin_s
        load = os.getloadavg()[0]
        week = times_ms(folder, week_of_a_zone, given.zones, given.rounds)
        day = times_ms(folder, last_day, given.zones, given.rounds)
        process = process_ms(folder, 3)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = [
        _row("one zone's week by the hour", week, "50"),
        _row(f"last day of {given.zones} zones by the hour", day, "300"),
        ["the week through a process that is started first", f"{median(process):.0f}", "", "", "", ""],
    ]
    note = f"{history.rows / 1e6:.1f} million rows, {history.bytes_a_row:.1f} bytes a row (60), made in {made_s / 60:.1f} min; load {load:.1f}"
    show("History", ["question", "cold ms", "warm ms", "best warm ms", "warm, processor ms", "to reach"], rows, note)
    figures = {"rows": history.rows, "bytes_a_row": history.bytes_a_row, "load": load, "week_ms": week, "day_ms": day, "process_ms": process}
    keep(given.json, figures)


if __name__ == "__main__":
    main()
