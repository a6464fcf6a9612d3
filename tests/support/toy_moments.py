"""Moments of a toy place in which everything is known, for the tests of measures and attacks: no simulator, no gate."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Kind, Level, LightField, PlatePatch, Scene, Size

Picture = NDArray[np.uint8]
WIDTH_PX, HEIGHT_PX = 320, 240
BLOCK_PX = 16


def toy_place() -> Picture:
    """An empty place with some texture, between 60 and 110."""
    return np.repeat(np.random.default_rng(1).integers(60, 110, (HEIGHT_PX, WIDTH_PX, 1)), 3, axis=2).astype(np.uint8)


@dataclass(frozen=True)
class ToyPerson:
    """Somebody with a foot point and a height in pixels, in one colour with texture; a metre has 40 pixels everywhere."""

    person: int
    foot_px: tuple[float, float]
    height_px: float = 70.0
    width_px: float = 26.0
    colour: tuple[int, int, int] = (200, 60, 210)
    posture: int = 0
    visible: float = 1.0

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.foot_px[0] - self.width_px / 2, self.foot_px[1] - self.height_px, self.width_px, self.height_px

    @property
    def foot_m(self) -> tuple[float, float]:
        return self.foot_px[0] / 40, (HEIGHT_PX - self.foot_px[1]) / 40


@dataclass(frozen=True, eq=False)
class ToyMoment:
    """One moment: who is there, before a place of blotches."""

    time_s: float
    people: Sequence[ToyPerson] = ()
    empty: Picture = field(default_factory=toy_place)

    @property
    def labels(self) -> NDArray[np.uint16]:
        labels = np.zeros(self.empty.shape[:2], np.uint16)
        for one in self.people:
            labels[_outline(one, labels.shape)] = one.person + 1
        return labels

    @property
    def picture(self) -> Picture:
        picture = self.empty.copy()
        for one in self.people:
            cloth = np.random.default_rng(one.person).normal(0, 25, (HEIGHT_PX, WIDTH_PX, 1))
            body = np.clip(np.array(one.colour) + cv2.GaussianBlur(cloth, (0, 0), 1)[..., None] * 2, 0, 255).astype(np.uint8)
            mine = _outline(one, picture.shape[:2])
            picture[mine] = body[mine]
        return picture


def _outline(person: ToyPerson, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    x, y = person.foot_px
    axes = (max(1, int(person.width_px / 2)), max(1, int(person.height_px / 2)))
    drawn = cv2.ellipse(np.zeros(shape, np.uint8), (int(x), int(y - person.height_px / 2)), axes, 0, 0, 360, 1, -1)
    return np.asarray(drawn > 0)


def figure(x_px: float, y_px: float, height_px: float = 70.0, kind: Kind = Kind.PERSON) -> Glyph:
    """A figure of a scene."""
    return Glyph(round(y_px), round(x_px), max(1, round(height_px)), max(1, round(0.36 * height_px)), kind)


def toy_scene(
    time_s: float,
    glyphs: Sequence[Glyph] = (),
    cells: Sequence[Cell] = (),
    *,
    patches: tuple[PlatePatch, ...] = (),
    light: LightField | None = None,
    withheld: NDArray[np.bool_] | None = None,
) -> Scene:
    """A scene of the toy place; `withheld` says which blocks are not shown."""
    blocks = np.zeros((-(-HEIGHT_PX // BLOCK_PX), -(-WIDTH_PX // BLOCK_PX)), bool) if withheld is None else withheld
    return Scene(
        time_s=time_s,
        size=Size(WIDTH_PX, HEIGHT_PX),
        level=Level.GLYPHS,
        plate_epoch=0,
        block_px=BLOCK_PX,
        shown=np.packbits(~blocks).tobytes(),
        patches=patches,
        light=light,
        glyphs=tuple(sorted(glyphs)),
        cell_px=16,
        cells=tuple(sorted(cells)),
        health=GateHealth(GateState.WATCHING, float(blocks.mean()), 0.0, 0.0),
    )


def nothing_held() -> NDArray[np.bool_]:
    """No block is held."""
    return np.zeros((-(-HEIGHT_PX // BLOCK_PX), -(-WIDTH_PX // BLOCK_PX)), bool)
