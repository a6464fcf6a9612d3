"""A SQLite file that is whole, private and leaves no trace of what was deleted, also on a disk that is full. SQLite is met here only.

    outbox.sqlite        a write-ahead log beside it, every transaction synced: what was kept survives a crash and a power cut
    outbox.reserve       room that is given back where the disk is full and something is to be deleted

What is deleted is overwritten at once, and `wipe` clears the log beside the file, and what moving rows about has left in it.
"""

import contextlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from passerby.errors import OutputError
from passerby.hazards.channels.reserve import RESERVE_BYTES, Reserve
from passerby.released.durable import make_folder, sync_folder

BUSY_S: Final = 5.0
"""So long another process that writes is waited for."""
SMALL_BYTES: Final = 32_000_000
"""A file of no more is written anew in passing."""
MOST_ROWS: Final = 256
"""Rows that are deleted at once on a full disk; fewer, where there is not even room for so many."""
LOG_PAGES: Final = 64
"""After so many the log is written into the file: what that takes of the disk must fit into what is set aside, together with a few rows."""
FRAME_BYTES: Final = 24
"""So much more than itself a page takes in the log."""
_ROOM: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_T = TypeVar("_T")


class OutboxFile:
    """The file. Each call is whole or nothing; may be called from several threads.

    Args:
        path: The file. Its folder is made if it is not there.
        schema: Makes the tables that are not there.
        kept: What is remembered beside the file: called when something is about to be written, it gives what puts that back if it is not written.
        mend: Whether a file that is damaged is set aside, and room is set aside beside it: whoever only looks does neither.

    Attributes:
        path: As given.
        lock: Held by whoever reads or writes.
        damaged: Whether there was a file that could not be read; it was set aside.

    Raises:
        OutputError: It cannot be used.
    """

    def __init__(self, path: Path, schema: str, kept: Callable[[], Callable[[], object]], *, mend: bool = True) -> None:
        self.path, self._kept, self._mend = path, kept, mend
        self._traces = self._traces_in_file = True
        """Whether something was deleted that `wipe` has not cleared out of the log, and out of the file; nobody knows what was before the start."""
        self._reserve = Reserve(path.with_suffix(".reserve"))
        self.lock = threading.RLock()
        self.damaged = False
        with told_of("opened"):
            make_folder(path.parent)
            try:
                self._database = self._open(schema)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) or not mend:
                    raise
                self.damaged = _set_aside(path)
                self._database = self._open(schema)
            sync_folder(path.parent)
        self.set_room_aside()

    @property
    def is_small(self) -> bool:
        """Whether all of it is written anew in a moment."""
        ((pages,),), ((page_bytes,),) = self.rows("PRAGMA page_count"), self.rows("PRAGMA page_size")
        return int(pages) * int(page_bytes) <= SMALL_BYTES

    def close(self) -> None:
        """Closes the file."""
        with self.lock, contextlib.suppress(sqlite3.Error):
            self._database.close()

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """All that is written inside is kept together, or none of it.

        Raises:
            OutputError: It could not be kept.
        """
        with self.lock, told_of("written"):
            if self._database.in_transaction:
                yield
                return
            put_back = self._kept()
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                put_back()
                raise

    def do(self, sql: str, *values: object) -> int:
        """Rows that a statement changed."""
        with self.at_once():
            rows = self._database.execute(sql, values).rowcount
            if rows and sql.startswith("DELETE"):
                self._traces = self._traces_in_file = True
            return rows

    def do_bit_by_bit(self, sql: str, *values: object) -> int:
        """Rows that a statement changed whose last value is how many it may change: again and again, until there is none any more.

        The log beside the file is emptied each time, so that all goes in the room of few rows.
        """
        changed, most = 0, MOST_ROWS
        with self.lock, told_of("written"):
            self._empty_log()
        while True:
            try:
                rows = self.do(sql, *values, most)
            except OutputError as error:
                if most == 1 or not _lacks_room(error):
                    raise
                rows, most = 1, most // 4
            else:
                changed += rows
            with self.lock, told_of("written"):
                self._empty_log()
            if not rows:
                return changed

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows that a statement finds."""
        with self.lock, told_of("read"):
            return self._database.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first of them; None = there is none."""
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def wipe(self, *, whole: bool = False) -> bool:
        """As `Waiting.wipe`."""
        with self.lock, told_of("wiped"):
            try:
                if whole and self._traces_in_file:
                    self._empty_log()
                    self._require_room()
                    self._traces = True
                    self._database.execute("VACUUM")
                    self._traces_in_file = False
            finally:  # also what a VACUUM has written that found no room to the end
                if self._traces:
                    self._traces = not self._empty_log()
            return not (self._traces or self._traces_in_file)

    def with_room(self, work: Callable[[], _T], in_little: Callable[[], _T] | None = None) -> _T:
        """What comes of some work. Where the disk has no room for it, it is done with what was set aside; `in_little` does it then, if given."""
        try:
            return work()
        except OutputError as error:
            if not _lacks_room(error):
                raise
        with self.lock, self._reserve.given():
            return (in_little or work)()

    def set_room_aside(self) -> None:
        """Sets room aside for `with_room`, where it was used and there is some again."""
        if self._mend:
            self._reserve.fill()

    def _open(self, schema: str) -> sqlite3.Connection:
        """The file, opened. That takes some room: where the disk has none, of what was set aside."""
        try:
            return _opened(self.path, schema)
        except sqlite3.OperationalError as error:
            if not self._mend or not _is_room(error):
                raise
        with self._reserve.given():
            return _opened(self.path, schema)

    def _require_room(self) -> None:
        """Refuses a VACUUM for which there is no room: it would take all that there is from everybody before it fails.

        Raises:
            sqlite3.OperationalError: There is none; as SQLite says it, where what was set aside would do.
        """
        pages, free, page_bytes = (int(self.rows(f"PRAGMA {name}")[0][0]) for name in ("page_count", "freelist_count", "page_size"))
        missing = (pages - free + 2) * (page_bytes + FRAME_BYTES) - shutil.disk_usage(self.path.parent).free
        if missing > 0:
            full = sqlite3.OperationalError("database or disk is full")
            if missing <= RESERVE_BYTES:
                full.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise full

    def _empty_log(self) -> bool:
        """Whether the log beside the file is empty now. It is not where another process reads, which is not waited for."""
        try:
            self._database.execute("PRAGMA busy_timeout = 0")
            return not self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            self._database.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000:.0f}")


@contextlib.contextmanager
def told_of(what: str) -> Iterator[None]:
    """Says what SQLite and the disk refuse as OutputError."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutputError(f"what waits to be told cannot be {what}: {type(error).__name__}", "look at the state folder's disk") from error
    except OSError as error:
        raise OutputError(f"what waits to be told cannot be {what}: {error.strerror}", "look at the state folder's disk") from error


def _lacks_room(error: OutputError) -> bool:
    return _is_room(error.__cause__)


def _is_room(error: BaseException | None) -> bool:
    """Whether it may be for want of room that SQLite refuses."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _ROOM


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")
        database.execute("PRAGMA temp_store = MEMORY")  # what VACUUM copies is written nowhere else
        database.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        whole = database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        if whole:
            database.executescript(schema)
    except BaseException:
        database.close()
        raise
    if not whole:
        database.close()
        raise sqlite3.DatabaseError("damaged")
    return database


def _set_aside(path: Path) -> bool:
    """Moves a damaged file, and what belongs to it, out of the way."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with contextlib.suppress(FileNotFoundError):
            (path.parent / name).replace(path.parent / f"{name}.damaged")
    return True
