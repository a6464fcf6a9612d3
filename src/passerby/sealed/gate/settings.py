"""What a gate is told: how slowly the plate settles, how small people may be, what is withheld for ever, how much is released."""

import math
from dataclasses import dataclass
from typing import Final

from passerby.errors import SettingsError
from passerby.released.scene import Level
from passerby.sealed.gate.ground import Ground, Homography

Polygon = tuple[tuple[float, float], ...]
SAMPLES: Final = 9
"""Samples of a block that its plate is the median of; DESIGN asks for at least 8, an odd number has a middle one."""


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Settings of one gate. Raises SettingsError where one makes no sense.

    Attributes:
        settle_s: Seconds for which a block must be quiet before its plate may be shown.
        absorb_s: Seconds without a subject after which a change of structure is taken into the plate.
        min_person_px: Height of the smallest person that must be found, in pixels of the picture.
        level: How much is released.
        never: Polygons ((x, y), ...) in pixels of the picture whose blocks are withheld for ever.
        looks_hz: Least rate of looks at the whole picture of a file.
        live_looks_hz: The same of a live picture, where a figure cannot be drawn from looks still to come.
        glyphs_hz: Most updates of glyphs a second; at most 5.
        cells_hz: Most updates of coarse cells a second; at most 2.
        looks_at_once: Most runs of the detector for releases in one step of the gate; 0 = no bound (files).
        ground: From metres on the ground to pixels, 3 x 3 row by row; glyphs then stand on a grid of 0.25 m. None = not known.
    """

    settle_s: float = 20.0
    absorb_s: float = 1800.0
    min_person_px: int = 24
    level: Level = Level.GLYPHS
    never: tuple[Polygon, ...] = ()
    looks_hz: float = 2.0
    live_looks_hz: float = 5.0
    glyphs_hz: float = 4.0
    cells_hz: float = 2.0
    looks_at_once: int = 4
    ground: Homography | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("settle_s", 1.0, 3600.0),
            ("absorb_s", 1.0, 86400.0),
            ("min_person_px", 8, 2000),
            ("looks_hz", 1.0, 30.0),
            ("live_looks_hz", 1.0, 30.0),
            ("glyphs_hz", 0.5, 5.0),
            ("cells_hz", 0.2, 2.0),
            ("looks_at_once", 0, 100000),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"{name} is {value}; expected {low} to {high}")
        if self.ground is not None:
            Ground(self.ground)
        for polygon in self.never:
            if len(polygon) < 3:
                raise SettingsError(f"a 'never' polygon has {len(polygon)} points; expected at least 3")
            if not all(math.isfinite(x) and math.isfinite(y) for x, y in polygon):
                raise SettingsError("a 'never' polygon has a point that is no pair of finite numbers", "expected (x, y) in pixels")

    @property
    def look_interval_s(self) -> float:
        """Seconds between two looks at the whole picture of a file."""
        return 1 / self.looks_hz

    @property
    def live_look_interval_s(self) -> float:
        """Seconds between two looks at a live picture: often enough that a settling time holds all samples."""
        return min(1 / self.live_looks_hz, self.settle_s / (SAMPLES - 1))
