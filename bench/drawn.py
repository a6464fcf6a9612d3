"""A clip that the project draws itself: a still, textured place under light noise, and a few textured figures that walk.

For runs of any length and size, and where no real clip can be had. The figures are nobody, and a detector made for people may not
know them as such: a drawn clip shows speed and memory, and how a picture is withheld, not how well people are found.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.clips import Picture

NOISE_FIELDS: Final = 8
NOISE_SIGMA: Final = 1.5
HORIZON: Final = 0.3
STEPS_HZ: Final = 1.8
CRF: Final = "24"


@dataclass(frozen=True)
class DrawnClip:
    """What to draw: picture size in pixels (even), length, rate and how many figures walk."""

    width_px: int = 768
    height_px: int = 576
    seconds: float = 30.0
    fps: int = 10
    figures: int = 5
    seed: int = 0

    def __iter__(self) -> Iterator[Picture]:
        """The frames."""
        rng = np.random.default_rng(self.seed)
        place = drawn_place(self.width_px, self.height_px, rng)
        # Noise is added once, to a few copies of the place: at 4K adding it to every frame would take most of the time.
        places = [cv2.add(place, _noise(place.shape, rng), dtype=cv2.CV_8U).astype(np.uint8) for _ in range(NOISE_FIELDS)]
        figures = [_Figure.random(self, rng) for _ in range(self.figures)]
        for number in range(round(self.seconds * self.fps)):
            picture = places[int(rng.integers(NOISE_FIELDS))].copy()
            for figure in sorted(figures, key=lambda one: one.foot_y_px):
                figure.draw_into(picture, number / self.fps)
            yield picture

    def write(self, path: Path, times: int = 1) -> None:
        """Encodes the clip once as H.264 and writes it so many times in a row."""
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=self.fps, options={"preset": "ultrafast", "tune": "zerolatency", "crf": CRF})
            stream.width, stream.height, stream.pix_fmt = self.width_px, self.height_px, "yuv420p"
            packets = [packet for picture in self for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24"))]
            packets += stream.encode()
            # Without reordering, packet n holds frame n: the clip follows itself when it is shifted by its frames.
            for number in range(len(packets) * times):
                packet = packets[number % len(packets)]
                copy = av.Packet(bytes(packet))
                copy.stream, copy.time_base, copy.is_keyframe = stream, Fraction(1, self.fps), packet.is_keyframe
                copy.pts = copy.dts = number
                container.mux(copy)


def drawn_place(width_px: int, height_px: int, rng: np.random.Generator) -> Picture:
    """A brick wall above a paved floor (height x width x 3)."""
    grain = cv2.GaussianBlur(rng.normal(0, 1, (height_px, width_px)).astype(np.float32), (0, 0), 1.2)
    blotches = cv2.resize(rng.normal(0, 1, (9, 12)).astype(np.float32), (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    rows, columns = np.mgrid[:height_px, :width_px].astype(np.float32)
    horizon_px = HORIZON * height_px
    depth = np.maximum((rows - horizon_px) / height_px, 0.004)
    floor_lines = (((columns - width_px / 2) / (depth * width_px) % 0.8) < 0.05) | ((0.35 / depth % 1.0) < 0.06)
    brick_px = max(8.0, height_px / 40)
    course = rows // brick_px
    wall_lines = (rows % brick_px < 2) | ((columns + course % 2 * brick_px) % (2 * brick_px) < 2)
    is_wall = rows < horizon_px
    colour = np.where(is_wall[..., None], np.array([84, 104, 146], np.float32), np.array([128, 134, 136], np.float32))
    shade = np.where(is_wall, np.where(wall_lines, 26, 0), np.where(floor_lines & (depth > 0.02), -30, 0))
    picture = colour + (shade + 14 * grain + 7 * blotches)[..., None]
    return np.asarray(np.clip(picture, 0, 255).astype(np.uint8))


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int16]:
    """One field of sensor noise, drawn small and repeated."""
    small = rng.normal(0, NOISE_SIGMA, (256, 256, 3)).round().astype(np.int16)
    small = np.roll(small, rng.integers(0, 256, 2), axis=(0, 1))
    repeats = -(-shape[0] // 256), -(-shape[1] // 256), 1
    return np.ascontiguousarray(np.tile(small, repeats)[: shape[0], : shape[1]])


@dataclass(frozen=True)
class _Figure:
    """Somebody who walks to and fro along a line."""

    from_x_px: float
    to_x_px: float
    foot_y_px: float
    height_px: float
    walk_s: float
    delay_s: float
    coat: NDArray[np.uint8]
    trousers: tuple[int, int, int]
    skin: tuple[int, int, int]

    @classmethod
    def random(cls, clip: DrawnClip, rng: np.random.Generator) -> "_Figure":
        depth = rng.uniform(0.25, 1.0)
        foot_y = clip.height_px * (HORIZON + 0.05 + (0.92 - HORIZON) * depth)
        height = clip.height_px * (0.07 + 0.2 * depth)
        ends = rng.permutation([rng.uniform(0.02, 0.25), rng.uniform(0.7, 0.98)]) * clip.width_px
        # Woven cloth: its own texture, so that a block of it can be told from a block of the place.
        cloth = rng.integers(30, 220, 3) + rng.integers(-35, 35, (12, 8, 1))
        coat = cv2.resize(np.clip(cloth, 0, 255).astype(np.uint8), (64, 96), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
        trousers = tuple(int(value) for value in rng.integers(20, 90, 3))
        tone = rng.uniform(0.35, 1.0)
        skin = tuple(int(value * tone) for value in (150, 180, 225))
        walk_s = abs(ends[1] - ends[0]) / (0.8 * height)
        return cls(ends[0], ends[1], foot_y, height, walk_s, rng.uniform(0, 2 * walk_s), coat, trousers, skin)  # type: ignore[arg-type]

    def draw_into(self, picture: Picture, time_s: float) -> None:
        """Draws the figure where it is at a time."""
        turn = ((time_s + self.delay_s) / self.walk_s) % 2
        x = self.from_x_px + (self.to_x_px - self.from_x_px) * (turn if turn < 1 else 2 - turn)
        y, h = self.foot_y_px, self.height_px
        swing = 0.11 * h * np.sin(2 * np.pi * STEPS_HZ / 2 * time_s + self.delay_s)
        hip, thick = (round(x), round(y - 0.47 * h)), max(2, round(0.085 * h))
        for way in (-1, 1):
            cv2.line(picture, hip, (round(x + way * swing), round(y - 0.02 * h)), self.trousers, thick, cv2.LINE_AA)
        top, bottom, half = round(y - 0.84 * h), round(y - 0.42 * h), max(2, round(0.13 * h))
        left, right = round(x) - half, round(x) + half
        rows, columns = slice(max(0, top), max(0, bottom)), slice(max(0, left), max(0, right))
        patch = picture[rows, columns]
        if patch.size:
            patch[:] = cv2.resize(self.coat, (patch.shape[1], patch.shape[0]), interpolation=cv2.INTER_AREA)
        cv2.ellipse(
            picture,
            (round(x), round(y - 0.915 * h)),
            (max(2, round(0.06 * h)), max(2, round(0.085 * h))),
            0,
            0,
            360,
            self.skin,
            -1,
            cv2.LINE_AA,
        )
        cv2.ellipse(
            picture,
            (round(x), round(y - 0.94 * h)),
            (max(2, round(0.062 * h)), max(2, round(0.065 * h))),
            0,
            180,
            360,
            (25, 30, 40),
            -1,
            cv2.LINE_AA,
        )
