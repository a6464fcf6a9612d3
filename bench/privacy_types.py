"""What the measures and attacks need of a simulated moment, so that tests can hand in one that they made themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bench.clips import Mask, Picture
from passerby.released.scene import Scene

Floats = NDArray[np.float64]
Labels = NDArray[np.uint16]
"""Height x width: 0 = nobody, else the number of the person + 1."""
Box = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""


class SeenPerson(Protocol):
    """Somebody who is in the picture, or would be if nothing hid them (`simulate.plaza.Seen`)."""

    @property
    def person(self) -> int: ...
    @property
    def box(self) -> Box: ...
    @property
    def foot_px(self) -> tuple[float, float]: ...
    @property
    def foot_m(self) -> tuple[float, float]: ...
    @property
    def posture(self) -> int: ...
    @property
    def visible(self) -> float: ...


class SeenMoment(Protocol):
    """One moment of a simulated place (`simulate.plaza.Shot`)."""

    @property
    def time_s(self) -> float: ...
    @property
    def picture(self) -> Picture: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def people(self) -> Sequence[SeenPerson]: ...
    @property
    def empty(self) -> Picture: ...


@dataclass(frozen=True, eq=False)
class Step:
    """One moment of a clip with everything that is known of it.

    Attributes:
        shot: The truth.
        raw: What the gate was given: the shot's picture after compression; height x width x 3 BGR.
        scene: What the gate released.
        out: The scene, rendered; same size as `raw`.
        held: Blocks that a look found a subject in (rows x columns of blocks), as the gate holds them now.
        control: The same scenes rendered with the true empty place as their plate; None = not made.
    """

    shot: SeenMoment
    raw: Picture
    scene: Scene
    out: Picture
    held: Mask
    control: Picture | None = None

    @cached_property
    def empty(self) -> Picture:
        """The true empty place of this moment: worked out once, for all measures."""
        return self.shot.empty

    @property
    def time_s(self) -> float:
        """Media time in seconds."""
        return self.scene.time_s


def whole_box(person: SeenPerson, width_px: int, height_px: int) -> tuple[int, int, int, int]:
    """A person's box cut to the picture, in whole pixels: left, top, right, bottom (right <= left where nothing is left of it)."""
    left, top, width, height = person.box
    x0, y0 = int(max(0.0, left)), int(max(0.0, top))
    return x0, y0, int(min(width_px, np.ceil(left + width))), int(min(height_px, np.ceil(top + height)))
