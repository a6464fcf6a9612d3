"""The geometry of a gate: whatever is touched counts, at every size."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import LinearRing, Polygon, box

from passerby.released.scene import CELLS_PER_HEIGHT, Size
from passerby.sealed.gate.grid import BLOCK_PX, WORKING_WIDTH_PX, Grid, mean_over, touched

SIZES = st.builds(Size, st.integers(1, 2200), st.integers(1, 1300))
SMALL = st.builds(Size, st.integers(1, 700), st.integers(1, 300))
COORDINATES = st.integers(-300, 1000).map(lambda n: n / 2)
CORNERS_AND_SIDES = st.lists(st.tuples(COORDINATES, COORDINATES, st.integers(0, 300), st.integers(0, 300)), max_size=4)


@given(st.builds(Size, st.integers(1, 8000), st.integers(1, 5000)))
@settings(max_examples=200, deadline=None)
def test_units_cover_the_picture_and_not_one_more(size: Size) -> None:
    grid = Grid(size)
    assert BLOCK_PX % grid.shrink == 0
    assert grid.cell_px % BLOCK_PX == 0
    assert grid.cell_px * CELLS_PER_HEIGHT >= size.height_px
    assert grid.working_shape[1] <= WORKING_WIDTH_PX or grid.shrink == BLOCK_PX
    assert grid.shrink == 1 or -(-size.width_px // (grid.shrink // 2)) > WORKING_WIDTH_PX, "no smaller than it needs to be"
    for shape, side in ((grid.working_shape, grid.shrink), (grid.block_shape, BLOCK_PX)):
        for count, length in zip(shape, (size.height_px, size.width_px), strict=True):
            assert (count - 1) * side < length <= count * side


@given(SIZES, st.data())
@settings(max_examples=60, deadline=None)
def test_every_touched_pixel_is_in_a_touched_block_and_no_other_block_is_touched(size: Size, data: st.DataObject) -> None:
    grid = Grid(size)
    working = np.zeros(grid.working_shape, bool)
    expected = np.zeros(grid.block_shape, bool)
    for _ in range(data.draw(st.integers(0, 5))):
        y, x = data.draw(st.integers(0, working.shape[0] - 1)), data.draw(st.integers(0, working.shape[1] - 1))
        working[y, x] = True
        expected[y * grid.shrink // BLOCK_PX, x * grid.shrink // BLOCK_PX] = True
    blocks = grid.blocks_of(working)
    assert np.array_equal(blocks, expected)
    assert (grid.working_of(blocks) | ~working).all()
    assert np.array_equal(grid.blocks_of(grid.working_of(blocks)), blocks)


@given(SMALL, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_pixels_and_working_pixels_of_a_block_are_those_that_lie_in_it(size: Size, seed: int) -> None:
    grid = Grid(size)
    blocks = np.random.default_rng(seed).random(grid.block_shape) < 0.5
    ys, xs = np.indices((size.height_px, size.width_px))
    assert np.array_equal(grid.pixels_of(blocks), blocks[ys // BLOCK_PX, xs // BLOCK_PX])
    ys, xs = np.indices(grid.working_shape)
    assert np.array_equal(grid.working_of(blocks), blocks[ys * grid.shrink // BLOCK_PX, xs * grid.shrink // BLOCK_PX])


@given(SIZES, CORNERS_AND_SIDES, st.sampled_from([0.0, 0.125, 0.25]))
@settings(max_examples=80, deadline=None)
def test_boxes_cover_every_working_pixel_that_they_touch(size: Size, boxes: list[tuple[float, float, int, int]], grow: float) -> None:
    grid = Grid(size)
    xyxy = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float32).reshape(-1, 4)
    mask = grid.working_boxes(xyxy, grow=grow)
    least, most = np.zeros_like(mask), np.zeros_like(mask)
    ys, xs = (np.arange(count) * grid.shrink for count in mask.shape)
    for left, top, right, bottom in xyxy.astype(float):
        dx, dy = (right - left) * grow, (bottom - top) * grow
        for target, room in ((least, 0), (most, 2.01 * grid.shrink)):
            inside_x = (xs <= right + dx + room) & (xs + grid.shrink >= left - dx - room)
            inside_y = (ys <= bottom + dy + room) & (ys + grid.shrink >= top - dy - room)
            np.logical_or(target, inside_y[:, None] & inside_x[None], out=target)
    assert (mask | ~least).all(), "all that it touches"
    assert (most | ~mask).all(), "and little more"


@given(
    st.builds(Size, st.integers(20, 400), st.integers(20, 300)),
    st.lists(st.tuples(st.integers(-80, 480), st.integers(-80, 380)), min_size=3, max_size=7),
)
@settings(max_examples=150, deadline=None)
def test_a_polygon_touches_the_blocks_that_another_library_says_it_touches(size: Size, points: list[tuple[int, int]]) -> None:
    grid = Grid(size)
    found = grid.blocks_in([tuple((float(x), float(y)) for x, y in points)])
    if len(set(points)) < 3:
        return
    edge, whole = LinearRing(points), Polygon(points)
    for (row, column), touches in np.ndenumerate(found):
        square = box(column * BLOCK_PX, row * BLOCK_PX, (column + 1) * BLOCK_PX, (row + 1) * BLOCK_PX)
        away = edge.distance(square)
        inside = whole.is_valid and whole.intersects(square)
        if away < 1 or inside:
            assert touches, f"block {row}, {column}"
        elif whole.is_valid and away > math.sqrt(2) + 1e-6:
            assert not touches, f"block {row}, {column}"


def test_where_a_polygon_goes_around_twice_all_of_it_counts() -> None:
    ring = [(10.0, 10.0), (150.0, 10.0), (150.0, 150.0), (10.0, 150.0)]
    twice = (*ring, (10.0, 10.0), *((x * 0.9 + 8, y * 0.9 + 8) for x, y in ring))
    assert Grid(Size(160, 160)).blocks_in([twice])[:9, :9].all()


def test_blocks_of_several_polygons_are_those_of_each() -> None:
    grid = Grid(Size(320, 240))
    one, other = ((5.0, 5.0), (40.0, 5.0), (5.0, 60.0)), ((200.0, 100.0), (210.0, 100.0), (205.0, 220.0))
    assert np.array_equal(grid.blocks_in([one, other]), grid.blocks_in([one]) | grid.blocks_in([other]))
    assert not grid.blocks_in([]).any()


@given(SIZES)
@settings(max_examples=60, deadline=None)
def test_blocks_of_the_border_hold_every_pixel_of_the_band_along_it(size: Size) -> None:
    grid = Grid(size)
    ys, xs = np.arange(size.height_px), np.arange(size.width_px)
    band = size.width_px / 12
    inner_y, inner_x = (ys >= band) & (ys + 1 <= size.height_px - band), (xs >= band) & (xs + 1 <= size.width_px - band)
    near = grid.pixels_of(grid.border_blocks())
    assert (near | (inner_y[:, None] & inner_x[None])).all()
    inside = grid.pixels_of(~grid.border_blocks())
    assert not (inside & ~(inner_y[:, None] & inner_x[None])).any()


@given(SMALL, st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_cells_hold_the_mean_of_their_blocks(size: Size, seed: int) -> None:
    grid = Grid(size)
    values = np.random.default_rng(seed).random(grid.block_shape).astype(np.float32)
    per = grid.cell_px // BLOCK_PX
    cells = grid.cells_of(values)
    assert cells.shape == (-(-values.shape[0] // per), -(-values.shape[1] // per))
    for (row, column), mean in np.ndenumerate(cells):
        part = values[row * per : (row + 1) * per, column * per : (column + 1) * per]
        assert mean == pytest.approx(part.sum() / per**2, rel=1e-4)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 8), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_squares_are_touched_and_averaged_as_loops_would(rows: int, columns: int, side: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((rows * side, columns * side)).astype(np.float32)
    mask = values < 0.1
    short = mask[: int(rng.integers(1, rows * side + 1)), : int(rng.integers(1, columns * side + 1))]
    for row in range(rows):
        for column in range(columns):
            window = np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]
            assert touched(mask, side, (rows, columns))[row, column] == mask[window].any()
            assert touched(short, side, (rows, columns))[row, column] == short[window].any()
            assert mean_over(values, side)[row, column] == pytest.approx(values[window].mean(), rel=1e-4)


@pytest.mark.parametrize(("width", "shrink"), [(1, 1), (480, 1), (481, 2), (960, 2), (961, 4), (1920, 4), (3840, 8), (3841, 16), (9000, 16)])
def test_the_working_picture_is_at_most_480_px_wide_unless_the_picture_is_huge(width: int, shrink: int) -> None:
    grid = Grid(Size(width, 20))
    assert grid.shrink == shrink
    picture = np.full((20, width, 3), 77, np.uint8)
    reduced = grid.reduced(picture)
    assert reduced.shape == (*grid.working_shape, 3)
    assert (reduced == 77).all()
    assert shrink != 1 or np.array_equal(reduced, picture)


def test_a_working_pixel_is_the_mean_of_what_it_stands_for() -> None:
    picture: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (96, 960, 3)).astype(np.uint8)
    plain = picture.reshape(48, 2, 480, 2, 3).mean((1, 3))
    assert np.abs(Grid(Size(960, 96)).reduced(picture) - plain).max() <= 1
