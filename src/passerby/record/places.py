"""Where the recordings are that a command is told of: by a site.toml, or by the state folder itself."""

import contextlib
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from types import MappingProxyType

from passerby.errors import RecordingError
from passerby.record.folder import cameras_in
from passerby.site.reading import read_site


@dataclass(frozen=True, slots=True)
class RecordingsPlace:
    """Recordings of a site.

    Attributes:
        state: The state folder.
        zone: The site's time zone; UTC where only the folder is known.
        retention_s: How long recordings are kept, by camera, as the site file says; where it is not known, nothing.
        max_hold_s: How long a hold may last beyond what it holds; None = not known.
    """

    state: Path
    zone: tzinfo = UTC
    retention_s: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    max_hold_s: float | None = None

    @property
    def recordings(self) -> Path:
        """The folder of all recordings."""
        return self.state / "recordings"


def opened_place(path: Path) -> RecordingsPlace:
    """The recordings that a site.toml or a state folder names.

    Raises:
        RecordingError: There are none.
        SiteError: The site.toml cannot be used.
    """
    place = RecordingsPlace(path)
    if not path.is_dir():
        site = read_site(path)
        retention_s = MappingProxyType({camera.id: camera.retention_s for camera in site.cameras})
        place = RecordingsPlace(site.state_folder, site.zone, retention_s, site.recording.max_hold_s)
    if not place.recordings.is_dir():
        raise RecordingError(f"{place.state}: holds no recordings", "give the site.toml, or the folder that it names as state_folder")
    return place


def known_camera(place: RecordingsPlace, camera: str) -> str:
    """The camera, if there are recordings of it.

    Raises:
        RecordingError: There are none.
    """
    there = cameras_in(place.recordings)
    if camera not in there:
        raise RecordingError(f"there are no recordings of a camera '{camera}'", f"cameras: {', '.join(there) or 'none'}")
    return camera


def user() -> str:
    """Who asks: the user of this machine."""
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return f"user {os.getuid()}"
