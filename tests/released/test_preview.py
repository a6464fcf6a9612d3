"""The picture of the plate before a long run."""

import msgspec
import numpy as np

from passerby.released.preview import preview_picture
from passerby.released.render import render_once
from passerby.released.scene import Cell, Size
from tests.released.drawn_scenes import drawn_scene, patch_of, person, plate_of

SIZE = Size(320, 240)
SHOWN = np.random.default_rng(0).random((15, 20)) < 0.9
SCENE = drawn_scene(SIZE, patches=(patch_of(plate_of(SIZE)),), shown=SHOWN, glyphs=(person(100, 100),), cells=(Cell(3, 3),), withheld_share=0.1)


def test_the_preview_shows_the_place_without_anybody() -> None:
    empty = msgspec.structs.replace(SCENE, glyphs=(), cells=())
    np.testing.assert_array_equal(preview_picture(SCENE), preview_picture(empty))
    np.testing.assert_array_equal(preview_picture(SCENE)[:200], render_once(empty, caption=False)[:200])


def test_the_preview_says_how_much_is_withheld() -> None:
    more = msgspec.structs.replace(SCENE, health=msgspec.structs.replace(SCENE.health, withheld_share=0.4))
    assert (preview_picture(SCENE) != preview_picture(more)).any()


def test_a_small_place_has_a_preview_too() -> None:
    size = Size(64, 48)
    plate = plate_of(size)
    np.testing.assert_array_equal(preview_picture(drawn_scene(size, patches=(patch_of(plate),))), plate)
