"""Coarse cells: from the second look on, of a fifth of a cell on, sorted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Cell, Size
from passerby.sealed.gate.cells import LEAST_SHARE, CoarseCells
from passerby.sealed.gate.grid import Grid

GRID = Grid(Size(640, 480))
"""32 px a cell; the picture is made smaller by 2, so that a cell is 16 working pixels."""
SIDE = 16


def touching(*cells: tuple[int, int], share: float = 1.0) -> NDArray[np.bool_]:
    mask = np.zeros(GRID.working_shape, bool)
    for row, column in cells:
        mask[row * SIDE : row * SIDE + round(SIDE * share), column * SIDE : (column + 1) * SIDE] = True
    return mask


def test_movement_is_shown_from_the_second_look_on_and_gone_with_it() -> None:
    cells = CoarseCells(GRID)
    assert cells.update(touching((3, 4))) == ()
    assert cells.update(touching((3, 4))) == (Cell(3, 4),)
    assert cells.update(touching()) == ()
    assert cells.update(touching((3, 4))) == ()


def test_what_moves_on_by_a_cell_stays_seen_and_what_flickers_elsewhere_does_not() -> None:
    cells = CoarseCells(GRID)
    cells.update(touching((3, 4)))
    assert cells.update(touching((4, 5), (3, 8))) == (Cell(4, 5),)


@pytest.mark.parametrize(("share", "seen"), [(0.1, False), (LEAST_SHARE - 0.05, False), (LEAST_SHARE + 0.05, True), (1.0, True)])
def test_a_cell_is_shown_when_a_fifth_of_it_is_touched(share: float, seen: bool) -> None:
    cells = CoarseCells(GRID)
    cells.update(touching((2, 2), share=share))
    assert bool(cells.update(touching((2, 2), share=share))) == seen


@given(st.builds(Size, st.integers(1, 1200), st.integers(1, 900)), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_cells_lie_in_the_picture_and_are_sorted_at_every_size(size: Size, seed: int) -> None:
    grid = Grid(size)
    mask = np.random.default_rng(seed).random(grid.working_shape) < 0.5
    cells = CoarseCells(grid)
    cells.update(mask)
    found = cells.update(mask)
    assert list(found) == sorted(set(found))
    for cell in found:
        assert 0 <= cell.row * grid.cell_px < size.height_px
        assert 0 <= cell.column * grid.cell_px < size.width_px
