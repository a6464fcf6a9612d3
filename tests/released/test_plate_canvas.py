"""The ground: which pixels may come from the plate."""

import msgspec
import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from passerby.released.hatch import Hatch
from passerby.released.plate_canvas import PlateCanvas
from passerby.released.rect import Rect
from passerby.released.scene import LightField, Scene, Size
from tests.released.drawn_scenes import drawn_scene, patch_of, plate_of, scene_runs

SIZE = Size(64, 48)
PLATE = plate_of(SIZE)


def covered(rects: list[Rect], size: Size) -> NDArray[np.bool_]:
    mask = np.zeros((size.height_px, size.width_px), np.bool_)
    for rect in rects:
        mask[rect.slices] = True
    return mask


@settings(max_examples=40, deadline=None)
@given(scene_runs())
def test_every_change_of_the_ground_is_reported(run: list[Scene]) -> None:
    canvas = PlateCanvas(run[0].size)
    for scene in run:
        before = canvas.ground.copy()
        changed = covered(canvas.update(scene), scene.size)
        assert not (before != canvas.ground).any(axis=2)[~changed].any()


@settings(max_examples=40, deadline=None)
@given(scene_runs())
def test_the_ground_is_plate_hatch_or_border_and_nothing_else(run: list[Scene]) -> None:
    """The slow oracle: pixel by pixel from the scenes' own words, with the light as it was learned."""
    size = run[0].size
    canvas, hatch = PlateCanvas(size), Hatch(size)
    plate, known, epoch = np.zeros_like(canvas.ground), np.zeros(canvas.ground.shape[:2], np.bool_), None
    for scene in (msgspec.structs.replace(scene, light=None) for scene in run):
        canvas.update(scene)
        known &= scene.plate_epoch == epoch
        epoch = scene.plate_epoch
        for patch in scene.patches:
            place = (slice(patch.y_px, patch.y_px + patch.height_px), slice(patch.x_px, patch.x_px + patch.width_px))
            plate[place] = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
            known[place] = True
        bits = np.unpackbits(np.frombuffer(scene.shown, np.uint8))
        rows, columns = np.indices(known.shape) // scene.block_px
        visible = known & (bits[rows * scene.block_columns + columns] > 0)
        np.testing.assert_array_equal(canvas.ground[visible], plate[visible])
        is_hatch = (canvas.ground == hatch.texture).all(axis=2)
        is_border = (canvas.ground == hatch.edge_bgr).all(axis=2)
        assert (is_hatch | is_border)[~visible].all()


def test_nothing_is_reported_when_nothing_changed() -> None:
    canvas, scene = PlateCanvas(SIZE), drawn_scene(SIZE, patches=(patch_of(PLATE),))
    canvas.update(scene)
    assert canvas.update(msgspec.structs.replace(scene, patches=())) == []


def test_light_that_goes_back_leaves_the_plate_as_it_was() -> None:
    canvas, scene = PlateCanvas(SIZE), drawn_scene(SIZE, patches=(patch_of(PLATE),))
    canvas.update(msgspec.structs.replace(scene, light=LightField(1, 1, bytes((40, 50, 60)))))
    assert (canvas.ground != PLATE).any()
    canvas.update(msgspec.structs.replace(scene, patches=(), light=None))
    np.testing.assert_array_equal(canvas.ground, PLATE)


def test_a_patch_is_shown_in_the_present_light() -> None:
    light = LightField(1, 1, bytes((64, 64, 64)))
    canvas = PlateCanvas(SIZE)
    canvas.update(drawn_scene(SIZE, light=light))
    canvas.update(drawn_scene(SIZE, light=light, patches=(patch_of(np.full((8, 8, 3), 100, np.uint8)),)))
    assert (canvas.ground[:8, :8] == 50).all()


def test_blocks_of_another_side_are_read_anew() -> None:
    canvas = PlateCanvas(SIZE)
    canvas.update(drawn_scene(SIZE, patches=(patch_of(PLATE),), block_px=16))
    shown = np.ones((6, 8), np.bool_)
    shown[0, 0] = False
    canvas.update(drawn_scene(SIZE, shown=shown, block_px=8))
    np.testing.assert_array_equal(canvas.ground[8:], PLATE[8:])
    assert (canvas.ground[:8, :8] != PLATE[:8, :8]).any(axis=2).all()
