"""Leaves out pictures of a camera that sends more than are asked for. Numbers only."""

from math import inf
from typing import Final

_EARLY: Final = 0.25
"""A picture that comes early by this part of a step is taken: arrival trembles."""


class RateLimit:
    """Which pictures are due.

    Args:
        most_hz: Most pictures a second; None = all are due.
    """

    def __init__(self, most_hz: float | None) -> None:
        self._step_s = 0.0 if most_hz is None else 1 / most_hz
        self._next_s = -inf

    def wants(self, time_s: float) -> bool:
        """Whether a picture of this time is due."""
        return time_s >= self._next_s - _EARLY * self._step_s

    def takes(self, time_s: float) -> bool:
        """The same, and if so, the next one is due a step later."""
        if not self.wants(time_s):
            return False
        following_s = self._next_s + self._step_s
        self._next_s = following_s if following_s > time_s else time_s + self._step_s
        return True
