"""What the pages may know of recordings: where they lie, of which cameras, in which time zone, and who is told that they are looked at."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Final

from passerby.clock import Clock, SystemClock
from passerby.record.folder import CAMERA_ID, cameras_in
from passerby.record.kept_minutes import KeptMinutes
from passerby.record.machine import Machine, ThisMachine
from passerby.record.receipts import ReceiptSink

DAY_S: Final = 86400.0
EARLIEST_S: Final = 0.0
LATEST_S: Final = 32_503_680_000.0
"""The year 3000."""


@dataclass(frozen=True, slots=True)
class ArchiveFacts:
    """What the site file says that matters here.

    Attributes:
        zone: The site's time zone.
        zone_name: Its name, as people read it.
        names: Names of the cameras, by id.
        retention_s: How long recordings are kept, by id.
    """

    zone: tzinfo = UTC
    zone_name: str = "UTC"
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    retention_s: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Archive:
    """The recordings of a site.

    Attributes:
        recordings: Their folder.
        receipts: Where viewings and exports are written down.
        facts: Tells what the site file says now.
        clock: Time.
        machine: The machine's running clock.
    """

    recordings: Path
    receipts: ReceiptSink
    facts: Callable[[], ArchiveFacts] = ArchiveFacts
    clock: Clock = field(default_factory=SystemClock)
    machine: Machine = field(default_factory=ThisMachine)

    def kept(self) -> KeptMinutes:
        """Which minutes may be shown."""
        return KeptMinutes(self.recordings, self.clock, self.machine, self.facts().retention_s)

    def cameras(self) -> tuple[str, ...]:
        """Cameras of the site file, then others of which there are still recordings."""
        names = self.facts().names
        return (*names, *(camera for camera in cameras_in(self.recordings) if camera not in names))

    def knows(self, camera: str) -> bool:
        """Whether there is such a camera. Nothing that is no id of a camera gets as far as a path."""
        return CAMERA_ID.fullmatch(camera) is not None and camera in self.cameras()


def file_name(camera: str, from_s: float, to_s: float, zone: tzinfo) -> str:
    """What an export is called: camera and time, in plain letters whatever the zone."""
    begin, end = (datetime.fromtimestamp(at_s, zone) for at_s in (from_s, to_s))
    until = f"{end:%H%M%S}" if end.date() == begin.date() else f"{end:%Y%m%dT%H%M%S}"
    offset = begin.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    sign = "p" if minutes >= 0 else "m"
    mark = "Z" if minutes == 0 else f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    return re.sub(r"[^A-Za-z0-9._-]", "-", f"{camera}_{begin:%Y%m%dT%H%M%S}-{until}_{mark}.mp4")
