"""The addresses of measurements: zones, lines and where people were in the past, and the pulses of the last minute.

Who is not the site's operator, but asks with a token, gets figures of few persons merged or left out (`store.suppression`).
"""

from enum import Enum
from typing import Annotated, Any, Final, Literal

import anyio
import anyio.to_thread
from fastapi import FastAPI, Query, Request, Response

from passerby.serve.accounts.rights import Account, Kind
from passerby.serve.answers import AnswerError, ErrorAnswer
from passerby.serve.measured_places import MOST_WAITING, MeasuredPlaces
from passerby.serve.measurement_answers import HeatAnswer, MeasurementsAnswer, PulsesAnswer, pulses_answer
from passerby.serve.shares import Shares
from passerby.store.asking import MOST_IDS, HeatWish, Wish
from passerby.store.buckets import Every
from passerby.store.question import Table

TAGS: Final[list[str | Enum]] = ["measurements"]
MOST_LETTERS: Final = 40
ID: Final = r"^[a-z0-9-]{1,40}$"
From = Annotated[
    str | None,
    Query(
        alias="from",
        max_length=MOST_LETTERS,
        description="Begin: a time by the site's clock such as 2026-11-23T08:00, or with Z, or seconds since 1970 UTC; left out: a day before.",
    ),
]
To = Annotated[str | None, Query(alias="to", max_length=MOST_LETTERS, description="End, which is not included; left out = now.")]
Span = Annotated[Every, Query(description="How long spans are, by the site's clock.")]
Camera = Annotated[str | None, Query(pattern=ID, description="Of this camera only.")]
HeatCamera = Annotated[str, Query(alias="camera", pattern=ID, description="Of this camera's picture.")]
Ids = Annotated[list[str], Query(alias="id", max_length=MOST_IDS, description="Of this zone or line only; may be given again.")]
Weekdays = Annotated[bool, Query(description="The mean week instead: each hour of each weekday, over the whole range.")]
Form = Annotated[Literal["json", "csv"], Query(alias="format", description="How it is written.")]
TYPES: Final = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "Span by span; gaps are among them."},
    400: {"model": ErrorAnswer, "description": "What is asked makes no sense, or it would be too much."},
    503: {"model": ErrorAnswer, "description": "Too much is asked at once, or the history cannot be read just now."},
}
HEAT_ANSWERS: Final = ANSWERS | {200: {**ANSWERS[200], "description": "Cell by cell, added up over the whole range."}}
NO_CAMERA: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorAnswer, "description": "There is no such camera."}}


def add_measurements(app: FastAPI, places: MeasuredPlaces) -> None:
    """Adds the addresses to the application."""
    threads, shares = anyio.CapacityLimiter(MOST_WAITING + 2), Shares(MOST_WAITING // 2)

    async def answered(wish: Wish | HeatWish, form: str, request: Request) -> Response:
        for_operator = is_operator(request)
        with shares.held(shares.require_room(request)):
            data = await anyio.to_thread.run_sync(lambda: places.ask(wish, form, for_operator=for_operator), limiter=threads)
        return Response(data, media_type=TYPES[form])

    @app.get("/api/measurements/zones", summary="What was measured in zones", tags=TAGS, response_model=MeasurementsAnswer, responses=ANSWERS)
    async def zones(
        request: Request,
        from_: From = None,
        to: To = None,
        every: Span = Every.HOUR,
        camera: Camera = None,
        ids: Ids = [],  # noqa: B006 - FastAPI's way to say that it may be left out
        weekdays: Weekdays = False,  # noqa: FBT002
        form: Form = "json",
    ) -> Response:
        return await answered(Wish(Table.ZONES, from_, to, every, camera, tuple(ids), weekdays), form, request)

    @app.get("/api/measurements/lines", summary="What was counted at lines", tags=TAGS, response_model=MeasurementsAnswer, responses=ANSWERS)
    async def lines(
        request: Request,
        from_: From = None,
        to: To = None,
        every: Span = Every.HOUR,
        camera: Camera = None,
        ids: Ids = [],  # noqa: B006 - FastAPI's way to say that it may be left out
        weekdays: Weekdays = False,  # noqa: FBT002
        form: Form = "json",
    ) -> Response:
        return await answered(Wish(Table.LINES, from_, to, every, camera, tuple(ids), weekdays), form, request)

    @app.get(
        "/api/measurements/heat", summary="Where people were in a camera's picture", tags=TAGS, response_model=HeatAnswer, responses=HEAT_ANSWERS
    )
    async def heat(request: Request, camera: HeatCamera, from_: From = None, to: To = None, form: Form = "json") -> Response:
        return await answered(HeatWish(camera, from_, to), form, request)

    @app.get("/api/pulses", summary="The last minute, a pulse a second", tags=TAGS, responses=NO_CAMERA)
    async def pulses(request: Request, camera: Camera = None) -> PulsesAnswer:
        found = places.pulses.of(camera)
        if camera is not None and not found:
            raise AnswerError(404, "There is no camera of that id here.", "/api/cameras lists all")
        return pulses_answer(found, for_operator=is_operator(request))


def is_operator(request: Request) -> bool:
    """Whether the site's operator asks: logged in on the page, or at the machine where there are no accounts. A token is somebody else."""
    who = getattr(request.state, "who", None)
    return isinstance(who, Account) and who.kind is not Kind.TOKEN
