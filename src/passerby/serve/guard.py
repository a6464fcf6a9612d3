"""What holds for every request and every answer, before the application sees it: the one way in.

A request has to come over a way that there is, for a path in its plain form, by a method that the path has, not from another site's page, and from
somebody who has the right that the path needs. What is in no table is answered to nobody. No text of a request is repeated, here or in the log.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from passerby.clock import Clock
from passerby.serve.accounts.access import closed_words
from passerby.serve.accounts.door import Door
from passerby.serve.accounts.rights import CHANGING, Account, Kind, known, right_for
from passerby.serve.accounts.store import Closed
from passerby.serve.accounts.way import Astray, Way

MOST_BODY_BYTES: Final = 64 * 1024
BODY_WITHIN_S: Final = 10.0
PAGES: Final = {"/": "/login", "/tally": "/login#tally"}
"""Pages for people, and where those are sent who have to log in first; from there the login leads back."""
SENT_ON: Final = 303
LOOK_AGAIN_S: Final = 2.0
"""How often an answer that goes on asks whether whoever reads it still may."""
HSTS: Final = "max-age=31536000"
PLAIN_PATH: Final = re.compile(rb"/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*)?")
"""No escape, no empty part, none that begins with a dot: no two ways to write one path."""
ANSWER_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """An ASGI middleware.

    Args:
        app: What answers.
        door: Who may come in.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._access, self._ways, self._clock = app, door.access, door.ways, door.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses what may not be asked, and adds headers to what is answered."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        way = self._ways.of(scope)
        guarded = _Answer(send, self._clock, secure=isinstance(way, Way) and way.secure, head=scope["method"] == "HEAD")
        # What HEAD asks for is what GET would be answered with; the server leaves out the body.
        asked = {**scope, "method": "GET", "passerby.head": True} if scope["method"] == "HEAD" else dict(scope)
        try:
            account = self._let_in(asked, way, guarded)
            if account is not None:
                guarded.ends_unless(lambda: self._access.still(account))
            if asked["method"] in CHANGING:
                receive = await _read_whole(receive)
        except _Refusal as refusal:
            guarded.closes |= _has_body(Headers(scope=asked))  # what comes of it is waited for by nobody
            await refusal.answer(asked, receive, guarded.send)
            return
        try:
            await self._app(asked, receive, guarded.send)
        except Exception:
            if not guarded.was_cut:  # the application may take it that the reader has gone
                raise

    def _let_in(self, scope: Scope, way: Way | Astray, answer: "_Answer") -> Account | None:
        """Who asks, which is in the request's state from now on; None = somebody who needs no right here. Raises _Refusal."""
        if isinstance(way, Astray):
            raise _Refusal(way.status, way.detail, way.do)
        method, headers = scope["method"], Headers(scope=scope)
        _require_small(method, headers)
        template = _template(scope)
        _require_from_here(method, headers, way)
        who = self._access.who(headers.get("authorization"), "; ".join(headers.getlist("cookie")), secure=way.secure)
        scope["state"] = {**scope.get("state", {}), "way": way, "who": who, "account": who.name if isinstance(who, Account) else ""}
        if isinstance(who, Account):
            answer.closes = False
            scope["state"].get("know", _nothing)()
        right = right_for(method, template)
        wait_s = self._access.too_often(who if isinstance(who, Account) else None, way, changing=method in CHANGING and right is not None)
        if wait_s:
            raise _Refusal(429, "This is asked too often.", **{"retry-after": str(wait_s)})
        if right is None:
            return None
        if not isinstance(who, Account) and template in PAGES:
            raise _Refusal(SENT_ON, "Log in first.", location=PAGES[template])
        if isinstance(who, Closed):
            words = closed_words(who)
            raise _Refusal(words.status, words.detail, words.do)
        if who is None:
            raise _Refusal(401, "Log in first.", "Use the page /login, or an API token.", **_challenge(headers))
        if right not in who.rights:
            raise _Refusal(403, "This account may not do that.", f"It needs the right '{right.value}'.")
        if method in CHANGING and who.kind is Kind.TOKEN:
            raise _Refusal(403, "A token can only read.", "Log in on the page to do that.")
        return who


class _Refusal(Exception):  # noqa: N818 - an answer, and no failure
    """A request that is refused: the status, in words why and what to do, and headers."""

    def __init__(self, status: int, detail: str, do: str = "", **headers: str) -> None:
        super().__init__(detail)
        words = JSONResponse({"detail": detail, "do": do}, status, headers)
        self.answer: ASGIApp = RedirectResponse(headers["location"], status) if status == SENT_ON else words


