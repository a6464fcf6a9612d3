"""How much of each annotated person a de-identified copy still shows, and how much of the place.

Definitions
  person pixel      inside an annotated box, further than 40 from the empty place in some channel
  released          a person pixel that the copy shows within 24 of the original in every channel, textured in both (deviation over
                    5 x 5 px above 4); a share of the textured person pixels. An equal colour where one is flat is a flat match,
                    counted apart, as a share of all person pixels
  head              the upper 16 % of the box; exposed if more than a quarter of its textured person pixels is released
  legible           the head is found (bench/heads.py) with a correlation above 0.7, on a sample of 1,500 heads; the floor is the same
                    upside down
  ghost             the head is found (above 0.8) at its place up to 40 s later or in the last frame, where the copy differs from the
                    empty place
  background shown  pixels of the empty place (outside boxes grown by a quarter, the original within 12 of the empty place) that the
                    copy shows within 12; free: the same without what static subjects hold

A copy that shows nothing leaks nothing: the two halves belong together.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clips import Mask, Picture, difference, facts_of, frames_of, median_of
from bench.heads import Gradients, Head, gradients_of
from bench.truth import Person, person_mask

SAME: Final = 24
TEXTURE: Final = 4.0
PLACE: Final = 12
LEAST_PIXELS: Final = 40
HEAD_PART: Final = 0.16
LEAST_HEAD_ROWS: Final = 3
LEAST_HEAD_PIXELS: Final = 12
EXPOSED: Final = 0.25
MUCH: Final = 0.10
LEGIBLE: Final = 0.7
GHOST: Final = 0.8
GHOST_CHANGE: Final = 10
GHOST_DELAYS_S: Final = (0.5, 1, 2, 5, 10, 20, 40)
HEAD_SAMPLE: Final = 1500
GHOST_SAMPLE: Final = 400
BOOTSTRAP_ROUNDS: Final = 2000


class MeasureError(Exception):
    """Two clips that cannot be compared, or a clip without anybody to measure."""


@dataclass(frozen=True)
class LeakFigures:
    """The figures; shares lie between 0 and 1. `shown_by_frame`: 1-based numbers of frames that show some place, and how much of it."""

    frames: int
    instances: int
    skipped: int
    heads_unmeasurable: int
    released_mean: float
    released_worst: float
    worst_frame: int
    flat_match_mean: float
    instances_over_10: float
    heads_exposed: float
    heads_legible: float
    legible_floor: float
    legible_excess_95: float
    ghosts: float
    ghost_floor: float
    background_shown: float
    background_shown_last: float
    free_shown: float
    free_shown_last: float
    shown_by_frame: list[tuple[int, float]] = field(repr=False)


def textured(picture: Picture) -> Mask:
    """Where brightness varies within 5 x 5 px; height x width."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    mean = cv2.blur(grey, (5, 5))
    variance = cv2.blur(grey * grey, (5, 5)) - mean * mean
    return np.asarray(np.sqrt(np.maximum(variance, 0)) > TEXTURE)


def released_share(raw: Picture, out: Picture, box: tuple[int, int, int, int]) -> float:
    """Share of a box's textured pixels (left, top, right, bottom) that `out` shows as `raw` does: for number plates, all subject."""
    left, top, right, bottom = box
    where = slice(top, bottom), slice(left, right)
    rich = textured(raw)
    seen = (difference(raw, out) < SAME) & rich & textured(out)
    return float(seen[where].sum() / max(1, rich[where].sum()))


@dataclass(frozen=True)
class _Moment:
    """One frame of both clips and what is derived from it once."""

    raw: Picture
    out: Picture
    person: Mask
    same: Mask
    rich: Mask
    rich_in_both: Mask
    out_gradients: Gradients

    @classmethod
    def of(cls, raw: Picture, out: Picture, empty: Picture) -> "_Moment":
        rich = textured(raw)
        same = difference(raw, out) < SAME
        return cls(raw, out, person_mask(raw, empty), same, rich, rich & textured(out), gradients_of(out))


