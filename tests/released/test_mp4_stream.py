"""The MP4 that is given out as it is made: the frames of the file, and no file."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.errors import OutputError
from passerby.released.scene import Size
from passerby.released.video import Mp4Stream, Mp4Writer

SIZE = Size(64, 48)
BASE = Fraction(1, 90_000)


class Sink:
    """Takes bytes; from some number on it takes none."""

    def __init__(self, most_bytes: int = 10**9) -> None:
        self.data = bytearray()
        self._most_bytes = most_bytes

    def write(self, data: bytes, /) -> int:
        if len(self.data) + len(data) > self._most_bytes:
            raise BrokenPipeError
        self.data += data
        return len(data)


def picture(value: int) -> NDArray[np.uint8]:
    drawn = np.full((48, 64, 3), 90, np.uint8)
    drawn[8 : 8 + value % 30, 10:40] = (value * 37) % 256
    return drawn


def frames_of(data: bytes) -> list[tuple[int, NDArray[np.uint8]]]:
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        base = stream.time_base or Fraction(1)
        return [(round((frame.pts or 0) * base / BASE), frame.to_ndarray(format="bgr24").astype(np.uint8)) for frame in container.decode(stream)]


@given(steps=st.lists(st.tuples(st.integers(1, 400_000), st.integers(0, 60)), min_size=1, max_size=40))
@settings(max_examples=20, deadline=None)
def test_a_stream_has_the_frames_and_the_times_of_the_file(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]) -> None:
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    sink = Sink()
    with Mp4Stream(sink, "a.mp4", SIZE, BASE) as stream, Mp4Writer(path, SIZE, BASE, gop=250) as writer:
        ticks = 0
        for number, (step, value) in enumerate(steps):
            ticks += step if number else 0
            stream.write(picture(value), ticks)
            writer.write(picture(value), ticks)
    one, other = frames_of(bytes(sink.data)), frames_of(path.read_bytes())
    assert [at for at, _ in one] == [at for at, _ in other]
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))


def test_a_stream_gives_out_what_it_has_and_touches_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sink = Sink()
    with Mp4Stream(sink, "a.mp4", SIZE, BASE) as stream:
        for number in range(600):
            stream.write(picture(number), number * 18_000)
        assert bytes(sink.data[4:8]) == b"ftyp"
        assert sink.data.count(b"moof") >= 1, "the first fragment is there before the last frame"
    assert list(tmp_path.iterdir()) == []


def test_a_sink_that_takes_no_more_ends_the_stream() -> None:
    stream = Mp4Stream(Sink(2000), "a.mp4", SIZE, BASE)

    def write_all() -> None:
        for number in range(3000):
            stream.write(picture(number), number * 18_000)
        stream.close()

    with pytest.raises(OutputError):
        write_all()
