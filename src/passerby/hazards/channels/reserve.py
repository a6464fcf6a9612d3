"""Room on the disk that is ours: a file that is given back where the disk is full and something has to be deleted all the same."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from passerby.released.durable import sync_data

RESERVE_BYTES: Final = 512 * 1024


class Reserve:
    """The file.

    Args:
        path: Where it lies.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self) -> None:
        """Sets the room aside, where it is not and the disk has it. Raises nothing."""
        with contextlib.suppress(OSError):
            if self._path.exists() and self._path.stat().st_size >= RESERVE_BYTES:
                return
            try:
                descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                try:
                    # Real bytes: a file system that compresses or shares would give no room back for zeros.
                    left = os.urandom(RESERVE_BYTES)
                    while left:
                        left = left[os.write(descriptor, left) :]
                    sync_data(descriptor)
                finally:
                    os.close(descriptor)
            except OSError:
                self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def given(self) -> Iterator[None]:
        """Inside, the room is free, for whoever is the first to take it."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        try:
            yield
        finally:
            self.fill()
