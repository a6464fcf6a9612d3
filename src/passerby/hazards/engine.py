"""The rules of a site at work: messages in, events out, second by second. Deterministic: the same messages and seconds give the same events.

Rules are read once for each whole second of wall time, and have then heard what belongs to it or to earlier ones. A message that comes after its
second was read is heard with the next one. So a replay over recordings gives what live gave, but for messages that came late (`late` counts them).

    engine = Engine(site)
    engine.resume(book.standing())           # before the first message, after a restart or a step of the clock
    engine.accept(message, clock.wall_s())   # as they come
    events = engine.tick(clock.wall_s() - LAG_S)   # once a second, best just after a whole second

One thread uses an engine. What people do about an alert it need not know. Numbers of events count what the engine says of an alert; `book` has the
last word on numbers and ids.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor
from typing import Final

from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.holding import Holding, Stage, Step, Terms
from passerby.hazards.inbox import Inbox
from passerby.hazards.place import Place, place_of
from passerby.hazards.reading import UNKNOWN, Reading
from passerby.hazards.rules.kinds import rule_of
from passerby.hazards.rules.rule import Heard, Rule
from passerby.hazards.schedule import Schedule
from passerby.hazards.standing import Standing
from passerby.hazards.words import Explaining
from passerby.site.hazards import RESERVED_ID, Hazard
from passerby.site.settings import Site

LAG_S: Final = 1.0
"""So much after its end a second is read: pulses come 0.6 s late, scenes as late as the gate is."""
MOST_CAUGHT_UP_S: Final = 120
"""After a longer pause the seconds between are not read: nobody knows what was then."""
FAILING_S: Final = 60
"""So long after it raised a rule is said to fail."""
GONE: Final = "the rule is gone"
OFF_HOURS: Final = "outside of the rule's hours"


@dataclass(slots=True)
class _Watched:
    """A rule at one place, and the alert of its cause."""

    hazard: Hazard
    place: Place
    cause: Cause
    rule: Rule
    holding: Holding
    schedule: Schedule
    explaining: Explaining
    alert: str = ""
    number: int = 0
    in_force: bool = True

    @property
    def severity(self) -> Severity:
        return Severity.ALARM if self.holding.is_alarm else Severity(self.hazard.severity)


class Engine:
    """The rules of one site.

    Args:
        site: The site: its rules, and where they are.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._watched: dict[Cause, _Watched] = {}
        self._of_camera: dict[str, list[_Watched]] = {}
        self._gone: list[_Watched] = []
        self._orphans: list[Standing] = []
        self._resumed: list[Standing] = []
        self._inbox = Inbox()
        self._second: int | None = None
        self._failing: dict[Cause, tuple[str, int]] = {}
        self.follow(site)

    @property
    def failing(self) -> Mapping[str, str]:
        """Rules that raised of late, by id: the class of the error. They are read on; the second in which they raised is not known."""
        return {cause.rule: error for cause, (error, _) in self._failing.items()}

    @property
    def late(self) -> int:
        """Messages that came after their second was read."""
        return self._inbox.late

    @property
    def dropped(self) -> int:
        """Messages that were too many."""
        return self._inbox.dropped

    def follow(self, site: Site) -> None:
        """Goes on with what a changed site file says. A rule that is unchanged, at a place that is unchanged, goes on as if nothing had been.

        A rule that is changed goes on with its alert. Of one that is gone, the next `tick` ends and closes the alert.
        """
        before, self._watched = self._watched, {}
        renamed = site.place.time_zone != self._site.place.time_zone
        self._site = site
        for hazard, place in _rules(site):
            cause = Cause(hazard.id, place.camera, place.id)
            old = before.pop(cause, None)
            if old is not None and old.hazard == hazard and old.place == place and not renamed:
                self._watched[cause] = old
                continue
            if old is not None and old.hazard.kind != hazard.kind:
                before[cause], old = old, None
            self._watched[cause] = self._taken_over(hazard, place, cause, old)
        self._gone += [one for one in before.values() if one.holding.stage is not Stage.IDLE]
        self._of_camera = {}
        for one in self._watched.values():
            self._of_camera.setdefault(one.place.camera, []).append(one)
        self._inbox.follow(self._of_camera)
        self._failing = {cause: failure for cause, failure in self._failing.items() if cause in self._watched}

    def resume(self, standing: Iterable[Standing]) -> None:
        """Goes on with alerts of before a restart. Of causes that no rule knows any more, the next `tick` says that they are closed."""
        self._resumed += standing

    def begin_anew(self, cameras: Iterable[str]) -> None:
        """Says that these cameras are started anew on purpose: for a while no pictures come, and nobody need be told. Open alerts stay open."""
        for camera in cameras:
            for one in self._of_camera.get(camera, ()):
                one.rule = rule_of(one.hazard, one.place)

    def accept(self, message: Heard, at_wall_s: float | None = None) -> None:
        """Takes a message. `at_wall_s`: when it came in, for those that do not say when they were (`CameraHealth`)."""
        self._inbox.put(message, at_wall_s)

    def tick(self, wall_s: float) -> list[Event]:
        """What follows from all seconds that have ended by this wall time and were not read yet."""
        end = floor(wall_s)
        first = self._second is None
        if self._second is None or end - self._second > MOST_CAUGHT_UP_S:
            self._forget_readings(end, first=first)
            self._second = end - 1
        events = [*self._take_up(end)] if self._resumed else []
        for second in range(self._second + 1, end + 1):
            self._second = second
            events += self._read(second)
        return events

    def _taken_over(self, hazard: Hazard, place: Place, cause: Cause, old: _Watched | None) -> _Watched:
        """A rule anew; with the alert of the one that it replaces."""
        terms = _terms(hazard)
        holding = Holding(terms)
        if old is not None:
            holding = old.holding
            holding.terms = terms
        schedule, explaining = Schedule(hazard.hours, self._site.zone), Explaining(hazard, place, self._site.zone)
        watched = _Watched(hazard, place, cause, rule_of(hazard, place), holding, schedule, explaining)
        if old is not None:
            watched.alert, watched.number = old.alert, old.number
        return watched

    def _forget_readings(self, end: int, *, first: bool) -> None:
        """Begins anew after a pause: what rules heard before it says nothing of now."""
        if not first:
            for one in self._watched.values():
                one.rule = rule_of(one.hazard, one.place)
        self._inbox.begin(end - 1)

    def _take_up(self, end: int) -> Iterator[Event]:
        """Finds the rules of alerts of before; closes those that have none."""
        resumed, self._resumed = self._resumed, []
        for one in resumed:
            watched = self._watched.get(one.cause)
            if watched is None or watched.hazard.kind != one.kind or watched.holding.stage is not Stage.IDLE:
                yield Event(alert=one.alert, number=0, what=What.CLOSED, wall_s=float(end), words=GONE)
                continue
            watched.alert, watched.number = one.alert, 0
            changed_s = min(one.changed_wall_s, end - 1)
            began_s = min(one.opened_wall_s, changed_s)
            watched.holding.take_up(began_s=began_s, last_s=changed_s, ended=not one.over, alarm=one.severity is Severity.ALARM)

    def _read(self, second: int) -> list[Event]:
        for one in self._watched.values():
            self._follow_hours(one, second)
        for message in self._inbox.due(second):
            for one in self._of_camera.get(message.camera, ()):
                if one.in_force:
                    self._hand(one, message)
        events = []
        gone, self._gone = self._gone, []
        for one in gone:
            events += [self._event(one, second, step, GONE) for step in one.holding.drop(second, UNKNOWN)]
        for one in self._watched.values():
            if one.in_force:
                events += [self._event(one, second, step) for step in one.holding.feed(second, self._reading(one, second))]
            else:
                events += [self._event(one, second, step, OFF_HOURS) for step in one.holding.leave(second, UNKNOWN)]
        return events

    def _follow_hours(self, one: _Watched, second: int) -> None:
        """A rule hears nothing outside of its hours, and begins them knowing nothing."""
        before, one.in_force = one.in_force, one.schedule.in_force(second - 1)
        if before and not one.in_force:
            one.rule = rule_of(one.hazard, one.place)

    def _hand(self, one: _Watched, message: Heard) -> None:
        try:
            one.rule.accept(message)
        except Exception as error:  # noqa: BLE001 - a fault in one rule may not silence the others; it is said
            self._fail(one, error)

    def _reading(self, one: _Watched, second: int) -> Reading:
        try:
            reading = one.rule.read(second)
        except Exception as error:  # noqa: BLE001 - as above
            self._fail(one, error)
            return UNKNOWN
        if one.cause in self._failing and second - self._failing[one.cause][1] > FAILING_S:
            del self._failing[one.cause]
        return reading

    def _fail(self, one: _Watched, error: Exception) -> None:
        """Says that a rule raised; what it knew is gone."""
        self._failing[one.cause] = type(error).__name__, self._second or 0
        one.rule = rule_of(one.hazard, one.place)

    def _event(self, one: _Watched, second: int, step: Step, words: str = "") -> Event:
        if step.what is What.OPENED:
            one.alert, one.number = _alert_id(one.cause, second), 0
        number, one.number = one.number, one.number + 1
        says = words or one.explaining.of(step)
        if step.what in (What.ENDED, What.CLOSED):
            return Event(alert=one.alert, number=number, what=step.what, wall_s=float(second), words=says)
        opens, reading = step.what is What.OPENED, step.reading
        return Event(
            alert=one.alert,
            number=number,
            what=step.what,
            wall_s=float(second),
            cause=one.cause if opens else None,
            kind=HazardKind(one.hazard.kind) if opens else None,
            severity=one.severity if opens or step.alarm else None,
            value=reading.value,
            error=reading.error,
            limit=reading.limit,
            words=says,
        )


