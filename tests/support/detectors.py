"""Stand-ins for the detector: boxes by time, by colour, only from near, and every way in which one can fail."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np

from passerby.errors import DetectorError
from passerby.released.scene import Kind
from passerby.sealed.gate.detector import Boxes
from tests.support.scenes import Box, Picture, figure_pixels

INPUT_PX: Final = 416
SCORE: Final = 0.9


def boxes_of(found: Iterable[tuple[Box, Kind]], score: float = SCORE) -> Boxes:
    """Boxes of one score."""
    listed = list(found)
    xyxy = np.array([box for box, _ in listed], np.float32).reshape(-1, 4)
    return Boxes(xyxy, np.full(len(listed), score, np.float32), np.array([kind for _, kind in listed], np.int8))


@dataclass
class Now:
    """The time of the picture that is being looked at, for detectors that answer by time."""

    time_s: float = 0.0


@dataclass
class Forced:
    """Finds what it was told for the time, whatever the picture shows; nothing in parts of the picture."""

    now: Now
    boxes_at: Callable[[float], list[tuple[Box, Kind]]]
    whole_px: tuple[int, int]
    """Rows and columns of the whole picture."""
    score: float = SCORE
    input_px: int = INPUT_PX

    def detect(self, picture: Picture) -> Boxes:
        return boxes_of(self.boxes_at(self.now.time_s) if picture.shape[:2] == self.whole_px else [], self.score)


@dataclass
class Finder:
    """Finds figures by their colour, where they are large enough at the input.

    Attributes:
        least_px: Least height of a figure, scaled to the input.
        blind_to_px: Rows and columns of pictures in which it finds nothing at all; None = it looks at all of them.
    """

    least_px: float = 0.0
    blind_to_px: tuple[int, int] | None = None
    input_px: int = INPUT_PX
    seen_px: list[tuple[int, int]] = field(default_factory=list)

    def detect(self, picture: Picture) -> Boxes:
        self.seen_px.append(picture.shape[:2])
        if picture.shape[:2] == self.blind_to_px:
            return Boxes.none()
        mask = cv2.morphologyEx(figure_pixels(picture).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        scale = self.input_px / max(picture.shape[:2])
        found: list[tuple[Box, Kind]] = [
            ((float(x), float(y), float(x + w), float(y + h)), Kind.PERSON)
            for x, y, w, h, area in stats[1:]
            if area >= 12 and h * scale >= self.least_px
        ]
        return boxes_of(found)


class Blind:
    """Finds nothing, ever."""

    input_px = INPUT_PX

    def detect(self, picture: Picture) -> Boxes:
        return Boxes.none()


@dataclass
class Failing:
    """Another detector that fails while `fails` says so."""

    inner: Finder | Blind | Forced
    fails: Callable[[], bool]
    answer: Callable[[], Boxes] | None = None
    """What it does then; None = raises DetectorError."""
    input_px: int = INPUT_PX

    def detect(self, picture: Picture) -> Boxes:
        if not self.fails():
            return self.inner.detect(picture)
        if self.answer is not None:
            return self.answer()
        raise DetectorError("the runtime failed")
