"""What stands on the plaza: kiosk, benches, planters, lamps, bollards, a bin. Each is a layer that hides who is behind it."""

import math
from itertools import pairwise
from typing import Final

import numpy as np

from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.place_facade import Window
from passerby.simulate.place_solids import Drawing, Layer, lit
from passerby.simulate.place_texture import Bgr, Floats

KIOSK_HIGH_M: Final = 2.65
LAMP_HIGH_M: Final = 4.6
WOODS: Final[tuple[Bgr, ...]] = ((70, 92, 122), (62, 80, 104), (92, 112, 136))
KIOSK_PAINTS: Final[tuple[Bgr, ...]] = ((70, 78, 52), (96, 82, 62), (66, 70, 98))
METAL: Final[Bgr] = (70, 70, 68)
STONE: Final[Bgr] = (122, 128, 132)


def kiosk(camera: Camera, rng: np.random.Generator, grain: Floats) -> tuple[Layer, tuple[Window, ...]]:
    """The kiosk, and its panes that mirror the queue."""
    left, right, near, far = ground.KIOSK_M
    paint = KIOSK_PAINTS[int(rng.integers(len(KIOSK_PAINTS)))]
    dark, pale = lit(paint, 0.7), lit(paint, 1.25)
    high, eaves = KIOSK_HIGH_M, 0.35
    drawing = _over(camera, (left - eaves, near - 0.7, 0), (right + eaves, far + eaves, high + 0.4))
    drawing.box((left, near, 0), (right, far, high), paint)
    for x in np.linspace(left, right, 9)[1:-1]:
        drawing.fill([(x - 0.012, near, 0.1), (x + 0.012, near, 0.1), (x + 0.012, near, 0.98), (x - 0.012, near, 0.98)], dark)
    for z in np.arange(0.25, high, 0.24):
        drawing.fill([(right, near, z), (right, far, z), (right, far, z + 0.02), (right, near, z + 0.02)], lit(paint, 0.66))
    _side(drawing, (right, near, far), paint)
    drawing.fill([(left, near, 0), (right, near, 0), (right, near, 0.12), (left, near, 0.12)], lit(dark, 0.7))
    panes = []
    edges = np.linspace(left + 0.12, right - 0.12, 4)
    for number, (x0, x1) in enumerate(pairwise(edges)):
        low, top = (1.12, 2.12)
        for step in range(6):
            z0, z1 = low + (top - low) * step / 6, low + (top - low) * (step + 1) / 6
            tone = 38 + 7 * step if number != 1 else 30 + 2 * step
            drawing.fill([(x0 + 0.04, near, z0), (x1 - 0.04, near, z0), (x1 - 0.04, near, z1), (x0 + 0.04, near, z1)], (tone + 8, tone + 4, tone))
        if number == 1:
            _shelves(drawing, rng, (x0 + 0.06, x1 - 0.06), near)
        else:
            panes.append(Window(float(x0) + 0.05, float(x1) - 0.05, low, top, near))
    drawing.fill([(left, near, 2.16), (right, near, 2.16), (right, near, 2.5), (left, near, 2.5)], pale)
    for x in np.arange(left + 0.9, right - 1.0, 0.2):
        drawing.fill([(x, near, 2.25), (x + 0.13, near, 2.25), (x + 0.13, near, 2.41), (x, near, 2.41)], lit(dark, 0.8))
    drawing.box((left + 0.05, near - 0.28, 1.02), (right - 0.05, near, 1.08), (118, 132, 142))
    drawing.box((left - eaves, near - eaves, high), (right + eaves, far + eaves, high + 0.16), (92, 94, 94))
    drawing.box((left + 0.9, near + 0.6, high + 0.16), (left + 1.8, near + 1.4, high + 0.5), (128, 130, 130))
    return drawing.layer(near, grain), tuple(panes)


