"""Turns the timestamps that a decoder gives into strictly increasing ones that start at 0. Numbers only; no pixels."""

from fractions import Fraction
from typing import Final

_LATE_S: Final = 1
"""A timestamp that lies back by no more than this is a late or repeated frame; by more, the clock was set back."""
_LONGEST_GAP_S: Final = 24 * 3600
"""A timestamp that lies ahead by more than this is damage or another clock: no gap within one clip is that long."""


class Timeline:
    """Places frames in time, in the order in which they come.

    Good timestamps are kept exactly, so a variable frame rate stays as it is. The others are repaired and counted:

    - missing: the frame follows the one before by a nominal step;
    - repeated, or back by at most a second: the frame follows the one before by one tick, so that the frames after it keep their times;
    - back by more, or ahead by more than a day: the clock was set. The frame follows the one before by a nominal step, and all later
      timestamps are shifted with it.

    Args:
        time_base: Seconds a tick.
        step_ticks: The nominal distance of two frames.
        origin: The timestamp of the clip's first frame; None = that of the first frame placed, or unknown if it has none.
    """

    def __init__(self, time_base: Fraction, step_ticks: int, origin: int | None = None) -> None:
        self._late = max(1, round(_LATE_S / time_base))
        self._longest_gap = max(1, round(_LONGEST_GAP_S / time_base))
        self._step = max(1, step_ticks)
        self._shift = None if origin is None else -origin
        self._last: int | None = None
        self.repaired = 0

    @property
    def origin(self) -> int | None:
        """The timestamp that stands for 0; None before the first frame that has one."""
        return None if self._shift is None else -self._shift

    def place(self, timestamp: int | None) -> int:
        """The frame's time in ticks since the first frame of the clip, strictly greater than the one before.

        Args:
            timestamp: What the decoder gave: the presentation timestamp, else the decoding one, else None = missing.
        """
        placed = self._place(timestamp)
        self._last = placed
        return placed

    def _place(self, timestamp: int | None) -> int:
        following = 0 if self._last is None else self._last + self._step
        if timestamp is None:
            self.repaired += 1
            return following
        if self._shift is None:
            self._shift = following - timestamp
        value = timestamp + self._shift
        if self._last is None:
            if value < 0:
                self.repaired += 1
            return max(0, value)
        if self._last < value <= self._last + self._longest_gap:
            return value
        self.repaired += 1
        if self._last - self._late <= value <= self._last:
            return self._last + 1
        self._shift = following - timestamp
        return following
