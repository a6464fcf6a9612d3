"""Glyphs tell where somebody is and no more: no order, no height, no exact place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.released.scene import GLYPH_STEPS_PER_HEIGHT, Glyph, Kind, Size
from passerby.sealed.gate.glyphs import COARSE_STEP, MOST_PER_BAND, ROW_BANDS, PersonHeight, Subject, glyphs_of

SIZES = st.builds(Size, st.integers(48, 4000), st.integers(48, 2200))


@st.composite
def crowds(draw: st.DrawFn, kinds: tuple[Kind, ...] = tuple(Kind), least: int = 0) -> tuple[Size, list[Subject]]:
    size = draw(SIZES)
    where = st.floats(-0.2, 1.4)
    side = st.floats(1, 1.5 * size.height_px)
    some = st.builds(
        lambda kind, x, y, tall, wide: Subject(kind, x * size.width_px, y * size.height_px, tall, wide),
        st.sampled_from(kinds),
        where,
        where,
        side,
        side,
    )
    return size, draw(st.lists(some, min_size=least, max_size=10))


def heights_of(size: Size, seed: int = 0, persons: int = 200) -> PersonHeight:
    """The common height of a place where people are taller the lower they stand."""
    rng = np.random.default_rng(seed)
    heights = PersonHeight(size)
    for _ in range(persons):
        y = float(rng.uniform(0.2, 0.95)) * size.height_px
        heights.learn(y, (0.05 * size.height_px + 0.2 * y) * float(rng.uniform(0.8, 1.2)))
    return heights


@given(crowds(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_subjects_does_not_show(crowd: tuple[Size, list[Subject]], random: object) -> None:
    size, subjects = crowd
    heights = heights_of(size)
    other = list(subjects)
    random.shuffle(other)  # type: ignore[attr-defined]
    glyphs = glyphs_of(subjects, size, heights)
    assert glyphs == glyphs_of(other, size, heights)
    assert list(glyphs) == sorted(glyphs)
    assert len(glyphs) == len(subjects)


@given(crowds((Kind.PERSON,), 1), st.floats(0, 1.1))
@settings(max_examples=80, deadline=None)
def test_all_persons_at_one_row_have_one_height_and_width(crowd: tuple[Size, list[Subject]], row: float) -> None:
    size, subjects = crowd
    spread = np.linspace(-0.04, 0.04, len(subjects) + 5) * size.height_px
    near_a_row = [Subject(Kind.PERSON, 0.0, row * size.height_px + float(off), s.height_px, s.width_px) for off in spread for s in subjects[:2]]
    glyphs = glyphs_of(near_a_row, size, heights_of(size))
    for y_px in {g.y_px for g in glyphs}:
        assert len({(g.height_px, g.width_px) for g in glyphs if g.y_px == y_px}) == 1


@given(crowds((Kind.PERSON,), 1), st.floats(1, 500), st.floats(1, 500))
@settings(max_examples=60, deadline=None)
def test_a_persons_own_size_does_not_show(crowd: tuple[Size, list[Subject]], height_px: float, width_px: float) -> None:
    size, subjects = crowd
    heights = heights_of(size)
    others = [Subject(s.kind, s.x_px, s.y_px, height_px, width_px) for s in subjects]
    assert glyphs_of(subjects, size, heights) == glyphs_of(others, size, heights)


def _on_grid(value: int, step: float) -> bool:
    return any(round(number * step) == value for number in (int(value / step), int(value / step) + 1))


@given(crowds())
@settings(max_examples=100, deadline=None)
def test_glyphs_stand_on_the_grid_of_a_48th_of_the_height(crowd: tuple[Size, list[Subject]]) -> None:
    size, subjects = crowd
    step = max(1.0, size.height_px / GLYPH_STEPS_PER_HEIGHT)
    for glyph in glyphs_of(subjects, size, heights_of(size)):
        assert _on_grid(glyph.x_px, step)
        assert _on_grid(glyph.y_px, step)
        assert -step <= glyph.x_px <= size.width_px + step
        assert -step <= glyph.y_px <= 1.2 * size.height_px + step
        if glyph.kind is not Kind.PERSON:
            assert _on_grid(glyph.height_px, 2 * step)
            assert _on_grid(glyph.width_px, 2 * step)
        assert glyph.height_px >= 2
        assert glyph.width_px >= 2


@given(crowds((Kind.VEHICLE, Kind.TWO_WHEELER, Kind.ANIMAL), 1), st.data())
@settings(max_examples=40, deadline=None)
def test_a_small_movement_shows_in_whole_steps_or_not_at_all(crowd: tuple[Size, list[Subject]], data: st.DataObject) -> None:
    size, subjects = crowd
    step = max(1.0, size.height_px / GLYPH_STEPS_PER_HEIGHT)
    subject = subjects[0]
    moved = Subject(subject.kind, subject.x_px + data.draw(st.floats(-0.4, 0.4)) * step, subject.y_px, subject.height_px, subject.width_px)
    before, after = (glyphs_of([s], size, PersonHeight(size))[0] for s in (subject, moved))
    assert abs(before.x_px - after.x_px) in {0, int(step), int(step) + 1}


def test_the_common_height_follows_the_rows() -> None:
    heights = heights_of(Size(768, 576), persons=2000)
    for y in (150, 300, 500):
        assert heights.at(y) == pytest.approx(0.05 * 576 + 0.2 * y, rel=0.1)


def test_before_anybody_was_seen_there_is_a_height_too() -> None:
    heights = PersonHeight(Size(640, 480))
    assert heights.at(10) == heights.at(470) > 0


@given(st.floats(10, 200), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_one_more_person_of_any_height_hardly_moves_the_common_height(own_px: float, seed: int) -> None:
    size = Size(768, 576)
    without, with_one = heights_of(size, seed), heights_of(size, seed)
    with_one.learn(300, own_px)
    for y in (200, 300, 450):
        assert abs(without.at(y) - with_one.at(y)) <= 8


def test_a_person_cut_by_the_lower_border_teaches_nothing() -> None:
    heights = PersonHeight(Size(640, 480))
    before = heights.at(400)
    for _ in range(50):
        heights.learn(479.0, 20.0)
    assert heights.at(400) == before


def test_the_memory_of_heights_is_bounded() -> None:
    heights = PersonHeight(Size(640, 480))
    for number in range(5000):
        heights.learn(number % 470, 50.0)
    assert max(len(band) for band in heights._bands) <= MOST_PER_BAND
    assert len(heights._bands) == ROW_BANDS


def test_a_glyph_of_a_vehicle_has_its_own_size_coarsely() -> None:
    size = Size(768, 576)
    (glyph,) = glyphs_of([Subject(Kind.VEHICLE, 100, 200, 100, 190)], size, PersonHeight(size))
    assert glyph == Glyph(204, 96, 96, 192, Kind.VEHICLE)


@given(st.floats(0.93, 1.07))
def test_the_first_person_whom_a_gate_sees_does_not_set_the_height_of_the_figures(own: float) -> None:
    """Somebody alone before the camera is drawn as high as whoever else would be who is as far away."""
    size, heights = Size(640, 480), PersonHeight(Size(640, 480))
    middle = COARSE_STEP**22
    for number in range(60):
        y = 120 + 5 * number
        heights.learn(y, own * middle * y / 240, another=number == 0)
    assert heights.at(240) == pytest.approx(middle, rel=1e-6)
    assert heights.at(size.height_px * 0.8) > heights.at(240)


def test_of_many_persons_the_height_is_as_it_is() -> None:
    heights = PersonHeight(Size(640, 480))
    for number in range(60):
        heights.learn(120 + 5 * number, 0.5 * (120 + 5 * number))
    assert heights.at(240) == pytest.approx(120, rel=0.03)
