"""Which clips the arguments name, where their outputs go, and that no output ever takes the place of an input."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from passerby.errors import InputError, OutputError, SettingsError
from passerby.released.partial_file import PartialFile, output_error

VIDEO_SUFFIXES: Final = frozenset(
    {".mp4", ".m4v", ".mkv", ".mov", ".avi", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".gif", ".wmv", ".flv", ".3gp", ".ogv"}
    | {".h264", ".h265", ".hevc", ".mjpg", ".mjpeg", ".asf", ".dav"}
)
OUTPUT_MARK: Final = ".redacted"


def report_path(output: Path) -> Path:
    """Where the report of an output goes."""
    return output.with_suffix(".json")


def targets_of(output: Path, preview: Path | None) -> tuple[Path, ...]:
    """All files that one redaction writes: the clip, its report, the preview. Raises SettingsError where two are the same."""
    targets = (output, report_path(output), *(() if preview is None else (preview,)))
    if preview is not None and any(_marks_of(preview) & _marks_of(other) for other in targets[:2]):
        raise SettingsError(f"the preview '{preview}' would take the place of the clip or its report", "give it another name, such as place.png")
    return targets


class Originals:
    """Files that are only read: no output may take their place, by whatever name, symbolic or hard link."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._marks = {mark for path in paths for mark in _marks_of(path)}

    def refuse(self, targets: Iterable[Path]) -> None:
        """Makes sure that none of the targets is one of them. Raises OutputError."""
        for target in targets:
            if self._marks & _marks_of(target):
                raise OutputError(f"the output '{target}' is an input", "give another name or folder with -o; originals are never overwritten")


def require_writable(targets: Iterable[Path], *, overwrite: bool) -> None:
    """Makes sure, before hours of work, that each target can be written. Leaves nothing behind. Raises OutputError."""
    for target in targets:
        PartialFile(target, overwrite=overwrite).discard()


@contextmanager
def written_beside(path: Path, data: bytes, *, overwrite: bool) -> Iterator[PartialFile]:
    """A file with these bytes that has no name yet: `commit` gives it one; without that it is removed at the end. Raises OutputError."""
    partial = PartialFile(path, overwrite=overwrite)
    try:
        try:
            partial.path.write_bytes(data)
        except OSError as error:
            raise output_error(path, error) from error
        yield partial
    finally:
        partial.discard()


def expand(inputs: Sequence[str]) -> list[Path]:
    """The clips that the arguments name: files as they are, the videos of a folder by name, the matches of a pattern.

    Raises:
        InputError: A folder or a pattern holds no video, or cannot be read.
    """
    clips: list[Path] = []
    for text in inputs:
        try:
            found = _clips_of(text)
        except OSError as error:
            raise InputError(f"'{text}' cannot be read: {error.strerror}", "check the path") from error
        except (ValueError, NotImplementedError) as error:
            raise InputError(f"'{text}' is no pattern: {error}", "give a file, a folder or a pattern such as 'clips/*.mp4'") from error
        clips += [p for p in found if p not in clips]
    return clips


def _clips_of(text: str) -> list[Path]:
    path = Path(text)
    if not text:
        raise InputError("an empty name was given", "give a file, a folder or a pattern such as 'clips/*.mp4'")
    if path.is_dir():
        found = [p for p in sorted(path.iterdir()) if _is_video(p)]
        if not found:
            raise InputError(f"the folder '{text}' holds no video", f"known endings are {', '.join(sorted(VIDEO_SUFFIXES))}")
        return found
    if not any(c in text for c in "*?[") or path.exists():
        return [path]
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else text
    found = [p for p in sorted(anchor.glob(pattern)) if p.is_file() and OUTPUT_MARK not in p.suffixes]
    if not found:
        raise InputError(f"nothing matches '{text}'", "give a file, a folder or a pattern such as 'clips/*.mp4'")
    return found


def plan(clips: Sequence[Path], output: Path | None) -> list[tuple[Path, Path]]:
    """Each clip with its output: beside it as NAME.redacted.mp4, in the folder `output`, or, for a single clip, the file `output`.

    What an earlier run wrote beside one of the clips is no clip: a shell's `*.mp4` names it as well.

    Raises:
        SettingsError: Several clips for one file, two clips for one name, or an output that is not called MP4.
        OutputError: The folder is missing, or an output is an input.
    """
    if output is not None and not output.is_dir():
        _refuse_name(output, len(clips))
    if output is None:
        earlier = {_output_of(clip, None) for clip in clips}
        clips = [clip for clip in clips if clip not in earlier]
    pairs = [(clip, _output_of(clip, output)) for clip in clips]
    originals = Originals(clips)
    taken: dict[str, Path] = {}
    for clip, target in pairs:
        originals.refuse(targets_of(target, None))
        real = os.path.realpath(target)
        if real in taken:
            raise SettingsError(f"'{taken[real]}' and '{clip}' would both become '{target}'", "redact them into different folders")
        taken[real] = clip
    return pairs


def _refuse_name(output: Path, clips: int) -> None:
    if not output.suffix:
        raise OutputError(f"there is no folder '{output}'", "make it first, or give the name of a file that ends in .mp4")
    if clips > 1:
        raise SettingsError(f"{clips} clips cannot go into the one file '{output}'", "give a folder with -o")
    if output.suffix.lower() != ".mp4":
        raise SettingsError(f"the output '{output}' is MP4 and would be called {output.suffix}", "give a name that ends in .mp4")


def _output_of(clip: Path, output: Path | None) -> Path:
    if output is None:
        return clip.with_name(f"{clip.stem}{OUTPUT_MARK}.mp4")
    return output / f"{clip.stem}{OUTPUT_MARK}.mp4" if output.is_dir() else output


def _marks_of(path: Path) -> set[str | tuple[int, int]]:
    """What two names of one file have in common: where they lead, and what lies there."""
    real = os.path.realpath(path)
    try:
        found = path.stat()
    except OSError:
        return {real}
    return {real, (found.st_dev, found.st_ino)}


def _is_video(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".") and OUTPUT_MARK not in path.suffixes
