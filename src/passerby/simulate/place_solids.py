"""Solid things drawn as a camera sees them: polygons in metres, on a small canvas of finer pixels, taken down to a layer with soft edges."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.simulate.camera import Camera
from passerby.simulate.place_texture import Bgr, Floats, Picture

FINER: Final = 4
SHIFT: Final = 4
SUN: Final = (-0.45, -0.55, 0.70)
"""Where most of the light comes from, under a bright cloudy sky: above, a little from the left and from behind the camera."""

Corners = Sequence[Sequence[float]] | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layer:
    """A thing as seen: pixels to lay over a picture.

    Attributes:
        left_px: Column of its first pixel in the picture.
        top_px: Row of its first pixel.
        bgr: (h, w, 3) uint8.
        alpha: (h, w) uint8, 255 = hides all behind it.
        y_m: Distance of its ground point from the camera along the ground: farther things are drawn first.
    """

    left_px: int
    top_px: int
    bgr: Picture
    alpha: Picture
    y_m: float

    def over(self, picture: Picture) -> None:
        """Lays it over `picture`, cut at the border; changes `picture`."""
        rows, columns = self.alpha.shape
        y0, x0 = max(0, self.top_px), max(0, self.left_px)
        y1, x1 = min(picture.shape[0], self.top_px + rows), min(picture.shape[1], self.left_px + columns)
        if y1 <= y0 or x1 <= x0:
            return
        part = (slice(y0 - self.top_px, y1 - self.top_px), slice(x0 - self.left_px, x1 - self.left_px))
        blend(picture[y0:y1, x0:x1], self.bgr[part], self.alpha[part])


def blend(below: Picture, above: Picture, alpha: Picture) -> None:
    """Mixes `above` into `below` in place, by alpha / 255."""
    share = np.asarray(cv2.merge([alpha, alpha, alpha]), np.uint8)
    rest = np.asarray(cv2.multiply(below, 255 - share, scale=1 / 255), np.uint8)
    below[:] = np.asarray(cv2.add(rest, cv2.multiply(above, share, scale=1 / 255)), np.uint8)


def shade(normal: Sequence[float] | NDArray[np.float64]) -> float:
    """How bright a face looks in daylight: 1 = as its colour says, for one that looks at the brightest part of the sky."""
    x, y, z = (float(v) for v in normal)
    long = max(1e-9, math.sqrt(x * x + y * y + z * z))
    facing = (x * SUN[0] + y * SUN[1] + z * SUN[2]) / (long * math.hypot(*SUN))
    return 0.64 + 0.22 * max(0.0, facing) + 0.14 * (0.5 + 0.5 * z / long)


def lit(colour: Bgr, factor: float) -> Bgr:
    """`colour`, brighter or darker."""
    return (min(255.0, colour[0] * factor), min(255.0, colour[1] * factor), min(255.0, colour[2] * factor))


class Drawing:
    """A canvas over a part of the picture.

    Args:
        camera: The camera that sees it.
        bounds_m: Points of which the projections span the canvas, (n, 3).
        finer: Pixels of the canvas to one of the picture.
    """

    def __init__(self, camera: Camera, bounds_m: Corners, finer: int = FINER) -> None:
        self._camera = camera
        self._finer = finer
        size = camera.size
        seen = camera.px_of(np.asarray(bounds_m, np.float64))
        low, high = np.floor(np.nanmin(seen, 0)) - 2, np.ceil(np.nanmax(seen, 0)) + 2
        margin = 8
        self.left_px, self.top_px = int(np.clip(low[0], -margin, size.width_px)), int(np.clip(low[1], -margin, size.height_px))
        right, bottom = int(np.clip(high[0], -margin, size.width_px + margin)), int(np.clip(high[1], -margin, size.height_px + margin))
        self.columns, self.rows = max(1, right - self.left_px), max(1, bottom - self.top_px)
        self.colour: Picture = np.zeros((self.rows * finer, self.columns * finer, 3), np.uint8)
        self.cover: Picture = np.zeros((self.rows * finer, self.columns * finer), np.uint8)

    def canvas_px(self, points_m: Corners) -> NDArray[np.int32]:
        """(n, 2) fixed-point canvas positions of (n, 3) points."""
        px = (self._camera.px_of(np.asarray(points_m, np.float64)) - (self.left_px, self.top_px)) * self._finer
        return np.asarray(np.round(np.clip(px, -30000, 30000) * (1 << SHIFT)), np.int32)

    def length_px(self, at_m: Sequence[float], length_m: float) -> float:
        """Canvas pixels of a length seen square on at a point."""
        depth = float(self._camera.matrix[2] @ np.array([*at_m, 1.0]))
        return self._finer * length_m * self._camera.focal_px / max(0.1, depth)

    def fill(self, points_m: Corners, colour: Bgr) -> None:
        """A flat polygon, whichever side is seen."""
        points = self.canvas_px(points_m)
        cv2.fillPoly(self.colour, [points], colour, shift=SHIFT)
        cv2.fillPoly(self.cover, [points], 255, shift=SHIFT)

    def fills(self, points_m: NDArray[np.float64], colours: NDArray[np.float64]) -> None:
        """Many flat polygons, (n, k, 3) corners and (n, 3) colours, one over the other."""
        corners = self.canvas_px(points_m.reshape(-1, 3)).reshape(*points_m.shape[:2], 2)
        for points, colour in zip(corners, np.clip(colours, 0, 255).tolist(), strict=True):
            cv2.fillPoly(self.colour, [points], colour, shift=SHIFT)
            cv2.fillPoly(self.cover, [points], 255, shift=SHIFT)

    def face(self, points_m: Corners, colour: Bgr) -> bool:
        """A polygon that runs anticlockwise seen from outside, shaded by its direction; nothing, and False, when its outside is not seen."""
        points = np.asarray(points_m, np.float64)
        normal = np.cross(points[1] - points[0], points[2] - points[1])
        middle = points.mean(0) - (0, 0, self._camera.height_m)
        if normal @ middle >= 0:
            return False
        self.fill(points, lit(colour, shade(normal)))
        return True

    def line(self, points_m: Corners, width_m: float, colour: Bgr) -> None:
        """A round bar along the points."""
        points = self.canvas_px(points_m)
        middle = np.asarray(points_m, np.float64).mean(0)
        thick = max(1, round(self.length_px(list(middle), width_m)))
        cv2.polylines(self.colour, [points], False, colour, thick, shift=SHIFT)
        cv2.polylines(self.cover, [points], False, 255, thick, shift=SHIFT)

    def box(self, low: Sequence[float], high: Sequence[float], colour: Bgr) -> None:
        """An upright box from its lowest to its highest corner."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        self.face([(x0, y1, z0), (x0, y0, z0), (x0, y0, z1), (x0, y1, z1)], colour)
        self.face([(x1, y0, z0), (x1, y1, z0), (x1, y1, z1), (x1, y0, z1)], colour)
        self.face([(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)], colour)
        self.face([(x0, y0, z0), (x1, y0, z0), (x1, y0, z1), (x0, y0, z1)], colour)

    def column(self, at_m: tuple[float, float], heights_m: tuple[float, float], radii_m: tuple[float, float], colour: Bgr) -> None:
        """A round upright column, shaded across from left to right, from the lower height and radius to the upper ones."""
        x, y = at_m
        strips = 9
        edges = np.linspace(-1, 1, strips + 1)
        for low, high in pairwise(edges):
            middle = (low + high) / 2
            around = (float(middle), -float(np.sqrt(1 - middle * middle)), 0.1)
            corners = [(x + r * e, y, z) for z, r, e in zip(np.repeat(heights_m, 2), np.repeat(radii_m, 2), (low, high, high, low), strict=True)]
            self.fill(corners, lit(colour, shade(around) * (1.06 - 0.25 * middle * middle)))
        self.disc((x, y, heights_m[1]), radii_m[1], lit(colour, shade((0, 0, 1))))

    def disc(self, at_m: Sequence[float], radius_m: float, colour: Bgr) -> None:
        """A level disc."""
        turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
        x, y, z = at_m
        self.fill(np.column_stack([x + radius_m * np.cos(turn), y + radius_m * np.sin(turn), np.full(len(turn), z)]), colour)

    def layer(self, y_m: float, grain: Floats | None = None) -> Layer:
        """What was drawn, in pixels of the picture; `grain` (rows, columns or larger) is added to the colours, in levels."""
        shape = (self.columns, self.rows)
        cover = np.asarray(cv2.resize(self.cover, shape, interpolation=cv2.INTER_AREA), np.uint8)
        sums = np.asarray(cv2.resize(self.colour, shape, interpolation=cv2.INTER_AREA), np.uint8)
        colour = sums * (255 / np.maximum(cover, 1).astype(np.float32))[..., None]
        if grain is not None:
            colour += grain[: self.rows, : self.columns, None]
        return Layer(self.left_px, self.top_px, np.asarray(np.clip(colour, 0, 255), np.uint8), cover, y_m)


