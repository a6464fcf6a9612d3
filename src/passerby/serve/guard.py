"""What holds for every request and every answer: only this machine's names, only reading, nothing from elsewhere, nothing kept by a browser."""

from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from passerby.serve.loopback import asks_for_loopback

READING: Final = ("GET", "HEAD")
ANSWER_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """An ASGI middleware.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses what may not be asked, and adds headers to what is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer: ASGIApp = self._app
        if not asks_for_loopback(Headers(scope=scope).get("host", "")):
            answer = JSONResponse({"detail": "This server answers only to the names of its own machine.", "do": "Use http://127.0.0.1"}, 421)
        elif scope["method"] not in READING:
            answer = JSONResponse({"detail": "Everything here can only be read.", "do": ""}, 405, {"allow": ", ".join(READING)})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ANSWER_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        # What HEAD asks for is what GET would be answered with; the server leaves out the body.
        await answer({**scope, "method": "GET"} if scope["method"] == "HEAD" else scope, receive, send_with_headers)
