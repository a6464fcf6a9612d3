"""Keeps measurements on a disk that fills up and is freed again: `python -m tests.support.history_small_disk FOLDER`. Says in JSON how it went."""

import json
import sys
import time
from pathlib import Path

from passerby.clock import SystemClock
from passerby.record.receipts import FileReceipts
from passerby.store.history import History
from passerby.supervise.history_thread import HistoryThread
from passerby.supervise.kept_history import history_thread
from tests.support.journals import KeptJournal
from tests.support.measured import DAY_S, minute

SENT = 300
WITHIN_S = 30.0


def lines(folder: Path) -> int:
    """Whole lines that are there."""
    return sum(path.read_bytes().count(b"\n") for path in (folder / "live").glob("*.jsonl*"))


def wait(thread: HistoryThread, *, until_failing: bool) -> None:
    end_s = time.monotonic() + WITHIN_S
    while time.monotonic() < end_s and (bool(thread.health().failing) is not until_failing or (not until_failing and thread.health().waiting)):
        time.sleep(0.05)


def main() -> None:
    disk = Path(sys.argv[1])
    folder = disk / "measurements"
    History(folder)
    (disk / "others").write_bytes(b"x" * 1_200_000)
    thread = history_thread(folder, 3650 * 86400.0, FileReceipts(disk / "receipts.jsonl"), SystemClock(), KeptJournal())
    thread._compacted_at_s = float("inf")
    thread.start()
    for number in range(SENT):
        thread.put(minute(DAY_S + 60 * number, camera=f"gate-{number}"))
        if number % 10 == 0:
            time.sleep(0.01)  # so that there is more than one batch
    wait(thread, until_failing=True)
    full = thread.health()
    there_when_full = lines(folder)
    (disk / "others").unlink()
    wait(thread, until_failing=False)
    thread.stop(WITHIN_S)
    after = thread.health()
    said = {
        "sent": SENT,
        "failing": full.failing,
        "kept_when_full": full.kept,
        "there_when_full": there_when_full,
        "kept": after.kept,
        "there": lines(folder),
        "failing_afterwards": after.failing,
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
