"""Which items a scene puts over the ground, and in which order."""

import msgspec

from passerby.released.overlay import Overlay
from passerby.released.scene import Cell, Glyph, Kind, Size
from passerby.released.show import Show
from tests.released.drawn_scenes import drawn_scene, person

SIZE = Size(200, 160)
SCENE = drawn_scene(SIZE, glyphs=(person(100, 90), person(30, 120)), cells=(Cell(2, 3), Cell(9, 9)))


def test_who_stands_further_back_is_drawn_first() -> None:
    items = Overlay(SIZE, Show.GLYPHS).items(SCENE)
    assert [item.y_px for item in items[2:]] == [90, 120]


def test_cells_lie_below_glyphs() -> None:
    items = Overlay(SIZE, Show.GLYPHS).items(SCENE)
    assert [(item.x_px, item.y_px) for item in items[:2]] == [(3 * SCENE.cell_px, 2 * SCENE.cell_px), (9 * SCENE.cell_px, 9 * SCENE.cell_px)]


def test_counts_have_no_items() -> None:
    assert Overlay(SIZE, Show.COUNTS).items(SCENE) == []


def test_heat_has_tiles_around_cells_and_feet_only() -> None:
    items = Overlay(SIZE, Show.HEAT).items(SCENE)
    assert len(items) == 4 * 9
    assert {(item.x_px % SCENE.cell_px, item.y_px % SCENE.cell_px) for item in items} == {(0, 0)}


def test_a_figure_cut_by_the_border_is_clipped_and_one_beyond_it_left_out() -> None:
    cut, beyond = person(0, 60), Glyph(60, 380, 40, 14, Kind.PERSON)
    items = Overlay(SIZE, Show.GLYPHS).items(drawn_scene(SIZE, glyphs=(cut, beyond)))
    assert [item.x_px for item in items] == [0]
    assert items[0].rect.left == 0


def test_heat_of_a_foot_outside_of_the_picture_stays_in_it() -> None:
    items = Overlay(SIZE, Show.HEAT).items(drawn_scene(SIZE, glyphs=(person(-5, 170),)))
    assert all(item.rect.right <= 200 and item.rect.bottom <= 160 for item in items)
    assert items


def test_a_scene_with_the_same_subjects_has_equal_items() -> None:
    overlay = Overlay(SIZE, Show.GLYPHS)
    items = list(overlay.items(SCENE))
    overlay.items(msgspec.structs.replace(SCENE, glyphs=()))
    assert overlay.items(msgspec.structs.replace(SCENE, time_s=4.0)) == items
