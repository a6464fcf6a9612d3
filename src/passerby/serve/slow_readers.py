"""A connection whose other end takes nothing is cut off: its place is for somebody who reads. Slow is no reason, not reading is."""

import array
import asyncio
from typing import Any, Final

try:
    import fcntl
    import termios
except ImportError:  # another system than those of Unix
    fcntl = termios = None  # type: ignore[assignment]

READS_WITHIN_S: Final = 10.0
"""Of what waits to be sent, something has to be taken within so long."""


class CutOffWhoDoesNotRead(asyncio.Protocol):
    """What a connection of the server is besides: put it before uvicorn's own class."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    _reads_by: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """More waits to be sent than may wait."""
        super().pause_writing()
        self._await_reader()

    def resume_writing(self) -> None:
        """The other end reads."""
        self._forget_timer()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._forget_timer()
        super().connection_lost(exc)

    def _await_reader(self) -> None:
        self._reads_by = self.loop.call_later(READS_WITHIN_S, self._look_at_reader, _waiting_bytes(self.transport))

    def _look_at_reader(self, waited_bytes: int) -> None:
        if _waiting_bytes(self.transport) >= waited_bytes:
            self.transport.abort()
        else:
            self._await_reader()

    def _forget_timer(self) -> None:
        if self._reads_by is not None:
            self._reads_by.cancel()
            self._reads_by = None


def _waiting_bytes(transport: Any) -> int:
    """What the other end has not taken yet: here, and in the system, which asks for more only when a good part of what it holds has been taken."""
    waiting_bytes = int(transport.get_write_buffer_size()) + _sealed_bytes(transport)
    connection = transport.get_extra_info("socket")
    if connection is None or fcntl is None:
        return waiting_bytes
    held = array.array("i", [0])
    try:
        fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, held)
    except (OSError, ValueError):  # a system that does not say, or a connection that is closed
        return waiting_bytes
    return waiting_bytes + held[0]


def _sealed_bytes(transport: Any) -> int:
    """What TLS has made of it and the system has not taken yet: asyncio keeps that below what it tells of, and has no name for it."""
    try:
        return int(transport._ssl_protocol._transport.get_write_buffer_size())  # noqa: SLF001 - the tests see that it is there
    except AttributeError:  # without TLS, or it has ended
        return 0
