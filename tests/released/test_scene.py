"""What a scene refuses to be."""

import msgspec
import pytest

from passerby.released.scene import Cell, GateHealth, Glyph, Kind, Level, LightField, PlatePatch, Scene, Size
from tests.released.drawn_scenes import drawn_scene, patch_of, person, plate_of

SCENE = drawn_scene(Size(64, 48), glyphs=(person(20, 40), person(40, 44)), cells=(Cell(1, 1), Cell(1, 2)))


def test_the_order_of_glyphs_carries_no_identity() -> None:
    with pytest.raises(ValueError, match="identity"):
        msgspec.structs.replace(SCENE, glyphs=SCENE.glyphs[::-1])


def test_cells_are_sorted() -> None:
    with pytest.raises(ValueError, match="sorted"):
        msgspec.structs.replace(SCENE, cells=SCENE.cells[::-1])


@pytest.mark.parametrize("level", [Level.COUNTS, Level.HEAT])
def test_lower_levels_have_no_glyphs(level: Level) -> None:
    with pytest.raises(ValueError, match="no glyphs"):
        msgspec.structs.replace(SCENE, level=level, cells=())


def test_counts_have_no_cells() -> None:
    with pytest.raises(ValueError, match="no cells"):
        msgspec.structs.replace(SCENE, level=Level.COUNTS, glyphs=())


def test_every_block_has_its_bit() -> None:
    with pytest.raises(ValueError, match="bits"):
        msgspec.structs.replace(SCENE, shown=SCENE.shown + b"\x00")


def test_a_patch_has_all_of_its_pixels() -> None:
    with pytest.raises(ValueError, match="bytes"):
        PlatePatch(0, 0, 4, 4, bytes(47))


def test_a_light_field_has_all_of_its_gains() -> None:
    with pytest.raises(ValueError, match="bytes"):
        LightField(2, 2, bytes(11))


@pytest.mark.parametrize("size", [(0, 1), (1, 0), (-3, 4)])
def test_a_picture_has_pixels(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="1 x 1"):
        Size(*size)


def test_a_patch_never_prints_its_pixels() -> None:
    assert "pixels" not in repr(patch_of(plate_of(Size(4, 4))))
    assert len(repr(drawn_scene(Size(64, 48), patches=(patch_of(plate_of(Size(64, 48))),)))) < 1000


def test_a_scene_has_no_place_for_an_identity() -> None:
    """Invariant I4. A new field here needs the same thought as a new message: what could it say about a person?"""
    assert {struct: struct.__struct_fields__ for struct in (Scene, Glyph, Cell, PlatePatch, LightField, GateHealth)} == {
        Scene: (
            *("time_s", "size", "level", "plate_epoch", "block_px", "shown"),
            *("patches", "light", "glyphs", "cell_px", "cells", "health"),
        ),
        Glyph: ("y_px", "x_px", "height_px", "width_px", "kind"),
        Cell: ("row", "column"),
        PlatePatch: ("x_px", "y_px", "width_px", "height_px", "pixels"),
        LightField: ("rows", "columns", "gains"),
        GateHealth: ("state", "withheld_share", "held_by_subject_share", "never_share", "at_home"),
    }
    assert [kind.name for kind in Kind] == ["PERSON", "TWO_WHEELER", "VEHICLE", "ANIMAL"]
