"""What DuckDB has no memory for, while it works: a folder for each that works, which is gone with it, whatever ended it.

What lies there are rows of the history. So it must not outlive the day that it came from (invariant I8): who works holds a lock on its folder, and
whoever sweeps deletes the folders on which there is none.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from passerby.store.layout import SPILL


@contextlib.contextmanager
def spill(history: Path) -> Iterator[str]:
    """A folder below the folder `measurements`, for as long as it is needed; "" where none can be made: then nothing is put aside."""
    found = _made(history / SPILL)
    if found is None:
        yield ""
        return
    folder, descriptor = found
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep(history: Path) -> None:
    """Deletes what was left by those that ended without doing so.

    Raises:
        OSError: Some of it could not be deleted.
    """
    with contextlib.suppress(FileNotFoundError):
        for folder in (history / SPILL).iterdir():
            if folder.is_dir() and not folder.is_symlink():
                _sweep(folder)
            else:
                folder.unlink(missing_ok=True)


def _made(spills: Path) -> tuple[Path, int] | None:
    """A new folder and the descriptor that holds its lock."""
    with contextlib.suppress(OSError):
        spills.mkdir(mode=0o750, exist_ok=True)
        while True:
            folder = Path(tempfile.mkdtemp(dir=spills))
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if folder.exists():
                    return folder, descriptor
            os.close(descriptor)  # it was swept before it was locked
    return None


def _sweep(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # somebody works there
    else:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)
