"""The history's writer: adds measurements, compacts days, deletes what is due. One process writes, and one thread in it at a time.

Adding (invariant I9: what `add` returned from survives a crash, and arrives once)

1. the lines are appended to their days' files in one write each; 2. each file is brought to the disk; 3. `add` returns.
A crash before 2 may leave a cut line: the next `add` begins on a new line, and readers leave the cut one out. Whoever was not told that the lines
are kept gives them again; what lies there twice is read once.

Compacting a day

1. its lines file is moved aside in one step (`.jsonl.1`), so that new lines go to a new file; 2. the day's file and the moved lines are read, each
row once, into `.parquet.tmp`; 3. that is brought to the disk, 4. renamed to the day's next file, 5. the folder is brought to the disk, for each
table; 6. the moved lines are deleted. The day's file before is deleted when the next compaction begins: it never changes, and who reads it may go on. A
crash anywhere leaves rows where they were, or twice: the next compaction begins with the moved lines that are left.
"""

import contextlib
import os
import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from passerby.errors import OutputError
from passerby.record.durable import TEMPORARY, make_folder, sync_data, sync_folder
from passerby.released.measurement import Measurement
from passerby.store.layout import DAY_S, LIVE, TABLES, Layout, day_of
from passerby.store.tables import KEYS, from_days, from_lines, once, quoted

MEMORY: Final = "256MB"
"""Most that DuckDB takes for itself; beyond, it writes to a folder beside the history."""
ROW_GROUP: Final = 8192
SETTLED_S: Final = 5.0
"""A day is over for so long before its lines are taken for complete; what comes later still is welcome."""


class History:
    """Writes the history of a site.

    Args:
        folder: The folder `measurements`; it is made where it is missing.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(folder)
        self._lock = threading.Lock()
        try:
            for name in (LIVE, *TABLES):
                make_folder(folder / name)
                for left in (folder / name).glob(f"*{TEMPORARY}"):
                    left.unlink()
        except OSError as error:
            raise _refused(folder, error) from error

    def add(self, measurements: Iterable[Measurement]) -> None:
        """Keeps measurements for good. What is there already may be given again.

        Raises:
            OutputError: They could not all be kept: give them all again later.
        """
        by_day: dict[date, list[bytes]] = {}
        for one in measurements:
            by_day.setdefault(day_of(one.minute_wall_s), []).append(msgspec.json.encode(one) + b"\n")
        with self._lock:
            for day, lines in by_day.items():
                try:
                    self._append(self.layout.lines(day)[0], b"".join(lines))
                except OSError as error:
                    raise _refused(self.layout.folder, error) from error

    def compact(self) -> None:
        """Moves all lines into their days' files. To be called about once an hour: readers are quick while there are few lines.

        Raises:
            OutputError: It did not work out; nothing is lost.
        """
        for day in self.layout.days():
            try:
                for table in TABLES:
                    for path in self.layout.compacted(table, day)[:-1]:
                        path.unlink()
                self._compact(day)
            except (OSError, duckdb.Error) as error:
                raise OutputError(f"the measurements of {day} could not be compacted: {type(error).__name__}", "they are kept as lines") from error

    def delete_before(self, wall_s: float) -> list[date]:
        """Deletes whole days that ended before a moment; which ones.

        Raises:
            OutputError: Some could not be deleted.
        """
        due = [day for day in self.layout.days() if _ended_s(day) <= wall_s]
        with self._lock:
            for day in due:
                try:
                    for path in (*self.layout.lines(day), *(path for table in TABLES for path in self.layout.compacted(table, day))):
                        path.unlink(missing_ok=True)
                except OSError as error:
                    raise _refused(self.layout.folder, error) from error
        return due

    def _append(self, path: Path, data: bytes) -> None:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                data = b"\n" + data  # whoever wrote last was killed in its line
            try:
                at = 0
                while at < len(data):
                    at += os.write(descriptor, data[at:])
                sync_data(descriptor)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(path.parent)

    def _compact(self, day: date) -> None:
        live, moved = self.layout.lines(day)
        for _ in ("what a crash left", "what came since"):
            with self._lock:
                if live.exists() and not moved.exists():
                    live.rename(moved)
                    sync_folder(live.parent)
            if not moved.exists():
                return
            for table in TABLES:
                self._merge(table, day, moved)
            moved.unlink()
            sync_folder(live.parent)

    def _merge(self, table: str, day: date, lines: Path) -> None:
        """Writes a day's file anew, with the lines in it."""
        before, target = self.layout.compacted(table, day), self.layout.next_compacted(table, day)
        sql = from_lines(table, [str(lines)])
        if before:
            sql = f"{from_days([str(before[-1])])} UNION ALL BY NAME {sql}"
        temporary = target.with_name(target.name + TEMPORARY)
        with connection() as database:
            if not database.sql(sql).limit(1).fetchall():
                return
            database.execute(
                f"COPY ({once(table, sql)} ORDER BY {', '.join(KEYS[table])}) TO {quoted(str(temporary))} "
                f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
            )
        descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(target)
        sync_folder(target.parent)


def connection(threads: int = 1) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, in memory and bounded, that reaches no network and loads nothing."""
    return duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": MEMORY,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )


def _ended_s(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + DAY_S + SETTLED_S


def _refused(folder: Path, error: OSError) -> OutputError:
    return OutputError(f"{folder}: measurements cannot be kept: {error.strerror or 'failed'}", "look at the disk and at who owns the folder")
