"""Released pictures become an MP4 file. No sound, and nothing of the input but the times at which pictures are shown."""

import contextlib
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import av
import cv2
import numpy as np
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from passerby.errors import OutputError
from passerby.released.h264 import StreamShape, UnsupportedStreamError, byte_stream, is_idr, is_picture, nal_units
from passerby.released.partial_file import PartialFile, output_error
from passerby.released.scene import Size

_FINEST_TIMESCALE_HZ: Final = 1_000_000
"""Ticks a second at most. MP4 allows more, but keeps the distance of two frames in 31 bits: at this scale up to 35 minutes."""
_LONGEST_GAP_TICKS: Final = 2**31 - 2
_LONE_FRAME_S: Final = Fraction(1, 25)
_ENCODER_THREADS: Final = 2
"""One encodes while the next picture is rendered. More would take 30 MB each at 3840x2160 and gain nothing at five pictures a second."""
X264: Final = {
    # Pictures in their order, each referring to the one before: `released.h264` needs that, and no picture waits in memory.
    "bframes": "0",
    "ref": "1",
    "weightp": "0",
    "cabac": "0",
    "scenecut": "0",
    "keyint": "infinite",  # key frames are asked for, since repeated pictures count as well
    "rc-lookahead": "0",
    "sync-lookahead": "0",
    "mbtree": "0",
    # The plate does not move and glyphs stand on a grid of whole pixels.
    "subme": "0",
    "me": "dia",
    # Key frames carry the plate for the whole group: they are made sharper than the few blocks that change.
    "ipratio": "2.0",
}
_INDEX_FIRST: Final = "+faststart"
_FRAGMENTS: Final = "+frag_keyframe+empty_moov+default_base_moof"
"""A head without frames, then a fragment for each key frame."""
_BT709: Final = 1
_SMPTE170M: Final = 6
_LIMITED_RANGE: Final = 1


class ByteSink(Protocol):
    """Takes bytes, one after the other."""

    def write(self, data: bytes, /) -> object:
        """Takes all of them. May raise OSError."""
        ...


