"""Events of alerts, for tests: of the rules, numbered or not, with every part replaceable."""

from collections.abc import Iterable
from typing import Any, Final

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.standing import Standing
from passerby.site.settings import Site

NOON: Final = 1_795_435_200.0
"""2026-11-23 12:00 UTC."""
STAIRS: Final = Cause("crowd", "gate", "stairs")
ALERT: Final = "00000000000000a1"


def opens(at_s: float = 0.0, alert: str = ALERT, cause: Cause = STAIRS, **more: Any) -> Event:
    """An alert is opened, `at_s` after noon."""
    values: dict[str, Any] = {
        "kind": HazardKind.DENSITY,
        "severity": Severity.WARNING,
        "value": 2.9,
        "error": 0.3,
        "limit": 2.5,
        "words": "crowded",
    } | more
    return Event(alert=alert, number=0, what=What.OPENED, wall_s=NOON + at_s, cause=cause, **values)


def says(what: What, at_s: float = 0.0, alert: str = ALERT, **more: Any) -> Event:
    """Something else happens to it. The rules count otherwise than the book does."""
    return Event(alert=alert, number=999, what=what, wall_s=NOON + at_s, **more)


def goes_on(at_s: float = 0.0, value: float | None = 2.9, alert: str = ALERT, **more: Any) -> Event:
    """It goes on."""
    return says(What.UPDATED, at_s, alert, value=value, **more)


class ToldRules:
    """Rules that say what a test has them say.

    Attributes:
        heard: What they heard, with when it came in.
        ticks: The times that they were read at.
        resumed: What they were to go on with, one list for each time.
        say: What they say next.
        fails: What they raise.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[object, float | None]] = []
        self.ticks: list[float] = []
        self.resumed: list[list[Standing]] = []
        self.say: list[Event] = []
        self.fails: Exception | None = None
        self.failing: dict[str, str] = {}
        self.sites: list[Site] = []
        self.anew: list[set[str]] = []

    def resume(self, standing: Iterable[Standing]) -> None:
        self.resumed.append(list(standing))

    def follow(self, site: Site) -> None:
        self.sites.append(site)

    def begin_anew(self, cameras: Iterable[str]) -> None:
        self.anew.append(set(cameras))

    def accept(self, message: object, at_wall_s: float | None = None) -> None:
        self.heard.append((message, at_wall_s))

    def tick(self, wall_s: float) -> list[Event]:
        self.ticks.append(wall_s)
        if self.fails is not None:
            raise self.fails
        said, self.say = self.say, []
        return said
