"""Small clips drawn when a test runs, in every container and codec that PyAV can write: a still background, and a disc that moves over it.

Which frame a picture is can be read from the picture itself, at any size and quality: a row of white and black squares spells its number.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

NUMBER_BITS: Final = 8
SOUND_HZ: Final = 8000
QUICK: Final = {
    "libx264": {"preset": "ultrafast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libsvtav1": {"preset": "10"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}
REORDERED: Final = {"preset": "veryfast", "bf": "3", "b_strategy": "0", "sc_threshold": "0"}
"""For libx264: pictures are stored in another order than they are shown."""


def can_encode(codec: str) -> bool:
    """Whether PyAV's FFmpeg has this encoder."""
    try:
        av.Codec(codec, "w")
    except UnknownCodecError:
        return False
    return True


def drawn(number: int, width_px: int = 96, height_px: int = 64) -> Picture:
    """Picture `number` of a clip: a gradient, a disc that wanders, and the number's bits as squares at the upper left, high bit first."""
    rows, columns = np.mgrid[0:height_px, 0:width_px]
    picture = np.stack([60 + 80 * columns / width_px, 60 + 80 * rows / height_px, np.full(rows.shape, 90.0)], axis=2).astype(np.uint8)
    cv2.circle(picture, ((7 * number) % width_px, height_px * 3 // 4), height_px // 8, (40, 60, 220), -1)
    side = _square_px(width_px)
    for bit in range(NUMBER_BITS):
        picture[:side, bit * side : (bit + 1) * side] = 235 if number >> (NUMBER_BITS - 1 - bit) & 1 else 20
    return picture


def number_of(picture: Picture) -> int:
    """The number that `drawn` wrote into a picture."""
    side = _square_px(picture.shape[1])
    edge = side // 4
    means = [picture[edge : side - edge, bit * side + edge : (bit + 1) * side - edge].mean() for bit in range(NUMBER_BITS)]
    return sum(int(mean > 128) << (NUMBER_BITS - 1 - bit) for bit, mean in enumerate(means))


def _square_px(width_px: int) -> int:
    return width_px // (NUMBER_BITS + 1)


@dataclass(frozen=True)
class Recipe:
    """How a clip is made.

    Attributes:
        codec: The encoder.
        pix_fmt: The pixel format that is encoded.
        count: Number of pictures, if no times are given.
        times: Presentation times in `time_base`; None = 0, 1, 2, ...
        time_base: Seconds a tick.
        size_px: Width and height.
        turned_deg: Degrees counterclockwise in the display matrix.
        mirrored: Mirrored left to right by the display matrix.
        gop: Frames from key frame to key frame.
        options: For the encoder, over `QUICK`.
        container_options: For the muxer.
        metadata: Of the file.
        colour: (matrix, range) as FFmpeg numbers them; None = not tagged.
        pixel_aspect: None = not tagged.
        sound: Adds a track of silence.
    """

    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    count: int = 12
    times: Sequence[int] | None = None
    time_base: Fraction = Fraction(1, 25)
    size_px: tuple[int, int] = (96, 64)
    turned_deg: int = 0
    mirrored: bool = False
    gop: int = 12
    options: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    colour: tuple[int, int] | None = None
    pixel_aspect: Fraction | None = None
    sound: bool = False

    def presentation_times(self) -> list[int]:
        """When each picture is shown, in `time_base`."""
        return list(range(self.count)) if self.times is None else list(self.times)


@contextlib.contextmanager
def usual_priority() -> Iterator[None]:
    """Gives the thread the priority back that it had: SVT-AV1, run by root, leaves it with one of real time, for which all else waits."""
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, parameters)


def write_clip(path: Path, recipe: Recipe, container: str | None = None, pictures: Iterable[Picture] | None = None) -> Path:
    """Encodes a clip and returns its path; `container` is FFmpeg's name of the format, by default what the path's suffix says."""
    with usual_priority():
        return _written(path, recipe, container, pictures)


def _written(path: Path, recipe: Recipe, container: str | None, pictures: Iterable[Picture] | None) -> Path:
    times = recipe.presentation_times()
    shown = pictures if pictures is not None else (drawn(number, *recipe.size_px) for number in range(len(times)))
    with av.open(str(path), "w", format=container, container_options=recipe.container_options) as output:
        output.metadata.update(recipe.metadata)
        rate = round(1 / recipe.time_base) if recipe.times is None else 25
        stream = cast("VideoStream", output.add_stream(recipe.codec, rate=rate, options=QUICK.get(recipe.codec, {}) | recipe.options))
        _configure(stream, recipe)
        sound = output.add_stream("aac", rate=SOUND_HZ) if recipe.sound else None
        for pts, picture in zip(times, shown, strict=False):
            frame = _frame(picture, recipe)
            frame.pts, frame.time_base = pts, recipe.time_base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            output.mux(list(_silence(sound, float(times[-1] * recipe.time_base) + 0.5)))
    return path


def write_sound(path: Path, *, cover: bool) -> Path:
    """An MP4 file with half a second of silence and, if wished, a cover picture."""
    with av.open(str(path), "w", format="mp4") as output:
        sound = output.add_stream("aac", rate=SOUND_HZ)
        if cover:
            picture = output.add_stream("mjpeg", rate=25)
            _configure(picture, Recipe("mjpeg", "yuvj420p"))
            picture.disposition = Disposition.attached_pic
            frame = _frame(drawn(0), Recipe("mjpeg", "yuvj420p"))
            frame.pts, frame.time_base = 0, Fraction(1, 25)
            output.mux(picture.encode(frame) + picture.encode(None))
        output.mux(list(_silence(sound, 0.5)))
    return path


def _configure(stream: VideoStream, recipe: Recipe) -> None:
    stream.width, stream.height = recipe.size_px
    stream.pix_fmt = recipe.pix_fmt
    context = stream.codec_context
    context.time_base = recipe.time_base
    context.gop_size = recipe.gop
    context.thread_count = 1
    if recipe.codec == "mjpeg":
        context.color_range = 2
    if recipe.colour is not None:
        context.colorspace, context.color_range = recipe.colour
    if recipe.pixel_aspect is not None:
        context.sample_aspect_ratio = recipe.pixel_aspect
    if recipe.turned_deg or recipe.mirrored:
        stream.set_display_rotation(recipe.turned_deg, hflip=recipe.mirrored)


def _frame(picture: Picture, recipe: Recipe) -> VideoFrame:
    matrix, value_range = recipe.colour or (None, None)
    frame = VideoFrame.from_ndarray(picture, "bgr24")
    return frame.reformat(format=recipe.pix_fmt, dst_colorspace=matrix, dst_color_range=value_range)


def _silence(stream: AudioStream, length_s: float) -> "Iterator[av.Packet[AudioStream]]":
    layout = stream.codec_context.layout
    samples = np.zeros((layout.nb_channels, 1024), dtype=np.float32)
    for start in range(0, round(length_s * SOUND_HZ), 1024):
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout.name)
        frame.sample_rate, frame.pts = SOUND_HZ, start
        yield from stream.encode(frame)
    yield from stream.encode(None)