class LeakMeter:
    """Takes both clips frame by frame and keeps the tallies.

    Args:
        persons: Those who count, in any order.
        empty: The empty place.
        fps: Frames a second, for the delays of ghosts.
        frames: How many frames there are.
        held: Pixels that static subjects hold, so that nobody can expect them to be shown; height x width.
        seed: Seed of the samples and of the bootstrap.
    """

    def __init__(self, persons: Sequence[Person], empty: Picture, fps: float, frames: int, held: Mask | None = None, seed: int = 0) -> None:
        self._empty, self._fps, self._frames, self._seed = empty, fps, frames, seed
        self._held = np.zeros(empty.shape[:2], bool) if held is None else held
        order = np.random.default_rng(seed).permutation(len(persons)).tolist()
        self._head_sample, self._ghost_sample = set(order[:HEAD_SAMPLE]), set(order[:GHOST_SAMPLE])
        self._by_frame: dict[int, list[tuple[int, Person]]] = defaultdict(list)
        for index, person in enumerate(persons):
            self._by_frame[person.frame].append((index, person))
        self._due: dict[int, list[tuple[Head, tuple[slice, slice]]]] = defaultdict(list)
        self._skipped = self._headless = 0
        self._released: list[tuple[float, int]] = []
        self._flat: list[float] = []
        self._heads: list[float] = []
        self._legible: list[tuple[bool, bool, float]] = []
        self._ghosts: list[tuple[bool, bool]] = []
        self._shown: list[tuple[int, float]] = []
        self._free: list[float] = []

    def see(self, number: int, raw: Picture, out: Picture) -> None:
        """Takes frame `number` (from 1) of the original and of the copy."""
        moment = _Moment.of(raw, out, self._empty)
        self._look_for_ghosts(number, moment)
        place = difference(raw, self._empty) <= PLACE
        for index, person in self._by_frame.get(number, ()):
            self._look_at(number, index, person, moment)
            place[_grown(person, raw.shape)] = False
        self._look_at_place(number, place, out)

    def _look_at_place(self, number: int, place: Mask, out: Picture) -> None:
        shown = difference(out, self._empty) <= PLACE
        if place.any():
            self._shown.append((number, float(shown[place].mean())))
        free = place & ~self._held
        if free.any():
            self._free.append(float(shown[free].mean()))

    def _look_for_ghosts(self, number: int, moment: _Moment) -> None:
        for head, where in self._due.pop(number, ()):
            changed = difference(moment.out[where], self._empty[where]).mean() > GHOST_CHANGE
            score, chance = head.found_in(moment.out_gradients) if changed else (0.0, 0.0)
            self._ghosts.append((score > GHOST, chance > GHOST))

    def _look_at(self, number: int, index: int, person: Person, moment: _Moment) -> None:
        left, top, right, bottom = person.within(moment.raw.shape[1], moment.raw.shape[0])
        where = slice(top, bottom), slice(left, right)
        mask = moment.person[where]
        if right <= left or bottom <= top or mask.sum() < LEAST_PIXELS:
            self._skipped += 1
            return
        seen = moment.same[where] & mask
        self._released.append((float(_share(seen & moment.rich_in_both[where], mask & moment.rich[where])), number))
        self._flat.append(float((seen & ~moment.rich_in_both[where]).sum() / mask.sum()))
        rows = int(np.clip(round(person.top_px + person.height_px * HEAD_PART) - top, 0, bottom - top))
        self._look_at_head(number, index, person, moment, (left, top, right, top + rows))

    def _look_at_head(self, number: int, index: int, person: Person, moment: _Moment, box: tuple[int, int, int, int]) -> None:
        left, top, right, bottom = box
        where = slice(top, bottom), slice(left, right)
        mask = moment.person[where]
        if bottom - top < LEAST_HEAD_ROWS or mask.sum() < LEAST_HEAD_PIXELS:
            self._headless += 1
            return
        self._heads.append(_share(moment.same[where] & mask & moment.rich_in_both[where], mask & moment.rich[where]))
        if index not in self._head_sample:
            return
        head = Head(moment.raw[where], mask, left, top)
        score, chance = head.found_in(moment.out_gradients)
        self._legible.append((score > LEGIBLE, chance > LEGIBLE, person.person))
        if index in self._ghost_sample:
            for later in {number + round(delay_s * self._fps) for delay_s in GHOST_DELAYS_S} | {self._frames}:
                if number < later <= self._frames:
                    self._due[later].append((head, where))

    def figures(self) -> LeakFigures:
        """The figures of all frames seen so far."""
        if not self._released or not self._legible:
            raise MeasureError("no annotated person has enough pixels to measure: is this the true empty place?")
        released = np.array([share for share, _ in self._released])
        worst = int(released.argmax())
        legible = np.array([[hit, chance] for hit, chance, _ in self._legible], float)
        persons = np.array([person for _, _, person in self._legible])
        ghosts = np.array(self._ghosts or [(False, False)], float).mean(0)
        shown = np.array([share for _, share in self._shown])
        return LeakFigures(
            frames=self._frames,
            instances=len(released),
            skipped=self._skipped,
            heads_unmeasurable=self._headless,
            released_mean=float(released.mean()),
            released_worst=float(released.max()),
            worst_frame=self._released[worst][1],
            flat_match_mean=float(np.mean(self._flat)),
            instances_over_10=float((released > MUCH).mean()),
            heads_exposed=float((np.array(self._heads) > EXPOSED).mean()),
            heads_legible=float(legible[:, 0].mean()),
            legible_floor=float(legible[:, 1].mean()),
            legible_excess_95=upper_bound(legible[:, 0] - legible[:, 1], persons, self._seed),
            ghosts=float(ghosts[0]),
            ghost_floor=float(ghosts[1]),
            background_shown=float(np.mean(shown)),
            background_shown_last=_last_tenth(shown),
            free_shown=float(np.mean(self._free)),
            free_shown_last=_last_tenth(np.array(self._free)),
            shown_by_frame=self._shown,
        )


