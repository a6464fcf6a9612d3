"""The part of a still person's clip that matters, learned as a file is: a crop around the person, so that a few looks are enough.

The crop keeps the picture's border where the person is cut by it, and has the person in its middle elsewhere.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from bench.clips import Mask, Picture
from bench.still_people import SIGMA, SIGMA_INFRARED, StillClip, Variant, still_clip
from passerby.redact.learn import Learner
from passerby.released.scene import Size
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.grid import BLOCK_PX, Grid
from passerby.sealed.gate.settings import GateSettings
from tests.support.fake_clip import FakeClip

CROP_PX: Final = (320, 240)
LOOKS_HZ: Final = 2.0
LEAST_PART_PX: Final = 5
"""Of somebody who is cut by the border at least so many columns must be seen."""
LEAST_SEEN: Final = 1 / 3
"""At least this part of the person must look unlike the place behind them: of somebody else there is nothing to be shown."""


@dataclass(frozen=True)
class CroppedStill:
    """A crop of a `StillClip`; `corner_xy` is its upper left pixel."""

    clip: StillClip
    corner_xy: tuple[int, int]
    seed: int

    @property
    def size(self) -> Size:
        return Size(*CROP_PX)

    @property
    def window(self) -> tuple[slice, slice]:
        x, y = self.corner_xy
        return slice(y, y + CROP_PX[1]), slice(x, x + CROP_PX[0])

    @cached_property
    def mask(self) -> Mask:
        """The person's pixels within the crop."""
        return self.clip.mask[self.window]

    def __iter__(self) -> Iterator[tuple[float, Picture]]:
        """The pictures that looks are made at, with noise."""
        rng = np.random.default_rng([self.seed, 99])
        infrared = self.clip.variant is Variant.INFRARED
        for number in range(round(self.clip.seconds * LOOKS_HZ)):
            time_s = number / LOOKS_HZ
            clean = self.clip.clean_at(time_s)[self.window]
            noise = rng.normal(0, SIGMA_INFRARED if infrared else SIGMA, (*clean.shape[:2], 1 if infrared else 3))
            yield time_s, np.clip(clean + np.round(noise), 0, 255).astype(np.uint8)

    def learned(self, settings: GateSettings, detector: Detector, executor: Executor) -> list[tuple[Picture, Mask]]:
        """What a file's first pass learns of the place, and which blocks of it are shown; several times if the view was thought to change."""
        pictures = dict(self)
        clip = FakeClip(self.size, list(pictures), pictures.__getitem__)
        lesson = Learner(self.size, settings, detector, executor).run(clip.as_clip(), None, None, lambda _: None)
        return [(segment.plate.picture, segment.plate.established) for segment in lesson.segments]

    def shown_share(self, plate: Picture, established: Mask) -> float:
        """The share of the person's pixels that a learned plate shows."""
        shown = Grid(self.size).pixels_of(established)
        whole = self.clip.empty.copy()
        whole[self.window] = np.where(shown[..., None], plate, whole[self.window])
        times_s = [number / LOOKS_HZ for number in range(round(self.clip.seconds * LOOKS_HZ))]
        # Somebody who drifts or comes and goes may be shown as at any time.
        chosen = times_s[:: max(1, len(times_s) // 12)] if self.clip.variant in {Variant.DRIFTING, Variant.RETURNING} else times_s[:1]
        return max(self.clip.shown_share(whole, time_s) for time_s in chosen if self.clip.mask_at(time_s).any())


def cropped_still(variant: Variant, height_px: int, seed: int, seconds: float) -> CroppedStill | None:
    """A crop of a clip of somebody still; None where the real clip cannot be had.

    Somebody cut by the upper border, of whom less than 5 columns are seen, or who looks like the place behind them, is passed over for the
    next seed of a row of their own.
    """
    for turn in range(100):
        clip = still_clip(variant, height_px, seed + 1000 * turn, seconds, LOOKS_HZ)
        if clip is None:
            return None
        columns = np.flatnonzero(clip.mask.any(0))
        there = clip.person.alpha_in(clip.empty.shape, clip.spot_xy) > 0.5
        unlike = float((clip.mask & there).sum() / max(1, int(there.sum())))
        if clip.spot_xy[1] < 0 or len(columns) < LEAST_PART_PX or unlike < LEAST_SEEN:
            continue
        rows = np.flatnonzero(clip.mask.any(1))
        height, width = clip.empty.shape[:2]
        # Whole blocks, so that the crop's blocks are the picture's.
        x = _corner(int(columns[0]), int(columns[-1]) + 1, CROP_PX[0], width)
        y = _corner(int(rows[0]), int(rows[-1]) + 1, CROP_PX[1], height)
        return CroppedStill(clip, (x, y), seed)
    raise AssertionError("one of a hundred people is not cut by the upper border")


def _corner(low: int, high: int, length: int, whole: int) -> int:
    """Where a stretch of `length` begins that has low..high in its middle and keeps to 0..whole."""
    return min(max(0, (low + high - length) // 2 // BLOCK_PX * BLOCK_PX), whole - length)
