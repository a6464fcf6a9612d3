"""The row of houses behind the plaza: brick, stone and plaster with windows, shops and doors, drawn flat in metres and then seen by the camera."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.place_texture import Bgr, Floats, fractal, mixed, waves

HALF_WIDTH_M: Final = 32.0
HEIGHT_M: Final = 10.0
FINER: Final = 2
DOOR_M: Final = (-1.6, 0.2)
"""The door through which people come and go, from left to right."""


@dataclass(frozen=True)
class Window:
    """A pane of glass that mirrors what stands before it, upright and across the line of sight.

    Attributes:
        left_m: Its left side.
        right_m: Its right side.
        low_m: Height of its lower side.
        high_m: Height of its upper side.
        y_m: Distance of its plane from the camera along the ground.
    """

    left_m: float
    right_m: float
    low_m: float
    high_m: float
    y_m: float


@dataclass(frozen=True)
class House:
    """One house of the row."""

    left_m: float
    right_m: float
    wall: Bgr
    trim: Bgr
    shop: Bgr
    bricks: bool
    bay_m: float


class Elevation:
    """The row of houses drawn flat: metres to the right of the middle and above the ground.

    Args:
        px_per_m: How fine it is drawn.
        rng: For tones and for what is behind the windows.
    """

    def __init__(self, px_per_m: float, rng: np.random.Generator) -> None:
        self.px_per_m = px_per_m
        self._rng = rng
        self.picture: Floats = np.zeros((round(HEIGHT_M * px_per_m), round(2 * HALF_WIDTH_M * px_per_m), 3), np.float32)
        self.windows: list[Window] = []

    def part(self, left: float, right: float, low: float, high: float) -> Floats:
        """A view on the pixels of a rectangle."""
        x0, x1 = (round((v + HALF_WIDTH_M) * self.px_per_m) for v in (left, right))
        y0, y1 = (round((HEIGHT_M - v) * self.px_per_m) for v in (high, low))
        return self.picture[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]

    def rect(self, left: float, right: float, low: float, high: float, colour: Bgr, share: float = 1.0) -> None:
        """A flat rectangle."""
        part = self.part(left, right, low, high)
        part += (np.asarray(colour, np.float32) - part) * np.float32(share)

    def gradient(self, left: float, right: float, low: float, high: float, upper: Bgr, lower: Bgr) -> None:
        """A rectangle that goes from one colour to another from top to bottom."""
        part = self.part(left, right, low, high)
        if part.size:
            along = np.linspace(0, 1, part.shape[0], dtype=np.float32)[:, None, None]
            part[:] = np.asarray(upper, np.float32) * (1 - along) + np.asarray(lower, np.float32) * along

    def shadow(self, left: float, right: float, low: float, high: float, deep: float) -> None:
        """Darkens a rectangle from its top, fading downwards."""
        part = self.part(left, right, low, high)
        if part.size:
            part *= 1 - np.float32(deep) * np.linspace(1, 0, part.shape[0], dtype=np.float32)[:, None, None]

    def wall(self, house: House) -> None:
        """The house's wall: its colour, weather, and bricks where it has some."""
        part = self.part(house.left_m, house.right_m, 0, HEIGHT_M)
        part[:] = house.wall
        side = 512
        weather = fractal(self._rng, side, (3, 9, 30, 100), (1, 0.8, 0.5, 0.5))
        rows, columns = (np.arange(n) % side for n in part.shape[:2])
        part += (4.5 * weather[np.ix_(rows, columns)])[..., None]
        streaks = waves(self._rng, side, 60)[0][columns]
        part -= (2.5 * np.maximum(0, streaks))[None, :, None]
        if house.bricks:
            tones = self._rng.standard_normal((41, 43)).astype(np.float32)
            down, across = (np.arange(n, dtype=np.float32) / self.px_per_m for n in part.shape[:2])
            course = np.floor(down / 0.09).astype(np.intp)
            brick = np.floor(across[None] / 0.26 + 0.5 * (course[:, None] % 2)).astype(np.intp)
            part += (5.0 * tones[course[:, None] % 41, brick % 43])[..., None]
            part[np.mod(down, 0.09) < 0.014] *= np.float32(1.06)

    def window(self, left: float, right: float, low: float, high: float, trim: Bgr) -> None:
        """A window of the upper floors: reveal, frame, glass, sill, perhaps a curtain."""
        self.rect(left - 0.12, right + 0.12, low - 0.02, high + 0.16, trim)
        self.glass(left, right, low, high)
        width = right - left
        if self._rng.random() < 0.55:
            tone = float(self._rng.uniform(110, 165))
            drawn = float(self._rng.uniform(0.12, 0.34))
            for start in (left, right - drawn * width):
                self.rect(start, start + drawn * width, low, high, (tone, tone, tone + 4), 0.6)
        if self._rng.random() < 0.3:
            tone = float(self._rng.uniform(140, 180))
            self.rect(left, right, high - float(self._rng.uniform(0.3, 0.9)), high, (tone - 4, tone, tone), 0.75)
        frame = (176.0, 180.0, 182.0)
        for x in (left, left + width / 2 - 0.03, right - 0.06):
            self.rect(x, x + 0.06, low, high, frame)
        for z in (low, low + 0.66 * (high - low), high - 0.06):
            self.rect(left, right, z, z + 0.06, frame)
        self.shadow(left, right, high - 0.22, high, 0.5)
        self.rect(left - 0.18, right + 0.18, low - 0.14, low - 0.02, (trim[0] + 12, trim[1] + 12, trim[2] + 12))
        self.shadow(left - 0.18, right + 0.18, low - 0.34, low - 0.14, 0.28)

    def glass(self, left: float, right: float, low: float, high: float) -> None:
        """Dark glass that mirrors the sky at its top."""
        base = float(self._rng.uniform(44, 62))
        self.gradient(left, right, low, high, (base + 48, base + 42, base + 36), (base + 6, base + 4, base))

    def shopfront(self, left: float, right: float, house: House) -> None:
        """A shop: stone base, large panes, a board above, perhaps an awning."""
        self.rect(left, right, 0, 0.42, (house.trim[0] * 0.72, house.trim[1] * 0.72, house.trim[2] * 0.72))
        self.glass(left, right, 0.42, 2.75)
        self._wares(left, right)
        panes = 3 if right - left > 2.2 else 2
        width = (right - left) / panes
        frame = (house.shop[0] * 0.8, house.shop[1] * 0.8, house.shop[2] * 0.8)
        for number in range(panes):
            x = left + number * width
            self.windows.append(Window(x + 0.05, x + width - 0.05, 0.46, 2.7, ground.FACADE_M))
            self.rect(x, x + 0.05, 0.42, 2.75, frame)
            self.rect(x + width - 0.05, x + width, 0.42, 2.75, frame)
        self.rect(left, right, 2.28, 2.34, frame)
        self.rect(left, right, 0.42, 0.48, frame)
        self.gradient(left - 0.1, right + 0.1, 2.75, 3.35, house.shop, (house.shop[0] * 0.85, house.shop[1] * 0.85, house.shop[2] * 0.85))
        self._lettering(left, right, house.shop)
        self.rect(left - 0.14, right + 0.14, 3.35, 3.45, house.trim)
        self.shadow(left, right, 2.2, 2.75, 0.45)

    def awning(self, left: float, right: float, colour: Bgr) -> None:
        """Cloth with a valance, in stripes, and its shadow on the glass."""
        self.gradient(left, right, 2.25, 2.95, (colour[0] * 1.08, colour[1] * 1.08, colour[2] * 1.08), colour)
        for x in np.arange(left, right, 0.5):
            self.rect(x, min(x + 0.25, right), 2.25, 2.95, (186, 190, 192), 0.4)
        self.rect(left, right, 2.12, 2.25, (colour[0] * 0.72, colour[1] * 0.72, colour[2] * 0.72))
        self.shadow(left, right, 1.1, 2.12, 0.55)

    def door(self, left: float, right: float, high: float, colour: Bgr) -> None:
        """A pair of doors with glass in their upper part, in a frame, with a step."""
        self.rect(left - 0.2, right + 0.2, 0, high + 0.25, (150, 156, 160))
        self.gradient(left, right, 0.0, high, (colour[0] * 0.8, colour[1] * 0.8, colour[2] * 0.8), colour)
        leaves = 2 if right - left > 1.3 else 1
        width = (right - left) / leaves
        for number in range(leaves):
            x = left + number * width
            self.glass(x + 0.16, x + width - 0.16, 0.25, high - 0.55)
            self.rect(x, x + 0.025, 0, high, (40, 42, 44), 0.6)
        self.rect(left, right, high - 0.42, high - 0.34, (colour[0] * 1.2, colour[1] * 1.2, colour[2] * 1.2))
        self.glass(left + 0.1, right - 0.1, high - 0.3, high - 0.06)
        self.shadow(left, right, high - 0.5, high, 0.4)
        self.rect(left - 0.3, right + 0.3, 0, 0.12, (158, 162, 164))

    def _wares(self, left: float, right: float) -> None:
        """What is faintly seen behind the glass: low broad shelves, nothing upright."""
        for z in (0.62, 1.02):
            x = left + 0.15
            while x < right - 0.3:
                wide = float(self._rng.uniform(0.2, 0.7))
                tone = float(self._rng.uniform(60, 105))
                tint = self._rng.uniform(-8, 8, 3)
                colour = (tone + float(tint[0]), tone + float(tint[1]), tone + float(tint[2]))
                self.rect(x, min(x + wide, right - 0.1), z, z + float(self._rng.uniform(0.1, 0.3)), colour, 0.45)
                x += wide + float(self._rng.uniform(0.02, 0.3))
        for x in np.arange(left + 0.5, right - 0.3, 0.9):
            self.rect(x, x + 0.3, 2.48, 2.56, (190, 205, 210), 0.5)

    def _lettering(self, left: float, right: float, board: Bgr) -> None:
        """Strokes that look like a shop's name from afar."""
        tone = 205.0 if sum(board) < 330 else 60.0
        x = left + (right - left) * float(self._rng.uniform(0.12, 0.3))
        for _ in range(int(self._rng.integers(6, 11))):
            wide = float(self._rng.uniform(0.09, 0.2))
            if x + wide > right - 0.3:
                break
            self.rect(x, x + wide, 2.94, 2.94 + float(self._rng.choice((0.14, 0.2))), (tone, tone, tone), 0.75)
            x += wide + 0.06


