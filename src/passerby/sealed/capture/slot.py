"""Where one camera's newest picture waits for the gate."""

import threading
from typing import Generic, Protocol, TypeVar


class Captured(Protocol):
    """What a slot must know of a picture."""

    @property
    def captured_monotonic_s(self) -> float:
        """When it came in."""
        ...


Picture = TypeVar("Picture", bound=Captured)


class Slot(Generic[Picture]):
    """Room for one picture. A newer one takes the place of one that nobody took, so nothing queues up however slow the gate is.

    Attributes:
        received: Pictures put in.
        skipped: Of these, those that were replaced before anybody took them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self.received = 0
        self.skipped = 0

    def put(self, picture: Picture) -> None:
        """The newest picture."""
        with self._lock:
            self.received += 1
            self.skipped += self._picture is not None
            # The old one is let go of outside the lock: giving back a decoder's memory takes time.
            old, self._picture = self._picture, picture
        del old

    def take(self) -> Picture | None:
        """The picture, which is the caller's from now on; None = there is none."""
        with self._lock:
            picture, self._picture = self._picture, None
            return picture

    @property
    def waiting_since_s(self) -> float | None:
        """When the waiting picture came in, monotonic; None = none waits."""
        picture = self._picture
        return None if picture is None else picture.captured_monotonic_s
