"""How long scenes take from the camera to here: counts by duration, enough for a percentile and of fixed size."""

import bisect
import threading
from typing import Final

BOUNDS_S: Final = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0, 5.0)
"""Upper ends of the classes, in seconds; a last class holds what is longer."""


class Latency:
    """Counts durations."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum_s = 0.0

    def add(self, duration_s: float) -> None:
        """Counts one duration."""
        with self._lock:
            self._counts[bisect.bisect_left(BOUNDS_S, duration_s)] += 1
            self._sum_s += max(0.0, duration_s)

    def counts(self) -> tuple[tuple[int, ...], float]:
        """How many durations fell into each class, and their sum in seconds."""
        with self._lock:
            return tuple(self._counts), self._sum_s

    def percentile_s(self, share: float) -> float | None:
        """An upper bound of the duration below which this share of all lies; None = none counted, or it is beyond the last bound."""
        counts, _ = self.counts()
        wanted, seen = share * sum(counts), 0
        for bound_s, count in zip(BOUNDS_S, counts, strict=False):
            seen += count
            if seen and seen >= wanted:
                return bound_s
        return None
