"""Files that appear under their name only when they are complete. Touches the file system, nothing else."""

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Final

from passerby.errors import OutputError

_MOST_NEIGHBOURS: Final = 100
_LONGEST_STEM_BYTES: Final = 200
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class PartialFile:
    """A hidden file `.NAME.partial-PID` beside its target, that `commit` gives the target's name and `discard` removes.

    Attributes:
        path: Where to write; an empty file at first. An absolute path.
        target: The name that it will have.

    Args:
        target: The final name.
        overwrite: Whether a file of that name may be replaced.

    Raises:
        OutputError: The folder is missing or cannot be written, the target exists (and may not be replaced), or it is no regular file.
    """

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        self.target = target.absolute()
        self._overwrite = overwrite
        self._check_target()
        self.path = self._create()

    def commit(self) -> None:
        """Brings the contents to the disk and gives the file its name, at once and as a whole.

        Raises:
            OutputError: The contents could not be stored, or a file of that name has come into being. The partial file is removed then.
        """
        try:
            _sync(self.path)
            if self._overwrite:
                self._check_target()
                self.path.replace(self.target)
            else:
                self._name_without_replacing()
        except OSError as error:
            self.discard()
            raise output_error(self.target, error) from error
        except BaseException:
            self.discard()
            raise
        with contextlib.suppress(OSError):
            # Some file systems cannot sync a folder. The name may then be lost with the power, the contents not.
            _sync(self.target.parent)

    def discard(self) -> None:
        """Removes the partial file. May be called again, and after `commit`."""
        with contextlib.suppress(OSError):
            self.path.unlink()

    def _check_target(self) -> None:
        parent = self.target.parent
        try:
            found = self.target.lstat()
        except FileNotFoundError:
            if not parent.is_dir():
                raise OutputError(f"{self.target}: there is no folder {parent}", "create the folder first") from None
            return
        except NotADirectoryError:
            raise OutputError(f"{self.target}: {parent} is no folder", "give a path in a folder") from None
        except OSError as error:
            raise output_error(self.target, error) from error
        if stat.S_ISDIR(found.st_mode):
            raise OutputError(f"{self.target}: is a folder, a file name was expected", "name a file in it")
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISLNK(found.st_mode):
            raise OutputError(f"{self.target}: is a device or a pipe, a file was expected", "name an ordinary file")
        if not self._overwrite:
            raise _exists(self.target)

    def _create(self) -> Path:
        stem = os.fsdecode(os.fsencode(self.target.name)[:_LONGEST_STEM_BYTES])
        for neighbour in range(_MOST_NEIGHBOURS):
            # A process that was killed may have left its file behind, and process numbers come back.
            path = self.target.with_name(f".{stem}.partial-{os.getpid()}" + (f"-{neighbour}" if neighbour else ""))
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            except FileExistsError:
                continue
            except OSError as error:
                raise output_error(self.target, error) from error
            return path
        raise OutputError(f"{self.target}: {_MOST_NEIGHBOURS} unfinished files lie beside it", f"remove the files .{stem}.partial-*")

    def _name_without_replacing(self) -> None:
        try:
            os.link(self.path, self.target)  # fails if the name exists, which renaming would not
        except FileExistsError:
            raise _exists(self.target) from None
        except OSError:
            # File systems without hard links, such as FAT: a small gap between looking and renaming remains.
            self._check_target()
            self.path.replace(self.target)
        else:
            self.path.unlink()


def output_error(target: Path, error: Exception) -> OutputError:
    """What went wrong when writing, for the user, from an error with `errno` and `strerror`. Names the target, not the partial file."""
    code = getattr(error, "errno", None)
    if code in _FULL:
        return OutputError(f"{target}: the disk is full", "free some space or write to another disk")
    if code in _FORBIDDEN:
        return OutputError(f"{target}: may not be written here", f"make {target.parent} writable or choose another folder")
    if code == errno.EFBIG:
        return OutputError(f"{target}: is larger than a file may be here", "write to another disk, or give a shorter range")
    return OutputError(f"{target}: cannot be written: {getattr(error, 'strerror', None) or error}", "choose another name or folder")


def _exists(target: Path) -> OutputError:
    return OutputError(f"{target}: exists already", "choose another name, or allow overwriting with --overwrite")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
