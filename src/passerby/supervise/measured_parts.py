"""Names of minutes that were taken in: camera, minute and part name a measurement for good, and a worker never tells one twice.

What comes with a name that is taken is another one: the clock was set back and the minute came again, or a worker of another life measured it. It
gets the next free part, so that nothing that was measured is lost (invariant I9). How many come is bounded: a camera has a minute a minute, and a few
more where it flaps; a worker that was taken over shall not fill the disk.
"""

from collections import OrderedDict
from typing import Final

PARTS: Final = 240
STEP: Final = 60
REMEMBERED: Final = 1500
"""Names that are remembered of a camera: of a day."""
PER_MINUTE: Final = 12
AT_ONCE: Final = 150
"""So many may come at once, after a pause of the supervisor."""


class MeasuredParts:
    """The names of one camera's measurements."""

    def __init__(self) -> None:
        self._taken: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._allowed = float(AT_ONCE)
        self._counted_s: float | None = None

    def part_of(self, minute_wall_s: int, part: int, now_s: float) -> int | None:
        """The part under which a measurement is kept; None = it is not: too many came, or too many of this minute.

        Args:
            minute_wall_s: Its minute.
            part: Its part, as the worker says.
            now_s: Monotonic time.
        """
        if self._counted_s is not None:
            self._allowed = min(float(AT_ONCE), self._allowed + (now_s - self._counted_s) * PER_MINUTE / 60)
        self._counted_s = now_s
        if self._allowed < 1:
            return None
        self._allowed -= 1
        while (minute_wall_s, part) in self._taken:
            part += STEP
        if part >= PARTS:
            return None
        self._taken[minute_wall_s, part] = None
        while len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)
        return part
