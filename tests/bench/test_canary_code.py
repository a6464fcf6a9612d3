"""The canary's code: each piece of it has one place, and a row holds the whole sequence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.canary_code import BRIGHT, DARK, PERIOD, plane, sequence, texture


def test_the_sequence_is_unlike_all_its_own_shifts() -> None:
    cells = sequence().astype(int)
    products = [int(cells @ np.roll(cells, shift)) for shift in range(1, PERIOD)]
    assert set(products) <= {-1, 3}, "a perfect sequence has -1; the 0 that counts as a square spoils it by at most 4"


def test_the_mirrored_sequence_is_its_own_negative_but_for_one_cell() -> None:
    cells = sequence()
    mirrored = np.roll(cells[::-1], 1)
    assert (mirrored == -cells).sum() == PERIOD - 1


def test_each_row_is_the_sequence_and_rows_do_not_repeat_within_a_piece() -> None:
    whole = plane(PERIOD, PERIOD)
    doubled = np.concatenate([sequence(), sequence()])
    shifts = [row * row % PERIOD for row in range(PERIOD)]
    for row, shift in zip(whole, shifts, strict=True):
        assert (row == doubled[shift : shift + PERIOD]).all()
    assert len(set(shifts)) == PERIOD // 2 + 1


@given(st.integers(0, PERIOD - 1), st.integers(0, PERIOD - 1), st.integers(0, PERIOD - 1), st.integers(0, PERIOD - 1))
def test_two_pieces_of_8_by_8_cells_are_never_alike(y: int, x: int, other_y: int, other_x: int) -> None:
    whole = np.tile(plane(), (2, 2)).astype(int)
    one, other = whole[y : y + 8, x : x + 8], whole[other_y : other_y + 8, other_x : other_x + 8]
    assert ((y, x) == (other_y, other_x)) == bool((one * other).sum() > 50)


@pytest.mark.parametrize(("width_px", "height_px"), [(1, 1), (123, 57), (130, 300)])
def test_the_texture_has_the_size_that_was_asked_for_and_no_colour(width_px: int, height_px: int) -> None:
    picture = texture(width_px, height_px)
    assert picture.shape == (height_px, width_px, 3)
    assert set(np.unique(picture)) <= {DARK, BRIGHT}
    assert (picture[..., 0] == picture[..., 1]).all()
    assert (picture[..., 1] == picture[..., 2]).all()
