"""Cars: a shaded body with windows, wheels, lamps and a plate with a number that is drawn from a seed, seen from anywhere; parked or passing."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from passerby.simulate.camera import Camera
from passerby.simulate.place_solids import Drawing, Layer, Sheet, lit
from passerby.simulate.place_texture import Bgr

PAINTS: Final[tuple[Bgr, ...]] = ((168, 170, 172), (60, 58, 56), (112, 112, 110), (52, 44, 120), (124, 86, 48), (206, 208, 208), (84, 92, 74))
GLASS: Final[Bgr] = (58, 52, 46)
RUBBER: Final[Bgr] = (34, 34, 34)
LANE_M: Final = 33.4
SPEED_M_S: Final = 7.5
FROM_M: Final = 27.0
PARKING_M: Final = ((-4.6, 30.45), (11.9, 30.45), (-10.4, 30.45), (0.6, 30.45), (17.1, 30.45), (-16.2, 30.45))
"""Where cars park, the first one first."""
DIGITS: Final = ("ABCDEFGHJKLMNPRSTUVWXYZ", "0123456789")
_SEGMENTS: Final = "abcdefg"


@dataclass(frozen=True)
class Body:
    """A kind of car, in metres from its middle; `roof` and `belt` are outlines (along, height) from the rear to the front.

    Attributes:
        long_m: Length.
        wide_m: Width.
        belt: Upper edge of the lower body.
        roof: The windows and the roof on top of it: starts and ends on the belt.
        axles_m: Where the wheels are, along.
    """

    long_m: float
    wide_m: float
    belt: tuple[tuple[float, float], ...]
    roof: tuple[tuple[float, float], ...]
    axles_m: tuple[float, float]


BODIES: Final = (
    Body(
        4.1,
        1.76,
        ((-2.05, 0.62), (-2.0, 0.95), (-1.2, 0.98), (0.85, 0.93), (1.75, 0.80), (2.03, 0.62)),
        ((-1.95, 0.95), (-1.55, 1.38), (-0.7, 1.47), (0.2, 1.44), (0.98, 0.93)),
        (-1.27, 1.28),
    ),
    Body(
        4.6,
        1.82,
        ((-2.3, 0.66), (-2.25, 0.95), (-1.5, 1.0), (0.95, 0.93), (2.0, 0.79), (2.28, 0.6)),
        ((-1.75, 0.98), (-1.0, 1.38), (-0.3, 1.44), (0.25, 1.41), (1.1, 0.92)),
        (-1.38, 1.42),
    ),
    Body(
        4.5,
        1.86,
        ((-2.25, 0.7), (-2.22, 1.05), (-1.2, 1.1), (1.1, 1.04), (2.0, 0.92), (2.24, 0.7)),
        ((-2.18, 1.05), (-1.95, 1.58), (-0.8, 1.68), (0.35, 1.64), (1.2, 1.03)),
        (-1.36, 1.4),
    ),
)


@dataclass(frozen=True)
class Car:
    """A car as it looks.

    Attributes:
        body: Which of BODIES.
        paint: Its colour, BGR.
        plate: Its number; drawn so that a camera near enough could read it.
    """

    body: int
    paint: Bgr
    plate: str

    @classmethod
    def drawn(cls, seed: int, number: int) -> "Car":
        """A car of a seed."""
        rng = np.random.default_rng([seed, 11, number])
        letters, digits = DIGITS
        plate = "".join(str(rng.choice(list(letters if k in (0, 1, 5, 6) else digits))) for k in range(7))
        return cls(int(rng.integers(len(BODIES))), PAINTS[int(rng.integers(len(PAINTS)))], plate)

    def seen(self, camera: Camera, xy_m: tuple[float, float], heading_rad: float, finer: int = 3) -> Layer:
        """The car on the ground with its middle at `xy_m`; its front looks along `heading_rad` (atan2 in ground coordinates)."""
        body = BODIES[self.body]
        half = body.long_m / 2 + 0.3
        bounds = [(xy_m[0] + a, xy_m[1] + b, c) for a in (-half, half) for b in (-half, half) for c in (0.0, 2.0)]
        sheet = Sheet(Drawing(camera, bounds, finer), xy_m, heading_rad, camera)
        _lower(sheet, body, self)
        _upper(sheet, body, self)
        rear = min(float(sheet.placed([(a, b, 0.0)])[0, 1]) for a in (-half + 0.3, half - 0.3) for b in (-0.8, 0.8))
        return sheet.drawing.layer(rear)


def _normal(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float, float]:
    """Outward direction of the face across the car over the outline's piece from a to b."""
    return (-(b[1] - a[1]), 0.0, b[0] - a[0])


