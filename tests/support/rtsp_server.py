"""A real RTSP server (GStreamer's, in a process of its own) whose cameras show small clips for ever and fail when they are told to."""

import json
import subprocess
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

import av
import cv2
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

PYTHON: Final = "/usr/bin/python3"
"""The system's: GStreamer's bindings are a package of the system, not of a virtual environment."""
_PROCESS: Final = Path(__file__).with_name("rtsp_server_process.py")
_ENCODERS: Final = {
    "h264": (
        "libx264",
        "yuv420p",
        {"preset": "veryfast", "tune": "zerolatency", "x264-params": "repeat-headers=1:annexb=1:scenecut=0:sliced-threads=0:slices=1"},
    ),
    "hevc": ("libx265", "yuv420p", {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "repeat-headers=1:annexb=1:log-level=none"}),
    "mjpeg": ("mjpeg", "yuvj420p", {"qmin": "3", "qmax": "5"}),
}
LENGTH_BYTES: Final = 4


@cache
def has_gstreamer() -> bool:
    """Whether this machine has GStreamer's RTSP server with bindings for the system's Python."""
    if not Path(PYTHON).exists():
        return False
    test = "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer"
    return subprocess.run([PYTHON, "-c", test], capture_output=True, check=False).returncode == 0


needs_gstreamer = pytest.mark.skipif(
    "not __import__('tests.support.rtsp_server', fromlist=['x']).has_gstreamer()", reason="no GStreamer RTSP server here"
)


def write_packets(path: Path, pictures: Iterable[Picture], *, codec: str = "h264", fps: int = 10, key_s: float = 1.0, bit_rate: int = 0) -> Path:
    """Encodes pictures (BGR, all of one size) as a packets file for `RtspServer.mount`; returns its path.

    Args:
        path: Where to write.
        pictures: What is shown; the loop is as long.
        codec: h264, hevc or mjpeg.
        fps: Pictures a second.
        key_s: Distance of key frames.
        bit_rate: Bits a second; 0 = the encoder's quality.
    """
    encoder: VideoCodecContext | None = None
    with path.open("wb") as file:
        for number, picture in enumerate(pictures):
            if encoder is None:
                encoder = _encoder(codec, picture, fps, max(1, round(fps * key_s)), bit_rate)
            frame = VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            _write(file, encoder.encode(frame))
        if encoder is not None:
            _write(file, encoder.encode(None))
    return path


def _encoder(codec: str, picture: Picture, fps: int, key_frames: int, bit_rate: int) -> VideoCodecContext:
    name, pixel_format, options = _ENCODERS[codec]
    encoder = cast("VideoCodecContext", VideoCodecContext.create(name, "w"))
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt = pixel_format
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.gop_size = key_frames
    encoder.options = dict(options)
    if bit_rate:
        encoder.bit_rate = bit_rate
    return encoder


def _write(file: Any, packets: Iterable[Any]) -> None:
    for packet in packets:
        data = bytes(packet)
        file.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)


def enlarged(pictures: Iterable[Picture], width_px: int, height_px: int) -> Iterable[Picture]:
    """The pictures at another size."""
    for picture in pictures:
        yield cast("Picture", cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA))


def clip_pictures(path: Path, most: int | None = None) -> Iterable[Picture]:
    """The pictures of a clip file, BGR."""
    with av.open(path) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number == most:
                return
            yield cast("Picture", frame.to_ndarray(format="bgr24"))


class RtspServer:
    """Cameras on one port of the loopback interface. Use it as a context; `mount` before `listen`."""

    def __init__(self) -> None:
        self.port = 0
        self._user: str | None = None
        self._process = subprocess.Popen([PYTHON, str(_PROCESS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.pid = self._process.pid

    def tell(self, do: str, **more: Any) -> dict[str, Any]:
        """Gives an order and waits until it is carried out."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the RTSP server ended at {do}"
        return cast("dict[str, Any]", json.loads(answer))

    def mount(self, path: str, packets: Path, *, codec: str = "h264", fps: float = 10, udp_only: bool = False, protected: bool = False) -> str:
        """A camera at `path`; returns its address once the server listens, with a `{port}` to fill in before."""
        self.tell("mount", path=path, packets=str(packets), codec=codec, fps=fps, udp_only=udp_only, protected=protected)
        return path

    def listen(self) -> int:
        """Listens, on the same port as before if there was one; returns the port."""
        self.port = self.tell("listen", port=self.port)["port"]
        assert self.port, "the port is taken"
        return self.port

    def silence(self) -> None:
        """Nobody listens any more, and everybody is thrown out: the camera lost its power."""
        self.tell("silence")

    def kick(self) -> None:
        """Everybody is thrown out, and may come again."""
        self.tell("kick")

    def stall(self, path: str) -> None:
        """Connections stay open, and no picture comes."""
        self.tell("stall", path=path)

    def resume(self, path: str) -> None:
        """Pictures come again."""
        self.tell("resume", path=path)

    def switch(self, path: str, packets: Path) -> None:
        """Other pictures from now on, of another size perhaps."""
        self.tell("switch", path=path, packets=str(packets))

    def allow(self, user: str, password: str) -> None:
        """Asks for this user and password (digest) at paths that are protected. Before `listen`."""
        self.tell("allow", user=user, password=password)

    def url(self, path: str, credentials: str = "") -> str:
        """The address of a camera; `credentials` as "user:password@", quoted."""
        return f"rtsp://{credentials}127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        """Ends the process."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
