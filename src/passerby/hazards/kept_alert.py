"""An alert as it is kept: what its events make of it, in the order of their numbers, and nothing else.

Two things go on side by side. The rule says of the hazard that it holds, that it has ended, that it is back, and at last that it is done with it.
People acknowledge, comment and close. Neither waits for the other.

Events may be missing (a full disk, a torn line) or there twice: whatever of them there is makes a sensible alert; without its OPENED, none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What

OURS: Final = "passerby"
"""Who acts where nobody else does."""
MOST_REMARKS: Final = 200
"""Comments of one alert, and as many words of channels."""
URGENCY: Final = {Severity.NOTICE: 0, Severity.WARNING: 1, Severity.ALARM: 2}

_OF_RULES: Final = frozenset({What.UPDATED, What.RETURNED, What.ENDED})


class State(StrEnum):
    """What an alert is for who reads the list."""

    OPEN = "open"
    ENDED = "ended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody said of an alert; or a channel, whose id is `channel`."""

    by: str
    wall_s: float
    words: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert. Times are seconds since 1970 UTC.

    Attributes:
        id, cause, kind, exercise: As it was opened.
        severity: The most urgent that it was.
        opened_wall_s: When it was opened.
        seen_wall_s: When the hazard was last seen to hold.
        changed_wall_s: When its rule last said something of it.
        written_wall_s: When it was last written down that the hazard holds.
        words, value, error, limit: What was measured last.
        peak: The highest value that was written down; None = there was none.
        number: Of its newest event.
        over: Whether the hazard holds, as far as its rule knows.
        finished: Whether its rule is done with it.
        ended_wall_s: When the hazard ended; None = it holds.
        closed_wall_s, closed_by: When it was closed, by whom; None and "" = it is not.
        acknowledged_wall_s, acknowledged_by: The same of whoever has taken notice; "" again once it has become more urgent.
        returns: How often the hazard ended and came back.
        remarks: What people said, in order.
        told: What channels said, in order.
    """

    id: str
    cause: Cause
    kind: HazardKind
    severity: Severity
    exercise: bool
    opened_wall_s: float
    seen_wall_s: float
    changed_wall_s: float
    written_wall_s: float
    words: str
    value: float | None
    error: float | None
    limit: float | None
    peak: float | None
    number: int
    over: bool = True
    finished: bool = False
    ended_wall_s: float | None = None
    closed_wall_s: float | None = None
    closed_by: str = ""
    acknowledged_wall_s: float | None = None
    acknowledged_by: str = ""
    returns: int = 0
    remarks: tuple[Remark, ...] = ()
    told: tuple[Remark, ...] = ()

    @property
    def is_closed(self) -> bool:
        """Whether somebody closed it, or it closed by itself."""
        return self.closed_wall_s is not None

    @property
    def is_done(self) -> bool:
        """Whether neither its rule nor anybody has to do anything about it any more."""
        return self.finished and self.is_closed

    @property
    def state(self) -> State:
        """What it is for who reads the list."""
        if self.is_closed:
            return State.CLOSED
        return State.OPEN if self.over else State.ENDED


def opened(event: Event) -> Alert | None:
    """The alert that an OPENED begins; None = it is none, or says too little."""
    if event.what is not What.OPENED or event.cause is None or event.kind is None:
        return None
    at_s, value = event.wall_s, event.value
    return Alert(
        id=event.alert,
        cause=event.cause,
        kind=event.kind,
        severity=event.severity or Severity.WARNING,
        exercise=event.exercise,
        opened_wall_s=at_s,
        seen_wall_s=at_s,
        changed_wall_s=at_s,
        written_wall_s=at_s,
        words=event.words,
        value=value,
        error=event.error,
        limit=event.limit,
        peak=value,
        number=event.number,
    )


def after(alert: Alert, event: Event) -> Alert:
    """The alert after one more of its events. One that was there before, by its number, changes nothing."""
    if event.number <= alert.number:
        return alert
    alert = replace(alert, number=event.number)
    return _of_rule(alert, event) if event.what in _OF_RULES else _of_people(alert, event)


def _of_rule(alert: Alert, event: Event) -> Alert:
    """What the rule says changes nothing once it was done with the alert."""
    if alert.finished:
        return alert
    if event.what is What.ENDED:
        return replace(alert, over=False, ended_wall_s=event.wall_s, changed_wall_s=event.wall_s)
    return replace(seen(alert, event), written_wall_s=event.wall_s, peak=_higher(alert.peak, event.value))


def _of_people(alert: Alert, event: Event) -> Alert:
    match event.what:
        case What.CLOSED:
            return _closed(alert, event)
        case What.ACKNOWLEDGED:
            if not alert.acknowledged_by:
                alert = replace(alert, acknowledged_by=event.by, acknowledged_wall_s=event.wall_s)
            return _remarked(alert, event)
        case What.COMMENTED:
            return _remarked(alert, event)
        case What.TOLD:
            said = (*alert.told, Remark(event.by, event.wall_s, event.words, event.channel))
            return replace(alert, told=said[-MOST_REMARKS:])
        case _:
            return alert


def seen(alert: Alert, event: Event) -> Alert:
    """The alert whose hazard was seen to hold, still or again. Who took notice of something less urgent has not taken notice of this."""
    worse = is_worse(alert, event)
    was_seen = event.value is not None or alert.peak is None  # of what has a value, one without says that it cannot be seen
    return replace(
        alert,
        over=True,
        ended_wall_s=None,
        severity=event.severity if worse and event.severity is not None else alert.severity,
        acknowledged_by="" if worse else alert.acknowledged_by,
        acknowledged_wall_s=None if worse else alert.acknowledged_wall_s,
        seen_wall_s=event.wall_s if was_seen else alert.seen_wall_s,
        changed_wall_s=event.wall_s,
        words=event.words or alert.words,
        value=event.value,
        error=event.error,
        limit=alert.limit if event.limit is None else event.limit,
        returns=alert.returns + (not alert.over),
    )


def is_worse(alert: Alert, event: Event) -> bool:
    """Whether an event says that it is more urgent than it was."""
    return event.severity is not None and URGENCY[event.severity] > URGENCY[alert.severity]


def alerts_of(events: Iterable[Event]) -> list[Alert]:
    """The alerts that events make, those in which they were opened first. Events of alerts that were never opened are left out."""
    found: dict[str, Alert] = {}
    for event in events:
        alert = found.get(event.alert)
        now = opened(event) if alert is None else after(alert, event)
        if now is not None:
            found[event.alert] = now
    return list(found.values())


def _closed(alert: Alert, event: Event) -> Alert:
    """Closed, by its rule, which is done with it then, or by somebody. Whoever was first stands."""
    if event.by == OURS:
        ended_s = event.wall_s if alert.ended_wall_s is None else alert.ended_wall_s
        alert = replace(alert, over=False, finished=True, ended_wall_s=ended_s, changed_wall_s=event.wall_s)
    if not alert.is_closed:
        alert = replace(alert, closed_wall_s=event.wall_s, closed_by=event.by)
    return alert if event.by == OURS else _remarked(alert, event)


def _remarked(alert: Alert, event: Event) -> Alert:
    if not event.words or len(alert.remarks) >= MOST_REMARKS:
        return alert
    return replace(alert, remarks=(*alert.remarks, Remark(event.by, event.wall_s, event.words)))


def _higher(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else max(one, other)
