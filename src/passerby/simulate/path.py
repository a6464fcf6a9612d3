"""One person's way over the ground, and the crowd that is asked for. Metres, seconds and radians; no pictures.

Ground coordinates: x to the right, y away from the camera, the origin on the ground beneath it. A heading is the direction faced,
atan2(dy, dx): 0 looks to the right, pi / 2 away from the camera.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.errors import SettingsError

STEP_S: Final = 0.1
"""Seconds from sample to sample of a path."""
MOST_PEOPLE: Final = 2000
"""Of each sort: more could not stand on the ground."""
_HARDLY_S: Final = 1e-6


@dataclass(frozen=True)
class Crowd:
    """How many people there are and what they do. Raises SettingsError where a number makes no sense.

    Attributes:
        walkers: About so many walk about at once; somebody new comes when one leaves.
        still: So many stand, sit or lie from the first to the last moment and never move.
        queueing: So many wait in line; the line advances.
        groups: Share of the walkers who walk with one to three others, 0 to 1.
        counter_flow: Whether the walkers make two streams that meet, instead of going everywhere.
    """

    walkers: int = 12
    still: int = 0
    queueing: int = 0
    groups: float = 0.3
    counter_flow: bool = False

    def __post_init__(self) -> None:
        for name, value in (("walkers", self.walkers), ("still people", self.still), ("people who queue", self.queueing)):
            if not 0 <= value <= MOST_PEOPLE:
                raise SettingsError(f"{value} {name} cannot be simulated", f"give 0 to {MOST_PEOPLE}")
        if not 0 <= self.groups <= 1:
            raise SettingsError(f"a share of {self.groups:g} of the walkers in groups makes no sense", "give 0 to 1")


@dataclass(frozen=True, eq=False)
class Path:
    """Where one person is from their coming to their leaving.

    Attributes:
        person: Number of the person, from 0.
        times_s: n increasing times, STEP_S apart, on whole steps; the first frame of a clip is at 0.
        xy_m: n x 2, where they stand.
        heading_rad: n, the direction faced, -pi to pi.
        walked_m: n, the length of the way so far; never falls.
        posture: n, uint8, `cast.Posture`.
        group: Number of those who walk together; people alone have their own.
    """

    person: int
    times_s: NDArray[np.float64]
    xy_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    walked_m: NDArray[np.float64]
    posture: NDArray[np.uint8]
    group: int

    def __post_init__(self) -> None:
        n = len(self.times_s)
        shapes = [self.times_s.shape, self.xy_m.shape, self.heading_rad.shape, self.walked_m.shape, self.posture.shape]
        if n == 0 or shapes != [(n,), (n, 2), (n,), (n,), (n,)]:
            raise ValueError(f"a path of n samples was expected, not arrays of {shapes}")
        if n > 1 and not (np.diff(self.times_s) > 0).all():
            raise ValueError("the times of a path must increase")

    @classmethod
    def still(cls, person: int, at: "Spot", until_s: float, from_s: float = 0.0) -> "Path":
        """Somebody who is there all the time and never moves, alone: their group is -1 - person."""
        times_s = np.arange(math.floor(from_s / STEP_S), math.ceil(until_s / STEP_S - _HARDLY_S) + 1, dtype=np.float64) * STEP_S
        n = len(times_s)
        xy_m = np.repeat(np.array([at.xy_m], np.float64), n, axis=0)
        return cls(person, times_s, xy_m, np.full(n, at.heading_rad), np.zeros(n, np.float64), np.full(n, at.posture, np.uint8), -1 - person)

    def present(self, time_s: float) -> bool:
        """Whether they are there."""
        times_s = self._times_s
        return times_s[0] - _HARDLY_S <= time_s <= times_s[-1] + _HARDLY_S

    def at(self, time_s: float) -> "Spot":
        """Where and how they are; between two samples in between, before the first and after the last as there."""
        times_s, samples = self._times_s, self._samples
        right = min(max(bisect_right(times_s, time_s), 1), len(times_s) - 1)
        left = max(right - 1, 0)
        span_s = times_s[right] - times_s[left]
        share = min(1.0, max(0.0, (time_s - times_s[left]) / span_s)) if span_s > 0 else 0.0
        x_m, y_m, heading_rad, walked_m, posture = samples[left]
        to_x_m, to_y_m, to_heading_rad, to_walked_m, to_posture = samples[right]
        turn_rad = math.remainder(to_heading_rad - heading_rad, 2 * math.pi)
        return Spot(
            (x_m + share * (to_x_m - x_m), y_m + share * (to_y_m - y_m)),
            math.remainder(heading_rad + share * turn_rad, 2 * math.pi),
            to_posture if share > 0.5 else posture,
            walked_m + share * (to_walked_m - walked_m),
        )

    @cached_property
    def _times_s(self) -> list[float]:
        """The times as numbers of Python: single ones are read five times as fast."""
        times_s: list[float] = self.times_s.tolist()
        return times_s

    @cached_property
    def _samples(self) -> list[tuple[float, float, float, float, int]]:
        """x, y, heading, way and posture of each sample."""
        columns = (self.xy_m[:, 0], self.xy_m[:, 1], self.heading_rad, self.walked_m, self.posture)
        return list(zip(*(column.tolist() for column in columns), strict=True))


@dataclass(frozen=True, slots=True)
class Spot:
    """Where and how somebody is at one moment: place, direction faced, `cast.Posture`, and the way walked so far."""

    xy_m: tuple[float, float]
    heading_rad: float
    posture: int
    walked_m: float = 0.0
