"""The addresses of recordings: what there is, viewings, exports. What must be written down first is, or it is refused (invariants I7 and I8).

Times are seconds since 1970 UTC. An account sees its own viewings and exports only; the guard has looked at its rights before.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from enum import Enum
from typing import Annotated, Any, Final

import anyio
import anyio.to_thread
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from passerby.errors import ReceiptError
from passerby.serve.answers import AnswerError
from passerby.serve.archive import DAY_S, EARLIEST_S, LATEST_S
from passerby.serve.exports import LONGEST_S as LONGEST_EXPORT_S
from passerby.serve.exports import Export, Exports, ExportWish
from passerby.serve.player_orders import AskGround, AskScenes, Failed, Ground, Scenes
from passerby.serve.recorded_places import RecordedPlaces
from passerby.serve.recording_answers import ExportAnswer, ExportWishBody, RecordingsAnswer, SpanWish, TimelineAnswer, ViewingAnswer
from passerby.serve.recording_responses import BELOW, ENDED, EXPORT, FETCHED, LINE, OVER, SEEN, VIEWING
from passerby.serve.viewings import KEEP_S
from passerby.serve.viewings import LONGEST_S as LONGEST_VIEWING_S

READING_THREADS: Final = 6
LONGEST_LINE_S: Final = 400 * DAY_S
WIDTHS: Final = (0, 240, 480, 960)
TAGS: Final[list[str | Enum]] = ["recordings"]
_ANY: Final[dict[str, Any]] = {"ge": EARLIEST_S, "le": LATEST_S, "allow_inf_nan": False}
Moment = Annotated[float, Query(**_ANY, description="A moment, seconds since 1970 UTC.")]
From = Annotated[float, Query(**_ANY, alias="from", description="Begin, seconds since 1970 UTC.")]
To = Annotated[float, Query(**_ANY, alias="to", description="End, seconds since 1970 UTC.")]
PerhapsFrom = Annotated[float | None, Query(**_ANY, alias="from", description="Begin, seconds since 1970 UTC; left out = a day before the end.")]
PerhapsTo = Annotated[float | None, Query(**_ANY, alias="to", description="End, seconds since 1970 UTC; left out = now.")]
Step = Annotated[float, Query(ge=0, le=3600, allow_inf_nan=False, description="Seconds of recorded time between two scenes; 0 = all.")]
Width = Annotated[int, Query(ge=0, le=960, description="Width in pixels: 240, 480 or 960; 0 = the camera's own.")]


def add_recordings(app: FastAPI, places: RecordedPlaces) -> None:
    """Adds the addresses to the application."""
    threads = anyio.CapacityLimiter(READING_THREADS)
    _add_timelines(app, places, threads)
    _add_viewings(app, places, threads)
    _add_exports(app, places, threads)


def _add_timelines(app: FastAPI, places: RecordedPlaces, threads: anyio.CapacityLimiter) -> None:
    @app.get("/api/recordings", summary="Cameras of which there are recordings", tags=TAGS)
    async def all_cameras() -> RecordingsAnswer:
        return await anyio.to_thread.run_sync(places.all, limiter=threads)

    @app.get("/api/recordings/{camera}", summary="What there is of a camera, and when much happened", tags=TAGS, responses=LINE)
    async def timeline(camera: str, from_s: PerhapsFrom = None, to_s: PerhapsTo = None) -> TimelineAnswer:
        _require_camera(places, camera)
        end_s = places.archive.clock.wall_s() if to_s is None else to_s
        begin_s = max(EARLIEST_S, end_s - DAY_S) if from_s is None else from_s
        _require_span(begin_s, end_s, LONGEST_LINE_S)
        return await anyio.to_thread.run_sync(places.timeline, camera, begin_s, end_s, limiter=threads)


def _add_viewings(app: FastAPI, places: RecordedPlaces, threads: anyio.CapacityLimiter) -> None:
    @app.post(
        "/api/recordings/{camera}/viewings",
        summary="Look at recordings, which is written down first",
        tags=TAGS,
        responses=VIEWING,
    )
    async def begin(camera: str, wish: SpanWish, request: Request) -> ViewingAnswer:
        _require_camera(places, camera)
        _require_span(wish.from_s, wish.to_s, LONGEST_VIEWING_S)
        by = _account(request)

        def begun() -> ViewingAnswer:
            try:
                viewing = places.viewings.begin(camera, float(wish.from_s), float(wish.to_s), by)
            except ReceiptError as error:
                raise _not_written_down() from error
            return ViewingAnswer(viewing=viewing.id, camera=camera, from_s=viewing.from_s, to_s=viewing.to_s, ends_after_s=KEEP_S)

        return await anyio.to_thread.run_sync(begun, limiter=threads)

    @app.get(
        "/api/viewings/{viewing}/scenes",
        summary="Scenes of a viewing, as vectors",
        tags=TAGS,
        response_class=Response,
        responses=SEEN,
    )
    async def scenes(viewing: str, request: Request, from_s: From, to_s: To, step: Step = 0.0) -> Response:
        found = places.viewings.find(viewing, _account(request))
        answer = await anyio.to_thread.run_sync(places.viewings.ask, found, AskScenes(from_s, to_s, step), limiter=threads)
        if not isinstance(answer, Scenes):
            raise _unreadable(answer)
        return Response(answer.json, media_type="application/json")

    @app.get(
        "/api/viewings/{viewing}/ground.jpg",
        summary="The place below scenes of a viewing",
        tags=TAGS,
        response_class=Response,
        responses=BELOW,
    )
    async def ground(viewing: str, request: Request, at: Moment, w: Width = 0) -> Response:
        if w not in WIDTHS:
            raise AnswerError(400, "There are no ground pictures of that width.", "240, 480, 960, or none: as wide as the camera's.")
        found = places.viewings.find(viewing, _account(request))
        answer = await anyio.to_thread.run_sync(places.viewings.ask, found, AskGround(at, w), limiter=threads)
        if not isinstance(answer, Ground):
            raise _unreadable(answer)
        return Response(answer.jpeg, media_type="image/jpeg", headers={"x-ground": answer.name, "x-epoch": str(answer.epoch)})

    @app.delete("/api/viewings/{viewing}", summary="End a viewing", tags=TAGS, status_code=204, responses=ENDED)
    async def end(viewing: str, request: Request) -> None:
        await anyio.to_thread.run_sync(places.viewings.end, viewing, _account(request), limiter=threads)


def _add_exports(app: FastAPI, places: RecordedPlaces, threads: anyio.CapacityLimiter) -> None:
    @app.post(
        "/api/recordings/{camera}/exports",
        summary="Order a video of recordings, which is written down first",
        tags=TAGS,
        responses=EXPORT,
    )
    async def order(camera: str, wish: ExportWishBody, request: Request) -> ExportAnswer:
        _require_camera(places, camera)
        _require_span(wish.from_s, wish.to_s, LONGEST_EXPORT_S)
        by = _account(request)

        def ordered() -> ExportAnswer:
            try:
                return _export_answer(places.exports.order(ExportWish(camera, float(wish.from_s), float(wish.to_s), wish.show, wish.caption), by))
            except ReceiptError as error:
                raise _not_written_down() from error

        return await anyio.to_thread.run_sync(ordered, limiter=threads)

    @app.get("/api/exports/{export}", summary="How far an export is", tags=TAGS, responses=OVER)
    async def state(export: str, request: Request) -> ExportAnswer:
        return _export_answer(places.exports.find(export, _account(request)))

    @app.get(
        "/api/exports/{export}/{name}",
        summary="The video of an export",
        tags=TAGS,
        response_class=Response,
        responses=FETCHED,
    )
    async def fetch(export: str, name: str, request: Request) -> Response:
        found = places.exports.find(export, _account(request), name)
        parts = await anyio.to_thread.run_sync(places.exports.begin, found, limiter=threads)
        headers = {"content-disposition": f'attachment; filename="{found.name}"', "accept-ranges": "none"}
        return _Fetched(places.exports, found, parts, headers)

    @app.delete("/api/exports/{export}", summary="End an export", tags=TAGS, status_code=204, responses=ENDED)
    async def forget(export: str, request: Request) -> None:
        await anyio.to_thread.run_sync(places.exports.forget, export, _account(request), limiter=threads)


class _Fetched(StreamingResponse):
    """An export on its way. However it ends, and be it that its reader goes before the first part, what draws it ends with it."""

    def __init__(self, exports: Exports, export: Export, parts: Iterator[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(_streamed(parts), media_type="video/mp4", headers=headers)
        self._exports, self._export = exports, export

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._exports.finish, self._export)


async def _streamed(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The parts, each when its reader has taken the one before."""
    while True:
        part = await anyio.to_thread.run_sync(next, parts, None, abandon_on_cancel=True)
        if part is None:
            return
        yield part


