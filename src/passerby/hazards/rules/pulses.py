"""The newest seconds of one zone, as pulses tell them."""

from collections import deque
from typing import Final, NamedTuple

from passerby.hazards.rules.rule import Heard
from passerby.released.measurement import Pulse, ZonePulse

GOOD_S: Final = 2.0
"""A pulse stands for its second and for the next one: pulses come 0.6 s late, and a look later than that."""
LEAST_COVERED: Final = 0.25
"""A second of which less was seen says nothing."""


class Told(NamedTuple):
    """A second of a zone, by its end."""

    wall_s: float
    zone: ZonePulse


class ZonePulses:
    """Keeps a zone's pulses of the last `span_s` seconds."""

    def __init__(self, zone: str, span_s: float = GOOD_S) -> None:
        self._zone, self._span_s = zone, span_s
        self._told: deque[Told] = deque()

    def accept(self, message: Heard) -> None:
        """Takes a pulse; other messages are none of its business."""
        if not isinstance(message, Pulse) or message.covered < LEAST_COVERED:
            return
        found = next((zone for zone in message.zones if zone.zone == self._zone), None)
        if found is None:
            return
        if self._told and message.wall_s <= self._told[-1].wall_s:
            return  # a second is told once
        self._told.append(Told(message.wall_s, found))
        while self._told[0].wall_s <= message.wall_s - self._span_s:
            self._told.popleft()

    def newest(self, second: int) -> ZonePulse | None:
        """What the zone is in a second; None = not known."""
        if not self._told or self._told[-1].wall_s <= second - GOOD_S:
            return None
        return self._told[-1].zone

    def last(self, second: int) -> list[Told]:
        """All of the span that ends with a second, oldest first."""
        return [one for one in self._told if one.wall_s > second - self._span_s]
