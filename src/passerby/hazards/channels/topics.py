"""The topics at a broker, and what Home Assistant is told of them.

    <topic>/status                              online or offline, retained; offline is also the broker's word when we are gone
    <topic>/events                              each delivery as JSON, with `event_type`
    <topic>/hazards/<rule>/<camera>/<place>     {"state": "ON", ...}, retained; `_` stands for no camera or the whole picture
    homeassistant/<component>/<node>/<object>/config   discovery, retained: a binary sensor for each of the above, an event entity for all

MQTT discovery of Home Assistant, with one message a component, as every version of it takes it.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from passerby.hazards.alert import Cause, HazardKind, What
from passerby.hazards.channels.announced import Announced
from passerby.hazards.channels.delivery import Delivery

DISCOVERY: Final = "homeassistant"
ONLINE: Final = "online"
OFFLINE: Final = "offline"
NONE: Final = "_"
TOLD: Final = tuple(what.value for what in What if what is not What.TOLD)
OVER: Final = frozenset({What.ENDED, What.CLOSED})
STATES: Final = OVER | {What.OPENED, What.UPDATED, What.RETURNED}
"""What says how a place is. What somebody said or did about an alert does not: the hazard may be over."""
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
    """

    def __init__(self, prefix: str, site: str) -> None:
        self._prefix, self._site = prefix, site
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

    def state(self, delivery: Delivery) -> Message | None:
        """The state of the delivery's cause, as it is with it; None = it says nothing of that, or is a drill, which neither raises nor clears it."""
        if delivery.exercise or delivery.what not in STATES:
            return None
        over = delivery.what in OVER
        facts = {
            "state": "OFF" if over else "ON",
            "alert": delivery.alert,
            "severity": delivery.severity.value,
            "words": delivery.words,
            "value": delivery.value,
            "limit": delivery.limit,
            "since_s": delivery.opened_s,
            "id": delivery.id,
        }
        return Message(self.state_topic(Cause(delivery.rule, delivery.camera, delivery.place)), msgspec.json.encode(facts), retain=True)

    def nothing(self, cause: Cause) -> Message:
        """The state of a cause of which there is no alert."""
        return Message(self.state_topic(cause), msgspec.json.encode({"state": "OFF"}), retain=True)

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
