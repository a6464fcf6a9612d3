"""Clips as files: what is in them, and their pictures in order. The only way in which files enter a sealed process."""

import math
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from weakref import WeakSet

from av.container.input import InputContainer
from av.video.stream import VideoStream

from passerby.errors import InputError, SettingsError
from passerby.released.scene import Size
from passerby.sealed.capture.decoding import Damage, Decoding
from passerby.sealed.capture.frame import Frame, PictureConverter
from passerby.sealed.capture.readahead import Readahead
from passerby.sealed.capture.reading import Reading, Reel
from passerby.sealed.capture.source import LARGEST_PICTURE_PX, open_container, open_descriptor, refuse_encrypted, video_stream
from passerby.sealed.capture.timeline import Timeline

_AHEAD: Final = 4
"""Decoded pictures that may wait: 12 MB each at 3840x2160."""
_FALLBACK_RATE_HZ: Final = 25
_FALLBACK_TIME_BASE: Final = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What a clip says about itself, and how its first picture was found to be.

    Attributes:
        size: Size of the first picture, upright, as decoded; may be odd.
        duration_s: Length in seconds as the file claims; None = unknown.
        frames_estimate: Number of frames as the file claims, or length times rate; None = unknown.
        average_rate_hz: Frames a second on average; None = unknown.
        codec: FFmpeg's name of the codec, such as `h264`.
        pixel_format: FFmpeg's name of the first picture's format, such as `yuv420p`.
        rotation_deg: Degrees clockwise (0, 90, 180, 270) by which the stored pictures are turned to stand upright.
        pixel_aspect: Width of a pixel over its height, upright; 1 = square.
    """

    size: Size
    duration_s: float | None
    frames_estimate: int | None
    average_rate_hz: float | None
    codec: str
    pixel_format: str
    rotation_deg: int
    pixel_aspect: Fraction


class Clip:
    """An open clip, made by `open_clip`. Several iterations may run one after the other or side by side: each decodes for itself.

    Of several video streams the one with the most pixels is taken, then the one marked as default, then the first. Sound is never decoded.

    Attributes:
        path: The file.
        info: What is in it.
        time_base: Seconds a tick of `Frame.pts`.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._closed = False
        self._lock = threading.Lock()
        self._running: WeakSet[Readahead[Frame]] = WeakSet()
        self._latest: Reading | None = None
        with open_container(descriptor, path) as container:
            stream = video_stream(container, path)
            self.time_base = stream.time_base or _FALLBACK_TIME_BASE
            self.info, self._reel = self._first_look(container, stream, descriptor)

    def _first_look(self, container: InputContainer, stream: VideoStream, descriptor: int) -> tuple[ClipInfo, Reel]:
        decoding = Decoding(container, stream, partial(refuse_encrypted, path=self.path), Damage())
        first = next(decoding.pictures(), None)
        if first is None:
            raise InputError(
                f"{self.path}: no picture could be decoded",
                f"it is damaged, cut off, encrypted, or larger than {LARGEST_PICTURE_PX // 10**6} million pixels; export it again",
            )
        converter = PictureConverter()
        orientation = converter.orientation(first)
        rate_hz = _rate_hz(stream)
        duration_s = _duration_s(container, stream, self.time_base)
        frames = stream.frames or round((duration_s or 0) * (rate_hz or 0))
        aspect = stream.sample_aspect_ratio or Fraction(1)
        info = ClipInfo(
            size=orientation.upright_size(Size(first.width, first.height)),
            duration_s=duration_s,
            frames_estimate=frames or None,
            average_rate_hz=rate_hz,
            codec=stream.codec_context.codec.canonical_name,
            pixel_format=first.format.name,
            rotation_deg=orientation.rotation_deg,
            pixel_aspect=1 / aspect if orientation.transposed else aspect,
        )
        step_ticks = max(1, round(1 / (self.time_base * Fraction(rate_hz or _FALLBACK_RATE_HZ))))
        timeline = Timeline(self.time_base, step_ticks)
        timeline.place(first.dts if first.pts is None else first.pts)
        return info, Reel(self.path, descriptor, self.time_base, step_ticks, timeline.origin, converter)

    @property
    def damaged(self) -> int:
        """Packets that the latest iteration could not read or decode so far, and pictures that the decoder had to guess in parts."""
        return self._latest.damaged if self._latest else 0

    @property
    def repaired(self) -> int:
        """Timestamps that the latest iteration repaired so far: missing, repeated, running backwards, or a day ahead (see `Timeline`)."""
        return self._latest.repaired if self._latest else 0

    def frames(self, from_s: float | None = None, to_s: float | None = None) -> Iterator[Frame]:
        """Yields the frames with from_s <= time_s < to_s in presentation order, decoded in a thread a few frames ahead.

        Timestamps are kept exactly, at whatever rate they come. Missing, repeated or backward ones are repaired so that they increase
        strictly, as `Timeline` says, and counted in `repaired`; damaged packets are skipped and counted in `damaged`. In MP4, MOV, MKV and
        WebM decoding starts at a key frame before `from_s`, elsewhere at the beginning. Closing the iterator ends the decoding.

        Args:
            from_s: Seconds since the first frame; None = the first frame.
            to_s: Seconds since the first frame, not included; None = the end. May lie behind the end.

        Raises:
            SettingsError: The range is empty, negative or not a number. Raised at once.
            InputError: The clip has no frame in the range, or none at all.
        """
        for name, value in (("from", from_s), ("to", to_s)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise SettingsError(f"--{name} {value} is no time in a clip", "give seconds since its beginning, 0 or more")
        if to_s is not None and (from_s or 0) >= to_s:
            raise SettingsError(f"--from {from_s or 0:g} is not before --to {to_s:g}", "the range holds the frames from the first up to the second")
        return self._run(Reading(self._reel, from_s or 0.0, math.inf if to_s is None else to_s), from_s)

    def _run(self, reading: Reading, from_s: float | None) -> Iterator[Frame]:
        ahead = Readahead(reading.frames, _AHEAD)
        with self._lock:
            if self._closed:
                raise ValueError("the clip is closed")
            self._latest = reading
            self._running.add(ahead)
        try:
            yield from ahead
        finally:
            ahead.close()
        if not reading.given:
            raise self._nothing_found(reading, from_s)

    def _nothing_found(self, reading: Reading, from_s: float | None) -> InputError:
        if reading.last_s is None:
            return InputError(f"{self.path}: no picture could be decoded", "the file is damaged or was changed while it was read")
        return InputError(
            f"{self.path}: no frame lies in the range from {from_s or 0:g} s; the last one before its end is at {reading.last_s:.2f} s",
            "give an earlier --from or a later --to",
        )

    def close(self) -> None:
        """Ends running iterations and closes the file."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            running = list(self._running)
        for ahead in running:
            ahead.close()
        os.close(self._reel.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_clip(path: Path) -> Clip:
    """The clip in a file, with its first picture already decoded once, so that it is known to be one.

    Raises:
        InputError: The file is missing, a folder, empty, not readable, no video, has no video stream, a codec that is not supported, is
            encrypted, or gives not a single picture.
    """
    descriptor = open_descriptor(path)
    try:
        return Clip(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _rate_hz(stream: VideoStream) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate else None


def _duration_s(container: InputContainer, stream: VideoStream, time_base: Fraction) -> float | None:
    if stream.duration and stream.duration > 0:
        return float(stream.duration * time_base)
    if container.duration and container.duration > 0:
        return container.duration / 1_000_000
    return None
