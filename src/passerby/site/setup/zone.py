"""The time zone that this machine is set to, by its name."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

LOCAL_TIME: Final = Path("/etc/localtime")
_FOLDER: Final = "zoneinfo/"


def local_zone(environ: Mapping[str, str], local_time: Path = LOCAL_TIME) -> str:
    """Its name in the IANA database, such as "Europe/Zurich"; "" = not known.

    Args:
        environ: The environment: TZ counts first.
        local_time: What the system says: a link into the database.
    """
    try:
        link = os.readlink(local_time)  # noqa: PTH115 - the text of the link, a Path would be put together anew
    except OSError:
        link = ""
    for name in (environ.get("TZ", "").lstrip(":"), link.partition(_FOLDER)[2]):
        if name and _is_zone(name):
            return name
    return ""


def is_zone(name: str) -> bool:
    """Whether a site file may name it."""
    return name == "UTC" or _is_zone(name)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True
