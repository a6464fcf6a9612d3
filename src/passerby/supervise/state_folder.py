"""The folder in which a running site keeps its state: one supervisor at a time, kept out of others' sight.

<state>/lock          held by flock as long as the supervisor lives; holds its process id
<state>/recordings    what `passerby.record` keeps
"""

import contextlib
import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from passerby.errors import OutputError

LOCK: Final = "lock"
ONLY_OURS: Final = 0o700


class StateFolder:
    """A state folder that belongs to this process until it is closed, or the process ends in whatever way.

    Args:
        path: The folder. It is made if it is not there.

    Raises:
        OutputError: It cannot be made or written, or another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=ONLY_OURS)
            self._descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _cannot_write(path, error) from error
        try:
            _take(self._descriptor, path)
            _write_all(path, self._descriptor)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._closed = False

    def close(self) -> None:
        """Lets go of the folder. The lock file stays: to remove it would let two processes each hold a lock of their own."""
        if not self._closed:
            self._closed = True
            os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _take(descriptor: int, path: Path) -> None:
    """Takes the lock, or says who has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = _holder(descriptor)
        raise OutputError(
            f"another passerby{f', process {holder},' if holder else ''} uses the state folder '{path}'",
            "stop that one, or give this site a state_folder of its own",
        ) from error
    except OSError as error:
        raise OutputError(f"the state folder '{path}' cannot be locked: {error.strerror}", "use a folder on a local disk") from error


def _holder(descriptor: int) -> int | None:
    """The process id that the lock file names."""
    with contextlib.suppress(OSError, ValueError):
        return int(os.pread(descriptor, 20, 0).decode("ascii", errors="replace").strip() or 0) or None
    return None


def _write_all(path: Path, descriptor: int) -> None:
    """Writes our process id, which also shows whether the folder can be written."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    except OSError as error:
        # A full disk must not keep the site from starting: deleting what is due is what frees it.
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"the state folder '{path}' cannot be written: {error.strerror}", "make it writable for this user, or name another one as state_folder"
    )
