"""People as sprites: drawn once by posture, direction, phase and size, then taken from a bounded cache."""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.simulate.cast import Appearance, Gait, Posture
from passerby.simulate.figure_body import Body
from passerby.simulate.figure_mesh import Mesh, joined
from passerby.simulate.figure_paint import Grain, painted
from passerby.simulate.figure_raster import ELEVATION_RAD, rasterised
from passerby.simulate.figure_skeleton import posed
from passerby.simulate.figure_things import things

DIRECTIONS: Final = 8
PHASES: Final = 10
MOST_MESHES: Final = PHASES + 2
"""Bodies that an atlas keeps: a cycle of walking, and standing or sitting for a while."""
SIZE_STEP: Final = 1.06
FINER: Final = 1.3
"""A figure is drawn so many times as large as it is shown, at least: averaging then makes its edges smooth."""
MASTER_STEP: Final = 1.5
"""From one size at which figures are drawn to the next."""
LENS_PX: Final = 0.3
"""Sigma of the blur of the lens."""
LENS_INFRARED_PX: Final = 0.42
"""The same in infrared, for which lenses are not focused as well."""
CACHE_BYTES: Final = 4 * 2**20
"""What the sprites of one person may take together: 30 people take at most 120 MiB. The largest drawings are let go first when unused."""
SHADOW_OPACITY: Final = 0.5
SHADOW_TURN_RAD: Final = math.pi / 16


@dataclass(frozen=True, eq=False)
class Sprite:
    """A small picture with transparency.

    Attributes:
        bgr: height x width x 3 uint8; the colour is also meaningful where alpha is small.
        alpha: height x width uint8, 0 (nothing) to 255.
        foot_x_px, foot_y_px: Where the person's ground point lies, in pixels from the upper left corner.
    """

    bgr: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    foot_x_px: float
    foot_y_px: float

    @property
    def size_bytes(self) -> int:
        """Memory that it holds."""
        return self.bgr.nbytes + self.alpha.nbytes


class Atlas:
    """The sprites of one person.

    Equal gait and appearance give equal sprites. A heading is taken as the nearest of DIRECTIONS, a phase as the nearest of PHASES, a size as the
    nearest power of SIZE_STEP. Sprites must not be written into: they are shared.

    Args:
        gait: How the person moves.
        appearance: What they look like.
        infrared: Whether to draw them as a camera with infrared light sees them: grey, cloths as bright as they are there.
    """

    def __init__(self, gait: Gait, appearance: Appearance, *, infrared: bool = False) -> None:
        self._gait = gait
        self._look = appearance
        self._infrared = infrared
        self._kept = _Kept(CACHE_BYTES)
        self._meshes: dict[tuple[Posture, int], Mesh] = {}

    def sprite(self, posture: Posture, heading_to_camera_rad: float, phase: float, px_per_m: float) -> Sprite:
        """The person in a posture, facing a direction, at a phase of the cycle, so large that a metre upright is `px_per_m` pixels.

        Args:
            posture: How they hold themselves; who has a wheelchair sits in it unless they lie.
            heading_to_camera_rad: 0 = towards the camera, pi / 2 = to the picture's right, pi = away.
            phase: Where in the cycle of two steps they are; whole cycles do not count.
            px_per_m: Pixels of a metre upright, more than 0.
        """
        key = _key(posture, heading_to_camera_rad, phase, px_per_m)
        found = self._kept.get(key)
        if found is None:
            px_per_m = SIZE_STEP ** key[-1]
            large = _drawn_at(px_per_m)
            found = self._kept.put(key, _shrunk(self._master(*key[:-1], large), px_per_m / large, LENS_INFRARED_PX if self._infrared else LENS_PX))
        return found

    def shadow(
        self,
        px_per_m: float,
        direction: float,
        *,
        posture: Posture = Posture.STANDING,
        heading_to_camera_rad: float = 0.0,
        phase: float = 0.0,
        length: float = 1.1,
    ) -> Sprite:
        """The soft shadow on the ground: black, with alpha. Its foot point goes where the person's goes, before the person is drawn.

        Args:
            px_per_m: As for `sprite`.
            direction: Whereto the shadow falls on the ground: 0 = towards the camera, pi / 2 = to the picture's right.
            posture: As for `sprite`.
            heading_to_camera_rad: As for `sprite`.
            phase: As for `sprite`.
            length: Length of the shadow of what is one metre high, in metres.
        """
        turned, longer = round(direction / SHADOW_TURN_RAD) % round(2 * math.pi / SHADOW_TURN_RAD), round(length, 1)
        of = _key(posture, heading_to_camera_rad, phase, px_per_m)
        key = of, turned, longer
        found = self._kept.get(key)
        if found is None:
            person = self.sprite(posture, heading_to_camera_rad, phase, px_per_m)
            found = self._kept.put(key, _shadow_of(person, turned * SHADOW_TURN_RAD, longer, SIZE_STEP ** of[-1]))
        return found

    @property
    def held_bytes(self) -> int:
        """Memory that the kept sprites take now; never more than CACHE_BYTES, unless one sprite alone is larger."""
        return self._kept.held_bytes

    @cached_property
    def _grain(self) -> Grain:
        return Grain.drawn(self._look.grain)

    def _master(self, posture: Posture, direction: int, step: int, large: float) -> Sprite:
        """The person as large as they are drawn, with hard edges."""
        key = posture, direction, step, large
        found = self._kept.get(key)
        if found is None:
            seen = rasterised(self._mesh(posture, step), direction * 2 * math.pi / DIRECTIONS, large)
            bgr = painted(seen, self._look, self._grain, large, infrared=self._infrared)
            found = Sprite(bgr, seen.inside.astype(np.uint8) * 255, seen.foot_x_px, seen.foot_y_px)
            self._kept.put(key, found)
        return found

    def _mesh(self, posture: Posture, step: int) -> Mesh:
        """The person at a phase, for all directions and sizes; those of one cycle are kept."""
        found = self._meshes.get((posture, step))
        if found is None:
            bones = posed(self._gait, posture, step / PHASES, self._look.carried)
            tall = self._gait.height_m
            found = joined([Body(bones, self._look, tall).mesh(), *things(bones, self._look, posture, tall)])
            if len(self._meshes) >= MOST_MESHES:
                del self._meshes[next(iter(self._meshes))]
            self._meshes[posture, step] = found
        return found


