"""Where weights are kept: one folder, one file per digest, the licence beside it.

    <cache>/weights/yolox-nano-615e266100c341c2.onnx
    <cache>/weights/yolox-nano-615e266100c341c2.licence.txt
    <cache>/weights/yolox-nano-615e266100c341c2.lock

A file appears under its name complete or not at all. What is verified is what is used: the bytes are read once, checked, and handed on.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from passerby.errors import WeightsError
from passerby.models.manifest import WeightsEntry

CACHE_VARIABLE: Final = "PASSERBY_CACHE"


class CacheState(Enum):
    """What the cache holds of some weights."""

    ABSENT = "absent"
    DAMAGED = "damaged"
    VERIFIED = "verified"


def default_cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder that `PASSERBY_CACHE` names, else the user's cache folder."""
    chosen = environ.get(CACHE_VARIABLE, "")
    return Path(chosen).expanduser() if chosen else user_cache_path("passerby", appauthor=False)


def weights_path(entry: WeightsEntry, cache_folder: Path) -> Path:
    """Where the weights lie, or will lie."""
    return cache_folder / "weights" / f"{entry.name}-{entry.sha256[:16]}.onnx"


def licence_path(entry: WeightsEntry, cache_folder: Path) -> Path:
    """Where the licence text of the weights lies."""
    return weights_path(entry, cache_folder).with_suffix(".licence.txt")


def read_verified(entry: WeightsEntry, cache_folder: Path) -> tuple[CacheState, bytes]:
    """What the cache holds, and the verified bytes (empty unless VERIFIED).

    Raises:
        WeightsError: the file is there and cannot be read.
    """
    path = weights_path(entry, cache_folder)
    try:
        if path.stat().st_size != entry.size_bytes:
            return CacheState.DAMAGED, b""
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return CacheState.ABSENT, b""
    except OSError as error:
        raise WeightsError(f"cannot read '{path}': {error.strerror}", "make it readable, or delete it and fetch again") from error
    return (CacheState.VERIFIED, data) if is_of(entry, data) else (CacheState.DAMAGED, b"")


def is_of(entry: WeightsEntry, data: bytes) -> bool:
    """Whether these bytes are the entry's."""
    return len(data) == entry.size_bytes and hashlib.sha256(data).hexdigest() == entry.sha256


def store(entry: WeightsEntry, cache_folder: Path, data: bytes) -> None:
    """Keep the licence and the weights, each complete or not at all; the licence is there first.

    Raises:
        WeightsError: these are not the entry's bytes, or the folder cannot be written.
    """
    if not is_of(entry, data):
        raise WeightsError(f"these {len(data)} bytes are not the weights '{entry.name}'", f"expected is sha256 {entry.sha256}")
    try:
        licence = f"{entry.name}: {entry.licence}, {entry.copyright}\n\n{entry.licence_text}"
        _write_whole(licence_path(entry, cache_folder), licence.encode())
        _write_whole(weights_path(entry, cache_folder), data)
    except OSError as error:
        raise _unwritable(cache_folder, error) from error


@contextmanager
def locked(entry: WeightsEntry, cache_folder: Path) -> Iterator[None]:
    """Hold the entry's lock: of several processes one fetches, the others wait and find the file there.

    Raises:
        WeightsError: the folder cannot be written.
    """
    path = weights_path(entry, cache_folder).with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unwritable(cache_folder, error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside, flush to the disk, rename: a reader, a second writer or a power cut sees the old file or the new one."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unwritable(cache_folder: Path, error: OSError) -> WeightsError:
    hint = f"set {CACHE_VARIABLE} to a folder that you may write to"
    return WeightsError(f"cannot write to the cache '{cache_folder}': {error.strerror}", hint)
