"""The addresses of alerts: those that are open, those of a time, one; and what an operator does about one. What is done names who did it.

What changes an alert is on the disk before it is answered (invariant I9); a hold is in the receipts before it takes effect (I7).
"""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Final, TypeVar

import anyio
import anyio.to_thread
from fastapi import FastAPI, Header, Path, Query, Request, Response

from passerby.errors import AlertError, InputError, OutputError, ReceiptError, RecordingError, SettingsError
from passerby.hazards.alert import HazardKind, Severity, What
from passerby.serve.alerts.answers import AlertAnswer, AlertsAnswer, CommentWish, HoldAnswer, HoldWishBody, WordsWish
from passerby.serve.alerts.inbox import AlertInbox, AlertsWish
from passerby.serve.answers import AnswerError, ErrorAnswer
from passerby.serve.archive import EARLIEST_S, LATEST_S

TAGS: Final[list[str | Enum]] = ["alerts"]
READING_THREADS: Final = 2
ACTING_THREADS: Final = 2
MOST_OF_PAGE: Final = 200
CAMERA_ID: Final = r"^[a-z0-9-]{1,40}$"
PLACE: Final = r"^[0-9]{1,15}-[0-9a-f]{16}$"
_ANY: Final[dict[str, Any]] = {"ge": EARLIEST_S, "le": LATEST_S, "allow_inf_nan": False}
From = Annotated[float | None, Query(**_ANY, alias="from", description="Those that were opened from then on, seconds since 1970 UTC.")]
To = Annotated[float | None, Query(**_ANY, alias="to", description="Those that were opened before. Without `from` and `to`: those not closed.")]
Camera = Annotated[str | None, Query(pattern=CAMERA_ID, description="Of this camera only.")]
Kind = Annotated[HazardKind | None, Query(description="Of this kind only.")]
Urgency = Annotated[Severity | None, Query(description="Of this severity only.")]
Limit = Annotated[int, Query(ge=1, le=MOST_OF_PAGE, description="So many at most.")]
Before = Annotated[str | None, Query(pattern=PLACE, description="`next` of the answer before: those that follow.")]
Found = TypeVar("Found")
AlertId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="Id of the alert.")]
SENSELESS: Final[dict[int | str, dict[str, Any]]] = {400: {"model": ErrorAnswer, "description": "It makes no sense."}}
NONE: Final[dict[int | str, dict[str, Any]]] = {404: {"model": ErrorAnswer, "description": "There is no such alert, or none any more."}}
UNREADABLE: Final[dict[int | str, dict[str, Any]]] = {503: {"model": ErrorAnswer, "description": "Alerts of before cannot be read just now."}}
SAME: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "Nothing has changed since the answer that If-None-Match names."}}
REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": ErrorAnswer, "description": "It cannot be done with this alert."},
    503: {"model": ErrorAnswer, "description": "It could not be written down, so it is refused."},
}
LISTED: Final = SENSELESS | UNREADABLE | SAME
ACTED: Final = SENSELESS | NONE | REFUSED
UNSEEN: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": ErrorAnswer, "description": "It has become more urgent since you looked; or it cannot be done with this alert."},
}
"""Where it matters what somebody saw."""


def add_alerts(app: FastAPI, inbox: AlertInbox) -> None:
    """Adds the addresses to the application."""
    _add_reading(app, inbox)
    _add_acting(app, inbox)


