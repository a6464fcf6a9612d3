"""What waits for the rules of one camera, by kind. Who reads may stand still for a while: what they then read must not look as if nothing had come.

Of scenes the newest wait, and of the older ones those by which the rules judge: the first of each second of the camera's own time, which says that
pictures come, and the first of each state of its gate, which may say once that a camera was moved. Pulses and these cover all that an `Engine` reads
after it was not read for long, and some more: what is older than that it does not read.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final

from passerby.hazards.engine import MOST_CAUGHT_UP_S
from passerby.hazards.rules.rule import Heard
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import CameraHealth, SceneMessage

MOST_TELLING: Final = MOST_CAUGHT_UP_S + 60
"""Scenes by which the rules judge: one a second, and changes of the gate's state."""
MOST_OF: Final[Mapping[type[Heard], int]] = {SceneMessage: 48, Pulse: MOST_TELLING, Measurement: 4, CameraHealth: 8}
"""Messages of one camera that wait, by their kind. Scenes that tell are not left out for others: there may be `MOST_TELLING` of them."""


class _Tells(IntEnum):
    """What would be missed without a message, from little to much."""

    DETAIL = 0
    STATE = 1
    PICTURES = 2


class HeardQueue:
    """Messages of one camera and of one kind, in the order in which they came. Used under a lock of whoever has it.

    Args:
        kind: Their kind.
    """

    def __init__(self, kind: type[Heard]) -> None:
        self._most = MOST_OF[kind]
        self._waiting: deque[tuple[_Tells, float, Heard]] = deque()
        self._beat: tuple[int, int] | None = None
        self._state: object = None

    def __iter__(self) -> Iterator[tuple[float, Heard]]:
        """When each came in, and it."""
        return ((at_s, message) for _, at_s, message in self._waiting)

    def put(self, at_s: float, message: Heard) -> int:
        """Takes a message; how many others had to go for it."""
        gone = len(self._waiting) >= self._most and self._make_room()
        self._waiting.append((self._tells(message), at_s, message))
        return int(gone)

    def _make_room(self) -> bool:
        """Drops the oldest of those that tell least; whether any was dropped."""
        least = min(tells for tells, _, _ in self._waiting)
        if least is not _Tells.DETAIL and len(self._waiting) < MOST_TELLING:
            return False
        del self._waiting[next(number for number, (tells, _, _) in enumerate(self._waiting) if tells is least)]
        return True

    def _tells(self, message: Heard) -> _Tells:
        if not isinstance(message, SceneMessage):
            return _Tells.DETAIL
        health = message.scene.health
        beat, state = (message.connection, int(message.scene.time_s)), (health.state, health.at_home)
        beats, changes = beat != self._beat, state != self._state
        self._beat, self._state = beat, state
        return _Tells.PICTURES if beats else _Tells.STATE if changes else _Tells.DETAIL
