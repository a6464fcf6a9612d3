"""The book of alerts: takes what the rules say and what people do, and makes of it the lines that are written down.

The rules know nothing of what people did. An alert that somebody closed while its hazard goes on stays closed; it is a new alert once the hazard
was over and comes back, or once it is more urgent than what was closed. There is one alert for each cause, whatever the rules open: also after a
restart, after a step of the clock, and where an id is there already. See docs/design/hazards.md, "The life of an alert".
"""

import secrets
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from passerby.errors import AlertError
from passerby.hazards.alert import MOST_WORDS, Cause, Event, HazardKind, Severity, What
from passerby.hazards.alert_log import Line
from passerby.hazards.kept_alert import MOST_REMARKS, OURS, URGENCY, Alert, after, is_worse, opened, seen
from passerby.hazards.standing import Standing

MOST_CLOSED: Final = 2000
"""Alerts that are at hand after they are closed. All others are in the log."""
LASTED: Final = 0.1
"""That a hazard goes on is written down once it has lasted by this share longer than when that was last written down: a hundred times in a day and
not 8,640 times."""
SOONEST_S: Final = 10.0
HIGHER: Final = 0.02
"""A value is a new peak if it is higher by this share."""
BACK: Final = "it was closed, and is back"
WORSE: Final = "it was closed, and is worse"
TOO_OLD: Final = "kept for as long as alerts are kept; it goes on as another alert"
EXERCISE_CUT: Final = "the exercise was cut off"
SUPERSEDED: Final = "another alert of the same cause was opened"
BECOMES: Final = {Severity.NOTICE: "a notice", Severity.WARNING: "a warning", Severity.ALARM: "an alarm"}


def drawn_id() -> str:
    """An id that no other alert has."""
    return secrets.token_hex(8)


