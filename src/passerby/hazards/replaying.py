"""A replay: recorded scenes through the rules, second by second, and what would have been told. See docs/design/hazards.md, "Replay".

What rules read off scenes is exactly what they read live. Pulses are never stored: those that rules need are made anew, by counting figures in
zones. A figure stands on a grid, is low-passed, has no number and no speed. So such a rule is told as tried on pulses made anew, and a rule that
needs ways or speeds of people is not tried at all. Nothing here links a figure of one scene to one of another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor, hypot
from typing import Final

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.engine import Engine
from passerby.hazards.kept_alert import Alert, alerts_of
from passerby.hazards.place import Place, place_of
from passerby.hazards.rules.scene_now import SceneNow, inside
from passerby.released.measurement import Pulse, ZonePulse
from passerby.released.messages import SceneMessage
from passerby.released.scene import Kind, Level
from passerby.site.hazards import RESERVED_ID, Hazard
from passerby.site.settings import Site

BEFORE_S: Final = 30.0
"""A clip begins so long before an alert, and ends so long after it."""
SETTLES_S: Final = 60.0
"""Besides a rule's own time: what its windows of the past hold."""
LONGEST_LEAD_S: Final = 3660.0
COUNT_ERROR: Final = (0.5, 0.08)
"""Standard error of a count: persons and share of it, added. With `AREA_ERROR` of the area, as an independent one: as `measure.service` has it."""
AREA_ERROR: Final = 0.05
NEEDS_WAYS: Final = frozenset({"counter-flow", "surge"})
NEEDS_FIGURES: Final = frozenset({"density", "occupancy", "queue", "forbidden"})


class Basis(StrEnum):
    """What a rule was tried on."""

    SCENES = "scenes"
    """Exactly as live."""
    FIGURES = "figures"
    """On pulses that were made anew, by counting figures."""
    NOTHING = "nothing"
    """It cannot be tried on recordings."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule at one place, and whether it can be tried.

    Attributes:
        cause: Rule, camera, place.
        kind: What it looks for.
        basis: What it is tried on.
        why: Why it is not tried, or what is left out of it; "" = nothing.
    """

    cause: Cause
    kind: HazardKind
    basis: Basis
    why: str = ""


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that there would have been. Times are seconds since 1970 UTC.

    Attributes:
        cause: Rule, camera, place.
        severity: The most urgent that it would have become.
        opened_s: When it would have been told.
        ended_s: When the hazard would have been over; None = not before the end of what was replayed.
        lasted_s: From the one to the other, or to the end.
        returns: How often it would have come back within its cool-down.
        peak: The highest value; None = it is no number.
        limit: The limit.
        words: What would have been told at first.
        clip_from_s, clip_to_s: Where to look.
    """

    cause: Cause
    severity: Severity
    opened_s: float
    ended_s: float | None
    lasted_s: float
    returns: int
    peak: float | None
    limit: float | None
    words: str
    clip_from_s: float
    clip_to_s: float


def tried_rules(site: Site, cameras: Iterable[str]) -> tuple[Tried, ...]:
    """All rules of a site, and on what each is tried, where there are recordings of these cameras."""
    recorded = frozenset(cameras)
    found: list[Tried] = []
    for camera in site.cameras:
        for hazard in _rules_of(site, camera.id):
            place = place_of(site, camera.id, zone=hazard.zone, line=hazard.line)
            if place is not None:
                basis, why = _basis(hazard, place)
                if camera.id not in recorded:
                    basis, why = Basis.NOTHING, "there are no recordings of its camera from this time"
                found.append(Tried(Cause(hazard.id, camera.id, place.id), HazardKind(hazard.kind), basis, why))
    return tuple(found)


def lead_s(site: Site) -> float:
    """So long before its beginning a replay has to begin, for its rules to know what they would have known live."""
    longest_s = max((hazard.lasts_s for hazard in site.hazards), default=0.0)
    return min(LONGEST_LEAD_S, max(longest_s, Hazard(id=RESERVED_ID, kind="camera").lasts_s) + SETTLES_S)


class Replay:
    """The rules of a site over recorded scenes.

    Args:
        site: The site, with the rules that are tried.
        tried: Which of them can be.
        areas_m2: Areas of zones on the ground, by camera and zone; those that are missing have no density.

    Attributes:
        events: What would have been told so far.
        pulses: Seconds of zones for which people were counted anew.
    """

    def __init__(self, site: Site, tried: Sequence[Tried], areas_m2: Mapping[tuple[str, str], float]) -> None:
        self.events: list[Event] = []
        self.pulses = 0
        self._engine = Engine(_only(site, tried))
        self._counting = _counting(site, tried, areas_m2)

    @property
    def late(self) -> int:
        """Scenes that belong to a second that was replayed already: the clock had been set back."""
        return self._engine.late

    @property
    def failing(self) -> Mapping[str, str]:
        """Rules that raised, by id: the class of the error."""
        return self._engine.failing

    def accept(self, message: SceneMessage) -> None:
        """Takes a recorded scene; each camera's in their order, and all of a second before it is read."""
        self._engine.accept(message)
        counting = self._counting.get(message.camera)
        if counting is not None:
            counting.accept(message)

    def read(self, second: int) -> None:
        """Reads a second, by its end; each once, in order."""
        for counting in self._counting.values():
            pulse = counting.pulse(second)
            if pulse is not None:
                self.pulses += len(pulse.zones)
                self._engine.accept(pulse)
        self.events += self._engine.tick(float(second))

    def firings(self, from_s: float, to_s: float) -> list[Firing]:
        """The alerts that would have been open in [from_s, to_s), the oldest first."""
        return firings_of(self.events, from_s, to_s)


