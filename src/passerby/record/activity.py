"""How much happened, minute by minute: scenes a second. No picture and no position, so that looking at it is no viewing.

A scene is recorded when something in it differs, and once a second in any case. So 1 a second is a place where nothing moves, 5 a second one where
somebody always does. It is told by the index of each closed minute, which is read once; of the minute under way, by its messages.
"""

import contextlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from passerby.record.folder import CLOSED, MINUTE_S, CameraFolder, FileName, found
from passerby.record.kept_minutes import KeptMinutes
from passerby.record.mcap_file import read_file, read_times

GAP_S: Final = 2.5
"""A scene is recorded each second at least: after this long without one nothing is known."""
MOST_KEPT: Final = 50_000
"""Minutes that are kept in mind, of all cameras: a month of one."""
HOLDS_S: Final = 1.0
"""So long, at least, a scene says how it is."""
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """Time of which there are recordings without a gap, seconds since 1970 UTC."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Bin:
    """A part of the time line: its begin, how many scenes were recorded in it, and of how many seconds of it there are any."""

    from_s: float
    scenes: int
    recorded_s: float


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """What there is of a camera in a time.

    Attributes:
        bin_s: How long a bin is: a minute, or several.
        bins: Those in which there is something, in order.
        runs: Time of which there are recordings, in order and joined.
    """

    bin_s: int
    bins: tuple[Bin, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class _Minute:
    """What is kept of a minute: how many scenes, and when there were any."""

    scenes: int
    runs: tuple[Run, ...]

    @classmethod
    def of(cls, times_ns: tuple[int, ...]) -> Self:
        moments = [time_ns / _NS for time_ns in sorted(times_ns)]
        return cls(len(moments), tuple(joined([Run(at_s, at_s + HOLDS_S) for at_s in moments])))


class Activity:
    """Tells activity. For one thread at a time.

    Args:
        kept: Which minutes may be shown.
    """

    def __init__(self, kept: KeptMinutes) -> None:
        self._kept = kept
        self._minutes: OrderedDict[tuple[str, FileName], _Minute] = OrderedDict()

    def ends(self, camera: str) -> tuple[float, float] | None:
        """The first and the last moment of which there may be something, to the minute; None = there is nothing."""
        minutes = [name.minute for name in self._kept.names(camera)]
        return (float(min(minutes) * MINUTE_S), float((max(minutes) + 1) * MINUTE_S)) if minutes else None

    def line(self, camera: str, from_s: float, to_s: float, bin_s: int = MINUTE_S) -> ActivityLine:
        """What there is of [from_s, to_s), in bins of `bin_s`: whole minutes, counted from 1970."""
        folder = CameraFolder(self._kept.recordings, camera)
        runs: list[Run] = []
        bins: dict[float, Bin] = {}
        for name in sorted(self._kept.names(camera, from_s, to_s), key=lambda one: (one.minute, one)):
            minute = self._minute(folder, name)
            within = [Run(max(from_s, run.from_s), min(to_s, run.to_s)) for run in minute.runs if run.to_s > from_s and run.from_s < to_s]
            if within:
                begin_s = float(name.minute * MINUTE_S // bin_s * bin_s)
                before = bins.get(begin_s, Bin(begin_s, 0, 0.0))
                bins[begin_s] = Bin(
                    begin_s, before.scenes + minute.scenes, min(float(bin_s), before.recorded_s + sum(run.to_s - run.from_s for run in minute.runs))
                )
                runs += within
        return ActivityLine(bin_s, tuple(bins[begin_s] for begin_s in sorted(bins)), tuple(joined(runs)))

    def _minute(self, folder: CameraFolder, name: FileName) -> _Minute:
        """How many scenes a minute has, and when; none, if it was deleted meanwhile."""
        key = folder.camera, name
        known = self._minutes.get(key)
        if known is not None:
            self._minutes.move_to_end(key)
            return known
        path = folder.segment(name, CLOSED)
        times_ns = None
        with contextlib.suppress(OSError):  # under way, or deleted meanwhile
            times_ns = read_times(path)
        minute = _Minute.of(_times_of(path) if times_ns is None else times_ns)
        if times_ns is not None:
            self._minutes[key] = minute
            while len(self._minutes) > MOST_KEPT:
                self._minutes.popitem(last=False)
        return minute


def _times_of(path: Path) -> tuple[int, ...]:
    """The times of messages, from the messages themselves, as far as they were brought to the disk."""
    there = found(path)
    try:
        return tuple(entry.log_ns for entry in read_file(there).entries) if there is not None else ()
    except OSError:
        return ()


def joined(runs: list[Run]) -> list[Run]:
    """The same time in as few runs as may be, in order."""
    joined: list[Run] = []
    for run in sorted(runs, key=lambda one: one.from_s):
        if joined and run.from_s <= joined[-1].to_s + GAP_S - HOLDS_S:
            joined[-1] = Run(joined[-1].from_s, max(joined[-1].to_s, run.to_s))
        else:
            joined.append(run)
    return joined
