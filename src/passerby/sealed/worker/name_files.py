"""Notices when the files that tell where names of hosts are found have been replaced, so that this process may no longer read them.

A rule of Landlock belongs to a file, not to its name. Some network managers do not change /etc/resolv.conf, they put another file into its place,
with each lease: from then on a closed worker finds no host by its name. A new worker does.
"""

import os
from collections.abc import Iterable

from passerby.errors import PasserbyError
from passerby.sealed.worker.allowance import NAMES


class NamesReplacedError(PasserbyError):
    """A camera cannot be found by its name any more: the worker has to be started anew."""


class NameFiles:
    """The files for names, as this process may read them when this is made.

    Args:
        paths: Which files.
    """

    def __init__(self, paths: Iterable[str] = NAMES) -> None:
        self._paths = tuple(paths)
        self._closed = self._closed_now()

    def were_replaced(self) -> bool:
        """Whether one that could be read, or was not there, is there now and refused."""
        return not self._closed_now() <= self._closed

    def _closed_now(self) -> frozenset[str]:
        return frozenset(path for path in self._paths if _is_refused(path))


def _is_refused(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except PermissionError:
        return True
    except OSError:
        return False
    return False
