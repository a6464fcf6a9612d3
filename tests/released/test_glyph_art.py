"""How figures look, and that the look cannot pass for somebody."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.glyph_art import KEPT_BYTES, GlyphArt, glyph_sprite
from passerby.released.palette import KIND_BGR
from passerby.released.rect import Rect
from passerby.released.scene import Glyph, Kind
from passerby.released.sprite import Sprite, blend


def opacity_of(sprite: Sprite) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return 1 - sprite.keep[:, :, 0] / 256


@given(st.sampled_from(Kind), st.integers(1, 120), st.integers(1, 120))
def test_a_figure_stands_on_its_foot_point_and_ends_within_a_margin(kind: Kind, width_px: int, height_px: int) -> None:
    sprite = glyph_sprite(kind, width_px, height_px)
    place = sprite.rect_at(0, 0)
    margin_px = 0.25 * min(width_px, height_px) + 0.02 * height_px + 4
    assert -width_px / 2 - margin_px <= place.left < 0 < place.right <= width_px / 2 + margin_px
    assert -height_px - margin_px <= place.top < 0 < place.bottom <= margin_px


@pytest.mark.parametrize("kind", Kind)
def test_nothing_of_a_figure_is_cut_off(kind: Kind) -> None:
    for width_px, height_px in ((3, 8), (27, 75), (120, 60), (60, 20), (140, 400)):
        opacity = opacity_of(glyph_sprite(kind, width_px, height_px))
        assert max(opacity[0].max(), opacity[-1].max(), opacity[:, 0].max(), opacity[:, -1].max()) < 0.02


@pytest.mark.parametrize("kind", Kind)
def test_a_figure_is_the_same_from_left_and_right_but_for_its_stripes(kind: Kind) -> None:
    opacity = opacity_of(glyph_sprite(kind, 31, 75))
    np.testing.assert_allclose(opacity, opacity[:, ::-1], atol=1 / 256)


@pytest.mark.parametrize("kind", Kind)
def test_the_middle_of_a_figure_has_the_tone_of_its_kind(kind: Kind) -> None:
    grey = np.full((200, 200, 3), 128, np.uint8)
    blend(grey, glyph_sprite(kind, 60, 90), 100, 150, Rect(0, 0, 200, 200))
    middle = grey[100:140, 92:108].reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(middle, KIND_BGR[kind], atol=16)


def test_kinds_differ_in_shape() -> None:
    """Nobody has to tell colours apart."""
    shapes = [opacity_of(glyph_sprite(kind, 60, 60)) > 0.5 for kind in Kind]
    for number, one in enumerate(shapes):
        for other in shapes[number + 1 :]:
            assert (one != other).sum() > 0.02 * one.sum()


def test_the_top_of_a_person_fades_while_the_foot_stands_firm() -> None:
    """A crisp round top has the outline of a head."""
    opacity = opacity_of(glyph_sprite(Kind.PERSON, 27, 75))
    middle = opacity[:, opacity.shape[1] // 2]
    steepest_above, steepest_below = np.diff(middle)[:40].max(), -np.diff(middle)[40:].min()
    assert steepest_above < 0.15 < steepest_below


def test_a_figures_stripes_are_too_faint_to_be_a_texture_of_cloth() -> None:
    """A 5 x 5 deviation of 4 levels and more counts as texture where leaks are measured."""
    grey = np.full((400, 400, 3), 128, np.uint8)
    blend(grey, glyph_sprite(Kind.PERSON, 108, 300), 200, 350, Rect(0, 0, 400, 400))
    body = grey[200:300, 180:220].astype(np.float64).mean(axis=2)
    assert 1 < body.std() < 10


def test_every_person_of_a_size_is_the_same_figure() -> None:
    art = GlyphArt()
    assert art.sprite(Glyph(100, 20, 60, 22, Kind.PERSON)) is art.sprite(Glyph(300, 80, 60, 22, Kind.PERSON))


def test_the_memory_of_drawn_figures_is_bounded() -> None:
    art = GlyphArt()
    for height_px in range(400, 520):
        art.sprite(Glyph(600, 300, height_px, 300, Kind.VEHICLE))
    assert art._kept_bytes <= KEPT_BYTES
    assert art._kept_bytes == sum(sprite.size_bytes for sprite in art._kept.values())
    assert 1 < len(art._kept) < 120
