"""Ends a call into FFmpeg that is blocked on a camera, when a time is over or from another thread. The one place that reaches into PyAV for it.

While it waits for a network, FFmpeg asks ten times a second whether it shall go on (AVIOInterruptCB). PyAV answers by looking at the time:
`av.container.core` calls `time.monotonic()` and says stop when a limit, which starts anew with every packet of any stream, is over. That limit is
not enough: a camera whose sound goes on while its picture stands never meets it, opening has it twice, and nobody can end a call early. So the
`time` that PyAV's module sees is replaced by one that, for a thread whose interrupt is due, is always far in the future. Other threads, and PyAV's
own limits, stay as they are. Should PyAV once take its time elsewhere, its own limits still end a blocked call.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Final

import av.container.core

from passerby.clock import Clock

_FAREWELL_S: Final = 0.25
_FAR_S: Final = 1e12
_FURTHER_S: Final = 1e6
_KEPT_AS: Final = "_time_asked_by_passerby"


class Interrupt:
    """When calls into FFmpeg of one thread shall end.

    Args:
        clock: What time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._deadline_s = inf
        self._farewell_by_s = -inf
        self._stopped = threading.Event()

    def allow(self, duration_s: float) -> None:
        """From now on calls may take that long, all together, until `allow` is called again."""
        self._farewell_by_s = -inf
        self._deadline_s = self._clock.monotonic_s() + duration_s

    def stop(self) -> None:
        """Calls end now, and for ever. May be called from any thread."""
        self._stopped.set()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()

    @property
    def expired(self) -> bool:
        """Whether the time that was allowed is over."""
        return self._clock.monotonic_s() >= self._deadline_s

    def farewell(self) -> None:
        """A last call may take a moment although everything is over: a camera that is not told goodbye goes on sending for a minute."""
        self._farewell_by_s = self._clock.monotonic_s() + _FAREWELL_S

    @property
    def due(self) -> bool:
        """Whether calls shall end."""
        return (self._stopped.is_set() or self.expired) and self._clock.monotonic_s() >= self._farewell_by_s

    def wait(self, duration_s: float) -> bool:
        """Waits, but no longer than until `stop`; whether it was called."""
        return self._stopped.wait(max(0.0, duration_s))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Within, the interrupt holds for this thread's calls."""
        asked = _asked_time()
        asked.interrupts[threading.get_ident()] = self
        try:
            yield
        finally:
            del asked.interrupts[threading.get_ident()]


class _AskedTime:
    """Stands where PyAV's module has `time`."""

    def __init__(self) -> None:
        self.interrupts: dict[int, Interrupt] = {}
        self._further_s = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def monotonic(self) -> float:
        """The time; for a thread that shall end, one that is further away at each call, because PyAV compares two of them."""
        interrupt = self.interrupts.get(threading.get_ident())
        if interrupt is None or not interrupt.due:
            return time.monotonic()
        self._further_s += _FURTHER_S
        return _FAR_S + self._further_s


def _asked_time() -> _AskedTime:
    """The replaced time of PyAV's module; replaces it at the first call."""
    module = vars(av.container.core)
    # Threads may come here together: setdefault gives all of them the same one.
    asked: _AskedTime = module.setdefault(_KEPT_AS, _AskedTime())
    module["time"] = asked
    return asked
