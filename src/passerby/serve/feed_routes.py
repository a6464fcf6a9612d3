"""The addresses of live vectors: the feed of scenes, and the ground image below them. FastAPI is met here and in the other modules of routes."""

import asyncio
from contextlib import AbstractContextManager
from typing import Annotated, Any, Final, Protocol

import anyio
import anyio.to_thread
from fastapi import FastAPI, Header, Query, Request, Response
from starlette.types import Receive, Scope, Send

from passerby.serve.answers import AnswerError, ErrorAnswer
from passerby.serve.grounds import WIDTHS_PX, GroundImage, Grounds
from passerby.serve.live_feed import FeedReader, LiveFeed
from passerby.serve.shares import Shares
from passerby.supervise.site_now import CameraNow

MOST_READERS: Final = 220
"""Of the feed at once; beyond, they are asked to come again."""
MOST_OF_TOKEN: Final = MOST_READERS // 4
MOST_ASKED: Final = 512
"""Cameras that one reader may name."""
MOST_WAITING: Final = 64
"""Requests for grounds at once; beyond, they are asked to come again."""
DRAWING_THREADS: Final = 4
FIRST_GROUND_WITHIN_S: Final = 5.0
LOOK_AGAIN_S: Final = 0.04
RETRY: Final = b"retry: 1000\n\n"
HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would gather events before it passes them on
)
EVENTS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "Events `scene`, `gone` and `cameras`, for as long as they are read.",
    },
    503: {"model": ErrorAnswer, "description": "Too many read at once; come again."},
}
GROUND: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The plate and the hatch, with its ETag; `x-ground` is its name in the events, `x-epoch` the plate's number.",
    },
    304: {"description": "It is still the one that If-None-Match names."},
    400: {"model": ErrorAnswer, "description": "There is no such width."},
    404: {"model": ErrorAnswer, "description": "There is no such camera."},
    503: {"model": ErrorAnswer, "description": "There is none of what is seen now, or too many are asked for at once; come again."},
}


class AskedSite(Protocol):
    """A site that can be asked for one camera."""

    def camera(self, camera: str) -> CameraNow | None:
        """How one camera is; None = there is none of that id."""
        ...


class FeedResponse(Response):
    """Events for as long as somebody reads.

    Args:
        feed: Where they come from.
        cameras: Ids of the cameras whose scenes are wanted; None = all.
        place: Is held while it reads.
    """

    def __init__(self, feed: LiveFeed, cameras: tuple[str, ...] | None, place: AbstractContextManager[None]) -> None:
        super().__init__()
        self._feed, self._cameras, self._place = feed, cameras, place

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Sends what is new whenever the reader is ready for more."""
        reader = self._feed.open(self._cameras)
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            with self._place:
                await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
                await _tell(reader, send, gone)
        except OSError:
            return  # the reader has gone, or may read no longer
        finally:
            gone.cancel()
            reader.close()


async def _tell(reader: FeedReader, send: Send, gone: "asyncio.Future[None]") -> None:
    data = RETRY + reader.news()
    while not gone.done():
        if data:
            await send({"type": "http.response.body", "body": data, "more_body": True})
        if not await reader.next():
            break
        data = reader.news()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def add_feed(app: FastAPI, site: AskedSite, feed: LiveFeed, grounds: Grounds) -> None:
    """Adds the addresses."""
    _add_events(app, feed)
    _add_ground(app, site, grounds)


def _add_events(app: FastAPI, feed: LiveFeed) -> None:
    shares = Shares(MOST_OF_TOKEN)

    @app.get("/api/live", summary="The places as they are seen now, as events", tags=["cameras"], response_class=Response, responses=EVENTS)
    async def live(
        request: Request, cameras: Annotated[str | None, Query(description="Ids of cameras with commas between; left out = all.")] = None
    ) -> Response:
        if feed.readers >= MOST_READERS:
            raise AnswerError(503, "Too many read at once.", "Come again in a minute.")
        place = shares.held(shares.require_room(request))
        return FeedResponse(feed, None if cameras is None else tuple(filter(None, cameras.split(",", MOST_ASKED)[:MOST_ASKED])), place)


def _add_ground(app: FastAPI, site: AskedSite, grounds: Grounds) -> None:
    threads = anyio.CapacityLimiter(DRAWING_THREADS)
    waiting = 0

    async def newest(camera: str, width_px: int) -> GroundImage:
        """The newest ground, waiting a little for the first. Raises AnswerError."""
        passed_s = 0.0
        while True:
            known = site.camera(camera)
            if known is None:
                raise AnswerError(404, "There is no camera of that id here.", "/api/cameras lists all")
            if not known.has_picture:
                raise AnswerError(503, known.words.says, known.words.do)
            ground = await anyio.to_thread.run_sync(_image, grounds, camera, width_px, limiter=threads)
            if ground is not None:
                return ground
            if passed_s >= FIRST_GROUND_WITHIN_S:
                raise AnswerError(503, "The picture is on its way.")
            await asyncio.sleep(LOOK_AGAIN_S)
            passed_s += LOOK_AGAIN_S

    @app.get(
        "/live/{camera}/ground.jpg",
        summary="The place of a camera without anything that moves",
        tags=["cameras"],
        response_class=Response,
        responses=GROUND,
    )
    async def ground(
        camera: str,
        w: Annotated[str | None, Query(description="Width in pixels: 240, 480 or 960; left out = the camera's own.")] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        nonlocal waiting
        width_px = _width(w)
        if waiting >= MOST_WAITING:
            raise AnswerError(503, "Too many pictures are asked for at once.", "Come again in a second.")
        waiting += 1
        try:
            image = await newest(camera, width_px)
        finally:
            waiting -= 1
        etag = f'"{image.name}-{width_px}"'
        headers = {"etag": etag, "x-ground": image.name, "x-epoch": str(image.epoch), "x-captured-at": f"{image.captured_wall_s:.3f}"}
        if if_none_match == etag:
            return Response(status_code=304, headers=headers)
        return Response(image.jpeg, media_type="image/jpeg", headers=headers)


def _image(grounds: Grounds, camera: str, width_px: int) -> GroundImage | None:
    try:
        return grounds.image(camera, width_px)
    except KeyError:
        return None  # it was taken out of the site meanwhile: the next look says so


def _width(asked: str | None) -> int:
    """The width that is asked for; 0 = the camera's own. Raises AnswerError."""
    widths = {str(width): width for width in WIDTHS_PX}
    if asked is None:
        return 0
    if asked not in widths:
        raise AnswerError(400, "There are no ground pictures of that width.", "240, 480, 960, or none: as wide as the camera's.")
    return widths[asked]
