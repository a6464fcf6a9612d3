"""uvicorn in a thread. The only module that knows it."""

import asyncio
import contextlib
import errno
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from passerby.errors import OutputError
from passerby.serve.listener import BACKLOG, Listener, Places, allow_files
from passerby.serve.slow_readers import CutOffWhoDoesNotRead
from passerby.site.values import is_loopback

MOST_CONNECTIONS: Final = 256
"""Connections and requests at once; beyond, a request is answered with 503. Fewer than are let in: who is refused shall be told so."""
KEEP_ALIVE_S: Final = 30
START_WITHIN_S: Final = 10.0
MOST_UNREAD_BYTES: Final = 256 * 1024
"""What the system keeps for a connection that reads slowly, or not at all. It is old by the time that it is read: megabytes of a stream would be a
minute."""
MOST_UNSENT_BYTES: Final = 32 * 1024
"""Of that, so much may wait in front of the network: what is live must not grow old there."""
ASKS_WITHIN_S: Final = 15.0
"""Who connects and does not ask is cut off: connections are few."""
HANDSHAKE_WITHIN_S: Final = 10.0
"""A handshake of TLS that is not done by then is ended."""
FAREWELL_WITHIN_S: Final = 5.0
_WILDCARDS: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with


class _Connection(CutOffWhoDoesNotRead, H11Protocol):
    """A connection on which something has to be asked in time: uvicorn itself would wait for ever for the last line of a request's head.

    Attributes:
        places: The places of all connections, the same for all.
    """

    places: ClassVar[Places]

    def __init__(self, config: uvicorn.Config, server_state: Any, app_state: dict[str, Any], _loop: asyncio.AbstractEventLoop | None = None) -> None:
        # The guard is given `know` with each request, to say that somebody asks here who has an account.
        super().__init__(config, server_state, {**app_state, "know": self._know}, _loop)
        self._is_known = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait."""
        super().connection_made(transport)
        self._looks = 0
        self._patience = self.loop.call_later(ASKS_WITHIN_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no longer."""
        self._patience.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server ends: an answer that goes on (the live feed, a stream) is cut off, for whoever reads it comes again."""
        super().shutdown()
        cycle: Any = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.abort()

    def _know(self) -> None:
        if not self._is_known:
            self._is_known = True
            self.places.know(self.client)

    def _look(self) -> None:
        """Cuts off who has not asked anything yet, or has been writing one request for two looks: its head, or a body that nobody waits for."""
        cycle: Any = self.cycle  # None until the first request's head is there, whatever its type says
        is_half = cycle is not None and cycle.response_complete and (self.conn.trailing_data[0] != b"" or self.conn.their_state is h11.SEND_BODY)
        self._looks = self._looks + 1 if is_half else 0
        if cycle is None or self._looks > 1:
            self.transport.abort()
        else:
            self._patience = self.loop.call_later(ASKS_WITHIN_S, self._look)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop whose handshakes of TLS end in time: uvicorn cannot be told so."""

    async def create_server(self, *values: Any, **named: Any) -> asyncio.Server:
        """As that of asyncio."""
        if named.get("ssl") is not None:
            named |= {"ssl_handshake_timeout": HANDSHAKE_WITHIN_S, "ssl_shutdown_timeout": FAREWELL_WITHIN_S}
        return await super().create_server(*values, **named)


class HttpServer:
    """Serves an ASGI application.

    Args:
        application: The application.
        host: Where to listen: an address, or localhost.
        port: The port; 0 = any that is free.
        tls: Makes the server's side of TLS from its files as they are now; None = HTTP.
        guarded: Whether the application asks others for an account. Else only a loopback address is taken.
        proxies: Networks of proxies, which many come through.

    Raises:
        OutputError: The address is no loopback address, or somebody else uses the port.
        SiteError: The files for TLS cannot be used.
    """

    def __init__(
        self,
        application: Any,
        host: str,
        port: int,
        tls: Callable[[], ssl.SSLContext] | None = None,
        *,
        guarded: bool = False,
        proxies: Sequence[str] = (),
    ) -> None:
        if not guarded and not is_loopback(host):
            raise OutputError(
                f"the server would listen on '{host}', which other machines can reach",
                "there are no accounts here: use 127.0.0.1, and a tunnel (ssh -L) to look from elsewhere, or set a password",
            )
        self._tls = tls
        self._context = None if tls is None else tls()
        places = Places(proxies)
        self._socket = _listening(host, port, places)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            proxy_headers=False,
            lifespan="on",
            ws="none",
            http=type("_PlacedConnection", (_Connection,), {"places": places}),
            backlog=BACKLOG,
            loop="asyncio",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=16 * 1024,
        )
        config.load()
        if tls is not None:
            config.ssl = tls()
            config.ssl.sni_callback = self._choose
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def address(self) -> str:
        """Where a browser of this machine finds it."""
        host = "localhost" if self.host in _WILDCARDS else self.host
        return f"{'http' if self._tls is None else 'https'}://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive() and self._server.started

    def start(self) -> None:
        """Starts to serve; returns once it does.

        Raises:
            OutputError: It did not start.
        """
        allow_files()
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(START_WITHIN_S / 0.02)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.02)
        if not self.alive:
            raise OutputError("the web server did not start", "look at the log")

    def renew_tls(self) -> None:
        """Takes the files for TLS as they are now, for connections from now on.

        Raises:
            SiteError: They cannot be used; those of before go on.
        """
        if self._tls is not None:
            self._context = self._tls()

    def ask_to_stop(self) -> None:
        """Takes no more requests."""
        self._server.should_exit = True

    def stop(self, within_s: float) -> None:
        """Ends; requests that do not end in time are cut off."""
        self.ask_to_stop()
        if self._thread.ident is not None:
            self._thread.join(within_s)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(0.5)
        with contextlib.suppress(OSError):
            self._socket.close()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        """Called in each handshake: the newest certificate."""
        if self._context is not None:
            connection.context = self._context


def _listening(host: str, port: int, places: Places) -> socket.socket:
    """A socket that listens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = Listener(family, places)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_UNREAD_BYTES)  # connections have what their listener has
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT_BYTES)
    try:
        if host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # all networks, of both kinds
        listener.bind(("127.0.0.1" if host == "localhost" else host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        hint = "stop what listens there, or set another address under [server] in the site file" if taken else "choose another port"
        raise OutputError(f"cannot listen on {host}:{port}: {error.strerror}", hint) from error
    return listener
