"""Places and figures drawn for tests of the gate: small, seeded, noisy as a camera is, and with the truth at hand.

A figure is a textured block of one colour that no place has (`FIGURE_BGR`), so that a stand-in for a detector can find it, and a test can say
whether a picture shows any of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Kind, Scene, Size

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Point = tuple[float, float]
Box = tuple[float, float, float, float]
Path = Callable[[float], Point | None]
Change = Callable[[Picture, float], Picture]

FIGURE_BGR: Final = (205, 60, 215)
TINT_BGR: Final = (-12.0, 0.0, 14.0)
NOISE_FIELDS: Final = 8


@dataclass(frozen=True)
class Stage:
    """An empty place seen by a noisy camera.

    Attributes:
        width_px: Of the picture.
        height_px: Of the picture.
        seed: Of everything random in it.
        sigma: Deviation of the sensor's noise, in levels.
        contrast: How much of a texture the place has, in levels.
    """

    width_px: int = 320
    height_px: int = 240
    seed: int = 1
    sigma: float = 2.0
    contrast: float = 28.0

    @property
    def size(self) -> Size:
        return Size(self.width_px, self.height_px)

    @cached_property
    def empty(self) -> Picture:
        """The place without noise (h x w x 3, BGR): blotches, slabs and posts in greys and browns."""
        rng = np.random.default_rng(self.seed)
        shape = (self.height_px, self.width_px)
        fine = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 1.5) * 3.0
        coarse = cv2.resize(rng.normal(0, 1, (7, 9)).astype(np.float32), shape[::-1], interpolation=cv2.INTER_CUBIC)
        slabs = np.kron(rng.uniform(-1, 1, (-(-shape[0] // 23), -(-shape[1] // 31))), np.ones((23, 31)))[: shape[0], : shape[1]]
        grey = 105 + self.contrast * (0.25 * fine + 0.3 * coarse + 0.7 * slabs)
        return np.asarray(np.clip(grey[..., None] + np.array(TINT_BGR), 12, 235), np.uint8)

    @cached_property
    def _noise(self) -> NDArray[np.int16]:
        rng = np.random.default_rng(self.seed + 1000)
        fields = rng.normal(0, self.sigma, (NOISE_FIELDS, self.height_px, self.width_px, 3))
        return np.asarray(np.round(fields), np.int16)

    def seen(self, clean: Picture, time_s: float) -> Picture:
        """`clean` as the camera gives it at a time: the same noise whenever it is asked."""
        if self.sigma == 0:
            return clean.copy()
        rng = np.random.default_rng([self.seed, round(time_s * 1000)])
        grain = np.roll(self._noise[rng.integers(NOISE_FIELDS)], (int(rng.integers(clean.shape[0])), int(rng.integers(clean.shape[1]))), (0, 1))
        return np.asarray(np.clip(clean + grain, 0, 255), np.uint8)


@dataclass(frozen=True)
class Figure:
    """A person-like block.

    Attributes:
        path: Its upper left corner at a time, in pixels; None = not there.
        width_px: Of the block.
        height_px: Of the block.
        kind: What a detector should say it is.
        seed: Of its texture.
    """

    path: Path
    width_px: int = 14
    height_px: int = 36
    kind: Kind = Kind.PERSON
    seed: int = 5

    @cached_property
    def pixels(self) -> Picture:
        rng = np.random.default_rng(self.seed)
        texture = cv2.GaussianBlur(rng.normal(0, 30, (self.height_px, self.width_px, 1)).astype(np.float32), (0, 0), 1.0)
        return np.asarray(np.clip(np.array(FIGURE_BGR) + texture.reshape(self.height_px, self.width_px, 1), 0, 255), np.uint8)

    def box(self, time_s: float) -> Box | None:
        """Left, top, right, bottom at a time."""
        at = self.path(time_s)
        return None if at is None else (at[0], at[1], at[0] + self.width_px, at[1] + self.height_px)

    def draw_into(self, picture: Picture, time_s: float) -> None:
        at = self.path(time_s)
        if at is not None:
            _paste(picture, self.pixels, round(at[0]), round(at[1]))


def _paste(picture: Picture, part: Picture, x: int, y: int) -> None:
    rows, columns = picture.shape[:2]
    x0, y0, x1, y1 = max(0, x), max(0, y), min(columns, x + part.shape[1]), min(rows, y + part.shape[0])
    if x0 < x1 and y0 < y1:
        picture[y0:y1, x0:x1] = part[y0 - y : y1 - y, x0 - x : x1 - x]


def unchanged(picture: Picture, _time_s: float) -> Picture:
    """The picture as it is."""
    return picture


@dataclass(frozen=True)
class Play:
    """Figures on a stage, for a time.

    Attributes:
        stage: The place.
        figures: Who is in it.
        seconds: Length.
        hz: Pictures a second.
        change: What happens to the place at a time (its light, or another view of it): figures are drawn over it.
        camera: What becomes of the noisy picture at a time (covered, defocused, colours lost, stuck).
    """

    stage: Stage = field(default_factory=Stage)
    figures: Sequence[Figure] = ()
    seconds: float = 20.0
    hz: float = 4.0
    change: Change = unchanged
    camera: Change = unchanged

    @property
    def times_s(self) -> list[float]:
        return [number / self.hz for number in range(round(self.seconds * self.hz))]

    def clean(self, time_s: float) -> Picture:
        picture = self.change(self.stage.empty, time_s).copy()
        for figure in self.figures:
            figure.draw_into(picture, time_s)
        return picture

    def picture(self, time_s: float) -> Picture:
        return self.camera(self.stage.seen(self.clean(time_s), time_s), time_s)

    def boxes(self, time_s: float) -> list[tuple[Box, Kind]]:
        found = ((figure.box(time_s), figure.kind) for figure in self.figures)
        return [(box, kind) for box, kind in found if box is not None]

    def __iter__(self) -> Iterator[tuple[float, Picture]]:
        for time_s in self.times_s:
            yield time_s, self.picture(time_s)


def stands(x_px: float, y_px: float, from_s: float = 0.0, to_s: float = np.inf) -> Path:
    """There from `from_s` on, gone at `to_s`."""
    return lambda time_s: (x_px, y_px) if from_s <= time_s < to_s else None


def walks(*points: tuple[float, float, float]) -> Path:
    """Through points (time_s, x_px, y_px) on straight lines; not there before the first and from the last one on."""
    times, xs, ys = (np.array(column) for column in zip(*points, strict=True))

    def path(time_s: float) -> Point | None:
        if not times[0] <= time_s < times[-1]:
            return None
        return float(np.interp(time_s, times, xs)), float(np.interp(time_s, times, ys))

    return path


def shifted(picture: Picture, x_px: int, y_px: int) -> Picture:
    """The picture of a camera that was bumped: the view moves, and the border shows what lies beside it (here: the same again)."""
    return np.roll(picture, (y_px, x_px), (0, 1))


def within(box: Box, picture: Picture) -> tuple[slice, slice]:
    """Rows and columns of the pixels of a picture that a box touches."""
    left, top, right, bottom = box
    rows, columns = picture.shape[:2]
    inside = np.clip([np.floor(top), np.ceil(bottom), np.floor(left), np.ceil(right)], 0, [rows, rows, columns, columns]).astype(int)
    y0, y1, x0, x1 = inside.tolist()
    return slice(y0, y1), slice(x0, x1)


def figure_pixels(picture: Picture) -> Mask:
    """Where a picture shows anything of a figure's colour: far more blue and red than green."""
    blue, green, red = (picture[..., channel].astype(int) for channel in range(3))
    return np.asarray((blue - green > 60) & (red - green > 60))


