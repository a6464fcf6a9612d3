"""What may leave a sealed process: scenes, and nothing else (invariants I3 and I4).

A scene says what the place looks like (changed patches of the plate, which blocks of it are shown, the light), where subjects are (glyphs), where
something moves that no detector explains (coarse cells), and how the gate is. There is no field for a crop, an embedding, an attribute, a
posture or a track id, and no dictionary in which one could travel. Nothing here touches a raw frame.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec

CELLS_PER_HEIGHT: Final = 24
"""Coarse cells of movement are at least this part of the picture's height."""
GLYPH_STEPS_PER_HEIGHT: Final = 48
"""Without a ground plane, glyphs stand on a grid of this part of the picture's height."""


class Kind(IntEnum):
    """What a glyph stands for. A wheelchair user, a child and an adult are all a person."""

    PERSON = 0
    TWO_WHEELER = 1
    VEHICLE = 2
    ANIMAL = 3


class Level(IntEnum):
    """How much a camera releases: each level holds all of the ones below it."""

    COUNTS = 0
    HEAT = 1
    GLYPHS = 2


class GateState(IntEnum):
    """What the gate is doing. Everything but WATCHING withholds more than usual."""

    SETTLING = 0
    WATCHING = 1
    MOVED = 2
    COVERED = 3
    LIGHT_CHANGED = 4
    FROZEN = 5
    DETECTOR_FAILED = 6
    BAD_FRAME = 7


class Size(msgspec.Struct, frozen=True, array_like=True):
    """A picture's size in pixels."""

    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.height_px < 1:
            raise ValueError(f"a picture needs at least 1 x 1 pixels, not {self.width_px} x {self.height_px}")


class Glyph(msgspec.Struct, frozen=True, array_like=True, order=True):
    """One subject as an abstract figure, in pixels of the picture.

    `x_px`, `y_px` is the foot point, snapped to the glyph grid. `height_px` is the height that everybody has who stands there (persons), or the
    subject's own on the grid (vehicles); `width_px` follows from the height for persons. Glyphs are ordered by position: order is no identity.
    """

    y_px: int
    x_px: int
    height_px: int
    width_px: int
    kind: Kind


class Cell(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A coarse cell in which something moves or lies that no detector explains. Its side is `Scene.cell_px`."""

    row: int
    column: int


class PlatePatch(msgspec.Struct, frozen=True, array_like=True):
    """A rectangle of the plate: `pixels` holds height x width x 3 bytes, rows from the top, BGR."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int
    pixels: bytes

    def __post_init__(self) -> None:
        if len(self.pixels) != self.width_px * self.height_px * 3:
            expected = self.width_px * self.height_px * 3
            raise ValueError(f"a patch of {self.width_px} x {self.height_px} needs {expected} bytes, not {len(self.pixels)}")

    def __repr__(self) -> str:
        return f"PlatePatch(x_px={self.x_px}, y_px={self.y_px}, width_px={self.width_px}, height_px={self.height_px})"


class LightField(msgspec.Struct, frozen=True, array_like=True):
    """How bright the plate is now, by region: rows x columns x 3 gains (BGR), each `byte / 128`, spread smoothly over the picture."""

    rows: int
    columns: int
    gains: bytes

    def __post_init__(self) -> None:
        if len(self.gains) != self.rows * self.columns * 3:
            raise ValueError(f"a light field of {self.rows} x {self.columns} needs {self.rows * self.columns * 3} bytes, not {len(self.gains)}")


class GateHealth(msgspec.Struct, frozen=True, array_like=True):
    """How the gate is. Shares are of the picture's blocks, 0 to 1.

    `at_home` says whether the camera looks at what its zones and lines were drawn on: False after it was moved or covered, until it is seen to see
    that again, however well it has learned what it looks at instead. None = not known: nothing can be seen, or the scene was recorded before this
    was told. Only True is home. A move before anything of the place was learned cannot be noticed.
    """

    state: GateState
    withheld_share: float
    held_by_subject_share: float
    never_share: float
    at_home: bool | None = None


class Scene(msgspec.Struct, frozen=True, tag=True):
    """One moment of a place, without persons.

    Attributes:
        time_s: Media time in seconds since the first frame.
        size: Size of the picture.
        level: Release level; below GLYPHS there are no glyphs, below HEAT no cells either.
        plate_epoch: Grows by one whenever the plate is dropped; a receiver then forgets every patch it holds.
        block_px: Side of a plate block in pixels; blocks at the right and lower border may be smaller.
        shown: One bit a block, row by row, most significant bit first (`numpy.packbits`): 1 = the plate's block is shown, 0 = withheld.
        patches: The parts of the plate that are new since the scene before.
        light: The light on the plate now; None = as when it was learned.
        glyphs: Subjects, sorted by position.
        cell_px: Side of a coarse cell in pixels.
        cells: Cells with unexplained movement, sorted by position.
        health: How the gate is.
    """

    time_s: float
    size: Size
    level: Level
    plate_epoch: int
    block_px: int
    shown: bytes
    patches: tuple[PlatePatch, ...]
    light: LightField | None
    glyphs: tuple[Glyph, ...]
    cell_px: int
    cells: tuple[Cell, ...]
    health: GateHealth

    def __post_init__(self) -> None:
        blocks = self.block_columns * self.block_rows
        if len(self.shown) != (blocks + 7) // 8:
            raise ValueError(f"{blocks} blocks need {(blocks + 7) // 8} bytes of bits, not {len(self.shown)}")
        if list(self.glyphs) != sorted(self.glyphs):
            raise ValueError("glyphs must be sorted by position: their order may carry no identity")
        if list(self.cells) != sorted(self.cells):
            raise ValueError("cells must be sorted by position")
        if self.level < Level.GLYPHS and self.glyphs:
            raise ValueError(f"release level {self.level.name} has no glyphs")
        if self.level < Level.HEAT and self.cells:
            raise ValueError(f"release level {self.level.name} has no cells")

    @property
    def block_columns(self) -> int:
        """Blocks in a row."""
        return -(-self.size.width_px // self.block_px)

    @property
    def block_rows(self) -> int:
        """Rows of blocks."""
        return -(-self.size.height_px // self.block_px)
