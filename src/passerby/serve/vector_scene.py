"""A scene as a browser draws it: the one JSON form for live places and for recordings.

    {"t": 1795434960.25, "w": 768, "h": 576, "level": "glyphs", "epoch": 3, "block": 16, "shown": "//8A...", "g": [[0, 212, 400, 24, 60]],
     "cell": 24, "c": [[11, 4]], "state": "watching", "withheld": 0.021}

It holds what the scene says of this moment, and nothing of the plate: that comes as a ground image. There is no room in it for an id, a track,
or anything else that a scene does not have (invariant I4); a test holds the list of its keys. Nothing here loads what draws.
"""

from typing import Final, Literal

import msgspec

from passerby.released.scene import Kind, Scene

LevelName = Literal["counts", "heat", "glyphs"]
StateName = Literal["settling", "watching", "moved", "covered", "light_changed", "frozen", "detector_failed", "bad_frame"]
VectorGlyph = tuple[Kind, int, int, int, int]
"""What it stands for, foot point x and y, width, height; in pixels."""
VectorCell = tuple[int, int]
"""Row and column."""
TIME_DIGITS: Final = 3
SHARE_DIGITS: Final = 3


class VectorScene(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scene of one moment.

    Attributes:
        t: When its picture came in, seconds since 1970 UTC.
        w: Width of the picture in pixels; h: its height.
        level: Release level.
        epoch: Number of the plate: a ground image of another one does not belong below this scene.
        block: Side of a plate block in pixels.
        shown: One bit a block, row by row, most significant first: 1 = shown, 0 = withheld. Base64 in JSON.
        g: Glyphs from the back to the front.
        cell: Side of a coarse cell in pixels.
        c: Coarse cells with unexplained movement.
        state: What the gate is doing.
        withheld: Part of the picture that is withheld, 0 to 1.
    """

    t: float
    w: int
    h: int
    level: LevelName
    epoch: int
    block: int
    shown: bytes
    g: tuple[VectorGlyph, ...]
    cell: int
    c: tuple[VectorCell, ...]
    state: StateName
    withheld: float


def vector_scene(scene: Scene, captured_wall_s: float) -> VectorScene:
    """The vector form of a scene.

    Args:
        scene: The scene; its patches and its light are left out.
        captured_wall_s: When its picture came in, seconds since 1970 UTC.
    """
    return VectorScene(
        t=round(captured_wall_s, TIME_DIGITS),
        w=scene.size.width_px,
        h=scene.size.height_px,
        level=LEVELS[scene.level],
        epoch=scene.plate_epoch,
        block=scene.block_px,
        shown=scene.shown,
        g=tuple((glyph.kind, glyph.x_px, glyph.y_px, glyph.width_px, glyph.height_px) for glyph in scene.glyphs),
        cell=scene.cell_px,
        c=tuple((cell.row, cell.column) for cell in scene.cells),
        state=STATES[scene.health.state],
        withheld=round(scene.health.withheld_share, SHARE_DIGITS),
    )


LEVELS: Final[tuple[LevelName, ...]] = ("counts", "heat", "glyphs")
"""Names of `released.scene.Level`, by number."""
STATES: Final[tuple[StateName, ...]] = ("settling", "watching", "moved", "covered", "light_changed", "frozen", "detector_failed", "bad_frame")
"""Names of `released.scene.GateState`, by number."""
