"""The tallies of a site: what people at the place counted. Once it is acknowledged, it survives a crash, and it is there once (invariant I9).

    tallies/2026-11-23.jsonl    what was tapped on that UTC day, a line each (`tally`)

One process adds; any number may read meanwhile. A line that a crash cut is left out: nobody was told that it is kept, and the phone sends it again.
"""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from passerby.errors import OutputError
from passerby.released.durable import append_lines, make_folder, sync_folder
from passerby.store.layout import day_of
from passerby.store.tally import Entry, Seen, Tap

TALLIES: Final = "tallies"
"""Folder in the state folder."""
MOST_DAY_BYTES: Final = 32 * 1024 * 1024
"""Of one day; beyond, nothing is added. About 100,000 taps."""
MOST_DAYS: Final = 4
"""Days whose ids are at hand. Older taps than of the day before are not taken any more."""


class FullError(OutputError):
    """There are too many tallies of one day."""


class Tallies:
    """Keeps tallies. Safe to use from several threads; of one process.

    Args:
        folder: The folder `tallies`; made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._known: dict[date, set[str]] = {}

    def add(self, taps: Iterable[Tap]) -> list[Tap]:
        """Keeps taps for good; those that were not there before. What is there already may be given again.

        Raises:
            OutputError: They could not all be kept: give them all again later.
        """
        new: dict[date, dict[str, Tap]] = {}
        with self._lock:
            for tap in taps:
                day = day_of(tap.wall_s)
                if tap.id not in self._ids(day):
                    new.setdefault(day, {}).setdefault(tap.id, tap)
            for day, found in new.items():
                self._append(day, found.values())
                self._ids(day).update(found)
        return [tap for found in new.values() for tap in found.values()]

    def note(self, wall_s: float, seen: Seen) -> None:
        """Keeps what was measured at the moment of a stamp.

        Raises:
            OutputError: It could not be kept.
        """
        with self._lock:
            self._append(day_of(wall_s), [seen])

    def days(self) -> list[date]:
        """Days of which there are tallies."""
        return tally_days(self.folder)

    def _ids(self, day: date) -> set[str]:
        if day not in self._known:
            while len(self._known) >= MOST_DAYS:
                del self._known[next(iter(self._known))]
            self._known[day] = {entry.id for entry in _read(self._path(day)) if isinstance(entry, Tap)}
        return self._known[day]

    def _path(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.jsonl"

    def _append(self, day: date, entries: Iterable[Entry]) -> None:
        data = b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)
        try:
            make_folder(self.folder)
            path = self._path(day)
            if (path.stat().st_size if path.exists() else 0) + len(data) > MOST_DAY_BYTES:
                raise FullError("there are too many tallies of one day", "they are kept; count on another day")
            append_lines(path, data)
        except OSError as error:
            words = error.strerror or "failed"
            raise OutputError(f"{self.folder}: tallies cannot be kept: {words}", "look at the disk and at who owns the folder") from error


def tally_days(folder: Path) -> list[date]:
    """Days of which a folder has tallies."""
    found = []
    for path in folder.glob("????-??-??.jsonl"):
        with contextlib.suppress(ValueError):  # not ours
            found.append(date.fromisoformat(path.name.removesuffix(".jsonl")))
    return sorted(found)


def delete_tallies(folder: Path, day: date) -> int:
    """Deletes the tallies of a day; how many files that were.

    Raises:
        OutputError: They could not be deleted.
    """
    path = folder / f"{day.isoformat()}.jsonl"
    try:
        if not path.exists():
            return 0
        path.unlink()
        sync_folder(folder)
    except OSError as error:
        raise OutputError(f"the tallies of {day} cannot be deleted: {error.strerror or 'failed'}", "look at the disk") from error
    return 1


def read_tallies(folder: Path) -> list[Entry]:
    """All that is kept, the days in order; each tap once. Damaged lines are left out."""
    found: dict[tuple[type, str], Entry] = {}
    for path in sorted(folder.glob("????-??-??.jsonl")):
        for entry in _read(path):
            found.setdefault((type(entry), entry.id), entry)
    return list(found.values())


def _read(path: Path) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(Entry)
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError, ValueError):
            if line:
                yield decoder.decode(line)
