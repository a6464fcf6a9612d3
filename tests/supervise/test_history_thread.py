"""Keeping measurements: nobody waits, nothing is lost that fits, what is due goes, and all that fails is said."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError, ReceiptError
from passerby.record.receipts import Act, Receipt
from passerby.released.measurement import Measurement
from passerby.store.answers import answer
from passerby.store.buckets import Every
from passerby.store.history import History
from passerby.store.question import Question, Table
from passerby.supervise.day_ages import DayAges
from passerby.supervise.day_deletion import DayDeleter
from passerby.supervise.history_thread import BATCH, COMPACT_EVERY_S, LONGEST_RETRY_S, MOST_BYTES, MOST_MEASUREMENTS, SWEEP_EVERY_S, HistoryThread
from passerby.supervise.kept_history import CompactorProcess, history_thread
from tests.support.journals import KeptJournal
from tests.support.measured import DAY_S, minute
from tests.support.small_disk import said_on_disk

WITHIN_S = 20.0
YEAR_S = 365 * 86400.0


class Keeper:
    """Keeps what it is given; waits at a gate, and fails, if it is told to."""

    def __init__(self, days: tuple[date, ...] = ()) -> None:
        self.kept: list[Measurement] = []
        self.open, self.entered = threading.Event(), threading.Event()
        self.open.set()
        self.fails: Exception | None = None
        self.tries = 0
        self.there = list(days)
        self.aside: list[date] = []
        self.deleted: list[date] = []
        self.undeletable = False
        self.tidied = 0
        self.changed = threading.Condition()

    def add(self, measurements: list[Measurement]) -> None:
        self.entered.set()
        self.open.wait(WITHIN_S)
        with self.changed:
            self.tries += 1
            self.changed.notify_all()
            if self.fails is not None:
                raise self.fails
            self.kept += measurements

    def set_aside(self) -> list[date]:
        return self.aside

    def days(self) -> list[date]:
        return list(self.there)

    def tidy(self) -> None:
        self.tidied += 1

    def delete(self, day: date) -> int:
        if self.undeletable:
            raise OutputError(f"the measurements of {day} cannot be deleted")
        self.there.remove(day)
        with self.changed:
            self.deleted.append(day)
            self.changed.notify_all()
        return 1


class Compactor:
    """Compacts nothing, and takes as long as it is told to."""

    def __init__(self) -> None:
        self.says, self.kills = "", 0
        self.go_on, self.entered, self.interrupted = threading.Event(), threading.Event(), threading.Event()
        self.go_on.set()

    def compact(self) -> str:
        before = self.kills
        self.entered.set()
        self.go_on.wait(WITHIN_S)
        return self.says if self.kills == before else "it was killed"  # to delete what it holds: that is no failure

    def interrupt(self) -> None:
        self.kills += 1
        self.interrupted.set()
        self.go_on.set()

    def stop(self) -> None:
        self.go_on.set()


class Receipts:
    """Keeps receipts, or refuses them."""

    def __init__(self) -> None:
        self.written: list[Receipt] = []
        self.refuses = False

    def write(self, receipt: Receipt) -> None:
        if self.refuses:
            raise ReceiptError("the disk is full")
        self.written.append(receipt)


class Parts:
    """A thread and all around it."""

    def __init__(self, folder: Path, days: tuple[date, ...] = (), retention_s: float = 2 * YEAR_S) -> None:
        self.clock = SimulatedClock(DAY_S)
        self.keeper, self.compactor, self.receipts, self.journal = Keeper(days), Compactor(), Receipts(), KeptJournal()
        self.deleter = DayDeleter(self.keeper, self.receipts, self.clock, folder)
        self.thread = HistoryThread(
            self.keeper, DayAges(folder, self.clock, Running(self.clock)), self.deleter, self.compactor, retention_s, self.clock, self.journal
        )

    def until(self, condition: Callable[[], bool]) -> None:
        """Waits for the thread to come to it."""
        waiting = threading.Event()
        for _ in range(int(WITHIN_S / 0.02)):
            if condition():
                return
            waiting.wait(0.02)
        raise AssertionError("it did not come to that")

    @contextmanager
    def running(self) -> Iterator[HistoryThread]:
        self.thread.start()
        try:
            yield self.thread
        finally:
            self.keeper.open.set()
            self.compactor.go_on.set()
            self.thread.stop(WITHIN_S)
            assert not self.thread.health().alive


class Running:
    """A machine that runs by the simulated clock."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock

    def boot_id(self) -> str:
        return "this"

    def running_s(self) -> float:
        return self._clock.monotonic_s()


