"""How old days of the history are, whatever the wall clock does: as `record.ages` tells it of recordings.

A day's files say their UTC day by the clock that there was when it began. Beside them, `eras.json` says in which era of the clock that was. Where
it is lost, ages go by the wall clock.
"""

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from passerby.clock import Clock
from passerby.record.ages import Ages, Era, Moment
from passerby.record.machine import Machine, ThisMachine
from passerby.released.durable import replace_file

ERAS: Final = "eras.json"
CLOCK: Final = "clock.json"


class DayAges:
    """Tells ages of days. Used from one thread.

    Args:
        folder: The folder `measurements`.
        clock: Time.
        machine: The machine's running clock.
    """

    def __init__(self, folder: Path, clock: Clock, machine: Machine | None = None) -> None:
        self._path = folder / ERAS
        self._eras = _read(self._path)
        machine = ThisMachine() if machine is None else machine
        self._ages = Ages(folder / CLOCK, clock, machine, last_era=max(self._eras.values(), default=-1), on_step=_nothing)

    def tick(self) -> None:
        """Looks at the clock."""
        self._ages.notice()

    def note(self, day: date) -> None:
        """Something of a day is about to be kept."""
        if day not in self._eras:
            self._eras[day] = self._ages.era
            self._keep()

    def forget(self, day: date) -> None:
        """A day is gone."""
        if self._eras.pop(day, None) is not None:
            self._keep()

    def age_s(self, day: date) -> float:
        """Seconds since a day began."""
        begin_s = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        return self._ages.age_s(Moment(self._eras.get(day, self._ages.era), begin_s))

    def close(self) -> None:
        """Keeps when it was that we last looked."""
        self._ages.close()

    def _keep(self) -> None:
        # Without it, ages go by the wall clock: nothing that is due waits for a disk.
        with contextlib.suppress(OSError):
            replace_file(self._path, msgspec.json.encode({day.isoformat(): era for day, era in sorted(self._eras.items())}))


def _read(path: Path) -> dict[date, int]:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, int])
        return {date.fromisoformat(day): era for day, era in found.items()}
    except (OSError, ValueError, msgspec.MsgspecError):
        return {}


def _nothing(era: Era, wall_s: float) -> None:
    """Steps are written down by who records."""
