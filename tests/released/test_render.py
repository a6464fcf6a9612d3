"""The one renderer: fast drawing gives the same picture as slow drawing, and what is withheld is in neither."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.errors import SceneError
from passerby.released.hatch import Hatch
from passerby.released.render import Renderer, render_once
from passerby.released.scene import Cell, GateState, Glyph, Kind, Level, LightField, Scene, Size
from passerby.released.show import Show
from tests.released.drawn_scenes import Picture, drawn_scene, patch_of, person, plate_of, scene_runs, scenes

SIZE = Size(200, 160)
PLATE = plate_of(SIZE)
PATCH = patch_of(PLATE)
EVERYTHING = drawn_scene(
    SIZE,
    patches=(PATCH,),
    glyphs=(person(60, 90), person(66, 96), Glyph(150, 150, 30, 60, Kind.VEHICLE)),
    cells=(Cell(2, 3), Cell(2, 4)),
    light=LightField(2, 2, bytes(range(100, 112))),
)


def withheld(shown: NDArray[np.bool_], block_px: int = 16) -> NDArray[np.bool_]:
    """Which pixels of a picture of `SIZE` lie in blocks that are not shown."""
    return ~np.repeat(np.repeat(shown, block_px, axis=0), block_px, axis=1)[: SIZE.height_px, : SIZE.width_px]


def some_blocks(seed: int = 3) -> NDArray[np.bool_]:
    """About half of the blocks of `SIZE`."""
    return np.random.default_rng(seed).random((10, 13)) < 0.5


@settings(max_examples=60, deadline=None)
@given(scene_runs(), st.sampled_from(Show))
def test_drawing_only_what_changed_gives_the_picture_of_drawing_everything(run: list[Scene], show: Show) -> None:
    renderer = Renderer(run[0].size, show=show)
    captioned, patches = run[0], run[0].patches[:0]
    for number, scene in enumerate(run):
        if number and scene.plate_epoch != run[number - 1].plate_epoch:
            patches = ()
        patches += scene.patches
        if (int(scene.time_s), scene.health.state) != (int(captioned.time_s), captioned.health.state):
            captioned = scene
        # The caption keeps its words within a second: the lone scene says what that second's first one said.
        alone = msgspec.structs.replace(scene, patches=patches, time_s=captioned.time_s, health=captioned.health)
        if show is Show.COUNTS:
            alone = msgspec.structs.replace(alone, glyphs=captioned.glyphs, cells=captioned.cells, level=captioned.level)
        np.testing.assert_array_equal(renderer.render(scene), render_once(alone, show=show))


@settings(max_examples=40, deadline=None)
@given(scenes(), st.sampled_from(Show))
def test_every_consistent_scene_has_a_picture(scene: Scene, show: Show) -> None:
    picture = render_once(scene, show=show)
    assert picture.shape == (scene.size.height_px, scene.size.width_px, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("show", Show)
def test_plate_bytes_under_withheld_blocks_change_nothing(show: Show) -> None:
    shown = some_blocks()
    scene = msgspec.structs.replace(EVERYTHING, shown=np.packbits(shown).tobytes())
    other = np.where(withheld(shown)[..., None], plate_of(SIZE, seed=8), PLATE)
    assert not np.array_equal(other, PLATE)
    one, two = (render_once(msgspec.structs.replace(scene, patches=(patch_of(plate),)), show=show) for plate in (PLATE, other))
    np.testing.assert_array_equal(one, two)


def test_a_block_that_is_withheld_again_leaves_no_trace_of_the_plate() -> None:
    """Also not in the second of the two buffers, nor where a glyph moves over it afterwards."""
    shown = some_blocks()
    pictures: list[list[Picture]] = []
    for plate in (PLATE, np.where(withheld(shown)[..., None], 255 - PLATE, PLATE)):
        renderer = Renderer(SIZE)
        renderer.render(msgspec.structs.replace(EVERYTHING, patches=(patch_of(plate),)))
        scene = msgspec.structs.replace(EVERYTHING, patches=(), shown=np.packbits(shown).tobytes())
        moved = [msgspec.structs.replace(scene, glyphs=(person(x_px, 100),)) for x_px in (40, 52, 64, 76)]
        pictures.append([renderer.render(scene).copy() for scene in moved])
    for one, other in zip(*pictures, strict=True):
        np.testing.assert_array_equal(one, other)


def test_every_pixel_away_from_figures_is_exactly_the_plate() -> None:
    scene = drawn_scene(SIZE, patches=(PATCH,), glyphs=(person(60, 90),), cells=(Cell(2, 3),))
    free = np.ones(PLATE.shape[:2], np.bool_)
    free[45:100, 40:80] = False
    free[14:21, 21:28] = False
    picture = render_once(scene, caption=False)
    np.testing.assert_array_equal(picture[free], PLATE[free])
    assert (picture[~free] != PLATE[~free]).any()


def test_withheld_blocks_are_exactly_the_hatch_and_its_border() -> None:
    shown = np.ones((10, 13), np.bool_)
    shown[3:6, 4:8] = False
    picture = render_once(drawn_scene(SIZE, patches=(PATCH,), shown=shown), caption=False)
    hatch = Hatch(SIZE)
    inner = (slice(48 + hatch.edge_px, 96 - hatch.edge_px), slice(64 + hatch.edge_px, 128 - hatch.edge_px))
    np.testing.assert_array_equal(picture[inner], hatch.texture[inner])
    assert (picture[48, 64:128] == hatch.edge_bgr).all()
    np.testing.assert_array_equal(picture[~withheld(shown)], PLATE[~withheld(shown)])


def test_a_block_that_no_patch_brought_is_withheld_even_if_it_is_called_shown() -> None:
    scene = drawn_scene(SIZE, patches=(patch_of(PLATE[:80]),))
    picture = render_once(scene, caption=False)
    np.testing.assert_array_equal(picture[:80], PLATE[:80])
    edge_px = Hatch(SIZE).edge_px
    np.testing.assert_array_equal(picture[80 + edge_px :], Hatch(SIZE).texture[80 + edge_px :])


def test_a_new_epoch_forgets_the_plate() -> None:
    renderer = Renderer(SIZE, caption=False)
    scene = drawn_scene(SIZE, patches=(PATCH,))
    renderer.render(scene)
    picture = renderer.render(msgspec.structs.replace(scene, patches=(), plate_epoch=1))
    np.testing.assert_array_equal(picture, Hatch(SIZE).texture)


def test_a_scene_that_looks_the_same_is_the_same_object() -> None:
    renderer = Renderer(SIZE)
    picture = renderer.render(EVERYTHING)
    assert renderer.render(msgspec.structs.replace(EVERYTHING, patches=(), time_s=0.9)) is picture


def test_a_scene_that_looks_different_is_another_object() -> None:
    renderer = Renderer(SIZE)
    seen = [renderer.render(EVERYTHING)]
    seen += [renderer.render(msgspec.structs.replace(EVERYTHING, patches=(), glyphs=(person(x_px, 90),))) for x_px in (70, 80, 90, 100)]
    assert len({id(picture) for picture in seen}) == len(seen)


def test_a_picture_stays_as_it_is_while_the_next_is_drawn() -> None:
    renderer = Renderer(SIZE)
    scenes_after = [msgspec.structs.replace(EVERYTHING, patches=(), glyphs=(person(x_px, 90),)) for x_px in (70, 80, 90)]
    picture = renderer.render(EVERYTHING)
    for scene in scenes_after:
        before = picture.copy()
        following = renderer.render(scene)
        np.testing.assert_array_equal(picture, before)
        picture = following


def test_a_picture_cannot_be_written_into() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Renderer(SIZE).render(EVERYTHING)[0, 0] = 0


def test_the_caption_keeps_its_words_within_a_second() -> None:
    renderer = Renderer(SIZE)
    start = drawn_scene(SIZE, patches=(PATCH,), withheld_share=0.5, time_s=5.0)
    picture = renderer.render(start)
    assert renderer.render(drawn_scene(SIZE, withheld_share=0.25, time_s=5.9)) is picture
    renderer.render(drawn_scene(SIZE, withheld_share=0.25, time_s=6.0))
    assert renderer.caption is not None
    assert renderer.caption.words == "watching · 25% withheld"


def test_the_caption_says_at_once_that_the_camera_moved() -> None:
    renderer = Renderer(SIZE)
    renderer.render(drawn_scene(SIZE, patches=(PATCH,), time_s=5.0))
    renderer.render(drawn_scene(SIZE, time_s=5.1, state=GateState.MOVED, withheld_share=1.0))
    assert renderer.caption is not None
    assert renderer.caption.words == "camera moved · 100% withheld"


def test_counts_show_the_place_and_no_figure() -> None:
    picture = render_once(EVERYTHING, show=Show.COUNTS, caption=False)
    empty = msgspec.structs.replace(EVERYTHING, glyphs=(), cells=())
    np.testing.assert_array_equal(picture, render_once(empty, caption=False))


def test_heat_is_the_same_for_every_figure_that_stands_in_a_cell() -> None:
    """Heat shows where somebody is, neither what it is nor how large."""
    base = drawn_scene(SIZE, patches=(PATCH,))
    figures = (person(64, 90), person(68, 91, 60), Glyph(90, 66, 30, 60, Kind.VEHICLE))
    pictures = [render_once(msgspec.structs.replace(base, glyphs=(figure,)), show=Show.HEAT) for figure in figures]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    np.testing.assert_array_equal(pictures[0], pictures[2])
    assert (pictures[0] != render_once(base)).any()


def test_a_lower_level_has_the_picture_of_its_plate() -> None:
    counts = msgspec.structs.replace(EVERYTHING, level=Level.COUNTS, glyphs=(), cells=())
    np.testing.assert_array_equal(render_once(counts), render_once(msgspec.structs.replace(EVERYTHING, glyphs=(), cells=())))


def test_a_scene_of_another_size_is_refused() -> None:
    with pytest.raises(SceneError, match="200 x 160, not 64 x 48"):
        Renderer(SIZE).render(drawn_scene(Size(64, 48)))


def test_an_inconsistent_scene_is_refused() -> None:
    with pytest.raises(SceneError, match="outside"):
        Renderer(SIZE).render(msgspec.structs.replace(EVERYTHING, patches=(patch_of(PLATE, x_px=-3),)))
