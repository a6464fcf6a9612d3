"""Three times of a live picture kept apart: when it came in, what the camera's own clock says, and the time that the gate goes by. Numbers only."""

from dataclasses import dataclass
from typing import Final

from passerby.clock import Clock

_TICK_S: Final = 0.001
"""By this much a picture follows another one whose time it repeats."""
_LATE_S: Final = 1.0
"""Media time back by no more than this is a late or repeated picture; by more, the camera's clock was set back."""
_JUMP_S: Final = 5.0
"""Media time that went on by so much more than ours is a clock that was set, and not a gap: in a gap both go on."""
_LAG_S: Final = 2.0
"""A picture is never taken to be older than this when it comes in."""
_FOLLOW: Final = 0.01
"""How fast a stream that comes later and later is followed, in seconds a second. Quartz drifts by a hundredth of that."""
_REFERENCE_S: Final = 10.0
"""How the clocks stood at the beginning is known after so long: some cameras begin with a burst of pictures they had kept."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a picture was.

    Attributes:
        time_s: Gate time: seconds since the camera's first picture; rises strictly, also over connections.
        captured_monotonic_s: When it came in.
        captured_wall_s: The same as seconds since 1970 UTC.
        media_s: The camera's own time since the connection began, jumps taken out; None = it gives none.
    """

    time_s: float
    captured_monotonic_s: float
    captured_wall_s: float
    media_s: float | None


class LiveClock:
    """Gives pictures their times, in the order in which they come.

    Gate time follows the camera's clock, for pictures that were delayed on their way stay as far apart as they were taken. Those that come
    soonest tie it to our clock; a camera whose clock is slow or fast is followed. Without media time it is the time of arrival. It never lies
    ahead of arrival, but for the millisecond by which a picture follows the one before. Our wall clock may jump: only `captured_wall_s` notices.

    Args:
        clock: What time it is.

    Attributes:
        repaired: Timestamps that were missing, repeated, late, or had jumped.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first_s: float | None = None
        self._last_time_s = -_TICK_S
        self.repaired = 0
        self.connect()

    def connect(self) -> None:
        """A new connection: its media time begins anew."""
        self._shift_s: float | None = None
        self._media_s = 0.0
        self._arrived_s = 0.0
        self._began_s = 0.0
        self._offset_s: float | None = None
        self._tied_at_s = 0.0
        self._reference_s = 0.0

    @property
    def drift_s(self) -> float:
        """How far the camera's clock has run ahead of ours since the connection began."""
        return 0.0 if self._offset_s is None else self._reference_s - self._offset_s

    def place(self, timestamp_s: float | None, arrived_s: float) -> Moment:
        """The times of the next picture.

        Args:
            timestamp_s: The camera's timestamp, from any origin; None = it has none.
            arrived_s: When the picture came in, by the monotonic clock.
        """
        media_s = self._media(timestamp_s, arrived_s)
        placed_s = arrived_s if media_s is None else self._tied(media_s, arrived_s)
        if self._first_s is None:
            self._first_s = placed_s
        self._last_time_s = max(placed_s - self._first_s, self._last_time_s + _TICK_S)
        wall_s = self._clock.wall_s() - (self._clock.monotonic_s() - arrived_s)
        return Moment(self._last_time_s, arrived_s, wall_s, media_s)

    def _media(self, timestamp_s: float | None, arrived_s: float) -> float | None:
        """Media time since the connection began, rising strictly."""
        if self._shift_s is None:
            if timestamp_s is None:
                return None
            self._shift_s, self._media_s, self._began_s = -timestamp_s, 0.0, arrived_s
        else:
            self._media_s = self._following(timestamp_s, self._shift_s, arrived_s - self._arrived_s)
        self._arrived_s = arrived_s
        return self._media_s

    def _following(self, timestamp_s: float | None, shift_s: float, passed_s: float) -> float:
        """Media time after the last one; `passed_s` by our clock."""
        guessed_s = self._media_s + max(_TICK_S, passed_s)
        if timestamp_s is None:
            self.repaired += 1
            return guessed_s
        media_s = timestamp_s + shift_s
        if self._media_s < media_s <= guessed_s + _JUMP_S:
            return media_s
        self.repaired += 1
        if self._media_s - _LATE_S <= media_s <= self._media_s:
            return self._media_s + _TICK_S
        self._shift_s = guessed_s - timestamp_s
        return guessed_s

    def _tied(self, media_s: float, arrived_s: float) -> float:
        """Media time by our monotonic clock."""
        offset_s = arrived_s - media_s
        if self._offset_s is None or offset_s < self._offset_s or offset_s > self._offset_s + _LAG_S:
            self._offset_s = offset_s
        else:
            passed_s = max(0.0, arrived_s - self._tied_at_s)
            self._offset_s += min(offset_s - self._offset_s, _FOLLOW * passed_s)
        self._tied_at_s = arrived_s
        if arrived_s - self._began_s <= _REFERENCE_S:
            self._reference_s = self._offset_s
        return media_s + self._offset_s
