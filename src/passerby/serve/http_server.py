"""uvicorn in a thread. The only module that knows it."""

import contextlib
import errno
import socket
import threading
from typing import Any, Final

import uvicorn

from passerby.errors import OutputError
from passerby.serve.loopback import is_loopback

MOST_CONNECTIONS: Final = 256
"""Connections and requests at once; beyond, a request is answered with 503."""
KEEP_ALIVE_S: Final = 30
START_WITHIN_S: Final = 10.0
BACKLOG: Final = 128


class HttpServer:
    """Serves an ASGI application on an address of this machine only.

    Args:
        application: The application.
        host: A loopback address: 127.0.0.1, ::1 or localhost.
        port: The port; 0 = any that is free.

    Raises:
        OutputError: The address is no loopback address, or somebody else uses the port.
    """

    def __init__(self, application: Any, host: str, port: int) -> None:
        if not is_loopback(host):
            raise OutputError(
                f"the server would listen on '{host}', which other machines can reach",
                "there are no accounts yet: use 127.0.0.1, and a tunnel (ssh -L) to look from elsewhere",
            )
        self._socket = _listening(host, port)
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
            http="h11",
            loop="asyncio",
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=16 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive() and self._server.started

    def start(self) -> None:
        """Starts to serve; returns once it does.

        Raises:
            OutputError: It did not start.
        """
        self._thread.start()
        waited = threading.Event()
        for _ in range(int(START_WITHIN_S / 0.02)):
            if self._server.started or not self._thread.is_alive():
                break
            waited.wait(0.02)
        if not self.alive:
            raise OutputError("the web server did not start", "look at the log")

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
        self._server.run(sockets=[self._socket])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens on a loopback address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1" if host == "localhost" else host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        hint = "stop what listens there, or set another address under [server] in the site file" if taken else "choose another port"
        raise OutputError(f"cannot listen on {host}:{port}: {error.strerror}", hint) from error
    return listener
