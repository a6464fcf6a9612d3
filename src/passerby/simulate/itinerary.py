"""Where a walker means to go: from entrance to entrance, by places on the way, with pauses."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from passerby.simulate.floor import Floor, Point

SLOWEST_M_S: Final = 0.8
FASTEST_M_S: Final = 1.6
_MEAN_M_S: Final = 1.25
_SPREAD_M_S: Final = 0.2
_FASTEST_GROUP_M_S: Final = 1.3
_DETOUR_SHARE: Final = 0.45
_PAUSE_SHARE: Final = 0.6
"""Of the detours."""
_PAUSE_S: Final = (3.0, 18.0)


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on the way: how long somebody stays there, and where they look meanwhile (None: as they came)."""

    xy_m: Point
    pause_s: float = 0.0
    heading_rad: float | None = None


@dataclass(frozen=True, slots=True)
class Itinerary:
    """Where somebody comes from, the stops on their way, the last of them in the entrance by which they leave."""

    entrance: int
    exit: int
    stops: tuple[Stop, ...]


def draw_itinerary(floor: Floor, rng: np.random.Generator, *, counter_flow: bool) -> Itinerary:
    """A random way over the floor; in a counter-flow to and fro between the two entrances that are farthest from each other."""
    if counter_flow:
        pair = floor.farthest_entrances()
        start, end = pair if rng.random() < 0.5 else pair[::-1]
        return Itinerary(start, end, (Stop(floor.somewhere(rng, floor.entrances[end])),))
    start = int(rng.integers(len(floor.entrances)))
    end = (start + int(rng.integers(1, len(floor.entrances)))) % len(floor.entrances)
    stops = []
    if rng.random() < _DETOUR_SHARE:
        pauses = rng.random() < _PAUSE_SHARE
        looks_away = rng.random() < 0.5
        heading_rad = float(rng.uniform(-math.pi, math.pi)) if looks_away else None
        stops.append(Stop(floor.somewhere(rng), float(rng.uniform(*_PAUSE_S)) if pauses else 0.0, heading_rad))
    stops.append(Stop(floor.somewhere(rng, floor.entrances[end])))
    return Itinerary(start, end, tuple(stops))


def draw_speed(rng: np.random.Generator, members: int) -> float:
    """Metres a second at which somebody, or a group together, would like to walk."""
    fastest = FASTEST_M_S if members == 1 else _FASTEST_GROUP_M_S
    return float(np.clip(rng.normal(_MEAN_M_S, _SPREAD_M_S), SLOWEST_M_S, fastest))


def draw_members(rng: np.random.Generator, share_in_groups: float) -> int:
    """How many come next: 1, or 2 to 4 so that `share_in_groups` of all walkers come with others."""
    sizes, weights = (2, 3, 4), (0.55, 0.3, 0.15)
    mean = sum(size * weight for size, weight in zip(sizes, weights, strict=True))
    together, alone = share_in_groups / mean, 1 - share_in_groups
    if rng.random() >= together / (together + alone):
        return 1
    return int(rng.choice(sizes, p=weights))
