"""Has the accuracy of measurements told anew in a process of its own: DuckDB is loaded there only."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from passerby.store.counted_places import CountedPlace
from passerby.store.historian_orders import Validate, Validated
from passerby.store.places import HistoryPlace
from passerby.supervise.historian_process import HistorianProcess

LONGEST_S: Final = 120.0


class ValidatorProcess:
    """Compares tallies with measurements through a process that is started for it, and ended afterwards.

    Args:
        tallies: The folder `tallies`.
        place: Tells where the history is, as the site file says it now.
        process: The process.
        trained: Is told when it was done: corrections of counts may be others.
    """

    def __init__(
        self,
        tallies: Path,
        place: Callable[[], HistoryPlace],
        process: HistorianProcess | None = None,
        *,
        trained: Callable[[], object] = lambda: None,
    ) -> None:
        self._tallies, self._place, self._trained = tallies, place, trained
        self._process = HistorianProcess(LONGEST_S) if process is None else process

    def validate(self, places: Iterable[CountedPlace]) -> str:
        """Has it told anew; why that could not be, in words; "" = it was, or nobody has ever counted."""
        history = self._place()
        if not self._tallies.is_dir() or not history.folder.is_dir():
            return ""
        shapes = tuple((*one.place, one.shape) for one in places)
        answer = self._process.ask(Validate(str(history.folder), str(self._tallies), shapes, history.zone_name))
        self._process.rest(0.0)
        if not isinstance(answer, Validated):
            return getattr(answer, "says", "it failed")
        self._trained()
        return ""

    def stop(self) -> None:
        """Ends it for good, also within a comparison."""
        self._process.stop()
