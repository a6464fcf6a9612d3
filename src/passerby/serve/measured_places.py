"""What answers questions about measurements: the pulses of the last minute, and the history through processes of its own, few and short-lived."""

import threading
from collections.abc import Callable
from typing import Final

from passerby.clock import Clock
from passerby.serve.answers import AnswerError
from passerby.store.asking import HeatWish, Wish
from passerby.store.historian_orders import AskHeat, AskHistory, Senseless, Told
from passerby.store.places import HistoryPlace
from passerby.supervise.historian_process import HistorianProcess
from passerby.supervise.recent_pulses import RecentPulses

PROCESSES: Final = 2
MOST_WAITING: Final = 8
"""Questions at once, those that are being answered among them; beyond, they are asked to come again."""
LONGEST_S: Final = 20.0
"""An answer that takes longer is given up."""
MOST_SPANS: Final = 50_000


class MeasuredPlaces:
    """What answers questions about measurements. Safe to use from several threads.

    Args:
        place: Where the history is, as the site file says it now.
        pulses: The newest pulses.
        clock: Time.
        processes: They answer; None = processes of ours.
    """

    def __init__(
        self, place: Callable[[], HistoryPlace], pulses: RecentPulses, clock: Clock, processes: tuple[HistorianProcess, ...] | None = None
    ) -> None:
        self.place, self.pulses, self._clock = place, pulses, clock
        self._processes = tuple(HistorianProcess(LONGEST_S, clock) for _ in range(PROCESSES)) if processes is None else processes
        self._free = list(self._processes)
        self._some_free = threading.Condition()
        self._asking = 0

    @property
    def pids(self) -> list[int]:
        """The processes that run."""
        return [process.pid for process in self._processes if process.pid is not None]

    def ask(self, wish: Wish | HeatWish, form: str, *, for_operator: bool) -> bytes:
        """The answer, ready to be given out.

        Raises:
            AnswerError: There is no better answer.
        """
        order = self._order(wish, form, for_operator=for_operator)
        process = self._take()
        try:
            answer = process.ask(order)
        finally:
            self._give_back(process)
        if isinstance(answer, Told):
            return answer.data
        if isinstance(answer, Senseless):
            raise AnswerError(400, _sentence(answer.says), _sentence(answer.do))
        raise AnswerError(503, "The history could not be read just now.", "Ask for a shorter range, or come again in a moment.")

    def tick(self) -> None:
        """Ends processes that have had nothing to do for a while. To be called about once a second."""
        for process in self._processes:
            process.rest()

    def stop(self) -> None:
        """Ends all processes."""
        for process in self._processes:
            process.stop()

    def _order(self, wish: Wish | HeatWish, form: str, *, for_operator: bool) -> AskHistory | AskHeat:
        place, now_s = self.place(), self._clock.wall_s()
        folder, zone = str(place.folder), place.zone_name
        if isinstance(wish, HeatWish):
            return AskHeat(folder, wish, zone, now_s, form, for_operator, MOST_SPANS)
        return AskHistory(folder, wish, zone, now_s, tuple(sorted(place.waiting)), form, for_operator, MOST_SPANS)

    def _take(self) -> HistorianProcess:
        with self._some_free:
            if self._asking >= MOST_WAITING:
                raise AnswerError(503, "Too much is asked of the history at once.", "Come again in a moment.")
            self._asking += 1
            while not self._free:
                self._some_free.wait()
            return self._free.pop()

    def _give_back(self, process: HistorianProcess) -> None:
        with self._some_free:
            self._asking -= 1
            self._free.append(process)  # the one that was asked last is asked next, so that the others can rest
            self._some_free.notify()


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""
