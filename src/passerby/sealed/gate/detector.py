"""The subject detector: a picture in, boxes of people, two-wheelers, vehicles and animals out.

The one place that knows what a YOLOX head gives. It sees raw pixels and keeps none. Anything that is no detection (an exception of the runtime,
another shape, a number that is not finite) is a DetectorError: the gate then withholds.
"""

from collections.abc import Callable
from dataclasses import dataclass
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
    upper = np.maximum(a[:, None, :2], b[None, :, :2])
    lower = np.minimum(a[:, None, 2:], b[None, :, 2:])
    inside = np.clip(lower - upper, 0, None).prod(2)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(1), (b[:, 2:] - b[:, :2]).prod(1)
    result: NDArray[np.float32] = inside / np.maximum(area_a[:, None] + area_b[None] - inside, 1e-6)
    return result


def without_doubles(boxes: Boxes, threshold: float = 0.6) -> Boxes:
    """The boxes left when of two of a kind that overlap by more than `threshold` the less certain one is dropped."""
    order = np.argsort(-boxes.scores, kind="stable")
    same = (overlap(boxes.xyxy, boxes.xyxy) > threshold) & (boxes.kinds[:, None] == boxes.kinds[None])
    kept: list[int] = []
    for index in order:
        if not kept or not same[index, kept].any():
            kept.append(int(index))
    return boxes.pick(np.array(kept, np.intp))


class YoloxDetector:
    """A YOLOX network (COCO classes, raw head) behind a `run` function.

    Args:
        run: Takes (1, 3, input_px, input_px) float32 BGR 0..255, gives (1, anchors, 85). Foreign errors are already DetectorErrors.
        input_px: Side of the network's square input, a multiple of 32.
        padding: Grey level around a picture that is not square.
        threshold: Least score (objectness times class) of a box.
    """

    def __init__(
        self, run: Callable[[NDArray[np.float32]], NDArray[np.float32]], *, input_px: int = 416, padding: int = 114, threshold: float = 0.1
    ) -> None:
        if input_px < STRIDES[-1] or input_px % STRIDES[-1]:
            raise SettingsError(f"a detector's input of {input_px} pixels", f"expected a multiple of {STRIDES[-1]}")
        self._run = run
        self._padding = padding
        self.input_px = input_px
        self._threshold = threshold
        cells = [np.stack(np.meshgrid(np.arange(input_px // s), np.arange(input_px // s)), 2).reshape(-1, 2) for s in STRIDES]
        self._corner = np.concatenate(cells).astype(np.float32)
        self._stride = np.concatenate([np.full(len(c), s, np.float32) for c, s in zip(cells, STRIDES, strict=True)])
        self._columns = 5 + np.array(sorted(COCO_KINDS))
        self._kind_of_column = np.array([COCO_KINDS[c] for c in sorted(COCO_KINDS)], np.int8)

    def detect(self, picture: NDArray[np.uint8]) -> Boxes:
        """The subjects in `picture` (h x w x 3, BGR), scaled to fit the network's input. Raises DetectorError."""
        rows, columns = picture.shape[:2]
        scale = self.input_px / max(rows, columns)
        height, width = max(1, round(rows * scale)), max(1, round(columns * scale))
        # Down to a half, linear interpolation skips no pixel, and costs a third of averaging over areas.
        shrink = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
        tensor = np.empty((1, 3, self.input_px, self.input_px), np.float32)
        tensor[0, :, height:] = self._padding
        tensor[0, :, :height, width:] = self._padding
        for plane, channel in zip(tensor[0], cv2.split(cv2.resize(picture, (width, height), interpolation=shrink)), strict=True):
            plane[:height, :width] = channel
        raw = self._run(tensor)
        if raw.shape != (1, len(self._stride), 85):
            raise DetectorError(f"the detector gave an array of shape {raw.shape}; expected (1, {len(self._stride)}, 85)")
        if not np.isfinite(raw).all():
            raise DetectorError("the detector gave a number that is not finite")
        return self._decode(raw[0]).moved(0, 0, scale)

    def _decode(self, raw: NDArray[np.float32]) -> Boxes:
        """Boxes in pixels of the network's input, from the raw head: (xy + cell) * stride, exp(wh) * stride, objectness * class."""
        sure = np.flatnonzero(raw[:, 4] > self._threshold)
        classes = raw[np.ix_(sure, self._columns)]
        best = classes.argmax(1) if len(sure) else np.zeros(0, np.intp)
        scores = raw[sure, 4] * classes[np.arange(len(sure)), best]
        keep = scores > self._threshold
        sure, best, scores = sure[keep], best[keep], scores[keep]
        stride = self._stride[sure, None]
        centre = (raw[sure, :2] + self._corner[sure]) * stride
        half = np.exp(np.clip(raw[sure, 2:4], -8, 8)) * stride / 2
        boxes = Boxes(np.concatenate([centre - half, centre + half], 1), scores.astype(np.float32), self._kind_of_column[best])
        return without_doubles(boxes)