def _key(posture: Posture, heading_rad: float, phase: float, px_per_m: float) -> tuple[Posture, int, int, int]:
    """Posture, direction, phase and size in steps: what sprites are told apart by."""
    if not (px_per_m > 0 and math.isfinite(px_per_m)):
        raise ValueError(f"{px_per_m} pixels a metre; expected a positive number")
    direction = round(heading_rad / (2 * math.pi / DIRECTIONS)) % DIRECTIONS
    step = 0 if posture == Posture.LYING else round(phase * PHASES) % PHASES
    return Posture(posture), direction, step, round(math.log(px_per_m) / math.log(SIZE_STEP))


def _drawn_at(px_per_m: float) -> float:
    """The pixels of a metre at which a figure is drawn that is shown at `px_per_m`."""
    steps = math.ceil(math.log(FINER * px_per_m) / math.log(MASTER_STEP))
    return float(MASTER_STEP**steps)


def _shrunk(master: Sprite, factor: float, blur_px: float) -> Sprite:
    """The sprite of a larger drawing. Colours are weighted by alpha, so that no background gets into the edges."""
    rows, columns = master.alpha.shape
    (height, padded_rows), (width, padded_columns) = _padded(rows, factor), _padded(columns, factor)
    both = np.zeros((padded_rows, padded_columns, 4), np.uint8)
    both[:rows, :columns, :3], both[:rows, :columns, 3] = master.bgr, master.alpha
    averaged = cv2.resize(both, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.GaussianBlur(averaged, (0, 0), blur_px)
    alpha = small[..., 3:]
    colour = small[..., :3] * 255 / np.maximum(alpha, 0.5)
    return Sprite(
        np.clip(np.rint(colour), 0, 255).astype(np.uint8),
        np.rint(alpha[..., 0]).astype(np.uint8),
        master.foot_x_px * width / padded_columns,
        master.foot_y_px * height / padded_rows,
    )


def _padded(length: int, factor: float) -> tuple[int, int]:
    """A length in the result and in the padded drawing, at least `length`, whose ratio is `factor` as exactly as whole pixels allow."""
    least = max(2, math.ceil(length * factor) + 1)
    return min(((small, round(small / factor)) for small in range(least, least + 8)), key=lambda pair: abs(pair[0] / pair[1] / factor - 1))


def _shadow_of(person: Sprite, direction: float, length: float, px_per_m: float) -> Sprite:
    """The person's outline laid down on the ground, away from the light, and blurred."""
    rows, columns = person.alpha.shape
    across = length * math.sin(direction) / math.cos(ELEVATION_RAD)
    down = length * math.cos(direction) * math.tan(ELEVATION_RAD)
    # A point so much above the foot in the picture falls this much aside and below it.
    soft = max(0.6, 0.03 * px_per_m)
    margin = math.ceil(3 * soft) + 1
    up, below = person.foot_y_px, rows - person.foot_y_px
    xs = [0.0, columns, across * up, columns + across * up, -across * below, columns - across * below]
    ys = [person.foot_y_px + down * up, person.foot_y_px - down * below, person.foot_y_px]
    left, top = math.floor(min(xs)) - margin, math.floor(min(ys)) - margin
    width, height = math.ceil(max(xs)) + margin - left, math.ceil(max(ys)) + margin - top
    matrix = np.array([[1.0, -across, across * up - left], [0.0, -down, (1 + down) * up - top]])
    if abs(down) < 0.05:
        matrix[1] = [0.0, 0.05, 0.95 * up - top]
    flat = cv2.warpAffine(person.alpha, matrix, (width, height))
    alpha = cv2.GaussianBlur(flat, (0, 0), soft).astype(np.float32) * SHADOW_OPACITY
    return Sprite(np.zeros((height, width, 3), np.uint8), np.rint(alpha).astype(np.uint8), person.foot_x_px - left, up - top)


class _Kept:
    """Sprites by key, at most so many bytes of them; the one unused for longest goes first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._sprites: OrderedDict[Hashable, Sprite] = OrderedDict()

    def get(self, key: Hashable) -> Sprite | None:
        found = self._sprites.get(key)
        if found is not None:
            self._sprites.move_to_end(key)
        return found

    def put(self, key: Hashable, sprite: Sprite) -> Sprite:
        self._sprites[key] = sprite
        self._held_bytes += sprite.size_bytes
        while self._held_bytes > self._most_bytes and len(self._sprites) > 1:
            self._held_bytes -= self._sprites.popitem(last=False)[1].size_bytes
        return sprite

    @property
    def held_bytes(self) -> int:
        return self._held_bytes
