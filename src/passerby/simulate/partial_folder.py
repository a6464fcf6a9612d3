"""Folders that appear under their name only when they are complete. Touches the file system, nothing else."""

import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from passerby.errors import OutputError
from passerby.released.partial_file import output_error

_MOST_NEIGHBOURS: Final = 100


class PartialFolder:
    """A hidden folder `.NAME.partial-PID` beside its target, that `commit` gives the target's name and `discard` removes.

    As a context manager it is removed at the end unless it was committed.

    Attributes:
        path: Where to write.
        target: The name that it will have.

    Args:
        target: The final name.
        overwrite: Whether a folder of that name may be replaced.
        mark: A file that such a folder holds: a folder without it is somebody else's and never replaced.

    Raises:
        OutputError: The folder cannot be made, or something of that name exists that may not be replaced.
    """

    def __init__(self, target: Path, *, overwrite: bool, mark: str) -> None:
        self.target = target.absolute()
        self._overwrite = overwrite
        self._mark = mark
        self._check_target()
        self.path = self._beside("partial")

    def commit(self) -> None:
        """Gives the folder its name. Raises OutputError; the partial folder is removed then."""
        try:
            self._check_target()
            old = self._beside("old") if self.target.is_dir() else None
            if old is not None:
                self.target.replace(old)
            self.path.replace(self.target)
            if old is not None:
                shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            self.discard()
            raise output_error(self.target, error) from error
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Removes the partial folder. May be called again, and after `commit`."""
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.discard()

    def _check_target(self) -> None:
        if not self.target.parent.is_dir():
            raise OutputError(f"{self.target}: there is no folder {self.target.parent}", "create the folder first")
        if not os.path.lexists(self.target):
            return
        if not self._overwrite:
            raise OutputError(f"{self.target}: exists already", "choose another name, or allow overwriting with --overwrite")
        if self.target.is_symlink() or not self.target.is_dir() or not (self.target / self._mark).is_file():
            raise OutputError(f"{self.target}: is there and was not written by this command", "move it away or choose another name")

    def _beside(self, what: str) -> Path:
        for neighbour in range(_MOST_NEIGHBOURS):
            path = self.target.with_name(f".{self.target.name}.{what}-{os.getpid()}" + (f"-{neighbour}" if neighbour else ""))
            try:
                if what == "partial":
                    path.mkdir()
                elif path.exists():
                    continue
            except FileExistsError:
                continue
            except OSError as error:
                raise output_error(self.target, error) from error
            return path
        raise OutputError(f"{self.target}: {_MOST_NEIGHBOURS} unfinished folders lie beside it", f"remove the folders .{self.target.name}.{what}-*")
