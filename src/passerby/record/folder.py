"""Where recordings lie, and what their files are called. Names alone say camera, minute (UTC) and era: no index can be lost, none has to be trusted.

    recordings/clock.json                                        eras of the wall clock (`ages`)
    recordings/holds.json                                        holds; holds.lock beside it while they are changed
    recordings/cameras/<camera>/promises.json                    how long its recordings are kept, since when
    recordings/cameras/<camera>/plates/20261123T1136Z-0-0.mcap   patches of the plate, in the order in which they came
    recordings/cameras/<camera>/2026-11-23/20261123T1136Z-0-0.mcap      a minute of scenes
    recordings/cameras/<camera>/2026-11-23/20261123T1137Z-0-0.mcap.open      the minute under way
    recordings/cameras/<camera>/2026-11-23/20261123T1136Z-0-0.gone      empty: it was deleted, and that could not be written down yet

A name is minute, era, and a number that tells apart what was begun in the same minute. The names sort by time within an era.
"""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from passerby.record.ages import Moment
from passerby.released.durable import TEMPORARY

MINUTE_S: Final = 60
CLOSED: Final = ".mcap"
OPEN: Final = ".mcap.open"
GONE: Final = ".gone"
PLATES: Final = "plates"
CAMERA_ID: Final = re.compile(r"[a-z0-9-]{1,40}")
_NAME: Final = re.compile(r"([0-9]{8})T([0-9]{2})([0-9]{2})Z-([0-9]{1,9})-([0-9]{1,9})")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_LAST_MINUTE: Final = 253402300799 // MINUTE_S
"""Of the year 9999. A clock that says more is taken to say this."""


class FileName(NamedTuple):
    """Era, minute since 1970 UTC, and number of a file; ordered as it was written."""

    era: int
    minute: int
    number: int

    @property
    def text(self) -> str:
        """The name without its ending."""
        return f"{datetime.fromtimestamp(self.minute * MINUTE_S, UTC):%Y%m%dT%H%MZ}-{self.era}-{self.number}"

    @property
    def day(self) -> str:
        """The folder's name."""
        return f"{datetime.fromtimestamp(self.minute * MINUTE_S, UTC):%Y-%m-%d}"

    @property
    def begin(self) -> Moment:
        """Its first moment."""
        return Moment(self.era, float(self.minute * MINUTE_S))


def minute_of(wall_s: float) -> int:
    """The minute of a wall time."""
    return min(max(0, int(wall_s // MINUTE_S)), _LAST_MINUTE)


def parsed_name(text: str) -> FileName | None:
    """The name that `FileName.text` gave; None = it is none."""
    match = _NAME.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, era, number = match.groups()
    day_minutes = _minutes_of_day(day)
    if day_minutes is None or int(hour) > 23 or int(minute) > 59:
        return None
    return FileName(int(era), day_minutes + 60 * int(hour) + int(minute), int(number))


@lru_cache(maxsize=1024)
def _minutes_of_day(day: str) -> int | None:
    """Minutes from 1970 to a day's begin; None = there is no such day. Kept, since a folder names few days and many minutes."""
    try:
        begin = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), tzinfo=UTC)
    except ValueError:
        return None
    return int(begin.timestamp()) // MINUTE_S


class Stock(NamedTuple):
    """What a folder holds of one sort.

    Names of closed files, of files under way (of which some may be closed too), and of those that were deleted with no receipt; what is half written.
    """

    closed: set[FileName]
    under_way: set[FileName]
    gone: set[FileName]
    half_written: list[Path]

    @property
    def names(self) -> set[FileName]:
        """All names."""
        return self.closed | self.under_way


class CameraFolder:
    """The folder of one camera."""

    def __init__(self, recordings: Path, camera: str) -> None:
        if not CAMERA_ID.fullmatch(camera):
            raise ValueError(f"{camera!r} is no camera id")
        self.camera = camera
        self.path = recordings / "cameras" / camera
        self.plates = self.path / PLATES
        self.promises = self.path / "promises.json"

    def segment(self, name: FileName, ending: str = CLOSED) -> Path:
        """Where a minute lies."""
        return self.path / name.day / (name.text + ending)

    def plate(self, name: FileName, ending: str = CLOSED) -> Path:
        """Where a plate file lies."""
        return self.plates / (name.text + ending)

    def days(self) -> Iterator[Path]:
        """The folders of its days, in order."""
        if self.path.is_dir():
            yield from sorted(one for one in self.path.iterdir() if _DAY.fullmatch(one.name) and one.is_dir())

    def segment_stock(self) -> Stock:
        """The minutes there are."""
        return _stock(self.days())

    def plate_stock(self) -> Stock:
        """The plate files there are."""
        return _stock([self.plates] if self.plates.is_dir() else [])

    def segments(self) -> list[tuple[FileName, Path]]:
        """All minutes, as they were written; one under way that was also closed counts once, as closed."""
        stock = self.segment_stock()
        return [(name, self.segment(name, CLOSED if name in stock.closed else OPEN)) for name in sorted(stock.names)]

    def plate_files(self) -> list[tuple[FileName, Path]]:
        """All plate files, as they were begun."""
        stock = self.plate_stock()
        return [(name, self.plate(name, CLOSED if name in stock.closed else OPEN)) for name in sorted(stock.names)]


def cameras_in(recordings: Path) -> list[str]:
    """The cameras of which there are recordings."""
    folder = recordings / "cameras"
    return sorted(one.name for one in folder.iterdir() if CAMERA_ID.fullmatch(one.name) and one.is_dir()) if folder.is_dir() else []


def found(path: Path) -> Path | None:
    """A closed file, or as it is while under way; None = neither is there. A file that is closed meanwhile is found."""
    under_way = path.with_name(path.name.removesuffix(CLOSED) + OPEN)
    for one in (path, under_way, path):
        if one.exists():
            return one
    return None


def _stock(folders: Iterable[Path]) -> Stock:
    stock = Stock(set(), set(), set(), [])
    for folder in folders:
        with os.scandir(folder) as files:
            for text in (file.name for file in files):
                _sort_in(stock, folder, text)
    return stock


def _sort_in(stock: Stock, folder: Path, text: str) -> None:
    if text.endswith(TEMPORARY):
        stock.half_written.append(folder / text)
        return
    for ending, names in ((OPEN, stock.under_way), (CLOSED, stock.closed), (GONE, stock.gone)):
        name = parsed_name(text[: -len(ending)]) if text.endswith(ending) else None
        if name is not None:
            names.add(name)
