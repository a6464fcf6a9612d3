"""The inbox of alerts: what is found for whoever asks, and what is done for whoever acts. Knows no web framework."""

import contextlib
import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from passerby.clock import Clock
from passerby.errors import AlertError, OutputError
from passerby.hazards.alert import HazardKind, Severity, What
from passerby.hazards.alert_log import day_of
from passerby.hazards.kept_alert import Alert
from passerby.record.holding import HoldWish, hold
from passerby.record.places import RecordingsPlace
from passerby.serve.alerts.answers import AFTER_S, AlertAnswer, AlertsAnswer, HoldAnswer, PlaceNames, alert_answer, open_counts, span_of
from passerby.serve.recording_answers import OffsetAnswer
from passerby.site.settings import Site
from passerby.site.times import offsets_between, text_of
from passerby.supervise.alert_desk import AlertDesk

DAY_S: Final = 86400.0
MOST_DAYS: Final = 3700
"""Alerts are kept for ten years at most."""


@dataclass(frozen=True, slots=True)
class AlertsWish:
    """Which alerts somebody asks for.

    Attributes:
        from_s, to_s: Those that were opened in this time; both None = those that are not closed.
        camera, kind, severity: Of these only; None = of all.
        limit: So many at most.
        before: Those after this place of the list only: milliseconds of the opening, and id; None = from the newest on.
    """

    from_s: float | None = None
    to_s: float | None = None
    camera: str | None = None
    kind: HazardKind | None = None
    severity: Severity | None = None
    limit: int = 50
    before: tuple[int, str] | None = None

    def takes(self, alert: Alert) -> bool:
        """Whether an alert is one of those."""
        return (
            (self.camera is None or alert.cause.camera == self.camera)
            and (self.kind is None or alert.kind is self.kind)
            and (self.severity is None or alert.severity is self.severity)
            and (self.before is None or _place(alert) < self.before)
        )


class AlertInbox:
    """Answers and acts. Safe to use from several threads.

    Args:
        desk: Where alerts are kept.
        site: Tells the site as its file says it now.
        clock: Time.
    """

    def __init__(self, desk: AlertDesk, site: Callable[[], Site], clock: Clock) -> None:
        self._desk, self._site, self._clock = desk, site, clock
        self._mark = secrets.token_hex(4)

    @property
    def mark(self) -> str:
        """Another text whenever an alert has changed, or the site's names may have."""
        return f"{self._mark}-{id(self._site()):x}-{self._desk.version}"

    def listed(self, wish: AlertsWish) -> AlertsAnswer:
        """Alerts, the newest first.

        Raises:
            InputError: The log cannot be read.
        """
        open_now = self._desk.open()
        found = self._in_time(wish) if wish.from_s is not None or wish.to_s is not None else iter(sorted(open_now, key=_place, reverse=True))
        page = list(itertools.islice((alert for alert in found if wish.takes(alert)), wish.limit + 1))
        shown, names = page[: wish.limit], self._names()
        following = ""
        if len(page) > wish.limit:
            at_ms, name = _place(shown[-1])
            following = f"{at_ms}-{name}"
        now_s, site = self._clock.wall_s(), self._site()
        oldest_s = min([now_s, *(one.opened_wall_s for one in shown)])
        offsets = offsets_between(site.zone, oldest_s - DAY_S, now_s + 2 * DAY_S)
        return AlertsAnswer(
            now_s=round(now_s, 3),
            open=open_counts(open_now),
            alerts=[alert_answer(one, names) for one in shown],
            next=following,
            zone=site.place.time_zone,
            offsets=[OffsetAnswer(from_s=at_s, offset_s=ahead_s) for at_s, ahead_s in offsets],
        )

    def one(self, alert: str) -> AlertAnswer | None:
        """One alert; None = there is none of that id.

        Raises:
            InputError: The log cannot be read.
        """
        found = self._desk.find(alert)
        return None if found is None else alert_answer(found, self._names())

    def act(self, alert: str, what: What, by: str, words: str, saw: Severity | None = None) -> AlertAnswer:
        """Does what somebody asks for, once it is written down. `saw`: how urgent the alert was when they looked; None = that is not known.

        Raises:
            AlertError: It cannot be done, or the alert is more urgent by now than what they saw.
            InputError: The log cannot be read.
            OutputError: It could not be written down: it is refused.
        """
        return alert_answer(self._desk.act(alert, what, by, words, saw), self._names())

    def hold(self, alert: str, until_s: float, by: str, why: str) -> HoldAnswer:
        """Holds the recordings that show an alert, which is written down first. The alert tells of it.

        Of an alert that goes on, they are held until half a minute from now; `followed_holds` extends that as long as it goes on, or comes back.

        Raises:
            AlertError: There is no such alert, or no camera belongs to it.
            SettingsError: It is not said what for, in characters that can be shown, or not known how long a hold may last.
            RecordingError: There are no such recordings, or the end makes no sense or is too late.
            ReceiptError: It could not be written down.
            OutputError: It could not be kept.
        """
        found = self._desk.find(alert)
        if found is None or not found.cause.camera:
            raise AlertError("no recordings belong to this alert", "only those of a camera can be held")
        goes_on = found.ended_wall_s is None
        from_s, to_s = span_of(found)
        if goes_on:
            to_s = max(to_s, self._clock.wall_s() + AFTER_S)
        wish = HoldWish(found.cause.camera, from_s, to_s, until_s)
        made, minutes = hold(self.recordings(), wish, self._clock, why=why, by=by, follows="" if found.finished else found.id)
        more = ", with what follows while it goes on" if goes_on else ""
        with contextlib.suppress(AlertError, OutputError):  # the receipt says it in any case
            self._desk.act(alert, What.COMMENTED, by, f"Recordings held until {text_of(until_s, self._site().zone)}{more}: {made.why}")
        return HoldAnswer(
            hold=made.hold, camera=made.camera, from_s=made.from_s, to_s=made.to_s, until_s=made.until_s, minutes=minutes, goes_on=goes_on
        )

    def recordings(self) -> RecordingsPlace:
        """Where the recordings of the site are, and how long they may be held, as its file says it now."""
        site = self._site()
        retention_s = {camera.id: camera.retention_s for camera in site.cameras}
        return RecordingsPlace(site.state_folder, site.zone, retention_s, site.recording.max_hold_s)

    def _in_time(self, wish: AlertsWish) -> Iterator[Alert]:
        """Alerts that were opened in a time, day by day, the newest first."""
        to_s = self._clock.wall_s() + 1.0 if wish.to_s is None else wish.to_s
        from_s = to_s - MOST_DAYS * DAY_S if wish.from_s is None else wish.from_s
        if wish.before is not None:
            to_s = min(to_s, wish.before[0] / 1000 + 1.0)
        there = set(self._desk.days())
        day, first = day_of(to_s), max(day_of(max(0.0, from_s)), min(there, default=day_of(to_s)))
        while day >= first:
            if day in there:
                yield from (alert for alert in self._desk.of_day(day) if from_s <= alert.opened_wall_s < to_s)
            day -= timedelta(days=1)

    def _names(self) -> PlaceNames:
        site = self._site()
        places = {(zone.camera, zone.id): zone.name or zone.id for zone in site.zones}
        places |= {(line.camera, line.id): line.name or line.id for line in site.lines}
        return PlaceNames({camera.id: camera.title for camera in site.cameras}, places)


def _place(alert: Alert) -> tuple[int, str]:
    """Where an alert stands in lists."""
    return round(alert.opened_wall_s * 1000), alert.id
