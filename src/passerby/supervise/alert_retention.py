"""How alerts go when they are due: a UTC day at a time, when its first moment is as old as the site file says, whatever the wall clock does (I8)."""

import threading
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path
from typing import Final

from passerby.clock import Clock
from passerby.errors import OutputError, words_of
from passerby.hazards.alert_log import AlertLog, day_of
from passerby.record.machine import Machine
from passerby.record.receipts import ReceiptSink
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.day_ages import DayAges
from passerby.supervise.day_deletion import DayDeleter
from passerby.supervise.journal import Journal

WHY: Final = "retention of alerts"
Elsewhere = Callable[[Callable[[date], bool]], object]
"""Deletes what is kept elsewhere of alerts that were opened on days of which it is told that they are due."""


class AlertRetention:
    """Deletes days of alerts. Used from one thread, but for `note` and `is_due`.

    Args:
        log: The log.
        ages: How old days are.
        retention_s: How long alerts are kept.
        receipts: Where deletions are written down; that follows, where it cannot be done at once.
        clock: Time.
        journal: Is told of deletions.

    Attributes:
        failing: Why something that is due could not be deleted; "" = all was.
    """

    def __init__(self, log: AlertLog, ages: DayAges, retention_s: float, receipts: ReceiptSink, clock: Clock, journal: Journal) -> None:
        self._log, self._ages, self._retention_s, self._clock, self._journal = log, ages, retention_s, clock, journal
        self._deleter = DayDeleter(log, receipts, clock, log.folder, WHY)
        self._desk: AlertDesk | None = None
        self._elsewhere: Elsewhere | None = None
        self._gone: set[date] = set()
        self._lock = threading.Lock()
        self.failing = self._failing_elsewhere = ""

    def attend(self, desk: AlertDesk) -> None:
        """Has a desk told of what is about to be deleted: what still goes on does so as another alert."""
        self._desk = desk
        desk.is_due = self.is_due

    def attend_elsewhere(self, forget_days: Elsewhere) -> None:
        """Has deleted what is kept elsewhere of alerts of days that are due: now, and with each sweep.

        Of a day that has just become due it is deleted a sweep later, so that channels hear that its alerts go on as others.
        """
        self._elsewhere = forget_days
        self._forget_elsewhere(frozenset())

    def is_due(self, day: date) -> bool:
        """Whether a day's alerts are to be deleted, or are deleted already. Of a day that is today again, as the clock was set back, they are not."""
        with self._lock:
            self._ages.tick()
            is_gone = day in self._gone and day != day_of(self._clock.wall_s())
            return is_gone or self._ages.age_s(day) >= self._retention_s

    def note(self, day: date) -> None:
        """Something of a day is about to be kept. One that was deleted, and is today again, from now on goes by its new age."""
        with self._lock:
            self._gone.discard(day)
            self._ages.note(day)

    def configure(self, retention_s: float) -> None:
        """Goes on with another retention."""
        self._retention_s = retention_s

    def sweep(self) -> None:
        """Deletes what is due. Nothing that fails puts that off: a day whose alerts could not be carried over is deleted all the same."""
        with self._lock:
            self._ages.tick()
            due = [day for day in self._log.days() if self._ages.age_s(day) >= self._retention_s]
        self._forget_elsewhere(set(due) - self._gone)
        self._gone |= set(due)
        if self._desk is not None:
            for day in due:
                self._desk.forget(day)
            if due:
                self._desk.flush(at_once=True)
        gone = self._deleter.delete(due)
        with self._lock:
            for day in gone:
                self._ages.forget(day)
        if gone:
            self._journal.info("alerts deleted", first=gone[0].isoformat(), last=gone[-1].isoformat(), days=len(gone))
        self.failing = self._deleter.failing or self._failing_elsewhere

    def _forget_elsewhere(self, but: AbstractSet[date]) -> None:
        self._failing_elsewhere = ""
        if self._elsewhere is None:
            return
        try:
            self._elsewhere(lambda day: day not in but and self.is_due(day))
        except Exception as error:  # noqa: BLE001 - nothing that fails puts off the other deletions
            self._failing_elsewhere = words_of(error)

    def close(self) -> None:
        """Keeps when it was that we last looked."""
        self._deleter.tell_untold()
        with self._lock:
            self._ages.close()


def day_ages(folder: Path, clock: Clock, machine: Machine | None = None) -> DayAges:
    """How old days of alerts are; their folder is made.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made: {error.strerror}", "look at who owns the state folder") from error
    return DayAges(folder, clock, machine)


def kept_alerts(
    folder: Path, retention_s: float, receipts: ReceiptSink, clock: Clock, journal: Journal, machine: Machine | None = None
) -> tuple[AlertDesk, AlertRetention]:
    """The desk of a folder `alerts`, and what deletes in it. What is due is deleted first: nothing that a start may stumble over puts that off.

    Raises:
        OutputError: The folder cannot be made.
    """
    log = AlertLog(folder)
    retention = AlertRetention(log, day_ages(folder, clock, machine), retention_s, receipts, clock, journal)
    retention.sweep()
    desk = AlertDesk(log, clock, journal, retention.note)
    retention.attend(desk)
    return desk, retention
