"""How much of simulated people a released stream shows, by their true masks and the true empty place of each moment.

The definitions are those of `leak_measure.py`, with the truth in place of what is estimated there: a person pixel is one that the label
picture gives to the person and that differs from the empty place of the moment by more than 40; a head is the upper 16 % of the true box.

Where all is dark, people and place are alike by chance. So heads are counted once more: those of which the released picture shows more than the same
scenes would with the true empty place as their plate (`by_plate`).

Somebody who is there from the first frame and never moves is *missed* if at any time more than 5 % of their textured pixels are released.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from bench.clips import Mask, difference
from bench.leak_measure import EXPOSED, HEAD_PART, LEAST_HEAD_PIXELS, LEAST_HEAD_ROWS, LEAST_PIXELS, SAME, textured
from bench.privacy_types import SeenPerson, Step, whole_box
from bench.truth import PERSON

MISSED: Final = 0.05
LEAST_TEXTURED: Final = 20
"""Of fewer textured pixels (somebody stands before them), no share says anything."""
ALL: Final = "all"
Moments = Callable[[float], Sequence[str]]
"""What happens at a time, in words: `light_switch during`, ... Every moment counts for `all` as well."""


@dataclass
class Tally:
    """What was released of the persons of some frames."""

    instances: int = 0
    released: float = 0.0
    worst: float = 0.0
    worst_s: float = -1.0
    flat: float = 0.0
    heads: int = 0
    exposed: int = 0
    by_plate: int = 0

    def add(self, time_s: float, released: float, flat: float, head: float | None, head_by_plate: float) -> None:
        """Takes one person in one frame.

        Shares: of textured pixels, of all pixels, of the head's textured pixels (None = no head to measure), of these only the plate's.
        """
        self.instances += 1
        self.released += released
        self.flat += flat
        if released > self.worst:
            self.worst, self.worst_s = released, time_s
        if head is not None:
            self.heads += 1
            self.exposed += head > EXPOSED
            self.by_plate += head_by_plate > EXPOSED


@dataclass
class StillPerson:
    """Somebody who never moves: their height in the picture, and the most that was ever released of them."""

    height_px: float
    posture: int
    released: float = 0.0
    seen: bool = field(default=False, repr=False)


class TrueLeakMeter:
    """Takes a clip step by step.

    Args:
        still: Numbers of the people who are there from the first frame to the last and never move.
        moments: What happens at a time.
    """

    def __init__(self, still: Sequence[int] = (), moments: Moments = lambda _time_s: ()) -> None:
        self._moments = moments
        self._still = {person: StillPerson(0.0, 0) for person in still}
        self._tallies: dict[str, Tally] = defaultdict(Tally)

    def see(self, step: Step) -> None:
        """Takes the next step."""
        if not step.shot.people:
            return
        same = difference(step.raw, step.out) < SAME
        rich = textured(step.raw)
        rich_in_both = rich & textured(step.out)
        unlike = difference(step.raw, step.empty) > PERSON
        chance = np.zeros_like(same) if step.control is None else (difference(step.raw, step.control) < SAME) & textured(step.control)
        tags = (ALL, *self._moments(step.time_s))
        for person in step.shot.people:
            mine = (step.shot.labels == person.person + 1) & unlike
            self._look_at(person, _Pixels(mine, same, rich, rich_in_both, chance), step.time_s, tags)

    def _look_at(self, person: SeenPerson, pixels: "_Pixels", time_s: float, tags: Sequence[str]) -> None:
        rows, columns = pixels.mine.shape
        left, top, right, bottom = whole_box(person, columns, rows)
        if right <= left or bottom <= top:
            return
        part = pixels.within(slice(top, bottom), slice(left, right))
        if part.mine.sum() < LEAST_PIXELS:
            return
        released = part.released
        head_rows = int(np.clip(round(person.box[1] + person.box[3] * HEAD_PART) - top, 0, bottom - top))
        head = part.within(slice(0, head_rows), slice(None))
        seen_head = head.released if head_rows >= LEAST_HEAD_ROWS and head.mine.sum() >= LEAST_HEAD_PIXELS else None
        for tag in tags:
            self._tallies[tag].add(time_s, released, part.flat, seen_head, head.released_by_plate)
        still = self._still.get(person.person)
        if still is not None and part.textured >= LEAST_TEXTURED:
            still.seen = True
            still.height_px, still.posture = max(person.box[2], person.box[3]), person.posture
            still.released = max(still.released, released)

    def figures(self) -> dict[str, Any]:
        """Plain figures for JSON: sums by what happened, and each still person."""
        return {
            "leak": {tag: vars(tally) for tag, tally in sorted(self._tallies.items())},
            "still": [
                {"height_px": round(one.height_px, 1), "posture": one.posture, "released": one.released} for one in self._still.values() if one.seen
            ],
        }


@dataclass(frozen=True)
class _Pixels:
    """Height x width each: pixels of one person, pixels that both pictures show alike, textured ones, those that the empty place shows alike, too."""

    mine: Mask
    same: Mask
    rich: Mask
    rich_in_both: Mask
    chance: Mask

    def within(self, rows: slice, columns: slice) -> "_Pixels":
        return _Pixels(*(mask[rows, columns] for mask in (self.mine, self.same, self.rich, self.rich_in_both, self.chance)))

    @property
    def released(self) -> float:
        """Share of the person's textured pixels."""
        return float((self.mine & self.same & self.rich_in_both).sum() / max(1, self.textured))

    @property
    def released_by_plate(self) -> float:
        """Share of the person's textured pixels that are released and that the empty place would not show alike."""
        return float((self.mine & self.same & self.rich_in_both & ~self.chance).sum() / max(1, self.textured))

    @property
    def textured(self) -> int:
        """How many of the person's pixels are textured."""
        return int((self.mine & self.rich).sum())

    @property
    def flat(self) -> float:
        """Share of the person's pixels that show an equal colour without texture."""
        return float((self.mine & self.same & ~self.rich_in_both).sum() / max(1, self.mine.sum()))


def missed(still: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """How many of the still people were missed, and how many there were."""
    return sum(one["released"] > MISSED for one in still), len(still)


def upper_rate(missed_count: int, count: int) -> float:
    """95 % upper bound of a rate (Clopper and Pearson, one-sided), found by bisection: no more than the binomial's own definition."""
    if count == 0 or missed_count >= count:
        return 1.0
    low, high = missed_count / count, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(missed_count, count, middle) > 0.05 else (low, middle)
    return high


def _at_most(hits: int, count: int, rate: float) -> float:
    """Probability of at most so many hits."""
    chance = (1 - rate) ** count
    total = chance
    for hit in range(hits):
        chance *= (count - hit) / (hit + 1) * rate / (1 - rate)
        total += chance
    return total
