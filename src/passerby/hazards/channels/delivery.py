"""What is told: a delivery is one event of an alert for one channel. Its id lets whoever is told drop what comes twice (invariant I9)."""

from typing import Final

import msgspec

from passerby.errors import PasserbyError
from passerby.hazards.alert import HazardKind, Severity, What

VERSION: Final = 1
"""Of the form in which programs are told."""


class ChannelError(PasserbyError):
    """A channel did not take what it was told. Says why in words of ours: foreign texts quote addresses.

    Args:
        reason: Why, in a few words.
        refused: Whether it was this message that was not taken; another one may be.
    """

    def __init__(self, reason: str, *, refused: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.refused = refused


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event of an alert for one channel. It speaks of places, never of anybody.

    Attributes:
        id: Of this delivery: the same however often it is sent.
        site: Name of the place.
        channel: Id of the channel.
        alert: Id of the alert.
        number: Of the event within its alert.
        what: What happened.
        wall_s: When, seconds since 1970 UTC.
        opened_s: When the alert was opened.
        by: Who: "passerby", or the name of an account.
        rule: Id of the rule.
        kind: What the rule looks for.
        severity: Of the alert as it is with this event.
        camera: Id of the camera; "" = none.
        camera_name: Its name for people.
        place: Id of the zone or line, or of the channel that fails; "" = all that the camera sees.
        words: Explanation, or comment.
        value, error, limit: What was measured, its standard error, and the limit.
        exercise: Nothing happened, this is a drill.
        escalated: It is told because nobody acknowledged the alert in time.
        title, text: The same for people, as the channel's templates say it.
    """

    id: str
    site: str
    channel: str
    alert: str
    number: int
    what: What
    wall_s: float
    opened_s: float
    by: str
    rule: str
    kind: HazardKind
    severity: Severity
    camera: str
    camera_name: str
    place: str
    words: str
    value: float | None = None
    error: float | None = None
    limit: float | None = None
    exercise: bool = False
    escalated: bool = False
    title: str = ""
    text: str = ""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a program is told in one message: deliveries in their order. Fields may be added; none is taken away or changed."""

    passerby: int = VERSION
    deliveries: tuple[Delivery, ...] = ()


def delivery_id(alert: str, number: int, channel: str) -> str:
    """The id of a delivery."""
    return f"{alert}-{number}-{channel}"


def encoded(delivery: Delivery) -> bytes:
    """The delivery as JSON."""
    return msgspec.json.encode(delivery)


def decoded(data: bytes) -> Delivery:
    """The delivery of what `encoded` wrote.

    Raises:
        ValueError: It is none.
    """
    return msgspec.json.decode(data, type=Delivery)
