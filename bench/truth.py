"""Who is where in a clip: annotated persons (MOT text), and those of a clip in which one person at a time comes and goes.

MOT text, a line a person and frame, as in MOTChallenge 2015:

    frame (from 1),id,left,top,width,height,flag,x,y,z
    1,9,499,158,31.03,75.17,1,-4.1554,-7.3591,0

A flag of 0 marks somebody who is neither a hit nor a false alarm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clips import Mask, Picture, difference, frames_of, median_of

PERSON: Final = 40
"""A pixel further than this from the empty place, in some channel, is a person's (or their shadow's)."""
GAP_PX: Final = 9
SPECK_PX: Final = 3
SMALLEST_PX: Final = 40
EMPTY_MARGIN_FRAMES: Final = 6
"""Visits are known to 5 frames: the empty place is learned further away from them than that."""


class BadTruthError(Exception):
    """A text that is no MOT text."""


@dataclass(frozen=True)
class Person:
    """Somebody in one frame: 1-based frame, box in pixels (may reach out of the picture), and whether they count."""

    frame: int
    person: float
    left_px: float
    top_px: float
    width_px: float
    height_px: float
    counts: bool = True

    @property
    def foot_px(self) -> tuple[float, float]:
        """Where they stand: the middle of the box's lower edge (x, y)."""
        return self.left_px + self.width_px / 2, self.top_px + self.height_px

    def within(self, width_px: int, height_px: int) -> tuple[int, int, int, int]:
        """The box cut to a picture of this size, in whole pixels: left, top, right, bottom."""
        left, top = int(max(0.0, self.left_px)), int(max(0.0, self.top_px))
        return left, top, int(min(width_px, self.left_px + self.width_px)), int(min(height_px, self.top_px + self.height_px))

    def mot_line(self) -> str:
        """The person as a line of MOT text."""
        numbers = self.frame, self.person, self.left_px, self.top_px, self.width_px, self.height_px, int(self.counts)
        return ",".join(f"{number:g}" for number in numbers) + ",0,0,0"


def read_mot(path: Path) -> list[Person]:
    """Every person of a MOT text, in its order, those who do not count included."""
    try:
        table = np.loadtxt(path, delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise BadTruthError(f"cannot read {path} as MOT text") from error
    if table.shape[1] < 7:
        raise BadTruthError(f"{path}: a line of MOT text has at least 7 numbers, not {table.shape[1]}")
    return [
        Person(int(frame), person, left, top, width, height, counts=flag != 0)
        for frame, person, left, top, width, height, flag in table[:, :7].tolist()
    ]


def write_mot(persons: Iterable[Person], path: Path) -> None:
    """Writes persons as MOT text."""
    path.write_text("".join(person.mot_line() + "\n" for person in persons), encoding="ascii")


@dataclass(frozen=True)
class Visits:
    """When somebody is there: first and last frame of each visit, 0-based, give or take `EMPTY_MARGIN_FRAMES` - 1."""

    spans: Sequence[tuple[int, int]]

    def empty_at(self, index: int) -> bool:
        """Whether surely nobody is there."""
        return not any(first - EMPTY_MARGIN_FRAMES < index < last + EMPTY_MARGIN_FRAMES for first, last in self.spans)

    def visit_at(self, index: int) -> int | None:
        """Which visit (from 0) a frame surely or possibly belongs to."""
        if self.empty_at(index):
            return None
        return min(range(len(self.spans)), key=lambda visit: _outside(index, self.spans[visit]))


def _outside(index: int, span: tuple[int, int]) -> int:
    return max(span[0] - index, index - span[1], 0)


def empty_place(clip: Path, visits: Visits) -> Picture:
    """The median of the frames in which nobody is there."""
    return median_of(clip, keep=visits.empty_at)


def persons_of_visits(clip: Path, empty: Picture, visits: Visits) -> list[Person]:
    """The persons of a clip whose visits are known: one box a frame at most, around what differs from the empty place.

    The person is the largest component of the frame's difference mask, with the pieces that its gaps separate (a light sleeve before
    a light wall). What is lower than 40 px (a foot at the border, a mirrored shimmer on the floor) is nobody.
    """
    found = []
    for index, frame in enumerate(frames_of(clip)):
        visit = visits.visit_at(index)
        if visit is None:
            continue
        box = _box_of(person_mask(frame, empty))
        if box is not None:
            found.append(Person(index + 1, visit + 1, *box))
    return found


def person_mask(frame: Picture, empty: Picture) -> Mask:
    """Pixels that are a person's, by their difference to the empty place; height x width."""
    return difference(frame, empty) > PERSON


def _box_of(mask: Mask) -> tuple[int, int, int, int] | None:
    """Left, top, width and height of the largest connected figure, gaps closed and specks dropped; None if it is too low."""
    figure = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((SPECK_PX, SPECK_PX), np.uint8))
    closed = cv2.morphologyEx(figure, cv2.MORPH_CLOSE, np.ones((GAP_PX, GAP_PX), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(closed)
    if count < 2:
        return None
    # Pixels of the mask itself, not of what closing added, decide which component is the person.
    pixels: NDArray[np.intp] = np.bincount(labels[figure > 0], minlength=count)
    pixels[0] = 0
    left, top, width, height = (int(value) for value in boxes[int(pixels.argmax())][:4])
    return (left, top, width, height) if height > SMALLEST_PX else None
