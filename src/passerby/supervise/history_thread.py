"""The thread that keeps measurements, with a queue of bounded size before it.

Whoever measures never waits. What is queued is kept in batches, in order; a batch that could not be kept (a full disk, a failing one) stays at the
head of the queue and is tried again, ever less often. What does not fit into the queue meanwhile is lost, is counted and is said. Lines are set
aside here and compacted in a process of its own; nothing waits for it. What is due is deleted without waiting for anything (invariant I8).
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from passerby.clock import Clock
from passerby.errors import OutputError, words_of
from passerby.released.measurement import Measurement
from passerby.store.layout import day_of
from passerby.supervise.day_ages import DayAges
from passerby.supervise.day_deletion import DayDeleter
from passerby.supervise.journal import Journal

MOST_MEASUREMENTS: Final = 20_000
"""In the queue: 40 minutes of 500 cameras."""
MOST_BYTES: Final = 48 * 1024 * 1024
BATCH: Final = 1000
TICK_S: Final = 1.0
COMPACT_EVERY_S: Final = 3600.0
SWEEP_EVERY_S: Final = 30.0
INTERRUPT_EVERY_S: Final = 1.0
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0
MEASUREMENT_BYTES: Final = 512
PART_BYTES: Final = 700
CELL_BYTES: Final = 32
"""What a measurement, a zone or line, and a cell of heat are taken to need."""


class Keeper(Protocol):
    """What keeps measurements: `store.history.History`, or a stand-in. Called from one thread at a time."""

    def add(self, measurements: list[Measurement]) -> None:
        """Keeps measurements for good.

        Raises:
            OutputError: They could not all be kept.
        """
        ...

    def set_aside(self) -> list[date]:
        """Sets lines aside, to be compacted; the days of which there are some.

        Raises:
            OutputError: It could not be done.
        """
        ...

    def days(self) -> list[date]:
        """Days of which there is anything."""
        ...

    def tidy(self) -> None:
        """Deletes what processes left that ended while they worked.

        Raises:
            OutputError: Some of it could not be deleted.
        """
        ...


class Compactor(Protocol):
    """What compacts, in a process of its own."""

    def compact(self) -> str:
        """Compacts what was set aside; why that could not be done, in words; "" = it was."""
        ...

    def interrupt(self) -> None:
        """Ends it at once, where it is under way. Nothing is lost by that."""
        ...

    def stop(self) -> None:
        """Ends it for good."""
        ...


@dataclass(frozen=True, slots=True)
class HistoryHealth:
    """How keeping measurements is.

    Attributes:
        waiting: Measurements in the queue.
        kept: Measurements that were kept since the start.
        lost: Measurements that could not be kept, by camera.
        failing: What is wrong, in words; "" = nothing is.
        alive: Whether the thread lives.
        ticked_ago_s: Seconds since it last did what is due.
        days: Days of which there are measurements.
    """

    waiting: int
    kept: int
    lost: dict[str, int]
    failing: str
    alive: bool
    ticked_ago_s: float
    days: int


class HistoryThread:
    """Keeps measurements in a thread of its own.

    Args:
        keeper: Keeps them.
        ages: How old days are.
        deleter: Deletes days.
        compactor: Compacts.
        retention_s: How long measurements are kept; a day is deleted when its first minute is as old.
        clock: Time.
        journal: Is told of failures, once when they begin and once when they end.
    """

    def __init__(
        self, keeper: Keeper, ages: DayAges, deleter: DayDeleter, compactor: Compactor, retention_s: float, clock: Clock, journal: Journal
    ) -> None:
        self._keeper, self._ages, self._deleter, self._compactor = keeper, ages, deleter, compactor
        self._retention_s, self._clock, self._journal = retention_s, clock, journal
        self._wake = threading.Condition()
        self._queue: deque[Measurement] = deque()
        self._bytes = 0
        self._ending = False
        self._kept, self._lost = 0, Counter[str]()
        self._failing = {"keep": "", "compact": "", "delete": "", "other": ""}
        self._days = 0
        self._retry_at_s = self._retry_s = 0.0
        self._swept_at_s = self._compacted_at_s = -COMPACT_EVERY_S
        self._ticked_at_s = self._tick_begun_s = clock.monotonic_s()
        self._compacting: threading.Thread | None = None
        self._interrupted = False
        self._undeletable: set[date] = set()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def delete_due(self) -> None:
        """Deletes what is due, before the thread is started: nothing that a start may stumble over puts that off (invariant I8)."""
        self._guarded("delete", self._sweep)

    def put(self, measurement: Measurement) -> None:
        """Queues a measurement; never blocks for longer than another takes to be queued."""
        size = _size_bytes(measurement)
        with self._wake:
            if len(self._queue) < MOST_MEASUREMENTS and self._bytes + size <= MOST_BYTES:
                self._queue.append(measurement)
                self._bytes += size
                self._wake.notify()
                return
            self._lost[measurement.camera] += 1

    def configure(self, retention_s: float) -> None:
        """Goes on with another retention."""
        with self._wake:
            self._retention_s = retention_s
            self._swept_at_s = -SWEEP_EVERY_S
            self._wake.notify()

    def health(self) -> HistoryHealth:
        """How keeping measurements is."""
        with self._wake:
            failing = "; ".join(words for words in self._failing.values() if words)
            if not failing and self._deleter.untold:
                failing = f"{self._deleter.untold} receipts of deletions cannot be written yet"
            ago_s = self._clock.monotonic_s() - self._ticked_at_s
            return HistoryHealth(len(self._queue), self._kept, dict(self._lost), failing, self._thread.is_alive(), ago_s, self._days)

    def stop(self, within_s: float) -> bool:
        """Keeps what is queued, as far as that can be done at once; whether all of it was kept, in time."""
        self._compactor.stop()
        with self._wake:
            self._ending = True
            self._wake.notify()
        if self._thread.ident is None:
            self._close()
        else:
            self._thread.join(within_s)
        return not self._thread.is_alive() and not self._queue

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._ending and not self._is_due():
                    self._wake.wait(TICK_S / 2)
                if self._ending:
                    break
            self._guarded("other", self._step)
        self._guarded("other", self._close)

    def _is_due(self) -> bool:
        """Whether there is something that can be kept now."""
        return bool(self._queue) and self._clock.monotonic_s() >= self._retry_at_s

    def _step(self) -> None:
        if self._is_due():
            self._keep()
        now_s = self._clock.monotonic_s()
        if now_s - self._tick_begun_s >= TICK_S or self._swept_at_s < 0:
            self._tick_begun_s = now_s
            self._tick(now_s)

    def _close(self) -> None:
        while self._queue and self._keep():
            pass
        self._deleter.tell_untold()
        self._ages.close()
        compacting = self._compacting
        if compacting is not None:
            compacting.join()

    def _keep(self) -> bool:
        """Keeps the oldest of the queue; whether that worked."""
        with self._wake:
            batch = [self._queue[number] for number in range(min(BATCH, len(self._queue)))]
        for day in {day_of(one.minute_wall_s) for one in batch}:
            self._ages.note(day)
        if not self._guarded("keep", lambda: self._keeper.add(batch)):
            self._retry_s = min(LONGEST_RETRY_S, max(FIRST_RETRY_S, 2 * self._retry_s))
            self._retry_at_s = self._clock.monotonic_s() + self._retry_s
            return False
        self._retry_s = self._retry_at_s = 0.0
        with self._wake:
            for _ in batch:
                self._bytes -= _size_bytes(self._queue.popleft())
            self._kept += len(batch)
        return True

    def _tick(self, now_s: float) -> None:
        self._ages.tick()
        if now_s - self._swept_at_s >= SWEEP_EVERY_S or self._swept_at_s < 0:
            self._swept_at_s = now_s
            self._guarded("delete", self._sweep)
        if now_s - self._compacted_at_s >= COMPACT_EVERY_S and self._compacting is None:
            self._compacted_at_s = now_s
            self._guarded("compact", self._compact)
        self._ticked_at_s = self._clock.monotonic_s()

    def _sweep(self) -> None:
        """Deletes what is due. Where that is compacted just now, compacting ends and begins anew later."""
        days = self._keeper.days()
        due = [day for day in days if self._ages.age_s(day) >= self._retention_s]
        compacting = self._compacting
        if set(due) - self._undeletable and compacting is not None:
            self._interrupted = True
            self._compactor.interrupt()
            while compacting.is_alive():
                compacting.join(INTERRUPT_EVERY_S)
                self._compactor.interrupt()  # it may have come before there was anything to interrupt
        gone = self._deleter.delete(due)
        self._undeletable = set(due) - set(gone)  # for them no compaction is given up again
        for day in gone:
            self._ages.forget(day)
        if gone:
            self._journal.info("measurements deleted", first=gone[0].isoformat(), last=gone[-1].isoformat(), days=len(gone))
        self._days = len(days) - len(gone)
        self._keeper.tidy()
        if self._deleter.failing:
            raise OutputError(self._deleter.failing)

    def _compact(self) -> None:
        if not self._keeper.set_aside():
            self._works("compact")
        else:
            self._interrupted = False
            self._compacting = threading.Thread(target=self._compact_aside, name="compacting", daemon=True)
            self._compacting.start()

    def _compact_aside(self) -> None:
        """Waits, in a thread of its own, for the process that compacts."""
        try:
            why = self._compactor.compact()
        except Exception as error:  # noqa: BLE001 - the life of the thread is supervised here
            why = words_of(error)
        if not why:
            self._works("compact")
        elif not self._ending and not self._interrupted:
            self._fail("compact", why)
        self._compacting = None

    def _guarded(self, what: str, step: Callable[[], object]) -> bool:
        """Whether a step worked. What fails is told; the thread goes on."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the life of the thread is supervised here
            self._fail(what, words_of(error))
        else:
            if what != "compact":  # that it was begun does not say that it works
                self._works(what)
            return True
        return False

    def _fail(self, what: str, words: str) -> None:
        with self._wake:
            new, self._failing[what] = words != self._failing[what], words
        if new:
            self._journal.error("keeping measurements failed", why=words)

    def _works(self, what: str) -> None:
        with self._wake:
            was, self._failing[what] = self._failing[what], ""
        if was:
            self._journal.info("keeping measurements works again")


def _size_bytes(measurement: Measurement) -> int:
    cells = 0 if measurement.heat is None else len(measurement.heat.person_s)
    return MEASUREMENT_BYTES + PART_BYTES * (len(measurement.zones) + len(measurement.lines)) + CELL_BYTES * cells
