"""One picture of a camera on its way to the gate."""

from contextlib import suppress
from typing import NoReturn, Protocol

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from passerby.errors import CaptureError
from passerby.released.messages import Reason
from passerby.released.scene import Size
from passerby.sealed.capture.frame import PictureConverter
from passerby.sealed.capture.live_clock import Moment


class Pixels(Protocol):
    """A raw picture, in whatever form it came."""

    @property
    def size(self) -> Size:
        """Size, upright."""
        ...

    @property
    def damaged(self) -> bool:
        """Parts of it were guessed."""
        ...

    def bgr(self) -> NDArray[np.uint8]:
        """Height x width x 3, uint8, BGR, C-contiguous."""
        ...


class DecodedPixels:
    """A picture that a decoder gave, converted when somebody asks. Holds decoder memory."""

    __slots__ = ("_converter", "_picture", "damaged", "size")

    def __init__(self, picture: VideoFrame, converter: PictureConverter) -> None:
        self._picture = picture
        self._converter = converter
        self.damaged = bool(picture.is_corrupt)
        self.size = converter.orientation(picture).upright_size(Size(picture.width, picture.height))

    def bgr(self) -> NDArray[np.uint8]:
        """Height x width x 3, uint8, BGR, C-contiguous. Converted anew at each call, never kept."""
        with suppress(av.FFmpegError, ValueError):
            return self._converter.bgr(self._picture)
        raise CaptureError(Reason.NO_VIDEO)


class ArrayPixels:
    """A picture that somebody made."""

    __slots__ = ("_array", "damaged", "size")

    def __init__(self, array: NDArray[np.uint8]) -> None:
        self._array = array
        self.damaged = False
        self.size = Size(array.shape[1], array.shape[0])

    def bgr(self) -> NDArray[np.uint8]:
        """The picture itself, not a copy."""
        return self._array


class LiveFrame:
    """A raw picture with its times. Let go of it when it has been looked at.

    Attributes:
        time_s: Gate time, seconds; rises strictly from frame to frame of a camera.
        captured_monotonic_s: When it came in.
        captured_wall_s: The same as seconds since 1970 UTC.
        media_s: The camera's own time since the connection began; None = it gives none.
        connection: Number of the connection, 1 for the first.
        size: Size, upright; may differ from the last frame's.
        damaged: Parts of it were guessed.
    """

    __slots__ = ("_pixels", "captured_monotonic_s", "captured_wall_s", "connection", "damaged", "media_s", "size", "time_s")

    def __init__(self, pixels: Pixels, moment: Moment, connection: int) -> None:
        self._pixels = pixels
        self.time_s = moment.time_s
        self.captured_monotonic_s = moment.captured_monotonic_s
        self.captured_wall_s = moment.captured_wall_s
        self.media_s = moment.media_s
        self.connection = connection
        self.size = pixels.size
        self.damaged = pixels.damaged

    def bgr(self) -> NDArray[np.uint8]:
        """The picture: height x width x 3, uint8, BGR, C-contiguous. Converted anew at each call.

        Raises:
            CaptureError: Its pixel format cannot be converted.
        """
        return self._pixels.bgr()

    def __repr__(self) -> str:
        return f"LiveFrame(time_s={self.time_s:.3f}, size={self.size.width_px}x{self.size.height_px})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a raw frame is never written or sent anywhere")
