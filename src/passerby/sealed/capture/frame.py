"""One decoded picture, not yet converted. The only place where decoder memory becomes an array."""

import threading
from typing import NoReturn, cast

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from passerby.errors import InputError
from passerby.released.scene import Size
from passerby.sealed.capture.orientation import UPRIGHT, Orientation


class PictureConverter:
    """Turns decoded pictures of any format and size upright and into BGR. One serves a whole clip: setting up costs more than converting."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._one_at_a_time = threading.Lock()
        self._orientations: dict[int, Orientation] = {}

    def orientation(self, picture: VideoFrame) -> Orientation:
        """The orientation that a picture's display matrix asks for.

        Looks at the matrix once for each angle that occurs: PyAV ties a picture to the side data that were asked for in a circle, and it
        then lives until the garbage collector comes by.
        """
        angle_deg = picture.rotation
        found = self._orientations.get(angle_deg)
        if found is None:
            found = self._orientations[angle_deg] = _orientation_of(picture)
        return found

    def bgr(self, picture: VideoFrame) -> NDArray[np.uint8]:
        """The upright picture: height x width x 3 bytes, C-contiguous, an array of its own.

        Colour matrix and range follow the picture's tags; without tags BT.601 and limited range are assumed, as FFmpeg does. Bits below the
        upper eight are dropped, an alpha channel is ignored.
        """
        with self._one_at_a_time:
            converted = self._reformatter.reformat(picture, format="bgr24", threads=1)
        stored = np.asarray(converted.to_ndarray(), dtype=np.uint8)
        upright = self.orientation(picture).upright(stored)
        if converted is picture and upright is stored:
            # The decoder may need its own memory for the next picture.
            return stored.copy()
        return np.ascontiguousarray(upright)


def _orientation_of(picture: VideoFrame) -> Orientation:
    side_data = cast("SideDataContainer", picture.side_data)
    if Type.DISPLAYMATRIX not in side_data:
        return UPRIGHT
    try:
        return Orientation.from_display_matrix(bytes(side_data[Type.DISPLAYMATRIX]))
    except ValueError:
        return UPRIGHT


class Frame:
    """A raw picture in its place in time. Holds decoder memory: let go of it when it has been looked at.

    Attributes:
        index: 0-based, in the output of the iteration that gave it.
        time_s: Seconds since the first frame of the clip.
        pts: The same in ticks of the clip's time base, exactly; 0 for the first frame of the clip.
        size: Size of the upright picture; may differ from the clip's.
        damaged: The decoder had to guess parts of the picture.
    """

    __slots__ = ("_converter", "_name", "_picture", "damaged", "index", "pts", "size", "time_s")

    def __init__(self, picture: VideoFrame, converter: PictureConverter, *, index: int, pts: int, time_s: float, name: str) -> None:
        self.index = index
        self.pts = pts
        self.time_s = time_s
        self.damaged = bool(picture.is_corrupt)
        self._picture = picture
        self._converter = converter
        self._name = name
        self.size = converter.orientation(picture).upright_size(Size(picture.width, picture.height))

    def bgr(self) -> NDArray[np.uint8]:
        """The upright picture: height x width x 3, uint8, BGR, C-contiguous. Converted anew at each call, never kept.

        Raises:
            InputError: The pixel format cannot be converted.
        """
        try:
            return self._converter.bgr(self._picture)
        except (av.FFmpegError, ValueError) as error:
            raise InputError(
                f"{self._name}: pictures of the pixel format {self._picture.format.name} cannot be converted",
                "re-encode the clip, for instance to H.264",
            ) from error

    def __repr__(self) -> str:
        return f"Frame(index={self.index}, time_s={self.time_s:.3f}, size={self.size.width_px}x{self.size.height_px})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a raw frame is never written or sent anywhere")