def _export_answer(export: Export) -> ExportAnswer:
    return ExportAnswer(
        export=export.id,
        download=f"/api/exports/{export.id}/{export.name}",
        name=export.name,
        state=export.state.value,
        done=round(export.done, 4),
        sent_bytes=export.sent_bytes,
        says=export.says,
    )


def _account(request: Request) -> str:
    """Who asks, as the guard found out; receipts name it."""
    account = getattr(request.state, "account", "")
    if not account:
        raise AnswerError(403, "It is not known who asks, so it cannot be written down.")
    return str(account)


def _require_camera(places: RecordedPlaces, camera: str) -> None:
    if not places.archive.knows(camera):
        raise AnswerError(404, "There is no camera of that id here.", "/api/recordings lists all")


def _require_span(from_s: float, to_s: float, longest_s: float) -> None:
    if not from_s < to_s:
        raise AnswerError(400, "The end is not after the beginning.")
    if to_s - from_s > longest_s:
        raise AnswerError(400, f"That is too long: {longest_s / 3600:g} hours at most.")


def _not_written_down() -> AnswerError:
    return AnswerError(503, "This must be written down first, and cannot be: it is refused.", "Look at the disk of the state folder.")


def _unreadable(answer: object) -> AnswerError:
    if isinstance(answer, Failed):
        return AnswerError(503, answer.says, "Come again in a moment.")
    return AnswerError(404, "There is nothing of that time that may be shown.")
