"""What the caption says, and that it fits."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.caption import SMALLEST_HEIGHT_PX, STATE_WORDS, Caption, CaptionText, caption_text, withheld_words
from passerby.released.scene import GateState, Glyph, Kind, Level, Size
from passerby.released.show import Show
from tests.released.drawn_scenes import drawn_scene, person

SIZE = Size(768, 576)


@pytest.mark.parametrize(("time_s", "heading"), [(0.0, "0:00:00"), (59.99, "0:00:59"), (61.0, "0:01:01"), (3599.0, "0:59:59"), (36000.5, "10:00:00")])
def test_the_heading_is_media_time(time_s: float, heading: str) -> None:
    assert caption_text(drawn_scene(SIZE, time_s=time_s), Show.GLYPHS).heading == heading


@pytest.mark.parametrize("state", GateState)
def test_every_state_of_the_gate_has_words(state: GateState) -> None:
    assert caption_text(drawn_scene(SIZE, state=state), Show.GLYPHS) == CaptionText("0:00:00", STATE_WORDS[state], state)


def test_the_withheld_share_is_said_where_there_is_one() -> None:
    assert caption_text(drawn_scene(SIZE, withheld_share=0.123), Show.GLYPHS).words == "watching · 12% withheld"


@given(st.floats(0, 1))
def test_withheld_is_never_rounded_to_nothing_or_everything(share: float) -> None:
    words = withheld_words(share)
    assert (words == "0% withheld") == (share == 0)
    assert (words == "100% withheld") == (share == 1)


def test_counts_are_said_where_no_figures_are_drawn() -> None:
    glyphs = (person(10, 100), person(50, 100), Glyph(200, 100, 50, 90, Kind.VEHICLE))
    scene = drawn_scene(SIZE, glyphs=glyphs)
    assert caption_text(scene, Show.COUNTS).words == "watching · 2 people · 1 vehicle"
    assert caption_text(scene, Show.GLYPHS).words == "watching"
    assert caption_text(drawn_scene(SIZE), Show.COUNTS).words == "watching · nobody"


def test_a_level_without_glyphs_does_not_say_that_nobody_is_there() -> None:
    scene = msgspec.structs.replace(drawn_scene(SIZE), level=Level.COUNTS)
    assert caption_text(scene, Show.COUNTS).words == "watching"


@given(st.integers(1, 2000), st.integers(1, 1200), st.sampled_from(GateState))
def test_a_caption_lies_in_the_picture_or_is_left_out(width_px: int, height_px: int, state: GateState) -> None:
    sprite = Caption(Size(width_px, height_px)).sprite(CaptionText("0:00:00", STATE_WORDS[state], state))
    if sprite is None:
        assert height_px < SMALLEST_HEIGHT_PX or width_px < 120 + height_px
        return
    place = sprite.rect_at(0, 0)
    assert place.left >= 0
    assert place.top >= height_px / 2
    assert place.right <= width_px
    assert place.bottom <= height_px


@pytest.mark.parametrize("size", [Size(768, 576), Size(320, 240), Size(1920, 1080), Size(3840, 2160)], ids=str)
def test_usual_pictures_have_room_for_every_caption(size: Size) -> None:
    for state in GateState:
        texts = [CaptionText("10:00:00", f"{STATE_WORDS[state]} · 100% withheld", state), CaptionText("10:00:00", "", state)]
        full, bare = (Caption(size).sprite(text) for text in texts)
        assert full is not None
        assert bare is not None
        assert full.cover.shape[1] > bare.cover.shape[1] + size.height_px / 12


def test_a_narrow_picture_keeps_the_time() -> None:
    text = CaptionText("0:00:07", "detector failed · 100% withheld", GateState.DETECTOR_FAILED)
    narrow, bare = Caption(Size(120, 240)).sprite(text), Caption(Size(768, 240)).sprite(text._replace(words=""))
    assert narrow is not None
    assert bare is not None
    np.testing.assert_array_equal(narrow.cover, bare.cover)


def test_the_words_stand_still_while_seconds_pass() -> None:
    caption = Caption(SIZE)
    sprites = [caption.sprite(CaptionText(f"0:01:1{second}", "watching", GateState.WATCHING)) for second in range(10)]
    shapes = {None if sprite is None else sprite.cover.shape for sprite in sprites}
    assert len(shapes) == 1
    right_halves = {b"" if sprite is None else sprite.cover[:, sprite.cover.shape[1] // 2 :].tobytes() for sprite in sprites}
    assert len(right_halves) == 1


def test_watching_looks_different_from_withholding() -> None:
    caption = Caption(SIZE)
    calm = caption.sprite(CaptionText("0:00:00", "", GateState.WATCHING))
    warm = caption.sprite(CaptionText("0:00:00", "", GateState.MOVED))
    assert calm is not None
    assert warm is not None
    assert (calm.cover != warm.cover).any()


def test_the_same_text_is_the_same_sprite() -> None:
    caption, text = Caption(SIZE), CaptionText("0:00:00", "watching", GateState.WATCHING)
    assert caption.sprite(text) is caption.sprite(CaptionText("0:00:00", "watching", GateState.WATCHING))


def test_the_caption_covers_less_than_a_hundredth_of_the_picture() -> None:
    sprite = Caption(SIZE).sprite(CaptionText("0:01:11", "watching", GateState.WATCHING))
    assert sprite is not None
    assert (sprite.keep[:, :, 0] < 256).sum() < 0.008 * SIZE.width_px * SIZE.height_px
