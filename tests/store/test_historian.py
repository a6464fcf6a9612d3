"""The process that answers and compacts: whatever ends it, nothing is lost, and whoever asked is told."""

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import threading
from datetime import UTC
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.store.answers import answer
from passerby.store.asking import HeatWish, Wish
from passerby.store.buckets import Every
from passerby.store.compacting import compact
from passerby.store.historian_orders import AskHeat, AskHistory, Compact, Compacted, Failed, Senseless, Told
from passerby.store.history import History
from passerby.store.layout import LOCK, TABLES
from passerby.store.question import Question, Table
from passerby.supervise.historian_process import NO_ANSWER, HistorianProcess
from tests.support.measured import DAY_S, kept, minute

HANGS = (sys.executable, "-c", "import time; time.sleep(60)")


def ask(folder: Path, *, most: int = 1000, form: str = "json", **more: object) -> AskHistory:
    wish = Wish(**{"table": Table.LINES, "begin": "2026-11-23", "end": "2026-11-24"} | more)  # type: ignore[arg-type]
    return AskHistory(str(folder), wish, "Europe/Berlin", float(DAY_S), (), form, for_operator=True, most=most)


def seen(folder: Path) -> float:
    return sum(span.covered_s for span in answer(folder, Question(Table.ZONES, DAY_S, DAY_S + 86400, Every.MINUTE, UTC)))


def test_it_answers_refuses_and_compacts_one_after_the_other(tmp_path: Path) -> None:
    history = kept(tmp_path, minutes=30)
    process = HistorianProcess(60.0)
    try:
        told = process.ask(ask(tmp_path))
        assert isinstance(told, Told)
        assert sum(span["covered_s"] for span in json.loads(told.data)["spans"]) == 1800
        refused = process.ask(ask(tmp_path, every=Every.MINUTE))
        assert isinstance(refused, Senseless)
        assert "more than 1000 spans" in refused.says
        assert isinstance(process.ask(ask(tmp_path, ids=("'; DROP TABLE x",))), Senseless)
        warm = process.ask(
            AskHeat(str(tmp_path), HeatWish("gate", "2026-11-23", "2026-11-24"), "UTC", float(DAY_S), "json", for_operator=True, most=352)
        )
        assert isinstance(warm, Told)
        assert json.loads(warm.data)["covered_s"] == 1800
        assert isinstance(
            process.ask(AskHeat(str(tmp_path), HeatWish("'; DROP"), "UTC", float(DAY_S), "csv", for_operator=True, most=352)), Senseless
        )
        history.set_aside()
        assert process.ask(Compact(str(tmp_path))) == Compacted()
        assert len(list(tmp_path.rglob("*.parquet"))) == len(TABLES)
        (tmp_path / "zones").rename(tmp_path / "elsewhere")
        again = process.ask(ask(tmp_path))
        assert isinstance(again, Told)
        pid = process.pid
        process.rest()
        assert process.pid == pid
        process.rest(0.0)
        assert process.pid is None
    finally:
        process.stop()
    assert process.ask(ask(tmp_path)) == NO_ANSWER


def test_a_process_that_hangs_is_ended_and_one_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    hanging = HistorianProcess(0.2, SimulatedClock(), HANGS)
    assert hanging.ask(ask(tmp_path)) == NO_ANSWER
    assert hanging.pid is None
    assert isinstance(HistorianProcess(1.0, SimulatedClock(), (str(tmp_path / "none"),)).ask(ask(tmp_path)), Failed)


def test_it_can_be_interrupted_within_an_order(tmp_path: Path) -> None:
    process = HistorianProcess(60.0, SimulatedClock(), HANGS)
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.append(process.ask(ask(tmp_path))))
    asking.start()
    while process.pid is None:
        threading.Event().wait(0.01)
    process.interrupt()
    asking.join(20)
    assert answers == [NO_ANSWER]


def test_two_never_compact_at_once(tmp_path: Path) -> None:
    history = kept(tmp_path, minutes=5)
    history.set_aside()
    descriptor = os.open(tmp_path / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        with pytest.raises(OutputError, match="another process"):
            compact(tmp_path)
    finally:
        os.close(descriptor)
    compact(tmp_path)
    assert seen(tmp_path) == 300


KILLED = "import sys; from pathlib import Path; from passerby.store.compacting import compact; print('on', flush=True); compact(Path(sys.argv[1]))"


def test_compaction_that_is_killed_anywhere_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    rng, history, count = random.Random(5), History(tmp_path), 0
    for _ in range(6):
        history.add([minute(DAY_S + 60 * (count + number)) for number in range(120)])
        count += 120
        history.set_aside()
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Event().wait(rng.random() * 0.4)  # anywhere within it
        os.kill(process.pid, signal.SIGKILL)
        with process:
            process.wait()
        assert seen(tmp_path) == 60 * count
    compact(tmp_path)
    history.set_aside()
    compact(tmp_path)
    assert seen(tmp_path) == 60 * count
    assert not [path for path in tmp_path.rglob("*") if path.suffix in {".tmp", ".1", ".jsonl"}]


def test_lines_that_no_column_can_hold_spoil_no_day(tmp_path: Path) -> None:
    history = kept(tmp_path, minutes=5)
    history.add([minute(DAY_S + 6000, people=1e9, ab=-3, dwell=(-1, 70_000, 0, 0, 0, 0, 0))])
    history.set_aside()
    compact(tmp_path)
    assert seen(tmp_path) == 360


def test_the_supervisor_never_loads_the_database() -> None:
    code = "import sys, passerby.serve.operation; print('duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
