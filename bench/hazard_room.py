"""How near normal life comes to the limit of each rule of `hazard_places`, by truth: who may still come, and what was reached.

All of it errs upwards: whoever is in a zone for a moment of a second counts for the whole second, and a limit counts as reached without its `for`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from bench.hazard_places import (
    AGAINST,
    DENSITY,
    DESK,
    EXIT,
    EXIT_M,
    FOR_S,
    OCCUPANCY,
    QUEUE,
    RISE,
    SIZE,
    SQUARE,
    STAIRS,
    TRACKS,
    WALKWAY,
    ZONES_M,
    Floats,
    area_m2,
    within,
)
from passerby.hazards.rules.density import LEAST_RISE_S, LEAST_SHARE, MINUTE_S, RISE_OVER_S
from passerby.hazards.rules.spots import GAP_S, GAP_SHARE, HELD_SHARE, LONGEST_GAP_S, NEAR_HEIGHTS, NEAR_STEPS
from passerby.hazards.rules.surge import BEFORE_S, PERSONS, RUNNING_M_S, WITHIN_S
from passerby.released.scene import GLYPH_STEPS_PER_HEIGHT
from passerby.simulate.camera import PERSON_M, Camera
from passerby.simulate.measures import RIGHT_TO_LEFT, CrossingCounter
from passerby.simulate.path import STEP_S, Path
from passerby.site.hazards import KINDS

NEAR_LIMIT: Final = 0.75
"""What a rule hears stays below so much of its limit."""
EDGE_M: Final = 0.3
"""Nobody comes nearer to the tracks, as in `hazard_life`: a foot is not told to centimetres."""
A_SECOND: Final = round(1 / STEP_S)
SPOTS_M: Final = 0.25
"""From one spot of the walkway that is looked at to the next."""
NEVER: Final[Mapping[str, str]] = MappingProxyType(
    {
        "forbidden": f"nobody comes nearer than {EDGE_M:g} m to the tracks",
        "occupied": f"nobody comes nearer than {EDGE_M:g} m to the tracks",
        "left-object": "nothing is left anywhere",
    }
)
"""Rules whose condition normal life does not even come near, and why."""
Marks = NDArray[np.bool_]


@dataclass(frozen=True)
class Reached:
    """What is so in each second of a clip.

    Attributes:
        there: By zone: how many people.
        against: How many cross the exit against its direction.
        taken: (spots of the walkway, steps) whether somebody is there; longest_s: for how long one of them is, by whomever.
        moves: (people, seconds, 2) by which velocity somebody in the square moves, m/s; NaN = is not there.
    """

    there: Mapping[str, NDArray[np.int64]]
    against: NDArray[np.int64]
    taken: Marks
    longest_s: float
    moves: Floats

    @classmethod
    def nothing(cls, seconds: int, spots: int) -> Self:
        """A place where nobody is."""
        there = {zone: np.zeros(seconds, int) for zone in (SQUARE, DESK, STAIRS)}
        return cls(there, np.zeros(seconds, int), np.zeros((spots, seconds * A_SECOND), bool), 0.0, np.empty((0, seconds, 2)))

    def shares(self) -> dict[str, float]:
        """The highest share of each rule's limit; surge, which takes a while to work out, is `surge`."""
        per_m2 = self.there[STAIRS] / area_m2(STAIRS)
        rate = np.convolve(self.against, np.ones(int(FOR_S["counter-flow"]))) * MINUTE_S / FOR_S["counter-flow"]
        return {
            "density": float(per_m2.max()) / DENSITY,
            "rise": _rise(per_m2),
            "occupancy": float(self.there[SQUARE].max()) / OCCUPANCY,
            "counter-flow": float(rate.max()) / AGAINST,
            "static": self.longest_s / FOR_S["static"],
            "queue": float(self.there[DESK].max()) / QUEUE,
        }

    def surge(self) -> float:
        """The same of a surge: both that people run and that they did not before."""
        limit, highest = KINDS["surge"].limit or 0.0, 0.0
        known = ~np.isnan(self.moves[:, :, 0])
        enough = known.sum(0) >= PERSONS
        for second in map(int, np.flatnonzero(enough)):
            before = [one for one in range(max(0, second - int(WITHIN_S + BEFORE_S)), second - int(WITHIN_S) + 1) if enough[one]]
            if not before:
                continue
            speed, east, north = _motion(self.moves[known[:, second], second])
            earlier = np.array([_motion(self.moves[known[:, one], one]) for one in before])
            apart = speed - float(np.median(earlier[:, 0]))
            along = float(np.hypot(east - np.median(earlier[:, 1]), north - np.median(earlier[:, 2])))
            if apart >= 0:
                highest = max(highest, min(speed / RUNNING_M_S, max(apart, along) / limit))
        return highest


