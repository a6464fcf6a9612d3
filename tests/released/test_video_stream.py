import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.h264 import byte_stream
from passerby.released.scene import Size
from passerby.released.video_stream import AccessUnit, StreamEncoder
from tests.released.drawn_pictures import moving_bar

Picture = NDArray[np.uint8]


def decoded(encoder: StreamEncoder, units: list[AccessUnit]) -> list[Picture]:
    decoder = VideoCodecContext.create("h264", "r")
    pictures: list[Picture] = []
    for number, unit in enumerate(units):
        packet = av.Packet(byte_stream([*encoder.parameter_sets, *unit.units] if unit.key else list(unit.units)))
        packet.pts = number
        pictures += [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in decoder.decode(packet)]
    pictures += [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in decoder.decode(None)]
    return pictures


def difference(one: Picture, other: Picture) -> float:
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_every_picture_comes_out_at_once_and_looks_like_what_went_in() -> None:
    encoder = StreamEncoder(Size(96, 64), 10)
    drawn = [moving_bar(96, 64, number) for number in range(12)]
    units = [encoder.picture(picture, key=number % 5 == 0) for number, picture in enumerate(drawn)]
    assert [unit.key for unit in units] == [number % 5 == 0 for number in range(12)]
    shown = decoded(encoder, units)
    assert len(shown) == 12
    assert max(difference(one, other) for one, other in zip(shown, drawn, strict=True)) < 6


def test_a_picture_that_repeats_the_one_before_costs_a_few_bytes_and_is_exactly_it() -> None:
    encoder = StreamEncoder(Size(96, 64), 10)
    picture = moving_bar(96, 64, 0)
    units = [encoder.picture(picture, key=True), encoder.picture(picture, key=False), encoder.picture(picture.copy(), key=False)]
    assert all(sum(len(part) for part in unit.units) < 12 for unit in units[1:])
    first, second, third = decoded(encoder, units)
    assert (first == second).all()
    assert (first == third).all()


def test_the_first_picture_is_a_key_frame_whoever_asked() -> None:
    assert StreamEncoder(Size(64, 48), 10).picture(moving_bar(64, 48, 0), key=False).key


@given(steps=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=2, max_size=14), odd=st.booleans())
@settings(max_examples=20, deadline=None)
def test_any_mixture_of_repeated_changed_and_key_pictures_is_decoded_as_it_was_meant(steps: list[tuple[int, bool]], odd: bool) -> None:
    size = Size(65, 49) if odd else Size(64, 48)
    encoder = StreamEncoder(size, 10)
    drawn = [moving_bar(size.width_px, size.height_px, number) for number, _ in steps]
    units = [encoder.picture(picture, key=key) for picture, (_, key) in zip(drawn, steps, strict=True)]
    shown = decoded(encoder, units)
    assert len(shown) == len(drawn)
    for one, other in zip(shown, drawn, strict=True):
        assert difference(one[: size.height_px, : size.width_px], other) < 8


def test_an_equal_picture_is_shown_again() -> None:
    encoder = StreamEncoder(Size(64, 48), 10)
    units = [encoder.picture(moving_bar(64, 48, 5), key=key) for key in (True, False, True)]
    assert [unit.key for unit in units] == [True, False, True]
    first, second, third = decoded(encoder, units)
    assert (first == second).all()
    assert difference(first, third) < 2


def test_full_hd_stays_full_hd() -> None:
    encoder = StreamEncoder(Size(1920, 1080), 10)
    unit = encoder.picture(moving_bar(1920, 1080, 0), key=True)
    assert unit.key
    assert encoder.encoded_size == Size(1920, 1080)
