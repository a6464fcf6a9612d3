"""One recorded scene as a line of JSON, which any MCAP tool can show, and back.

    {"time_s":12.5,"connection":1,"plate":{"file":"20261123T1136Z-1-0","patches":42},"size":{"width_px":768,"height_px":576},"level":"glyphs",
     "plate_epoch":0,"block_px":16,"shown":"//8=","light":null,"glyphs":[{"kind":"person","x_px":96,"y_px":204,"height_px":60,"width_px":22}],
     "cell_px":24,"cells":[{"row":3,"column":7}],"health":{"state":"watching","withheld_share":0.02,...}}

When it was captured is the message's log time. Pixels of the plate are elsewhere: `plate` says in which plate file, and how many of its patches had
come by then. There is no field beside these, and a line with one is refused: what may not leave a worker has no place here either (invariant I4).
"""

from typing import Final

import msgspec

from passerby.errors import SceneError
from passerby.record.json_schema import schema_of
from passerby.released.geometry import check
from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Kind, Level, LightField, PlatePatch, Scene, Size

SCHEMA_NAME: Final = "passerby.Scene"


class PlateRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plate that was in force: the first `patches` of a plate file."""

    file: str
    patches: int


class _Size(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    width_px: int
    height_px: int


class _Light(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rows: int
    columns: int
    gains: bytes


class _Glyph(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    x_px: int
    y_px: int
    height_px: int
    width_px: int


class _Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    row: int
    column: int


class _Health(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: str
    withheld_share: float
    held_by_subject_share: float
    never_share: float
    at_home: bool | None = None
    """Lines of before this was told have none."""


class SceneLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scene without its patches, and the plate it refers to; None = nothing of the plate was known."""

    time_s: float
    connection: int
    plate: PlateRef | None
    size: _Size
    level: str
    plate_epoch: int
    block_px: int
    shown: bytes
    light: _Light | None
    glyphs: tuple[_Glyph, ...]
    cell_px: int
    cells: tuple[_Cell, ...]
    health: _Health


def scene_schema() -> bytes:
    """The JSON Schema of a line."""
    return schema_of(SceneLine)


def encode_line(scene: Scene, connection: int, plate: PlateRef | None) -> bytes:
    """The line of a scene. Its patches are left out: `plate` says where they are."""
    health, light = scene.health, scene.light
    return msgspec.json.encode(
        SceneLine(
            time_s=scene.time_s,
            connection=connection,
            plate=plate,
            size=_Size(scene.size.width_px, scene.size.height_px),
            level=scene.level.name.lower(),
            plate_epoch=scene.plate_epoch,
            block_px=scene.block_px,
            shown=scene.shown,
            light=None if light is None else _Light(light.rows, light.columns, light.gains),
            glyphs=tuple(_Glyph(glyph.kind.name.lower(), glyph.x_px, glyph.y_px, glyph.height_px, glyph.width_px) for glyph in scene.glyphs),
            cell_px=scene.cell_px,
            cells=tuple(_Cell(cell.row, cell.column) for cell in scene.cells),
            health=_Health(health.state.name.lower(), health.withheld_share, health.held_by_subject_share, health.never_share, health.at_home),
        )
    )


def decode_line(data: bytes) -> SceneLine:
    """The line that `encode_line` wrote.

    Raises:
        SceneError: It is damaged, or holds anything else.
    """
    try:
        return msgspec.json.decode(data, type=SceneLine)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise SceneError(f"these {len(data)} bytes are no recorded scene: {error}") from error


def scene_of(line: SceneLine, patches: tuple[PlatePatch, ...], plate_epoch: int) -> Scene:
    """The scene of a line, with patches of the plate and a number of the plate as the player counts it.

    Raises:
        SceneError: The line is inconsistent.
    """
    light, health = line.light, line.health
    try:
        scene = Scene(
            time_s=line.time_s,
            size=Size(line.size.width_px, line.size.height_px),
            level=Level[line.level.upper()],
            plate_epoch=plate_epoch,
            block_px=line.block_px,
            shown=line.shown,
            patches=patches,
            light=None if light is None else LightField(light.rows, light.columns, light.gains),
            glyphs=tuple(Glyph(glyph.y_px, glyph.x_px, glyph.height_px, glyph.width_px, Kind[glyph.kind.upper()]) for glyph in line.glyphs),
            cell_px=line.cell_px,
            cells=tuple(Cell(cell.row, cell.column) for cell in line.cells),
            health=GateHealth(
                GateState[health.state.upper()], health.withheld_share, health.held_by_subject_share, health.never_share, health.at_home
            ),
        )
    except (KeyError, ValueError, ArithmeticError) as error:
        raise SceneError(f"a recorded scene is inconsistent: {error}") from error
    check(scene)
    return scene
