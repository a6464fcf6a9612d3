"""Coarse cells: soft tiles that join without a seam."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.cell_art import CellArt
from passerby.released.scene import Cell

CELL_PX = 24


def opacity_of(cells: set[Cell], *, soft: bool, side: int = 7) -> NDArray[np.float64]:
    """The opacity of cells drawn on a field of `side` x `side` of them."""
    art = CellArt(soft=soft)
    field = np.zeros((side * CELL_PX, side * CELL_PX))
    for cell, pattern in art.patterns(cells).items():
        sprite = art.sprite(pattern, CELL_PX)
        top, left = cell.row * CELL_PX, cell.column * CELL_PX
        field[top : top + CELL_PX, left : left + CELL_PX] = 1 - sprite.keep[:, :, 0] / 256
    return field


def cell_sets() -> st.SearchStrategy[set[Cell]]:
    return st.sets(st.builds(Cell, st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=12)


@given(cell_sets(), st.booleans())
def test_neighbouring_tiles_join_without_a_seam(cells: set[Cell], soft: bool) -> None:
    """Across a tile's edge opacity changes no more than within tiles."""
    field = opacity_of(cells, soft=soft)
    for steps in (np.abs(np.diff(field, axis=0)), np.abs(np.diff(field, axis=1)).T):
        edges = np.arange(1, 7) * CELL_PX - 1
        inner = np.delete(steps, edges, axis=0)
        assert steps[edges].max() <= inner.max() + 2 / 256


@given(cell_sets())
def test_crisp_tiles_stay_in_their_cells(cells: set[Cell]) -> None:
    occupied = np.zeros((7, 7), np.bool_)
    for cell in cells:
        occupied[cell.row, cell.column] = True
    outside = ~np.kron(occupied, np.ones((CELL_PX, CELL_PX), np.bool_))
    assert (opacity_of(cells, soft=False)[outside] == 0).all()


def test_touching_cells_merge() -> None:
    field = opacity_of({Cell(3, 2), Cell(3, 3)}, soft=False)
    middle_row = field[3 * CELL_PX + CELL_PX // 2, 2 * CELL_PX + 8 : 4 * CELL_PX - 8]
    assert middle_row.min() == middle_row.max() > 0.3


def test_corners_are_round() -> None:
    field = opacity_of({Cell(3, 3)}, soft=False)
    assert field[3 * CELL_PX + 1, 3 * CELL_PX + 1] == 0
    assert field[3 * CELL_PX + 12, 3 * CELL_PX + 12] > 0.3


def test_heat_is_strongest_in_the_cell_and_ends_in_the_next() -> None:
    field = opacity_of({Cell(3, 3)}, soft=True)
    assert field.argmax() in {field.shape[1] * row + column for row in (83, 84) for column in (83, 84)}
    assert 0 < field[84, 3 * CELL_PX - 3] < field.max() / 2
    assert (field[: 2 * CELL_PX] == 0).all()


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("cell_px", [1, 2, 5, 90])
def test_every_size_of_cell_can_be_drawn(soft: bool, cell_px: int) -> None:
    sprite = CellArt(soft=soft).sprite(0b111_111_111, cell_px)
    assert sprite.cover.shape == (cell_px, cell_px, 3)
    assert (sprite.keep < 256).all()


def test_tiles_are_drawn_once() -> None:
    art = CellArt(soft=False)
    assert art.sprite(16, CELL_PX) is art.sprite(16, CELL_PX)
