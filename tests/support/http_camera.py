"""Cameras that speak HTTP, on the loopback interface: MJPEG in parts, MPEG-TS, and HLS that grows.

Their pictures are `clips.drawn`, 10 a second.
"""

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

import av
import cv2
from av.video.frame import VideoFrame

from tests.support.clips import QUICK, drawn

FPS: Final = 10
WIDTH_PX: Final = 160
HEIGHT_PX: Final = 120
NUMBERS: Final = 200
"""Pictures are numbered modulo this."""
SEGMENT_S: Final = 1
_BOUNDARY: Final = "passerbypart"


@dataclass
class Faults:
    """What is wrong with the cameras now.

    Attributes:
        gone: Requests get no answer but a closed connection.
        stalled: Streams stand still, connections stay open.
        status: Requests get this status instead of an answer.
        redirect: Requests are sent there.
        basic: Basic authentication with this "user:password" in base64 is asked for.
        garbage: What comes is no video.
        asked: The paths that were asked for.
    """

    gone: bool = False
    stalled: bool = False
    status: int = 0
    redirect: str = ""
    basic: str = ""
    garbage: bool = False
    asked: list[str] = field(default_factory=list)


class HttpCamera:
    """The cameras `/mjpeg`, `/ts`, `/hls.m3u8`. A context."""

    def __init__(self) -> None:
        self.faults = faults = Faults()
        self.stopped = stopped = threading.Event()
        began_s = time.monotonic()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                _answer(self, faults, stopped, began_s)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name for it
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def url(self, path: str, credentials: str = "") -> str:
        """The address of a camera."""
        return f"http://{credentials}127.0.0.1:{self.port}{path}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _answer(request: BaseHTTPRequestHandler, faults: Faults, stopped: threading.Event, began_s: float) -> None:
    faults.asked.append(request.path)
    request.close_connection = True
    if not faults.gone and not _refused(request, faults):
        with suppress(BrokenPipeError, ConnectionResetError):  # the watcher went
            _show(request, _beats(faults, stopped), garbage=faults.garbage, segments=int((time.monotonic() - began_s) / SEGMENT_S) + 3)


def _refused(request: BaseHTTPRequestHandler, faults: Faults) -> bool:
    """Whether another answer than pictures was given."""
    if faults.redirect:
        request.send_response(302)
        request.send_header("Location", faults.redirect)
        request.end_headers()
    elif faults.basic and request.headers.get("Authorization") != f"Basic {faults.basic}":
        request.send_response(401)
        request.send_header("WWW-Authenticate", 'Basic realm="camera"')
        request.end_headers()
    elif faults.status:
        request.send_error(faults.status)
    else:
        return False
    return True


def _show(request: BaseHTTPRequestHandler, beats: Iterator[int], *, garbage: bool, segments: int) -> None:
    if garbage:
        _send(request, "video/mp2t", (bytes(range(1, 256)) * 40 for _ in beats))
    elif request.path == "/mjpeg":
        _send(request, f"multipart/x-mixed-replace; boundary={_BOUNDARY}", _mjpeg(beats))
    elif request.path == "/ts":
        _send(request, "video/mp2t", _transport_stream(beats))
    elif request.path == "/hls.m3u8":
        _send(request, "application/vnd.apple.mpegurl", [_playlist(segments)])
    elif request.path.startswith("/segment"):
        _send(request, "video/mp2t", [_segment(int(request.path.removeprefix("/segment").removesuffix(".ts")))])
    else:
        request.send_error(404)


def _send(request: BaseHTTPRequestHandler, kind: str, parts: Any) -> None:
    request.send_response(200)
    request.send_header("Content-Type", kind)
    request.end_headers()
    for part in parts:
        request.wfile.write(part)


def _beats(faults: Faults, stopped: threading.Event) -> Iterator[int]:
    """Yields 0, 1, 2, ... ten times a second until the server is stopped or the camera is gone; waits while it is stalled."""
    number, due_s = 0, time.monotonic()
    while not stopped.is_set() and not faults.gone:
        if not faults.stalled:
            yield number
        number += 1
        due_s += 1 / FPS
        stopped.wait(max(0.0, due_s - time.monotonic()))


def _mjpeg(beats: Iterator[int]) -> Iterator[bytes]:
    for number in beats:
        data = cv2.imencode(".jpg", drawn(number % NUMBERS, WIDTH_PX, HEIGHT_PX))[1].tobytes()
        yield f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data + b"\r\n"


class _Muxer:
    """Pictures in, MPEG-TS out."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._container = av.open(self._file, "w", format="mpegts", options={"flush_packets": "1"})
        options = {**QUICK["libx264"], "tune": "zerolatency", "x264-params": "sliced-threads=0"}
        self._stream = self._container.add_stream("libx264", rate=FPS, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt, self._stream.gop_size = WIDTH_PX, HEIGHT_PX, "yuv420p", FPS

    def add(self, number: int) -> bytes:
        """The bytes that picture `number` brings."""
        frame = VideoFrame.from_ndarray(drawn(number % NUMBERS, WIDTH_PX, HEIGHT_PX), format="bgr24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        self._container.mux(self._stream.encode(frame))
        return self._taken()

    def end(self) -> bytes:
        """The last bytes."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._taken()

    def _taken(self) -> bytes:
        data = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return data


def _transport_stream(beats: Iterator[int]) -> Iterator[bytes]:
    muxer = _Muxer()
    for number in beats:
        yield muxer.add(number)


def _playlist(count: int) -> bytes:
    """The playlist when `count` segments are there: the last five of them."""
    first = max(0, count - 5)
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{SEGMENT_S}", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for number in range(first, count):
        lines += [f"#EXTINF:{SEGMENT_S:.1f},", f"segment{number}.ts"]
    return ("\n".join(lines) + "\n").encode()


@cache
def _segment(number: int) -> bytes:
    muxer = _Muxer()
    parts = [muxer.add(number * FPS * SEGMENT_S + step) for step in range(FPS * SEGMENT_S)]
    return b"".join([*parts, muxer.end()])


def within(condition: Callable[[], bool], most_s: float = 10.0) -> bool:
    """Waits until something holds; whether it did in time."""
    end_s = time.monotonic() + most_s
    while not condition():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.01)
    return True
