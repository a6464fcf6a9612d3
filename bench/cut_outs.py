"""People cut out of real clips, in memory only, and the empty places that they came from."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clips import Picture, difference, frames_of, median_of
from bench.samples import ONE_BY_ONE_CLIP, pets_clip, sample

VISITS: Final = ((60, 202), (227, 452), (502, 704), (745, 873), (921, 1206), (1234, 1365))
"""When somebody is in the one-by-one clip: first and last frame, 0-based, give or take 5."""
MARGIN_FRAMES: Final = 8
EVERY_FRAMES: Final = 23
CORE: Final = 30
EDGE: Final = (16.0, 40.0)
UPRIGHT: Final = (1.9, 4.5)
"""Height over width of somebody alone; what is wider is a group."""
FULL: Final = 0.38
"""The least part of their box that somebody fills."""
ODD_HEIGHT: Final = 0.2
SPREAD_PX: Final = 80

Floats = NDArray[np.float32]


class PlaceName(StrEnum):
    """The clip that the place and its people are taken from."""

    PETS = "pets"
    ONE_BY_ONE = "one by one"


@dataclass(frozen=True)
class Place:
    """An empty place (height x width x 3, BGR), where its ground begins (pixels from the top), and how high its people are at least."""

    name: PlaceName
    clip: Path
    empty: Picture
    ground_top_px: int
    smallest_px: int


@dataclass(frozen=True)
class CutOut:
    """Somebody cut out of a clip.

    Attributes:
        bgr: Height x width x 3, 0 to 255.
        alpha: Height x width, 0 to 1: how much of a pixel is the person.
        standing_px: How high the person is when standing upright, at this scale.
    """

    bgr: Floats
    alpha: Floats
    standing_px: float

    @property
    def height_px(self) -> int:
        """Height of the cut-out."""
        return int(self.alpha.shape[0])

    @property
    def width_px(self) -> int:
        """Width of the cut-out."""
        return int(self.alpha.shape[1])

    def mirrored(self) -> "CutOut":
        """The same, left and right changed."""
        return replace(self, bgr=np.ascontiguousarray(self.bgr[:, ::-1]), alpha=np.ascontiguousarray(self.alpha[:, ::-1]))

    def scaled(self, factor: float) -> "CutOut":
        """The same at another size; edges stay clean because colour is weighted by alpha."""
        size = max(2, round(self.width_px * factor)), max(3, round(self.height_px * factor))
        return self.resized(size, self.standing_px * factor)

    def squatting(self) -> "CutOut":
        """Seated: trunk and head as they are, the legs folded to less than half."""
        waist = round(0.55 * self.height_px)
        above = replace(self, bgr=self.bgr[:waist], alpha=self.alpha[:waist])
        below = replace(self, bgr=self.bgr[waist:], alpha=self.alpha[waist:])
        folded = below.resized((self.width_px, max(2, round(0.4 * below.height_px))), self.standing_px)
        return replace(self, bgr=np.concatenate([above.bgr, folded.bgr]), alpha=np.concatenate([above.alpha, folded.alpha]))

    def over(self, picture: Picture, at_xy: tuple[float, float]) -> Picture:
        """The picture with this pasted in, its upper left corner at `at_xy` (fractions of a pixel too); what lies outside is cut off."""
        result = picture.copy()
        found = self._placed(picture.shape[:2], at_xy)
        if found is not None:
            bgr, alpha, top, left = found
            under = picture[top : top + alpha.shape[0], left : left + alpha.shape[1]].astype(np.float32)
            result[top : top + alpha.shape[0], left : left + alpha.shape[1]] = np.clip(under * (1 - alpha[..., None]) + bgr + 0.5, 0, 255)
        return result

    def alpha_in(self, shape: tuple[int, ...], at_xy: tuple[float, float]) -> Floats:
        """How much of each pixel of a picture of this shape is the person."""
        whole = np.zeros(shape[:2], np.float32)
        found = self._placed(shape, at_xy)
        if found is not None:
            _, alpha, top, left = found
            whole[top : top + alpha.shape[0], left : left + alpha.shape[1]] = alpha
        return whole

    def resized(self, size: tuple[int, int], standing_px: float) -> "CutOut":
        way = cv2.INTER_AREA if size[1] < self.height_px else cv2.INTER_CUBIC
        alpha = np.clip(cv2.resize(self.alpha, size, interpolation=way), 0, 1).astype(np.float32)
        weighted = cv2.resize(self.bgr * self.alpha[..., None], size, interpolation=way)
        bgr = np.clip(weighted / np.maximum(alpha, 0.02)[..., None], 0, 255).astype(np.float32)
        return CutOut(bgr, alpha, standing_px)

    def _placed(self, shape: tuple[int, ...], at_xy: tuple[float, float]) -> tuple[Floats, Floats, int, int] | None:
        """Colour times alpha, alpha, and the row and column of their corner, cut to the picture; None if nothing of it is inside."""
        left, top = int(np.floor(at_xy[0])), int(np.floor(at_xy[1]))
        shift = np.array([[1, 0, at_xy[0] - left], [0, 1, at_xy[1] - top]], np.float32)
        size = self.width_px + 1, self.height_px + 1
        bgr = cv2.warpAffine(self.bgr * self.alpha[..., None], shift, size).astype(np.float32)
        alpha = cv2.warpAffine(self.alpha, shift, size).astype(np.float32)
        rows = slice(max(0, -top), max(0, min(size[1], shape[0] - top)))
        columns = slice(max(0, -left), max(0, min(size[0], shape[1] - left)))
        bgr, alpha = bgr[rows, columns], alpha[rows, columns]
        return (bgr, alpha, max(0, top), max(0, left)) if alpha.size else None


@cache
def place_of(name: PlaceName) -> Place | None:
    """The empty place of a clip, or None where the clip cannot be had."""
    if name is PlaceName.PETS:
        clip = pets_clip()
        return Place(name, clip, median_of(clip), ground_top_px=130, smallest_px=50) if clip else None
    clip = sample(ONE_BY_ONE_CLIP)
    if clip is None:
        return None
    return Place(name, clip, median_of(clip, keep=_nobody_there), ground_top_px=300, smallest_px=200)


@cache
def cut_outs_of(name: PlaceName) -> tuple[CutOut, ...]:
    """People cut out of a clip, each alone and whole, in order of time; empty where the clip cannot be had."""
    place = place_of(name)
    if place is None:
        return ()
    found: list[tuple[CutOut, int]] = []
    for index, frame in enumerate(frames_of(place.clip)):
        if index % EVERY_FRAMES == 0 and not (name is PlaceName.ONE_BY_ONE and _nobody_there(index)):
            found += _cut(frame, place)
    if not found:
        return ()
    heights, feet = np.array([[person.height_px, foot] for person, foot in found], float).T
    # Whoever is much higher than others on the same ground is two people, one behind the other; whoever is lower is not whole.
    usual = _line(feet, heights)
    return tuple(person for (person, _), height, expected in zip(found, heights, usual, strict=True) if abs(height / expected - 1) < ODD_HEIGHT)


def _line(feet: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The usual height at each foot point: a straight line, fitted again without what is far off."""
    kept = np.ones(len(feet), bool)
    line: NDArray[np.float64] = np.full(len(feet), np.median(heights))
    for _ in range(4):
        if np.ptp(feet[kept]) > SPREAD_PX:
            line = np.asarray(np.polyval(np.polyfit(feet[kept], heights[kept], 1), feet), np.float64)
        kept = np.abs(heights / line - 1) < ODD_HEIGHT
    return line


