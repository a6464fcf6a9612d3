"""A connection whose other end takes nothing is cut off: its place is for somebody who reads. Slow is no reason, not reading is."""

import asyncio
from typing import Any, Final

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
        waiting_bytes = self.transport.get_write_buffer_size()
        self._reads_by = self.loop.call_later(READS_WITHIN_S, self._look_at_reader, waiting_bytes)

    def _look_at_reader(self, waited_bytes: int) -> None:
        if self.transport.get_write_buffer_size() >= waited_bytes:
            self.transport.abort()
        else:
            self._await_reader()

    def _forget_timer(self) -> None:
        if self._reads_by is not None:
            self._reads_by.cancel()
            self._reads_by = None
