"""Which minutes may be shown now: those that are there and not yet due, and those that are held. Only reads; the recorder may run or not.

What is due is deleted within seconds while Passerby runs. This closes what is left: a disk that refuses to delete, a command while nothing runs.
Ages, promises and holds are the recorder's own files, read again when they changed.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from passerby.clock import Clock
from passerby.record.ages import Ages, Era
from passerby.record.folder import CameraFolder, FileName
from passerby.record.holds import Hold, kept_holds
from passerby.record.machine import Machine, ThisMachine
from passerby.record.promises import Promises, read_promises

_NOTHING_PROMISED: Final[Mapping[str, float]] = MappingProxyType({})
_Signature = tuple[int, int, int] | None


class KeptMinutes:
    """Tells of each minute whether it may be shown.

    Args:
        recordings: The folder of all recordings.
        clock: Time.
        machine: The machine's running clock.
        assumed_s: How long recordings of a camera are kept if its promises were lost; of a camera that is not named: the shortest of all.
    """

    def __init__(self, recordings: Path, clock: Clock, machine: Machine | None = None, assumed_s: Mapping[str, float] = _NOTHING_PROMISED) -> None:
        self.recordings = recordings
        self._clock, self._machine, self._assumed_s = clock, machine or ThisMachine(), assumed_s
        self._ages: tuple[_Signature, Ages] | None = None
        self._holds: tuple[_Signature, tuple[Hold, ...]] | None = None
        self._promises: dict[str, tuple[_Signature, Promises]] = {}

    def names(self, camera: str, from_s: float | None = None, to_s: float | None = None) -> list[FileName]:
        """The minutes of a camera that may be shown now, as they were written; those that may hold scenes of [from_s, to_s)."""
        low = -1 if from_s is None else from_s // 60 - 1
        high = None if to_s is None else to_s // 60 + 1
        names = [name for name, _ in CameraFolder(self.recordings, camera).segments() if low <= name.minute and (high is None or name.minute <= high)]
        return [name for name in names if self._may_show(camera, name)] if self._look(camera) else []

    def of(self, camera: str) -> Callable[[FileName], bool]:
        """What tells of a minute of this camera whether it may be shown, at the moment at which it is asked."""
        return lambda name: self._look(camera) and self._may_show(camera, name)

    def limit_s(self, camera: str) -> float | None:
        """How long recordings of a camera are kept, as was last said; None = that was never said."""
        self._look(camera)
        return self._promises[camera][1].retention_s

    def _look(self, camera: str) -> bool:
        """Reads again what changed, and looks at the clock. Always True."""
        path = self.recordings / "clock.json"
        seen = _signature(path)
        if self._ages is None or self._ages[0] != seen:
            self._ages = seen, reading_ages(self.recordings, self._clock, self._machine)
        self._ages[1].notice()
        path = self.recordings / "holds.json"
        seen = _signature(path)
        if self._holds is None or self._holds[0] != seen:
            self._holds = seen, kept_holds(path)
        path = CameraFolder(self.recordings, camera).promises
        seen = _signature(path)
        before = self._promises.get(camera)
        if before is None or before[0] != seen:
            self._promises[camera] = seen, read_promises(path)
        return True

    def _may_show(self, camera: str, name: FileName) -> bool:
        if self._ages is None or self._holds is None:
            return False
        ages, promises = self._ages[1], self._promises[camera][1]
        if promises.retention_s is None:
            limit_s = self._assumed_s.get(camera, min(self._assumed_s.values(), default=0.0))
        else:
            limit_s = promises.limit_s(name.begin)
        if ages.age_s(name.begin) < limit_s:
            return True
        return any(hold.camera == camera and hold.covers(name) and not hold.is_over(ages) for hold in self._holds[1])


def reading_ages(recordings: Path, clock: Clock, machine: Machine | None = None) -> Ages:
    """Ages as the recorder's own file says; nothing is written."""
    return Ages(recordings / "clock.json", clock, machine or ThisMachine(), last_era=-1, on_step=_noticed, keeps=False)


def _signature(path: Path) -> _Signature:
    """What differs when a file was replaced; None = there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _noticed(era: Era, wall_s: float) -> None:
    """A step of the clock is the recorder's to write down."""
