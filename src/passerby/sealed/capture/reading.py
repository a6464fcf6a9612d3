"""One iteration over a clip: opens, goes to the right place, decodes, puts the frames in their places in time. Runs in its own thread."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

import av
from av.container.input import InputContainer
from av.video.stream import VideoStream

from passerby.sealed.capture.decoding import Damage, Decoding
from passerby.sealed.capture.frame import Frame, PictureConverter
from passerby.sealed.capture.source import open_container, refuse_encrypted, video_stream
from passerby.sealed.capture.timeline import Timeline

_SEEKABLE: Final = frozenset({"mov", "matroska", "webm"})
"""Containers with an index of key frames. In the others FFmpeg guesses a place from the bit rate, and packets there may lack timestamps."""
_SEEK_MARGIN_S: Final = 2.0
"""Pictures right after a key frame may refer to ones before it (open groups of pictures), so decoding starts a little earlier."""


@dataclass(frozen=True, slots=True)
class Reel:
    """What an iteration must know of its clip.

    Attributes:
        path: The file, for messages.
        descriptor: Where to read; shared by all iterations.
        time_base: Seconds a tick.
        step_ticks: Nominal distance of two frames.
        origin: Timestamp of the clip's first picture; None = it has none.
        converter: Turns its pictures into BGR.
    """

    path: Path
    descriptor: int
    time_base: Fraction
    step_ticks: int
    origin: int | None
    converter: PictureConverter


class Reading:
    """Frames of a reel with from_s <= time_s < to_s. Iterate `frames` once; the counters may be read meanwhile.

    Attributes:
        given: Frames handed out.
        last_s: Time of the last frame met, in or before the range; None = none yet.
    """

    def __init__(self, reel: Reel, from_s: float, to_s: float) -> None:
        self._reel = reel
        self._from_s = from_s
        self._to_s = to_s
        self._damage = Damage()
        self._timeline = Timeline(reel.time_base, reel.step_ticks, reel.origin)
        self.given = 0
        self.last_s: float | None = None

    @property
    def damaged(self) -> int:
        """Packets skipped and pictures guessed so far."""
        return self._damage.packets

    @property
    def repaired(self) -> int:
        """Timestamps repaired so far."""
        return self._timeline.repaired

    def frames(self) -> Iterator[Frame]:
        """Yields the frames; raises InputError when the file cannot be opened any more."""
        if self._from_s > _SEEK_MARGIN_S and self._lands_before():
            yield from self._frames(seek=True)
        else:
            yield from self._frames(seek=False)

    def _lands_before(self) -> bool:
        """Whether seeking leads to a picture at or before the range, so that none in it is missed."""
        reel = self._reel
        with open_container(reel.descriptor, reel.path) as container:
            stream = video_stream(container, reel.path)
            if not self._seek(container, stream):
                return False
            first = next(self._decoding(container, stream, Damage()).pictures(), None)
            if first is None or first.pts is None or reel.origin is None:
                return False
            return 0 <= (first.pts - reel.origin) * reel.time_base <= self._from_s

    def _seek(self, container: InputContainer, stream: VideoStream) -> bool:
        reel = self._reel
        if reel.origin is None or _SEEKABLE.isdisjoint(container.format.name.split(",")):
            return False
        try:
            container.seek(reel.origin + math.floor((self._from_s - _SEEK_MARGIN_S) / reel.time_base), stream=stream)
        except (av.FFmpegError, OSError, OverflowError):
            return False
        return True

    def _decoding(self, container: InputContainer, stream: VideoStream, damage: Damage) -> Decoding:
        # Nothing that refers to this reading: a circle would keep a decoder with its pictures until the garbage collector comes by.
        return Decoding(container, stream, partial(refuse_encrypted, path=self._reel.path), damage)

    def _frames(self, *, seek: bool) -> Iterator[Frame]:
        reel = self._reel
        with open_container(reel.descriptor, reel.path) as container:
            stream = video_stream(container, reel.path)
            if seek:
                self._seek(container, stream)
            for picture in self._decoding(container, stream, self._damage).pictures():
                pts = self._timeline.place(picture.dts if picture.pts is None else picture.pts)
                time_s = pts * reel.time_base.numerator / reel.time_base.denominator
                if time_s >= self._to_s:
                    return
                self.last_s = time_s
                if time_s >= self._from_s:
                    yield Frame(picture, reel.converter, index=self.given, pts=pts, time_s=time_s, name=str(reel.path))
                    self.given += 1
