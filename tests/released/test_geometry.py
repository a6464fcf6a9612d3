"""What a scene may not say about its picture."""

import math

import msgspec
import pytest
from hypothesis import given

from passerby.errors import SceneError
from passerby.released.geometry import LARGEST_SIDE_PX, check
from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Kind, LightField, PlatePatch, Scene, Size
from tests.released.drawn_scenes import drawn_scene, person, scenes

SIZE = Size(64, 48)
GOOD = drawn_scene(SIZE, glyphs=(person(20, 40),), cells=(Cell(23, 31),))


def patch_at(x_px: int, y_px: int, width_px: int, height_px: int) -> PlatePatch:
    return PlatePatch(x_px, y_px, width_px, height_px, bytes(width_px * height_px * 3))


@given(scenes())
def test_consistent_scenes_pass(scene: Scene) -> None:
    check(scene)


@pytest.mark.parametrize(
    "patch",
    [patch_at(-1, 0, 4, 4), patch_at(0, -1, 4, 4), patch_at(61, 0, 4, 4), patch_at(0, 45, 4, 4), patch_at(0, 0, 0, 4), patch_at(8, 8, -2, -2)],
    ids=repr,
)
def test_a_patch_outside_of_the_picture_is_refused(patch: PlatePatch) -> None:
    with pytest.raises(SceneError, match="outside"):
        check(msgspec.structs.replace(GOOD, patches=(patch,)))


@pytest.mark.parametrize("cell", [Cell(-1, 0), Cell(0, -1), Cell(24, 0), Cell(0, 32)], ids=repr)
def test_a_cell_outside_of_the_picture_is_refused(cell: Cell) -> None:
    with pytest.raises(SceneError, match="outside"):
        check(msgspec.structs.replace(GOOD, cells=(cell,)))


def test_cells_finer_than_the_promise_are_refused() -> None:
    with pytest.raises(SceneError, match="finer"):
        check(msgspec.structs.replace(GOOD, cell_px=1))


@pytest.mark.parametrize(
    "glyph",
    [
        Glyph(40, 20, 0, 8, Kind.PERSON),
        Glyph(40, 20, 20, -1, Kind.PERSON),
        Glyph(40, 20, 10_000, 8, Kind.VEHICLE),
        Glyph(-1, 20, 20, 8, Kind.PERSON),
        Glyph(97, 20, 20, 8, Kind.PERSON),
        Glyph(40, -65, 20, 8, Kind.PERSON),
        Glyph(40, 129, 20, 8, Kind.PERSON),
    ],
    ids=repr,
)
def test_a_glyph_that_no_picture_has_is_refused(glyph: Glyph) -> None:
    with pytest.raises(SceneError, match="does not belong"):
        check(msgspec.structs.replace(GOOD, glyphs=(glyph,)))


def test_a_person_cut_by_the_lower_border_is_allowed() -> None:
    check(msgspec.structs.replace(GOOD, glyphs=(person(0, 70),)))


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -1.0])
def test_a_time_that_is_none_is_refused(time_s: float) -> None:
    with pytest.raises(SceneError, match="time"):
        check(msgspec.structs.replace(GOOD, time_s=time_s))


@pytest.mark.parametrize("share", [math.nan, -0.1, 1.1, math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_share_beyond_nothing_and_everything_is_refused(share: float, place: int) -> None:
    shares = [0.0, 0.0, 0.0]
    shares[place] = share
    with pytest.raises(SceneError, match="share"):
        check(msgspec.structs.replace(GOOD, health=GateHealth(GateState.WATCHING, shares[0], shares[1], shares[2])))


def test_nothing_can_hide_in_the_bits_after_the_last_block() -> None:
    scene = drawn_scene(SIZE, block_px=20)
    assert scene.block_rows * scene.block_columns == 12
    with pytest.raises(SceneError, match="bits"):
        check(msgspec.structs.replace(scene, shown=b"\xff\xf1"))


def test_a_picture_larger_than_any_camera_is_refused() -> None:
    with pytest.raises(SceneError, match="larger"):
        check(drawn_scene(Size(LARGEST_SIDE_PX + 1, 10), block_px=1000))


def test_a_light_field_without_regions_is_refused() -> None:
    with pytest.raises(SceneError, match="light"):
        check(msgspec.structs.replace(GOOD, light=LightField(0, 4, b"")))


def test_a_negative_epoch_is_refused() -> None:
    with pytest.raises(SceneError, match="plates"):
        check(msgspec.structs.replace(GOOD, plate_epoch=-1))


def test_a_negative_block_side_is_refused() -> None:
    with pytest.raises(SceneError, match="block"):
        check(msgspec.structs.replace(GOOD, block_px=-16))