class Sheet:
    """A drawing in a thing's own coordinates: along its length, to its left, up.

    Args:
        drawing: Where to draw.
        xy_m: Where on the ground the thing's middle is.
        heading_rad: Where its front looks, as atan2 in ground coordinates.
        camera: Who looks.
    """

    def __init__(self, drawing: Drawing, xy_m: tuple[float, float], heading_rad: float, camera: Camera) -> None:
        self.drawing = drawing
        cosine, sine = math.cos(heading_rad), math.sin(heading_rad)
        self._turn = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        self._middle = np.array([*xy_m, 0.0])
        x, y, z = self._turn @ (np.array([0.0, 0.0, camera.height_m]) - self._middle)
        self._eye = (float(x), float(y), float(z))

    def placed(self, points: Sequence[Sequence[float]]) -> NDArray[np.float64]:
        """(n, 3) points of the ground's coordinates."""
        return np.asarray(np.asarray(points, np.float64) @ self._turn + self._middle, np.float64)

    def sees(self, points: Sequence[Sequence[float]], outward: Sequence[float]) -> bool:
        """Whether a flat face that looks along `outward` turns to the camera."""
        return sum(out * (at - eye) for out, at, eye in zip(outward, points[0], self._eye, strict=True)) < 0

    def face(self, points: Sequence[Sequence[float]], outward: Sequence[float], colour: Bgr, gloss: float = 1.0) -> bool:
        """A face, shaded by its direction, when its outside is seen."""
        if not self.sees(points, outward):
            return False
        self.drawing.fill(self.placed(points), lit(colour, gloss * shade(np.asarray(outward, np.float64) @ self._turn)))
        return True

    def decal(self, points: Sequence[Sequence[float]], colour: Bgr) -> None:
        """A flat spot on a face that is seen."""
        self.drawing.fill(self.placed(points), colour)

    def extruded(self, outline: Sequence[tuple[float, float]], half_m: float, colour: Bgr) -> None:
        """A body whose outline (along, up), clockwise as seen from its left, is the same all across it."""
        for first, second in zip(outline, [*outline[1:], outline[0]], strict=True):
            (a, b), (c, d) = first, second
            self.face([(a, half_m, b), (a, -half_m, b), (c, -half_m, d), (c, half_m, d)], (b - d, 0.0, c - a), colour)
        for side in (-1, 1):
            self.face([(a, side * half_m, z) for a, z in outline], (0, side, 0), colour)


def shadow_layer(camera: Camera, corners_m: Sequence[tuple[float, float]], spread_m: float, deep: float, y_m: float) -> Layer:
    """The soft shadow of a thing over a patch of ground, to be laid over the picture before the thing."""
    corners = camera.to_px(np.array(corners_m))
    soft = max(0.7, spread_m * float(camera.px_per_m(np.array([corners_m[0]]))[0]))
    low = np.clip(np.floor(corners.min(0) - 3 * soft), -300, 20000).astype(int)
    high = np.clip(np.ceil(corners.max(0) + 3 * soft), low + 1, (camera.size.width_px + 300, camera.size.height_px + 300)).astype(int)
    high = np.maximum(high, low + 1)
    mask = np.zeros((int(high[1] - low[1]), int(high[0] - low[0])), np.uint8)
    cv2.fillPoly(mask, [np.round((corners - low) * 16).astype(np.int32)], round(255 * deep), cv2.LINE_8, 4)
    alpha = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft, sigmaY=max(0.6, 0.55 * soft)), np.uint8)
    return Layer(int(low[0]), int(low[1]), np.zeros((*alpha.shape, 3), np.uint8), alpha, y_m)