def houses(rng: np.random.Generator) -> tuple[House, ...]:
    """The row, from left to right: brick, stone in the middle, plaster."""
    brick, stone, plaster = ((70.0, 84.0, 114.0), (128.0, 146.0, 156.0), (134.0, 138.0, 136.0))
    shops: list[Bgr] = [(52, 60, 40), (44, 42, 74), (72, 56, 40), (58, 58, 60), (70, 88, 100)]
    order = rng.permutation(len(shops))
    shift = rng.uniform(-8, 8, 3)

    def toned(colour: Bgr, by: float) -> Bgr:
        return (colour[0] + float(by), colour[1] + float(by), colour[2] + float(by))

    return (
        House(-HALF_WIDTH_M, -9.6, toned(brick, shift[0]), (150, 158, 164), shops[order[0]], bricks=True, bay_m=3.7),
        House(-9.6, 6.4, toned(stone, shift[1]), (158, 170, 176), shops[order[1]], bricks=False, bay_m=3.2),
        House(6.4, HALF_WIDTH_M, toned(plaster, shift[2]), (112, 114, 116), shops[order[2]], bricks=False, bay_m=4.1),
    )


def draw_house(elevation: Elevation, house: House, rng: np.random.Generator) -> None:
    """A whole house: wall, shops below, windows above, cornices."""
    elevation.wall(house)
    bays = max(1, round((house.right_m - house.left_m) / house.bay_m))
    bay = (house.right_m - house.left_m) / bays
    door_bay = int(rng.integers(bays))
    for number in range(bays):
        left = house.left_m + number * bay
        first, last = left + 0.32, left + bay - 0.32
        if first < DOOR_M[1] and last > DOOR_M[0]:
            elevation.door(DOOR_M[0], DOOR_M[1], 2.85, (52, 58, 66))
        elif number == door_bay:
            elevation.door(left + bay / 2 - 0.5, left + bay / 2 + 0.5, 2.5, house.shop)
            elevation.rect(first, last, 3.0, 3.2, house.trim)
        else:
            elevation.shopfront(first, last, house)
            if rng.random() < 0.3:
                elevation.awning(first, last, house.shop)
        for floor_m in (4.35, 7.35):
            half = min(0.62, bay / 6)
            for middle in (left + bay * 0.27, left + bay * 0.73):
                elevation.window(middle - half, middle + half, floor_m, floor_m + 1.75, house.trim)
    elevation.rect(house.left_m, house.right_m, 3.6, 3.78, house.trim)
    elevation.shadow(house.left_m, house.right_m, 3.3, 3.6, 0.25)
    elevation.rect(house.left_m, house.right_m, 6.75, 6.86, house.trim)
    elevation.shadow(house.left_m, house.right_m, 6.55, 6.75, 0.2)
    elevation.rect(house.right_m - 0.09, house.right_m + 0.02, 0, HEIGHT_M, (96, 100, 102))
    elevation.shadow(house.left_m, house.right_m, 0.0, 0.5, -0.08)


