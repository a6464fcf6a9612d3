"""Where the history is that a command is told of: by a site.toml, or by the state folder itself. And what of the site a figure needs beside it."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final

from passerby.errors import InputError
from passerby.site.reading import read_site
from passerby.site.settings import Site

MEASUREMENTS: Final = "measurements"
"""Folder of the history in the state folder."""


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """A site's history.

    Attributes:
        folder: The folder `measurements`.
        zone: The site's time zone; UTC where only the folder is known.
        zone_name: Its name.
        waiting: Zones, by camera and id, in which people wait or queue.
    """

    folder: Path
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    waiting: frozenset[tuple[str, str]] = frozenset()


def place_of(site: Site) -> HistoryPlace:
    """The history of a site; it need not be there yet."""
    waiting = frozenset((zone.camera, zone.id) for zone in site.zones if zone.kind != "walking")
    return HistoryPlace(site.state_folder / MEASUREMENTS, site.zone, site.place.time_zone, waiting)


def opened_history(path: Path) -> HistoryPlace:
    """The history that a site.toml or a state folder names.

    Raises:
        InputError: There is none.
        SiteError: The site.toml cannot be used.
    """
    place = HistoryPlace(path / MEASUREMENTS) if path.is_dir() else place_of(read_site(path))
    if not place.folder.is_dir():
        raise InputError(f"{place.folder.parent}: holds no measurements", "give the site.toml, or the folder that it names as state_folder")
    return place
