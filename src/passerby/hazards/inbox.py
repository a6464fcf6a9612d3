"""Messages that wait for their second. They come out in the order of their times, whatever order they came in."""

from collections.abc import Container
from typing import Final

from passerby.hazards.rules.rule import Heard
from passerby.released.measurement import Measurement, Pulse
from passerby.released.messages import SceneMessage

MOST_WAITING: Final = 200_000
"""Messages that wait; more are dropped, and counted: seconds are then not read as they should be."""
MINUTE_S: Final = 60


class Inbox:
    """What was heard of the cameras that have rules, until it is due."""

    def __init__(self) -> None:
        self.late = self.dropped = 0
        self._cameras: Container[str] = ()
        self._waiting: list[tuple[float, str, int, Heard]] = []
        self._count = 0
        self._read_s: int | None = None
        self._last: dict[str, tuple[object, ...]] = {}

    def follow(self, cameras: Container[str]) -> None:
        """Takes messages of these cameras only."""
        self._cameras = cameras

    def begin(self, second: int) -> None:
        """Says that seconds up to this one are not read any more."""
        self._read_s = second

    def put(self, message: Heard, at_wall_s: float | None) -> None:
        """Takes a message. A scene that says nothing new is left out, as a recording leaves it out."""
        if message.camera not in self._cameras or (isinstance(message, SceneMessage) and not self._is_new(message)):
            return
        if len(self._waiting) >= MOST_WAITING:
            self.dropped += 1
            return
        wall_s = _wall_s(message, at_wall_s)
        if wall_s is not None and self._read_s is not None and wall_s <= self._read_s:
            self.late += 1
        self._count += 1
        self._waiting.append((float("-inf") if wall_s is None else wall_s, message.camera, self._count, message))

    def due(self, second: int) -> list[Heard]:
        """Takes out what belongs to this second or to one before it."""
        self._read_s = second
        if not self._waiting:
            return []
        self._waiting.sort(key=lambda one: one[:3])
        due = [one[3] for one in self._waiting if one[0] <= second]
        del self._waiting[: len(due)]
        return due

    def _is_new(self, message: SceneMessage) -> bool:
        """Whether it differs in what rules read, or is the first of a second of the camera's own time: those are recorded in any case."""
        scene = message.scene
        says = (
            message.connection,
            int(scene.time_s),
            scene.size,
            scene.level,
            scene.shown,
            scene.glyphs,
            scene.cell_px,
            scene.cells,
            scene.health.state,
            scene.health.at_home,
        )
        if self._last.get(message.camera) == says:
            return False
        self._last[message.camera] = says
        return True


def _wall_s(message: Heard, at_wall_s: float | None) -> float | None:
    """When it was, or the end of what it measures; None = nobody knows, and it is due at once."""
    if isinstance(message, SceneMessage):
        return message.captured_wall_s
    if isinstance(message, Pulse):
        return message.wall_s
    if isinstance(message, Measurement):
        return float(message.minute_wall_s + MINUTE_S)
    return at_wall_s