class _NoFile:
    """In place of a partial file where nothing is written to the disk."""

    path = Path()

    def commit(self) -> None:
        pass

    def discard(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Planned:
    """A frame on its way through the encoder, or one that repeats the frame before it."""

    ticks: int
    duration_ticks: int
    repeats: bool


class Mp4Writer:
    """Writes pictures as H.264 (yuv420p) into an MP4 file whose index comes first ("faststart"). Use it as a context manager.

    The file appears under its name when `close` has succeeded, and never otherwise: meanwhile it is `.NAME.partial-PID` beside it, and an
    exception inside the `with` block (Ctrl-C as well) removes that.

    Size: H.264 in 4:2:0 needs even sizes; the last column or row of an odd picture is repeated once.

    Time: frames are shown at the times given, at whatever rate. They are exact if the time base's denominator is at most 1,000,000; else they
    are rounded to microseconds. Two frames may be at most 2**31 - 2 ticks apart: 35 minutes at 1/1,000,000, 6.6 hours at 1/90,000.

    Quality: `crf` is the quantiser of what changes, as x264's CRF is for pictures of even difficulty; key frames get one that is 6 less.
    Adaptive quantisation and rate control go by the difficulty of a picture, and a redacted one hardly has any: without them half the size
    and time are saved.

    Colour: converted and tagged as BT.601 with limited range, primaries and transfer as BT.709.

    Attributes:
        path: The target.

    Args:
        path: The target; its folder must exist.
        size: Size of all pictures; may be odd.
        time_base: Seconds a tick of the times given to `write`.
        crf: 1 to 51; a smaller one gives a better picture and a larger file.
        gop: Frames from key frame to key frame, at most.
        preset: x264's preset; decides on partitions and transforms only.
        overwrite: Whether an existing file is replaced.
        pixel_aspect: Width of a pixel over its height.

    Raises:
        OutputError: The target exists, cannot be written, or the size cannot be encoded.
    """

    _sink: ByteSink | None = None

    def __init__(
        self,
        path: Path,
        size: Size,
        time_base: Fraction,
        *,
        crf: int = 23,
        gop: int = 250,
        preset: str = "veryfast",
        overwrite: bool = False,
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        if not (1 <= crf <= 51 and gop >= 1 and time_base > 0):
            raise ValueError(f"crf {crf}, gop {gop}, time base {time_base}: out of range")
        self.path = path
        self._size = size
        self._gop = gop
        self._timescale_hz = min(time_base.denominator, _FINEST_TIMESCALE_HZ)
        self._ticks_per_unit = time_base * self._timescale_hz
        self._last_pts: int | None = None
        self._last_ticks = 0
        self._step_ticks = max(1, round(_LONE_FRAME_S * self._timescale_hz))
        self._last_picture: NDArray[np.uint8] | None = None
        self._last_i420: NDArray[np.uint8] | None = None
        self._since_key = 0
        self._frame_num = 0
        self._planned: deque[_Planned] = deque()
        self._done = False
        self._partial = PartialFile(path, overwrite=overwrite) if self._sink is None else _NoFile()
        try:
            self._open(crf, preset, pixel_aspect)
        except (av.FFmpegError, OSError) as error:
            self._partial.discard()
            raise OutputError(
                f"{path}: pictures of {size.width_px} x {size.height_px} cannot be encoded as H.264: {error.strerror}", "scale the clip"
            ) from error
        except BaseException:
            self._partial.discard()
            raise

    def _open(self, crf: int, preset: str, pixel_aspect: Fraction) -> None:
        width_px, height_px = (side + side % 2 for side in (self._size.width_px, self._size.height_px))
        # "bitexact" leaves out the muxer's name, the date and random numbers.
        options = {
            "movflags": _INDEX_FIRST if self._sink is None else _FRAGMENTS,
            "fflags": "+bitexact",
            "movie_timescale": str(self._timescale_hz),
        }
        self._container = av.open(str(self._partial.path) if self._sink is None else self._sink, "w", format="mp4", container_options=options)
        time_base = Fraction(1, self._timescale_hz)
        self._stream = self._container.add_stream("libx264", width=width_px, height=height_px, time_base=time_base, pix_fmt="yuv420p")
        context = self._stream.codec_context
        context.thread_type = ThreadType.FRAME
        context.thread_count = _ENCODER_THREADS
        context.sample_aspect_ratio = pixel_aspect
        tag_colours(context)
        context.options = {
            "preset": preset,
            "qp": str(crf),
            "forced-idr": "1",
            "x264-params": ":".join(f"{name}={value}" for name, value in X264.items()),
        }
        context.open()
        try:
            self._shape: StreamShape | None = StreamShape.of(context.extradata or b"")
        except UnsupportedStreamError:
            self._shape = None  # another encoder than the one this was made for: it then encodes repeated pictures as well

    def write(self, picture_bgr: NDArray[np.uint8], pts: int) -> None:
        """Adds a frame.

        A picture equal to the one before costs next to nothing; if it is the very same array it is not even looked at. So an array that was
        written must not be changed and written again.

        Args:
            picture_bgr: height x width x 3, uint8.
            pts: When it is shown, in units of the time base, greater than the one before; not negative.

        Raises:
            OutputError: The disk is full or fails, or the frame lies too far from the one before.
            ValueError: The picture or the time does not fit.
        """
        ticks = self._ticks(picture_bgr, pts)
        i420 = self._last_i420
        repeats = picture_bgr is self._last_picture
        if i420 is None or not repeats:
            i420 = even_i420(picture_bgr)
            repeats = self._last_i420 is not None and np.array_equal(i420, self._last_i420)
            self._last_i420, self._last_picture = i420, picture_bgr
        key = self._last_pts is None or self._since_key >= self._gop
        if self._last_pts is not None:
            self._step_ticks = ticks - self._last_ticks
        self._last_pts, self._last_ticks = pts, ticks
        self._since_key = 1 if key else self._since_key + 1
        planned = _Planned(ticks, self._step_ticks, repeats and not key and self._shape is not None)
        try:
            self._plan(planned, i420, key=key)
        except (av.FFmpegError, OSError) as error:
            self.discard()
            raise output_error(self.path, error) from error

    def close(self) -> None:
        """Finishes the file and gives it its name.

        Raises:
            OutputError: Nothing was written, or the file could not be finished; nothing is left behind then.
        """
        if self._done:
            return
        try:
            self._require_frames()
            self._drain(None)
            self._container.close()
            self._done = True
            self._partial.commit()
        except (av.FFmpegError, OSError) as error:
            self.discard()
            raise output_error(self.path, error) from error
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Gives up: leaves nothing behind. May be called again."""
        # First the name, so that nothing is left even if FFmpeg fails now. It also spares the second pass over the file ("faststart").
        self._partial.discard()
        if not self._done:
            self._done = True
            with contextlib.suppress(av.FFmpegError, OSError):
                self._container.close()  # fails: the file cannot be finished any more

    def _require_frames(self) -> None:
        if self._last_pts is None:
            raise OutputError(f"{self.path}: there is no frame to write", "choose a range that holds frames")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _ticks(self, picture: NDArray[np.uint8], pts: int) -> int:
        if self._done:
            raise ValueError("the writer is closed")
        expected = (self._size.height_px, self._size.width_px, 3)
        if picture.shape != expected or picture.dtype != np.uint8:
            raise ValueError(f"a picture of {expected} uint8 was expected, not {picture.shape} {picture.dtype}")
        if pts < 0 or (self._last_pts is not None and pts <= self._last_pts):
            raise ValueError(f"frame times must increase: {pts} after {self._last_pts}")
        ticks = round(pts * self._ticks_per_unit)
        if self._last_pts is None:
            return ticks
        if ticks - self._last_ticks > _LONGEST_GAP_TICKS:
            gap_s = (ticks - self._last_ticks) / self._timescale_hz
            raise OutputError(f"{self.path}: MP4 cannot hold a gap of {gap_s:.0f} s between two frames", "split the clip there with --from and --to")
        return max(ticks, self._last_ticks + 1)

    def _plan(self, planned: _Planned, i420: NDArray[np.uint8], *, key: bool) -> None:
        self._planned.append(planned)
        if planned.repeats:
            self._write_repeats()
            return
        frame = encoder_frame(i420)
        frame.pts = planned.ticks
        frame.time_base = Fraction(1, self._timescale_hz)
        if key:
            frame.pict_type = PictureType.I
        self._drain(frame)

    def _drain(self, frame: VideoFrame | None) -> None:
        """Gives the encoder a frame (None: the end) and writes what comes out, which is for the first planned frame: the order is kept."""
        for packet in self._stream.encode(frame):
            # Parameter sets stand in the file's header; the encoder's remarks on itself (SEI) are left out.
            units = [unit for unit in nal_units(bytes(packet)) if is_picture(unit)]
            if self._shape is not None:
                self._frame_num = 0 if is_idr(units[0]) else self._frame_num + 1
                units = [unit if is_idr(unit) else self._shape.with_frame_num(unit, self._frame_num) for unit in units]
            self._mux(self._planned.popleft(), units)
            self._write_repeats()

    def _write_repeats(self) -> None:
        """Writes repeated frames whose original has left the encoder."""
        while self._planned and self._planned[0].repeats and self._shape is not None:
            self._frame_num += 1
            self._mux(self._planned.popleft(), [self._shape.repeated_picture(self._frame_num)])

    def _mux(self, planned: _Planned, units: list[bytes]) -> None:
        packet = av.Packet(byte_stream(units))
        packet.stream = self._stream
        packet.time_base = Fraction(1, self._timescale_hz)
        packet.pts = packet.dts = planned.ticks
        packet.duration = planned.duration_ticks
        packet.is_keyframe = is_idr(units[0])
        self._container.mux_one(packet)


def even_i420(picture_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at even size: height * 3/2 x width, planes Y, U and V one after the other."""
    odd_rows, odd_columns = picture_bgr.shape[0] % 2, picture_bgr.shape[1] % 2
    if odd_rows or odd_columns:
        picture_bgr = np.asarray(cv2.copyMakeBorder(picture_bgr, 0, odd_rows, 0, odd_columns, cv2.BORDER_REPLICATE), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(picture_bgr, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)


def encoder_frame(i420: NDArray[np.uint8]) -> VideoFrame:
    """Planes as `even_i420` gives them, for an encoder. They are lent, not copied, where that is possible: they must stay as they are."""
    # PyAV cannot lend the encoder an array of two rows, and lends a wrong V plane where the half height is odd; all others it can.
    lendable = i420.shape[0] % 6 == 0 and i420.shape[0] > 3
    return (VideoFrame.from_numpy_buffer if lendable else VideoFrame.from_ndarray)(i420, "yuv420p")


def tag_colours(context: VideoCodecContext) -> None:
    """Says of a stream what `even_i420` makes."""
    context.color_range, context.colorspace = _LIMITED_RANGE, _SMPTE170M
    context.color_primaries = context.color_trc = _BT709


class Mp4Stream(Mp4Writer):
    """The same MP4, given out as it is made: in fragments, the frames bit by bit those of `Mp4Writer`. No file is touched.

    Times begin with the first frame. What was given out cannot be taken back: `discard` leaves it without its end.

    Args:
        sink: Takes the bytes.
        name: What it is called, for errors.
        size: Size of all pictures.
        time_base: Seconds a tick of the times given to `write`.

    Raises:
        OutputError: The size cannot be encoded.
    """

    def __init__(self, sink: ByteSink, name: str, size: Size, time_base: Fraction) -> None:
        self._sink = sink
        super().__init__(Path(name), size, time_base)
