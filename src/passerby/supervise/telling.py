"""Telling a listener of events, in order, each once it is on the disk. One that fails is told again later; the others do not wait for it."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from passerby.clock import Clock
from passerby.errors import words_of
from passerby.hazards.alert import Event

Listener = Callable[[Sequence[Event]], None]
"""Takes events. It keeps them for good before it returns, if it keeps any, and does not wait for a network. It may be told of the same event again,
after a restart or where it raised: alert and number name it."""
MOST_AT_ONCE: Final = 500
"""Events: a flood is brought to the disk in few steps."""
MOST_UNTOLD: Final = 20_000
LONGEST_RETRY_S: Final = 30.0


class Telling:
    """What a listener has not been told of yet. Used from one thread.

    Args:
        listener: Is told.
        clock: Time.

    Attributes:
        failing: Why it could not be told, in words; "" = it could.
        lost: Events that did not fit any more.
    """

    def __init__(self, listener: Listener, clock: Clock) -> None:
        self._listener, self._clock = listener, clock
        self._untold: deque[Event] = deque()
        self._again_s = self._pause_s = 0.0
        self.failing = ""
        self.lost = 0

    @property
    def waiting(self) -> int:
        """How many events it has not been told of."""
        return len(self._untold)

    def tell(self, events: Iterable[Event]) -> None:
        """Tells it, after all that it was not told of before."""
        for event in events:
            if len(self._untold) < MOST_UNTOLD:
                self._untold.append(event)
            else:
                self.lost += 1
        while self._untold and self._clock.monotonic_s() >= self._again_s:
            batch = tuple(itertools.islice(self._untold, MOST_AT_ONCE))
            try:
                self._listener(batch)
            except Exception as error:  # noqa: BLE001 - what fails is told again, and touches no other listener
                self.failing = words_of(error)
                self._pause_s = min(LONGEST_RETRY_S, max(1.0, 2 * self._pause_s))
                self._again_s = self._clock.monotonic_s() + self._pause_s
                return
            for _ in batch:
                self._untold.popleft()
            self.failing, self._pause_s = "", 0.0
