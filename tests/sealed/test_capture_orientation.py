import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Size
from passerby.sealed.capture.orientation import UPRIGHT, Orientation

ONE = 1 << 16
RIGHT_ANGLES = [(ONE, 0, 0, ONE), (0, ONE, -ONE, 0), (-ONE, 0, 0, -ONE), (0, -ONE, ONE, 0)]
MIRRORED = [(-ONE, 0, 0, ONE), (ONE, 0, 0, -ONE), (0, ONE, ONE, 0), (0, -ONE, -ONE, 0)]


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    return struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


def shown_by_definition(picture: NDArray[np.uint8], a: int, b: int, c: int, d: int) -> NDArray[np.uint8]:
    """Each pixel at (a p + c q, b p + d q), moved so that the result begins at 0: the standard's words, pixel by pixel."""
    height, width = picture.shape[:2]
    points = {((a * p + c * q) // ONE, (b * p + d * q) // ONE): picture[q, p] for p in range(width) for q in range(height)}
    left, top = min(x for x, _ in points), min(y for _, y in points)
    right, bottom = max(x for x, _ in points), max(y for _, y in points)
    return np.array([[points[x, y] for x in range(left, right + 1)] for y in range(top, bottom + 1)], dtype=np.uint8)


@pytest.mark.parametrize("numbers", RIGHT_ANGLES + MIRRORED)
def test_all_eight_orientations_show_what_the_standard_says(numbers: tuple[int, int, int, int]) -> None:
    picture = np.arange(3 * 5 * 3, dtype=np.uint8).reshape(3, 5, 3)
    orientation = Orientation.from_display_matrix(matrix(*numbers))
    upright = orientation.upright(picture)
    assert np.array_equal(upright, shown_by_definition(picture, *numbers))
    assert orientation.upright_size(Size(5, 3)) == Size(upright.shape[1], upright.shape[0])


@pytest.mark.parametrize(("numbers", "clockwise_deg"), list(zip(RIGHT_ANGLES, [0, 90, 180, 270], strict=True)))
def test_the_rotation_is_told_clockwise(numbers: tuple[int, int, int, int], clockwise_deg: int) -> None:
    assert Orientation.from_display_matrix(matrix(*numbers)).rotation_deg == clockwise_deg


@given(st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 4))
def test_any_matrix_leads_to_one_of_the_eight(numbers: tuple[int, int, int, int]) -> None:
    upright = Orientation.from_display_matrix(matrix(*numbers)).upright(np.zeros((3, 5, 3), np.uint8))
    assert upright.shape in {(3, 5, 3), (5, 3, 3)}


def test_a_matrix_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="36 bytes"):
        Orientation.from_display_matrix(b"\0" * 35)


def test_an_upright_picture_is_not_copied() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    assert UPRIGHT.upright(picture) is picture
