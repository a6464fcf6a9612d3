"""One person for as long as it is seen: a short row of boxes, joined by position and motion alone. It has no number, and dies with the row.

`Track.at` says where the person stood at a moment a little while ago, from hits before and after it: between two hits the way is straight, and a
median over five hits takes out the detector's jitter.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

LEAST_HITS: Final = 3
LEAST_BEST_SCORE: Final = 0.6
LEAST_CHANGED_SHARE: Final = 0.2
LEAST_VOUCHED_HITS: Final = 0.3
LEAST_WAY: Final = 1.0
LEAST_WAY_VOUCHED: Final = 0.4
"""In heights: so far somebody has gone who was vouched for meanwhile. The box of a tripod is vouched for by those who pass before it, and stays."""
LEAST_SURE_HITS: Final = 10
LEAST_MEAN_SCORE: Final = 0.65
"""Somebody who stands is vouched for by nothing but the looks: they have to be surer than of a cone or a tripod."""
LEAST_THING_HITS: Final = 0.5
"""Somebody of whom so many looks may have seen what another one pushes has to be as sure, too."""
KNOWN_SHARE: Final = 0.5
"""A box of which less has a plate is unconfirmed, unless its way vouches for it."""
SMOOTH_HITS: Final = 2
SPEED_OVER_S: Final = 1.0
MOST_PREDICTED_S: Final = 1.0
HISTORY: Final = 64
"""Hits that are kept: more than the lag and the speed need at 30 looks a second."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hit:
    """A box of a track: its foot point, height and width in pixels."""

    time_s: float
    x_px: float
    y_px: float
    height_px: float
    width_px: float


