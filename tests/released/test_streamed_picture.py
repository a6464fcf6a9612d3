import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from passerby.released.hatch import Hatch
from passerby.released.render import Picture, render_once
from passerby.released.scene import Size
from passerby.released.streamed_picture import LONGEST_SIDE_PX, MOST_PIXELS, StreamedPicture, streamed_size
from tests.support.site_now import SIZE, patch, scene, whole_plate

STALE_S = 5.0


def is_hatch(picture: Picture) -> bool:
    """All of it, for pictures too small for a caption."""
    return bool((picture == Hatch(Size(picture.shape[1], picture.shape[0])).texture).all())


def test_a_fresh_scene_is_drawn_as_the_one_renderer_does() -> None:
    shown = StreamedPicture(STALE_S, SIZE)
    drawn = scene(patches=whole_plate(), glyphs=2)
    assert shown.show(drawn, 10.0, anew=True)
    assert (shown.picture(12.0) == render_once(drawn)).all()


def test_before_the_first_scene_all_is_withheld() -> None:
    assert is_hatch(StreamedPicture(STALE_S, SIZE).picture(0.0))


def test_a_scene_that_is_too_old_is_withheld_and_the_next_one_is_shown() -> None:
    shown = StreamedPicture(STALE_S, SIZE)
    shown.show(scene(patches=whole_plate()), 10.0, anew=True)
    assert not is_hatch(shown.picture(15.0))
    assert is_hatch(shown.picture(15.1))
    assert shown.show(scene(time_s=6.0), 15.2, anew=False)
    assert (shown.picture(15.3) == render_once(scene(time_s=6.0, patches=whole_plate()))).all()


def test_a_late_scene_is_as_old_as_its_picture() -> None:
    shown = StreamedPicture(STALE_S, SIZE)
    shown.show(scene(patches=whole_plate()), 10.0, anew=True)
    shown.show(scene(time_s=1.0), 11.0, anew=False)
    assert is_hatch(shown.picture(17.0))


def test_what_follows_on_nothing_is_not_shown() -> None:
    assert not StreamedPicture(STALE_S, SIZE).show(scene(), 0.0, anew=False)


def test_a_lost_plate_hides_what_was_shown() -> None:
    shown = StreamedPicture(STALE_S, SIZE)
    shown.show(scene(patches=whole_plate()), 10.0, anew=True)
    assert not shown.show(scene(size=Size(96, 48)), 10.1, anew=False)
    assert is_hatch(shown.picture(10.2))
    assert not shown.show(scene(), 10.3, anew=False)
    assert shown.show(scene(patches=whole_plate()), 10.4, anew=True)
    assert not is_hatch(shown.picture(10.5))


def test_a_scene_that_contradicts_itself_hides_what_was_shown() -> None:
    shown = StreamedPicture(STALE_S, SIZE)
    shown.show(scene(patches=whole_plate()), 10.0, anew=True)
    outside = msgspec.structs.replace(scene(), patches=(patch(4096, 1),))
    assert not shown.show(outside, 10.1, anew=False)
    assert is_hatch(shown.picture(10.2))


def test_hiding_lasts_until_a_whole_plate_comes() -> None:
    shown = StreamedPicture(STALE_S, SIZE)
    shown.show(scene(patches=whole_plate()), 10.0, anew=True)
    shown.hide()
    assert is_hatch(shown.picture(10.1))
    assert not shown.show(scene(), 10.2, anew=False)
    assert is_hatch(shown.missed())


def test_the_very_same_picture_is_the_very_same_object() -> None:
    shown = StreamedPicture(STALE_S, Size(4000, 2000))
    first = shown.picture(0.0)
    assert shown.picture(0.5) is first
    large = scene(size=Size(2400, 1200), patches=whole_plate(Size(2400, 1200)))
    shown.show(large, 1.0, anew=True)
    first = shown.picture(1.1)
    assert first.shape == (960, 1920, 3)
    assert shown.picture(1.2) is first


def test_words_say_for_how_long_there_has_been_nothing() -> None:
    size = Size(640, 360)
    shown = StreamedPicture(STALE_S, size)
    shown.show(scene(size=size, patches=whole_plate(size)), 10.0, anew=True)
    six, seven = shown.picture(16.0).copy(), shown.picture(17.0)
    assert (six != seven).any()
    hatch = Hatch(size).texture
    assert (np.abs(six.astype(int) - hatch).max(axis=2) > 0).mean() < 0.1


@given(width=st.integers(1, 9000), height=st.integers(1, 9000))
def test_streamed_sizes_are_bounded_and_keep_the_shape(width: int, height: int) -> None:
    size = streamed_size(Size(width, height))
    assert max(size.width_px, size.height_px) <= max(LONGEST_SIDE_PX, 16)
    assert size.width_px * size.height_px <= MOST_PIXELS
    assert min(size.width_px, size.height_px) >= 16
    if min(width, height) >= 16 and max(width, height) <= LONGEST_SIDE_PX and width * height <= MOST_PIXELS:
        assert size == Size(width, height)
    elif min(size.width_px, size.height_px) > 40:
        assert abs(size.width_px / size.height_px - width / height) / (width / height) < 0.06
