"""Where outputs go: names for many inputs, and small files that appear whole."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from passerby.errors import InputError, OutputError, SettingsError
from passerby.released.partial_file import PartialFile, output_error

VIDEO_SUFFIXES: Final = frozenset(
    {".mp4", ".m4v", ".mkv", ".mov", ".avi", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".gif", ".wmv", ".flv", ".3gp", ".ogv"}
    | {".h264", ".h265", ".hevc", ".mjpg", ".mjpeg", ".asf", ".dav"}
)
OUTPUT_MARK: Final = ".redacted"


def write_whole(path: Path, data: bytes, *, overwrite: bool) -> None:
    """Writes a file that appears under its name only when complete. Raises OutputError."""
    partial = PartialFile(path, overwrite=overwrite)
    try:
        partial.path.write_bytes(data)
    except OSError as error:
        partial.discard()
        raise output_error(path, error) from error
    except BaseException:
        partial.discard()
        raise
    partial.commit()


def expand(inputs: Sequence[str]) -> list[Path]:
    """The clips that the arguments name: files as they are, the videos of a folder by name, the matches of a pattern.

    Raises:
        InputError: A folder or a pattern holds no video.
    """
    clips: list[Path] = []
    for text in inputs:
        path = Path(text)
        if path.is_dir():
            found = [p for p in sorted(path.iterdir()) if _is_video(p)]
            if not found:
                raise InputError(f"the folder '{text}' holds no video", f"known endings are {', '.join(sorted(VIDEO_SUFFIXES))}")
        elif any(c in text for c in "*?[") and not path.exists():
            anchor = Path(path.anchor) if path.is_absolute() else Path()
            pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else text
            found = [p for p in sorted(anchor.glob(pattern)) if p.is_file() and OUTPUT_MARK not in p.suffixes]
            if not found:
                raise InputError(f"nothing matches '{text}'", "give a file, a folder or a pattern such as 'clips/*.mp4'")
        else:
            found = [path]
        clips += [p for p in found if p not in clips]
    return clips


def plan(clips: Sequence[Path], output: Path | None) -> list[tuple[Path, Path]]:
    """Each clip with its output: beside it as NAME.redacted.mp4, in the folder `output`, or, for a single clip, the file `output`.

    Raises:
        SettingsError: Several clips for one file, or two clips for one name.
        OutputError: An output is an input.
    """
    if output is not None and not output.is_dir() and len(clips) > 1:
        if output.suffix:
            raise SettingsError(f"{len(clips)} clips cannot go into the one file '{output}'", "give a folder with -o")
        raise OutputError(f"the folder '{output}' does not exist", "make it first")
    pairs = [(clip, _output_of(clip, output)) for clip in clips]
    taken: dict[Path, Path] = {}
    originals = {clip.resolve() for clip in clips}
    for clip, target in pairs:
        resolved = target.resolve()
        if resolved in originals:
            raise OutputError(f"the output '{target}' is an input", "give another name or folder with -o; originals are never overwritten")
        if resolved in taken:
            raise SettingsError(f"'{taken[resolved]}' and '{clip}' would both become '{target}'", "redact them into different folders")
        taken[resolved] = clip
    return pairs


def _output_of(clip: Path, output: Path | None) -> Path:
    if output is None:
        return clip.with_name(f"{clip.stem}{OUTPUT_MARK}.mp4")
    return output / f"{clip.stem}{OUTPUT_MARK}.mp4" if output.is_dir() else output


def _is_video(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".") and OUTPUT_MARK not in path.suffixes
