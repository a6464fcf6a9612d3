"""The history of a running site, put together: who keeps it, who deletes it, who compacts it."""

from datetime import date
from pathlib import Path
from typing import Final

from passerby.clock import Clock
from passerby.record.receipts import ReceiptSink
from passerby.store.historian_orders import Compact, Failed
from passerby.store.history import History
from passerby.store.tallies import TALLIES, delete_tallies, tally_days
from passerby.supervise.day_ages import DayAges
from passerby.supervise.day_deletion import DayDeleter
from passerby.supervise.historian_process import HistorianProcess
from passerby.supervise.history_thread import HistoryThread
from passerby.supervise.journal import Journal

LONGEST_S: Final = 900.0
"""A compaction that takes longer hangs: it is ended, and begins anew an hour later. Nothing is lost by that."""


class CompactorProcess:
    """Compacts through a process that is started for it, and ended afterwards.

    Args:
        folder: The folder `measurements`.
        process: The process.
    """

    def __init__(self, folder: Path, process: HistorianProcess | None = None) -> None:
        self._folder = folder
        self._process = HistorianProcess(LONGEST_S) if process is None else process

    def compact(self) -> str:
        """Compacts what was set aside; why that could not be done, in words; "" = it was."""
        answer = self._process.ask(Compact(str(self._folder)))
        self._process.rest(0.0)
        return answer.says if isinstance(answer, Failed) else ""

    def interrupt(self) -> None:
        """Ends it at once, where it is under way."""
        self._process.interrupt()

    def stop(self) -> None:
        """Ends it for good."""
        self._process.stop()


class TalliedHistory(History):
    """A history with the tallies of its site: they are due when measurements of their day are (invariant I8).

    Args:
        folder: The folder `measurements`.
        tallies: The folder `tallies`.

    Raises:
        OutputError: It cannot be written.
    """

    def __init__(self, folder: Path, tallies: Path) -> None:
        super().__init__(folder)
        self._tallies = tallies

    def days(self) -> list[date]:
        """Days of which there is anything."""
        return sorted({*super().days(), *tally_days(self._tallies)})

    def delete(self, day: date) -> int:
        """Deletes a day and its tallies; how many files that were.

        Raises:
            OutputError: Some could not be deleted.
        """
        return delete_tallies(self._tallies, day) + super().delete(day)


def history_thread(folder: Path, retention_s: float, receipts: ReceiptSink, clock: Clock, journal: Journal) -> HistoryThread:
    """What keeps the history in a folder `measurements`, and lets go of the tallies beside it. It is not started yet; what is due is deleted.

    Raises:
        OutputError: The folder cannot be written, and not because the disk is full.
    """
    history = TalliedHistory(folder, folder.parent / TALLIES)
    deleter = DayDeleter(history, receipts, clock, folder)
    thread = HistoryThread(history, DayAges(folder, clock), deleter, CompactorProcess(folder), retention_s, clock, journal)
    thread.delete_due()
    return thread
