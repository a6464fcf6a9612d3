"""The subject detector: a picture in, boxes of people, two-wheelers, vehicles and animals out.

The one place that knows what a YOLOX head gives. It sees raw pixels and keeps none. Anything that is no detection (an exception of the runtime,
another shape, a number that is not finite) is a DetectorError: the gate then withholds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.errors import DetectorError, SettingsError
from passerby.released.scene import Kind

COCO_KINDS: Final[dict[int, Kind]] = {
    0: Kind.PERSON,
    1: Kind.TWO_WHEELER,
    3: Kind.TWO_WHEELER,
    2: Kind.VEHICLE,
    5: Kind.VEHICLE,
    6: Kind.VEHICLE,
    7: Kind.VEHICLE,
    **dict.fromkeys(range(14, 24), Kind.ANIMAL),
}
"""COCO's classes that are subjects: person; bicycle, motorcycle; car, bus, train, truck; bird to giraffe."""

STRIDES: Final = (8, 16, 32)
LEAST_SCORE: Final = 0.05
"""Boxes less sure than this are no boxes. The looks before a release take all of them; what is followed and drawn is surer."""
NUMBERS: Final = 85
"""Of an anchor: centre, size, objectness, and COCO's 80 classes."""

Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""(1, 3, height, width) float32 BGR 0..255 in, (1, anchors, 85) out; foreign errors are DetectorErrors already."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Subjects found in one picture.

    Attributes:
        xyxy: (n, 4) float32, left, top, right, bottom in pixels of the picture that was looked at.
        scores: (n,) float32, 0 to 1.
        kinds: (n,) int8, values of `Kind`.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    kinds: NDArray[np.int8]

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.xyxy.shape != (n, 4) or self.scores.shape != (n,) or self.kinds.shape != (n,):
            raise DetectorError(f"boxes of shapes {self.xyxy.shape}, {self.scores.shape}, {self.kinds.shape}; expected (n, 4), (n,), (n,)")
        if not (np.isfinite(self.xyxy).all() and np.isfinite(self.scores).all()):
            raise DetectorError("the detector gave a number that is not finite")
        if (self.xyxy[:, 2:] < self.xyxy[:, :2]).any():
            raise DetectorError("the detector gave a box whose right or lower side lies before its left or upper one")
        if ((self.kinds < min(Kind)) | (self.kinds > max(Kind))).any():
            raise DetectorError("the detector gave a kind of subject that is none")

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> "Boxes":
        """No subject."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int8))

    def pick(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Boxes":
        """The boxes that `which` (a mask or indices) selects."""
        return Boxes(self.xyxy[which], self.scores[which], self.kinds[which])

    def moved(self, x_px: float, y_px: float, scale: float) -> "Boxes":
        """The same boxes in a picture of which this one was a part at (x_px, y_px), enlarged by `scale`."""
        return Boxes(self.xyxy / np.float32(scale) + np.array([x_px, y_px, x_px, y_px], np.float32), self.scores, self.kinds)

    def mirrored(self, width_px: float) -> "Boxes":
        """The same boxes in the mirror image, left and right changed, of a picture of this width."""
        left, top, right, bottom = self.xyxy.T
        return Boxes(np.stack([width_px - right, top, width_px - left, bottom], 1).astype(np.float32), self.scores, self.kinds)

    @classmethod
    def joined(cls, parts: "list[Boxes]") -> "Boxes":
        """All boxes of `parts`, doubles included."""
        if not parts:
            return cls.none()
        return cls(np.concatenate([p.xyxy for p in parts]), np.concatenate([p.scores for p in parts]), np.concatenate([p.kinds for p in parts]))


class Detector(Protocol):
    """Finds subjects. May be called from several threads at once."""

    input_px: int

    def detect(self, picture: NDArray[np.uint8]) -> Boxes:
        """The subjects in `picture` (h x w x 3, BGR). Raises DetectorError."""
        ...


def overlap(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of each of `a` (n, 4) with each of `b` (m, 4): (n, m)."""
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = a.T[:, :, None], b.T[:, None]
    wide = np.minimum(ax1, bx1) - np.maximum(ax0, bx0)
    high = np.minimum(ay1, by1) - np.maximum(ay0, by0)
    inside = np.maximum(wide, 0) * np.maximum(high, 0)
    areas = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0)
    result: NDArray[np.float32] = inside / np.maximum(areas - inside, np.float32(1e-6))
    return result


def without_doubles(boxes: Boxes, threshold: float = 0.6) -> Boxes:
    """The boxes left when of two of a kind that overlap by more than `threshold` the less certain one is dropped."""
    same = (overlap(boxes.xyxy, boxes.xyxy) > threshold) & (boxes.kinds[:, None] == boxes.kinds[None])
    dropped = np.zeros(len(boxes), bool)
    kept: list[int] = []
    for index in np.argsort(-boxes.scores, kind="stable").tolist():
        if not dropped[index]:
            kept.append(index)
            dropped |= same[index]
    return boxes.pick(np.array(kept, np.intp))


