"""Time, passed in. Nothing in Passerby asks the machine for the time but through a clock, so that tests set it and never sleep."""

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time, monotonic time and waiting."""

    def wall_s(self) -> float:
        """Seconds since 1970-01-01 UTC. May jump."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some moment. Never goes back."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Return once that much monotonic time has passed."""
        ...


class SystemClock:
    """The machine's clock."""

    def wall_s(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return time.time()

    def monotonic_s(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, duration_s: float) -> None:
        """Wait."""
        time.sleep(duration_s)


class SimulatedClock:
    """A clock that stands still until it is told to go on: for tests and for time that comes from a file.

    Args:
        wall_s: The wall time at the start; monotonic time starts at 0.
    """

    def __init__(self, wall_s: float = 0.0) -> None:
        self._start_wall_s = wall_s
        self._elapsed_s = 0.0

    def wall_s(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        return self._start_wall_s + self._elapsed_s

    def monotonic_s(self) -> float:
        """Seconds since this clock was made."""
        return self._elapsed_s

    def sleep(self, duration_s: float) -> None:
        """Go on by that much, at once.

        Raises:
            ValueError: time would go back.
        """
        if duration_s < 0:
            raise ValueError(f"a clock goes forward, not by {duration_s} s")
        self._elapsed_s += duration_s
