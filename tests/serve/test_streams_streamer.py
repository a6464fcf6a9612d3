import io
import threading

import av
import cv2
import msgspec
import numpy as np
import pytest

from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed
from passerby.released.render import Picture, render_once
from passerby.released.scene import Scene, Size
from passerby.serve.streamer import JPEG_EVERY, MOST_CAUGHT_UP, Streamer, stream
from passerby.serve.streamer_orders import (
    RATE_HZ,
    SEGMENT_PICTURES,
    Answer,
    Begin,
    Hide,
    InitSegment,
    Jpeg,
    MediaSegment,
    Order,
    PlateLost,
    Show,
    TransportChunk,
    Void,
    Voided,
    Want,
)
from tests.support.site_now import scene, whole_plate

SIZE = Size(160, 120)
BOTH = Want(video=True, jpeg=True)
VIDEO = Want(video=True, jpeg=False)
STALE_S = 5.0


def begin(want: Want = VIDEO, *, first: int = 0, key_at: int = -1, size: Size = SIZE) -> Begin:
    return Begin(0.0, first, key_at, STALE_S, size, want)


def place(grey: int = 90, size: Size = SIZE, **more: object) -> Scene:
    return scene(size=size, patches=whole_plate(size, grey), **more)  # type: ignore[arg-type]


def obey(streamer: Streamer, order: Order) -> list[Answer]:
    return list(streamer.obey(order))


def numbers(answers: list[Answer]) -> list[int]:
    return [answer.number for answer in answers if isinstance(answer, TransportChunk)]


def shown(answers: list[Answer]) -> list[Picture]:
    """What a player of MPEG-TS shows."""
    data = b"".join(answer.data for answer in answers if isinstance(answer, TransportChunk))
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in container.decode(video=0)]


def grey(picture: Picture) -> float:
    """Of the middle, where neither caption nor glyph is."""
    return float(picture[20:60, 40:120].mean())


def test_ten_pictures_a_second_come_whatever_comes_in() -> None:
    streamer = Streamer(begin())
    obey(streamer, Show(place(), 0.0, anew=True))
    answers = [answer for step in range(1, 31) for answer in streamer.due(step * 0.1 + 0.001)]
    assert numbers(answers) == list(range(31))
    assert len(shown(answers)) == 31


def test_half_a_second_is_a_segment_and_readers_can_begin_with_it() -> None:
    streamer = Streamer(begin())
    answers = list(streamer.due(2.05))
    keys = [answer.number for answer in answers if isinstance(answer, TransportChunk) and answer.key]
    segments = [answer for answer in answers if isinstance(answer, MediaSegment)]
    assert keys == [0, 5, 10, 15, 20]
    assert [segment.first for segment in segments] == [0, 5, 10, 15]
    init = next(answer for answer in answers if isinstance(answer, InitSegment))
    for segment in segments:
        with av.open(io.BytesIO(init.data + segment.data), "r") as container:
            assert len(list(container.decode(video=0))) == SEGMENT_PICTURES


def test_a_scene_is_shown_until_it_is_stale_and_then_withheld() -> None:
    streamer = Streamer(begin())
    obey(streamer, Show(place(200), 0.0, anew=True))
    answers = [answer for step in range(80) for answer in streamer.due(step * 0.1 + 0.05)]
    pictures = shown(answers)
    assert len(pictures) == 80
    assert all(abs(grey(picture) - 200) < 8 for picture in pictures[:49])
    assert all(grey(picture) < 100 for picture in pictures[51:])


def test_what_was_hidden_is_withheld_at_once() -> None:
    streamer = Streamer(begin())
    obey(streamer, Show(place(200), 0.0, anew=True))
    answers = list(streamer.due(0.45))
    obey(streamer, Hide())
    answers += streamer.due(0.85)
    assert obey(streamer, Show(scene(size=SIZE), 0.9, anew=False)) == [PlateLost()]
    answers += streamer.due(1.25)
    pictures = shown(answers)
    assert abs(grey(pictures[0]) - 200) < 8
    assert all(grey(picture) < 100 for picture in pictures[5:])


def test_what_is_void_goes_out_in_nothing_that_comes_later() -> None:
    streamer = Streamer(begin(BOTH))
    obey(streamer, Show(place(200), 0.0, anew=True))
    list(streamer.due(0.75))
    assert obey(streamer, Void(3)) == [Voided(3)]
    answers = list(streamer.due(0.85))
    assert obey(streamer, Show(scene(time_s=0.9, size=SIZE), 0.9, anew=False)) == [PlateLost()]
    answers += streamer.due(1.95)
    # The segment that was begun before is never given, and nothing needs what went before to be decoded.
    assert [answer.first for answer in answers if isinstance(answer, MediaSegment)] == [10, 15]
    assert [answer.number for answer in answers if isinstance(answer, TransportChunk) and answer.key] == [8, 10, 15]
    pictures = shown(answers)
    assert len(pictures) == 12
    assert all(grey(picture) < 100 for picture in pictures)
    assert next(answer.number for answer in answers if isinstance(answer, Jpeg)) == 8


def test_orders_that_change_while_a_process_makes_up_for_what_was_missed_keep_where_readers_go_on() -> None:
    streamer = Streamer(begin(first=35, key_at=38))
    obey(streamer, Void(3))
    answers = list(streamer.due(4.05))
    assert [answer.number for answer in answers if isinstance(answer, TransportChunk) and answer.key] == [35, 38, 40]


