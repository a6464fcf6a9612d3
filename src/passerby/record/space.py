"""Room on the disk: a floor of free space is kept free. The oldest minutes of all cameras go first; where that does not help, recording pauses."""

import errno
import heapq
import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from passerby.record.ages import Ages
from passerby.record.deleting import Deleter
from passerby.record.folder import FileName
from passerby.record.holds import Holds
from passerby.record.retention import KeptCamera

FREE_SPACE: Final = "free space"
MINUTES_AT_ONCE: Final = 30
"""So many are deleted before the room is measured again."""
MOST_ROUNDS: Final = 200
RESUME_SHARE: Final = 0.02
"""A pause ends when there is so much more room than the floor, so that it does not end each second."""
FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class FreeSpace(Protocol):
    """Tells how many bytes are free where recordings lie."""

    def __call__(self, folder: Path, /) -> int:
        """Bytes free for this user."""
        ...


def free_space(folder: Path) -> int:
    """Bytes free for this user on the disk of a folder.

    Raises:
        OSError: It cannot be asked.
    """
    stats = os.statvfs(folder)
    return stats.f_bavail * stats.f_frsize


class Room:
    """Keeps the floor free.

    Attributes:
        paused: Whether nothing may be recorded, since what may be deleted was and the floor is still not free.
    """

    def __init__(self, folder: Path, free: FreeSpace, ages: Ages, holds: Holds, deleter: Deleter) -> None:
        self._folder, self._free = folder, free
        self._ages, self._holds, self._deleter = ages, holds, deleter
        self.paused = False

    def free_bytes(self) -> int | None:
        """Bytes that are free; None = that cannot be known."""
        try:
            return self._free(self._folder)
        except OSError:
            return None

    def make(self, cameras: Mapping[str, KeptCamera], floor_bytes: int, failed: OSError | None = None) -> None:
        """Deletes the oldest minutes while there is less room than the floor; and a few in any case, if writing failed since the disk is full.

        Where the room cannot be measured nothing is deleted for it.
        """
        full = failed is not None and failed.errno in FULL
        wanted_bytes = round(floor_bytes * (1 + RESUME_SHARE)) if self.paused else floor_bytes
        for _ in range(MOST_ROUNDS):
            if not full and not self._lacks(wanted_bytes):
                self.paused = False
                return
            if not self._delete_oldest(cameras):
                break
            full = False
        if self._lacks(wanted_bytes) and not self.paused:
            self.paused = True
            for camera in cameras.values():
                camera.recorder.abandon()

    def _lacks(self, wanted_bytes: int) -> bool:
        free_bytes = self.free_bytes()
        return free_bytes is not None and free_bytes < wanted_bytes

    def _delete_oldest(self, cameras: Mapping[str, KeptCamera]) -> bool:
        """Deletes a few of the oldest minutes of all cameras; whether there were any."""
        chosen: dict[str, list[FileName]] = {}
        for _, name, minute in islice(heapq.merge(*self._runs(cameras)), MINUTES_AT_ONCE):
            chosen.setdefault(name, []).append(minute)
        return sum(self._deleter.delete(cameras[name].recorder, minutes, FREE_SPACE) for name, minutes in chosen.items()) > 0

    def _runs(self, cameras: Mapping[str, KeptCamera]) -> list[list[tuple[float, str, FileName]]]:
        """Minutes that may be deleted, of each camera and era, by age."""
        runs = []
        for name, camera in cameras.items():
            for era in camera.recorder.shelf.by_era():
                free = (minute for minute in era if minute != camera.recorder.current and not self._holds.keep(name, minute))
                runs.append([(-self._ages.age_s(minute.begin), name, minute) for minute in islice(free, MINUTES_AT_ONCE)])
        return runs
