"""A bicycle that rides across the plaza, and its rider: two layers, since the rider is a person in the truth and the bicycle is none."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from passerby.simulate.camera import Camera
from passerby.simulate.place_solids import Drawing, Layer, lit
from passerby.simulate.place_texture import Bgr

WAY_M: Final = 24.8
"""Distance from the camera at which it crosses."""
SPEED_M_S: Final = 4.0
FROM_M: Final = 18.0
WHEEL_M: Final = 0.34
CRANK: Final = (0.0, 0.29)
SADDLE: Final = (-0.22, 0.95)
HANDLE: Final = (0.42, 1.04)
REAR: Final = (-0.52, WHEEL_M)
FRONT: Final = (0.56, WHEEL_M)
TURNS_PER_M: Final = 0.22
CLOTHES: Final[tuple[tuple[Bgr, Bgr], ...]] = (
    ((96, 66, 48), (60, 54, 52)),
    ((58, 60, 138), (92, 84, 80)),
    ((84, 112, 92), (52, 50, 62)),
    ((150, 152, 154), (84, 66, 52)),
)

Spot = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Ride:
    """A bicycle with its rider as seen now: lay the bicycle over the picture first.

    Attributes:
        bicycle: The bicycle alone.
        rider: The person on it.
        xy_m: Where it is.
        heading_rad: Where it goes, as atan2 in ground coordinates.
    """

    bicycle: Layer
    rider: Layer
    xy_m: tuple[float, float]
    heading_rad: float


@dataclass(frozen=True)
class Bicycle:
    """A bicycle that crosses once.

    Attributes:
        look: Which of CLOTHES its rider wears.
        from_s: When it is at its way's end out of view.
        rightwards: Which way it goes.
        way_m: Distance from the camera at which it crosses.
    """

    look: int
    from_s: float
    rightwards: bool
    way_m: float = WAY_M

    def place_m(self, time_s: float) -> tuple[float, float] | None:
        """Where it is; None when it is not there."""
        gone = (time_s - self.from_s) * SPEED_M_S
        if not 0 <= gone <= 2 * FROM_M:
            return None
        return (gone - FROM_M if self.rightwards else FROM_M - gone, self.way_m)

    def seen(self, camera: Camera, time_s: float) -> Ride | None:
        """Bicycle and rider as seen now."""
        xy = self.place_m(time_s)
        if xy is None:
            return None
        turn = 2 * math.pi * TURNS_PER_M * (time_s - self.from_s) * SPEED_M_S
        side = 1 if self.rightwards else -1
        frame, figure = _Side(camera, xy, side), _Side(camera, xy, side)
        _bicycle(frame, turn)
        tops, legs = CLOTHES[self.look % len(CLOTHES)]
        _rider(figure, turn, tops, legs)
        heading = 0.0 if self.rightwards else math.pi
        return Ride(frame.drawing.layer(xy[1] + 0.02), figure.drawing.layer(xy[1]), xy, heading)


class _Side:
    """A drawing seen from the side: (forward, up) in metres."""

    def __init__(self, camera: Camera, xy_m: tuple[float, float], side: int) -> None:
        x, self._y = xy_m
        self._x, self._side = x, side
        self.drawing = Drawing(camera, [(x + a, self._y, z) for a in (-1.1, 1.1) for z in (0.0, 2.0)])

    def bar(self, spots: list[Spot], width_m: float, colour: Bgr) -> None:
        """A round bar through the spots."""
        self.drawing.line([(self._x + self._side * a, self._y, z) for a, z in spots], width_m, colour)

    def shape(self, spots: list[Spot], colour: Bgr) -> None:
        """A filled outline."""
        self.drawing.fill([(self._x + self._side * a, self._y, z) for a, z in spots], colour)

    def round(self, at: Spot, radii: Spot, colour: Bgr) -> None:
        """An ellipse."""
        turn = np.linspace(0, 2 * math.pi, 20, endpoint=False)
        self.shape([(at[0] + radii[0] * float(np.cos(t)), at[1] + radii[1] * float(np.sin(t))) for t in turn], colour)


def _ring(side: _Side, at: Spot, radius: float, width_m: float, colour: Bgr) -> None:
    turn = np.linspace(0, 2 * math.pi, 25)
    side.bar([(at[0] + radius * float(np.cos(t)), at[1] + radius * float(np.sin(t))) for t in turn], width_m, colour)


def _bicycle(side: _Side, turn: float) -> None:
    """Wheels, frame, saddle, handlebar, pedals."""
    paint: Bgr = (54, 60, 84)
    for axle in (REAR, FRONT):
        _ring(side, axle, WHEEL_M - 0.02, 0.045, (36, 36, 36))
        for spoke in range(3):
            away = turn * 2.2 + spoke * math.pi / 3
            ends = [(axle[0] + s * 0.29 * math.cos(away), axle[1] - s * 0.29 * math.sin(away)) for s in (-1, 1)]
            side.bar(ends, 0.008, (120, 122, 122))
    neck, below = (0.36, 0.86), (0.0, 0.30)
    for spots in ([REAR, below, neck, (-0.16, 0.72), REAR], [below, (-0.2, 0.9)], [FRONT, neck, HANDLE]):
        side.bar(spots, 0.04, paint)
    side.bar([(SADDLE[0] - 0.1, 0.93), (SADDLE[0] + 0.12, 0.92)], 0.07, (34, 34, 36))
    side.bar([HANDLE, (HANDLE[0] + 0.08, HANDLE[1] - 0.02)], 0.045, (48, 48, 48))
    side.bar([_pedal(turn), _pedal(turn + math.pi)], 0.03, (90, 90, 90))


def _pedal(turn: float) -> Spot:
    return (CRANK[0] + 0.165 * math.cos(turn), CRANK[1] - 0.165 * math.sin(turn))


def _rider(side: _Side, turn: float, tops: Bgr, trousers: Bgr) -> None:
    """A person on the saddle: the far leg and arm first."""
    hip, shoulder = (SADDLE[0] + 0.03, SADDLE[1] + 0.09), (0.10, 1.46)
    for which, tone in ((1, 0.72), (0, 1.0)):
        foot = _pedal(turn + which * math.pi)
        knee = _joint(hip, (foot[0] - 0.03, foot[1] + 0.09), 0.44, 0.45, 1)
        side.bar([hip, knee], 0.155, lit(trousers, tone))
        side.bar([knee, (foot[0] - 0.03, foot[1] + 0.09)], 0.11, lit(trousers, tone * 0.95))
        side.bar([(foot[0] - 0.07, foot[1] + 0.04), (foot[0] + 0.12, foot[1] + 0.02)], 0.075, lit((44, 44, 48), tone))
        if which:
            _arm(side, shoulder, tops, tone)
            _torso(side, hip, shoulder, tops)
    _arm(side, shoulder, tops, 0.93)


def _torso(side: _Side, hip: Spot, shoulder: Spot, tops: Bgr) -> None:
    """Trunk and head."""
    side.round((hip[0] + 0.01, hip[1] + 0.02), (0.15, 0.14), lit(tops, 0.8))
    side.shape(
        [(hip[0] - 0.15, hip[1]), (hip[0] + 0.14, hip[1] - 0.02), (shoulder[0] + 0.13, shoulder[1] - 0.12), (shoulder[0] - 0.10, shoulder[1] + 0.03)],
        tops,
    )
    side.round((shoulder[0] - 0.01, shoulder[1] - 0.04), (0.13, 0.13), lit(tops, 1.08))
    side.bar([(shoulder[0] + 0.03, shoulder[1]), (shoulder[0] + 0.08, shoulder[1] + 0.14)], 0.1, (104, 128, 168))
    side.round((shoulder[0] + 0.11, shoulder[1] + 0.22), (0.095, 0.115), (116, 142, 184))
    side.round((shoulder[0] + 0.085, shoulder[1] + 0.26), (0.11, 0.095), (40, 46, 56))


def _arm(side: _Side, shoulder: Spot, tops: Bgr, tone: float) -> None:
    hand = (HANDLE[0] + 0.05, HANDLE[1] + 0.02)
    elbow = _joint((shoulder[0] + 0.03, shoulder[1] - 0.05), hand, 0.31, 0.29, -1)
    side.bar([(shoulder[0] + 0.03, shoulder[1] - 0.05), elbow], 0.105, lit(tops, tone))
    side.bar([elbow, hand], 0.085, lit(tops, tone * 0.95))
    side.round(hand, (0.045, 0.045), (110, 134, 172))


def _joint(start: Spot, end: Spot, first_m: float, second_m: float, bend: int) -> Spot:
    """Where a limb of two bones bends between two spots, forwards (1) or backwards (-1)."""
    away, up = end[0] - start[0], end[1] - start[1]
    far = min(math.hypot(away, up), first_m + second_m - 1e-6)
    along = (first_m**2 - second_m**2 + far**2) / (2 * far)
    out = math.sqrt(max(0.0, first_m**2 - along**2))
    unit = (away / far, up / far)
    return (start[0] + along * unit[0] - bend * out * unit[1], start[1] + along * unit[1] + bend * out * unit[0])
