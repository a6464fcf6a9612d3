"""Writing so that it is still there after the power failed: contents first, then the name, then the folder that holds the name."""

import contextlib
import os
from pathlib import Path
from typing import Final

TEMPORARY: Final = ".tmp"
"""What a file is called until it is complete. Recovery removes those that are left."""


def sync_data(descriptor: int) -> None:
    """Brings a file's contents to the disk."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def sync_folder(folder: Path) -> None:
    """Brings a folder's names to the disk, where the file system can."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Creates a folder and those above it, and brings their names to the disk."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o750, exist_ok=True)
        sync_folder(one.parent)


def replace_file(path: Path, data: bytes, mode: int = 0o640) -> None:
    """Gives a file new contents, at once and as a whole: whoever reads it meanwhile, or after a crash, has the old or the new.

    Args:
        path: The file.
        data: Its new contents.
        mode: Who may read it, whatever the umask allows more.

    Raises:
        OSError: It could not be written; the old contents are untouched and nothing else is left.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()  # one that a crash left may have another mode
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, mode)
        try:
            at = 0
            while at < len(data):
                at += os.write(descriptor, data[at:])
            sync_data(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)
