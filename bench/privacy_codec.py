"""What compression does to a picture on its way from a camera, in memory: nothing raw is written anywhere."""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

import av
import cv2
import numpy as np

from bench.clips import Picture

Codec = Callable[[Picture], Picture]
"""Takes the pictures of a clip one by one, in order, and gives each as its receiver sees it."""
JPEG_QUALITY: Final = 88


def jpeg(picture: Picture) -> Picture:
    """As a camera that sends JPEG pictures would show it."""
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1], cv2.IMREAD_COLOR), np.uint8)


def h264(width_px: int, height_px: int, fps: int, crf: int = 24) -> Codec:
    """As a camera that sends H.264 would show it: x264 and FFmpeg's decoder, without delay, a key picture every four seconds."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width_px, height_px, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.thread_count = Fraction(1, fps), Fraction(fps), 1
    encoder.options = {"preset": "superfast", "tune": "zerolatency", "crf": str(crf), "g": str(4 * fps)}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    count = 0

    def through(picture: Picture) -> Picture:
        nonlocal count
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
        frame.pts = count
        count += 1
        seen = [shown for packet in encoder.encode(frame) for shown in decoder.decode(packet)]
        if len(seen) != 1:
            raise RuntimeError(f"picture {count} came out of the decoder {len(seen)} times")
        return np.asarray(seen[0].to_ndarray(format="bgr24"), np.uint8)

    return through
