"""A camera that shows what a test hands it, when it does, in the test's own process."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from passerby.clock import Clock
from passerby.released.messages import CameraHealth, CaptureState, Reason
from passerby.released.scene import Size
from passerby.site.orders import CameraOrder
from tests.support.scenes import Picture


@dataclass(frozen=True)
class HandedPicture:
    """A picture and its time; a picture that is an error raises it."""

    picture: Picture | Exception
    time_s: float
    size: Size
    captured_monotonic_s: float = 0.0
    captured_wall_s: float = 1e9
    media_s: float | None = None
    connection: int = 1
    damaged: bool = False

    def bgr(self) -> Picture:
        if isinstance(self.picture, Exception):
            raise self.picture
        return self.picture


class HandCamera:
    """What `show` was given waits until it is taken."""

    def __init__(self, order: CameraOrder, clock: Clock, wake: Callable[[], None]) -> None:
        self.order, self._clock, self._wake = order, clock, wake
        self._changed = threading.Condition()
        self._slot: HandedPicture | None = None
        self.state = CaptureState.STREAMING
        self.reason = Reason.NONE
        self.received = 0
        self.is_stopped = False

    def show(self, picture: Picture, time_s: float, *, since_s: float = 0.0, damaged: bool = False) -> None:
        """Waits until the picture before was taken, then lets this one wait."""
        rows, columns = picture.shape[:2]
        self.hand(HandedPicture(picture, time_s, Size(columns, rows), since_s, damaged=damaged))

    def hand(self, picture: HandedPicture) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._slot is None, 60)
            self._slot = picture
            self.received += 1
        self._wake()

    def until_taken(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._slot is None, 60)

    def start(self) -> None:
        return

    def stop(self) -> None:
        self.is_stopped = True

    def take(self) -> HandedPicture | None:
        with self._changed:
            picture, self._slot = self._slot, None
            self._changed.notify()
        return picture

    def waiting_since_s(self) -> float | None:
        picture = self._slot
        return None if picture is None else picture.captured_monotonic_s

    def health(self) -> CameraHealth:
        return CameraHealth(self.order.camera, self.state, self.reason, "handed", received=self.received)
