"""What a channel has to know of an alert to tell of it: what its events, in their order, made of it so far."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.kept_alert import OURS, URGENCY

BEGINS: Final = frozenset({What.OPENED, What.RETURNED})


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an alert.

    Attributes:
        cause, kind, opened_s, exercise: As it was opened.
        severity: The most urgent that it was.
        words, value, error, limit: As they were told last.
        open: Whether the hazard goes on, and nobody has closed the alert.
        acknowledged: Whether somebody has it in hand; no longer, once it has become more urgent.
        closed: Whether somebody closed it, or it closed by itself.
        finished: Whether its rule is done with it: what the rule says after that changes nothing.
    """

    cause: Cause
    kind: HazardKind
    severity: Severity
    opened_s: float
    exercise: bool
    words: str = ""
    value: float | None = None
    error: float | None = None
    limit: float | None = None
    open: bool = True
    acknowledged: bool = False
    closed: bool = False
    finished: bool = False


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that goes on.

    Attributes:
        alert: Its id.
        number: Of its last event.
        known: What is known of it.
    """

    alert: str
    number: int
    known: Known


def foremost(alerts: Iterable[OpenAlert]) -> dict[Cause, OpenAlert]:
    """Of each cause the most urgent alert, and of those the newest; exercises are none."""
    real = [one for one in alerts if not one.known.exercise]
    return {one.known.cause: one for one in sorted(real, key=lambda one: (URGENCY[one.known.severity], one.known.opened_s))}


def known_after(known: Known | None, event: Event) -> Known | None:
    """What is known with an event, as `kept_alert` tells it of the alert; None = nothing, as its opening was never told."""
    if known is None:
        return _opened(event)
    match event.what:
        case What.UPDATED | What.RETURNED:
            return known if known.finished else _seen(known, event)
        case What.ENDED:
            return msgspec.structs.replace(known, open=False)
        case What.CLOSED:
            return msgspec.structs.replace(known, open=False, closed=True, finished=known.finished or event.by == OURS)
        case What.ACKNOWLEDGED:
            return msgspec.structs.replace(known, acknowledged=True)
        case _:
            return known


def _opened(event: Event) -> Known | None:
    if event.what is What.OPENED and event.cause is not None and event.kind is not None:
        return Known(
            cause=event.cause,
            kind=event.kind,
            severity=event.severity or Severity.WARNING,
            opened_s=event.wall_s,
            exercise=event.exercise,
            words=event.words,
            value=event.value,
            error=event.error,
            limit=event.limit,
        )
    return None


def _seen(known: Known, event: Event) -> Known:
    """The hazard holds. Who has a warning in hand has not taken notice of an alarm."""
    worse = event.severity is not None and URGENCY[event.severity] > URGENCY[known.severity]
    return msgspec.structs.replace(
        known,
        severity=event.severity if worse and event.severity is not None else known.severity,
        words=event.words or known.words,
        value=event.value,
        error=event.error,
        limit=known.limit if event.limit is None else event.limit,
        open=not known.closed,
        acknowledged=known.acknowledged and not worse,
    )


def is_worse(before: Known | None, after: Known) -> bool:
    """Whether the severity has risen."""
    return before is not None and URGENCY[after.severity] > URGENCY[before.severity]
