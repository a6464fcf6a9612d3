"""Rung on any thread, heard by all who wait for it: in the event loop of the pages, or on threads of their own."""

import asyncio
import contextlib
import threading


class Bell:
    """Who waits looks again at what it waits for: a ring means that something may be new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung: asyncio.Future[None] | None = None
        self._events: set[threading.Event] = set()

    def ring(self) -> None:
        """Wakes all who wait. Never blocks."""
        with self._lock:
            loop, events = self._loop, tuple(self._events)
        for event in events:
            event.set()
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it all who waited there
                loop.call_soon_threadsafe(self._wake)

    async def heard(self) -> None:
        """Returns with the next ring. Look at what is waited for right before: no ring is lost between."""
        loop = asyncio.get_running_loop()
        with self._lock:
            self._loop = loop
        if self._rung is None or self._rung.get_loop() is not loop:
            self._rung = loop.create_future()
        await asyncio.shield(self._rung)

    def add(self, event: threading.Event) -> None:
        """From now on, this event is set with each ring."""
        with self._lock:
            self._events.add(event)

    def remove(self, event: threading.Event) -> None:
        """Not any more."""
        with self._lock:
            self._events.discard(event)

    def _wake(self) -> None:
        rung, self._rung = self._rung, None
        if rung is not None and not rung.done():
            rung.set_result(None)
