"""A live camera whose pictures are taken as they come, and only their numbers kept. Conditions are waited for: no test sleeps."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

from passerby.clock import Clock, SystemClock
from passerby.released.messages import CameraHealth, CaptureState
from passerby.sealed.capture.live import LiveCamera
from passerby.site.orders import CameraOrder
from tests.support.clips import number_of

LONG_S = 60.0
"""What is waited for comes within seconds; a machine under load may take longer."""


class Seen(NamedTuple):
    """A picture that was taken: its number in `clips.drawn`, and what was said of it."""

    number: int
    time_s: float
    captured_monotonic_s: float
    captured_wall_s: float
    media_s: float | None
    connection: int
    width_px: int


class WatchedCamera:
    """A context in which a `LiveCamera` runs.

    Args:
        source: Its address.
        clock: What time it is.
        more: Other fields of its order.
    """

    def __init__(self, source: str, clock: Clock | None = None, **more: object) -> None:
        self.order = CameraOrder(camera="test", source=source, **more)  # type: ignore[arg-type]
        self.camera = LiveCamera(self.order, clock or SystemClock(), self._wake)
        self.seen: list[Seen] = []
        self.states: list[CameraHealth] = []
        self._changed = threading.Condition()

    def _wake(self) -> None:
        frame = self.camera.take()
        health = self.camera.health()
        with self._changed:
            if frame is not None:
                times = frame.time_s, frame.captured_monotonic_s, frame.captured_wall_s, frame.media_s
                self.seen.append(Seen(number_of(frame.bgr()), *times, frame.connection, frame.size.width_px))
            if not self.states or (self.states[-1].state, self.states[-1].reason) != (health.state, health.reason):
                self.states.append(health)
            self._changed.notify_all()

    def until(self, enough: Callable[[], bool], what: str) -> None:
        """Returns when it is so; looked at whenever a picture comes or the state changes."""
        with self._changed:
            if not self._changed.wait_for(enough, LONG_S):
                raise AssertionError(f"not within {LONG_S:.0f} s: {what}; {self.camera.health()}, {len(self.seen)} pictures")

    def first(self, count: int) -> list[Seen]:
        """The camera's first pictures, once so many have come."""
        self.until(lambda: len(self.seen) >= count, f"{count} pictures")
        return self.seen[:count]

    def pictures(self, count: int) -> list[Seen]:
        """The next pictures from now on, once so many have come."""
        first = len(self.seen)
        self.until(lambda: len(self.seen) >= first + count, f"{count} pictures more")
        return self.seen[first : first + count]

    def tried(self) -> None:
        """Returns when a picture came, or an attempt failed."""
        self.until(lambda: bool(self.seen) or any(state.state is CaptureState.WAITING for state in self.states), "any end")

    def fails(self) -> CameraHealth:
        """How it is when an attempt has failed, or the stream ended."""
        first = len(self.states)
        self.until(lambda: any(state.state is CaptureState.WAITING for state in self.states[max(0, first - 1) :]), "an attempt that fails")
        return next(state for state in self.states[max(0, first - 1) :] if state.state is CaptureState.WAITING)

    def __enter__(self) -> Self:
        self.camera.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.camera.stop()
