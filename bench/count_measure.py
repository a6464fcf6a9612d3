"""How far counts are from the truth: the definitions of occupancy and crossings that annotated persons give, and how counts are held against them.

The truth is that of MOT text (`bench.truth`). A person stands at the middle of the box's lower edge, smoothed by a median over 5 frames. Occupancy
of a frame is a range: at least those with flag 1, at most those with flag 0 too. A crossing: after a foot point at least 5 % of the box's height to
one side of the line, another one as far to the other side, the straight way between them meeting the line; "ab" is from the left of a -> b to its
right.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.truth import Person

Floats = NDArray[np.floating[Any]]
Line = tuple[tuple[float, float], tuple[float, float]]

HYSTERESIS: Final = 0.05
MOST_GAP_FRAMES: Final = 10
SMOOTHED_FRAMES: Final = 5


@dataclass(frozen=True)
class Crossing:
    """Somebody crossed a line: which, "ab" or "ba", in which frame (from 1)."""

    line: str
    direction: str
    frame: int


@dataclass(frozen=True)
class Matched:
    """Counted crossings against true ones.

    Attributes:
        true: How many there were; counted: how many were counted; hits: how many of these belong together.
        errors: Sum over lines and directions of how far the totals are apart.
        missed, false: Which were not counted, and which were counted and were none.
    """

    true: int
    counted: int
    hits: int
    errors: int
    missed: tuple[Crossing, ...]
    false: tuple[Crossing, ...]

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.hits / max(1, self.true + self.counted)


def true_crossings(people: Iterable[Person], lines: dict[str, Line], least_y_px: float = 0.0) -> list[Crossing]:
    """The crossings of annotated people, in order of time."""
    rows: dict[float, list[Person]] = defaultdict(list)
    for one in people:
        rows[one.person].append(one)
    found: list[Crossing] = []
    for row in rows.values():
        for part in _unbroken(sorted(row, key=lambda one: one.frame)):
            points = _smoothed(np.array([one.foot_px for one in part], float))
            for name, line in lines.items():
                found += [
                    Crossing(name, direction, part[number].frame)
                    for number, direction in _crossings(points, [one.height_px for one in part], line)
                    if points[number][1] >= least_y_px
                ]
    return sorted(found, key=lambda one: (one.frame, one.line, one.direction))


def occupancy(people: Iterable[Person], frames: int, least_y_px: float = 0.0) -> tuple[Floats, Floats]:
    """Least and most people of each frame."""
    least, most = np.zeros(frames), np.zeros(frames)
    for one in people:
        if one.foot_px[1] >= least_y_px and one.frame <= frames:
            most[one.frame - 1] += 1
            least[one.frame - 1] += one.counts
    return least, most


def outside(counts: Sequence[float], least: Floats, most: Floats) -> float:
    """Mean distance of counts from the range of each frame."""
    told = np.asarray(counts, float)
    return float(np.maximum(0, np.maximum(least - told, told - most)).mean())


def matched(counted: Sequence[Crossing], true: Sequence[Crossing], within_frames: float) -> Matched:
    """Counted crossings against true ones: one belongs to one other of the same line and direction, the nearest in time first."""
    pairs = sorted(
        (abs(a.frame - b.frame), i, j)
        for i, a in enumerate(true)
        for j, b in enumerate(counted)
        if (a.line, a.direction) == (b.line, b.direction) and abs(a.frame - b.frame) <= within_frames
    )
    hit, told = set[int](), set[int]()
    for _, i, j in pairs:
        if i not in hit and j not in told:
            hit.add(i)
            told.add(j)
    totals = Counter((one.line, one.direction) for one in true)
    totals.subtract(Counter((one.line, one.direction) for one in counted))
    return Matched(
        true=len(true),
        counted=len(counted),
        hits=len(hit),
        errors=sum(abs(value) for value in totals.values()),
        missed=tuple(one for i, one in enumerate(true) if i not in hit),
        false=tuple(one for j, one in enumerate(counted) if j not in told),
    )


def _unbroken(row: Sequence[Person]) -> Iterator[list[Person]]:
    part: list[Person] = []
    for one in row:
        if part and one.frame - part[-1].frame > MOST_GAP_FRAMES:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _smoothed(points: Floats) -> Floats:
    half = SMOOTHED_FRAMES // 2
    padded = np.pad(points, ((half, half), (0, 0)), mode="edge")
    return np.asarray(np.median(np.stack([padded[i : i + len(points)] for i in range(SMOOTHED_FRAMES)]), axis=0))


def _crossings(points: Floats, heights_px: Sequence[float], line: Line) -> Iterator[tuple[int, str]]:
    a, b = np.array(line[0], float), np.array(line[1], float)
    last, last_side = points[0], 0
    for number, (point, height_px) in enumerate(zip(points, heights_px, strict=True)):
        away_px = _side(point, a, b)
        if abs(away_px) < HYSTERESIS * height_px:
            continue
        side = 1 if away_px > 0 else -1
        if last_side and side != last_side and _meet(last, point, a, b):
            yield number, "ab" if side > 0 else "ba"
        last, last_side = point, side


def _side(point: Floats, a: Floats, b: Floats) -> float:
    along = b - a
    return float((along[0] * (point[1] - a[1]) - along[1] * (point[0] - a[0])) / np.hypot(*along))


def _meet(p: Floats, q: Floats, a: Floats, b: Floats) -> bool:
    return _side(p, a, b) * _side(q, a, b) <= 0 and _side(a, p, q) * _side(b, p, q) <= 0
