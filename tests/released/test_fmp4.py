import io

import av
import pytest

from passerby.released.fmp4 import TIMESCALE_HZ, Sample, init_segment, media_segment
from passerby.released.scene import Size
from passerby.released.video_stream import StreamEncoder
from tests.released.drawn_pictures import moving_bar

STEP = TIMESCALE_HZ // 10


def segments(size: Size, count: int, *, first: int = 0) -> tuple[bytes, list[bytes]]:
    encoder = StreamEncoder(size, 10)
    found = []
    for segment in range(count):
        units = [encoder.picture(moving_bar(size.width_px, size.height_px, number), key=number == 0) for number in range(5)]
        samples = [Sample(unit.units, unit.key) for unit in units]
        found.append(media_segment(segment, (first + 5 * segment) * STEP, STEP, samples))
    return init_segment(encoder.parameter_sets, encoder.encoded_size), found


@pytest.mark.parametrize("size", [Size(64, 48), Size(63, 47), Size(1920, 1080)])
def test_a_player_finds_every_picture_at_its_time_and_size(size: Size) -> None:
    init, media = segments(size, 2)
    with av.open(io.BytesIO(init + b"".join(media)), "r") as container:
        frames = list(container.decode(video=0))
    assert [frame.pts for frame in frames] == [number * STEP for number in range(10)]
    assert {(frame.width, frame.height) for frame in frames} == {(size.width_px + size.width_px % 2, size.height_px + size.height_px % 2)}
    assert [number for number, frame in enumerate(frames) if frame.key_frame] == [0, 5]


def test_a_player_can_begin_with_any_segment_and_months_after_the_start() -> None:
    first = 10 * 86_400 * 200
    init, media = segments(Size(64, 48), 3, first=first)
    with av.open(io.BytesIO(init + media[2]), "r") as container:
        frames = list(container.decode(video=0))
    assert [frame.pts for frame in frames] == [(first + 10 + number) * STEP for number in range(5)]


def test_the_header_says_all_that_the_browser_must_know() -> None:
    init, _ = segments(Size(64, 48), 1)
    with av.open(io.BytesIO(init + segments(Size(64, 48), 1)[1][0]), "r") as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.width, stream.codec_context.height) == ("h264", 64, 48)
        assert container.format.name.startswith("mov")
    assert init[4:8] == b"ftyp"
    assert b"moov" in init
    assert b"avcC" in init