def _side(drawing: Drawing, wall: tuple[float, float, float], paint: Bgr) -> None:
    """The kiosk's side: the board goes on around the corner, a broad poster hangs below it."""
    x, near, far = wall
    for low, high, first, last, tone in (
        (2.16, 2.5, near, far, lit(paint, 1.05)),
        (0.95, 1.95, near + 0.3, far - 0.3, (150.0, 158.0, 162.0)),
        (1.0, 1.9, near + 0.36, far - 0.36, (128.0, 120.0, 96.0)),
        (1.1, 1.3, near + 0.5, far - 0.9, (170.0, 176.0, 178.0)),
        (1.5, 1.62, near + 0.5, far - 0.6, (112.0, 96.0, 70.0)),
    ):
        drawing.fill([(x, first, low), (x, last, low), (x, last, high), (x, first, high)], tone)


def _shelves(drawing: Drawing, rng: np.random.Generator, across: tuple[float, float], near: float) -> None:
    """Goods on broad shelves in the kiosk's hatch."""
    for z in (1.3, 1.58, 1.86):
        x = across[0]
        while x < across[1] - 0.1:
            wide = float(rng.uniform(0.1, 0.26))
            tone = float(rng.uniform(48, 92))
            end = min(x + wide, across[1])
            drawing.fill([(x, near, z), (end, near, z), (end, near, z + 0.12), (x, near, z + 0.12)], (tone, tone + 4, tone + 10))
            x += wide + 0.03


def bench(camera: Camera, at_m: tuple[float, float, float], wood: Bgr, grain: Floats) -> tuple[Layer, Layer]:
    """A bench of slats: its seat with legs, and its back, which hides who sits on a bench that looks away from the camera."""
    x, y, heading = at_m
    half, towards = ground.BENCH_WIDTH_M / 2, math.sin(heading)
    behind = y - 0.24 * towards
    seat = _over(camera, (x - half, y - 0.32, 0), (x + half, y + 0.32, 0.95))
    for end in (x - half + 0.15, x + half - 0.15):
        seat.box((end - 0.06, y - 0.2, 0), (end + 0.06, y + 0.2, 0.42), STONE)
    for slat in range(3):
        low = y - 0.24 + slat * 0.16
        seat.box((x - half, low, 0.42), (x + half, low + 0.13, 0.46), wood)
    back = _over(camera, (x - half, y - 0.4, 0), (x + half, y + 0.4, 1.0))
    for end in (x - half + 0.15, x + half - 0.15):
        back.box((end - 0.03, behind - 0.03, 0.40), (end + 0.03, behind + 0.03, 0.88), METAL)
    for slat in range(3):
        low = 0.52 + slat * 0.13
        back.box((x - half, behind - 0.025, low), (x + half, behind + 0.025, low + 0.105), wood)
    # Who sits there is nearer than the back of a bench that faces the camera, and farther than one that faces away.
    return seat.layer(y + 0.30, grain), back.layer(behind - 0.05 if towards > 0 else y + 0.31, grain)


def planter(camera: Camera, box_m: tuple[float, float, float, float], rng: np.random.Generator, grain: Floats, *, infrared: bool) -> Layer:
    """A stone trough with a low hedge and some flowers."""
    left, right, near, far = box_m
    drawing = _over(camera, (left - 0.1, near - 0.1, 0), (right + 0.1, far + 0.1, 1.25))
    drawing.box((left, near, 0), (right, far, 0.5), STONE)
    drawing.box((left - 0.04, near - 0.04, 0.46), (right + 0.04, far + 0.04, 0.54), lit(STONE, 1.08))
    drawing.fill(
        [(left + 0.08, near + 0.08, 0.54), (right - 0.08, near + 0.08, 0.54), (right - 0.08, far - 0.08, 0.54), (left + 0.08, far - 0.08, 0.54)],
        (46, 56, 62),
    )
    leaves = int(900 * (right - left) * (far - near))
    y = np.sort(rng.uniform(near + 0.08, far - 0.05, leaves))[::-1]
    x, high = rng.uniform(left + 0.1, right - 0.1, leaves), rng.random(leaves) ** 0.6
    bump = 0.32 + 0.10 * np.sin(3.1 * x + 1.7 * y) + 0.06 * np.sin(7.0 * x)
    tone = 0.55 + 0.55 * high + rng.normal(0, 0.09, leaves)
    colours = np.asarray((150, 150, 150) if infrared else (52, 96, 78), np.float64) * tone[:, None]
    if not infrared:
        colours[(np.arange(leaves) % 37 == 0) & (high > 0.8)] = (150, 150, 176)
    radius, turned = rng.uniform(0.03, 0.06, leaves), rng.uniform(0, math.pi, leaves)
    across, up, z = radius * np.cos(turned), radius * np.sin(turned), 0.54 + bump * high
    corners_x = np.stack([x - across, x + 0.4 * up, x + across, x - 0.4 * up], 1)
    corners_z = np.stack([z - up, z - 0.4 * across, z + up, z + 0.4 * across], 1)
    drawing.fills(np.stack([corners_x, np.repeat(y[:, None], 4, 1), corners_z], 2), colours)
    return drawing.layer(near, grain)


