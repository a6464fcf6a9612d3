"""What one look of the detector says of people: boxes, how sure, and how much of each box differs from the empty place or moves."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Sighting:
    """The persons of one look.

    Attributes:
        time_s: When the picture was taken, in seconds that never fall.
        boxes_xyxy: (n, 4): left, top, right, bottom in pixels.
        scores: (n,): how sure the detector is, 0 to 1.
        changed: (n,): share of each box that differs from the plate, or moves.
        unknown: (n,): share of each box where no plate was ever established.

    Raises:
        ValueError: The shapes do not fit.
    """

    time_s: float
    boxes_xyxy: Floats
    scores: Floats
    changed: Floats
    unknown: Floats

    def __post_init__(self) -> None:
        count = len(self.boxes_xyxy)
        if self.boxes_xyxy.shape != (count, 4) or any(row.shape != (count,) for row in (self.scores, self.changed, self.unknown)):
            raise ValueError("boxes are (n, 4), and scores, changed and unknown (n,)")
        if not np.isfinite(self.boxes_xyxy).all():
            raise ValueError("a box has a side that is no finite number")
