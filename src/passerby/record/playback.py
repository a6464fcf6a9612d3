"""Recorded scenes, played: as they were released, exact to the scene, from any moment on.

The first scene, and each with which another plate file begins, brings all of the plate that was known; the others bring what was new. So a renderer
that is given them in order draws what was drawn live. Reads only; other processes may record and delete meanwhile.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from passerby.errors import RecordingError, SceneError
from passerby.record.folder import CLOSED, MINUTE_S, CameraFolder, FileName, found, parsed_name
from passerby.record.mcap_file import Entry, read_file
from passerby.record.plate_file import decode_patch
from passerby.record.scene_json import PlateRef, decode_line, scene_of
from passerby.released.scene import PlatePatch, Scene

LEAD_S: Final = 2.0
"""A scene is written each second at least: what stood before a moment was written within this."""
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class PlayedScene:
    """A recorded scene.

    Attributes:
        captured_wall_s: When it was captured, seconds since 1970 UTC.
        connection: The camera's connection.
        segment: The minute it stands in.
        scene: The scene. Its `plate_epoch` is the player's: it grows with each other plate.
        plate: The plate that was in force: file and number of its patches; None = nothing of it was known.
    """

    captured_wall_s: float
    connection: int
    segment: str
    scene: Scene
    plate: PlateRef | None = None


def segments_between(folder: CameraFolder, from_s: float, to_s: float) -> list[FileName]:
    """The minutes that may hold scenes of [from_s, to_s), in the order in which they were written."""
    low, high = (from_s - MINUTE_S) // MINUTE_S, to_s // MINUTE_S + 1
    return [name for name, _ in folder.segments() if low <= name.minute <= high]


def every_minute(_name: FileName) -> bool:
    """For `play`: all minutes that there are."""
    return True


def play(
    recordings: Path,
    camera: str,
    from_s: float,
    to_s: float,
    *,
    lead_in: bool = False,
    may_show: Callable[[FileName], bool] = every_minute,
    pixels: bool = True,
) -> Iterator[PlayedScene]:
    """The scenes of a camera's [from_s, to_s), by the wall clock, in the order in which they were recorded.

    Args:
        recordings: The folder of all recordings.
        camera: Which camera.
        from_s: Begin, seconds since 1970 UTC.
        to_s: End; not included.
        lead_in: Whether the scene that was on show when the time began comes first, with that time.
        may_show: Whether a minute may be shown; asked just before it is read.
        pixels: Whether scenes bring patches of the plate; without them no plate file is read.

    Raises:
        RecordingError: A file that is there cannot be read.
    """
    folder = CameraFolder(recordings, camera)
    plate = _Plate(folder, pixels=pixels)
    before: tuple[Entry, FileName] | None = None
    begun = not lead_in
    for name in segments_between(folder, from_s, to_s):
        for entry in _entries(folder, name) if may_show(name) else ():
            wall_s = entry.log_ns / _NS
            if wall_s < from_s:
                before = entry, name
            elif wall_s < to_s:
                if not begun and before is not None and wall_s > from_s and _leads_to(before[0], entry, from_s):
                    yield _played(plate, before[0], before[1], from_s)
                begun = True
                yield _played(plate, entry, name, wall_s)


def _leads_to(before: Entry, first: Entry, from_s: float) -> bool:
    """Whether a scene was on show until the first one came: not if recording had a gap, or the picture got another size."""
    return before.log_ns / _NS >= from_s - LEAD_S and decode_line(before.data).size == decode_line(first.data).size


def _played(plate: "_Plate", entry: Entry, name: FileName, wall_s: float) -> PlayedScene:
    line = decode_line(entry.data)
    patches = plate.follow(line.plate)
    return PlayedScene(wall_s, line.connection, name.text, scene_of(line, patches, plate.epoch), line.plate)


def _entries(folder: CameraFolder, name: FileName) -> tuple[Entry, ...]:
    """The messages of a minute; none if it has been deleted meanwhile."""
    path = folder.segment(name, CLOSED)
    for _ in range(3):
        there = found(path)
        if there is None:
            return ()
        try:
            return read_file(there).entries
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RecordingError(f"{there}: cannot be read: {error.strerror}", "check the disk") from error
    return ()


class _Plate:
    """Reads the plate files of one camera, as scenes refer to them.

    Attributes:
        epoch: Grows with each other plate.
    """

    def __init__(self, folder: CameraFolder, *, pixels: bool) -> None:
        self._folder, self._pixels = folder, pixels
        self._file: str | None = None
        self._entries: tuple[Entry, ...] = ()
        self._shown = 0
        self.epoch = 0

    def follow(self, ref: PlateRef | None) -> tuple[PlatePatch, ...]:
        """The patches that are new with a scene. What a crash cut or somebody removed is missing: it is then withheld."""
        if ref is None or ref.file != self._file or ref.patches < self._shown:
            if self._file is not None or self._shown:
                self.epoch += 1
            self._file, self._entries, self._shown = (ref.file if ref else None), (), 0
        if ref is None or ref.patches == self._shown or not self._pixels:
            return ()
        if ref.patches > len(self._entries):
            self._entries = _plate_entries(self._folder, ref.file)
        fresh = self._entries[self._shown : ref.patches]
        self._shown = ref.patches
        return tuple(_patch(entry) for entry in fresh)


def plate_patches(recordings: Path, camera: str, ref: PlateRef, after: int = 0) -> tuple[PlatePatch, ...]:
    """The patches of a plate in the order in which they came, but for the first `after`. What a crash cut or somebody removed is missing.

    Raises:
        RecordingError: The file is there and cannot be read.
        SceneError: It is damaged, or there can be none of that name.
    """
    entries = _plate_entries(CameraFolder(recordings, camera), ref.file)
    return tuple(_patch(entry) for entry in entries[after : ref.patches])


def _plate_entries(folder: CameraFolder, file: str) -> tuple[Entry, ...]:
    name = parsed_name(file)
    if name is None:
        raise SceneError(f"a recorded scene refers to {file!r}, which is no plate file")
    path = folder.plate(name, CLOSED)
    for _ in range(3):
        there = found(path)
        try:
            return read_file(there).entries if there else ()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RecordingError(f"{there}: cannot be read: {error.strerror}", "check the disk") from error
    return ()


def _patch(entry: Entry) -> PlatePatch:
    return decode_patch(entry.data)