def _rules(site: Site) -> Iterator[tuple[Hazard, Place]]:
    """The rules of a site and where each is: one of its file, or the one that watches over a camera of which the file says nothing."""
    watched: set[str] = set()
    for hazard in site.hazards:
        cameras = [one.id for one in site.cameras] if hazard.camera is None else [hazard.camera]
        own = {one.camera for one in site.hazards if one.kind == hazard.kind and one.camera} if hazard.camera is None else set()
        for camera in cameras:
            place = place_of(site, camera, zone=hazard.zone, line=hazard.line)
            if place is not None and camera not in own:
                watched |= {camera} if hazard.kind == "camera" else set()
                yield hazard, place
    if site.hazard_settings.cameras:
        default = Hazard(id=RESERVED_ID, kind="camera")
        for one in site.cameras:
            place = place_of(site, one.id)
            if place is not None and one.id not in watched:
                yield default, place


def _terms(hazard: Hazard) -> Terms:
    """When its alert opens and ends. Kinds that measure over their own time (`rules.kinds`) are there at once."""
    lasts_s = 0.0 if hazard.facts.measures_over_time else hazard.lasts_s
    return Terms(lasts_s, hazard.clear_for_s, hazard.cool_down_s, hazard.alarm_limit)


def _alert_id(cause: Cause, second: int) -> str:
    """An id of 16 hexadecimal digits; the same in a replay."""
    said = "\0".join((cause.rule, cause.camera, cause.place, str(second)))
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
