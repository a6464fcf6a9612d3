"""Clips of somebody who never moves, made when a test runs: the hardest thing for a gate that learns from what stays.

People are cut out of a real clip by their difference to its empty place and pasted, still, into that empty place. Everything
stays in memory: nothing is written, and no cut-out outlives the process. The true empty place and the person's pixels come with
each clip, so that a test can say what leaked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clips import Mask, Picture, difference
from bench.cut_outs import CutOut, Place, PlaceName, cut_outs_of, place_of

NOISE_FIELDS: Final = 16
SIGMA: Final = 2.0
SIGMA_INFRARED: Final = 8.0
REFLECTION: Final = 0.3
VISITS: Final = 50
WALK_HEIGHTS_PER_S: Final = 1.5
STAY_S: Final = (2.0, 8.0)
AWAY_S: Final = (1.0, 5.0)
DRIFT_PX_PER_S: Final = 1.0
SEEN: Final = 24
"""A pixel is the person's where it differs by more than this from the empty place, and is shown where a picture is this close to it."""

Floats = NDArray[np.float32]


class Variant(StrEnum):
    """How the person stays."""

    STANDING = "standing"
    SEATED = "seated"
    CUT_BY_BORDER = "cut by the border"
    REFLECTION = "behind a 30 % reflection"
    INFRARED = "grey and noisy"
    RETURNING = "returning to one spot 50 times"
    DRIFTING = "drifting 1 px a second"


@dataclass(frozen=True)
class StillClip:
    """A clip with one person in it.

    Attributes:
        variant: How the person stays.
        fps: Frames a second.
        seconds: Length.
        empty: The true empty place as this camera would see it, without noise (height x width x 3, BGR).
        person: The cut-out as pasted.
        spot_xy: Upper left corner of the cut-out while the person stays, in pixels; parts may lie outside of the picture.
    """

    variant: Variant
    fps: float
    seconds: float
    empty: Picture
    person: CutOut
    spot_xy: tuple[float, float]
    _view: "_View" = field(repr=False)
    _visits: tuple["_Visit", ...] = field(repr=False)
    _seed: int = field(repr=False)

    def __iter__(self) -> Iterator[tuple[float, Picture]]:
        """Each frame's time in seconds and its picture."""
        rng = np.random.default_rng(self._seed)
        sigma = SIGMA_INFRARED if self.variant is Variant.INFRARED else SIGMA
        shape = self.empty.shape
        noise = np.clip(rng.normal(0, sigma, (NOISE_FIELDS, *shape)), -127, 127).astype(np.int16)
        if self.variant is Variant.INFRARED:
            noise[...] = noise[..., :1]
        for number in range(round(self.seconds * self.fps)):
            time_s = number / self.fps
            shift = rng.integers(0, shape[0]), rng.integers(0, shape[1])
            grain = np.roll(noise[rng.integers(NOISE_FIELDS)], shift, axis=(0, 1))
            yield time_s, np.clip(self.clean_at(time_s).astype(np.int16) + grain, 0, 255).astype(np.uint8)

    def clean_at(self, time_s: float) -> Picture:
        """The picture at a time, without noise."""
        at = self._place_at(time_s)
        return self.empty if at is None else self._view.see(self.person, at)

    def mask_at(self, time_s: float) -> Mask:
        """The person's pixels at a time (height x width); those that look like the place behind are left out: they show nothing."""
        return difference(self.clean_at(time_s), self.empty) > SEEN

    @property
    def mask(self) -> Mask:
        """The person's pixels while they stay on their spot, wherever they drift in the end."""
        return self.mask_at(self._first_stay_s()) | self.mask_at(self.seconds if self.variant is Variant.DRIFTING else self._first_stay_s())

    def shown_share(self, picture: Picture, time_s: float | None = None) -> float:
        """The share of the person's pixels that a picture shows: within 24 of the person and nearer to them than to the empty place."""
        time_s = self._first_stay_s() if time_s is None else time_s
        clean, mask = self.clean_at(time_s), self.mask_at(time_s)
        to_person, to_empty = difference(picture, clean), difference(picture, self.empty)
        return float(((to_person < SEEN) & (to_person < to_empty) & mask).sum() / max(1, mask.sum()))

    def _first_stay_s(self) -> float:
        return self._visits[0].stay_s if self._visits else 0.0

    def _place_at(self, time_s: float) -> tuple[float, float] | None:
        x, y = self.spot_xy
        if self.variant is Variant.DRIFTING:
            towards = 1 if x < self.empty.shape[1] / 2 else -1
            return x + towards * DRIFT_PX_PER_S * time_s, y
        if self.variant is not Variant.RETURNING:
            return x, y
        outside = -self.person.width_px if x < self.empty.shape[1] / 2 else self.empty.shape[1]
        for visit in self._visits:
            if visit.come_s <= time_s < visit.gone_s:
                near = min(1.0, (time_s - visit.come_s) / visit.walk_s, (visit.gone_s - time_s) / visit.walk_s)
                return outside + (x - outside) * near, y
        return None


