"""How long to wait before a camera is tried again. Numbers only."""

from collections.abc import Callable
from typing import Final

_FIRST_S: Final = 0.25
LONGEST_S: Final = 1.5
"""A camera that is back is found within this time; then come the connection and the wait for a whole picture. The promise is 3 s in all."""


class Backoff:
    """Waits that double from a quarter of a second to one and a half, each shortened at random by up to half.

    The chance keeps the cameras of a switch that was restarted from knocking all at the same moment.

    Args:
        chance: Gives numbers of [0, 1), evenly spread.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._next_s = _FIRST_S

    def wait_s(self) -> float:
        """The time to wait now, in seconds, never more than `LONGEST_S`; the next one is longer."""
        longest_s = self._next_s
        self._next_s = min(LONGEST_S, longest_s * 2)
        return longest_s * (1 - self._chance() / 2)

    def reset(self) -> None:
        """The camera gave pictures: the next wait is short again."""
        self._next_s = _FIRST_S
