"""The addresses for people who count at the place: the page for a phone, names of zones and lines, the server's clock, and what was counted.

No address here gives a picture or a figure that was measured.
"""

from collections.abc import Callable
from enum import Enum
from importlib import resources
from typing import Annotated, Any, Final

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request, Response
from pydantic import Field

from passerby.errors import OutputError
from passerby.serve.answers import Answer, AnswerError, ErrorAnswer
from passerby.serve.tally.tallying import Tallying
from passerby.store.counted_places import CountedPlace
from passerby.store.question import Table
from passerby.store.tallies import FullError
from passerby.store.tally import MOST_PEOPLE, Tap, What

TAGS: Final[list[str | Enum]] = ["tallies"]
MOST_TAPS: Final = 200
"""Of one request."""
MOST_OFFSET_S: Final = 1e10
THREADS: Final = 2
KEPT: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": ErrorAnswer, "description": "It makes no sense."},
    404: {"model": ErrorAnswer, "description": "There is no such zone or line."},
    409: {"model": ErrorAnswer, "description": "There are too many tallies of one day."},
    503: {"model": ErrorAnswer, "description": "It cannot be kept just now: send it again."},
}
TapId = Annotated[str, Field(pattern=r"^[0-9a-f]{8,32}$")]
Seconds = Annotated[float, Field(ge=0, le=MOST_OFFSET_S, allow_inf_nan=False)]


class TallyPlaceAnswer(Answer):
    """A zone or line in which people can count."""

    table: str
    """zones or lines."""
    camera: str
    """Id of its camera."""
    camera_name: str
    """Name of its camera."""
    place: str
    """Id of the zone or line."""
    name: str
    """Its name."""
    ways: list[str]
    """Of a line: direction ab and direction ba, as somebody at the place sees them. Empty for a zone."""


class TallyPlacesAnswer(Answer):
    """Where people can count."""

    site: str
    """Name of the site."""
    places: list[TallyPlaceAnswer]
    """Zones, then lines."""


class ClockAnswer(Answer):
    """The server's clock."""

    now_s: float
    """Seconds since 1970 UTC."""


class TapWish(Answer):
    """One tap."""

    id: TapId
    """Made by the phone: what is sent twice is kept once."""
    at_s: Seconds
    """When, by the server's clock as the phone knows it, seconds since 1970 UTC."""
    what: What
    """What was tapped: of a zone `count` and `now`, of a line `begin`, `ab`, `ba` and `end`, of both `undo`."""
    people: Annotated[int, Field(ge=0, le=MOST_PEOPLE, strict=True)] | None = None
    """How many, with `count` and `now`."""
    of: TapId | None = None
    """Which tap was a mistake, with `undo`."""


class TallyWish(Answer):
    """Taps of one sitting: one phone, one zone or line."""

    sitting: TapId
    """Made by the phone."""
    table: Table
    """zones or lines."""
    camera: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    """Id of the camera."""
    place: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    """Id of the zone or line."""
    offset_s: Annotated[float, Field(ge=-MOST_OFFSET_S, le=MOST_OFFSET_S, allow_inf_nan=False)] = 0.0
    """How far the server's clock is ahead of the phone's."""
    taps: Annotated[list[TapWish], Field(min_length=1, max_length=MOST_TAPS)]
    """The taps, in any order."""


class TallyKeptAnswer(Answer):
    """What became of taps."""

    kept: list[str]
    """Ids of those that are kept, for good."""
    refused: list[str]
    """Ids of those that make no sense, or are too old: do not send them again."""
    now_s: float
    """The server's clock, seconds since 1970 UTC."""


def add_tallies(app: FastAPI, tallying: Tallying, site_name: Callable[[], str]) -> None:
    """Adds the addresses to the application; `site_name()` is what the site is called now."""
    page = (resources.files("passerby.serve") / "page" / "tally.html").read_bytes()
    threads = anyio.CapacityLimiter(THREADS)

    @app.get("/tally", include_in_schema=False)
    async def tally_page() -> Response:
        return Response(page, media_type="text/html; charset=utf-8")

    @app.get("/api/tallies/places", summary="Zones and lines in which people can count", tags=TAGS)
    async def places() -> TallyPlacesAnswer:
        return TallyPlacesAnswer(site=site_name(), places=[_place_answer(one) for one in tallying.places()])

    @app.get("/api/tallies/clock", summary="The server's clock, for a phone to compare its own with", tags=TAGS)
    async def clock() -> ClockAnswer:
        return ClockAnswer(now_s=tallying.clock.wall_s())

    @app.post("/api/tallies", summary="Keep what somebody counted at the place", tags=TAGS, responses=KEPT)
    async def keep(wish: TallyWish, request: Request) -> TallyKeptAnswer:
        found = tallying.place(wish.table, wish.camera, wish.place)
        if found is None:
            raise AnswerError(404, "There is no such zone or line any more.", "/api/tallies/places lists all")
        now_s = tallying.clock.wall_s()
        try:
            kept = await anyio.to_thread.run_sync(tallying.keep, _taps(wish, found, now_s), _account(request), limiter=threads)
        except FullError as error:
            raise AnswerError(409, "There are too many tallies of one day.", error.hint) from error
        except OutputError as error:
            raise AnswerError(503, "It cannot be kept just now.", "Look at the disk of the state folder.") from error
        return TallyKeptAnswer(kept=list(kept.kept), refused=list(kept.refused), now_s=now_s)


def _place_answer(one: CountedPlace) -> TallyPlaceAnswer:
    return TallyPlaceAnswer(table=one.table.value, camera=one.camera, camera_name=one.camera_name, place=one.id, name=one.name, ways=list(one.ways))


def _taps(wish: TallyWish, place: CountedPlace, now_s: float) -> list[Tap]:
    return [
        Tap(
            id=tap.id,
            sitting=wish.sitting,
            table=wish.table,
            camera=wish.camera,
            place=wish.place,
            shape=place.shape,
            what=tap.what,
            wall_s=round(tap.at_s, 3),
            received_s=round(now_s, 3),
            offset_s=round(wish.offset_s, 3),
            people=tap.people,
            of=tap.of,
        )
        for tap in wish.taps
    ]


def _account(request: Request) -> str:
    """Who counts, as the guard found out."""
    return str(getattr(request.state, "account", "") or "unknown")