def upper_bound(differences: NDArray[np.float64], persons: NDArray[np.float64], seed: int) -> float:
    """The 95 % upper bound of the mean difference: bootstrap that draws whole persons, since a person's frames resemble each other."""
    rng = np.random.default_rng(seed)
    sums = np.array([[differences[persons == one].sum(), (persons == one).sum()] for one in np.unique(persons)], float)
    drawn = sums[rng.integers(0, len(sums), (BOOTSTRAP_ROUNDS, len(sums)))].sum(axis=1)
    return float(np.quantile(drawn[:, 0] / drawn[:, 1], 0.95))


def measure_leak(
    raw: Path, out: Path, persons: Sequence[Person], empty: Picture | None = None, held: Mask | None = None, seed: int = 0
) -> LeakFigures:
    """The figures of a de-identified copy, same size and frames as the original. Without `empty`, the original's median is the place."""
    facts = facts_of(raw)
    empty = median_of(raw) if empty is None else empty
    meter = LeakMeter([person for person in persons if person.counts], empty, facts.fps, facts.frames, held, seed)
    copy = frames_of(out)
    for number, frame in enumerate(frames_of(raw), start=1):
        shown = next(copy, None)
        if shown is None or shown.shape != frame.shape:
            raise MeasureError(f"frame {number} of {out} is missing or has another size than in {raw}")
        meter.see(number, frame, shown)
    if next(copy, None) is not None:
        raise MeasureError(f"{out} has more frames than {raw}")
    return meter.figures()


def _grown(person: Person, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The person's box, grown by a quarter to each side."""
    left, top, right, bottom = person.within(shape[1], shape[0])
    across, down = int(person.width_px / 4), int(person.height_px / 4)
    return slice(max(0, top - down), bottom + down), slice(max(0, left - across), right + across)


def _share(part: Mask, whole: Mask) -> float:
    return float(part.sum() / max(1, whole.sum()))


def _last_tenth(values: NDArray[np.float64]) -> float:
    return float(np.mean(values[-max(1, len(values) // 10) :])) if len(values) else float("nan")
