"""What a running site is asked by signals: to end, or to read its site file anew."""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final

END_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
ENDED_WITHIN_S: Final = 4.8
"""After a request to end, the process is gone after so long at the latest, whatever hangs."""
EXIT_HUNG: Final = 1
LONGEST_WAIT_S: Final = 0.25


class AskedSignals:
    """Signals in the order in which they came; made by `asked_signals`."""

    def __init__(self) -> None:
        # May be filled from within a signal handler.
        self._arrived: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._last = threading.Timer(ENDED_WITHIN_S, os._exit, (EXIT_HUNG,))
        self._last.daemon = True
        self._at_terminal = _at_terminal()

    def next(self, within_s: float | None) -> signal.Signals | None:
        """The next signal; None = none came in time.

        Waits in short pieces: a signal that the system hands to another thread does not wake this one, and its handler runs here only.
        """
        end_s = None if within_s is None else time.monotonic() + within_s
        while True:
            left_s = LONGEST_WAIT_S if end_s is None else min(LONGEST_WAIT_S, end_s - time.monotonic())
            if left_s <= 0:
                return None
            with contextlib.suppress(queue.Empty):
                return signal.Signals(self._arrived.get(timeout=left_s))

    def means_end(self, number: signal.Signals) -> bool:
        """Whether a signal is a request to end: so is the SIGHUP of a terminal that was closed, if we were started at one."""
        return number in END_SIGNALS or (self._at_terminal and not _terminal_is_there())

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Takes a signal. From the first request to end on, the process has only so long."""
        if number in END_SIGNALS and self._last.ident is None:
            self._last.start()
        self._arrived.put(number)

    def ended(self) -> None:
        """Everything is ended: nothing needs to be cut off."""
        self._last.cancel()


@contextlib.contextmanager
def asked_signals() -> Iterator[AskedSignals]:
    """Inside, SIGTERM, SIGINT and SIGHUP are noted instead of ending the process."""
    asked = AskedSignals()
    before: dict[int, Any] = {number: signal.signal(number, asked.note) for number in (*END_SIGNALS, signal.SIGHUP)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        asked.ended()


def _at_terminal() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin is not None and not sys.stdin.closed and sys.stdin.isatty()


def _terminal_is_there() -> bool:
    """Whether the terminal that controls this process is still open."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
