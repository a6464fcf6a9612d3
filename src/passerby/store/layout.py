"""Where the history lies, and how a measurement is written down.

    measurements/live/2026-11-23.jsonl        lines that are not compacted yet, by the UTC day of their minute
    measurements/live/2026-11-23.jsonl.1      those that are being compacted
    measurements/zones/2026-11-23.7.parquet   a day of zones as the 7th compaction left it, sorted by camera, zone, minute
    measurements/lines/2026-11-23.7.parquet   the same of lines
    measurements/heat/2026-11-23.7.parquet    the same of heat grids

A line is one `released.measurement.Measurement` as JSON, with all of its zones, lines and heat: it is there whole or not at all. Only one process
writes; any number may read meanwhile: a day's file never changes, the next one has another number, and lines are only added. The same minute may lie
in a day's file and among the lines, or twice among the lines: camera, zone, minute and part name it, and it is read once.
"""

import contextlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

DAY_S: Final = 86400
TABLES: Final = ("zones", "lines", "heat")
LIVE: Final = "live"


def day_of(wall_s: float) -> date:
    """The UTC day of a moment."""
    return datetime.fromtimestamp(wall_s, UTC).date()


def days_between(from_s: float, to_s: float) -> list[date]:
    """The UTC days that [from_s, to_s) touches."""
    first, last = day_of(from_s), day_of(max(from_s, to_s - 1e-6))
    return [first + timedelta(number) for number in range((last - first).days + 1)]


class Layout:
    """The files of a history.

    Args:
        folder: The folder `measurements`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lines(self, day: date) -> tuple[Path, Path]:
        """The files of a day's lines: those to which lines are added, those that are being compacted. They need not be there."""
        return self.folder / LIVE / f"{day.isoformat()}.jsonl", self.folder / LIVE / f"{day.isoformat()}.jsonl.1"

    def compacted(self, table: str, day: date) -> list[Path]:
        """A day's files of a table, the newest last: it holds all that the others hold. One or two, and none before the first compaction."""
        found = []
        for path in (self.folder / table).glob(f"{day.isoformat()}.*.parquet"):
            with contextlib.suppress(ValueError):  # not ours
                found.append((int(path.name.split(".")[1]), path))
        return [path for _, path in sorted(found)]

    def next_compacted(self, table: str, day: date) -> Path:
        """The day's file that the next compaction writes."""
        before = self.compacted(table, day)
        number = int(before[-1].name.split(".")[1]) + 1 if before else 1
        return self.folder / table / f"{day.isoformat()}.{number}.parquet"

    def live_days(self) -> list[date]:
        """Days of which there are lines."""
        return _days((self.folder / LIVE).glob("*.jsonl*"))

    def days(self) -> list[date]:
        """Days of which there is anything."""
        found = set(self.live_days())
        for table in TABLES:
            found.update(_days((self.folder / table).glob("*.parquet")))
        return sorted(found)


def _days(paths: Iterable[Path]) -> list[date]:
    found = set()
    for path in paths:
        with contextlib.suppress(ValueError):  # not ours
            found.add(date.fromisoformat(path.name.partition(".")[0]))
    return sorted(found)