def _lower(sheet: Sheet, body: Body, car: Car) -> None:
    """Wheels, sides, bonnet, boot, bumpers, lamps, plate."""
    half, floor = body.wide_m / 2, 0.24
    outline = ((-body.long_m / 2, floor), *body.belt, (body.long_m / 2 - 0.02, floor))
    for along in body.axles_m:
        for side in (-1, 1):
            sheet.decal(_disc(along, side * (half - 0.12), 0.31, 0.31), RUBBER)
    for first, second in pairwise(outline):
        across = [(first[0], half, first[1]), (first[0], -half, first[1]), (second[0], -half, second[1]), (second[0], half, second[1])]
        sheet.face(across, _normal(first, second), car.paint, 1.04)
    for side in (-1, 1):
        points = [(a, side * half, z) for a, z in outline]
        if not sheet.face(points, (0, side, 0), car.paint):
            continue
        low = [(a, side * half, min(z, 0.42)) for a, z in outline]
        sheet.face(low, (0, side, 0), lit(car.paint, 0.62))
        ridge = [(-body.long_m / 2 + 0.1, side * half, 0.7), (body.long_m / 2 - 0.2, side * half, 0.66)]
        shine = [*ridge, (body.long_m / 2 - 0.25, side * half, 0.74), (-body.long_m / 2 + 0.1, side * half, 0.8)]
        sheet.face(shine, (0, side, 0), lit(car.paint, 1.14))
        for seam in (-0.75, 0.12, 0.95):
            sheet.decal(
                [(seam, side * half, 0.36), (seam + 0.02, side * half, 0.36), (seam + 0.02, side * half, 0.9), (seam, side * half, 0.9)],
                lit(car.paint, 0.5),
            )
        for along in body.axles_m:
            for radius, tone in ((0.37, (22.0, 22.0, 22.0)), (0.31, RUBBER), (0.20, (122.0, 124.0, 126.0)), (0.09, (70.0, 70.0, 72.0))):
                sheet.decal(_disc(along, side * (half + 0.005), 0.31, radius), tone)
    for end, lamps in ((1, (206.0, 212.0, 214.0)), (-1, (44.0, 36.0, 150.0))):
        _end(sheet, body, end, lamps, car.plate)


def _end(sheet: Sheet, body: Body, end: int, lamps: Bgr, plate: str) -> None:
    """Lamps, grille and plate on the front (1) or the rear (-1)."""
    half, x = body.wide_m / 2, end * (body.long_m / 2 + 0.004)
    if not sheet.sees([(x, 0.0, 0.5)], (end, 0, 0.05)):
        return
    for side in (-1, 1):
        outer, inner = side * (half - 0.06), side * (half - 0.42)
        sheet.decal([(x, outer, 0.56), (x, inner, 0.54), (x, inner, 0.66), (x, outer, 0.70)], lamps)
    sheet.decal([(x, -0.42, 0.48), (x, 0.42, 0.48), (x, 0.42, 0.62), (x, -0.42, 0.62)], (40, 40, 40))
    sheet.decal([(x, -half + 0.05, 0.24), (x, half - 0.05, 0.24), (x, half - 0.05, 0.36), (x, -half + 0.05, 0.36)], (50, 50, 50))
    sheet.decal([(x, -0.26, 0.40), (x, 0.26, 0.40), (x, 0.26, 0.51), (x, -0.26, 0.51)], (214, 220, 222))
    across = -end
    for number, sign in enumerate(plate):
        start = across * (-0.23 + 0.066 * number)
        for low, high, left, right in _strokes(sign):
            corners = [(start + across * 0.05 * left, 0.415 + 0.08 * low), (start + across * 0.05 * right, 0.415 + 0.08 * low)]
            corners += [(start + across * 0.05 * right, 0.415 + 0.08 * high), (start + across * 0.05 * left, 0.415 + 0.08 * high)]
            sheet.decal([(x, a, z) for a, z in corners], (30, 30, 30))