class Room:
    """Says who may still come, so that what each rule hears stays below `NEAR_LIMIT` of its limit by truth; a surge is looked at when all have come.

    Args:
        seconds: Length of the clip.
    """

    def __init__(self, seconds: float) -> None:
        left, near, right, far = ZONES_M[WALKWAY]
        x, y = np.meshgrid(np.arange(left, right, SPOTS_M), np.arange(near, far, SPOTS_M))
        spots_m = np.column_stack([x.ravel(), y.ravel()])
        self._camera = Camera.over_plaza(SIZE)
        self._spots_px = self._camera.to_px(spots_m)
        # Near is as near as two figures may stand to count as one spot: the rule sees them from where the camera hangs.
        self._near_px = np.maximum(NEAR_HEIGHTS * PERSON_M * self._camera.px_per_m(spots_m), NEAR_STEPS * SIZE.height_px / GLYPH_STEPS_PER_HEIGHT)
        self._count = int(np.ceil(seconds)) + 1
        self._reached = Reached.nothing(self._count, len(spots_m))

    def takes(self, path: Path) -> bool:
        """Takes somebody in, if there is room for them."""
        if within(path.xy_m, TRACKS, EDGE_M).any():
            return False
        with_them = self._with(path)
        if max(with_them.shares().values()) > NEAR_LIMIT:
            return False
        self._reached = with_them
        return True

    def shares(self) -> dict[str, float]:
        """The highest share of each rule's limit that those who were taken in reached; of `NEVER`, 0."""
        told = {**self._reached.shares(), "surge": self._reached.surge(), **dict.fromkeys(NEVER, 0.0)}
        return {rule: told[rule] for rule in FOR_S}

    def _with(self, path: Path) -> Reached:
        """What is reached with somebody more."""
        now = self._reached
        second = np.clip(path.times_s.astype(int), 0, self._count - 1)
        there = {zone: one.copy() for zone, one in now.there.items()}
        for zone, one in there.items():
            one[np.unique(second[within(path.xy_m, zone)])] += 1
        against = now.against.copy()
        counter = CrossingCounter({EXIT: EXIT_M})
        for frame, (x, y) in enumerate(path.xy_m):
            for crossing in counter.step(frame, {0: (float(x), float(y))}):
                against[second[frame]] += crossing.direction == RIGHT_TO_LEFT
        changed = replace(now, there=there, against=against, moves=self._moves_with(path))
        if not within(path.xy_m, WALKWAY).any():
            return changed
        taken = now.taken | self._takes_spots(path)
        return replace(changed, taken=taken, longest_s=_longest_of(taken))

    def _takes_spots(self, path: Path) -> Marks:
        """(spots, steps) where somebody stands or goes in the walkway."""
        found = np.zeros_like(self._reached.taken)
        inside = within(path.xy_m, WALKWAY)
        step = np.rint(path.times_s[inside] / STEP_S).astype(int)
        away_px = np.hypot(*(self._spots_px[:, None] - self._camera.to_px(path.xy_m[inside])).transpose(2, 0, 1))
        known = (step >= 0) & (step < found.shape[1])
        found[:, step[known]] = (away_px <= self._near_px[:, None])[:, known]
        return found

    def _moves_with(self, path: Path) -> Floats:
        """The moves with those of somebody more, where they are ever in the square."""
        inside = within(path.xy_m, SQUARE)
        if not inside.any() or len(path.times_s) < 2:
            return self._reached.moves
        velocity = np.gradient(path.xy_m, path.times_s, axis=0)
        second = path.times_s.astype(int)
        mine = np.full((1, self._count, 2), np.nan)
        for one in np.unique(second[inside]):
            if 0 <= one < self._count:
                mine[0, one] = velocity[inside & (second == one)].mean(0)
        return np.concatenate([self._reached.moves, mine])


def highest(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of each rule, the highest share in any of the clips."""
    return {rule: max(one[rule] for one in found) for rule in FOR_S}


def _rise(per_m2: Floats) -> float:
    """The highest share of the limit on a rise: both that it rises, and that it is dense enough for that to matter."""
    highest = 0.0
    for over in (int(LEAST_RISE_S), int(RISE_OVER_S)):
        if len(per_m2) >= over:
            t = np.arange(over) - (over - 1) / 2
            slope = MINUTE_S * np.convolve(per_m2, t[::-1], "valid") / float((t**2).sum())
            highest = max(highest, float(np.minimum(slope / RISE, per_m2[over - 1 :] / (LEAST_SHARE * DENSITY)).max()))
    return highest


def _longest_of(taken: Marks) -> float:
    """For how long one of (spots, steps) is taken."""
    held = taken.reshape(len(taken), -1, A_SECOND).mean(2) >= HELD_SHARE
    return max((_longest(np.flatnonzero(one)) for one in held[held.any(1)]), default=0)


def _longest(seconds: NDArray[np.int64]) -> int:
    """The longest time from the first to the last of increasing seconds, where gaps are as short as the rule allows a spot of figures."""
    longest, since, seen = 0, int(seconds[0]), int(seconds[0])
    for second in map(int, seconds):
        since = second if second - seen > min(LONGEST_GAP_S, max(GAP_S, (seen - since) // GAP_SHARE)) else since
        longest, seen = max(longest, second - since), second
    return longest


def _motion(moves: Floats) -> tuple[float, float, float]:
    """Median speed and mean velocity of (n, 2) velocities."""
    east, north = moves.mean(0)
    return float(np.median(np.hypot(*moves.T))), float(east), float(north)