def _add_reading(app: FastAPI, inbox: AlertInbox) -> None:
    threads = anyio.CapacityLimiter(READING_THREADS)

    @app.get("/api/alerts", summary="Alerts that are not closed, or those of a time", tags=TAGS, response_model=AlertsAnswer, responses=LISTED)
    async def listed(
        from_s: From = None,
        to_s: To = None,
        camera: Camera = None,
        kind: Kind = None,
        severity: Urgency = None,
        limit: Limit = 50,
        before: Before = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        etag = f'"{inbox.mark}"'
        if if_none_match == etag:
            return Response(status_code=304, headers={"etag": etag})
        if from_s is not None and to_s is not None and not from_s < to_s:
            raise AnswerError(400, "The end is not after the beginning.")
        at_ms, _, name = (before or "").partition("-")
        wish = AlertsWish(from_s, to_s, camera, kind, severity, limit, (int(at_ms), name) if before else None)
        answer = await anyio.to_thread.run_sync(lambda: _read(lambda: inbox.listed(wish)), limiter=threads)
        return Response(answer.model_dump_json(), media_type="application/json", headers={"etag": etag})

    @app.get("/api/alerts/{alert}", summary="One alert", tags=TAGS, responses=SENSELESS | NONE | UNREADABLE)
    async def one(alert: AlertId) -> AlertAnswer:
        found = await anyio.to_thread.run_sync(lambda: _read(lambda: inbox.one(alert)), limiter=threads)
        if found is None:
            raise _no_alert()
        return found


def _add_acting(app: FastAPI, inbox: AlertInbox) -> None:
    threads = anyio.CapacityLimiter(ACTING_THREADS)

    async def acted(alert: str, what: What, request: Request, words: str, saw: Severity | None = None) -> AlertAnswer:
        by = _account(request)
        return await anyio.to_thread.run_sync(lambda: _done(inbox, alert, lambda: inbox.act(alert, what, by, words, saw)), limiter=threads)

    @app.post("/api/alerts/{alert}/acknowledge", summary="Say that you have taken notice", tags=TAGS, responses=ACTED | UNSEEN)
    async def acknowledge(alert: AlertId, request: Request, wish: WordsWish | None = None) -> AlertAnswer:
        wish = wish or WordsWish()
        return await acted(alert, What.ACKNOWLEDGED, request, wish.words, wish.severity)

    @app.post("/api/alerts/{alert}/comment", summary="Write something down beside an alert", tags=TAGS, responses=ACTED)
    async def comment(alert: AlertId, request: Request, wish: CommentWish) -> AlertAnswer:
        return await acted(alert, What.COMMENTED, request, wish.words)

    @app.post("/api/alerts/{alert}/close", summary="Close an alert", tags=TAGS, responses=ACTED | UNSEEN)
    async def close(alert: AlertId, request: Request, wish: WordsWish | None = None) -> AlertAnswer:
        wish = wish or WordsWish()
        return await acted(alert, What.CLOSED, request, wish.words, wish.severity)

    @app.post(
        "/api/alerts/{alert}/hold", summary="Keep the recordings of an alert for longer, which is written down first", tags=TAGS, responses=ACTED
    )
    async def hold(alert: AlertId, request: Request, wish: HoldWishBody) -> HoldAnswer:
        by = _account(request)
        held = lambda: inbox.hold(alert, float(wish.until_s), by, wish.why)  # noqa: E731 - handed on at once
        return await anyio.to_thread.run_sync(lambda: _done(inbox, alert, held), limiter=threads)


def _read(reading: Callable[[], Found]) -> Found:
    """What is read. Raises AnswerError."""
    try:
        return reading()
    except (InputError, OSError) as error:
        raise AnswerError(503, "Alerts of before cannot be read just now.", "Look at the disk of the state folder.") from error


def _done(inbox: AlertInbox, alert: str, act: Callable[[], Found]) -> Found:
    """What is done. Raises AnswerError."""
    try:
        if inbox.one(alert) is None:
            raise _no_alert()
        return act()
    except (AlertError, RecordingError, SettingsError) as error:
        raise AnswerError(409, f"{error.message[:1].upper()}{error.message[1:]}.", error.hint) from error
    except (ReceiptError, OutputError, InputError) as error:
        raise AnswerError(503, "This must be written down first, and cannot be: it is refused.", "Look at the disk of the state folder.") from error


def _no_alert() -> AnswerError:
    return AnswerError(404, "There is no such alert, or none any more.", "/api/alerts lists them")


def _account(request: Request) -> str:
    """Who acts, as the guard found out; the alert names it."""
    account = getattr(request.state, "account", "")
    if not account:
        raise AnswerError(403, "It is not known who asks, so it cannot be written down.")
    return str(account)
