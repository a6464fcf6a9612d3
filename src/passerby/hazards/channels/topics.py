"""The topics at a broker, and what Home Assistant is told of them.

    <topic>/status                              online or offline, retained; offline is also the broker's word when we are gone
    <topic>/events                              each delivery as JSON, with `event_type`
    <topic>/hazards/<rule>/<camera>/<place>     {"state": "ON", ...}, retained: how it is now; `_` stands for no camera or the whole picture
    homeassistant/<component>/<node>/<object>/config   discovery, retained: a binary sensor for each of the above, an event entity for all

MQTT discovery of Home Assistant, with one message a component, as every version of it takes it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from passerby.hazards.alert import Cause, HazardKind, Severity, What
from passerby.hazards.channels.announced import Announced
from passerby.hazards.channels.delivery import Delivery, delivery_id
from passerby.hazards.channels.known import OpenAlert
from passerby.site.templates import one_line

DISCOVERY: Final = "homeassistant"
ONLINE: Final = "online"
OFFLINE: Final = "offline"
NONE: Final = "_"
TOLD: Final = tuple(what.value for what in What if what is not What.TOLD)
STATES: Final = frozenset({What.OPENED, What.UPDATED, What.ENDED, What.RETURNED, What.CLOSED})
"""What may change how a place is. What somebody said or did about an alert does not."""
_PROBLEMS: Final = frozenset({HazardKind.CAMERA, HazardKind.CHANNEL})


@dataclass(frozen=True, slots=True)
class Message:
    """A message for the broker."""

    topic: str
    payload: bytes
    retain: bool = False


class Topics:
    """The topics of a site at a broker.

    Args:
        prefix: What all of ours begin with.
        site: Name of the place.
        channel: Id of the channel.
    """

    def __init__(self, prefix: str, site: str, channel: str) -> None:
        self._prefix, self._site, self._channel = prefix, site, channel
        self._node = f"passerby_{hashlib.sha256(prefix.encode()).hexdigest()[:8]}"
        self.status = f"{prefix}/status"
        self.events = f"{prefix}/events"

    def state_topic(self, cause: Cause) -> str:
        """Where the state of a cause is told."""
        return f"{self._prefix}/hazards/{cause.rule}/{cause.camera or NONE}/{cause.place or NONE}"

    def event(self, delivery: Delivery) -> Message:
        """The delivery as an event."""
        body = {"event_type": delivery.what.value, **msgspec.to_builtins(delivery)}
        return Message(self.events, msgspec.json.encode(body))

    def on(self, one: OpenAlert) -> Message:
        """The state of a cause of which an alert goes on."""
        known, told = one.known, delivery_id(one.alert, one.number, self._channel)
        facts = _facts(one.alert, known.severity, one_line(known.words), known.value, known.limit, known.opened_s, told)
        return Message(self.state_topic(known.cause), msgspec.json.encode({"state": "ON", **facts}), retain=True)

    def off(self, cause: Cause, last: Delivery | None = None) -> Message:
        """The state of a cause of which no alert goes on; with what was told of it last."""
        facts = {} if last is None else _facts(last.alert, last.severity, last.words, last.value, last.limit, last.opened_s, last.id)
        return Message(self.state_topic(cause), msgspec.json.encode({"state": "OFF", **facts}), retain=True)

    def discovery(self, announced: Announced) -> Message:
        """What Home Assistant is told of a cause."""
        cause = announced.cause
        thing = f"{cause.rule}_{cause.camera or NONE}_{cause.place or NONE}"
        topic = self.state_topic(cause)
        config = {
            "name": announced.name,
            "unique_id": f"{self._node}_{thing}",
            "state_topic": topic,
            "value_template": "{{ value_json.state }}",
            "json_attributes_topic": topic,
            "device_class": "problem" if announced.kind in _PROBLEMS else "safety",
            **self._common(),
        }
        return Message(f"{DISCOVERY}/binary_sensor/{self._node}/{thing}/config", msgspec.json.encode(config), retain=True)

    def events_discovery(self) -> Message:
        """What Home Assistant is told of the events."""
        config = {"name": "Alerts", "unique_id": f"{self._node}_events", "state_topic": self.events, "event_types": list(TOLD), **self._common()}
        return Message(f"{DISCOVERY}/event/{self._node}/events/config", msgspec.json.encode(config), retain=True)

    def _common(self) -> dict[str, Any]:
        return {
            "availability_topic": self.status,
            "payload_available": ONLINE,
            "payload_not_available": OFFLINE,
            "device": {"identifiers": [self._node], "name": f"Passerby: {self._site}", "manufacturer": "Passerby"},
            "origin": {"name": "Passerby"},
        }


def _facts(alert: str, severity: Severity, words: str, value: float | None, limit: float | None, since_s: float, told: str) -> dict[str, Any]:
    return {"alert": alert, "severity": severity.value, "words": words, "value": value, "limit": limit, "since_s": since_s, "id": told}
