"""Lettering."""

import numpy as np
import pytest

from passerby.released.typeface import Typeface, rounded_box_opacity


@pytest.mark.parametrize("em_px", [10, 13, 21, 38])
def test_letters_fit_into_the_width_that_is_said(em_px: int) -> None:
    typeface = Typeface(em_px)
    for text, bold in (("0:01:23", True), ("camera moved · 100% withheld", False)):
        width_px = typeface.width_px(text, bold=bold)
        ink = typeface.coverage(width_px + 40, 3 * em_px, [(text, 0, 2 * em_px, bold)])
        columns = np.nonzero(ink.max(axis=0))[0]
        assert columns.max() < width_px + 2
        assert columns.max() > width_px - em_px


def test_letters_are_smooth_and_stand_on_the_baseline() -> None:
    ink = Typeface(20).coverage(60, 60, [("HH", 5, 40, False)])
    assert ((ink > 0.1) & (ink < 0.9)).sum() > 0
    assert ink.max() > 0.95
    rows = np.nonzero(ink.max(axis=1) > 0.5)[0]
    assert 38 <= rows.max() <= 40
    assert 12 <= rows.max() - rows.min() <= 20


def test_no_text_has_no_width() -> None:
    assert Typeface(12).width_px("") == 0


@pytest.mark.parametrize(("width_px", "height_px", "radius_px"), [(40, 20, 10), (20, 20, 0), (7, 7, 3.5)])
def test_a_rounded_box_fills_its_area_but_for_its_corners(width_px: int, height_px: int, radius_px: float) -> None:
    opacity = rounded_box_opacity(width_px, height_px, radius_px)
    assert opacity.shape == (height_px, width_px)
    assert opacity[height_px // 2, width_px // 2] == 1
    assert opacity.sum() == pytest.approx(width_px * height_px - (4 - np.pi) * radius_px**2, rel=0.02)
    np.testing.assert_allclose(opacity, opacity[::-1, ::-1])