def facade(picture: Floats, camera: Camera, seed: int) -> tuple[Window, ...]:
    """Draws the row of houses over `picture` (h, w, 3); gives the panes that mirror."""
    rng = np.random.default_rng([seed, 2])
    depth = float(camera.depth_m(np.array([[0.0, ground.FACADE_M]]))[0])
    elevation = Elevation(max(16.0, 1.4 * FINER * camera.focal_px / depth), rng)
    for house in houses(rng):
        draw_house(elevation, house, rng)
    foot = elevation.part(-HALF_WIDTH_M, HALF_WIDTH_M, 0, 0.6)
    foot *= np.linspace(1.0, 0.72, foot.shape[0], dtype=np.float32)[:, None, None]
    rows, columns = elevation.picture.shape[:2]
    corners = np.array([(x, ground.FACADE_M, z) for z in (HEIGHT_M, 0.0) for x in (-HALF_WIDTH_M, HALF_WIDTH_M)])
    flat = np.array([(0, 0), (columns, 0), (0, rows), (columns, rows)], np.float32) - np.float32(0.5)
    seen = (camera.px_of(corners) * FINER - 0.5).astype(np.float32)
    foot_row = int(np.ceil(camera.px_of(corners[2:3])[0, 1]))
    shape = (camera.size.width_px * FINER, max(1, foot_row) * FINER)
    fine = cv2.warpPerspective(np.clip(elevation.picture, 0, 255), cv2.getPerspectiveTransform(flat, seen), shape, flags=cv2.INTER_LINEAR)
    inside = cv2.warpPerspective(np.ones((rows, columns), np.float32), cv2.getPerspectiveTransform(flat, seen), shape, flags=cv2.INTER_LINEAR)
    down = (shape[0] // FINER, shape[1] // FINER)
    mixed_in = np.asarray(cv2.resize(fine, down, interpolation=cv2.INTER_AREA), np.float32)
    share = np.asarray(cv2.resize(inside, down, interpolation=cv2.INTER_AREA), np.float32)
    whole = np.asarray(mixed_in / np.maximum(share, np.float32(0.01))[..., None], np.float32)
    mixed(picture[: down[1]], whole, share)
    return tuple(elevation.windows)
