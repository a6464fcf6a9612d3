"""Watches from outside what a process and those that it starts open for writing: files that have no name any more, shared memory, sockets.

It looks many times a second; what is written and gone within a moment is kept by `canary_process`.
"""

import contextlib
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

LOOK_EVERY_S: Final = 0.05
MOST_BYTES: Final = 1 << 26
PROCESSES: Final = Path("/proc")


class Watch:
    """Looks at a process until it is left.

    Attributes:
        written: The newest content of each regular file that was open for writing, by its name; and of what has none.
        sockets: Sockets seen.

    Args:
        pid: The process.
        passed_over: Folders whose files are not kept: they are searched when the process has ended.
    """

    def __init__(self, pid: int, passed_over: tuple[Path, ...] = ()) -> None:
        self.written: dict[str, bytes] = {}
        self.sockets: set[str] = set()
        self._pid, self._passed_over = pid, tuple(str(folder) for folder in passed_over)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            self.look()

    def look(self) -> None:
        """Looks once."""
        for pid in _family(self._pid):
            for link in _links(pid):
                with contextlib.suppress(OSError):
                    self._look_at(link)

    def _look_at(self, link: Path) -> None:
        target = os.readlink(link)  # noqa: PTH115 - what is behind it may have no name
        if target.startswith("socket:"):
            self.sockets.add(target)
            return
        there = link.stat()
        if not stat.S_ISREG(there.st_mode) or not _is_writable(link) or self._is_passed_over(target):
            return
        with link.open("rb") as file:
            self.written[target] = file.read(MOST_BYTES)

    def _is_passed_over(self, target: str) -> bool:
        return not target.endswith(" (deleted)") and any(target.startswith(f"{folder}/") for folder in self._passed_over)


def _family(pid: int) -> Iterator[int]:
    """A process and those that it started."""
    yield pid
    with contextlib.suppress(OSError):
        for task in (PROCESSES / str(pid) / "task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                yield from _family(int(child))


def _links(pid: int) -> list[Path]:
    """The open files of a process."""
    try:
        return list((PROCESSES / str(pid) / "fd").iterdir())
    except OSError:
        return []


def _is_writable(link: Path) -> bool:
    lines = (link.parent.parent / "fdinfo" / link.name).read_text(encoding="ascii").splitlines()
    flags = next(line for line in lines if line.startswith("flags"))
    return bool(int(flags.split()[1], 8) & (os.O_WRONLY | os.O_RDWR))
