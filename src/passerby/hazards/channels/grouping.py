"""How many messages a person is sent: one by one as long as there are few, one summary a minute in a flood."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from passerby.hazards.channels.waiting import Row

MINUTE_S: Final = 60.0
SOON_S: Final = 10.0
"""The first summary of a flood comes so soon, and each that tells of an alarm."""


class Grouping:
    """Decides for one channel what is sent now.

    Args:
        most: Messages one by one within a minute.

    Attributes:
        most: As given.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._sent_at_s: deque[float] = deque(maxlen=most)
        self._flood = False
        self._summary_at_s = -MINUTE_S
        self._begun_at_s = 0.0

    def pick(self, rows: Sequence[Row], now_s: float, *, urgent: bool) -> tuple[Sequence[Row], float]:
        """What is sent now, several in one summary; and else in how many seconds to ask again.

        Args:
            rows: What waits, in its order: all of it, or more than are told one by one.
            now_s: Monotonic time.
            urgent: Whether an alarm waits.
        """
        if not rows:
            return (), MINUTE_S
        if self._flood and len(rows) <= self.most and self._is_calm(now_s):
            self._flood = False
        if not self._flood:
            if not (len(self._sent_at_s) == self.most and now_s - self._sent_at_s[0] < MINUTE_S):
                return rows[:1], 0.0
            self._flood, self._begun_at_s = True, now_s
        due_s = self._due_at_s(urgent=urgent) - now_s
        return (rows, 0.0) if due_s <= 0 else ((), due_s)

    def sent(self, count: int, now_s: float) -> None:
        """So many deliveries were told in one message."""
        if self._flood:
            self._summary_at_s = now_s
        for _ in range(min(count, self.most)):
            self._sent_at_s.append(now_s)

    def _is_calm(self, now_s: float) -> bool:
        return not self._sent_at_s or now_s - self._sent_at_s[-1] >= MINUTE_S

    def _due_at_s(self, *, urgent: bool) -> float:
        first = self._summary_at_s < self._begun_at_s
        since_s = self._begun_at_s if first else self._summary_at_s
        return since_s + (SOON_S if first or urgent else MINUTE_S)
