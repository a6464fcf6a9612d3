"""Bags that lie about: a backpack and a suitcase, left behind or thrown."""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from passerby.simulate.camera import Camera
from passerby.simulate.place_solids import Drawing, Layer, Sheet, lit, shadow_layer
from passerby.simulate.place_texture import Bgr

GRAVITY_M_S2: Final = 9.81
CLOTHS: Final[tuple[Bgr, ...]] = ((58, 48, 44), (96, 60, 44), (50, 62, 120), (70, 84, 72))


class BagKind(IntEnum):
    """Which bag."""

    BACKPACK = 0
    SUITCASE = 1


@dataclass(frozen=True)
class Bag:
    """A bag as it looks.

    Attributes:
        kind: Which bag.
        cloth: Its colour, BGR.
    """

    kind: BagKind
    cloth: Bgr

    @classmethod
    def drawn(cls, seed: int, number: int) -> "Bag":
        """A bag of a seed."""
        rng = np.random.default_rng([seed, 12, number])
        return cls(BagKind(int(rng.integers(2))), CLOTHS[int(rng.integers(len(CLOTHS)))])

    def seen(self, camera: Camera, xyz_m: tuple[float, float, float], heading_rad: float) -> tuple[Layer, ...]:
        """Its shadow on the ground and the bag itself, its lowest point at a height of z metres: lay them over the picture in this order."""
        x, y, z = xyz_m
        bounds = [(x + a, y + b, z + c) for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (-0.05, 0.95)]
        sheet = Sheet(Drawing(camera, bounds), (x, y), heading_rad, camera)
        half, deep, high = (0.18, 0.12, 0.46) if self.kind is BagKind.BACKPACK else (0.23, 0.13, 0.62)
        if self.kind is BagKind.BACKPACK:
            _backpack(sheet, self.cloth, z)
        else:
            _suitcase(sheet, self.cloth, z)
        patch = [(x + a, y + b) for a, b in ((-half, -deep), (half + 0.06, -deep), (half + 0.06, deep), (-half, deep))]
        fading = 1 / (1 + 2.5 * z)
        shadow = shadow_layer(camera, patch, 0.08 + 0.15 * z, 0.5 * fading, y + high)
        return shadow, sheet.drawing.layer(y - deep)


def _backpack(sheet: Sheet, cloth: Bgr, z: float) -> None:
    outline = [(-0.17, 0.02), (-0.18, 0.32), (-0.13, 0.43), (-0.04, 0.47), (0.05, 0.47), (0.13, 0.43), (0.18, 0.3), (0.17, 0.02)]
    sheet.extruded([(a, z + b) for a, b in outline], 0.12, cloth)
    for side in (-1, 1):
        if sheet.sees([(0.0, side * 0.12, z + 0.2)], (0, side, 0)):
            pocket = [(-0.12, 0.05), (0.12, 0.05), (0.12, 0.2), (0.08, 0.23), (-0.08, 0.23), (-0.12, 0.2)]
            sheet.decal([(a, side * 0.125, z + b) for a, b in pocket], lit(cloth, 1.18))
            sheet.decal(
                [(-0.12, side * 0.125, z + 0.30), (0.12, side * 0.125, z + 0.30), (0.12, side * 0.125, z + 0.32), (-0.12, side * 0.125, z + 0.32)],
                lit(cloth, 0.5),
            )
    sheet.drawing.line(sheet.placed([(-0.04, 0, z + 0.46), (-0.02, 0, z + 0.52), (0.03, 0, z + 0.52), (0.05, 0, z + 0.46)]), 0.02, lit(cloth, 0.6))


def _suitcase(sheet: Sheet, cloth: Bgr, z: float) -> None:
    outline = [(-0.22, 0.05), (-0.22, 0.57), (-0.19, 0.60), (0.19, 0.60), (0.22, 0.57), (0.22, 0.05)]
    for side in (-0.1, 0.1):
        for along in (-0.18, 0.18):
            sheet.drawing.line(sheet.placed([(along, side, z + 0.02), (along, side, z + 0.06)]), 0.05, (30, 30, 30))
    sheet.extruded([(a, z + b) for a, b in outline], 0.13, cloth)
    for side in (-1, 1):
        if sheet.sees([(0.0, side * 0.13, z + 0.3)], (0, side, 0)):
            for rib in (-0.14, -0.05, 0.04, 0.13):
                corners = [(rib, 0.09), (rib + 0.025, 0.09), (rib + 0.025, 0.55), (rib, 0.55)]
                sheet.decal([(a, side * 0.132, z + b) for a, b in corners], lit(cloth, 0.72))
    sheet.drawing.line(sheet.placed([(-0.09, 0, z + 0.6), (-0.09, 0, z + 0.86), (0.09, 0, z + 0.86), (0.09, 0, z + 0.6)]), 0.02, (74, 74, 74))


@dataclass(frozen=True)
class Throw:
    """A bag's flight.

    Attributes:
        from_m: Where it leaves the hand: x, y, height.
        to_m: Where it lands: x, y.
        flight_s: How long it is in the air.
    """

    from_m: tuple[float, float, float]
    to_m: tuple[float, float]
    flight_s: float

    def place_m(self, after_s: float) -> tuple[float, float, float]:
        """Where it is so long after it was thrown: x, y, height. It lies where it landed."""
        part = min(1.0, max(0.0, after_s / self.flight_s))
        time_s = part * self.flight_s
        x, y, z = self.from_m
        rise = GRAVITY_M_S2 * self.flight_s / 2 - z / self.flight_s
        height = z + rise * time_s - GRAVITY_M_S2 * time_s**2 / 2
        return (x + part * (self.to_m[0] - x), y + part * (self.to_m[1] - y), max(0.0, height))

    def heading_rad(self, after_s: float) -> float:
        """How far it has turned."""
        return 7.0 * min(self.flight_s, max(0.0, after_s)) + math.atan2(self.to_m[1] - self.from_m[1], self.to_m[0] - self.from_m[0])
