"""Something that is done again and again."""

from collections.abc import Callable
from typing import Final

from passerby.clock import Clock
from passerby.errors import words_of

AGAIN_S: Final = 60.0
"""What failed is tried again no later."""


class Chore:
    """Is done so often; where it fails, again soon, and until then it is said that it failed.

    Args:
        every_s: How often.
        work: Does it.
        clock: Time.

    Attributes:
        due_s: Monotonic time at which it is due.
        failing: Why it failed when it was last tried, in words; "" = it did not.
    """

    def __init__(self, every_s: float, work: Callable[[], object], clock: Clock) -> None:
        self._every_s, self._work, self._clock = every_s, work, clock
        self.due_s = clock.monotonic_s()
        self.failing = ""

    def do_if_due(self) -> None:
        """Does it when its time has come. Raises whatever it raises."""
        now_s = self._clock.monotonic_s()
        if now_s < self.due_s:
            return
        self.due_s = now_s + min(self._every_s, AGAIN_S)
        try:
            self._work()
        except Exception as error:
            self.failing = words_of(error)
            raise
        self.failing, self.due_s = "", now_s + self._every_s