class Canvas:
    """What a receiver of scenes holds: the patches sent so far, as they were learned, and which blocks may be shown."""

    def __init__(self) -> None:
        self._epoch: int | None = None
        self.picture: Picture = np.zeros((0, 0, 3), np.uint8)
        self.shown: Mask = np.zeros((0, 0), bool)
        self.sent: Mask = np.zeros((0, 0), bool)
        """Pixels for which a patch came since the plate was last dropped."""

    def take(self, scene: Scene) -> None:
        width, height = scene.size.width_px, scene.size.height_px
        if self._epoch != scene.plate_epoch:
            self._epoch = scene.plate_epoch
            self.picture = np.zeros((height, width, 3), np.uint8)
            self.sent = np.zeros((height, width), bool)
        for patch in scene.patches:
            pixels = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
            window = (slice(patch.y_px, patch.y_px + patch.height_px), slice(patch.x_px, patch.x_px + patch.width_px))
            self.picture[window], self.sent[window] = pixels, True
        blocks = shown_blocks(scene)
        self.shown = np.repeat(np.repeat(blocks, scene.block_px, 0), scene.block_px, 1)[:height, :width]

    @property
    def visible(self) -> Picture:
        """The plate as shown; black where it is withheld."""
        return np.where(self.shown[..., None], self.picture, np.uint8(0))


def bytes_of(scene: Scene) -> bytes:
    """A scene as it would be released."""
    return msgspec.msgpack.encode(scene)


def shown_blocks(scene: Scene) -> Mask:
    """The blocks of a scene that are shown (rows x columns)."""
    count = scene.block_rows * scene.block_columns
    bits = np.unpackbits(np.frombuffer(scene.shown, np.uint8))[:count]
    return np.asarray(bits.reshape(scene.block_rows, scene.block_columns).astype(bool))
