"""What a channel has to know of an alert to tell of it: what its events, in their order, made of it so far."""

from typing import Final

import msgspec

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What

BEGINS: Final = frozenset({What.OPENED, What.RETURNED})
OVER: Final = frozenset({What.ENDED, What.CLOSED})
_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an alert.

    Attributes:
        cause, kind, opened_s, exercise: As it was opened.
        severity: As it is now.
        words, value, error, limit: As they were told last.
        open: Whether the hazard goes on.
        acknowledged: Whether somebody has it in hand.
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


def known_after(known: Known | None, event: Event) -> Known | None:
    """What is known with an event; None = nothing, as its opening was never told."""
    if event.what is What.OPENED and event.cause is not None:
        return Known(
            cause=event.cause,
            kind=event.kind or HazardKind.CAMERA,
            severity=event.severity or Severity.WARNING,
            opened_s=event.wall_s,
            exercise=event.exercise,
            words=event.words,
            value=event.value,
            error=event.error,
            limit=event.limit,
        )
    if known is None:
        return None
    if event.what in (What.UPDATED, What.RETURNED):
        return msgspec.structs.replace(
            known,
            severity=event.severity or known.severity,
            words=event.words or known.words,
            value=event.value,
            error=event.error,
            limit=known.limit if event.limit is None else event.limit,
            open=True,
        )
    if event.what in OVER:
        return msgspec.structs.replace(known, open=False)
    return msgspec.structs.replace(known, acknowledged=True) if event.what is What.ACKNOWLEDGED else known


def is_worse(before: Known | None, after: Known) -> bool:
    """Whether the severity has risen."""
    return before is not None and _RANK[after.severity] > _RANK[before.severity]
