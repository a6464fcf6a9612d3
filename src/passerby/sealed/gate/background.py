"""What differs from the place, and what moves: masks of the working picture, and which parts of them a subject explains.

Pixels under a subject are never compared with anything: they count as different whatever they show, so that no result depends on them.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.sealed.gate.grid import Mask, Picture

LEAST_DIFFERENCE: Final = 22
LEAST_MOTION: Final = 16
NOISE_FACTOR: Final = 5.0
SPECK_PX: Final = 4
JOIN_PX: Final = 5
SHARED: Final = 1
ALONE: Final = 2
SOLID: Final = 1
CORE_PX: Final = 3
"""Side of a square of working pixels that must lie within what changed for it to be solid."""


@dataclass(frozen=True, slots=True)
class Foreground:
    """Masks of the working picture.

    Attributes:
        subjects: Under a grown subject box, or in a component that touches one.
        unexplained: Different or moving, and in no component that touches a subject.
        solid: Those of them whose component is somewhere as wide as it would have to be to hide somebody: no wire, tape or edge that trembles.
        areas_xyxy: (n, 4) float32, boxes in working pixels around the unexplained components, largest first.
    """

    subjects: Mask
    unexplained: Mask
    solid: Mask
    areas_xyxy: NDArray[np.float32]


def distance(a: Picture, b: Picture) -> NDArray[np.uint8]:
    """Largest absolute difference of the three channels, a pixel."""
    parts = cv2.split(cv2.absdiff(a, b))
    return np.asarray(cv2.max(cv2.max(parts[0], parts[1]), parts[2]), np.uint8)


def noise_level(changes: NDArray[np.uint8], free: Mask) -> float:
    """Usual difference between two pictures of the same thing: the median over pixels that are free of subjects."""
    values = changes[::2, ::2][free[::2, ::2]]
    return float(np.median(values)) if values.size else 0.0


def different(changes: NDArray[np.uint8], least: int, noise: float, where: Mask) -> Mask:
    """Pixels of `where` that changed by more than noise explains, without lone specks. Others are not read."""
    threshold = max(float(least), NOISE_FACTOR * noise)
    mask = ((changes > threshold) & where).astype(np.uint8)
    return np.asarray(cv2.medianBlur(mask, 3)).astype(bool)


def split_by_subjects(changed: Mask, subjects: Mask) -> Foreground:
    """Which components of `changed` share the fate of the subjects they touch. `changed` under subjects is not read."""
    outside = (changed & ~subjects).astype(np.uint8)
    core = cv2.erode(outside, np.ones((CORE_PX, CORE_PX), np.uint8), borderValue=0)
    joined = np.asarray(cv2.dilate(outside, np.ones((JOIN_PX, JOIN_PX), np.uint8)), np.uint8)
    joined[subjects] = 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    with_subject = np.bincount(labels[subjects], minlength=count) > 0
    with_subject[0] = False
    large = stats[:, cv2.CC_STAT_AREA] > SPECK_PX + JOIN_PX * JOIN_PX
    large[0] = False
    alone = large & ~with_subject
    left, top, width, height, area = stats[alone].T
    boxes = np.stack([left, top, left + width, top + height], 1).astype(np.float32)
    is_solid = np.bincount(labels[core > 0], minlength=count) > 0
    fate = (with_subject * SHARED + alone * ALONE + (alone & is_solid) * SOLID).astype(np.uint8)[labels]
    return Foreground(fate == SHARED, fate >= ALONE, fate == ALONE + SOLID, boxes[np.argsort(-area, kind="stable")])
