"""The thread that watches for hazards: it hands the rules what they hear, reads them second by second, and has written down and told what they say.

Whoever hands a message in never waits: messages wait in queues of bounded size (`heard_queue`), older ones are dropped, counted and said. Rules are
read just after each whole second, of the second that ended `LAG_S` ago, and see messages by their own times: a replay gives what live gave. The wall
clock may be set: what the rules heard before says nothing then, and they begin anew with the alerts that stand.

What fails is said and touches nothing else: a rule (the engine goes on with the others), a disk, a listener, a day that cannot be deleted.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec

from passerby.clock import Clock
from passerby.errors import OutputError, words_of
from passerby.hazards.alert import Event, HazardKind, Severity
from passerby.hazards.outbox import ChannelHealth
from passerby.hazards.standing import Standing
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import CameraHealth, SceneMessage
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.alert_retention import AlertRetention, Elsewhere
from passerby.supervise.heard_queue import HeardQueue
from passerby.supervise.journal import Journal
from passerby.supervise.telling import Listener, Telling

Heard = SceneMessage | Pulse | Measurement | CameraHealth
LAG_S: Final = 1.0
"""So much after its end a second is read."""
AFTER_S: Final = 0.01
STEP_S: Final = 2.0
"""A wall clock that goes so far ahead of the running one, or behind it, was set."""
AHEAD_S: Final = 5.0
LATE_S: Final = 60.0
"""Scenes and pulses of other times than these are not believed."""
MOST_OTHERS: Final = 10_000
"""Events that wait and are not of the engine."""
SWEEP_EVERY_S: Final = 30.0
SAY_EVERY_S: Final = 60.0
"""Drops are said no more often than this."""


class Rules(Protocol):
    """What reads rules: `hazards.engine.Engine`, or a stand-in. Used from one thread."""

    def resume(self, standing: Iterable[Standing]) -> None:
        """Goes on with alerts of before."""
        ...

    def follow(self, site: Site) -> None:
        """Goes on with what a changed site file says."""
        ...

    def begin_anew(self, cameras: Iterable[str]) -> None:
        """Says that the workers of these cameras are started anew on purpose: that nothing comes is no fault of theirs."""
        ...

    def accept(self, message: Heard, at_wall_s: float | None = None) -> None:
        """Hears a message; `at_wall_s`: when it came in."""
        ...

    def tick(self, wall_s: float) -> list[Event]:
        """What follows from all seconds that have ended by then and were not read yet."""
        ...

    @property
    def failing(self) -> Mapping[str, str]:
        """Rules that raised of late, by id: the class of the error."""
        ...


@dataclass(frozen=True, slots=True)
class HazardHealth:
    """How watching for hazards is.

    Attributes:
        alive: Whether the thread lives.
        ticked_ago_s: Seconds since the rules were last read.
        failing: What is wrong, in words; "" = nothing is.
        dropped: Messages that the rules did not hear, by camera.
        waiting: Events that wait to be written down.
        written: Events that were written down since the start.
        lost: Events that never will be.
        untold: Events that a listener has not taken yet.
        open: Alerts that are not closed, by severity; exercises are left out.
        unacknowledged: Those of them that nobody has taken notice of.
        opened: Alerts that were opened since the start, by kind and by the severity that they had then; exercises are left out.
        channels: How the channels are that tell of them.
    """

    alive: bool
    ticked_ago_s: float
    failing: str = ""
    dropped: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    written: int = 0
    lost: int = 0
    untold: int = 0
    open: Mapping[Severity, int] = field(default_factory=dict)
    unacknowledged: int = 0
    opened: Mapping[tuple[HazardKind, Severity], int] = field(default_factory=dict)
    channels: tuple[ChannelHealth, ...] = ()


class HazardThread:
    """Watches for hazards in a thread of its own.

    Args:
        site: The site.
        rules_of: Makes what reads its rules.
        desk: Where alerts are kept. What it kept before is taken over here.
        retention: Deletes alerts that are due; None = nothing does.
        clock: Time.
        journal: Is told of failures, once when they begin and once when they end.
        listeners: Are told of events, in order; `listen` adds more before the start.

    Attributes:
        desk: Where alerts are kept.
    """

    def __init__(
        self,
        site: Site,
        rules_of: Callable[[Site], Rules],
        desk: AlertDesk,
        retention: AlertRetention | None,
        clock: Clock,
        journal: Journal,
        listeners: Iterable[Listener] = (),
    ) -> None:
        self._site, self._rules_of, self.desk, self._retention = site, rules_of, desk, retention
        self._clock, self._journal = clock, journal
        self._tellings = [Telling(listener, clock) for listener in listeners]
        self._listeners_failing: list[Callable[[], str]] = []
        self._channels: Callable[[], tuple[ChannelHealth, ...]] = tuple
        self._wake = threading.Condition()
        self._cameras = _cameras_of(site)
        self._heard: dict[tuple[str, type[Heard]], HeardQueue] = {}
        self._others: deque[Event] = deque()
        self._dropped, self._dropped_said, self._said_at_s = Counter[str](), 0, -SAY_EVERY_S
        self._changed: Site | None = None
        self._anew: set[str] = set()
        self._failing: dict[str, str] = {}
        self._ending = self._is_due = False
        self._rules: Rules | None = None
        self._offset_s = clock.wall_s() - clock.monotonic_s()
        self._ticked_at_s = clock.monotonic_s()
        self._swept_at_s = -SWEEP_EVERY_S
        self._thread = threading.Thread(target=self._run, name="hazards", daemon=True)
        desk.restore()
        desk.wake = self.wake

    def listen(self, listener: Listener, failing: Callable[[], str] = str, forget_days: Elsewhere | None = None) -> None:
        """Adds a listener; before the start.

        Args:
            listener: Is told of events.
            failing: Says what is wrong with it, in words, beside what it raises; "" = nothing is.
            forget_days: Deletes what it keeps of alerts that are due.
        """
        self._tellings.append(Telling(listener, self._clock))
        self._listeners_failing.append(failing)
        if self._retention is not None and forget_days is not None:
            self._retention.attend_elsewhere(forget_days)

    def show_channels(self, channels: Callable[[], tuple[ChannelHealth, ...]]) -> None:
        """Has `health` say how channels are, too; before the start. What is called must wait for nothing."""
        self._channels = channels

    def start(self) -> None:
        """Starts the thread."""
        self._ticked_at_s = self._clock.monotonic_s()
        self._thread.start()

    def accept(self, message: Heard) -> None:
        """Hands a message to the rules; never blocks. Of each camera the newest wait, and of older scenes those that tell something."""
        now_s = self._clock.wall_s()
        if message.camera not in self._cameras or not _is_of_now(message, now_s):
            return
        if isinstance(message, SceneMessage) and message.scene.patches:
            # No rule looks at the plate, and plates are large.
            message = msgspec.structs.replace(message, scene=msgspec.structs.replace(message.scene, patches=()))
        kind = type(message)
        with self._wake:
            waiting = self._heard.get((message.camera, kind))
            if waiting is None:
                waiting = self._heard[message.camera, kind] = HeardQueue(kind)
            dropped = waiting.put(now_s, message)
            if dropped:
                self._dropped[message.camera] += dropped

    def put(self, events: Iterable[Event]) -> None:
        """Takes events that do not come from the rules: of a channel that fails, of an exercise. Never blocks."""
        with self._wake:
            for event in events:
                if len(self._others) < MOST_OTHERS:
                    self._others.append(event)
                else:
                    self._dropped[""] += 1
        self.wake()

    def follow(self, site: Site) -> None:
        """Goes on with what a changed site file says, within a second."""
        with self._wake:
            self._changed, self._cameras = site, _cameras_of(site)
            if self._retention is not None:
                self._retention.configure(site.hazard_settings.retention_s)
        self.wake()

    def begin_anew(self, cameras: Iterable[str]) -> None:
        """Says that the workers of these cameras are started anew on purpose."""
        with self._wake:
            self._anew |= set(cameras)

    def wake(self) -> None:
        """Has the thread do at once what is due."""
        with self._wake:
            self._is_due = True
            self._wake.notify()

    def health(self) -> HazardHealth:
        """How watching is."""
        desk = self.desk
        alerts = [alert for alert in desk.open() if not alert.exercise]
        said = [failing() for failing in self._listeners_failing]
        with self._wake:
            told = {f"listener {number}": one.failing for number, one in enumerate(self._tellings)}
            failing = "; ".join(words for words in (*self._failing.values(), desk.failing, *told.values(), *said) if words)
            return HazardHealth(
                alive=self._thread.is_alive(),
                ticked_ago_s=self._clock.monotonic_s() - self._ticked_at_s,
                failing=failing,
                dropped=dict(self._dropped),
                waiting=desk.waiting,
                written=desk.written,
                lost=desk.lost + sum(one.lost for one in self._tellings),
                untold=sum(one.waiting for one in self._tellings),
                open={severity: sum(alert.severity is severity for alert in alerts) for severity in Severity},
                unacknowledged=sum(not alert.acknowledged_by for alert in alerts),
                opened=desk.opened,
                channels=self._channels(),
            )

    def stop(self, within_s: float) -> bool:
        """Reads the rules once more, writes down and tells what there is; whether all was written down, in time."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._thread.ident is None:
            self._close()
        else:
            self._thread.join(within_s)
        return not self._thread.is_alive() and not self.desk.waiting

    def step(self) -> None:
        """Does what is due."""
        self._guarded("rules", self._read_rules)
        self._guarded("others", self._take_others)
        self.desk.flush()
        events = self.desk.to_tell()
        for telling in self._tellings:
            telling.tell(events)
        now_s = self._clock.monotonic_s()
        if self._retention is not None and now_s - self._swept_at_s >= SWEEP_EVERY_S:
            self._swept_at_s = now_s
            self._guarded("retention", self._sweep)
        self._say_drops(now_s)
        self._ticked_at_s = self._clock.monotonic_s()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._ending and not self._is_due:
                    self._wake.wait(self._pause_s())
                self._is_due = False
                if self._ending:
                    break
            self._guarded("other", self.step)
        self._guarded("other", self._close)

    def _pause_s(self) -> float:
        """Until just after the next whole second of the wall clock."""
        return 1.0 - self._clock.wall_s() % 1.0 + AFTER_S

    def _close(self) -> None:
        self.step()
        self.desk.flush(at_once=True)
        if self._retention is not None:
            self._retention.close()

    def _read_rules(self) -> None:
        """Hands the rules what came in, and reads the seconds that are due."""
        now_s = self._clock.wall_s()
        rules = self._rules_now(now_s)
        with self._wake:
            changed, self._changed = self._changed, None
            anew, self._anew = self._anew, set()
            heard, self._heard = self._heard, {}
        if changed is not None:
            self._site = changed
            self._guarded("follow", lambda: rules.follow(changed))
        try:
            if anew:
                rules.begin_anew(anew)
            for waiting in heard.values():
                for at_s, message in waiting:
                    rules.accept(message, at_s)
            self.desk.take(rules.tick(now_s - LAG_S))
        except Exception:
            self._rules = None  # nobody knows what state they are in: they begin anew, with the alerts that stand
            raise
        failing = rules.failing
        words = ", ".join(f"'{rule}' ({error})" for rule, error in sorted(failing.items()))
        self._say("rule", f"rules that fail: {words}" if words else "")

    def _rules_now(self, now_s: float) -> Rules:
        """What reads the rules; new ones after the start, and after the clock was set."""
        offset_s = now_s - self._clock.monotonic_s()
        stepped_s, self._offset_s = offset_s - self._offset_s, offset_s
        if abs(stepped_s) > STEP_S and self._rules is not None:
            self._journal.warning("the clock was set: the rules begin anew", seconds=round(stepped_s, 1))
            self._rules = None
        if self._rules is None:
            rules = self._rules_of(self._site)
            rules.resume(self.desk.resume())
            self._rules = rules
        return self._rules

    def _take_others(self) -> None:
        with self._wake:
            events, self._others = list(self._others), deque()
        if events:
            self.desk.take(events)

    def _sweep(self) -> None:
        if self._retention is None:
            return
        self._retention.sweep()
        if self._retention.failing:
            raise OutputError(self._retention.failing)

    def _say_drops(self, now_s: float) -> None:
        dropped = self._dropped.total()
        if dropped > self._dropped_said and now_s - self._said_at_s >= SAY_EVERY_S:
            self._journal.warning("the rules did not hear all messages: they are behind", dropped=dropped - self._dropped_said)
            self._dropped_said, self._said_at_s = dropped, now_s

    def _guarded(self, what: str, step: Callable[[], object]) -> None:
        """Does a step. What fails is told; the thread goes on."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the life of the thread is supervised here
            self._say(what, words_of(error))
        else:
            self._say(what, "")

    def _say(self, what: str, words: str) -> None:
        with self._wake:
            was, self._failing[what] = self._failing.get(what, ""), words
        if words and words != was:
            self._journal.error("watching for hazards failed", part=what, why=words)
        elif was and not words:
            self._journal.info("watching for hazards works again", part=what)


def _cameras_of(site: Site) -> frozenset[str]:
    return frozenset(camera.id for camera in site.cameras)


def _is_of_now(message: Heard, now_s: float) -> bool:
    """Whether it can be of a time that the rules still read, or will read soon."""
    match message:
        case SceneMessage():
            return now_s - LATE_S <= message.captured_wall_s <= now_s + AHEAD_S
        case Pulse():
            return now_s - LATE_S <= message.wall_s <= now_s + AHEAD_S
        case _:
            return True
