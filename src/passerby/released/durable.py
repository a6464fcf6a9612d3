"""Writing so that it is still there after the power failed: contents first, then the name, then the folder that holds the name."""

import contextlib
import fcntl
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


def append_lines(path: Path, lines: bytes, mode: int = 0o640) -> None:
    """Adds lines to a file that several processes may write, and brings them to the disk: all of them or none.

    Args:
        path: The file; it is made where it is missing.
        lines: Whole lines, with their ends.
        mode: Who may read a file that is made.

    Raises:
        OSError: They could not be kept; no part of them is left, as far as the disk obeys.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, mode)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        end = os.fstat(descriptor).st_size
        try:
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                lines = b"\n" + lines  # whoever wrote last was killed in its line
            at = 0
            while at < len(lines):
                at += os.write(descriptor, lines[at:])
            sync_data(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)
    if end == 0:  # also where whoever made the file could not write to it
        sync_folder(path.parent)


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
