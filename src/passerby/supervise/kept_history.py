"""The history of a running site, put together: who keeps it, who deletes it, who compacts it."""

from pathlib import Path
from typing import Final

from passerby.clock import Clock
from passerby.record.receipts import ReceiptSink
from passerby.store.historian_orders import Compact, Failed
from passerby.store.history import History
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


def history_thread(folder: Path, retention_s: float, receipts: ReceiptSink, clock: Clock, journal: Journal) -> HistoryThread:
    """What keeps the history in a folder `measurements`. It is not started yet; what is due is deleted.

    Raises:
        OutputError: The folder cannot be written, and not because the disk is full.
    """
    history = History(folder)
    deleter = DayDeleter(history, receipts, clock, folder)
    thread = HistoryThread(history, DayAges(folder, clock), deleter, CompactorProcess(folder), retention_s, clock, journal)
    thread.delete_due()
    return thread
