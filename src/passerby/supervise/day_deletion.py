"""How days of the history are deleted: the receipt first, if it can be written; deletion does not wait for it (invariant I8).

1. The receipt is written. 2. If that fails, a mark is left (`untold/2026-11-23`). 3. The day's files are removed. 4. What could not be written is
tried again with each sweep; then its mark is removed. A crash leaves files that are still due, or marks: the next start deletes them, and writes
the receipt.
"""

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Protocol

from passerby.clock import Clock
from passerby.errors import OutputError, ReceiptError
from passerby.record.receipts import OURS, Act, Receipt, ReceiptSink
from passerby.released.durable import make_folder, sync_folder

UNTOLD: Final = "untold"
DAY_S: Final = 86400.0
WHY: Final = "retention of measurements"


class Days(Protocol):
    """What deletes a day: `store.history.History`, or a stand-in."""

    def delete(self, day: date) -> int:
        """Deletes a day; how many files that were.

        Raises:
            OutputError: Some could not be deleted.
        """
        ...


class DayDeleter:
    """Deletes days and keeps receipts of it. Used from one thread.

    Args:
        days: Deletes.
        receipts: Where that is written down.
        clock: Time.
        folder: The folder `measurements`, or another one of days, for marks.
        why: What receipts say.

    Attributes:
        failing: Why something that is due could not be deleted; "" = all was.
    """

    def __init__(self, days: Days, receipts: ReceiptSink, clock: Clock, folder: Path, why: str = WHY) -> None:
        self._days, self._receipts, self._clock, self._folder, self._why = days, receipts, clock, folder / UNTOLD, why
        self._untold = _marked(self._folder)
        self._told: set[date] = set()
        self.failing = ""

    @property
    def untold(self) -> int:
        """How many deletions could not be written down yet."""
        return len(self._untold)

    def delete(self, due: list[date]) -> list[date]:
        """Deletes days; those that are gone."""
        self.failing, gone = "", []
        for day in due:
            if day not in self._told and not self._tell(day):
                self._untold.add(day)
                self._mark(day)
            self._told.add(day)
            try:
                self._days.delete(day)
            except OutputError as error:
                self.failing = str(error)
                continue
            self._told.discard(day)
            gone.append(day)
            if day in self._untold:
                self._mark(day)  # there may be room now
        self.tell_untold()
        return gone

    def tell_untold(self) -> None:
        """Writes the receipts that are missing, as far as that can be done."""
        for day in sorted(self._untold):
            if not self._tell(day):
                return
            self._untold.discard(day)
            with contextlib.suppress(OSError):
                (self._folder / day.isoformat()).unlink(missing_ok=True)

    def _tell(self, day: date) -> bool:
        begin_s = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        receipt = Receipt(kind=Act.DELETED, wall_s=self._clock.wall_s(), by=OURS, from_s=begin_s, to_s=begin_s + DAY_S, why=self._why)
        try:
            self._receipts.write(receipt)
        except ReceiptError:
            return False
        return True

    def _mark(self, day: date) -> None:
        with contextlib.suppress(OSError):
            make_folder(self._folder)
            (self._folder / day.isoformat()).touch()
            sync_folder(self._folder)


def _marked(folder: Path) -> set[date]:
    found = set()
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            with contextlib.suppress(ValueError):  # not ours
                found.add(date.fromisoformat(path.name))
    return found
