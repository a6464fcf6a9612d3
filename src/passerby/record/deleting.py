"""How recordings are deleted.

1. The receipt is written. If that fails it is kept in memory and written as soon as it can be: deletion does not wait for it (invariant I8).
2. The files are removed, oldest first: closed, under way, half written. While the receipt is missing each minute leaves a mark (`marks`).
3. The folders are brought to the disk, empty ones removed.
4. Plate files to which no minute refers any more are removed.
5. If the receipt could not be written: it is tried again, now that there may be room, and then with each tick; then the marks are removed.

A crash between 1 and 3 leaves minutes that are still due: the next start deletes them. One before 5 leaves marks: the next start writes the receipt.
"""

import contextlib
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from passerby.clock import Clock
from passerby.errors import ReceiptError
from passerby.record.camera_recorder import CameraRecorder
from passerby.record.folder import CLOSED, MINUTE_S, OPEN, CameraFolder, FileName
from passerby.record.marks import mark, runs_of, sync_and_tidy, unmark
from passerby.record.receipts import OURS, Act, Receipt, ReceiptSink
from passerby.released.durable import TEMPORARY, sync_folder

MOST_WAITING: Final = 10_000
"""Receipts that wait. Each stands for a run of minutes; what comes beyond is counted, and has its marks for the next start."""
FOUND_MISSING: Final = "deleted before; the receipt was missing"


class Waiting(NamedTuple):
    """A receipt that could not be written yet, and the minutes that left marks until it is."""

    receipt: Receipt
    folder: CameraFolder | None
    marked: list[FileName]


class Deleter:
    """Deletes minutes and keeps receipts of it.

    Attributes:
        waiting: Receipts that could not be written yet.
        left_out: How many more, which did not fit. Those of deletions have their marks: the next start writes them.
        failed: Files that could not be removed when that was last tried.
    """

    def __init__(self, receipts: ReceiptSink, clock: Clock) -> None:
        self._receipts, self._clock = receipts, clock
        self.waiting: deque[Waiting] = deque()
        self.left_out = 0
        self.failed = 0
        self._told: set[tuple[str, FileName]] = set()
        """Minutes whose deletion was written down, and which are still there."""

    def delete(self, camera: CameraRecorder, names: Sequence[FileName], why: str) -> int:
        """Deletes minutes; how many are gone. What cannot be removed stays on the shelf, to be tried again."""
        if not names:
            return 0
        untold = [name for name in names if (camera.folder.camera, name) not in self._told]
        marked: list[FileName] = []
        wants_mark = bool(untold) and not self._write_or_keep(
            Waiting(_receipt(camera.folder.camera, untold, why, self._clock.wall_s()), camera.folder, marked)
        )
        gone, folders = 0, set[Path]()
        for name in names:
            path = camera.folder.segment(name)
            if wants_mark:
                mark(camera.folder, name)
                marked.append(name)
            try:
                _remove(path, under_way=(name, False) in camera.unfinished)
            except OSError:
                self.failed += 1
                self._told.add((camera.folder.camera, name))
                continue
            self._told.discard((camera.folder.camera, name))
            camera.shelf.remove(name)
            folders.add(path.parent)
            gone += 1
        sync_and_tidy(folders)
        self.delete_plates(camera)
        self.write_waiting()
        return gone

    def delete_plates(self, camera: CameraRecorder) -> None:
        """Deletes the plate files of a camera to which no minute refers any more."""
        names = list(camera.plates)
        changed = False
        for name, following in zip(names, [*names[1:], None], strict=False):
            if camera.shelf.has_between(name, following):
                continue
            if name == camera.current_plate:
                camera.drop_plate()
            with contextlib.suppress(OSError):
                _remove(camera.folder.plate(name), under_way=True)
                camera.plates.remove(name)
                changed = True
        if changed:
            with contextlib.suppress(OSError):
                sync_folder(camera.folder.plates)

    def write_waiting(self) -> None:
        """Writes the receipts that wait, as far as that can be done."""
        while self.waiting:
            try:
                self._receipts.write(self.waiting[0].receipt)
            except ReceiptError:
                return
            written = self.waiting.popleft()
            if written.folder is not None:
                unmark(written.folder, written.marked)

    def note(self, receipt: Receipt) -> None:
        """Writes a receipt now or as soon as it can be."""
        self._write_or_keep(Waiting(receipt, None, []))

    def note_missing(self, folder: CameraFolder, marked: Sequence[FileName]) -> None:
        """Writes the receipts of deletions of which only marks are left: the process ended before it could."""
        for names in runs_of(marked):
            self._write_or_keep(Waiting(_receipt(folder.camera, names, FOUND_MISSING, self._clock.wall_s()), folder, names))

    def _write_or_keep(self, waiting: Waiting) -> bool:
        """Whether a receipt, and all before it, are written."""
        if len(self.waiting) >= MOST_WAITING:
            self.write_waiting()
        if len(self.waiting) >= MOST_WAITING:
            self.left_out += 1
            return False
        self.waiting.append(waiting)
        self.write_waiting()
        return not self.waiting


def _remove(closed: Path, *, under_way: bool) -> None:
    """Removes a file in all of its forms; what is closed has no other."""
    try:
        closed.unlink()
    except FileNotFoundError:
        under_way = True
    if under_way:
        closed.with_name(closed.name.removesuffix(CLOSED) + OPEN).unlink(missing_ok=True)
        closed.with_name(closed.name + TEMPORARY).unlink(missing_ok=True)


def _receipt(camera: str, names: Sequence[FileName], why: str, wall_s: float) -> Receipt:
    minutes = [name.minute for name in names]
    begin_s, end_s = float(min(minutes) * MINUTE_S), float((max(minutes) + 1) * MINUTE_S)
    return Receipt(kind=Act.DELETED, wall_s=wall_s, by=OURS, camera=camera, from_s=begin_s, to_s=end_s, files=len(names), why=why)