def still_clip(
    variant: Variant, height_px: int, seed: int = 0, seconds: float = 20.0, fps: float = 5.0, place: PlaceName = PlaceName.PETS
) -> StillClip | None:
    """A clip of somebody who would be `height_px` high standing upright; None where the real clip cannot be had.

    `seed` picks the person, the spot and the noise. For RETURNING, `seconds` of 0 lasts as long as 50 visits do.
    """
    scene = place_of(place)
    if scene is None:
        return None
    rng = np.random.default_rng([seed, height_px, *variant.encode()])
    person = _person_for(variant, height_px, rng, scene)
    spot = _spot_for(variant, person, height_px, rng, scene)
    visits = _visits(person, height_px, spot, scene, rng) if variant is Variant.RETURNING else ()
    view = _View.of(variant, scene, person, spot, height_px, rng)
    length_s = seconds or (visits[-1].gone_s + 1 if visits else 20.0)
    return StillClip(variant, fps, length_s, view.see(None, spot), person, spot, view, visits, seed)


@dataclass(frozen=True)
class _Visit:
    come_s: float
    gone_s: float
    walk_s: float

    @property
    def stay_s(self) -> float:
        return self.come_s + self.walk_s


def _visits(person: CutOut, height_px: int, spot: tuple[float, float], scene: Place, rng: np.random.Generator) -> tuple[_Visit, ...]:
    width = scene.empty.shape[1]
    way_px = min(spot[0] + person.width_px, width - spot[0])
    walk_s = max(1.0, way_px / (WALK_HEIGHTS_PER_S * height_px))
    visits, now_s = [], 2.0
    for _ in range(VISITS):
        gone_s = now_s + 2 * walk_s + rng.uniform(*STAY_S)
        visits.append(_Visit(now_s, gone_s, walk_s))
        now_s = gone_s + rng.uniform(*AWAY_S)
    return tuple(visits)


def _person_for(variant: Variant, height_px: int, rng: np.random.Generator, scene: Place) -> CutOut:
    pool = cut_outs_of(scene.name)
    # Enlarging a person makes them blurred, and so easier to miss for reasons that no camera has.
    large = [person for person in pool if person.height_px >= 0.8 * height_px] or sorted(pool, key=lambda person: -person.height_px)[:10]
    person = large[int(rng.integers(len(large)))]
    person = person.mirrored() if rng.integers(2) else person
    person = person.squatting() if variant is Variant.SEATED else person
    return person.scaled(height_px / person.standing_px)


def _spot_for(variant: Variant, person: CutOut, height_px: int, rng: np.random.Generator, scene: Place) -> tuple[float, float]:
    """Upper left corner: of 40 random spots the first where at least half of the person stands out, or else the best."""
    best, best_share = (0.0, 0.0), -1.0
    for _ in range(40):
        spot = _random_spot(variant, person, height_px, rng, scene)
        drawn = person.over(scene.empty, spot)
        alpha = person.alpha_in(scene.empty.shape[:2], spot) > 0.5
        share = float((difference(drawn, scene.empty)[alpha] > 40).mean()) if alpha.any() else 0.0
        if share > best_share:
            best, best_share = spot, share
        if share >= 0.5:
            break
    return best


