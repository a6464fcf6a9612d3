"""One moment of the plaza: what the camera shows, and the truth about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Size
from passerby.simulate.path import Spot

Picture = NDArray[np.uint8]
LABELS: Final = 65535
"""Labels are 1 to this; endless simulations use them again."""


def label_of(person: int) -> int:
    """The value that a person's pixels have among the labels: person + 1, as long as that fits."""
    return person % LABELS + 1


@dataclass(frozen=True, eq=False)
class Seen:
    """Somebody in the picture.

    Attributes:
        person: Their number, from 0.
        box: Left, top, width and height in pixels of the whole figure with what is carried, as if nothing hid it; may reach out of the picture.
        foot_px: Where they stand in the picture.
        foot_m: Where they stand on the ground.
        posture: `cast.Posture`.
        visible: Share of the figure's pixels that the picture shows, 0 to 1.
    """

    person: int
    box: tuple[int, int, int, int]
    foot_px: tuple[float, float]
    foot_m: tuple[float, float]
    posture: int
    visible: float


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture of the plaza with its truth.

    Attributes:
        time_s: When it is shown.
        picture: height x width x 3 uint8, BGR; not to be changed.
        labels: height x width uint16: 0 = nobody, else `label_of` the person whose pixel it is.
        people: Those whose figure meets the picture, as the picture shows them.
        everyone: Where everybody on the ground is at `time_s`, in view or not, by person.
    """

    time_s: float
    picture: Picture
    labels: NDArray[np.uint16]
    people: tuple[Seen, ...]
    everyone: Mapping[int, Spot]
    _emptied: Callable[[], Picture] = field(repr=False)

    @cached_property
    def empty(self) -> Picture:
        """The place at this moment, in this light, without people and their shadows and mirror images, without bags, noise and rain."""
        return self._emptied()


def share_inside(box: Sequence[float], size: Size) -> float:
    """Share of a box (left, top, width, height) that lies in a picture, 0 to 1."""
    left, top, width, height = box
    across = min(size.width_px, left + width) - max(0.0, left)
    down = min(size.height_px, top + height) - max(0.0, top)
    return max(0.0, across) * max(0.0, down) / (width * height)
