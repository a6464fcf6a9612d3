"""The web application: what is asked for, and what is answered. FastAPI is met here and in `answers` only.

Everything is read from the state of this moment; nothing here waits for a camera or a worker, but for a first picture, and that not for
long. A reader that is slow holds up its own connection only.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from typing import Annotated, Any, Final, Protocol

import anyio
import anyio.to_thread
from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from passerby.serve.accounts.door import Door
from passerby.serve.accounts.routes import add_accounts
from passerby.serve.answers import AnswerError, CameraAnswer, CamerasAnswer, ErrorAnswer, HealthAnswer, camera_answer, cameras_answer
from passerby.serve.feed_routes import add_feed
from passerby.serve.grounds import Grounds
from passerby.serve.guard import Guard
from passerby.serve.live_feed import LiveFeed
from passerby.serve.measured_places import MeasuredPlaces
from passerby.serve.measurement_routes import add_measurements
from passerby.serve.metrics import CONTENT_TYPE, exposition
from passerby.serve.pictures import LivePicture, Pictures
from passerby.serve.recorded_places import RecordedPlaces
from passerby.serve.recordings import add_recordings
from passerby.serve.stream_routes import add_streams
from passerby.serve.streams import Streams
from passerby.serve.tally.routes import add_tallies
from passerby.serve.tally.tallying import Tallying
from passerby.supervise.site_now import CameraNow, SiteNow

FIRST_PICTURE_WITHIN_S: Final = 5.0
LOOK_AGAIN_S: Final = 0.04
DRAWING_THREADS: Final = 4
MOST_WAITING: Final = 64
"""Requests for pictures at once; beyond, they are asked to come again."""
TICK_S: Final = 1.0
PAGE: Final = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "feed.js": "text/javascript; charset=utf-8",
    "alerts.css": "text/css; charset=utf-8",
    "alerts.js": "text/javascript; charset=utf-8",
    "alert_bell.js": "text/javascript; charset=utf-8",
    "alert_feed.js": "text/javascript; charset=utf-8",
    "alert_list.js": "text/javascript; charset=utf-8",
    "alert_panel.js": "text/javascript; charset=utf-8",
    "alert_words.js": "text/javascript; charset=utf-8",
    "conditions.js": "text/javascript; charset=utf-8",
    "elements.js": "text/javascript; charset=utf-8",
    "ground.js": "text/javascript; charset=utf-8",
    "legend.js": "text/javascript; charset=utf-8",
    "live_view.js": "text/javascript; charset=utf-8",
    "place.js": "text/javascript; charset=utf-8",
    "export_panel.js": "text/javascript; charset=utf-8",
    "player.js": "text/javascript; charset=utf-8",
    "recordings.css": "text/css; charset=utf-8",
    "recordings.js": "text/javascript; charset=utf-8",
    "timeline.js": "text/javascript; charset=utf-8",
    "zone_time.js": "text/javascript; charset=utf-8",
    "scene_svg.js": "text/javascript; charset=utf-8",
    "theme.js": "text/javascript; charset=utf-8",
    "wall.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "login.css": "text/css; charset=utf-8",
    "login.js": "text/javascript; charset=utf-8",
    "tally.css": "text/css; charset=utf-8",
    "tally.js": "text/javascript; charset=utf-8",
    "tally_queue.js": "text/javascript; charset=utf-8",
}
"""Files of the page and their types. All lie in the package."""
SUMMARY: Final = "How the cameras of a site are, and their pictures without persons."
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": ErrorAnswer, "description": "There is no such camera."},
    503: {"model": ErrorAnswer, "description": "There is no picture now, or too many are asked for at once; come again."},
}
JPEG: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}, "description": "The newest picture, with its ETag."},
    304: {"description": "The picture is still the one that If-None-Match names."},
}


Ticked = Pictures | Streams | RecordedPlaces | MeasuredPlaces | Tallying
"""What is told about once a second that time has passed, and at the end that it ends."""


class WatchedSite(Protocol):
    """A site that can be asked how it is: `supervise.running_site.RunningSite`, or a stand-in. Answers come at once."""

    def now(self) -> SiteNow:
        """How everything is."""
        ...

    def camera(self, camera: str) -> CameraNow | None:
        """How one camera is; None = there is none of that id."""
        ...


def application(
    site: WatchedSite,
    pictures: Pictures,
    lost_log_lines: Callable[[], int] = int,
    door: Door | None = None,
    streams: Streams | None = None,
    recorded: RecordedPlaces | None = None,
    measured: MeasuredPlaces | None = None,
    tallying: Tallying | None = None,
) -> FastAPI:
    """The application.

    Args:
        site: The site.
        pictures: The cameras' pictures.
        lost_log_lines: How many log lines were dropped.
        door: Who may come in; None = this machine only, without accounts.
        streams: The cameras' streams; None = there are none.
        recorded: The recordings; None = there are none.
        measured: The measurements; None = there are none.
        tallying: Takes what people at the place count; None = nobody can.
    """
    door = Door.of_this_machine() if door is None else door

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        ticked: list[Ticked] = [one for one in (streams, recorded, measured, tallying, pictures) if one is not None]
        ticking = [asyncio.create_task(_tick(one)) for one in ticked]
        yield
        for task in ticking:
            task.cancel()
        for one in ticked:
            await anyio.to_thread.run_sync(one.stop)

    # FastAPI's own pages of documentation load scripts from elsewhere.
    app = FastAPI(title="Passerby", summary=SUMMARY, version="1", docs_url=None, redoc_url=None, lifespan=lifespan)
    add_accounts(app, door.access)
    _add_page(app, pictures.grounds)
    _add_cameras(app, site)
    _add_pictures(app, site, pictures)
    add_feed(app, site, LiveFeed(site, pictures.grounds, door.clock), pictures.grounds)
    if streams is not None:
        add_streams(app, site, streams)
    if recorded is not None:
        add_recordings(app, recorded)
    if measured is not None:
        add_measurements(app, measured)
    if tallying is not None:
        add_tallies(app, tallying, lambda: site.now().name)
    _add_health(app, site, pictures, lost_log_lines)
    app.add_exception_handler(AnswerError, _error_answer)
    app.add_exception_handler(RequestValidationError, _senseless_answer)
    app.add_middleware(Guard, door=door)
    return app


async def _tick(ticked: Ticked) -> None:
    while True:
        await asyncio.sleep(TICK_S)
        await anyio.to_thread.run_sync(ticked.tick)


async def _error_answer(_request: Request, error: Exception) -> Response:
    """An error in words."""
    if not isinstance(error, AnswerError):
        raise error
    headers = {"retry-after": "1"} if error.status == 503 else {}
    return JSONResponse(ErrorAnswer(detail=error.detail, do=error.do).model_dump(), error.status, headers)


async def _senseless_answer(_request: Request, error: Exception) -> Response:
    """A request whose parameters make no sense: which, in words, and nothing of what was asked."""
    if not isinstance(error, RequestValidationError):
        raise error
    named = sorted({".".join(str(part) for part in one["loc"][1:2]) for one in error.errors()})
    which = ", ".join(name for name in named if name.isidentifier())
    return JSONResponse(ErrorAnswer(detail=f"This request makes no sense: {which or 'its body'}.", do="/openapi.json says how.").model_dump(), 400)


def _camera(site: WatchedSite, camera: str) -> CameraNow:
    """The camera of that id. Raises AnswerError."""
    found = site.camera(camera)
    if found is None:
        raise AnswerError(404, "There is no camera of that id here.", "/api/cameras lists all")
    return found


def _add_page(app: FastAPI, grounds: Grounds) -> None:
    """The page for people, and its files. Who opens it will look at the places: what takes long is begun with it."""
    folder = resources.files("passerby.serve") / "page"
    index = (folder / "index.html").read_bytes()
    files = {name: (folder / name).read_bytes() for name in PAGE}

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return Response(index, media_type="text/html; charset=utf-8", background=BackgroundTask(grounds.expect))

    @app.get("/page/{name}", include_in_schema=False)
    async def file(name: str) -> Response:
        if name not in files:
            raise AnswerError(404, "There is no such file.")
        return Response(files[name], media_type=PAGE[name])


def _add_cameras(app: FastAPI, site: WatchedSite) -> None:
    @app.get("/api/cameras", summary="All cameras and how they are", tags=["cameras"])
    async def cameras() -> CamerasAnswer:
        return cameras_answer(site.now())

    @app.get("/api/cameras/{camera}", summary="One camera and how it is", tags=["cameras"], responses={404: ERRORS[404]})
    async def one(camera: str) -> CameraAnswer:
        return camera_answer(_camera(site, camera))


def _add_pictures(app: FastAPI, site: WatchedSite, pictures: Pictures) -> None:
    threads = anyio.CapacityLimiter(DRAWING_THREADS)
    mark = secrets.token_hex(4)  # numbers of pictures begin anew with each start
    waiting = 0

    async def newest(camera: str) -> LivePicture:
        """The newest picture, waiting a little for the first. Raises AnswerError."""
        passed_s = 0.0
        while True:
            known = _camera(site, camera)
            if not known.has_picture:
                raise AnswerError(503, known.words.says, known.words.do)
            picture = await anyio.to_thread.run_sync(pictures.picture, camera, limiter=threads)
            if picture is not None:
                return picture
            if passed_s >= FIRST_PICTURE_WITHIN_S:
                raise AnswerError(503, "The picture is on its way.")
            await asyncio.sleep(LOOK_AGAIN_S)
            passed_s += LOOK_AGAIN_S

    @app.get("/live/{camera}.jpg", summary="The newest picture of a camera", tags=["cameras"], response_class=Response, responses=JPEG | ERRORS)
    async def live(camera: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        nonlocal waiting
        if waiting >= MOST_WAITING:
            raise AnswerError(503, "Too many pictures are asked for at once.", "Come again in a second.")
        waiting += 1
        try:
            picture = await newest(camera)
        finally:
            waiting -= 1
        etag = f'"{mark}-{picture.number}"'
        headers = {"etag": etag, "x-captured-at": f"{picture.captured_wall_s:.3f}"}
        if if_none_match == etag:
            return Response(status_code=304, headers=headers)
        return Response(picture.jpeg, media_type="image/jpeg", headers=headers)


def _add_health(app: FastAPI, site: WatchedSite, pictures: Pictures, lost_log_lines: Callable[[], int]) -> None:
    unhealthy: dict[int | str, dict[str, Any]] = {200: {"description": "It is."}, 503: {"model": HealthAnswer, "description": "It is not."}}
    text: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "As text."}}

    @app.get("/healthz", summary="Whether the supervisor lives", tags=["health"], response_model=HealthAnswer, responses=unhealthy)
    async def alive() -> Response:
        return _health_answer(site.now().not_alive)

    @app.get("/readyz", summary="Whether the site is ready", tags=["health"], response_model=HealthAnswer, responses=unhealthy)
    async def ready() -> Response:
        return _health_answer(site.now().not_ready)

    @app.get("/metrics", summary="Figures for Prometheus", tags=["health"], response_class=Response, responses=text)
    async def metrics() -> Response:
        return Response(exposition(site.now(), len(pictures.watched), lost_log_lines()), headers={"content-type": CONTENT_TYPE})


def _health_answer(why: tuple[str, ...]) -> Response:
    return JSONResponse(HealthAnswer(ok=not why, why=list(why)).model_dump(), 503 if why else 200)
