"""The supervisor's end of a historian: started when something is asked, ended when nothing is for a while. DuckDB is loaded there only."""

import sys
from collections.abc import Sequence
from typing import Final

import msgspec

from passerby.clock import Clock, SystemClock
from passerby.store.historian_orders import Failed, HistorianAnswer, HistorianOrder
from passerby.supervise.asked_process import AskedProcess

HISTORIAN: Final = (sys.executable, "-I", "-m", "passerby.store.historian")
IDLE_S: Final = 30.0
NO_ANSWER: Final = Failed("The history could not be read just now.")


class HistorianProcess(AskedProcess):
    """Asks a historian. Safe to use from several threads; one order is followed at a time.

    Args:
        longest_s: An answer that takes longer comes from a process that hangs: it is ended.
        clock: Monotonic time.
        command: How it is started.
    """

    def __init__(self, longest_s: float, clock: Clock | None = None, command: Sequence[str] = HISTORIAN) -> None:
        super().__init__(command, longest_s)
        self._clock = SystemClock() if clock is None else clock
        self._asked_s = 0.0

    def ask(self, order: HistorianOrder) -> HistorianAnswer:
        """The answer; `NO_ANSWER` where the process gives none, or nonsense."""
        data = self.exchange(msgspec.msgpack.encode(order))
        self._asked_s = self._clock.monotonic_s()
        if data is None:
            return NO_ANSWER
        try:
            told: HistorianAnswer = msgspec.msgpack.decode(data, type=HistorianAnswer)
        except msgspec.MsgspecError:
            self.release()
            return NO_ANSWER
        return told

    def rest(self, idle_s: float = IDLE_S) -> None:
        """Lets go of a process that had nothing to do for so long; the next order starts another."""
        if self._clock.monotonic_s() - self._asked_s >= idle_s:
            self.release()
