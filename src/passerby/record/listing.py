"""What recordings there are: runs of minutes of a camera. Reads names and sizes, no contents."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from passerby.record.folder import MINUTE_S, CameraFolder, cameras_in
from passerby.record.promises import read_promises


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run of minutes of one camera without a gap.

    Attributes:
        camera: Whose.
        from_s, to_s: When, seconds since 1970 UTC.
        minutes: How many files; two where recording began anew within a minute.
        size_bytes: Of the scenes; the plate files are shared by runs.
    """

    camera: str
    from_s: float
    to_s: float
    minutes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class CameraRecordings:
    """What there is of one camera.

    Attributes:
        camera: Whose.
        runs: Its runs, as they were recorded.
        plate_bytes: Size of its plate files.
        retention_s: How long its recordings are kept; None = that was never said.
    """

    camera: str
    runs: tuple[Recorded, ...]
    plate_bytes: int
    retention_s: float | None


def list_recordings(recordings: Path, camera: str | None = None) -> list[CameraRecordings]:
    """What there is in a folder, of all cameras or of one."""
    found = []
    for name in cameras_in(recordings):
        if camera in (None, name):
            folder = CameraFolder(recordings, name)
            plates = sum(_size(path) for _, path in folder.plate_files())
            found.append(CameraRecordings(name, tuple(_runs(folder)), plates, read_promises(folder.promises).retention_s))
    return found


def _runs(folder: CameraFolder) -> Iterator[Recorded]:
    run: Recorded | None = None
    era = -1
    for name, path in folder.segments():
        begin_s, size = float(name.minute * MINUTE_S), _size(path)
        if run is not None and name.era == era and begin_s <= run.to_s:
            run = Recorded(run.camera, run.from_s, begin_s + MINUTE_S, run.minutes + 1, run.size_bytes + size)
            continue
        if run is not None:
            yield run
        run, era = Recorded(folder.camera, begin_s, begin_s + MINUTE_S, 1, size), name.era
    if run is not None:
        yield run


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):  # deleted meanwhile
        return path.stat().st_size
    return 0
