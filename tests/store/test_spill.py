"""Rows that DuckDB puts aside are gone with whoever put them aside, however that ended (invariant I8)."""

import contextlib
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from passerby.errors import OutputError
from passerby.store.database import connection
from passerby.store.history import History
from passerby.store.layout import SPILL
from passerby.store.spill import spill, sweep

KILLED = """
import sys
from pathlib import Path
from passerby.store.database import connection
with connection(Path(sys.argv[1])) as database:
    database.execute("SET memory_limit = '30MB'")
    held = database.execute("SELECT range AS row, md5(range::VARCHAR) AS more FROM range(3_000_000) ORDER BY more").fetchmany(1)
    print("spilled", flush=True)
    sys.stdin.read()
"""


def spilled(history: Path) -> list[Path]:
    return [path for path in (history / SPILL).rglob("*") if path.is_file()]


def test_what_a_killed_process_put_aside_is_deleted_and_what_a_living_one_holds_is_not(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "spilled\n"
        folders = set((tmp_path / SPILL).iterdir())
        assert len(folders) == 2
        assert {path.parent for path in spilled(tmp_path)} == folders, "rows were put aside, or this test shows nothing"
        processes[0].kill()
        processes[0].wait()
        sweep(tmp_path)
        assert len(list((tmp_path / SPILL).iterdir())) == 1
        assert spilled(tmp_path)
        assert processes[1].stdin is not None
        processes[1].stdin.close()
        assert processes[1].wait(20) == 0
        assert list((tmp_path / SPILL).iterdir()) == []
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError), process:
                process.kill()


def test_the_history_deletes_what_was_left_and_says_what_it_cannot_delete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(tmp_path)
    history.tidy()
    left = tmp_path / SPILL / "left"
    left.mkdir(parents=True)
    (left / "rows.tmp").write_bytes(b"rows")
    (tmp_path / SPILL / "duckdb_temp_storage-0.tmp").write_bytes(b"rows of a version before")
    history.tidy()
    assert list((tmp_path / SPILL).iterdir()) == []
    left.mkdir()

    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("passerby.store.spill.shutil.rmtree", refused)
    with pytest.raises(OutputError, match="cannot be deleted: Permission denied"):
        history.tidy()


def test_where_nothing_can_be_put_aside_a_small_question_is_answered_and_a_large_one_fails(tmp_path: Path) -> None:
    (tmp_path / SPILL).write_text("in the way")
    with spill(tmp_path) as folder:
        assert folder == ""
    with connection(tmp_path) as database:
        assert database.execute("SELECT 1").fetchall() == [(1,)]
        assert database.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)], "nothing is drawn into an output"
        database.execute("SET memory_limit = '20MB'")
        with pytest.raises(duckdb.OutOfMemoryException):
            database.execute("SELECT md5(range::VARCHAR) AS more FROM range(3_000_000) ORDER BY more").fetchmany(1)


def test_a_folder_that_was_swept_before_it_was_locked_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def swept_at_once(dir: Path) -> str:  # noqa: A002 - as tempfile has it
        folder = dir / f"of-{len(made)}"
        folder.mkdir()
        made.append(folder)
        return str(folder)

    real = Path.exists

    def exists(path: Path) -> bool:
        if path == made[0]:
            path.rmdir()
        return real(path)

    monkeypatch.setattr("passerby.store.spill.tempfile.mkdtemp", swept_at_once)
    monkeypatch.setattr(Path, "exists", exists)
    with spill(tmp_path) as folder:
        assert Path(folder) == made[1]
        sweep(tmp_path)
        assert real(made[1])
    assert not real(made[1])
