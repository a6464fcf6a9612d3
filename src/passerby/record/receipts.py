"""Receipts: recordings were deleted, held, viewed, exported; the configuration changed; the clock stepped. A file now, the ledger later.

An act of invariant I7 is written down before it takes effect, and refused if that fails. A deletion that is due never waits (invariant I8): a
reserve on the disk is kept for its line, and at worst the line follows. A line is JSON; each is brought to the disk before `write` returns:

    {"kind":"deleted","wall_s":1795434960.2,"camera":"gate-2","from_s":1795175700,"to_s":1795175760,"files":1,"why":"retention","by":"passerby",...}
"""

import contextlib
import errno
import os
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import msgspec

from passerby.errors import ReceiptError
from passerby.released.durable import append_lines, sync_data, sync_folder

OURS: Final = "passerby"
"""Who acts where nobody else does."""
RESERVE_BYTES: Final = 64 * 1024
GIVEN_BYTES: Final = 4096
PLENTY_BYTES: Final = 1_000_000
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Act(StrEnum):
    """What was done."""

    DELETED = "deleted"
    HELD = "held"
    HOLD_ENDED = "hold_ended"
    VIEWED = "viewed"
    EXPORTED = "exported"
    CONFIGURED = "configured"
    ACCOUNTS = "accounts"
    HOLDS_LOST = "holds_lost"
    CLOCK_STEPPED = "clock_stepped"
    RECOVERED = "recovered"


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One act.

    Attributes:
        kind: What was done.
        wall_s: When, seconds since 1970 UTC by the wall clock.
        by: Who: "passerby", or the name of an account or of a user of the machine.
        camera: Whose recordings; "" = all.
        from_s, to_s: Which of them, by the wall clock.
        files: How many files.
        why: The reason, in one line.
        until_s: When a hold ends.
        hold: Id of a hold.
        seconds: How far the clock stepped, or how long recordings are kept.
    """

    kind: Act
    wall_s: float
    by: str
    camera: str = ""
    from_s: float | None = None
    to_s: float | None = None
    files: int | None = None
    why: str = ""
    until_s: float | None = None
    hold: str = ""
    seconds: float | None = None


class ReceiptSink(Protocol):
    """Takes receipts."""

    def write(self, receipt: Receipt) -> None:
        """Keeps a receipt for good.

        Raises:
            ReceiptError: It could not be kept.
        """
        ...


class FileReceipts:
    """Receipts as lines of a file, which several processes may write. Lines are added only.

    Args:
        path: The file. Beside it lies its reserve: so much of the disk is ours when the disk is full.

    Raises:
        ReceiptError: The file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reserve = path.with_name(path.name + ".reserve")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o640))
            sync_folder(path.parent)
        except OSError as error:
            raise _refused(path, error) from error
        self._refill()

    def write(self, receipt: Receipt) -> None:
        """Adds a line, and brings it to the disk.

        Raises:
            ReceiptError: It could not be written, not even with the reserve. No part of it is left.
        """
        line = msgspec.json.encode(receipt) + b"\n"
        try:
            try:
                append_lines(self.path, line)
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                self._append_from_reserve(line)
        except OSError as error:
            raise _refused(self.path, error) from error
        self._refill()

    def _append_from_reserve(self, line: bytes) -> None:
        """Gives back as little of the reserve as the line needs: others may take what we do not."""
        with self._reserve.open("r+b") as reserve:
            size = os.fstat(reserve.fileno()).st_size
            while True:
                if size == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                size = max(0, size - GIVEN_BYTES)
                reserve.truncate(size)
                sync_data(reserve.fileno())
                try:
                    append_lines(self.path, line)
                except OSError as error:
                    if error.errno not in _FULL:
                        raise
                else:
                    return

    def _refill(self) -> None:
        """Sets the reserve aside again, once there is plenty of room."""
        with contextlib.suppress(OSError):
            size = self._reserve.stat().st_size if self._reserve.exists() else 0
            if size >= RESERVE_BYTES:
                return
            room = os.statvfs(self.path.parent)
            if size and room.f_bavail * room.f_frsize < PLENTY_BYTES:
                return
            # Real bytes: a file system that compresses or shares would give no room back for zeros.
            with self._reserve.open("ab", buffering=0) as reserve:
                reserve.write(os.urandom(RESERVE_BYTES - size))


def read_receipts(path: Path) -> list[Receipt]:
    """All receipts of a file; lines that a crash cut are left out.

    Raises:
        OSError: It cannot be read.
    """
    receipts = []
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(msgspec.MsgspecError):
            receipts.append(msgspec.json.decode(line, type=Receipt))
    return receipts


def _refused(path: Path, error: OSError) -> ReceiptError:
    return ReceiptError(f"{path}: receipts cannot be written: {error.strerror or 'failed'}", "what must be written down first is refused meanwhile")
