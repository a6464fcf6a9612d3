"""The log of alerts: their events, on the disk before anybody is told of them (invariant I9).

    alerts/2026-11-23.jsonl    the events of all alerts that were opened on that UTC day, a line each, as JSON, in order

All that happens to an alert goes into the file of the day on which it was opened: so a day is deleted as a whole when it is due (invariant I8), and
what is left speaks of whole alerts. One process writes; any number may read meanwhile. A line that a crash cut is left out: nobody was told of it.
The same line may be there twice; events have numbers.
"""

import contextlib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from passerby.errors import InputError, OutputError
from passerby.hazards.alert import Event
from passerby.hazards.kept_alert import Alert, alerts_of
from passerby.released.durable import append_lines, make_folder, sync_folder

ALERTS: Final = "alerts"
"""Folder in the state folder."""
_NAME: Final = "????-??-??.jsonl"


class Line(NamedTuple):
    """An event, and when its alert was opened: into which file it goes."""

    opened_wall_s: float
    event: Event


def day_of(wall_s: float) -> date:
    """The UTC day of a moment."""
    return datetime.fromtimestamp(wall_s, UTC).date()


class AlertLog:
    """Keeps events. Used by one thread at a time to write, by any to read.

    Args:
        folder: The folder `alerts`; made when the first event is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, lines: Iterable[Line]) -> None:
        """Keeps events for good.

        Of several days, that of the last line is written last: if this fails, the last line is not there.

        Raises:
            OutputError: They could not all be kept. Those that were may be given again.
        """
        days: dict[date, list[bytes]] = {}
        for opened_wall_s, event in lines:
            day = day_of(opened_wall_s)
            written = days.pop(day, [])
            written.append(msgspec.json.encode(event) + b"\n")
            days[day] = written
        try:
            make_folder(self.folder)
            for day, written in days.items():
                append_lines(self._path(day), b"".join(written))
        except OSError as error:
            words = error.strerror or "failed"
            raise OutputError(f"{self.folder}: alerts cannot be written down: {words}", "look at the disk and at who owns the folder") from error

    def days(self) -> list[date]:
        """Days of which there is anything, in order."""
        found = []
        for path in self.folder.glob(_NAME):
            with contextlib.suppress(ValueError):  # not ours
                found.append(date.fromisoformat(path.stem))
        return sorted(found)

    def events(self, day: date) -> list[Event]:
        """The events of the alerts of a day, in the order in which they were written. Damaged lines are left out.

        Raises:
            InputError: They cannot be read.
        """
        return _decoded(self._read(day))

    def alerts(self, day: date) -> list[Alert]:
        """The alerts of a day, in the order in which they were opened.

        Raises:
            InputError: They cannot be read.
        """
        return alerts_of(self.events(day))

    def find(self, alert: str) -> tuple[Alert, list[Event]] | None:
        """The alert of that id and its events; None = it is not there. The newest days are looked at first.

        Raises:
            InputError: A day cannot be read.
        """
        wanted = msgspec.json.encode(alert)
        for day in reversed(self.days()):
            data = self._read(day)
            if wanted not in data:
                continue
            events = [event for event in _decoded(data) if event.alert == alert]
            found = alerts_of(events)
            if found:
                return found[0], events
        return None

    def delete(self, day: date) -> int:
        """Deletes a day; how many files that were.

        Raises:
            OutputError: It could not be deleted.
        """
        try:
            path = self._path(day)
            if not path.exists():
                return 0
            path.unlink()
            sync_folder(self.folder)
        except OSError as error:
            raise OutputError(f"{self.folder}: the alerts of {day} cannot be deleted: {error.strerror or 'failed'}", "look at the disk") from error
        return 1

    def _path(self, day: date) -> Path:
        return self.folder / f"{day.isoformat()}.jsonl"

    def _read(self, day: date) -> bytes:
        try:
            return self._path(day).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise InputError(f"{self._path(day)}: cannot be read: {error.strerror or 'failed'}", "look at the disk and at who may read it") from error


def _decoded(data: bytes) -> list[Event]:
    decoder, events = msgspec.json.Decoder(Event), []
    for line in data.split(b"\n"):
        with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
            if line:
                events.append(decoder.decode(line))
    return events
