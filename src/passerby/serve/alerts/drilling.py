"""Exercises: an alert that is marked as one goes the way of all alerts (log, inbox, channels), and closes itself. Nothing has happened."""

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from passerby.clock import Clock
from passerby.errors import AlertError
from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.place import place_of
from passerby.hazards.words import duration
from passerby.site.channels import Channel
from passerby.site.durations import duration_text
from passerby.site.hazards import RESERVED_ID, Hazard
from passerby.site.settings import Site

OVER: Final = "the exercise is over"
Later = Callable[[float, Callable[[], None]], object]
"""Has something done after so many seconds."""


@dataclass(frozen=True, slots=True)
class DrillWish:
    """What is exercised.

    Attributes:
        rule: Id of a rule of the site file, whose alert it looks like; None = the first one.
        severity: How urgent; None = as the rule says.
        lasts_s: After so long it closes itself.
    """

    rule: str | None = None
    severity: Severity | None = None
    lasts_s: float = 30.0


@dataclass(frozen=True, slots=True)
class ToldChannel:
    """A channel, and whether it is to tell of an exercise: why not, or when; "" = at once."""

    channel: str
    but: str = ""


@dataclass(frozen=True, slots=True)
class Drill:
    """An exercise that has begun: the event that opens its alert, and the channels of the site."""

    event: Event
    lasts_s: float
    channels: tuple[ToldChannel, ...]


class Drills:
    """Begins exercises, one at a time. Safe to use from several threads.

    Args:
        put: Takes events that are not of the rules: `HazardThread.put`.
        site: Tells the site as its file says it now.
        clock: Time.
        later: Has something done later; left out: by a timer that does not keep the process alive. What it would have closed, the next start closes.
    """

    def __init__(self, put: Callable[[Iterable[Event]], object], site: Callable[[], Site], clock: Clock, later: Later | None = None) -> None:
        self._put, self._site, self._clock, self._later = put, site, clock, later or _by_timer
        self._lock = threading.Lock()
        self._goes_on = ""

    def begin(self, wish: DrillWish, by: str) -> Drill:
        """Begins an exercise.

        Raises:
            AlertError: There is no such rule, or one goes on already.
        """
        site, now_s = self._site(), self._clock.wall_s()
        hazard, cause = _cause_of(site, wish.rule)
        words = f"Exercise by {by}, nothing has happened. It closes itself after {duration(wish.lasts_s)}."
        event = Event(
            alert=secrets.token_hex(8),
            number=0,
            what=What.OPENED,
            wall_s=now_s,
            cause=cause,
            kind=HazardKind(hazard.kind),
            severity=wish.severity or Severity(hazard.severity),
            words=words,
            exercise=True,
        )
        with self._lock:
            if self._goes_on:
                raise AlertError("an exercise goes on already", "wait until it is over")
            self._goes_on = event.alert
        self._put([event])
        self._later(wish.lasts_s, lambda: self._end(event.alert))
        return Drill(event, wish.lasts_s, tuple(_told(site, channel, event) for channel in site.channels))

    def _end(self, alert: str) -> None:
        now_s = self._clock.wall_s()
        self._put([Event(alert=alert, number=0, what=what, wall_s=now_s, words=OVER) for what in (What.ENDED, What.CLOSED)])
        with self._lock:
            self._goes_on = ""


def _cause_of(site: Site, rule: str | None) -> tuple[Hazard, Cause]:
    """A rule and the cause of its alerts. Raises AlertError."""
    watches_all = (Hazard(id=RESERVED_ID, kind="camera"),)
    known = site.hazards + (watches_all if site.hazard_settings.cameras or not site.hazards else ())
    hazard = known[0] if rule is None else next((one for one in known if one.id == rule), None)
    if hazard is None:
        raise AlertError("there is no such rule", f"rules are {', '.join(one.id for one in known)}")
    camera = hazard.camera or site.cameras[0].id
    place = place_of(site, camera, zone=hazard.zone, line=hazard.line)
    return hazard, Cause(hazard.id, camera, "" if place is None else place.id)


def _told(site: Site, channel: Channel, event: Event) -> ToldChannel:
    """Whether a channel is to tell of an exercise, as the site file says it; who decides is `hazards.channels.routing`."""
    cause, kind, severity = event.cause or Cause("", ""), event.kind, event.severity or Severity.WARNING
    at = datetime.fromtimestamp(event.wall_s, site.zone)
    quiet = any(span.holds(at.weekday(), at.hour * 60 + at.minute) for span in channel.quiet)
    if severity.value not in channel.severities:
        return ToldChannel(channel.id, f"not for severity {severity.value}")
    if channel.hazards and cause.rule not in channel.hazards and kind not in channel.hazards:
        return ToldChannel(channel.id, "not for this rule")
    if channel.cameras and cause.camera not in channel.cameras:
        return ToldChannel(channel.id, "not for this camera")
    if channel.escalate_after_s is not None:
        return ToldChannel(channel.id, f"only if nobody acknowledges it for {duration_text(channel.escalate_after_s)}")
    if What.OPENED.value not in channel.told_of:
        return ToldChannel(channel.id, "does not tell that an alert was opened")
    return ToldChannel(channel.id, "quiet hours: told when they are over" if quiet and severity is not Severity.ALARM else "")


def _by_timer(after_s: float, do: Callable[[], None]) -> None:
    timer = threading.Timer(after_s, do)
    timer.daemon = True
    timer.start()
