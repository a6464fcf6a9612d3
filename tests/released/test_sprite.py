"""Laying a sprite over a picture, exactly."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.rect import Rect
from passerby.released.sprite import Sprite, blend, sprite_of

WHOLE = Rect(0, 0, 40, 30)


def noise(seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (30, 40, 3), np.uint8)


def drawn(seed: int) -> Sprite:
    rng = np.random.default_rng(seed)
    opacity = np.clip(rng.normal(0.5, 0.6, (12, 9)), 0, 1)
    return sprite_of(rng.uniform(0, 255, (12, 9, 3)), opacity, -4, -10)


@given(st.integers(0, 50), st.integers(-12, 50), st.integers(-12, 50))
def test_a_blend_agrees_with_floating_point(seed: int, x_px: int, y_px: int) -> None:
    rng = np.random.default_rng(seed)
    opacity = np.clip(rng.normal(0.5, 0.6, (12, 9)), 0, 1)
    colour = rng.uniform(0, 255, (12, 9, 3))
    picture = noise(seed)
    expected = picture.astype(np.float64)
    for row in range(12):
        for column in range(9):
            y, x = y_px - 10 + row, x_px - 4 + column
            if 0 <= y < 30 and 0 <= x < 40:
                expected[y, x] = expected[y, x] * (1 - opacity[row, column]) + colour[row, column] * opacity[row, column]
    blend(picture, sprite_of(colour, opacity, -4, -10), x_px, y_px, WHOLE)
    assert np.abs(picture - expected).max() < 2


@given(st.integers(0, 50), st.integers(0, 39), st.integers(0, 29), st.integers(1, 40), st.integers(1, 30))
def test_drawing_in_parts_gives_the_whole(seed: int, x_px: int, y_px: int, split_x: int, split_y: int) -> None:
    sprite, whole, parts = drawn(seed), noise(seed), noise(seed)
    blend(whole, sprite, x_px, y_px, WHOLE)
    for left, right in ((0, split_x), (split_x, 40)):
        for top, bottom in ((0, split_y), (split_y, 30)):
            if left < right and top < bottom:
                blend(parts, sprite, x_px, y_px, Rect(left, top, right, bottom))
    np.testing.assert_array_equal(whole, parts)


def test_nothing_outside_of_the_rectangle_is_touched() -> None:
    picture = noise(1)
    blend(picture, drawn(1), 20, 20, Rect(18, 12, 22, 16))
    changed = (picture != noise(1)).any(axis=2)
    assert changed.any()
    changed[12:16, 18:22] = False
    assert not changed.any()


def test_a_transparent_pixel_leaves_every_value_as_it_is() -> None:
    picture = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    blend(picture, sprite_of(np.zeros((1, 256, 3)), np.zeros((1, 256)), 0, 0), 0, 0, Rect(0, 0, 256, 1))
    np.testing.assert_array_equal(picture, np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3))


def test_an_opaque_pixel_hides_every_value() -> None:
    picture = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 256, 3)
    blend(picture, sprite_of(np.full((1, 256, 3), 255.0), np.ones((1, 256)), 0, 0), 0, 0, Rect(0, 0, 256, 1))
    assert (picture == 255).all()
