"""Which boxes of a look are of one person each: parts and doubles go, and what somebody pushes or pulls is not a second person.

The detector knows no stroller. It sees whoever pushes one, both of them as one wide box, and the stroller itself as somebody who is lower and wide,
by turns and at once. None of these says by itself which it is: a wide box may be of two people, a low one of somebody who sits.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from passerby.measure.sighting import Floats

Mask = NDArray[np.bool_]

INSIDE_SHARE: Final = 0.8
DOUBLE_SHARE: Final = 0.5
WIDE: Final = 0.8
"""Widths in heights: a box this wide is of more than one who stands or walks."""
STANDING_WIDTH: Final = 0.4
"""Of one who does."""
SAME_HEIGHT: Final = 0.15
"""In heights: upper and lower edges that are no further apart are of one person."""
NARROWER: Final = 0.8
LEAST_WIDTH: Final = 0.25
"""A narrower box is of a part of somebody."""
SURE: Final = 0.4
THING_WIDTH: Final = 0.6
"""A stroller is seen no narrower from the side."""
BESIDE: Final = 0.9
ON_THE_GROUND_BESIDE: Final = 0.3
"""In heights of who pushes: so far aside, and so far up or down the picture, is what they push."""
HARDLY_TALLER: Final = 0.05
WITH_WHOM: Final = 2
"""Boxes of what is pushed and of who pushes it; where there are more together, all are people."""


def of_one_each(boxes_xyxy: Floats, scores: Floats) -> list[int]:
    """Indices of boxes that are no part and no double of a surer box, nor of somebody with what they push who has a box alone; surest first."""
    areas = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(1)
    shared = _shared(boxes_xyxy)
    # Row: the box that is asked about; column: the surer one.
    hidden = (shared > INSIDE_SHARE * areas[:, None]) | (shared > DOUBLE_SHARE * (areas[:, None] + areas[None] - shared))
    with_thing = _with_thing(boxes_xyxy, scores, shared > INSIDE_SHARE * areas[None])
    is_with_thing = np.any(with_thing, axis=1, keepdims=False).tolist()
    kept: list[int] = []
    hiding: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        if is_with_thing[index]:
            # All who are as high as such a box may be people; what is lower is a part of it.
            hidden[with_thing[index], index] = False
            hiding.append(index)
        elif not hidden[index, hiding].any():
            hiding.append(index)
            kept.append(index)
    return kept


def like_things(boxes_xyxy: Floats, scores: Floats, kept: list[int]) -> list[bool]:
    """For each box whether it may be what somebody pushes.

    Such a box is wide and beside a surer one of those `kept`, on the same ground, and not taller; neither of them is beside anybody else.
    """
    likely = [False] * len(boxes_xyxy)
    boxes = boxes_xyxy[kept].astype(float)
    x, bottom = (boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]
    width, height = (boxes[:, 2:] - boxes[:, :2]).T
    wide = width >= THING_WIDTH * height
    if not wide.any():
        return likely
    # Row: the box that is asked about; column: who may push it.
    tall = height[None]
    near = (abs(x[:, None] - x[None]) < BESIDE * tall) & (abs(bottom[:, None] - bottom[None]) < ON_THE_GROUND_BESIDE * tall)
    lower = boxes[None, :, 1] <= boxes[:, None, 1] + HARDLY_TALLER * tall
    # In a row of people each is beside others, and boxes of those who stand shoulder to shoulder are wide.
    alone = near.sum(1) <= WITH_WHOM
    pushed = wide & alone & (near & alone[None] & lower & (scores[kept][None] > scores[kept][:, None])).any(1)
    for index, one in zip(kept, pushed.tolist(), strict=True):
        likely[index] = one
    return likely


def standing_x(box: list[float], expected_x: float, height_px: float) -> float:
    """Where in a box somebody so high stands: in its middle; in a wide one, which holds what they push as well, where they were expected."""
    left, _, right, _ = box
    if not is_wide(box):
        return (left + right) / 2
    half = STANDING_WIDTH / 2 * min(height_px, right - left)
    return min(max(expected_x, left + half), right - half)


def is_wide(box: list[float]) -> bool:
    """Whether a box is of more than one who stands or walks."""
    left, top, right, bottom = box
    return right - left > WIDE * (bottom - top)


def _shared(boxes_xyxy: Floats) -> NDArray[np.floating[Any]]:
    """(n, n): the area that two boxes share."""
    upper = np.maximum(boxes_xyxy[:, None, :2], boxes_xyxy[None, :, :2])
    lower = np.minimum(boxes_xyxy[:, None, 2:], boxes_xyxy[None, :, 2:])
    return np.asarray(np.clip(lower - upper, 0, None).prod(2))


def _with_thing(boxes_xyxy: Floats, scores: Floats, holds: Mask) -> Mask:
    """(n, n): whether a box is of somebody with what they push: wide, and holds another one that is sure, narrower, as high, on the same ground."""
    width, height = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).T
    wide = width > WIDE * height
    if not wide.any():
        return np.zeros_like(holds)
    edges = abs(boxes_xyxy[:, None, 1::2] - boxes_xyxy[None, :, 1::2]).max(2)
    alone = (width[None] < NARROWER * width[:, None]) & (width > LEAST_WIDTH * height)[None] & (scores >= SURE)[None]
    return np.asarray(wide[:, None] & holds & alone & (edges < SAME_HEIGHT * height[:, None]))
