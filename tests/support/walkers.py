"""Made-up people for the tests of measuring: each a way in pixels over time, seen as boxes with the detector's jitter and gaps."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from passerby.measure.sighting import Sighting

HEIGHT_PX = 80.0
LOOKS_HZ = 5.0

Way = Callable[[float], tuple[float, float] | None]
"""The foot point at a time; None = not there."""


@dataclass(frozen=True)
class Walker:
    """Somebody. `unseen`: spans of time in which the detector does not see them."""

    way: Way
    height_px: float = HEIGHT_PX
    score: float = 0.8
    unseen: Sequence[tuple[float, float]] = field(default_factory=tuple)
    changed: float = 0.7
    unknown: float = 0.0


def straight(begin: tuple[float, float], end: tuple[float, float], from_s: float, to_s: float) -> Way:
    """Walks from one pixel to another, and is there only meanwhile."""

    def way(time_s: float) -> tuple[float, float] | None:
        if not from_s <= time_s <= to_s:
            return None
        share = (time_s - from_s) / (to_s - from_s)
        return begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])

    return way


def along(*points: tuple[float, float, float]) -> Way:
    """Walks from point to point, each (time, x, y); there only between the first and the last."""

    def way(time_s: float) -> tuple[float, float] | None:
        for (t0, x0, y0), (t1, x1, y1) in pairwise(points):
            if t0 <= time_s <= t1:
                share = (time_s - t0) / (t1 - t0)
                return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        return None

    return way


def looks(walkers: Iterable[Walker], until_s: float, *, hz: float = LOOKS_HZ, jitter_px: float = 1.5, seed: int = 0) -> Iterator[Sighting]:
    """What the detector says of them, look by look."""
    rng, people = np.random.default_rng(seed), list(walkers)
    for number in range(int(until_s * hz)):
        time_s = number / hz
        yield sighting(time_s, [one for one in people if not any(low <= time_s < high for low, high in one.unseen)], rng, jitter_px)


def sighting(time_s: float, walkers: Sequence[Walker], rng: np.random.Generator | None = None, jitter_px: float = 0.0) -> Sighting:
    """One look."""
    rng = np.random.default_rng(0) if rng is None else rng
    there = [(one, at) for one in walkers if (at := one.way(time_s)) is not None]
    boxes = np.zeros((len(there), 4), np.float32)
    for row, (one, (x, y)) in enumerate(there):
        noise = rng.normal(0, jitter_px, 4) if jitter_px else np.zeros(4)
        boxes[row] = np.array((x - one.height_px * 0.2, y - one.height_px, x + one.height_px * 0.2, y)) + noise
    order = rng.permutation(len(there))
    return Sighting(
        time_s,
        boxes[order],
        np.array([there[i][0].score for i in order], np.float32),
        np.array([there[i][0].changed for i in order], np.float32),
        np.array([there[i][0].unknown for i in order], np.float32),
    )
