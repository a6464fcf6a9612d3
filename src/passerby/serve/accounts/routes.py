"""The login page and what it asks. FastAPI is met here, in `serve.app` and in the modules beside it that add routes."""

import json
import math
from importlib import resources
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import Field

from passerby.serve.accounts.access import Access, Refused, cookie_of
from passerby.serve.accounts.rights import Account, Kind
from passerby.serve.accounts.sessions import LASTS_S
from passerby.serve.accounts.store import Closed
from passerby.serve.answers import Answer, ErrorAnswer
from passerby.serve.guard import ANSWER_HEADERS

CSP: Final = ANSWER_HEADERS["content-security-policy"].replace("form-action 'none'", "form-action 'self'")
"""Of the login page: some password managers send the form themselves."""
MOST_BODY_BYTES: Final = 4096
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    204: {"description": "The session's cookie is set."},
    400: {"model": ErrorAnswer, "description": "That is no JSON with a password."},
    401: {"model": ErrorAnswer, "description": "That is not the password."},
    409: {"model": ErrorAnswer, "description": "There are no accounts here."},
    429: {"model": ErrorAnswer, "description": "Too many tries: Retry-After says when the next is heard."},
    503: {"model": ErrorAnswer, "description": "Nobody gets in now, or too many log in at once."},
}
ENDED: Final[dict[int | str, dict[str, Any]]] = {204: {"description": "The session has ended."}}
BODY: Final = {"requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"password": {"type": "string"}}}}}}}


class SessionAnswer(Answer):
    """Who asks, and what they may."""

    accounts: bool
    """Whether there are accounts: without, this machine is answered and has nothing to log out of."""
    account: str | None
    """Name of the account; null = nobody is logged in."""
    by: str | None
    """machine, session or token."""
    rights: list[str] = Field(default_factory=list)
    """What it may do: watch, recordings, export, measurements, tally, alerts, metrics, admin."""
    closed: str = ""
    """Why nobody gets in; empty = they do."""
    lasts_s: float = LASTS_S
    """How long a session lasts after the login."""


def add_accounts(app: FastAPI, access: Access) -> None:
    """Adds the login page and what belongs to it."""
    page = (resources.files("passerby.serve") / "page" / "login.html").read_bytes()

    @app.get("/login", include_in_schema=False)
    async def login_page(request: Request) -> Response:
        if isinstance(request.state.who, Account):
            return RedirectResponse("/", 303)
        return Response(page, media_type="text/html; charset=utf-8", headers={"content-security-policy": CSP})

    @app.post("/login", summary="Log in", tags=["accounts"], status_code=204, response_class=Response, responses=REFUSALS, openapi_extra=BODY)
    async def log_in(request: Request) -> Response:
        password = await _password_of(request)
        if password is None:
            return _refusal(Refused(400, "That is no JSON with a password.", 'Send {"password": "..."} as application/json.'))
        way = request.state.way
        done = await access.log_in(password, way, request.headers.get("cookie", ""))
        if isinstance(done, Refused):
            return _refusal(done)
        return Response(status_code=204, headers={"set-cookie": cookie_of(done, secure=way.secure)})

    @app.post("/logout", summary="Log out", tags=["accounts"], status_code=204, response_class=Response, responses=ENDED)
    async def log_out(request: Request) -> Response:
        way = request.state.way
        await access.log_out(request.headers.get("cookie", ""), secure=way.secure)
        gone = {"set-cookie": cookie_of("", secure=way.secure), "clear-site-data": '"cache"'}
        return Response(status_code=204, headers=gone)

    @app.get("/api/session", summary="Who asks, and what they may", tags=["accounts"])
    async def session(request: Request) -> SessionAnswer:
        who = request.state.who
        if isinstance(who, Closed):
            return SessionAnswer(accounts=True, account=None, by=None, closed=f"Nobody gets in: {who.why}.")
        if who is None:
            return SessionAnswer(accounts=True, account=None, by=None)
        rights = sorted(right.value for right in who.rights)
        return SessionAnswer(accounts=who.kind is not Kind.MACHINE, account=who.name, by=who.kind.value, rights=rights)


async def _password_of(request: Request) -> str | None:
    """The password in a request; None = there is none. What is sent is in no error."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return None
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > MOST_BODY_BYTES:
            return None
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    password = found.get("password") if isinstance(found, dict) else None
    return password if isinstance(password, str) else None


def _refusal(refused: Refused) -> Response:
    headers = {"retry-after": str(math.ceil(refused.wait_s))} if refused.wait_s else {}
    return JSONResponse(ErrorAnswer(detail=refused.detail, do=refused.do).model_dump(), refused.status, headers)