@dataclass(frozen=True, slots=True)
class Anchors:
    """What a head's rows stand for, for one shape of input: (n, 2) cells (column, row) and (n,) strides in pixels."""

    cells: NDArray[np.float32]
    strides: NDArray[np.float32]


@lru_cache(maxsize=32)
def anchors_of(rows: int, columns: int) -> Anchors:
    """The anchors of an input of rows x columns pixels, multiples of 32."""
    cells = [np.stack(np.meshgrid(np.arange(columns // s), np.arange(rows // s)), 2).reshape(-1, 2) for s in STRIDES]
    strides = [np.full(len(c), s, np.float32) for c, s in zip(cells, STRIDES, strict=True)]
    return Anchors(np.concatenate(cells).astype(np.float32), np.concatenate(strides))


def takes_any_shape(run: Run) -> bool:
    """Whether a network that says so does take inputs that are no square: tried on a small one."""
    shape = STRIDES[-1], 2 * STRIDES[-1]
    try:
        return run(np.zeros((1, 3, *shape), np.float32)).shape == (1, len(anchors_of(*shape).strides), NUMBERS)
    except DetectorError:
        return False


class YoloxDetector:
    """A YOLOX network (COCO classes, raw head) behind a `run` function.

    Args:
        run: The network.
        input_px: The longer side of the network's input, a multiple of 32.
        padding: Grey level around a picture that is not square.
        threshold: Least score (objectness times class) of a box.
        any_shape: Whether the input may be less high or wide than `input_px`, in steps of 32: a wide picture then costs less.
    """

    def __init__(self, run: Run, *, input_px: int = 416, padding: int = 114, threshold: float = LEAST_SCORE, any_shape: bool = False) -> None:
        if input_px < STRIDES[-1] or input_px % STRIDES[-1]:
            raise SettingsError(f"a detector's input of {input_px} pixels", f"expected a multiple of {STRIDES[-1]}")
        self._run = run
        self._padding = padding
        self.input_px = input_px
        self._threshold = threshold
        self._any_shape = any_shape
        self._columns = 5 + np.array(sorted(COCO_KINDS))
        self._kind_of_column = np.array([COCO_KINDS[c] for c in sorted(COCO_KINDS)], np.int8)

    def detect(self, picture: NDArray[np.uint8]) -> Boxes:
        """The subjects in `picture` (h x w x 3, BGR), scaled to fit the network's input. Raises DetectorError."""
        rows, columns = picture.shape[:2]
        scale = self.input_px / max(rows, columns)
        height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
        # Down to a half, linear interpolation skips no pixel, and costs a third of averaging over areas.
        shrink = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        tensor = np.empty((1, 3, self._padded(height), self._padded(width)), np.float32)
        tensor[0, :, height:] = self._padding
        tensor[0, :, :height, width:] = self._padding
        for plane, channel in zip(tensor[0], cv2.split(cv2.resize(picture, (width, height), interpolation=shrink)), strict=True):
            plane[:height, :width] = channel
        anchors = anchors_of(*tensor.shape[2:])
        raw = self._run(tensor)
        if raw.shape != (1, len(anchors.strides), NUMBERS):
            raise DetectorError(f"the detector gave an array of shape {raw.shape}; expected (1, {len(anchors.strides)}, {NUMBERS})")
        # One number that is not finite makes the sum of all not finite, and a sum costs a third of looking at each.
        with np.errstate(invalid="ignore", over="ignore"):
            total = np.add.reduce(raw, axis=None)
        if not np.isfinite(total):
            raise DetectorError("the detector gave a number that is not finite")
        return self._decode(raw[0], anchors).moved(0, 0, scale)

    def _padded(self, side_px: int) -> int:
        """Side of the input for that many pixels of picture."""
        return -(-side_px // STRIDES[-1]) * STRIDES[-1] if self._any_shape else self.input_px

    def _decode(self, raw: NDArray[np.float32], anchors: Anchors) -> Boxes:
        """Boxes in pixels of the network's input, from the raw head: (xy + cell) * stride, exp(wh) * stride, objectness * class."""
        sure = np.flatnonzero(raw[:, 4] > self._threshold)
        classes = raw[np.ix_(sure, self._columns)]
        best = classes.argmax(1) if len(sure) else np.zeros(0, np.intp)
        scores = raw[sure, 4] * classes[np.arange(len(sure)), best]
        keep = scores > self._threshold
        sure, best, scores = sure[keep], best[keep], scores[keep]
        stride = anchors.strides[sure, None]
        centre = (raw[sure, :2] + anchors.cells[sure]) * stride
        half = np.exp(np.clip(raw[sure, 2:4], -8, 8)) * stride / 2
        boxes = Boxes(np.concatenate([centre - half, centre + half], 1), scores.astype(np.float32), self._kind_of_column[best])
        return without_doubles(boxes)
