"""The light over the plate: smooth, exact where it should be, and the same in every part of the picture."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.light_gain import LightGain
from passerby.released.rect import Rect
from passerby.released.scene import LightField, Size
from tests.released.drawn_scenes import plate_of

SIZE = Size(70, 90)
PLATE = plate_of(SIZE)
WHOLE = Rect.whole(SIZE)


def fields() -> st.SearchStrategy[LightField]:
    def field(rows: int, columns: int, seed: int) -> LightField:
        return LightField(rows, columns, np.random.default_rng(seed).integers(60, 256, rows * columns * 3, np.uint8).tobytes())

    return st.builds(field, st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))


@given(fields(), st.integers(0, 69), st.integers(0, 89), st.integers(1, 70), st.integers(1, 90))
def test_a_part_of_the_picture_has_the_light_of_the_whole(field: LightField, left: int, top: int, width_px: int, height_px: int) -> None:
    rect = Rect(left, top, min(70, left + width_px), min(90, top + height_px))
    gain = LightGain(field, SIZE)
    np.testing.assert_array_equal(gain.lit(PLATE, rect), gain.lit(PLATE, WHOLE)[rect.slices])


@given(st.integers(1, 6), st.integers(1, 6))
def test_light_as_it_was_learned_leaves_the_plate_as_it_is(rows: int, columns: int) -> None:
    np.testing.assert_array_equal(LightGain(LightField(rows, columns, b"\x80" * (rows * columns * 3)), SIZE).lit(PLATE, WHOLE), PLATE)


@given(fields())
def test_light_agrees_with_plain_interpolation(field: LightField) -> None:
    """The second implementation: floating point, one axis after the other. Weights in steps of 1/256 may move a bright pixel by two levels."""
    gains = np.frombuffer(field.gains, np.uint8).reshape(field.rows, field.columns, 3) / 128
    at_rows = (np.arange(SIZE.height_px) + 0.5) * field.rows / SIZE.height_px - 0.5
    at_columns = (np.arange(SIZE.width_px) + 0.5) * field.columns / SIZE.width_px - 0.5
    expected = np.empty(PLATE.shape)
    for channel in range(3):
        across = np.stack([np.interp(at_columns, np.arange(field.columns), row) for row in gains[:, :, channel]])
        down = np.stack([np.interp(at_rows, np.arange(field.rows), column) for column in across.T], axis=1)
        expected[:, :, channel] = np.clip(PLATE[:, :, channel] * down, 0, 255)
    assert np.abs(LightGain(field, SIZE).lit(PLATE, WHOLE) - expected).max() <= 2.1


def test_channels_have_their_own_light() -> None:
    grey = np.full((90, 70, 3), 100, np.uint8)
    lit = LightGain(LightField(1, 1, bytes((64, 128, 192))), SIZE).lit(grey, WHOLE)
    assert (lit == (50, 100, 150)).all()


def test_too_much_light_ends_in_white() -> None:
    white = np.full((90, 70, 3), 250, np.uint8)
    assert (LightGain(LightField(1, 1, bytes((255, 255, 255))), SIZE).lit(white, WHOLE) == 255).all()
