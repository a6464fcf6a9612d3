"""Where rules and people meet: takes what the rules say and what people do, has it written down, and hands on what may be told (invariant I9).

What somebody does is written down first; where that fails, it is refused. What the rules say holds at once, for whoever looks: a hazard does not wait
for a disk. What cannot be written down waits in memory, in order, is bounded, is said, and is tried again ever less often; it is told all the same
after a few seconds: that a disk is full shall not keep anybody from being warned.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from passerby.clock import Clock
from passerby.errors import AlertError, InputError, OutputError
from passerby.hazards.alert import Event, HazardKind, Severity, What
from passerby.hazards.alert_log import AlertLog, Line, day_of
from passerby.hazards.book import Book
from passerby.hazards.kept_alert import Alert, alerts_of
from passerby.hazards.standing import Standing
from passerby.supervise.journal import Journal

MOST_WAITING: Final = 20_000
"""Events that wait to be written down."""
BATCH: Final = 2000
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 30.0
TOLD_UNWRITTEN_S: Final = 5.0
"""What could not be written down for so long is told all the same."""
TOLD_AGAIN_S: Final = 86400.0
"""After a restart, listeners are told again of what happened to alerts within this time: they may not have heard of it."""
MOST_TOLD_AGAIN: Final = 10_000
LEAST: Final = frozenset({What.UPDATED, What.TOLD})
"""What is given up first where there is no room."""


class AlertDesk:
    """The alerts of a running site. Safe to use from several threads; nobody who only reads waits for the disk.

    Args:
        log: Where events are kept.
        clock: Time.
        journal: Is told what cannot be read or written.
        note_day: Is told of each day of which something is about to be written.
        book: The book; a new one if left out.

    Attributes:
        log: As given.
        wake: Is called after something was done.
        is_due: Says of a day whether its alerts are to be deleted, or are deleted already: nobody can act on those.
    """

    def __init__(self, log: AlertLog, clock: Clock, journal: Journal, note_day: Callable[[date], object] = bool, book: Book | None = None) -> None:
        self.log, self._clock, self._journal, self._note_day = log, clock, journal, note_day
        self._book = Book() if book is None else book
        self._writing = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: deque[tuple[float, Line]] = deque()
        self._ahead = 0
        self._tell: deque[Event] = deque()
        self._again_s = self._pause_s = 0.0
        self._failing, self._lost, self._written = "", 0, 0
        self._opened = Counter[tuple[HazardKind, Severity]]()
        self.wake: Callable[[], object] = bool
        self.is_due: Callable[[date], bool] = lambda _: False

    def restore(self) -> None:
        """Takes over what the log says, before anything else. A day that cannot be read is said and left out."""
        now_s = self._clock.wall_s()
        again: deque[Event] = deque(maxlen=MOST_TOLD_AGAIN)
        try:
            days = self.log.days()
        except OSError as error:
            days = []
            self._journal.error("the alerts of before cannot be read", why=error.strerror or "failed")
        for day in days:
            try:
                events = self.log.events(day)
            except InputError as error:
                self._journal.error("alerts of before cannot be read", day=day.isoformat(), why=str(error))
                continue
            alerts = alerts_of(events)
            recent = {event.alert for event in events if event.wall_s >= now_s - TOLD_AGAIN_S}
            wanted = {alert.id for alert in alerts if not alert.is_closed or alert.id in recent}
            again += [event for event in events if event.alert in wanted]
            with self._lock:
                lines = self._book.restore(alerts)
            self._put_off(lines)
        with self._lock:
            self._tell.extendleft(reversed(again))

    # What is read

    def find(self, alert: str) -> Alert | None:
        """The alert of that id; None = there is none. May read the log.

        Raises:
            InputError: The log cannot be read.
        """
        with self._lock:
            found = self._book.get(alert)
        if found is not None:
            return found
        kept = self.log.find(alert)
        return None if kept is None else kept[0]

    def open(self) -> list[Alert]:
        """The alerts that are not closed, in no order."""
        with self._lock:
            return self._book.open()

    def days(self) -> list[date]:
        """Days of which there are alerts. Raises OSError."""
        kept = set(self.log.days())
        with self._lock:
            kept |= {day_of(alert.opened_wall_s) for alert in self._book.all()}
        return sorted(kept)

    def of_day(self, day: date) -> list[Alert]:
        """The alerts that were opened on a UTC day, the newest first, as they are now.

        Raises:
            InputError: The log cannot be read.
        """
        kept = {alert.id: alert for alert in self.log.alerts(day)}
        with self._lock:
            kept |= {alert.id: alert for alert in self._book.all() if day_of(alert.opened_wall_s) == day}
        return sorted(kept.values(), key=lambda alert: (alert.opened_wall_s, alert.id), reverse=True)

    def standing(self, *, of_channels: bool = False) -> list[Standing]:
        """What its rules are not done with; `of_channels`: what channels are not."""
        with self._lock:
            return self._book.standing(of_channels=of_channels)

    def resume(self) -> list[Standing]:
        """What rules that begin anew go on with: from now on they call alerts by these ids."""
        with self._writing, self._lock:
            return self._book.resume()

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._book.version

    @property
    def waiting(self) -> int:
        """How many events wait to be written down."""
        return len(self._waiting)

    @property
    def written(self) -> int:
        """How many events were written down since the start."""
        return self._written

    @property
    def opened(self) -> Mapping[tuple[HazardKind, Severity], int]:
        """How many alerts were opened since the start, by kind and by the severity that they had then, without exercises."""
        with self._lock:
            return dict(self._opened)

    @property
    def lost(self) -> int:
        """How many events could not be written down, and never will be."""
        return self._lost

    @property
    def failing(self) -> str:
        """Why nothing can be written down, in words; "" = it can."""
        return self._failing

    # What the rules say

    def take(self, events: Iterable[Event]) -> None:
        """Takes what rules say: it holds at once, and waits to be written down."""
        with self._writing:
            lines: list[Line] = []
            with self._lock:
                for event in events:
                    taken = self._book.take(event)
                    lines += taken
                    self._opened.update(
                        (line.event.kind, line.event.severity)
                        for line in taken
                        if line.event.what is What.OPENED and line.event.kind and line.event.severity and not line.event.exercise
                    )
            self._put_off(lines)

    def told(self, alert: str, channel: str, words: str) -> None:
        """Takes what a channel says of an alert; of one that is not at hand any more, it is left out."""
        with self._writing:
            with self._lock:
                found = self._book.get(alert)
                if found is None:
                    return
                event = self._book.told(found, channel, self._clock.wall_s(), words)
                self._book.apply(found, event)
            self._put_off([Line(found.opened_wall_s, event)])

    def forget(self, day: date) -> None:
        """A day is about to be deleted: what goes on does so as another alert."""
        with self._writing:
            with self._lock:
                due = [alert.id for alert in self._book.all() if day_of(alert.opened_wall_s) == day]
                lines = self._book.forget(due, self._clock.wall_s())
            self._put_off(lines)

    def flush(self, *, at_once: bool = False) -> bool:
        """Writes down what waits; whether all of it is. After a failure it is tried again ever less often, unless `at_once`."""
        if not self._waiting:
            return True
        if not at_once and self._clock.monotonic_s() < self._again_s:
            return False
        with self._writing:
            try:
                self._write_waiting()
            except OutputError:
                return False
        return True

    def to_tell(self) -> list[Event]:
        """The events that may be told by now, in order, each once."""
        late_s = self._clock.monotonic_s() - TOLD_UNWRITTEN_S
        with self._lock:
            events = list(self._tell)
            self._tell.clear()
            while self._ahead < len(self._waiting) and self._waiting[self._ahead][0] <= late_s:
                events.append(self._waiting[self._ahead][1].event)
                self._ahead += 1
        return [event for event in events if event.what is not What.TOLD]

    # What people do

    def act(self, alert: str, what: What, by: str, words: str = "", saw: Severity | None = None) -> Alert:
        """Does what somebody asks for, once it is written down; the alert then. What is so already stays as it is.

        Args:
            alert: Id of the alert.
            what: ACKNOWLEDGED, COMMENTED or CLOSED.
            by: Who.
            words: What they say.
            saw: How urgent it was when they looked; None = that is not known.

        Raises:
            AlertError: There is no such alert, or it cannot be done, or the alert is more urgent by now than what they saw.
            InputError: The log cannot be read.
            OutputError: It could not be written down: it is refused.
        """
        kept = self.find(alert)  # which may read all of the log: what is written meanwhile does not wait for that
        with self._writing:
            found = self._book.get(alert) or kept
            if found is None or self.is_due(day_of(found.opened_wall_s)):
                raise AlertError("there is no such alert", "it may have been deleted, when it was due")
            event = self._book.act(found, what, by, self._clock.wall_s(), words, saw)
            if event is None:
                return found
            line = Line(found.opened_wall_s, event)
            self._write_waiting(line)
            with self._lock:
                self._book.apply(found, event)
                self._tell.append(event)
                now = self._book.get(alert) or found
        self.wake()
        return now

    def _write_waiting(self, more: Line | None = None) -> None:
        """Writes down what waits, and one more line after it; of a day that is due by now nothing. `_writing` is held. Raises OutputError."""
        try:
            while self._waiting or more is not None:
                with self._lock:
                    batch = [self._waiting[number][1] for number in range(min(BATCH, len(self._waiting)))]
                due = {day for day in {day_of(line.opened_wall_s) for line in batch} if self.is_due(day)}
                lines = [line for line in batch if day_of(line.opened_wall_s) not in due]
                if more is not None and len(batch) == len(self._waiting):
                    lines, more = [*lines, more], None
                for day in {day_of(line.opened_wall_s) for line in lines}:
                    self._note_day(day)
                if lines:
                    self.log.append(lines)
                with self._lock:
                    for line in batch:
                        self._waiting.popleft()
                        if self._ahead:
                            self._ahead -= 1
                        else:
                            self._tell.append(line.event)
                    self._written += len(lines)
        except OutputError as error:
            self._pause_s = min(LONGEST_RETRY_S, max(FIRST_RETRY_S, 2 * self._pause_s))
            self._again_s = self._clock.monotonic_s() + self._pause_s
            self._say(str(error))
            raise
        self._again_s = self._pause_s = 0.0
        self._say("")

    def _put_off(self, lines: Iterable[Line]) -> None:
        """Has lines wait to be written down; `_writing` is held: an event's number is drawn and its place taken in one go."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            for line in lines:
                if len(self._waiting) >= MOST_WAITING and not self._make_room(line):
                    self._lost += 1
                    self._tell.append(line.event)
                else:
                    self._waiting.append((now_s, line))

    def _make_room(self, line: Line) -> bool:
        """Whether there is room for a line: the oldest that says little goes for one that says more."""
        if line.event.what in LEAST:
            return False
        for number, (_, other) in enumerate(self._waiting):
            if other.event.what in LEAST:
                del self._waiting[number]
                self._ahead -= number < self._ahead
                self._lost += 1
                return True
        return False

    def _say(self, words: str) -> None:
        was, self._failing = self._failing, words
        if words and not was:
            self._journal.error("alerts cannot be written down", why=words)
        elif was and not words:
            self._journal.info("alerts can be written down again")
