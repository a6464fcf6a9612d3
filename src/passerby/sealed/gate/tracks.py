"""Short-lived tracks: which box of now is the subject of a moment ago, told by position and motion alone, never by looks.

A track lives for as long as its subject is seen and 2 s more. It has no number: what leaves the gate are glyphs, sorted by position. The
association is that of ByteTrack (Zhang et al., ECCV 2022): sure boxes first, then unsure ones for the tracks that are left; distances are those
of foot points in heights of the subject, since at 2 looks a second boxes of one walker do not overlap.
"""

from dataclasses import dataclass, field
from math import hypot, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Kind
from passerby.sealed.gate.detector import Boxes

SURE: Final = 0.4
REACH: Final = 0.6
REACH_GROWTH_PER_S: Final = 0.5
LOST_AFTER_S: Final = 2.0
SAME_HEIGHT: Final = 0.6
HEIGHT_WEIGHT: Final = 0.3
INSIDE_SHARE: Final = 0.8
DOUBLE_SHARE: Final = 0.5
LEAST_HITS: Final = 3
LEAST_BEST_SCORE: Final = 0.5
LEAST_CHANGED_SHARE: Final = 0.1
LEAST_VOUCHED_HITS: Final = 0.3
LEAST_WAY: Final = 1.0
LEAST_SURE_HITS: Final = 10
LEAST_MEAN_SCORE: Final = 0.65
"""Somebody who sits, or stands in a queue, is vouched for by nothing but the looks: they have to be surer than of a cone or a tripod."""
HISTORY: Final = 4096

Point = tuple[float, float]


