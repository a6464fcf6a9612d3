"""Where one camera's newest pictures wait for the gate."""

import threading
from collections import deque
from typing import Final, Generic, Protocol, TypeVar

MOST_WAITING: Final = 2
"""A look takes as long as a picture or two last: with a second place, a picture need not be lost to the looks of other cameras."""


class Captured(Protocol):
    """What a slot must know of a picture."""

    @property
    def captured_monotonic_s(self) -> float:
        """When it came in."""
        ...


Picture = TypeVar("Picture", bound=Captured)


class Slot(Generic[Picture]):
    """Room for two pictures. A newer one takes the place of the older one that nobody took, so nothing queues up however slow the gate is.

    Attributes:
        received: Pictures put in.
        skipped: Of these, those that were replaced before anybody took them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pictures: deque[Picture] = deque()
        self.received = 0
        self.skipped = 0

    def put(self, picture: Picture) -> None:
        """The newest picture."""
        old = None
        with self._lock:
            self.received += 1
            if len(self._pictures) == MOST_WAITING:
                self.skipped += 1
                # It is let go of outside the lock: giving back a decoder's memory takes time.
                old = self._pictures.popleft()
            self._pictures.append(picture)
        del old

    def take(self) -> Picture | None:
        """The older one of the waiting pictures, which is the caller's from now on; None = there is none."""
        with self._lock:
            return self._pictures.popleft() if self._pictures else None

    @property
    def waiting_since_s(self) -> float | None:
        """When the picture that is taken next came in, monotonic; None = none waits."""
        with self._lock:
            return self._pictures[0].captured_monotonic_s if self._pictures else None
