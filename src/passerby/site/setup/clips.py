"""A folder of clips, each of which is played as a camera."""

import os
from pathlib import Path
from typing import Final

from passerby.errors import InputError
from passerby.site.setup.offer import Offer
from passerby.site.setup.wording import Ids, one_line

SUFFIXES: Final = frozenset(
    {".mp4", ".m4v", ".mkv", ".mov", ".avi", ".webm", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ogv"}
)
MOST_CLIPS: Final = 64
"""More in a folder are not meant as cameras."""


def offers_of_clips(path: Path, site_folder: Path, ids: Ids) -> list[Offer]:
    """The cameras of a folder's clips, by name; of one clip, where it is a file.

    Args:
        path: The folder.
        site_folder: Folder of the site file, from which paths in it count.
        ids: The ids that are taken.

    Raises:
        InputError: It cannot be read, or holds no clip, or more than are sensible.
    """
    try:
        clips = [path] if path.is_file() else sorted(found for found in path.iterdir() if _is_clip(found))
    except OSError as error:
        raise InputError(f"'{path}': cannot be read: {error.strerror}", "give a folder of clips") from error
    if not clips:
        raise InputError(f"the folder '{path}' holds no video", f"known endings are {', '.join(sorted(SUFFIXES))}")
    if len(clips) > MOST_CLIPS:
        raise InputError(f"the folder '{path}' holds {len(clips)} clips, and each would be a camera; up to {MOST_CLIPS} were expected")
    return [Offer(ids.made_of(clip.stem), one_line(clip.stem), source_of(clip, site_folder)) for clip in clips]


def source_of(clip: Path, site_folder: Path) -> str:
    """The clip as `source` in a site file of that folder: relative where it lies below, else absolute.

    What a plain path would not say for itself (a line break, `${`, `~`) is written as file://.
    """
    whole = Path(os.path.abspath(clip))  # noqa: PTH100 - `resolve` would follow links, and a link to a clip is the clip's name here
    folder = Path(os.path.abspath(site_folder))  # noqa: PTH100 - as above
    plain = str(whole.relative_to(folder)) if whole.is_relative_to(folder) else str(whole)
    says_more = plain.startswith("~") or "${" in plain or "://" in plain
    return whole.as_uri() if says_more or not plain.isprintable() else plain


def _is_clip(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
