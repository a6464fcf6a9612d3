"""Released pictures become H.264 as it goes over a network: pictures come out as they go in, none waits, and a repeated one costs six bytes."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from passerby.errors import OutputError
from passerby.released.h264 import StreamShape, UnsupportedStreamError, is_idr, is_picture, nal_units
from passerby.released.scene import Size
from passerby.released.video import X264, encoder_frame, even_i420, tag_colours

PRESET: Final = "veryfast"
QUANTISER: Final = 26
_SPS, _PPS = 7, 8
# Key frames come often here, so they are hardly finer than what changes. Without a constant rate x264 would wait for the next picture's time.
_PARAMETERS: Final = {**X264, "ipratio": "1.1", "force-cfr": "1"}


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """A picture of the stream: its NAL units without parameter sets, and whether a decoder can begin with it."""

    units: tuple[bytes, ...]
    key: bool


class StreamEncoder:
    """Encodes the pictures of one stream at a constant rate.

    Args:
        size: Of all pictures; an odd side is made even by repeating the last row or column.
        rate_hz: Pictures a second.

    Attributes:
        size: Size of the pictures that go in.
        encoded_size: Size of those that come out.
        parameter_sets: The sequence and the picture parameter set, as NAL units.

    Raises:
        OutputError: Pictures of that size cannot be encoded.
    """

    def __init__(self, size: Size, rate_hz: int) -> None:
        self.size = size
        self.encoded_size = Size(size.width_px + size.width_px % 2, size.height_px + size.height_px % 2)
        context = VideoCodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = self.encoded_size.width_px, self.encoded_size.height_px, "yuv420p"
        context.time_base, context.framerate = Fraction(1, rate_hz), Fraction(rate_hz)
        context.thread_count = 1
        context.flags |= Flags.global_header
        tag_colours(context)
        parameters = ":".join(f"{name}={value}" for name, value in _PARAMETERS.items())
        context.options = {"preset": PRESET, "qp": str(QUANTISER), "forced-idr": "1", "x264-params": parameters}
        try:
            context.open()
        except (av.FFmpegError, OSError) as error:
            raise OutputError(f"pictures of {size.width_px} x {size.height_px} cannot be encoded as H.264: {error.strerror}") from error
        self._context = context
        units = {unit[0] & 31: unit for unit in nal_units(context.extradata or b"")}
        self.parameter_sets = units[_SPS], units[_PPS]
        try:
            self._shape: StreamShape | None = StreamShape.of(context.extradata or b"")
        except UnsupportedStreamError:
            self._shape = None  # another encoder than the one this was made for: it then encodes repeated pictures as well
        self._count = 0
        self._frame_num = 0
        self._last: NDArray[np.uint8] | None = None
        self._last_i420: NDArray[np.uint8] | None = None

    def picture(self, picture_bgr: NDArray[np.uint8], *, key: bool) -> AccessUnit:
        """The next picture of the stream; the first is a key frame in any case.

        A picture that is the very same array as the one before, or equal to it, is not encoded again, but where a key frame is asked for.

        Args:
            picture_bgr: height x width x 3, uint8.
            key: Whether a decoder shall be able to begin with it.

        Raises:
            OutputError: The encoder failed.
        """
        i420, repeats = self._last_i420, picture_bgr is self._last
        key = key or i420 is None
        if i420 is None or not repeats:
            i420 = even_i420(picture_bgr)
            repeats = self._last_i420 is not None and np.array_equal(i420, self._last_i420)
            self._last_i420, self._last = i420, picture_bgr
        self._frame_num = 0 if key else self._frame_num + 1
        if repeats and not key and self._shape is not None:
            return AccessUnit((self._shape.repeated_picture(self._frame_num),), key=False)
        return self._encoded(i420, key=key)

    def _encoded(self, i420: NDArray[np.uint8], *, key: bool) -> AccessUnit:
        frame = encoder_frame(i420)
        frame.pts, self._count = self._count, self._count + 1
        if key:
            frame.pict_type = PictureType.I
        try:
            packets = self._context.encode(frame)
        except (av.FFmpegError, OSError) as error:
            raise OutputError(f"a picture could not be encoded: {error.strerror}") from error
        # The encoder's remarks on itself (SEI) are left out.
        units = tuple(unit for packet in packets for unit in nal_units(bytes(packet)) if is_picture(unit))
        if not units or is_idr(units[0]) is not key:
            raise OutputError("the encoder gave another picture than it was asked for")
        if self._shape is not None and not key:
            units = tuple(self._shape.with_frame_num(unit, self._frame_num) for unit in units)
        return AccessUnit(units, key)
