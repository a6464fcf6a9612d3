"""Whose whole plates are asked for, a few at a time: a plate of 1920x1080 pixels is a message of 6 MB, and twenty at once would be felt."""

import threading
from collections.abc import Callable
from typing import Final

from passerby.clock import Clock

AT_ONCE: Final = 2
"""So many plates of that size; more of smaller ones, one of a larger."""
PATIENCE_S: Final = 3.0
"""After so long without an answer the next camera gets its turn: a camera that gives no pictures sends no plate either."""


class PlateRequests:
    """Passes requests on, in the order in which they came, so that at most `AT_ONCE` are under way. Safe to use from several threads.

    Args:
        send: Asks a camera's worker; must not block.
        clock: Monotonic time.
        busy: Whether those who take plates still have enough to do; none is asked for then.
        weight: How large a camera's plate is, in plates of 1920x1080 pixels.
    """

    def __init__(
        self, send: Callable[[str], object], clock: Clock, busy: Callable[[], bool] = bool, weight: Callable[[str], float] = lambda _camera: 1.0
    ) -> None:
        self._send, self._clock, self._busy, self._weight = send, clock, busy, weight
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}
        self._asked_at_s: dict[str, float] = {}

    def ask(self, camera: str) -> None:
        """Has a camera's whole plate sent, once its turn has come; a camera that waits already waits on."""
        with self._lock:
            if camera not in self._asked_at_s:
                self._waiting[camera] = None
        self.tick()

    def arrived(self, camera: str) -> None:
        """Says that a camera's whole plate came."""
        with self._lock:
            known = self._asked_at_s.pop(camera, None) is not None
            self._waiting.pop(camera, None)
        if known:
            self.tick()

    def tick(self) -> None:
        """Asks whoever's turn has come. To be called now and then, too, for cameras that do not answer."""
        if self._busy():
            return
        now_s = self._clock.monotonic_s()
        with self._lock:
            self._asked_at_s = {camera: at_s for camera, at_s in self._asked_at_s.items() if now_s - at_s < PATIENCE_S}
            turn = self._turn()
            for camera in turn:
                del self._waiting[camera]
                self._asked_at_s[camera] = now_s
        for camera in turn:
            self._send(camera)

    def _turn(self) -> list[str]:
        """Of those that wait, the first that may be asked now."""
        turn: list[str] = []
        under_way = sum(map(self._weight, self._asked_at_s))
        for camera in self._waiting:
            weight = self._weight(camera)
            if (turn or self._asked_at_s) and under_way + weight > AT_ONCE:
                break
            turn.append(camera)
            under_way += weight
        return turn
