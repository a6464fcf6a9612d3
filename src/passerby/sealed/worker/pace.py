"""How often a worker's gates look.

A look takes a hundred times as long as anything else that is done to a picture. So it is made when no other camera's picture waits, as often as
is wanted and the load allows; a camera that had no such moment for half a second looks all the same (`sealed.gate.pace.LEAST_LOOKS_HZ`).
Because looks are wanted a little earlier than they must be, they find moments in which they keep nobody waiting.
"""

from typing import Final

LEAST_WANTED_HZ: Final = 2.6
"""At 10 pictures a second: a look is wanted with the fourth picture after the last one, and must be made with the fifth."""
BUSY_SHARE: Final = 0.85
"""Above it, pictures begin to wait for one another."""
IDLE_SHARE: Final = 0.65
SLOWER: Final = 0.75
FASTER_HZ: Final = 0.25
WINDOW_S: Final = 2.0


class LookPace:
    """Follows the load of the thread that gates pictures: quickly down, slowly up. It begins slowly, too.

    Args:
        most_looks_hz: What is wanted where there is time enough.
        now_s: Monotonic time.
    """

    def __init__(self, most_looks_hz: float, now_s: float) -> None:
        self._most_hz = max(LEAST_WANTED_HZ, most_looks_hz)
        self.looks_hz = LEAST_WANTED_HZ
        """Of a camera, where no other picture waits."""
        self._since_s = now_s
        self._busy_s = 0.0
        self._skipped = 0

    def spent(self, busy_s: float) -> None:
        """Says for how long a picture kept the thread."""
        self._busy_s += busy_s

    def update(self, now_s: float, skipped: int) -> bool:
        """Whether the rate changed, given how many pictures of all cameras have been skipped so far."""
        passed_s = now_s - self._since_s
        if passed_s < WINDOW_S:
            return False
        share, more_skipped = self._busy_s / passed_s, skipped > self._skipped
        self._since_s, self._busy_s, self._skipped = now_s, 0.0, max(skipped, self._skipped)
        before_hz = self.looks_hz
        if more_skipped or share > BUSY_SHARE:
            self.looks_hz = max(LEAST_WANTED_HZ, SLOWER * self.looks_hz)
        elif share < IDLE_SHARE:
            self.looks_hz = min(self._most_hz, self.looks_hz + FASTER_HZ)
        return self.looks_hz != before_hz