def _nobody_there(index: int) -> bool:
    return not any(first - MARGIN_FRAMES <= index <= last + MARGIN_FRAMES for first, last in VISITS)


def _cut(frame: Picture, place: Place) -> list[tuple[CutOut, int]]:
    """Everything in a frame that looks like one person, with the row of the feet."""
    rows, columns = frame.shape[:2]
    far = difference(frame, place.empty)
    core = cv2.morphologyEx((far > CORE).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 5), np.uint8))
    core = cv2.morphologyEx(core, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    found = []
    for outline in cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        x, y, width, height = cv2.boundingRect(outline)
        inside = x > 4 and y > 4 and x + width < columns - 4 and y + height < rows - 4
        upright = UPRIGHT[0] <= height / width <= UPRIGHT[1] and cv2.contourArea(outline) > FULL * width * height
        if not inside or not upright or height < place.smallest_px or y + height < place.ground_top_px:
            continue
        box = slice(y - 3, y + height + 3), slice(x - 3, x + width + 3)
        filled = cv2.drawContours(np.zeros_like(core), [outline], -1, 1, cv2.FILLED)[box]
        soft = np.clip((far[box] - EDGE[0]) / (EDGE[1] - EDGE[0]), 0, 1) * cv2.dilate(filled, np.ones((3, 3), np.uint8))
        alpha = np.maximum(soft, cv2.erode(filled, np.ones((3, 3), np.uint8))).astype(np.float32)
        alpha = cv2.GaussianBlur(alpha, (3, 3), 0.6).astype(np.float32)
        found.append((CutOut(frame[box].astype(np.float32), alpha, float(height)), y + height))
    return found