def _strokes(sign: str) -> list[tuple[float, float, float, float]]:
    """A sign as bars (low, high, left, right; 0 to 1), as on a display of seven segments; letters get a pattern of their own."""
    bars = {
        "a": (0.86, 1, 0, 1),
        "b": (0.5, 1, 0.78, 1),
        "c": (0, 0.5, 0.78, 1),
        "d": (0, 0.14, 0, 1),
        "e": (0, 0.5, 0, 0.22),
        "f": (0.5, 1, 0, 0.22),
    }
    bars["g"] = (0.43, 0.57, 0.0, 1.0)
    digits = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
    if sign.isdigit():
        return [bars[s] for s in digits[int(sign)]]
    code = (ord(sign) - ord("A")) * 37 % 120 + 5
    return [bars[s] for k, s in enumerate(_SEGMENTS) if code >> k & 1] + [(0.0, 1.0, 0.4, 0.6)]


def _upper(sheet: Sheet, body: Body, car: Car) -> None:
    """Windows and roof, narrower above than below."""
    lower, upper = body.wide_m / 2 - 0.04, body.wide_m / 2 - 0.24
    base, top = body.roof[0][1], max(z for _, z in body.roof)

    def half(z: float) -> float:
        return lower + (upper - lower) * (z - base) / (top - base)

    for first, second in pairwise(body.roof):
        (a, b), (c, d) = first, second
        glazed = abs(d - b) > 0.25
        corners = [(a, half(b), b), (a, -half(b), b), (c, -half(d), d), (c, half(d), d)]
        if not sheet.face(corners, _normal(first, second), car.paint, 1.06) or not glazed:
            continue
        inner = [(a, half(b) - 0.09, b), (a, -half(b) + 0.09, b), (c, -half(d) + 0.09, d), (c, half(d) - 0.09, d)]
        sheet.face(inner, _normal(first, second), GLASS, 1.35)
        upper_part = [(0.5 * (p[0] + q[0]), 0.5 * (p[1] + q[1]), 0.5 * (p[2] + q[2])) for p, q in ((inner[0], inner[3]), (inner[1], inner[2]))]
        bright = [inner[3], inner[2], upper_part[1], upper_part[0]] if d > b else [inner[0], inner[1], upper_part[1], upper_part[0]]
        sheet.face(bright, _normal(first, second), lit(GLASS, 1.5), 1.35)
    for side in (-1, 1):
        points = [(a, side * half(z), z) for a, z in body.roof]
        if not sheet.face(points, (0, side, 0.35), car.paint):
            continue
        middle = (0.5 * (body.roof[0][0] + body.roof[-1][0]), 0.5 * (base + top))
        panes = [(middle[0] + 0.86 * (a - middle[0]), middle[1] + 0.72 * (z - middle[1])) for a, z in body.roof]
        sheet.face([(a, side * half(z), z) for a, z in panes], (0, side, 0.35), GLASS, 1.25)
        for pillar in (-0.62, 0.28):
            sheet.face(
                [
                    (pillar, side * half(base), base),
                    (pillar + 0.09, side * half(base), base),
                    (pillar + 0.05, side * half(top), top),
                    (pillar - 0.03, side * half(top), top),
                ],
                (0, side, 0.35),
                lit(car.paint, 0.75),
            )
        mirror = body.roof[-1][0] - 0.2
        sheet.decal(
            [
                (mirror, side * (lower + 0.02), 0.93),
                (mirror + 0.14, side * (lower + 0.02), 0.93),
                (mirror + 0.12, side * (lower + 0.16), 1.06),
                (mirror, side * (lower + 0.16), 1.06),
            ],
            lit(car.paint, 0.7),
        )


def _disc(along: float, across: float, up: float, radius: float) -> list[tuple[float, float, float]]:
    """A wheel's round, upright."""
    turn = np.linspace(0, 2 * math.pi, 18, endpoint=False)
    return [(along + radius * float(np.cos(t)), across, up + radius * float(np.sin(t))) for t in turn]


@dataclass(frozen=True)
class PassingCar:
    """A car that drives along the street.

    Attributes:
        car: How it looks.
        from_s: When its middle is at the street's end out of view.
        rightwards: Which way it goes.
    """

    car: Car
    from_s: float
    rightwards: bool

    def place_m(self, time_s: float) -> tuple[float, float] | None:
        """Where its middle is; None when it is not there."""
        gone = (time_s - self.from_s) * SPEED_M_S
        if not 0 <= gone <= 2 * FROM_M:
            return None
        return (gone - FROM_M if self.rightwards else FROM_M - gone, LANE_M)

    def seen(self, camera: Camera, time_s: float) -> Layer | None:
        """The car as seen now."""
        xy = self.place_m(time_s)
        return None if xy is None else self.car.seen(camera, xy, 0.0 if self.rightwards else math.pi, finer=2)
