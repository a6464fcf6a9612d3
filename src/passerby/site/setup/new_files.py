"""Writes the site file and its file of variables, each whole or not at all, and never over a file that there is."""

import os
from pathlib import Path

from passerby.errors import OutputError
from passerby.released.partial_file import PartialFile

OWNER_ONLY = 0o600


def require_new(path: Path) -> None:
    """Returns where the file can be written.

    Raises:
        OutputError: There is a file of that name already, or no folder for it.
    """
    if os.path.lexists(path):
        raise OutputError(f"'{path}' exists already, and is not overwritten", "give another name, or move it away first")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"'{path}': there is no folder {path.absolute().parent}", "create the folder first")


def write_new(path: Path, text: str, *, owner_only: bool) -> None:
    """Writes a new file.

    Args:
        path: The file.
        text: What stands in it.
        owner_only: Only its owner may read it: from its first byte on.

    Raises:
        OutputError: It cannot be written, or has come into being meanwhile.
    """
    file = PartialFile(path, overwrite=False)
    try:
        if owner_only:
            file.path.chmod(OWNER_ONLY)
        file.path.write_text(text, "utf-8")
    except BaseException as error:
        file.discard()
        if isinstance(error, OSError):
            raise OutputError(f"'{path}': cannot be written: {error.strerror}", "free some space, or give another folder") from error
        raise
    file.commit()
