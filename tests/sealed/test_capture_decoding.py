import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import av
import pytest
from av.container.input import InputContainer

from passerby.sealed.capture.decoding import Damage, Decoding
from passerby.sealed.capture.source import open_container, open_descriptor, video_stream
from tests.support.clips import Recipe, write_clip


class Interrupted:
    """A container whose reading is interrupted after every five packets, and ends with an error of choice."""

    def __init__(self, container: InputContainer, interruptions: int, last: Callable[[], Exception] | None = None) -> None:
        self._packets = container.demux(video=0)
        self._interruptions = interruptions
        self._last = last

    def demux(self, _: object) -> "Iterator[av.Packet[Any]]":
        for number, packet in enumerate(self._packets):
            yield packet
            if number % 5 == 4 and self._interruptions:
                self._interruptions -= 1
                raise av.InvalidDataError(1094995529, "Invalid data found when processing input")
        if self._last is not None:
            raise self._last()


def decoded(path: Path, interruptions: int, last: Callable[[], Exception] | None = None) -> tuple[int, int]:
    damage = Damage()
    with av.open(str(path)) as container:
        stand_in = cast("InputContainer", Interrupted(container, interruptions, last))
        pictures = sum(1 for _ in Decoding(stand_in, container.streams.video[0], lambda _: None, damage).pictures())
    return pictures, damage.packets


def test_reading_goes_on_behind_an_error_of_the_container(tmp_path: Path) -> None:
    assert decoded(write_clip(tmp_path / "clip.mp4", Recipe(count=40)), 3) == (40, 3)


def test_a_container_that_gives_nothing_but_errors_is_left_in_the_end(tmp_path: Path) -> None:
    pictures, errors = decoded(write_clip(tmp_path / "clip.mp4", Recipe(count=4)), 0, lambda: av.InvalidDataError(1, "lost"))
    assert (pictures, errors) == (4, 1)


def test_pyav_losing_count_of_streams_that_appear_midway_is_the_end_of_the_file(tmp_path: Path) -> None:
    assert decoded(write_clip(tmp_path / "clip.mp4", Recipe(count=4)), 0, lambda: IndexError("list index out of range")) == (4, 0)


@pytest.mark.parametrize(("codec", "most"), [("libx264", 4), ("libvpx-vp9", 4), ("libx265", 1)])
def test_decoders_that_hang_on_some_damaged_streams_get_no_threads(tmp_path: Path, codec: str, most: int) -> None:
    path = write_clip(tmp_path / "clip.mkv", Recipe(codec, count=1))
    descriptor = open_descriptor(path)
    try:
        with open_container(descriptor, path) as container:
            assert 1 <= video_stream(container, path).codec_context.thread_count <= most
    finally:
        os.close(descriptor)