class Counting:
    """Makes the pulses of one camera's zones anew: figures of persons in each, weighed by how long each scene was shown.

    Args:
        place: The camera.
        zones: Places of the zones.
        areas_m2: Their areas on the ground, by id.
    """

    def __init__(self, place: Place, zones: Iterable[Place], areas_m2: Mapping[str, float]) -> None:
        self._camera, self._zones, self._areas_m2 = place.camera, tuple(zones), areas_m2
        self._scenes = SceneNow(place)

    def accept(self, message: SceneMessage) -> None:
        """Takes a scene; of one that was recorded without figures nothing can be counted."""
        if message.scene.level is Level.GLYPHS:
            self._scenes.accept(message)

    def pulse(self, second: int) -> Pulse | None:
        """The pulse of a second, by its end; None = nothing is known of it."""
        shown = self._scenes.take(second)
        seen_s = sum(held.held_s for held in shown)
        if seen_s <= 0:
            return None
        told = []
        for zone in self._zones:
            counts = [
                (sum(one.kind is Kind.PERSON and inside(zone.polygon, one.x_px, one.y_px) for one in held.scene.glyphs), held.held_s)
                for held in shown
            ]
            people = sum(count * held_s for count, held_s in counts) / seen_s
            per_m2, error = _density(people, self._areas_m2.get(zone.id))
            told.append(ZonePulse(zone.id, people, max(count for count, _ in counts), per_m2, error))
        return Pulse(self._camera, float(second), min(1.0, seen_s), tuple(told))


def firings_of(events: Iterable[Event], from_s: float, to_s: float) -> list[Firing]:
    """What events make of the time [from_s, to_s): the alerts that were open in it, the oldest first."""
    rows: dict[str, list[Event]] = {}
    for event in events:
        if event.wall_s < to_s:
            rows.setdefault(event.alert, []).append(event)
    found = [_firing(alert, rows[alert.id], to_s) for row in rows.values() for alert in alerts_of(row)]
    return sorted((one for one in found if one.ended_s is None or one.ended_s > from_s), key=lambda one: (one.opened_s, one.cause))


def _firing(alert: Alert, events: Sequence[Event], to_s: float) -> Firing:
    end_s = to_s if alert.ended_wall_s is None else alert.ended_wall_s
    return Firing(
        cause=alert.cause,
        severity=alert.severity,
        opened_s=alert.opened_wall_s,
        ended_s=alert.ended_wall_s,
        lasted_s=end_s - alert.opened_wall_s,
        returns=sum(event.what is What.RETURNED for event in events),
        peak=max((event.value for event in events if event.value is not None), default=None),
        limit=alert.limit,
        words=events[0].words,
        clip_from_s=float(floor(alert.opened_wall_s - BEFORE_S)),
        clip_to_s=float(floor(end_s + BEFORE_S)),
    )


def _rules_of(site: Site, camera: str) -> list[Hazard]:
    """The rules that look at a camera; as the engine takes them."""
    of_kind = {hazard.kind for hazard in site.hazards if hazard.camera == camera}
    found = [hazard for hazard in site.hazards if hazard.camera == camera or (hazard.camera is None and hazard.kind not in of_kind)]
    if site.hazard_settings.cameras and all(hazard.kind != "camera" for hazard in found):
        found.append(Hazard(id=RESERVED_ID, kind="camera"))
    return found


def _basis(hazard: Hazard, place: Place) -> tuple[Basis, str]:
    """What a rule can be tried on, and why on nothing, or not on all of it."""
    if hazard.kind in NEEDS_WAYS:
        return Basis.NOTHING, "recordings hold no ways and no speeds of people"
    if hazard.kind == "queue" and hazard.limit is None:
        return Basis.NOTHING, "recordings do not tell how long people wait"
    if place.level is not Level.GLYPHS and (hazard.kind in NEEDS_FIGURES or hazard.kind == "left-object"):
        return Basis.NOTHING, "people can be counted anew at release level glyphs only"
    if hazard.kind == "queue":
        return Basis.FIGURES, "all who are in the zone are taken to wait" + ("; `wait` is not tried" if hazard.wait_s is not None else "")
    return (Basis.FIGURES if hazard.kind in NEEDS_FIGURES else Basis.SCENES), ""


def _only(site: Site, tried: Sequence[Tried]) -> Site:
    """The site with the cameras and rules that are tried, and nothing that recordings cannot tell."""
    causes = [one.cause for one in tried if one.basis is not Basis.NOTHING]
    rules, cameras = {one.rule for one in causes}, {one.camera for one in causes}
    hazards = tuple(hazard.model_copy(update={"wait_s": None}) for hazard in site.hazards if hazard.id in rules)
    return site.model_copy(update={"cameras": tuple(one for one in site.cameras if one.id in cameras), "hazards": hazards})


def _counting(site: Site, tried: Sequence[Tried], areas_m2: Mapping[tuple[str, str], float]) -> dict[str, Counting]:
    zones: dict[str, dict[str, Place]] = {}
    for one in tried:
        zone = place_of(site, one.cause.camera, zone=one.cause.place) if one.basis is Basis.FIGURES else None
        if zone is not None:
            zones.setdefault(one.cause.camera, {})[zone.id] = zone
    found = {}
    for camera, places in zones.items():
        whole = place_of(site, camera)
        if whole is not None:
            areas = {zone: area_m2 for (of, zone), area_m2 in areas_m2.items() if of == camera}
            found[camera] = Counting(whole, places.values(), areas)
    return found


def _density(people: float, area_m2: float | None) -> tuple[float | None, float | None]:
    """Density and its standard error; None = the ground is not known."""
    if not area_m2:
        return None, None
    persons, share = COUNT_ERROR
    return people / area_m2, hypot(persons + share * people, AREA_ERROR * people) / area_m2