class Book:
    """All alerts that anybody has to do something about, and the newest of the others. Used under a lock of whoever has it.

    Args:
        new_id: Draws ids.

    Attributes:
        strays: What the rules said of alerts that are not here; it is dropped.
        version: Grows with every change.
    """

    def __init__(self, new_id: Callable[[], str] = drawn_id) -> None:
        self._new_id = new_id
        self._alerts: dict[str, Alert] = {}
        self._standing: dict[tuple[Cause, bool], str] = {}
        self._names: dict[str, str] = {}
        self._done: dict[str, None] = {}
        self.strays = 0
        self.version = 0

    def restore(self, alerts: Iterable[Alert]) -> list[Line]:
        """Takes over alerts of before, in their order; what has to be written down of them: one alert stands for each cause, the newest."""
        lines = []
        for alert in alerts:
            before = self._alerts.get(self._standing.get(_key(alert), ""))
            if before is not None and not alert.finished and before.id != alert.id:
                lines.append(self._put(before, _event(before, What.CLOSED, alert.opened_wall_s, words=SUPERSEDED)))
            self._keep(alert)
            if alert.exercise and not alert.finished:
                lines.append(self._put(alert, _event(alert, What.CLOSED, alert.changed_wall_s, words=EXERCISE_CUT)))
        return lines

    def get(self, alert: str) -> Alert | None:
        """The alert of that id; None = it is not at hand."""
        return self._alerts.get(alert)

    def all(self) -> list[Alert]:
        """All that are at hand."""
        return list(self._alerts.values())

    def open(self) -> list[Alert]:
        """Those that are not closed."""
        return [alert for alert in self._alerts.values() if not alert.is_closed]

    def standing(self, *, of_channels: bool = False) -> list[Standing]:
        """Those that their rules are not done with, whatever people did; no exercises. `of_channels`: those of channels instead."""
        found = [self._alerts[alert] for (_, exercise), alert in self._standing.items() if not exercise]
        found = [one for one in found if (one.kind is HazardKind.CHANNEL) is of_channels]
        return [Standing(one.id, one.cause, one.kind, one.severity, one.over, one.opened_wall_s, one.changed_wall_s) for one in found]

    def resume(self) -> list[Standing]:
        """Those that stand, for rules that begin anew: from now on they call alerts by the ids that these have here."""
        standing = self.standing()
        known = {one.alert for one in standing}
        self._names = {name: now for name, now in self._names.items() if now not in known}
        return standing

    def take(self, event: Event) -> list[Line]:
        """Takes what a rule says; what has to be written down of it, and told: nothing where it says nothing new."""
        self.version += 1
        if event.what is What.OPENED:
            return self._open(event)
        alert = self._alerts.get(self._names.get(event.alert, event.alert))
        if alert is None or alert.finished:
            self.strays += 1
            return []
        match event.what:
            case What.UPDATED | What.RETURNED:
                return self._goes_on(alert, event)
            case What.ENDED:
                return [self._put(alert, _event(alert, What.ENDED, event.wall_s, words=event.words))] if alert.over else []
            case What.CLOSED:
                return [self._put(alert, _event(alert, What.CLOSED, event.wall_s, words=event.words))]
            case _:
                self.strays += 1
                return []

    def act(self, alert: Alert, what: What, by: str, wall_s: float, words: str = "", saw: Severity | None = None) -> Event | None:
        """The event of what somebody does, to be written down first, and then to be given to `apply`; None = it is so already.

        Args:
            alert: Of which alert, as it is now.
            what: ACKNOWLEDGED, COMMENTED or CLOSED.
            by: Who.
            wall_s: When.
            words: What they say of it; needed for a comment.
            saw: How urgent it was when they looked; None = that is not known.

        Raises:
            AlertError: It cannot be done.
        """
        line = " ".join(words.split())
        if len(line) > MOST_WORDS or not all(letter.isprintable() for letter in line):
            raise AlertError(f"a comment has at most {MOST_WORDS} characters, all of which can be shown", "say it in fewer words")
        if what is What.COMMENTED and not line:
            raise AlertError("there is nothing in that comment", "say something, or leave it")
        if line and len(alert.remarks) >= MOST_REMARKS:
            raise AlertError("this alert has as many comments as one may have", "write it down elsewhere")
        if what is What.ACKNOWLEDGED and (alert.acknowledged_by or alert.is_closed):
            return self.act(alert, What.COMMENTED, by, wall_s, line) if line else None
        if what is What.CLOSED and alert.is_closed:
            return self.act(alert, What.COMMENTED, by, wall_s, line) if line else None
        if saw is not None and URGENCY[alert.severity] > URGENCY[saw]:
            raise AlertError(f"it has become {BECOMES[alert.severity]} since you looked", "Look at it as it is now, then do it again.")
        return _event(alert, what, wall_s, by=_somebody(by), words=line)

    def told(self, alert: Alert, channel: str, wall_s: float, words: str) -> Event:
        """The event of what a channel says, to be given to `apply`."""
        return _event(alert, What.TOLD, wall_s, words=words[:MOST_WORDS], channel=channel)

    def apply(self, alert: Alert, event: Event) -> None:
        """Takes over an event of an alert that is at hand, or was read out of the log."""
        self._put(self._alerts.get(alert.id, alert), event)

    def forget(self, due: Iterable[str], wall_s: float) -> list[Line]:
        """Forgets alerts that are kept no longer; what has to be written down: whatever goes on does so as another alert."""
        lines: list[Line] = []
        for name in due:
            alert = self._alerts.get(name)
            if alert is not None and not alert.finished:
                lines += self._carried_over(alert, wall_s)
            self._alerts.pop(name, None)
            self._done.pop(name, None)
        self.version += 1
        return lines

    def _open(self, event: Event) -> list[Line]:
        """A rule opens an alert. Where one of that cause stands, it goes on."""
        if event.cause is None or event.kind is None:
            self.strays += 1
            return []
        standing = self._alerts.get(self._standing.get((event.cause, event.exercise), ""))
        if standing is not None:
            if event.alert != standing.id:
                self._names[event.alert] = standing.id
            return self._goes_on(standing, event)
        name = event.alert
        if name in self._alerts or name in self._names:
            name = self._names[event.alert] = self._new_id()
        return [self._begin(msgspec.structs.replace(event, alert=name, number=0, by=OURS))]

    def _goes_on(self, alert: Alert, event: Event) -> list[Line]:
        """The hazard of an alert holds, still or again."""
        if alert.is_closed:
            if is_worse(alert, event) or not alert.over:
                return self._anew(alert, event, WORSE if alert.over else BACK)
            self._keep(seen(alert, event))
            return []
        what = What.UPDATED if alert.over else What.RETURNED
        if what is What.UPDATED and not _is_news(alert, event):
            self._keep(seen(alert, event))
            return []
        measured = {"value": event.value, "error": event.error, "limit": event.limit}
        severity = event.severity if is_worse(alert, event) else None
        return [self._put(alert, _event(alert, what, event.wall_s, words=event.words, severity=severity, **measured))]

    def _anew(self, old: Alert, event: Event, why: str) -> list[Line]:
        """Another alert of the same cause, for the same rule."""
        ended = self._put(old, _event(old, What.CLOSED, event.wall_s, words=why))
        first = msgspec.structs.replace(
            event,
            alert=self._name_anew(old.id),
            number=0,
            what=What.OPENED,
            by=OURS,
            cause=old.cause,
            kind=old.kind,
            severity=event.severity or old.severity,
            limit=old.limit if event.limit is None else event.limit,
            exercise=old.exercise,
        )
        return [ended, self._begin(first)]

    def _carried_over(self, old: Alert, wall_s: float) -> list[Line]:
        """What goes on, with all that holds of it, as another alert."""
        ended = self._put(old, _event(old, What.CLOSED, wall_s, words=TOO_OLD))
        name = self._name_anew(old.id)
        first = Event(
            alert=name,
            number=0,
            what=What.OPENED,
            wall_s=wall_s,
            cause=old.cause,
            kind=old.kind,
            severity=old.severity,
            value=old.value,
            error=old.error,
            limit=old.limit,
            words=old.words,
            exercise=old.exercise,
        )
        lines = [ended, self._begin(first)]
        for what, by, holds in (
            (What.ENDED, OURS, not old.over),
            (What.ACKNOWLEDGED, old.acknowledged_by, bool(old.acknowledged_by)),
            (What.CLOSED, old.closed_by, old.is_closed and old.closed_by != OURS),
        ):
            if holds:
                alert = self._alerts[name]
                lines.append(self._put(alert, _event(alert, what, wall_s, by=by)))
        return lines

    def _begin(self, first: Event) -> Line:
        alert = opened(first)
        if alert is not None:
            self._keep(alert)
        return Line(first.wall_s, first)

    def _name_anew(self, old: str) -> str:
        """An id for what the rules go on calling by an old one."""
        name = self._new_id()
        for known in [known for known, now in self._names.items() if now == old]:
            self._names[known] = name
        self._names[old] = name
        return name

    def _put(self, alert: Alert, event: Event) -> Line:
        self._keep(after(alert, event))
        return Line(alert.opened_wall_s, event)

    def _keep(self, alert: Alert) -> None:
        """Keeps an alert as it is now; of those that are done with, the newest."""
        self.version += 1
        self._alerts[alert.id] = alert
        if not alert.finished:
            self._standing[_key(alert)] = alert.id
        elif self._standing.get(_key(alert)) == alert.id:
            del self._standing[_key(alert)]
        if alert.is_done:
            self._done[alert.id] = None
            self._names = {name: now for name, now in self._names.items() if now != alert.id} if self._names else {}
        while len(self._done) > MOST_CLOSED:
            oldest = next(iter(self._done))
            del self._done[oldest]
            self._alerts.pop(oldest, None)


def _key(alert: Alert) -> tuple[Cause, bool]:
    """What one alert at a time stands for: an exercise takes no part in what happens."""
    return alert.cause, alert.exercise


def _is_news(alert: Alert, event: Event) -> bool:
    """Whether it has to be written down that a hazard goes on."""
    if is_worse(alert, event) or (event.value is None) is not (alert.value is None):
        return True
    if event.value is not None and (alert.peak is None or event.value > alert.peak + HIGHER * abs(alert.peak)):
        return True
    lasted_s = abs(event.wall_s - alert.opened_wall_s)
    return abs(event.wall_s - alert.written_wall_s) >= max(SOONEST_S, LASTED * lasted_s)


def _event(alert: Alert, what: What, wall_s: float, **more: object) -> Event:
    """The next event of an alert."""
    event = Event(alert=alert.id, number=alert.number + 1, what=what, wall_s=wall_s)
    return msgspec.structs.replace(event, **more)


def _somebody(name: str) -> str:
    """A name of somebody, and never our own."""
    return f"user {name}" if name == OURS else name
