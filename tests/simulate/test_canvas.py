from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.simulate.canvas import OPAQUE, Canvas, CutOut, Hiders

ROWS, COLUMNS = 40, 50


@dataclass(frozen=True, eq=False)
class Wall:
    left_px: int
    top_px: int
    alpha: NDArray[np.uint8]
    y_m: float


def cut_out(rng: np.random.Generator, left: int, top: int, rows: int, columns: int) -> CutOut:
    bgr = rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    return CutOut(left, top, bgr, rng.integers(0, 256, (rows, columns), dtype=np.uint8))


def spread(figure: CutOut | Wall) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Alpha (0 to 1) and colour over the whole picture, pixel by pixel."""
    alpha, colour = np.zeros((ROWS, COLUMNS)), np.zeros((ROWS, COLUMNS, 3))
    for (row, column), value in np.ndenumerate(figure.alpha):
        y, x = figure.top_px + row, figure.left_px + column
        if 0 <= y < ROWS and 0 <= x < COLUMNS:
            alpha[y, x] = value / 255
            if isinstance(figure, CutOut):
                colour[y, x] = figure.bgr[row, column]
    return alpha, colour


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(-30, 60), st.integers(-30, 60), st.integers(1, 30), st.integers(1, 30))
def test_laying_a_figure_is_mixing_by_alpha_where_nothing_nearer_hides_it(seed: int, left: int, top: int, rows: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    figure = cut_out(rng, left, top, rows, columns)
    near = Wall(12, 5, rng.integers(0, 256, (20, 15), dtype=np.uint8), 5.0)
    far = Wall(20, 8, rng.integers(0, 256, (20, 15), dtype=np.uint8), 15.0)
    picture = rng.integers(0, 256, (ROWS, COLUMNS, 3), dtype=np.uint8)
    canvas = Canvas(picture.copy(), Hiders([near, far]))
    canvas.labels[:] = 3
    canvas.lay(figure, 7, y_m=10.0)
    alpha, colour = spread(figure)
    alpha *= 1 - spread(near)[0]
    expected = picture * (1 - alpha[..., None]) + colour * alpha[..., None]
    assert np.abs(canvas.picture - expected).max() <= 2.5
    sure = np.abs(alpha * 255 - OPAQUE) > 1.5
    assert np.array_equal(canvas.labels[sure], np.where(alpha * 255 >= OPAQUE, 7, 3)[sure])
    assert np.array_equal(canvas.picture[alpha == 0], picture[alpha == 0])


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(-30, 60), st.integers(-30, 60))
def test_a_shadow_darkens_the_bare_ground_only(seed: int, left: int, top: int) -> None:
    rng = np.random.default_rng(seed)
    shadow = CutOut(left, top, np.zeros((15, 20, 3), np.uint8), rng.integers(0, 200, (15, 20), dtype=np.uint8))
    thing = Wall(15, 10, np.full((20, 15), 255, np.uint8), 5.0)
    picture = rng.integers(0, 256, (ROWS, COLUMNS, 3), dtype=np.uint8)
    canvas = Canvas(picture.copy(), Hiders([thing]))
    canvas.shade(shadow)
    alpha = spread(shadow)[0]
    alpha[10:30, 15:30] = 0
    assert np.abs(canvas.picture - picture * (1 - alpha[..., None])).max() <= 1
    assert not canvas.labels.any()


def test_what_is_far_enough_in_front_is_not_hidden() -> None:
    wall = Wall(0, 0, np.full((ROWS, COLUMNS), 255, np.uint8), 5.0)
    figure = CutOut(5, 5, np.full((4, 4, 3), 9, np.uint8), np.full((4, 4), 255, np.uint8))
    canvas = Canvas(np.zeros((ROWS, COLUMNS, 3), np.uint8), Hiders([wall]))
    canvas.lay(figure, 1, y_m=6.0)
    assert not canvas.picture.any()
    canvas.lay(figure, 1, y_m=4.0)
    assert (canvas.labels == 1).sum() == 16


def test_the_figure_laid_last_owns_the_pixel() -> None:
    figure = CutOut(5, 5, np.full((4, 4, 3), 9, np.uint8), np.full((4, 4), 255, np.uint8))
    canvas = Canvas(np.zeros((ROWS, COLUMNS, 3), np.uint8))
    canvas.lay(figure, 1, y_m=6.0)
    canvas.lay(figure.moved((2, 0)), 2, y_m=4.0)
    assert figure.count(canvas.labels, 1) == 8
    assert figure.moved((2, 0)).count(canvas.labels, 2) == 16
    canvas.lay(figure, 0, y_m=3.0)
    assert figure.count(canvas.labels, 1) == 0


@pytest.mark.parametrize(("left", "top"), [(-4, 0), (50, 3), (0, -4), (3, 40), (999, -999)])
def test_a_figure_outside_of_the_picture_changes_nothing(left: int, top: int) -> None:
    figure = CutOut(left, top, np.full((4, 4, 3), 9, np.uint8), np.full((4, 4), 255, np.uint8))
    canvas = Canvas(np.zeros((ROWS, COLUMNS, 3), np.uint8))
    canvas.lay(figure, 1, y_m=6.0)
    canvas.shade(figure)
    assert not canvas.picture.any()
    assert not canvas.labels.any()
    assert figure.count(canvas.labels, 1) == 0


def test_the_box_holds_what_is_opaque() -> None:
    alpha = np.zeros((10, 12), np.uint8)
    alpha[2:7, 3:5] = 200
    alpha[9, 11] = OPAQUE - 1
    figure = CutOut(-20, 7, np.zeros((10, 12, 3), np.uint8), alpha)
    assert figure.box() == (-17, 9, 2, 5)
    assert figure.opaque_px == 10
    assert CutOut(0, 0, np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3), np.uint8)).box() is None
