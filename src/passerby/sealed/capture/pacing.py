"""Waits until a picture is due by its own clock: for what comes faster than life, as a file does. Numbers only."""

from math import inf
from typing import Final

from passerby.clock import Clock
from passerby.sealed.capture.interrupt import Interrupt

_STEP_S: Final = 0.1
_LOST_S: Final = 1.0
"""Who is late by more does not hurry to catch up."""


class Pacer:
    """Keeps pictures as far apart as they were taken.

    Args:
        clock: What time it is.
        interrupt: Ends a wait.
        longest_gap_s: Media time that goes on by more from one picture to the next has jumped: nobody waits for that.
    """

    def __init__(self, clock: Clock, interrupt: Interrupt, longest_gap_s: float) -> None:
        self._clock = clock
        self._interrupt = interrupt
        self._longest_gap_s = longest_gap_s
        self._start_s = -inf
        self._last_s = -inf

    def wait(self, media_s: float) -> bool:
        """Returns when the picture of this media time is due; False = the interrupt was stopped, and nobody wants the picture."""
        now_s = self._clock.monotonic_s()
        jumped = not 0 <= media_s - self._last_s <= self._longest_gap_s
        self._last_s = media_s
        if jumped or now_s > self._start_s + media_s + _LOST_S:
            self._start_s = now_s - media_s
        while not self._interrupt.stopped and (left_s := self._start_s + media_s - self._clock.monotonic_s()) > 0:
            self._clock.sleep(min(left_s, _STEP_S))
        return not self._interrupt.stopped
