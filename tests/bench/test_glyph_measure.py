import math

import pytest

from bench.glyph_measure import GlyphMeter
from bench.truth import Person


def person(x: float, y: float, height: float = 100.0, *, counts: bool = True) -> Person:
    """Somebody in frame 1 whose feet are at x, y."""
    return Person(1, 1, x - 20, y - height, 40, height, counts)


def test_glyphs_on_the_feet_of_everybody_are_all_hits() -> None:
    meter = GlyphMeter([person(100, 200), person(300, 400)])
    meter.see(1, [(300, 410), (100, 200)])
    figures = meter.figures()
    assert (figures.recall, figures.precision) == (1.0, 1.0)
    assert figures.median_error_px == pytest.approx(5.0)
    assert figures.median_error_heights == pytest.approx(0.05)


@pytest.mark.parametrize(("apart_px", "recall"), [(30.0, 1.0), (30.1, 0.0)])
def test_a_glyph_may_be_three_tenths_of_a_body_height_off(apart_px: float, recall: float) -> None:
    meter = GlyphMeter([person(100, 200, height=100)])
    meter.see(1, [(100 + apart_px, 200)])
    assert meter.figures().recall == recall


def test_one_glyph_cannot_stand_for_two_people() -> None:
    meter = GlyphMeter([person(100, 200), person(104, 200)])
    meter.see(1, [(102, 200)])
    assert (meter.figures().recall, meter.figures().precision) == (0.5, 1.0)


def test_two_glyphs_on_one_person_are_a_hit_and_a_false_alarm() -> None:
    meter = GlyphMeter([person(100, 200)])
    meter.see(1, [(100, 200), (104, 200)])
    assert (meter.figures().recall, meter.figures().precision) == (1.0, 0.5)


def test_a_person_who_does_not_count_is_neither_missed_nor_hit() -> None:
    meter = GlyphMeter([person(100, 200), person(400, 200, counts=False), person(600, 200, counts=False)])
    meter.see(1, [(100, 200), (400, 200)])
    figures = meter.figures()
    assert (figures.persons, figures.glyphs, figures.matched) == (1, 1, 1)


def test_a_glyph_goes_to_a_person_who_counts_before_one_who_does_not() -> None:
    meter = GlyphMeter([person(100, 200, counts=False), person(110, 200)])
    meter.see(1, [(100, 200)])
    assert meter.figures().recall == 1.0


def test_who_is_too_far_off_to_be_annotated_is_left_out() -> None:
    meter = GlyphMeter([person(100, 89, height=50)], least_y_px=90)
    meter.see(1, [(400, 60), (500, 120)])
    figures = meter.figures()
    assert (figures.persons, figures.glyphs) == (0, 1)


def test_a_clip_without_glyphs_has_no_error_to_report() -> None:
    meter = GlyphMeter([person(100, 200)])
    meter.see(1, [])
    assert meter.figures().recall == 0.0
    assert math.isnan(meter.figures().median_error_px)