def test_what_was_missed_for_long_is_given_late_and_withheld() -> None:
    streamer = Streamer(begin())
    obey(streamer, Show(place(200), 0.0, anew=True))
    answers = list(streamer.due(0.45))
    obey(streamer, Show(scene(time_s=4.0, size=SIZE), 4.0, anew=False))
    answers += streamer.due(4.05)
    assert numbers(answers) == list(range(41))
    pictures = shown(answers)
    assert all(grey(picture) < 100 for picture in pictures[5:35])
    assert abs(grey(pictures[40]) - 200) < 8


def test_after_a_very_long_pause_the_time_jumps() -> None:
    streamer = Streamer(begin())
    list(streamer.due(0.05))
    later_s = 2 * MOST_CAUGHT_UP / RATE_HZ
    answers = list(streamer.due(later_s + 0.05)) + list(streamer.due(later_s + 2.05))
    assert numbers(answers)[0] == later_s * RATE_HZ
    assert [answer.first for answer in answers if isinstance(answer, MediaSegment)]


def test_a_stream_goes_on_where_the_process_before_ended() -> None:
    answers = list(Streamer(begin(first=35, key_at=38)).due(4.05))
    assert numbers(answers) == list(range(35, 41))
    assert [answer.number for answer in answers if isinstance(answer, TransportChunk) and answer.key] == [35, 38, 40]
    rest = [answer for answer in answers if isinstance(answer, TransportChunk) and answer.number >= 38]
    assert len(shown(list(rest))) == 3


def test_pictures_of_another_size_begin_with_a_segment() -> None:
    streamer = Streamer(begin())
    obey(streamer, Show(place(200), 0.0, anew=True))
    answers = list(streamer.due(1.25))
    obey(streamer, Show(place(150, Size(240, 160), epoch=1), 1.3, anew=True))
    answers += streamer.due(2.55)
    sizes = [(picture.shape[1], picture.shape[0]) for picture in shown(answers)]
    assert sizes == [(160, 120)] * 15 + [(240, 160)] * 11
    # The view of before is void as soon as the new size is known, though its pictures begin with the next segment.
    assert all(abs(grey(picture) - 200) < 8 for picture in shown(answers)[8:13])
    assert all(grey(picture) < 100 for picture in shown(answers)[13:15])
    inits = [number for number, answer in enumerate(answers) if isinstance(answer, InitSegment)]
    assert len(inits) == 2
    assert isinstance(answers[inits[1] + 1], TransportChunk)
    assert [answer.first for answer in answers if isinstance(answer, MediaSegment)] == [0, 5, 10, 15, 20]


def test_nobody_who_wants_video_means_no_video() -> None:
    streamer = Streamer(begin(Want(video=False, jpeg=True)))
    answers = list(streamer.due(1.05))
    obey(streamer, VIDEO)
    later = list(streamer.due(1.75))
    obey(streamer, Want(video=False, jpeg=True))
    assert not numbers(answers)
    assert numbers(later)[0] == 10
    assert not numbers(list(streamer.due(3.05)))
    obey(streamer, VIDEO)
    again = list(streamer.due(3.35))
    assert numbers(again) == [30, 31, 32, 33]
    assert len(shown(again)) == 4


def test_a_jpeg_comes_when_the_picture_differs_and_once_a_second() -> None:
    streamer = Streamer(begin(Want(video=False, jpeg=True)))
    obey(streamer, Show(place(size=SIZE), 0.0, anew=True))
    answers = [answer for step in range(25) for answer in streamer.due(step * 0.1 + 0.05)]
    jpegs = [answer for answer in answers if isinstance(answer, Jpeg)]
    assert [jpeg.number for jpeg in jpegs] == [0, JPEG_EVERY, 2 * JPEG_EVERY]
    obey(streamer, Show(scene(time_s=0.2, size=SIZE, glyphs=2), 2.5, anew=False))
    (jpeg,) = [answer for answer in streamer.due(2.55) if isinstance(answer, Jpeg)]
    decoded = cv2.imdecode(np.frombuffer(jpeg.data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    expected = render_once(scene(time_s=0.2, size=SIZE, glyphs=2, patches=whole_plate(SIZE)))
    assert float(np.abs(decoded.astype(int) - expected.astype(int)).mean()) < 4


def test_what_was_missed_gives_one_jpeg() -> None:
    answers = list(Streamer(begin(BOTH)).due(3.05))
    assert [answer.number for answer in answers if isinstance(answer, Jpeg)] == [30]


def test_a_process_follows_orders_until_they_end() -> None:
    ended = threading.Event()
    data = io.BytesIO(b"".join(framed(msgspec.msgpack.encode(order)) for order in (begin(BOTH), Show(place(), 0.0, anew=True))))

    class Orders(io.BytesIO):
        def read(self, count: int | None = -1, /) -> bytes:
            found = data.read(count)
            if not found:
                ended.wait()
            return found

    times = iter([0.01 * step for step in range(1000)])

    def now_s() -> float:
        time_s = next(times)
        if time_s > 1.2:
            ended.set()
        return time_s

    answers = io.BytesIO()
    stream(Orders(), answers, now_s)
    answers.seek(0)
    found = []
    while (answer := read_framed(answers)) is not None:
        found.append(msgspec.msgpack.decode(answer, type=Answer))
    assert numbers(found)[:5] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("first", [b"", framed(msgspec.msgpack.encode(VIDEO)), framed(b"\xc1"), b"\xff\xff\xff\xff"])
def test_orders_that_begin_wrong_end_the_process(first: bytes) -> None:
    with pytest.raises(SceneError):
        stream(io.BytesIO(first), io.BytesIO(), lambda: 0.0)
