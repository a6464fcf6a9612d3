"""What happens at the plaza besides people walking: when the light, the camera or a thing does something."""

import math
from dataclasses import dataclass
from enum import StrEnum

from passerby.errors import SettingsError


class EventKind(StrEnum):
    """What can happen."""

    LIGHT_SWITCH = "light_switch"
    BUMP = "bump"
    COVER = "cover"
    DEFOCUS = "defocus"
    FREEZE = "freeze"
    BAG_LEFT = "bag_left"
    BAG_THROWN = "bag_thrown"
    SMOKE = "smoke"
    DUSK = "dusk"
    CAR_PASSES = "car_passes"
    BICYCLE_PASSES = "bicycle_passes"


@dataclass(frozen=True)
class Event:
    """Something that happens.

    Attributes:
        kind: What it is.
        at_s: When it begins, in seconds of the clip.
        until_s: When it ends: a lamp is switched back, a cover is taken away, a bag is carried off. Infinite = it stays. A bump stays for good,
            what passes leaves by itself; dusk is darkest at `until_s` and stays so.
    """

    kind: EventKind
    at_s: float
    until_s: float = math.inf

    def __post_init__(self) -> None:
        if not (math.isfinite(self.at_s) and self.at_s >= 0 and self.until_s > self.at_s):
            raise SettingsError(f"event '{self.kind}' from {self.at_s} s to {self.until_s} s", "it begins at 0 s or later, and ends after that")
        if self.kind is EventKind.DUSK and not math.isfinite(self.until_s):
            raise SettingsError("dusk has no end", "say by when it is dark, such as dusk@10-130")

    @classmethod
    def parsed(cls, text: str) -> "Event":
        """The event that `KIND@FROM` or `KIND@FROM-UNTIL` says, in seconds, such as `cover@30-45`. Raises SettingsError."""
        name, _, times = text.partition("@")
        first, dash, last = times.partition("-")
        hint = "expected KIND@SECONDS or KIND@SECONDS-SECONDS, such as cover@30-45"
        try:
            kind = EventKind(name.strip())
        except ValueError as error:
            raise SettingsError(f"there is no event '{name}'", f"known are {', '.join(EventKind)}") from error
        try:
            at_s, until_s = float(first), float(last) if dash else math.inf
        except ValueError as error:
            raise SettingsError(f"event '{text}' has no times that are numbers", hint) from error
        return cls(kind, at_s, until_s)

    def __lt__(self, other: "Event") -> bool:
        """Whether it begins before another one: events are in order in time."""
        return (self.at_s, self.until_s, self.kind) < (other.at_s, other.until_s, other.kind)

    def goes_on(self, time_s: float) -> bool:
        """Whether it has begun and is not over."""
        return self.at_s <= time_s < self.until_s


def of_kind(events: tuple[Event, ...], kind: EventKind) -> tuple[Event, ...]:
    """The events of a kind, in their order in time."""
    return tuple(sorted(event for event in events if event.kind is kind))
