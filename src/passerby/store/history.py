"""The history's writer: adds measurements, sets lines aside for compaction, deletes days. One process writes. It loads no DuckDB and stays small.

Adding (invariant I9: what `add` returned from survives a crash, and arrives once)

1. the lines are appended to their days' files in one write each; 2. each file is brought to the disk; 3. `add` returns.
A crash before 2 may leave a cut line: the next `add` begins on a new line, and readers leave the cut one out. Whoever was not told that the lines
are kept gives them again; what lies there twice is read once.

Setting aside: a day's lines file gets its other name in one step, so that new lines go to a new file, and `compacting` may take its time with what
was set aside.
"""

import errno
import threading
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

from passerby.errors import OutputError
from passerby.released.durable import append_lines, make_folder, sync_folder
from passerby.released.measurement import Measurement
from passerby.store.layout import LIVE, TABLES, Layout, day_of
from passerby.store.spill import sweep


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
            self._make_folders()
        except OSError as error:
            # A full disk must not keep a site from starting: deleting what is due is what frees it.
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
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
                    self._make_folders()
                    append_lines(self.layout.lines(day)[0], b"".join(lines))
                except OSError as error:
                    raise _refused(self.layout.folder, error) from error

    def set_aside(self) -> list[date]:
        """Sets lines aside, to be compacted; the days of which some are. Days of which some were are left until those are compacted.

        Raises:
            OutputError: It could not be done.
        """
        found = []
        with self._lock:
            for day in self.layout.live_days():
                live, aside = self.layout.lines(day)
                try:
                    if live.exists() and not aside.exists():
                        live.rename(aside)
                        sync_folder(live.parent)
                except OSError as error:
                    raise _refused(self.layout.folder, error) from error
                if aside.exists():
                    found.append(day)
        return found

    def days(self) -> list[date]:
        """Days of which there is anything."""
        return self.layout.days()

    def delete(self, day: date) -> int:
        """Deletes a day; how many files that were.

        Raises:
            OutputError: Some could not be deleted.
        """
        gone = 0
        with self._lock:
            try:
                for path in self.layout.files(day):
                    path.unlink(missing_ok=True)
                    gone += 1
                for name in (LIVE, *TABLES):
                    sync_folder(self.layout.folder / name)
            except OSError as error:
                raise OutputError(f"the measurements of {day} cannot be deleted: {error.strerror or 'failed'}", "look at the disk") from error
        return gone

    def tidy(self) -> None:
        """Deletes what processes left that ended while they worked on the history.

        Raises:
            OutputError: Some of it could not be deleted.
        """
        try:
            sweep(self.layout.folder)
        except OSError as error:
            why = error.strerror or "failed"
            raise OutputError(f"{self.layout.folder}: what was put aside cannot be deleted: {why}", "look at the disk") from error

    def _make_folders(self) -> None:
        for name in (LIVE, *TABLES):
            make_folder(self.layout.folder / name)


def _refused(folder: Path, error: OSError) -> OutputError:
    return OutputError(f"{folder}: measurements cannot be kept: {error.strerror or 'failed'}", "look at the disk and at who owns the folder")
