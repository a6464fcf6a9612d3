"""Marks: empty files in place of minutes that were deleted before that could be written down.

A deletion that is due never waits for its receipt (invariant I8), and a receipt that waits in memory is gone with the process. So the minute leaves
its name behind, which says camera and time, until the receipt is on the disk; a start that finds marks writes the receipt that is missing. Where no
mark can be made, the minute is deleted all the same.
"""

import contextlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from passerby.record.folder import GONE, CameraFolder, FileName
from passerby.released.durable import sync_folder


def mark(folder: CameraFolder, name: FileName) -> None:
    """Leaves a mark of a minute, if that can be done."""
    with contextlib.suppress(OSError):
        os.close(os.open(folder.segment(name, GONE), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o640))


def unmark(folder: CameraFolder, names: Iterable[FileName]) -> None:
    """Removes marks, and the folders that only they kept."""
    days = set[Path]()
    for name in names:
        path = folder.segment(name, GONE)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            days.add(path.parent)
    sync_and_tidy(days)


def sync_and_tidy(days: Iterable[Path]) -> None:
    """Brings folders to the disk, and removes those that are empty."""
    for day in days:
        with contextlib.suppress(OSError):
            sync_folder(day)
            day.rmdir()  # fails unless it is empty


def runs_of(names: Sequence[FileName]) -> list[list[FileName]]:
    """The names, era by era: times of two eras do not compare."""
    by_era: dict[int, list[FileName]] = {}
    for name in sorted(names):
        by_era.setdefault(name.era, []).append(name)
    return list(by_era.values())
