"""Where the history lies, and how a measurement is written down.

    measurements/live/2026-11-23.jsonl        lines that are not compacted yet, by the UTC day of their minute
    measurements/live/2026-11-23.jsonl.1      those that are being compacted
    measurements/zones/2026-11-23.7.parquet   a day of zones as the 7th compaction left it, sorted by camera, zone, minute
    measurements/lines/2026-11-23.7.parquet   the same of lines
    measurements/heat/2026-11-23.7.parquet    the same of heat grids
    measurements/accuracy.json                how well zones and lines were measured, once it was tallied (`accuracy`)
    measurements/crowds.json                  corrections of crowded zones' counts, once enough was tallied (`crowds`)
    measurements/compacting.lock              held by who compacts

A line is one `released.measurement.Measurement` as JSON, with all of its zones, lines and heat: it is there whole or not at all. Only one process
writes; any number may read meanwhile: a day's file never changes, the next one has another number, and lines are only added. The same minute may lie
in a day's file and among the lines, or twice among the lines: camera, zone, minute and part name it, and it is read once.
"""

import contextlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

DAY_S: Final = 86400
TABLES: Final = ("zones", "lines", "heat")
LIVE: Final = "live"
SPILL: Final = "spill"
"""Folder for what DuckDB has no memory for, while it works."""
LOCK: Final = "compacting.lock"


def day_of(wall_s: float) -> date:
    """The UTC day of a moment."""
    return datetime.fromtimestamp(wall_s, UTC).date()


def ends_of(from_s: float, to_s: float) -> tuple[date, date]:
    """The first and the last UTC day that [from_s, to_s) touches."""
    return day_of(from_s), day_of(max(from_s, to_s - 1e-6))


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

    def newest(self, table: str) -> dict[date, Path]:
        """The newest file of a table of each day that has one; one look at the folder, however many days there are."""
        found: dict[date, tuple[int, Path]] = {}
        for path in (self.folder / table).glob("*.parquet"):
            day, _, number = path.name.removesuffix(".parquet").partition(".")
            with contextlib.suppress(ValueError):  # not ours
                key, one = date.fromisoformat(day), (int(number), path)
                found[key] = max(one, found.get(key, one))
        return {day: path for day, (_, path) in found.items()}

    def next_compacted(self, table: str, day: date) -> Path:
        """The day's file that the next compaction writes."""
        before = self.compacted(table, day)
        number = int(before[-1].name.split(".")[1]) + 1 if before else 1
        return self.folder / table / f"{day.isoformat()}.{number}.parquet"

    def files(self, day: date) -> list[Path]:
        """All files of a day: lines, those that are being compacted, the days' files, and what is half written."""
        lines = [path for path in self.lines(day) if path.exists()]
        return [*lines, *(path for table in TABLES for path in (self.folder / table).glob(f"{day.isoformat()}.*"))]

    def live_days(self) -> list[date]:
        """Days of which there are lines."""
        return _days((self.folder / LIVE).glob("*.jsonl*"))

    def days(self) -> list[date]:
        """Days of which there is anything."""
        found = set(self.live_days())
        for table in TABLES:
            found.update(_days((self.folder / table).glob("*.parquet*")))
        return sorted(found)


def _days(paths: Iterable[Path]) -> list[date]:
    found = set()
    for path in paths:
        with contextlib.suppress(ValueError):  # not ours
            found.add(date.fromisoformat(path.name.partition(".")[0]))
    return sorted(found)
