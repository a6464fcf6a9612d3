"""What a state folder says of alerts, for the command line: which there are, and all that happened to one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

from passerby.errors import AlertError, InputError
from passerby.hazards.alert import Event, Severity, What
from passerby.hazards.alert_log import ALERTS, AlertLog, day_of
from passerby.hazards.kept_alert import Alert, alerts_of
from passerby.site.reading import read_site
from passerby.site.times import text_of

if TYPE_CHECKING:
    from rich.table import Table

LEAST_ID: Final = 4
"""So many letters of an id, at least, name an alert."""


@dataclass(frozen=True, slots=True)
class KeptAlerts:
    """A site's alerts.

    Attributes:
        log: Their log.
        zone: The site's time zone; UTC where only the folder is known.
    """

    log: AlertLog
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class ListedSpan:
    """Which alerts are asked for: opened in [from_s, to_s), or not closed; of a camera, of a severity."""

    from_s: float
    to_s: float
    open_only: bool = False
    camera: str | None = None
    severity: Severity | None = None

    def takes(self, alert: Alert) -> bool:
        """Whether an alert is one of those."""
        of_time = not alert.is_closed if self.open_only else self.from_s <= alert.opened_wall_s < self.to_s
        of_camera = self.camera is None or alert.cause.camera == self.camera
        return of_time and of_camera and (self.severity is None or alert.severity is self.severity)


def opened_alerts(path: Path) -> KeptAlerts:
    """The alerts that a site.toml or a state folder names.

    Raises:
        InputError: There are none.
        SiteError: The site.toml cannot be used.
    """
    if path.is_dir():
        kept = KeptAlerts(AlertLog(path / ALERTS))
    else:
        site = read_site(path)
        kept = KeptAlerts(AlertLog(site.state_folder / ALERTS), site.zone)
    if not kept.log.folder.is_dir():
        raise InputError(f"{kept.log.folder.parent}: holds no alerts", "give the site.toml, or the folder that it names as state_folder")
    return kept


def listed(kept: KeptAlerts, span: ListedSpan) -> list[Alert]:
    """The alerts that are asked for, the oldest first.

    Raises:
        InputError: They cannot be read.
    """
    days = kept.log.days()
    if not span.open_only:
        days = [day for day in days if day_of(span.from_s) <= day <= day_of(span.to_s)]
    found = [alert for day in days for alert in kept.log.alerts(day) if span.takes(alert)]
    return sorted(found, key=lambda alert: (alert.opened_wall_s, alert.id))


def events_of(kept: KeptAlerts, name: str) -> list[Event]:
    """The events of the one alert whose id begins so.

    Raises:
        AlertError: There is none, or there are several.
        InputError: They cannot be read.
    """
    if len(name) < LEAST_ID:
        raise AlertError(f"'{name}' may be many alerts", f"give at least {LEAST_ID} letters of its id")
    found: dict[str, list[Event]] = {}
    for day in kept.log.days():
        for event in kept.log.events(day):
            if event.alert.startswith(name):
                found.setdefault(event.alert, []).append(event)
    if not found:
        raise AlertError(f"there is no alert '{name}'", "passerby alerts list says which there are")
    if len(found) > 1:
        raise AlertError(f"'{name}' may be any of {len(found)} alerts", "give more of its id")
    (events,) = found.values()
    return events


def table_of(alerts: Iterable[Alert], zone: tzinfo) -> "Table":
    """A table of alerts."""
    from rich.table import Table  # noqa: PLC0415 - for a terminal only
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("alert", "opened", "state", "severity", "where", "what"):
        table.add_column(column, no_wrap=column != "what")
    for alert in alerts:
        where = "/".join(part for part in (alert.cause.camera, alert.cause.place) if part)
        severity = f"{alert.severity.value} (exercise)" if alert.exercise else alert.severity.value
        cells = (alert.id, text_of(alert.opened_wall_s, zone), alert.state.value, severity, where, alert.words)
        table.add_row(*(Text(shown(cell)) for cell in cells))
    return table


def said_of(events: Iterable[Event], zone: tzinfo) -> Iterator[str]:
    """What happened to one alert, in lines."""
    events = list(events)
    for alert in alerts_of(events):
        where = ", ".join(part for part in (alert.cause.camera, alert.cause.place) if part)
        exercise = "; an exercise: nothing happened" if alert.exercise else ""
        yield shown(f"{alert.id}: {alert.kind.value} by rule '{alert.cause.rule}' at {where}; {alert.severity.value}, {alert.state.value}{exercise}")
    known: set[int] = set()
    for event in events:
        if event.number in known:
            continue
        known.add(event.number)
        who = f" by {event.by}" if event.what in {What.ACKNOWLEDGED, What.COMMENTED, What.CLOSED} else ""
        channel = f" {event.channel}" if event.channel else ""
        words = f": {event.words}" if event.words else ""
        yield shown(f"{text_of(event.wall_s, zone)}  {event.what.value}{channel}{who}{words}")


def shown(text: str) -> str:
    """A text as a terminal may show it, whatever somebody wrote into a comment, or into the file."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
