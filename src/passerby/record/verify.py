"""Whether recordings are whole: every file is read to its end, every sum is checked, every scene and every patch is decoded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from passerby.errors import SceneError
from passerby.record.folder import OPEN, CameraFolder, FileName, Stock, cameras_in, found, parsed_name
from passerby.record.mcap_file import Contents, Entry, read_file
from passerby.record.plate_file import decode_patch
from passerby.record.scene_json import decode_line, scene_of

UNDER_WAY: Final = "under way, or left by a crash: readable so far"


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was checked.

    Attributes:
        path: Which.
        messages: Scenes or patches that were read.
        trouble: What is wrong; "" = nothing.
        note: What is worth knowing and no fault.
    """

    path: Path
    messages: int
    trouble: str = ""
    note: str = ""


def verify(recordings: Path, camera: str | None = None) -> Iterator[Checked]:
    """Checks the files of all cameras, or of one. Files that are deleted meanwhile are left out."""
    for name in cameras_in(recordings):
        if camera in (None, name):
            folder = CameraFolder(recordings, name)
            patches: dict[str, int] = {}
            for plate, path in folder.plate_files():
                checked = _checked_plate(found(path) or path)
                if checked is not None:
                    patches[plate.text] = checked.messages
                    yield checked
            for segment, path in folder.segments():
                checked = _checked_segment(found(path) or path, folder, segment, patches)
                if checked is not None:
                    yield checked


def count(recordings: Path, camera: str | None = None) -> int:
    """How many files `verify` will check."""
    return sum(len(stock.names) for name in cameras_in(recordings) if camera in (None, name) for stock in _stocks(recordings, name))


def _stocks(recordings: Path, camera: str) -> tuple[Stock, Stock]:
    folder = CameraFolder(recordings, camera)
    return folder.plate_stock(), folder.segment_stock()


def _checked_plate(path: Path) -> Checked | None:
    contents = _read(path)
    if contents is None or isinstance(contents, Checked):
        return contents
    for number, entry in enumerate(contents.entries):
        try:
            decode_patch(entry.data)
        except SceneError as error:
            return Checked(path, number, f"patch {number}: {error}")
    return _outcome(path, contents)


def _checked_segment(path: Path, folder: CameraFolder, name: FileName, patches: dict[str, int]) -> Checked | None:
    contents = _read(path)
    if contents is None or isinstance(contents, Checked):
        return contents
    for number, entry in enumerate(contents.entries):
        trouble = _trouble_of(entry, folder, patches)
        if trouble:
            return Checked(path, number, f"scene {number} {trouble}")
    if any(later.log_ns < earlier.log_ns - 10**10 for earlier, later in zip(contents.entries, contents.entries[1:], strict=False)):
        return Checked(path, len(contents.entries), f"{name.text}: its scenes are not in the order of time")
    return _outcome(path, contents)


def _trouble_of(entry: Entry, folder: CameraFolder, patches: dict[str, int]) -> str:
    """What is wrong with a scene; "" = nothing."""
    try:
        line = decode_line(entry.data)
        scene_of(line, (), 0)
    except SceneError as error:
        return f"cannot be used: {error}"
    if line.plate is None:
        return ""
    name = parsed_name(line.plate.file)
    if name is None:
        return f"refers to {line.plate.file!r}, which is no plate file"
    if line.plate.patches > patches.get(line.plate.file, 0):
        # Perhaps it has grown since it was checked.
        plate = found(folder.plate(name))
        contents = _read(plate) if plate is not None else None
        patches[line.plate.file] = len(contents.entries) if isinstance(contents, Contents) else 0
    there = patches.get(line.plate.file, 0)
    return f"refers to {line.plate.patches} patches of {line.plate.file}, which has {there}" if line.plate.patches > there else ""


def _read(path: Path) -> Contents | Checked | None:
    try:
        return read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Checked(path, 0, f"cannot be read: {error.strerror}")


def _outcome(path: Path, contents: Contents) -> Checked:
    messages = len(contents.entries)
    if path.name.endswith(OPEN):
        return Checked(path, messages, note=UNDER_WAY)
    if not contents.complete:
        return Checked(path, messages, f"damaged after {messages} messages")
    return Checked(path, messages, note="recovered after a crash" if contents.metadata.get("recovered") else "")