def lamp(camera: Camera, at_m: tuple[float, float], grain: Floats) -> Layer:
    """A lamp post: foot, shaft, a short arm to both sides, two lanterns."""
    x, y = at_m
    drawing = _over(camera, (x - 0.7, y - 0.2, 0), (x + 0.7, y + 0.2, LAMP_HIGH_M + 0.4))
    drawing.column(at_m, (0.0, 0.5), (0.13, 0.11), METAL)
    drawing.column(at_m, (0.5, LAMP_HIGH_M), (0.07, 0.045), lit(METAL, 1.1))
    drawing.line([(x - 0.5, y, LAMP_HIGH_M), (x, y, LAMP_HIGH_M + 0.18), (x + 0.5, y, LAMP_HIGH_M)], 0.05, METAL)
    for side in (-0.5, 0.5):
        drawing.box((x + side - 0.17, y - 0.1, LAMP_HIGH_M - 0.08), (x + side + 0.17, y + 0.1, LAMP_HIGH_M + 0.03), (92, 92, 90))
        under = [(x + side - 0.14, y - 0.11, LAMP_HIGH_M - 0.12), (x + side + 0.14, y - 0.11, LAMP_HIGH_M - 0.12)]
        drawing.fill([*under, (x + side + 0.14, y - 0.1, LAMP_HIGH_M - 0.07), (x + side - 0.14, y - 0.1, LAMP_HIGH_M - 0.07)], (196, 206, 210))
    return drawing.layer(y, grain)


def bollard(camera: Camera, at_m: tuple[float, float], grain: Floats) -> Layer:
    """A post of iron with a pale ring."""
    x, y = at_m
    drawing = _over(camera, (x - 0.2, y - 0.2, 0), (x + 0.2, y + 0.2, 1.0))
    drawing.column(at_m, (0.0, 0.78), (0.07, 0.06), (62, 62, 60))
    drawing.column(at_m, (0.62, 0.7), (0.068, 0.066), (170, 174, 176))
    drawing.column(at_m, (0.78, 0.86), (0.075, 0.05), (58, 58, 56))
    return drawing.layer(y, grain)


def litter_bin(camera: Camera, at_m: tuple[float, float], grain: Floats) -> Layer:
    """A round bin with a dark mouth."""
    drawing = _over(camera, (at_m[0] - 0.4, at_m[1] - 0.4, 0), (at_m[0] + 0.4, at_m[1] + 0.4, 1.0))
    drawing.column(at_m, (0.0, 0.78), (0.26, 0.29), (74, 82, 70))
    drawing.column(at_m, (0.72, 0.82), (0.30, 0.30), (96, 98, 96))
    drawing.disc((*at_m, 0.82), 0.2, (34, 36, 36))
    return drawing.layer(at_m[1] - 0.2, grain)


def bollard_row() -> list[tuple[float, float]]:
    """Where bollards stand: along the kerb, wider apart at the crossing's sides."""
    left, right = ground.CROSSING_M
    row = [(float(x), ground.KERB_NEAR_M + 0.12) for x in np.arange(-22.5, 22.6, 2.5)]
    return [p for p in row if not left + 0.2 < p[0] < right - 0.2]


def _over(camera: Camera, low: tuple[float, float, float], high: tuple[float, float, float]) -> Drawing:
    """A canvas for what fits into a box."""
    corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    return Drawing(camera, corners)