@dataclass(slots=True)
class Track:
    """One subject for as long as it is seen: rows of time, foot point, height and width in pixels. Compared by being the same object."""

    kind: Kind
    times_s: list[float] = field(default_factory=list)
    feet_px: list[Point] = field(default_factory=list)
    heights_px: list[float] = field(default_factory=list)
    widths_px: list[float] = field(default_factory=list)
    speed_px_s: Point = (0.0, 0.0)
    best_score: float = 0.0
    hits: int = 0
    score_sum: float = 0.0
    has_taught: bool = False
    vouched_hits: int = 0

    def __repr__(self) -> str:
        return f"Track({self.kind.name.lower()}, {len(self.times_s)} hits)"

    def predicted(self, time_s: float) -> Point:
        """The foot point at a time after the last hit."""
        passed = time_s - self.times_s[-1]
        return self.feet_px[-1][0] + self.speed_px_s[0] * passed, self.feet_px[-1][1] + self.speed_px_s[1] * passed

    @property
    def plausible(self) -> bool:
        """Whether this was seen often and surely enough to be a subject."""
        return len(self.times_s) >= LEAST_HITS and self.best_score >= LEAST_BEST_SCORE

    @property
    def credible(self) -> bool:
        """Whether this is a subject without looking at the plate: plausible, and vouched for by movement, by its way, or by many sure looks."""
        if not self.plausible:
            return False
        if self.vouched_hits >= LEAST_VOUCHED_HITS * len(self.times_s):
            return True
        if self.hits >= LEAST_SURE_HITS and self.score_sum >= LEAST_MEAN_SCORE * self.hits:
            return True
        way = np.ptp(np.array(self.feet_px), axis=0).max() / max(1.0, float(np.median(self.heights_px)))
        return bool(way >= LEAST_WAY)

    def add(self, time_s: float, box: NDArray[np.float32], score: float, *, vouched: bool) -> None:
        """Takes a hit: a box (left, top, right, bottom) at a time."""
        foot = (float(box[0] + box[2]) / 2, float(box[3]))
        if self.times_s:
            passed = max(1e-3, time_s - self.times_s[-1])
            speed = ((foot[0] - self.feet_px[-1][0]) / passed, (foot[1] - self.feet_px[-1][1]) / passed)
            keep = 0.5 if len(self.times_s) > 1 else 0.0
            self.speed_px_s = (keep * self.speed_px_s[0] + (1 - keep) * speed[0], keep * self.speed_px_s[1] + (1 - keep) * speed[1])
        self.times_s.append(time_s)
        self.feet_px.append(foot)
        self.heights_px.append(float(box[3] - box[1]))
        self.widths_px.append(float(box[2] - box[0]))
        self.best_score = max(self.best_score, score)
        self.hits += 1
        self.score_sum += score
        self.vouched_hits += vouched
        if len(self.times_s) > HISTORY:
            for row in (self.times_s, self.feet_px, self.heights_px, self.widths_px):
                del row[: HISTORY // 2]
            self.vouched_hits //= 2


class Tracker:
    """Joins the boxes of successive looks to tracks."""

    def __init__(self) -> None:
        self.live: list[Track] = []

    def update(self, time_s: float, boxes: Boxes, changed_shares: NDArray[np.float32]) -> list[Track]:
        """Takes the boxes of a look and how much of each differs from the place or moves. Returns the tracks that ended."""
        ended = [t for t in self.live if time_s - t.times_s[-1] > LOST_AFTER_S]
        self.live = [t for t in self.live if time_s - t.times_s[-1] <= LOST_AFTER_S]
        whole = without_parts(boxes)
        free, waiting = list(whole), list(self.live)
        for sure in (True, False):
            some = [i for i in free if (boxes.scores[i] > SURE) == sure]
            for track, index in _pairs(waiting, boxes, some, time_s):
                track.add(time_s, boxes.xyxy[index], float(boxes.scores[index]), vouched=bool(changed_shares[index] >= LEAST_CHANGED_SHARE))
                free.remove(index)
                waiting = [t for t in waiting if t is not track]
        for index in free:
            if boxes.scores[index] > SURE:
                track = Track(Kind(int(boxes.kinds[index])))
                track.add(time_s, boxes.xyxy[index], float(boxes.scores[index]), vouched=bool(changed_shares[index] >= LEAST_CHANGED_SHARE))
                self.live.append(track)
        return ended


def without_parts(boxes: Boxes) -> list[int]:
    """Indices of boxes that are no part and no double of a surer box of their kind, surest first."""
    kept: list[int] = []
    areas = (boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]).prod(1)
    for index in np.argsort(-boxes.scores, kind="stable"):
        others = np.array([k for k in kept if boxes.kinds[k] == boxes.kinds[index]], np.intp)
        if len(others):
            upper = np.maximum(boxes.xyxy[others, :2], boxes.xyxy[index, :2])
            lower = np.minimum(boxes.xyxy[others, 2:], boxes.xyxy[index, 2:])
            inside = np.clip(lower - upper, 0, None).prod(1)
            union = areas[others] + areas[index] - inside
            if (inside > INSIDE_SHARE * areas[index]).any() or (inside > DOUBLE_SHARE * union).any():
                continue
        kept.append(int(index))
    return kept


def _pairs(tracks: list[Track], boxes: Boxes, some: list[int], time_s: float) -> list[tuple[Track, int]]:
    """Tracks and boxes that belong together, the nearest pairs first."""
    costs: list[tuple[float, int, int]] = []
    xyxy, kinds = boxes.xyxy.tolist(), boxes.kinds.tolist()  # plain numbers: arrays cost more than what is done with them
    for row, track in enumerate(tracks):
        x, y = track.predicted(time_s)
        reach = REACH * (1 + REACH_GROWTH_PER_S * min(1.5, time_s - track.times_s[-1]))
        for index in some:
            if kinds[index] != track.kind:
                continue
            left, top, right, bottom = xyxy[index]
            height = bottom - top
            away = hypot((left + right) / 2 - x, bottom - y) / max(1.0, height)
            taller = abs(log(max(1.0, height) / max(1.0, track.heights_px[-1])))
            if away < reach and taller < SAME_HEIGHT:
                costs.append((away + HEIGHT_WEIGHT * taller, row, index))
    pairs: list[tuple[Track, int]] = []
    taken_tracks: set[int] = set()
    taken_boxes: set[int] = set()
    for _, row, index in sorted(costs):
        if row not in taken_tracks and index not in taken_boxes:
            taken_tracks.add(row)
            taken_boxes.add(index)
            pairs.append((tracks[row], index))
    return pairs
