"""Looks before a release: they reach every block at every scale, stay inside of the picture, and hold what they find."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Kind, Size
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.grid import BLOCK_PX, Grid
from passerby.sealed.gate.looks import LARGEST_SHARE, OVERLAP, SECOND_SCALE, TILE_PER_PERSON, ReleaseLooks, Tile, _cut, lattices
from tests.support.detectors import Blind, Finder, boxes_of
from tests.support.fake_clip import Inline
from tests.support.scenes import Figure, Picture, Stage, stands

SIZES = st.builds(Size, st.integers(1, 1500), st.integers(1, 1100))
PERSONS = st.integers(8, 120)


def blank(size: Size) -> Picture:
    return np.zeros((size.height_px, size.width_px, 3), np.uint8)


def every(grid: Grid) -> NDArray[np.bool_]:
    return np.ones(grid.block_shape, bool)


def reached(grid: Grid, looks: ReleaseLooks, lattice: int) -> NDArray[np.bool_]:
    """Blocks that the tiles of a lattice are there for."""
    mask = np.zeros(grid.block_shape, bool)
    for tile, window in zip(looks._tiles, looks._inside, strict=True):
        if tile.lattice == lattice:
            mask[window] = True
    return mask


@given(SIZES, PERSONS)
@settings(max_examples=150, deadline=None)
def test_every_block_is_inside_a_tile_of_every_scale(size: Size, person_px: int) -> None:
    grid = Grid(size)
    looks = ReleaseLooks(grid, Blind(), person_px)
    tiles = lattices(size, person_px)
    for number, lattice in enumerate(tiles):
        covered = reached(grid, looks, number)
        side = lattice[0].side_px
        if number == 1 and side < max(size.width_px, size.height_px):
            far = int(np.ceil(side / BLOCK_PX))
            assert covered[far:-far, far:-far].all(), "the shifted lattice may leave out the border, and nothing else"
        elif number == len(tiles) - 1 and lattice[0].x_px < 0:
            assert covered[:, 0].all(), "left"
            assert covered[:, -1].all(), "right"
            assert covered[-1].all(), "below"
        else:
            assert covered.all(), f"lattice {number} of {size}"


@given(SIZES, PERSONS)
@settings(max_examples=100, deadline=None)
def test_no_tile_but_those_on_the_border_reaches_outside(size: Size, person_px: int) -> None:
    longest = max(size.width_px, size.height_px)
    for lattice in lattices(size, person_px):
        for tile in lattice:
            half = tile.side_px // 2
            on_border = tile.x_px in {-half, size.width_px - half} or tile.y_px == size.height_px - half
            if tile.side_px >= longest:
                assert (tile.x_px, tile.y_px) == (0, 0)
            elif not on_border or tile.lattice < len(lattices(size, person_px)) - 1:
                assert tile.x_px >= 0
                assert tile.y_px >= 0
                assert tile.x_px + tile.side_px <= max(size.width_px, tile.side_px)
                assert tile.y_px + tile.side_px <= max(size.height_px, tile.side_px)


@given(SIZES, PERSONS)
@settings(max_examples=100, deadline=None)
def test_scales_double_from_the_smallest_person_to_the_whole_picture(size: Size, person_px: int) -> None:
    longest = max(size.width_px, size.height_px)
    sides = [lattice[0].side_px for lattice in lattices(size, person_px)]
    finest = min(TILE_PER_PERSON * person_px, longest)
    assert sides[0] == finest
    assert longest in sides
    inner = sides[: sides.index(longest) + 1]
    assert all(later <= 2 * sooner + 1 for sooner, later in pairwise(inner)), "no size of a person falls between two scales"
    if len(inner) > 2:
        assert inner[1] == min(longest, round(SECOND_SCALE * TILE_PER_PERSON * person_px))


@given(SIZES, PERSONS)
@settings(max_examples=60, deadline=None)
def test_neighbours_of_a_lattice_overlap_by_what_a_person_of_their_scale_needs(size: Size, person_px: int) -> None:
    for lattice in lattices(size, person_px):
        for axis in ("x_px", "y_px"):
            starts = sorted({getattr(tile, axis) for tile in lattice if tile.x_px >= 0 and tile.y_px >= 0})
            for one, next_one in pairwise(starts):
                on_border = lattice[0].x_px < 0
                assert on_border or next_one - one <= lattice[0].side_px * (1 - OVERLAP) + 1


@given(st.builds(Size, st.integers(100, 700), st.integers(100, 500)), st.integers(8, 40), st.data())
@settings(max_examples=40, deadline=None)
def test_blocks_on_which_one_tile_alone_finds_somebody_are_held(size: Size, person_px: int, data: st.DataObject) -> None:
    grid = Grid(size)
    left, top = data.draw(st.floats(0, size.width_px - person_px / 2)), data.draw(st.floats(0, size.height_px - person_px))
    right, bottom = left + person_px / 2, top + person_px
    looks = ReleaseLooks(grid, Blind(), person_px)
    sees = data.draw(st.sampled_from(looks._tiles))
    somebody = boxes_of([((left, top, right, bottom), Kind.PERSON)], 0.11)
    looks._one = lambda picture, tile, way: somebody if tile is sees else Boxes.none()  # type: ignore[method-assign]
    clear, found = looks.look(blank(size), every(grid), 0)
    covered = grid.blocks_in([((left, top), (right, top), (right, bottom), (left, bottom))])
    assert found[covered].all()
    assert np.array_equal(clear, ~found)


@given(SIZES.filter(lambda s: s.width_px * s.height_px < 400_000), PERSONS, st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_all_blocks_are_cleared_in_the_end_by_bounded_steps(size: Size, person_px: int, most: int) -> None:
    grid = Grid(size)
    detector = Finder()
    looks = ReleaseLooks(grid, detector, person_px)
    picture, clear, before = blank(size), np.zeros(grid.block_shape, bool), 0
    for _ in range(sum(len(looks._ways(tile)) for tile in looks._tiles) + 1):
        newly, found = looks.look(picture, every(grid), most)
        assert len(detector.seen_px) - before <= most
        assert not found.any()
        assert not (clear & ~newly).any(), "what was cleared stays so while nothing changes"
        before, clear = len(detector.seen_px), newly
    assert clear.all()


def test_without_a_bound_one_step_makes_all_looks_and_only_where_candidates_wait() -> None:
    size = Size(640, 480)
    grid = Grid(size)
    detector = Finder()
    looks = ReleaseLooks(grid, detector, 16)
    corner = np.zeros(grid.block_shape, bool)
    corner[0, 0] = True
    clear, _ = looks.look(blank(size), corner, 0)
    assert np.array_equal(clear, corner)
    assert len(detector.seen_px) < len(looks._tiles) / 4
    detector.seen_px.clear()
    assert looks.look(blank(size), every(grid), 0)[0].all()
    assert len(detector.seen_px) >= len(looks._tiles) - 8


def test_a_block_that_was_no_candidate_for_a_moment_is_looked_at_anew() -> None:
    size = Size(160, 120)
    grid = Grid(size)
    detector = Finder()
    looks = ReleaseLooks(grid, detector, 24)
    assert looks.look(blank(size), every(grid), 0)[0].all()
    first = len(detector.seen_px)
    assert looks.look(blank(size), every(grid), 0)[0].all()
    assert len(detector.seen_px) == first, "seen already"
    looks.look(blank(size), ~every(grid), 0)
    assert looks.look(blank(size), every(grid), 0)[0].all()
    assert len(detector.seen_px) == 2 * first


def test_a_look_counts_for_no_block_that_was_no_candidate_then() -> None:
    size = Size(640, 480)
    grid = Grid(size)
    one = np.zeros(grid.block_shape, bool)
    one[15, 20] = True
    alone, beside = Finder(), Finder()
    ReleaseLooks(grid, alone, 24, both_ways=True).look(blank(size), one, 0)
    looks = ReleaseLooks(grid, beside, 24, both_ways=True)
    looks.look(blank(size), ~one, 0)
    before = len(beside.seen_px)
    clear, _ = looks.look(blank(size), every(grid), 0)
    assert clear.all()
    assert len(beside.seen_px) - before == len(alone.seen_px), "as many looks as if nobody had looked around it before"


def test_a_block_on_which_something_was_found_is_looked_at_anew() -> None:
    stage = Stage(160, 120)
    grid = Grid(stage.size)
    picture = stage.empty.copy()
    Figure(stands(60, 40)).draw_into(picture, 0)
    detector = Finder()
    looks = ReleaseLooks(grid, detector, 24)
    clear, found = looks.look(picture, every(grid), 0)
    assert found[2:5, 3:5].all()
    assert not found[:, 7:].any()
    assert np.array_equal(clear, ~found)
    detector.seen_px.clear()
    assert looks.look(stage.empty, every(grid), 0)[0].all()
    assert detector.seen_px


@pytest.mark.parametrize(
    ("kind", "score", "height_px", "holds"),
    [
        (Kind.PERSON, 0.11, 24, True),
        (Kind.PERSON, 0.11, 7, True),
        (Kind.PERSON, 0.9, 5, False),
        (Kind.VEHICLE, 0.5, 37, True),
        (Kind.VEHICLE, 0.5, 30, False),
        (Kind.VEHICLE, 0.4, 37, False),
        (Kind.TWO_WHEELER, 0.4, 60, False),
        (Kind.ANIMAL, 0.5, 60, True),
    ],
)
def test_what_holds_a_block_is_any_person_and_only_sure_and_large_things(kind: Kind, score: float, height_px: float, holds: bool) -> None:
    size = Size(400, 300)
    looks = ReleaseLooks(Grid(size), Blind(), 24)
    boxes = boxes_of([((100.0, 100.0, 100 + height_px / 3, 100 + height_px), kind)], score)
    assert (len(looks._credible(boxes, Tile(0, 0, 144, 0))) == 1) == holds


def test_a_box_too_large_for_its_tile_is_left_to_a_coarser_one_and_none_is_too_large_for_the_whole() -> None:
    size = Size(400, 300)
    looks = ReleaseLooks(Grid(size), Blind(), 24)
    large = boxes_of([((10.0, 10.0, 60.0, 10 + LARGEST_SHARE * 144 + 2), Kind.PERSON)])
    assert not len(looks._credible(large, Tile(0, 0, 144, 0)))
    assert len(looks._credible(large, Tile(0, 0, 400, 3)))
    assert len(looks._credible(boxes_of([((0.0, 0.0, 400.0, 300.0), Kind.PERSON)]), Tile(0, 0, 400, 3)))


def test_somebody_seen_only_in_the_mirror_beyond_the_border_holds_nothing() -> None:
    size = Size(400, 300)
    looks = ReleaseLooks(Grid(size), Blind(), 24)
    places = [(-40.0, 50.0, -4.0, 90.0), (402.0, 50.0, 430.0, 90.0), (50.0, 301.0, 70.0, 340.0)]
    beside = boxes_of([(place, Kind.PERSON) for place in places])
    assert not len(looks._credible(beside, Tile(-72, 0, 144, 4)))
    assert len(looks._credible(boxes_of([((-20.0, 50.0, 20.0, 90.0), Kind.PERSON)]), Tile(-72, 0, 144, 4)))


@given(st.integers(60, 260), st.integers(60, 260), st.integers(8, 24))
@settings(max_examples=60, deadline=None)
def test_a_tile_is_the_picture_and_beyond_the_border_its_mirror_image(width: int, height: int, person_px: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)
    for lattice in lattices(Size(width, height), person_px):
        for tile in lattice:
            part, x, y = _cut(picture, tile)
            assert part.size
            ys, xs = np.arange(part.shape[0]) + y, np.arange(part.shape[1]) + x
            ys, xs = np.where(ys < height, ys, 2 * height - 1 - ys), np.where(xs < 0, -1 - xs, np.where(xs < width, xs, 2 * width - 1 - xs))
            assert np.array_equal(part, picture[np.ix_(ys, xs)]), f"{tile}"
            on_border = tile.lattice > 0 and tile.x_px + tile.side_px > width >= tile.side_px
            assert not on_border or part.shape[1] == tile.side_px // 2 * 2 or part.shape[1] == tile.side_px


def test_threads_find_what_one_after_the_other_finds() -> None:
    stage = Stage(320, 240)
    grid = Grid(stage.size)
    picture = stage.empty.copy()
    for x in (4, 100, 304):
        Figure(stands(x, 80)).draw_into(picture, 0)
    alone = ReleaseLooks(grid, Finder(), 24).look(picture, every(grid), 0)
    inline = ReleaseLooks(grid, Finder(), 24, Inline()).look(picture, every(grid), 0)
    with ThreadPoolExecutor(3) as pool:
        several = ReleaseLooks(grid, Finder(), 24, pool).look(picture, every(grid), 0)
    for other in (inline, several):
        assert np.array_equal(alone[0], other[0])
        assert np.array_equal(alone[1], other[1])


def lying_at(size: Size, x: int, y: int) -> Picture:
    picture = blank(size)
    Figure(stands(x, y), 40, 14).draw_into(picture, 0.0)
    return picture


class Upright:
    """Finds figures that are higher than wide only, as a detector finds people."""

    input_px = 416

    def __init__(self) -> None:
        self._inner = Finder()

    def detect(self, picture: Picture) -> Boxes:
        boxes = self._inner.detect(picture)
        sides = boxes.xyxy[:, 2:] - boxes.xyxy[:, :2]
        return boxes.pick(sides[:, 1] > sides[:, 0])


@pytest.mark.parametrize(("x", "y"), [(300, 200), (20, 420), (560, 60)])
def test_somebody_who_lies_is_found_by_looks_that_are_turned(x: int, y: int) -> None:
    size = Size(640, 480)
    _, found = ReleaseLooks(Grid(size), Upright(), 24).look(lying_at(size, x, y), every(Grid(size)), 0)
    assert found[y // 16, x // 16]
    assert found[y // 16, (x + 39) // 16]
    assert found.mean() < 0.05


def test_a_look_from_both_sides_finds_whom_one_side_misses() -> None:
    size, grid = Size(640, 480), Grid(Size(640, 480))

    class LeftOnly:
        """Finds figures in the left half of what it is given."""

        input_px = 416

        def detect(self, picture: Picture) -> Boxes:
            boxes = Finder().detect(picture)
            return boxes.pick((boxes.xyxy[:, 0] + boxes.xyxy[:, 2]) / 2 < picture.shape[1] * 0.5)

    block = 200 // 16, 615 // 16
    picture = blank(size)
    Figure(stands(615, 200), 10, 24).draw_into(picture, 0.0)
    candidates = np.zeros(grid.block_shape, bool)
    candidates[block] = True
    for both_ways in (False, True):
        looks = ReleaseLooks(grid, LeftOnly(), 24, both_ways=both_ways)
        inner = [i for i, tile in enumerate(looks._tiles) if tile.lattice == 0]
        tiles = [looks._tiles[i] for i in inner if looks._tiles[i].x_px + looks._tiles[i].side_px >= 640]
        found = [len(looks._one(picture, tile, way)) for tile in tiles for way in looks._ways(tile)]
        assert any(found) == both_ways
