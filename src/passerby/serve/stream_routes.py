"""The addresses of the streams. A connection reads at its own pace; what comes meanwhile is dropped for it, never kept for it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager, aclosing
from typing import Any, Final, Protocol

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from passerby.serve.answers import AnswerError, ErrorAnswer
from passerby.serve.hls import PLAYLIST_TYPE, SEGMENT_TYPE
from passerby.serve.shares import Shares
from passerby.serve.streams import MOST_READERS, CameraStream, Streams
from passerby.supervise.site_now import CameraNow

SILENT_S: Final = 15.0
"""A connection that got nothing for so many seconds is ended: what its player shows must not stand still for ever."""
PLAYLIST_WITHIN_S: Final = 8.0
BOUNDARY: Final = "passerby-picture"
TS_TYPE: Final = "video/mp2t"
MOST_OF_TOKEN: Final = MOST_READERS // 2
"""A recorder that reads a hundred cameras has one token."""
MARK: Final = f"\r\n--{BOUNDARY}\r\n".encode()
MJPEG_TYPE: Final = f"multipart/x-mixed-replace; boundary={BOUNDARY}"

ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": ErrorAnswer, "description": "There is no such camera, or no such segment any more."},
    503: {"model": ErrorAnswer, "description": "Nothing is known of the camera's pictures yet, or too many read at once; come again."},
}


class NamedCameras(Protocol):
    """A site whose cameras can be asked for."""

    def camera(self, camera: str) -> CameraNow | None:
        """How one camera is; None = there is none of that id."""
        ...


class StreamResponse(Response):
    """An answer that goes on for as long as the reader reads, and the stream lives."""

    def __init__(self, streams: Streams, stream: CameraStream, kind: str, media_type: str, place: AbstractContextManager[None]) -> None:
        self._streams, self._stream, self._kind, self._place = streams, stream, kind, place
        self.status_code, self.media_type, self.background = 200, media_type, None
        self.init_headers({"content-type": media_type, "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until one of the two ends."""
        gone = asyncio.ensure_future(_gone(receive))
        chunks = _transport(self._stream) if self._kind == "video" else _pictures(self._stream)
        try:
            with self._place, self._streams.reading(self._stream, self._kind), contextlib.suppress(OSError):
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                async with aclosing(chunks):
                    async for data in chunks:
                        if gone.done() or scope.get("passerby.head"):
                            break
                        if data:
                            await send({"type": "http.response.body", "body": data, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()


async def _gone(receive: Receive) -> None:
    """Returns when the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _transport(stream: CameraStream) -> AsyncGenerator[bytes, None]:
    """MPEG-TS from the newest key frame on; b"" about once a second while nothing comes."""
    position: int | None = None
    now_s = asyncio.get_running_loop().time
    heard_s = now_s()
    while not stream.ended and now_s() - heard_s < SILENT_S:
        reading = stream.read(position)
        position = reading.position
        if reading.data:
            heard_s = now_s()
        else:
            await stream.bell.heard()
        yield reading.data


async def _pictures(stream: CameraStream) -> AsyncGenerator[bytes, None]:
    """The newest JPEG, each time that there is a newer one."""
    number, begun = -1, False
    now_s = asyncio.get_running_loop().time
    heard_s = now_s()
    while not stream.ended and now_s() - heard_s < SILENT_S:
        jpeg = stream.jpeg
        if jpeg is not None and jpeg.number > number:
            number, heard_s = jpeg.number, now_s()
            # The line that ends a picture goes out with it: a browser shows a picture only once it has read that.
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg.data)}\r\n\r\n"
            yield (b"" if begun else MARK.lstrip()) + head.encode() + jpeg.data + MARK
            begun = True
        else:
            await stream.bell.heard()
            yield b""


def add_streams(app: FastAPI, site: NamedCameras, streams: Streams) -> None:
    """Adds the addresses to the application."""
    goes_on = "It goes on until the reader ends it."
    shares = Shares(MOST_OF_TOKEN)

    def goes(camera: str, kind: str, media_type: str, request: Request) -> Response:
        place = shares.held(shares.require_room(request))
        return StreamResponse(streams, _joined(site, streams, camera, kind), kind, media_type, place)

    @app.get("/live/{camera}.mjpg", **_described("multipart/x-mixed-replace", goes_on, "A camera as pictures that replace each other (MJPEG)"))
    async def mjpeg(camera: str, request: Request) -> Response:
        return goes(camera, "jpeg", MJPEG_TYPE, request)

    @app.get("/live/{camera}.ts", **_described(TS_TYPE, goes_on, "A camera as H.264 in MPEG-TS, for an NVR"))
    async def transport(camera: str, request: Request) -> Response:
        return goes(camera, "video", TS_TYPE, request)

    _add_hls(app, site, streams)


def _add_hls(app: FastAPI, site: NamedCameras, streams: Streams) -> None:
    @app.get("/live/{camera}/index.m3u8", **_described(PLAYLIST_TYPE, "The playlist.", "A camera as H.264 over HLS: the playlist"))
    async def playlist(camera: str) -> Response:
        stream = _asked(site, streams, camera, "video")
        text = stream.playlist
        if text is None:
            with contextlib.suppress(TimeoutError):
                text = await asyncio.wait_for(_first_playlist(stream), PLAYLIST_WITHIN_S)
        if text is None:
            raise AnswerError(503, "The stream is on its way.")
        return Response(text, media_type=PLAYLIST_TYPE)

    def file(camera: str, name: str) -> Response:
        data = _asked(site, streams, camera, "video").file(name)
        if data is None:
            raise AnswerError(404, "That segment is too old.", "Ask for index.m3u8 again.")
        return Response(data, media_type=SEGMENT_TYPE)

    @app.get("/live/{camera}/{name}.mp4", **_described(SEGMENT_TYPE, "The init segment.", "What a player of HLS reads before the segments"))
    async def init(camera: str, name: str) -> Response:
        return file(camera, f"{name}.mp4")

    @app.get("/live/{camera}/{name}.m4s", **_described(SEGMENT_TYPE, "The segment.", "A segment of HLS: half a second"))
    async def segment(camera: str, name: str) -> Response:
        return file(camera, f"{name}.m4s")


def _described(media_type: str, gives: str, summary: str) -> dict[str, Any]:
    """What the description of the application says of an address."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    responses = {200: {"content": content, "description": gives}, **ERRORS}
    return {"summary": summary, "tags": ["streams"], "response_class": Response, "responses": responses}


def _asked(site: NamedCameras, streams: Streams, camera: str, kind: str) -> CameraStream:
    """The stream of a camera. Raises AnswerError."""
    known = site.camera(camera)
    if known is None:
        raise AnswerError(404, "There is no camera of that id here.", "/api/cameras lists all")
    try:
        stream = streams.asked(camera, kind)
    except KeyError:
        stream = None
    if stream is None:
        raise AnswerError(503, known.words.says, known.words.do)
    return stream


def _joined(site: NamedCameras, streams: Streams, camera: str, kind: str) -> CameraStream:
    """The stream of a camera, for a connection that stays. Raises AnswerError."""
    if streams.readers >= MOST_READERS:
        raise AnswerError(503, "Too many streams are read at once.", "Come again later.")
    return _asked(site, streams, camera, kind)


async def _first_playlist(stream: CameraStream) -> str | None:
    while not stream.ended:
        text = stream.playlist
        if text is not None:
            return text
        await stream.bell.heard()
    return None