@dataclass(slots=True, eq=False, weakref_slot=True)
class Track:
    """A row of hits. Compared by being the same object."""

    hits: list[Hit] = field(default_factory=list)
    speed_px_s: Point = (0.0, 0.0)
    count: int = 0
    vouched: int = 0
    known: int = 0
    best_score: float = 0.0
    score_sum: float = 0.0
    came: int = 0
    like_thing: int = 0
    _low: Point = (0.0, 0.0)
    _high: Point = (0.0, 0.0)
    _vouched_low: Point = (0.0, 0.0)
    _vouched_high: Point = (0.0, 0.0)

    @property
    def last(self) -> Hit:
        """The newest hit."""
        return self.hits[-1]

    @property
    def height_px(self) -> float:
        """The person's height: the median of the last hits, since some show half a person."""
        return median(hit.height_px for hit in self.hits[-5:])

    @property
    def is_person(self) -> bool:
        """Whether this was seen often and surely enough, and differed from the place, or moved, or was looked at surely for long."""
        if self.count < LEAST_HITS or self.best_score < LEAST_BEST_SCORE:
            return False
        sure = self.score_sum >= LEAST_MEAN_SCORE * self.count
        if self.like_thing >= LEAST_THING_HITS * self.count and not sure:
            return False
        if self.vouched >= LEAST_VOUCHED_HITS * self.count or (self.count >= LEAST_SURE_HITS and sure):
            return True
        height_px = max(1.0, self.height_px)
        return _extent(self._low, self._high) >= LEAST_WAY * height_px or (
            self.vouched >= LEAST_HITS and _extent(self._vouched_low, self._vouched_high) >= LEAST_WAY_VOUCHED * height_px
        )

    @property
    def is_confirmed(self) -> bool:
        """Whether the place behind it was ever known, or it came moving, or a way of its own shows that it is no part of the place."""
        way_px = _extent(self._low, self._high)
        return self.known > 0 or self.came == LEAST_HITS or way_px >= LEAST_WAY_VOUCHED * max(1.0, self.height_px)

    def predicted(self, time_s: float) -> Point:
        """The foot point at a time after the last hit, in pixels."""
        last, passed_s = self.last, min(time_s - self.last.time_s, MOST_PREDICTED_S)
        return last.x_px + self.speed_px_s[0] * passed_s, last.y_px + self.speed_px_s[1] * passed_s

    def add(self, hit: Hit, score: float, changed: float, unknown: float, *, like_thing: bool = False) -> None:
        """Takes the next hit.

        Args:
            hit: It.
            score: How sure the detector is.
            changed: Share of the box that differs.
            unknown: Share of the box that has no plate.
            like_thing: Whether this may be what somebody else pushes.
        """
        point = (hit.x_px, hit.y_px)
        if not self.count:
            self._low = self._high = point
        self._low, self._high = _lower(self._low, point), _higher(self._high, point)
        if changed >= LEAST_CHANGED_SHARE:
            if not self.vouched:
                self._vouched_low = self._vouched_high = point
            self._vouched_low, self._vouched_high = _lower(self._vouched_low, point), _higher(self._vouched_high, point)
            self.vouched += 1
            self.came += self.count < LEAST_HITS
        self.count += 1
        self.like_thing += like_thing
        self.known += unknown < KNOWN_SHARE
        self.best_score = max(self.best_score, score)
        self.score_sum += score
        self.hits.append(hit)
        if len(self.hits) > HISTORY:
            del self.hits[: HISTORY // 2]
        self.speed_px_s = _speed([one for one in self.hits if hit.time_s - one.time_s <= SPEED_OVER_S])

    def at(self, time_s: float, hold_s: float) -> Hit | None:
        """Where the person stood at a time, as a hit; None = not there yet, or not seen for longer than `hold_s`."""
        if time_s < self.hits[0].time_s:
            return None
        index = bisect_right(self.hits, time_s, key=lambda hit: hit.time_s) - 1
        if index < len(self.hits) - 1:
            return _between(self._smoothed(index), self._smoothed(index + 1), time_s)
        if time_s - self.last.time_s > hold_s:
            return None
        x_px, y_px = self.predicted(time_s)
        return Hit(time_s, x_px, y_px, self.height_px, median(hit.width_px for hit in self.hits[-5:]))

    def _smoothed(self, index: int) -> Hit:
        """A hit with its foot point as the median of those around it, as many before as after."""
        reach = min(SMOOTH_HITS, index, len(self.hits) - 1 - index)
        around = self.hits[index - reach : index + reach + 1]
        hit = self.hits[index]
        return Hit(hit.time_s, median(one.x_px for one in around), median(one.y_px for one in around), hit.height_px, hit.width_px)


def median(values: Iterable[float]) -> float:
    """The median of a few values: as `statistics.median`, which takes three times as long."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _between(before: Hit, after: Hit, time_s: float) -> Hit:
    share = (time_s - before.time_s) / max(1e-6, after.time_s - before.time_s)

    def mixed(low: float, high: float) -> float:
        return low + share * (high - low)

    return Hit(
        time_s,
        mixed(before.x_px, after.x_px),
        mixed(before.y_px, after.y_px),
        mixed(before.height_px, after.height_px),
        mixed(before.width_px, after.width_px),
    )


def _speed(hits: Sequence[Hit]) -> Point:
    """Pixels a second along both axes: the straight line through the hits, by least squares."""
    count = len(hits)
    mean_s = sum(hit.time_s for hit in hits) / count
    spread = sum((hit.time_s - mean_s) ** 2 for hit in hits)
    if spread <= 0:
        return 0.0, 0.0
    return (
        sum((hit.time_s - mean_s) * hit.x_px for hit in hits) / spread,
        sum((hit.time_s - mean_s) * hit.y_px for hit in hits) / spread,
    )


def _extent(low: Point, high: Point) -> float:
    return max(high[0] - low[0], high[1] - low[1])


def _lower(a: Point, b: Point) -> Point:
    return min(a[0], b[0]), min(a[1], b[1])


def _higher(a: Point, b: Point) -> Point:
    return max(a[0], b[0]), max(a[1], b[1])
