"""A delivery out of an event: who is meant by which name, and what the channel's templates make of it. What names hold is put into one line."""

from typing import Final

import msgspec

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.channels.delivery import Delivery, delivery_id
from passerby.hazards.channels.known import Known
from passerby.site.channels import FIELDS, Channel
from passerby.site.durations import duration_text
from passerby.site.settings import Site
from passerby.site.templates import one_line, template_of
from passerby.site.times import text_of

EXERCISE: Final = "EXERCISE: "
MOST_TITLE: Final = 200
MOST_TEXT: Final = 3000


def delivery_of(site: Site, channel: Channel, known: Known, event: Event) -> Delivery:
    """What a channel tells of an event.

    Args:
        site: The site.
        channel: The channel.
        known: What is known of the alert with this event.
        event: The event.
    """
    cause = known.cause
    named = {camera.id: camera.title for camera in site.cameras}
    plain = Delivery(
        id=delivery_id(event.alert, event.number, channel.id),
        site=one_line(site.name),
        channel=channel.id,
        alert=event.alert,
        number=event.number,
        what=event.what,
        wall_s=event.wall_s,
        opened_s=known.opened_s,
        by=one_line(event.by),
        rule=one_line(cause.rule),
        kind=known.kind,
        severity=known.severity,
        camera=one_line(cause.camera),
        camera_name=one_line(named.get(cause.camera, cause.camera)),
        place=one_line(cause.place),
        words=one_line(event.words or known.words),
        value=known.value,
        error=known.error,
        limit=known.limit,
        exercise=known.exercise,
    )
    return worded(site, channel, plain)


def escalated(site: Site, channel: Channel, known: Known, alert: str, number: int, wall_s: float) -> Delivery:
    """What a channel of escalation tells: the alert as it is now, and that nobody has acknowledged it."""
    event = Event(alert=alert, number=number, what=What.OPENED, wall_s=wall_s, words=known.words)
    plain = delivery_of(site, channel, known, event)
    words = f"{plain.words}; nobody has acknowledged it for {duration_text(channel.escalate_after_s or 0.0)}"
    return worded(site, channel, msgspec.structs.replace(plain, words=one_line(words), escalated=True))


def trial(site: Site, channel: Channel, alert: str, wall_s: float) -> Delivery:
    """What `passerby channels test` tells: marked as an exercise."""
    known = _trial_of(wall_s)
    event = Event(alert=alert, number=0, what=What.OPENED, wall_s=wall_s, words=known.words)
    return delivery_of(site, channel, known, event)


def worded(site: Site, channel: Channel, delivery: Delivery) -> Delivery:
    """The delivery with the title and text of the channel's templates."""
    values = {
        "site": delivery.site,
        "channel": one_line(channel.label),
        "what": delivery.what.value,
        "severity": delivery.severity.value,
        "kind": delivery.kind.value,
        "hazard": delivery.rule,
        "camera": delivery.camera_name,
        "place": delivery.place,
        "words": delivery.words,
        "value": "" if delivery.value is None else f"{delivery.value:g}",
        "limit": "" if delivery.limit is None else f"{delivery.limit:g}",
        "when": text_of(delivery.wall_s, site.zone),
        "by": delivery.by,
        "id": delivery.id,
    }
    drill = EXERCISE if delivery.exercise else ""
    title = one_line(drill + template_of(channel.title, FIELDS).filled(values), MOST_TITLE).rstrip(" ,:")
    text = drill + template_of(channel.template, FIELDS).filled(values)
    return msgspec.structs.replace(delivery, title=title, text=text[:MOST_TEXT])


def _trial_of(wall_s: float) -> Known:
    return Known(
        cause=Cause("test", "", ""),
        kind=HazardKind.CHANNEL,
        severity=Severity.NOTICE,
        opened_s=wall_s,
        exercise=True,
        words="nothing happened: somebody tries this channel",
    )