def _random_spot(variant: Variant, person: CutOut, height_px: int, rng: np.random.Generator, scene: Place) -> tuple[float, float]:
    rows, columns = scene.empty.shape[:2]
    y = rng.integers(*_span(scene.ground_top_px - person.height_px, rows - person.height_px - 4))
    if variant is Variant.CUT_BY_BORDER:
        x = rng.integers(*_span(4, columns - person.width_px - 4))
        part = rng.uniform(0.35, 0.65)
        by_side = [
            (-part * person.width_px, y),
            (columns - (1 - part) * person.width_px, y),
            (x, rows - (1 - part) * person.height_px),
            (x, -part * person.height_px),
        ]
        x, y = by_side[int(rng.integers(4))]
    elif variant is Variant.RETURNING:
        in_px = min(columns / 3, rng.uniform(2, 6) * height_px)
        x = in_px if rng.integers(2) else columns - in_px - person.width_px
    else:
        x = rng.integers(*_span(columns // 12, columns - person.width_px - columns // 12))
    return float(round(x)), float(round(y))


def _span(low: int, high: int) -> tuple[int, int]:
    low = max(0, low)
    return low, max(low + 1, high)


@dataclass(frozen=True)
class _View:
    """How this camera sees the place: what stands in front, what glass reflects, how many colours there are."""

    variant: Variant
    empty: Picture
    front: CutOut | None
    front_xy: tuple[float, float]
    glass: Floats | None

    @classmethod
    def of(cls, variant: Variant, scene: Place, person: CutOut, spot: tuple[float, float], height_px: int, rng: np.random.Generator) -> "_View":
        front, front_xy, glass = None, (0.0, 0.0), None
        if variant is Variant.SEATED:
            front = _bench(round(2.2 * person.width_px) + 4, max(4, round(0.3 * height_px)), rng)
            centre = spot[0] + person.width_px / 2
            front_xy = (round(centre - front.width_px / 2), round(spot[1] + person.height_px - 0.8 * front.height_px))
        if variant is Variant.REFLECTION:
            glass = np.zeros(scene.empty.shape[:2], np.float32)
            margin = max(24, 2 * height_px)
            x, y = round(spot[0]), round(spot[1])
            glass[max(0, y - margin) : y + person.height_px + margin, max(0, x - margin) : x + person.width_px + margin] = REFLECTION
        return cls(variant, scene.empty, front, front_xy, glass)

    def see(self, person: CutOut | None, at: tuple[float, float]) -> Picture:
        picture = self.empty if person is None else person.over(self.empty, at)
        if self.front is not None:
            picture = self.front.over(picture, self.front_xy)
        if self.glass is not None:
            mirrored = self.empty[:, ::-1].astype(np.float32)
            part = self.glass[..., None]
            picture = np.clip(picture * (1 - part) + mirrored * part, 0, 255).astype(np.uint8)
        if self.variant is Variant.INFRARED:
            grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (3, 3), 0.7)
            picture = cv2.merge([cv2.convertScaleAbs(grey, alpha=0.7, beta=30)] * 3).astype(np.uint8)
        return picture


def _bench(width_px: int, height_px: int, rng: np.random.Generator) -> CutOut:
    """A bench of wooden slats, seen from its back: part of the place, in front of whoever sits on it."""
    wood = np.array([60, 90, 130], np.float32) + rng.normal(0, 10, (height_px, 1, 1)).astype(np.float32)
    slats = np.repeat(wood, width_px, axis=1) + rng.normal(0, 5, (height_px, width_px, 1)).astype(np.float32)
    slats[:: max(2, height_px // 3)] *= 0.5
    return CutOut(np.clip(slats, 0, 255).astype(np.float32), np.ones((height_px, width_px), np.float32), float(height_px))