class _Answer:
    """What is sent, with its headers. An answer that goes on is cut off once its reader may no longer, and where only its head was asked for.

    Attributes:
        was_cut: Whether that has happened.
        closes: Whether the connection ends with this answer. Connections are few: who has no account takes one for one answer at a time.
    """

    def __init__(self, send: Send, clock: Clock, *, secure: bool, head: bool) -> None:
        self._send, self._clock, self._secure, self._head = send, clock, secure, head
        self._still: Callable[[], bool] | None = None
        self._looked_s = clock.monotonic_s()
        self.was_cut = False
        self.closes = True

    def ends_unless(self, still: Callable[[], bool]) -> None:
        """From now on, `still()` is asked while the answer goes on."""
        self._still = still

    async def send(self, message: Message) -> None:
        """Sends on. Raises OSError, as for a reader that has gone, where the reader may no longer."""
        if self.was_cut:
            raise OSError("cut off")
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ANSWER_HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "no-store")
            if self.closes:
                headers["connection"] = "close"
            if self._secure:
                headers.setdefault("strict-transport-security", HSTS)
        elif message["type"] == "http.response.body" and message.get("more_body") and (self._head or self._is_over()):
            self.was_cut = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            raise OSError("cut off")
        await self._send(message)

    def _is_over(self) -> bool:
        now_s = self._clock.monotonic_s()
        if self._still is None or now_s - self._looked_s < LOOK_AGAIN_S:
            return False
        self._looked_s = now_s
        return not self._still()


def _template(scope: Scope) -> str:
    """The route that will answer, as the application declares it, which the table of rights knows. Raises _Refusal."""
    if not PLAIN_PATH.fullmatch(scope.get("raw_path", b"")) or scope.get("root_path"):
        raise _Refusal(404, "There is nothing here.")
    method = scope["method"]
    if method not in {"GET", *CHANGING}:
        raise _Refusal(405, "Things here can be read; some can be made or deleted.", allow="GET, HEAD, POST, DELETE")
    allowed: set[str] = set()
    for route in scope["app"].routes:
        if not isinstance(route, Route):
            continue
        match, _ = route.matches(scope)
        if match is Match.FULL:
            if known(method, route.path):
                return route.path
            break
        if match is Match.PARTIAL:
            allowed |= {one for one in route.methods or () if known(one, route.path)}
    if allowed:
        raise _Refusal(405, "That cannot be done with this.", allow=", ".join(sorted(allowed)))
    raise _Refusal(404, "There is nothing here.")


def _require_from_here(method: str, headers: Headers, way: Way) -> None:
    """Refuses what the page of another site makes a browser ask. Somebody who follows a link to a page of ours is welcome. Raises _Refusal."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    follows = method == "GET" and headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    from_here = site in (None, "same-origin") or (method == "GET" and site == "none") or follows
    if not from_here or (origin is not None and origin.lower() != way.origin):
        do = "Open Passerby's own page. Behind a proxy: it has to pass on the Host header, and to set X-Forwarded-Proto."
        raise _Refusal(403, "This was asked by the page of another site.", do)
    if method in CHANGING and headers.get("x-passerby") != "1":
        raise _Refusal(403, "What changes something needs the header X-Passerby: 1.", "A page of another site cannot set it.")


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _require_small(method: str, headers: Headers) -> None:
    """Refuses a body that is large, or whose length is not said, or that nothing would read. Raises _Refusal."""
    if method == "GET" and _has_body(headers):
        raise _Refusal(400, "A request that reads has no body.")
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not re.fullmatch("[0-9]{1,9}", length) or int(length) > MOST_BODY_BYTES:
        raise _Refusal(413, f"What is sent has a length, of {MOST_BODY_BYTES} bytes at most.")


async def _read_whole(receive: Receive) -> Receive:
    """Reads a request's body to its end, in time; gives what hands it on. Raises _Refusal."""
    parts: list[Message] = []
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while not parts or (parts[-1]["type"] == "http.request" and parts[-1].get("more_body")):
                parts.append(await receive())
    except TimeoutError:
        raise _Refusal(408, "The request did not come in time.", connection="close") from None
    waiting = iter(parts)

    async def hand_on() -> Message:
        part = next(waiting, None)
        return await receive() if part is None else part

    return hand_on


def _nothing() -> None:
    """Without a server of ours, as in tests, there are no places."""


def _challenge(headers: Headers) -> dict[str, str]:
    """How to log in. To a player, Basic: many send their password only then. To a browser not: it would ask with a window of its own."""
    is_browser = "sec-fetch-site" in headers or "sec-fetch-mode" in headers
    return {"www-authenticate": 'Bearer realm="Passerby"' if is_browser else 'Basic realm="Passerby", charset="UTF-8"'}
