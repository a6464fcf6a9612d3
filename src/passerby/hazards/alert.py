"""An alert: one cause at one place, from its opening to its close, with what people did about it. It speaks of places, never of anybody.

Everything that happens to an alert is an `Event`; an alert is what its events, in their order, make of it (`book`). Events are what is written down.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

MOST_WORDS: Final = 500
"""No explanation, comment or name is longer."""


class HazardKind(StrEnum):
    """What a rule looks for."""

    DENSITY = "density"
    OCCUPANCY = "occupancy"
    COUNTER_FLOW = "counter-flow"
    SURGE = "surge"
    FORBIDDEN = "forbidden"
    STATIC = "static"
    LEFT_OBJECT = "left-object"
    QUEUE = "queue"
    CAMERA = "camera"
    CHANNEL = "channel"
    """A channel that fails: nobody is told by it."""


class Severity(StrEnum):
    """How urgent it is: `notice` for the record, `warning` for who is on duty, `alarm` for now."""

    NOTICE = "notice"
    WARNING = "warning"
    ALARM = "alarm"


class Cause(msgspec.Struct, frozen=True, array_like=True, order=True):
    """What an alert is of: one is open for each cause, however often it is found anew.

    Attributes:
        rule: Id of the rule.
        camera: Id of the camera; "" = none, as of a channel.
        place: Id of the zone or line; "" = all that the camera sees. Of a channel: its id.
    """

    rule: str
    camera: str
    place: str = ""


class What(StrEnum):
    """What happened to an alert."""

    OPENED = "opened"
    UPDATED = "updated"
    """It got worse, or goes on; told not more often than once in 10 seconds."""
    ENDED = "ended"
    """The hazard is over; within the rule's cool-down it may come back as the same alert."""
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    COMMENTED = "commented"
    CLOSED = "closed"
    """By somebody, or by itself after the cool-down."""
    TOLD = "told"
    """A channel has delivered it, or has given it up (`words` says which)."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that happened to an alert.

    Attributes:
        alert: Id of the alert: 16 hexadecimal digits, drawn when it is opened.
        number: Of the event within its alert, from 0: what is told twice arrives once (invariant I9).
        what: What happened.
        wall_s: When, seconds since 1970 UTC: of the evidence, or of what somebody did.
        by: Who: "passerby", or the name of an account.
        cause, kind, severity: With OPENED only.
        value, error, limit: With OPENED, UPDATED, RETURNED: what was measured, its standard error, and the limit; None = it is not a number.
        words: Explanation, comment, or what a channel said.
        exercise: With OPENED: nothing happened, this is a drill.
        channel: With TOLD.
    """

    alert: str
    number: int
    what: What
    wall_s: float
    by: str = "passerby"
    cause: Cause | None = None
    kind: HazardKind | None = None
    severity: Severity | None = None
    value: float | None = None
    error: float | None = None
    limit: float | None = None
    words: str = ""
    exercise: bool = False
    channel: str = ""
