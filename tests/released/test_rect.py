"""Rectangles, and how scattered changes are gathered into few of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.rect import Rect, gathered
from passerby.released.scene import Size


def rects() -> st.SearchStrategy[Rect]:
    sides = st.integers(1, 20)
    return st.builds(lambda x, y, w, h: Rect(x, y, x + w, y + h), st.integers(0, 20), st.integers(0, 20), sides, sides)


def mask_of(rect: Rect | None) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    mask = np.zeros((50, 50), np.bool_)
    if rect is not None:
        mask[rect.slices] = True
    return mask


@given(rects(), rects())
def test_a_cut_holds_the_pixels_of_both(one: Rect, other: Rect) -> None:
    np.testing.assert_array_equal(mask_of(one.cut(other)), mask_of(one) & mask_of(other))
    assert one.cut(other) == other.cut(one)


@given(rects(), st.integers(0, 5))
def test_a_grown_rectangle_cut_back_is_the_rectangle(rect: Rect, by_px: int) -> None:
    assert rect.grown(by_px).grown(-by_px) == rect
    assert rect.grown(by_px).cut(rect) == rect


@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 17), st.integers(0, 99), st.sampled_from((0.0, 0.1, 0.5, 1.0)))
def test_gathered_rectangles_cover_every_mark_and_stay_in_the_picture(width_px: int, height_px: int, step_px: int, seed: int, share: float) -> None:
    size = Size(width_px, height_px)
    marks = np.random.default_rng(seed).random((-(-height_px // step_px), -(-width_px // step_px))) < share
    covered = np.zeros((height_px, width_px), np.bool_)
    for rect in gathered(marks, step_px, size):
        assert Rect.whole(size).cut(rect) == rect
        covered[rect.slices] = True
    marked = np.repeat(np.repeat(marks, step_px, axis=0), step_px, axis=1)[:height_px, :width_px]
    assert covered[marked].all()


def test_marks_that_do_not_touch_are_gathered_apart() -> None:
    marks = np.zeros((8, 8), np.bool_)
    marks[0:2, 0] = marks[6, 5:8] = True
    assert sorted(gathered(marks, 10, Size(80, 80))) == [Rect(0, 0, 10, 20), Rect(50, 60, 80, 70)]
