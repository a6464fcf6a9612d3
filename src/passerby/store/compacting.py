"""Compacts what was set aside into the days' files. DuckDB is at work here, so it runs in a process of its own (`historian`).

1. the day's file and the lines that were set aside are read, each row once, into `.parquet.tmp`; 2. that is brought to the disk, 3. renamed to the
day's next file, 4. the folder is brought to the disk, for each table; 5. the lines are deleted, 6. the folder is brought to the disk. The day's file
before is deleted when the next compaction begins: it never changes, and who reads it may go on. A crash anywhere leaves rows where they were, or
twice: the next compaction begins with the lines that are left.

Two at once would write the same file: a lock (`measurements/compacting.lock`) keeps the second out, such as where a supervisor was killed and the
process that it had started still works.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from passerby.errors import OutputError
from passerby.released.durable import TEMPORARY, sync_folder
from passerby.store.database import connection
from passerby.store.history import History
from passerby.store.layout import LOCK, TABLES, Layout
from passerby.store.tables import KEYS, from_days, from_lines, once, quoted

ROW_GROUP: Final = 32_768


def compact(folder: Path) -> None:
    """Moves all lines that were set aside into their days' files.

    Args:
        folder: The folder `measurements`.

    Raises:
        OutputError: Some days did not work out (the others did), or another is at it; nothing is lost.
    """
    layout, failed = Layout(folder), list[str]()
    with _alone(layout):
        for day in layout.days():
            try:
                for table in TABLES:
                    for path in (*layout.compacted(table, day)[:-1], *(folder / table).glob(f"{day.isoformat()}.*{TEMPORARY}")):
                        path.unlink(missing_ok=True)
                _compact(layout, day)
            except (OSError, duckdb.Error) as error:
                failed.append(f"{day} ({type(error).__name__})")
    if failed:
        words = ", ".join(failed[:3]) + (" and others" if failed[3:] else "")
        raise OutputError(f"the measurements of {words} could not be compacted", "they are kept as lines")


def compact_all(history: History) -> None:
    """Compacts all there is, in this process: what a crash left, and what came since.

    Raises:
        OutputError: As `compact`.
    """
    compact(history.layout.folder)
    history.set_aside()
    compact(history.layout.folder)


def _compact(layout: Layout, day: date) -> None:
    _, aside = layout.lines(day)
    if not aside.exists():
        return
    for table in TABLES:
        _merge(layout, table, day, aside)
    aside.unlink()
    sync_folder(aside.parent)


def _merge(layout: Layout, table: str, day: date, lines: Path) -> None:
    """Writes a day's file anew, with the lines in it."""
    before, target = layout.compacted(table, day), layout.next_compacted(table, day)
    sql = from_lines(table, [str(lines)])
    temporary = target.with_name(target.name + TEMPORARY)
    with connection(layout.folder) as database:
        if not database.sql(sql).limit(1).fetchall():
            return
        if before:
            sql = f"{from_days([str(before[-1])])} UNION ALL BY NAME {sql}"
        write_day(database, table, sql, temporary)
    descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.rename(target)
    sync_folder(target.parent)


def write_day(database: duckdb.DuckDBPyConnection, table: str, sql: str, path: Path) -> None:
    """Writes the rows that some SQL gives as a day's file: each once, sorted, so that one zone's rows lie together."""
    database.execute(
        f"COPY ({once(table, sql)} ORDER BY {', '.join(KEYS[table])}) TO {quoted(str(path))} "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )


@contextlib.contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    try:
        descriptor = os.open(layout.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutputError(f"{layout.folder}: cannot be compacted: {error.strerror or 'failed'}", "look at the disk") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise OutputError("another process compacts these measurements", "it will be tried again") from error
    try:
        yield
    finally:
        os.close(descriptor)