def at(number: int, **more: Any) -> Measurement:
    return minute(DAY_S + 60 * number, **more)


def test_measurements_are_kept_in_their_order_and_what_is_queued_at_the_end_too(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    with parts.running() as thread:
        for number in range(3 * BATCH):
            thread.put(at(number))
    assert [one.minute_wall_s for one in parts.keeper.kept] == [DAY_S + 60 * number for number in range(3 * BATCH)]
    assert parts.thread.health().kept == 3 * BATCH
    assert parts.thread.health().lost == {}


def test_a_disk_that_hangs_holds_up_nobody_and_fills_no_more_than_the_queue(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.keeper.open.clear()
    small = Measurement("gate", DAY_S, 60.0)
    with parts.running() as thread:
        for _ in range(MOST_MEASUREMENTS + 7):
            thread.put(small)
        assert thread.health().waiting == MOST_MEASUREMENTS
        assert thread.health().lost == {"gate": 7}
        assert parts.keeper.entered.wait(WITHIN_S)
    assert len(parts.keeper.kept) == MOST_MEASUREMENTS


def test_the_queue_is_bounded_by_bytes_too(tmp_path: Path) -> None:
    thread = Parts(tmp_path).thread
    large = at(0)
    for _ in range(MOST_BYTES // (352 * 32)):
        thread.put(large)
    assert thread.health().lost["gate"] > 0
    assert thread.health().waiting * 352 * 32 <= MOST_BYTES


def test_what_could_not_be_kept_is_tried_again_ever_less_often_and_kept_once(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.keeper.fails = OutputError("the disk is full")
    with parts.running() as thread:
        thread.put(at(0))
        waits = []
        for tries in range(1, 9):
            parts.until(lambda tries=tries: parts.keeper.tries >= tries)  # type: ignore[misc]
            parts.until(lambda: thread._retry_at_s > parts.clock.monotonic_s())
            waits.append(thread._retry_at_s - parts.clock.monotonic_s())
            if tries == 8:
                parts.keeper.fails = None
            parts.clock.sleep(waits[-1])
        parts.until(lambda: thread.health().kept == 1)
        assert thread.health().failing == ""
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_RETRY_S, LONGEST_RETRY_S]
    assert parts.keeper.kept == [at(0)]
    assert parts.journal.of("keeping measurements failed") == [{"why": "the disk is full"}]
    assert len(parts.journal.of("keeping measurements works again")) == 1


def test_what_fails_is_said_and_an_unforeseen_error_neither_ends_the_thread_nor_is_quoted(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.keeper.fails = ValueError("rtsp://root:secret@camera")
    with parts.running() as thread:
        thread.put(at(0))
        parts.until(lambda: parts.keeper.tries > 0)
        parts.until(lambda: thread.health().failing == "unexpected ValueError")
        assert thread.health().alive
        parts.keeper.fails = None
    assert parts.keeper.kept == [at(0)]


def test_a_day_is_deleted_when_its_first_minute_is_as_old_as_was_promised_and_that_is_written_down(tmp_path: Path) -> None:
    days = (date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22))
    parts = Parts(tmp_path, days, retention_s=2 * 86400.0)
    with parts.running() as thread:
        parts.until(lambda: len(parts.keeper.deleted) == 2)
        assert parts.keeper.deleted == list(days[:2])
        parts.clock.sleep(86400 - 1)
        parts.clock.sleep(SWEEP_EVERY_S)
        parts.until(lambda: parts.keeper.deleted == list(days))
        parts.until(lambda: thread.health().days == 0)
    told = [(one.kind, one.from_s, one.to_s, one.why) for one in parts.receipts.written]
    begins = [datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() for day in days]
    assert told == [(Act.DELETED, begin_s, begin_s + 86400, "retention of measurements") for begin_s in begins]


def test_deletion_waits_neither_for_its_receipt_nor_for_compaction(tmp_path: Path) -> None:
    parts = Parts(tmp_path, (date(2026, 11, 23),), retention_s=86400.0)
    parts.receipts.refuses = True
    parts.keeper.aside = [date(2026, 11, 23)]
    parts.compactor.go_on.clear()
    with parts.running() as thread:
        assert parts.compactor.entered.wait(WITHIN_S)
        parts.clock.sleep(86400.0)
        parts.until(lambda: parts.keeper.deleted == [date(2026, 11, 23)])
        assert parts.compactor.interrupted.is_set()
        parts.until(lambda: "receipts" in thread.health().failing)
        parts.receipts.refuses = False
        parts.clock.sleep(SWEEP_EVERY_S)
        parts.until(lambda: len(parts.receipts.written) == 1)
        assert thread.health().failing == ""
        assert parts.journal.of("keeping measurements failed") == []
        assert parts.keeper.tidied > 1


def test_for_a_day_that_cannot_be_deleted_no_compaction_is_given_up_again_and_again(tmp_path: Path) -> None:
    parts = Parts(tmp_path, (date(2026, 11, 20),), retention_s=86400.0)
    parts.keeper.undeletable = True
    parts.keeper.aside = [date(2026, 11, 23)]
    with parts.running() as thread:
        parts.until(lambda: "cannot be deleted" in thread.health().failing)
        parts.until(parts.compactor.entered.is_set)
        parts.until(lambda: thread._compacting is None)
        kills = parts.compactor.kills
        parts.compactor.go_on.clear()
        parts.compactor.entered.clear()
        parts.clock.sleep(COMPACT_EVERY_S)
        assert parts.compactor.entered.wait(WITHIN_S)
        for _ in range(3):
            tried = parts.keeper.tidied
            parts.clock.sleep(SWEEP_EVERY_S)
            parts.until(lambda tried=tried: parts.keeper.tidied > tried)  # type: ignore[misc]
        assert parts.compactor.kills == kills


def test_compacting_that_ends_by_itself_just_when_something_is_due_puts_no_deletion_off(tmp_path: Path) -> None:
    parts = Parts(tmp_path, (date(2026, 11, 20),), retention_s=86400.0)
    thread, compactor = parts.thread, parts.compactor
    compacting = threading.Thread(target=lambda: None)
    compacting.start()
    thread._compacting = compacting

    def interrupt() -> None:
        thread._compacting = None  # as that thread does at its end

    compactor.interrupt = interrupt  # type: ignore[method-assign]
    thread.delete_due()
    assert parts.keeper.deleted == [date(2026, 11, 20)]
    assert thread.health().failing == ""


def test_a_receipt_that_was_missing_when_everything_ended_is_written_by_the_next_start(tmp_path: Path) -> None:
    clock, receipts, keeper = SimulatedClock(DAY_S), Receipts(), Keeper((date(2026, 11, 20),))
    receipts.refuses = True
    assert DayDeleter(keeper, receipts, clock, tmp_path).delete([date(2026, 11, 20)]) == [date(2026, 11, 20)]
    receipts.refuses = False
    again = DayDeleter(keeper, receipts, clock, tmp_path)
    assert again.untold == 1
    again.tell_untold()
    assert again.untold == 0
    assert len(receipts.written) == 1
    assert DayDeleter(keeper, receipts, clock, tmp_path).untold == 0


def test_a_day_that_cannot_be_deleted_is_said_and_tried_again_with_one_receipt(tmp_path: Path) -> None:
    parts = Parts(tmp_path, (date(2026, 11, 20),), retention_s=86400.0)
    parts.keeper.undeletable = True
    with parts.running() as thread:
        parts.until(lambda: "cannot be deleted" in thread.health().failing)
        parts.keeper.undeletable = False
        parts.clock.sleep(SWEEP_EVERY_S)
        parts.until(lambda: parts.keeper.deleted == [date(2026, 11, 20)])
        parts.until(lambda: thread.health().failing == "")
    assert len(parts.receipts.written) == 1


def test_tallies_of_a_day_are_deleted_with_its_measurements(tmp_path: Path) -> None:
    tallies, clock, receipts = tmp_path / "tallies", SimulatedClock(DAY_S), Receipts()
    tallies.mkdir()
    for day in ("2026-11-20", "2026-11-23"):
        (tallies / f"{day}.jsonl").write_bytes(b"{}\n")
    (tallies / "notes.jsonl").write_bytes(b"not ours")
    history_thread(tmp_path / "measurements", 86400.0, receipts, clock, KeptJournal())
    assert sorted(path.name for path in tallies.iterdir()) == ["2026-11-23.jsonl", "notes.jsonl"]
    assert len(receipts.written) == 1


def test_another_retention_holds_at_once(tmp_path: Path) -> None:
    parts = Parts(tmp_path, (date(2026, 11, 20),))
    with parts.running() as thread:
        parts.until(lambda: thread.health().days == 1)
        thread.configure(86400.0)
        parts.until(lambda: parts.keeper.deleted == [date(2026, 11, 20)])


def test_lines_are_compacted_at_the_start_and_once_an_hour_and_a_failure_is_said(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.keeper.aside = [date(2026, 11, 23)]
    parts.compactor.says = "the history cannot be read: IOException"
    with parts.running() as thread:
        parts.until(lambda: "IOException" in thread.health().failing)
        parts.compactor.entered.clear()
        parts.compactor.says = ""
        parts.clock.sleep(COMPACT_EVERY_S)
        assert parts.compactor.entered.wait(WITHIN_S)
        parts.until(lambda: thread.health().failing == "")


def test_a_failure_is_over_where_there_is_nothing_to_compact_any_more_and_where_a_step_works_again(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    parts.keeper.aside = [date(2026, 11, 23)]
    parts.compactor.says = "the history cannot be read: IOException"
    with parts.running() as thread:
        parts.until(lambda: "IOException" in thread.health().failing)
        parts.keeper.aside = []
        parts.clock.sleep(COMPACT_EVERY_S)
        parts.until(lambda: thread.health().failing == "")
        step, failed = thread._step, threading.Event()

        def fails_once() -> None:
            if failed.is_set():
                return step()
            failed.set()
            raise ValueError

        thread._step = fails_once  # type: ignore[method-assign]
        parts.until(lambda: failed.is_set() and thread.health().failing == "")
    assert {"why": "unexpected ValueError"} in parts.journal.of("keeping measurements failed")


def test_a_clock_that_jumps_years_ahead_deletes_nothing(tmp_path: Path) -> None:
    clock = SteppedClock(DAY_S)
    ages = DayAges(tmp_path, clock, Running(clock))
    ages.note(date(2026, 11, 23))
    clock.step_s = 5 * YEAR_S
    ages.tick()
    assert ages.age_s(date(2026, 11, 23)) == pytest.approx(0.0, abs=1.0)
    ages.note(date(2031, 11, 22))  # what is measured now, by the wrong clock
    clock.sleep(3600.0)
    ages.close()
    again = DayAges(tmp_path, clock, Running(clock))
    assert again.age_s(date(2026, 11, 23)) == pytest.approx(3600.0, abs=1.0)
    assert again.age_s(date(2031, 11, 22)) == pytest.approx(3600.0, abs=1.0)


class SteppedClock(SimulatedClock):
    """A clock whose wall time can be set wrong."""

    step_s = 0.0

    def wall_s(self) -> float:
        return super().wall_s() + self.step_s


def spans_seen(folder: Path, minutes: int) -> float:
    spans = answer(folder, Question(Table.ZONES, DAY_S, DAY_S + 60 * minutes, Every.MINUTE, UTC))
    assert all(span.covered_s in (0, 60) for span in spans)
    return sum(span.covered_s for span in spans)


def test_duplicated_and_reordered_measurements_arrive_once_through_everything_that_is_real(tmp_path: Path) -> None:
    rng, clock = random.Random(11), SimulatedClock(DAY_S)
    folder = tmp_path / "measurements"
    thread = history_thread(folder, 2 * YEAR_S, Receipts(), clock, KeptJournal())
    sent = [at(number) for number in range(200)] + [at(rng.randrange(200)) for _ in range(100)]
    rng.shuffle(sent)
    thread.start()
    for one in sent:
        thread.put(one)
    assert thread.stop(WITHIN_S)
    assert thread.health().kept == len(sent)
    assert spans_seen(folder, 300) == 200 * 60
    assert History(folder).set_aside() == [date(2026, 11, 23)]
    compactor = CompactorProcess(folder)
    assert compactor.compact() == ""
    compactor.stop()
    assert not list((folder / "live").iterdir())
    assert spans_seen(folder, 300) == 200 * 60


def test_on_a_disk_that_fills_up_nothing_that_was_acknowledged_is_lost_and_the_rest_comes_when_there_is_room(tmp_path: Path) -> None:
    said = said_on_disk(tmp_path, "size=1500k", "tests.support.history_small_disk")
    assert said["failing"], "the disk was never full"
    assert said["kept_when_full"] == said["there_when_full"]
    assert said["kept"] == said["there"] == said["sent"]
    assert said["failing_afterwards"] == ""
