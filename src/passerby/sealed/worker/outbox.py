"""What waits to be written to the supervisor, and the thread that writes it.

Nothing grows when the supervisor does not read: of each kind of message only the newest waits, so of each camera one scene. A plate's patches
are not lost for that: `holds_plate` tells the gate that the scene it is about to replace has some, and it then sends the whole plate anew.
What finds no room at all is counted by camera, and told as one `Trouble` of each camera once there is room again.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from passerby.released.framing import LENGTH_BYTES, LONGEST_BYTES
from passerby.released.messages import Reason, Trouble, encode_message

Key = tuple[str, ...]
"""Of what a message is the newest one: a camera's scene, a camera's health, the beat, an error at a place."""
MOST_WAITING: Final = 1024
"""More kinds of messages than that do not wait; a worker has a few for each camera, and one for each minute that it measured."""
FULL: Final = "OutboxFullError"
PLACE: Final = "messages"
"""The error and the place of the trouble that tells of what found no room."""


class Outbox:
    """Messages on their way to the supervisor.

    Args:
        pipe: Descriptor that is written to, blocking.
        broken: Called once, in the writing thread, when nobody reads the pipe any more.
    """

    def __init__(self, pipe: int, broken: Callable[[], None]) -> None:
        self._pipe = pipe
        self._tell_broken = broken
        self._broken = False
        self._changed = threading.Condition()
        self._waiting: dict[Key, tuple[bytes, bool]] = {}
        self._refused = Counter[str]()
        self._untold: set[str] = set()
        self._lost_plates: set[Key] = set()
        self._writing = False
        self._closed = False
        self._thread = threading.Thread(target=self._write_all, name="passerby-outbox", daemon=True)

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    @property
    def refused(self) -> dict[str, int]:
        """How many messages found no room, by camera; "" = of no camera."""
        with self._changed:
            return dict(self._refused)

    def holds_plate(self, key: Key) -> bool:
        """Whether the message that waits under this key, or found no room, brings a part of a plate: the next one must bring the whole plate."""
        with self._changed:
            entry = self._waiting.get(key)
            return key in self._lost_plates or (entry is not None and entry[1])

    def put(self, key: Key, data: bytes, *, plate: bool = False) -> None:
        """Lets a message (unframed, at most `LONGEST_BYTES`) wait, instead of the one that waits under its key; `plate`: see `holds_plate`."""
        with self._changed:
            if key in self._waiting or len(self._waiting) < MOST_WAITING:
                self._waiting[key] = data, plate
                self._lost_plates.discard(key)
                self._changed.notify()
                return
            camera = key[1] if len(key) > 1 else ""
            self._refused[camera] += 1
            if camera:
                self._untold.add(camera)
            if plate:
                self._lost_plates.add(key)

    def close(self, within_s: float) -> bool:
        """Writes what waits, for so many seconds at most, then no more. Returns whether all of it was written."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            self._changed.wait_for(lambda: self._broken or not (self._waiting or self._writing), within_s)
            return not (self._broken or self._waiting or self._writing)

    def _write_all(self) -> None:
        while (data := self._next()) is not None:
            try:
                write_framed(self._pipe, data)
            except OSError:
                self._broken = True
            with self._changed:
                self._writing = False
                self._changed.notify_all()
            if self._broken:
                self._tell_broken()
                return

    def _next(self) -> bytes | None:
        """The message that has waited longest; None at the end."""
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return None
                self._changed.wait()
            key = next(iter(self._waiting))
            self._writing = True
            data = self._waiting.pop(key)[0]
            if self._untold:
                self._tell_refused(self._untold.pop())
            return data

    def _tell_refused(self, camera: str) -> None:
        """Says that messages of a camera found no room. The place is that of the message that is written now; under the lock."""
        self._waiting["trouble", camera, FULL, PLACE] = encode_message(Trouble(camera, Reason.NONE, FULL, PLACE)), False


def write_framed(pipe: int, data: bytes) -> None:
    """Writes a message with its length before it, in one call where the pipe has room. Raises OSError."""
    if len(data) > LONGEST_BYTES:
        raise OSError(f"a message of {len(data)} bytes is longer than {LONGEST_BYTES}")
    parts = [memoryview(len(data).to_bytes(LENGTH_BYTES, "big")), memoryview(data)]
    while parts:
        written = os.writev(pipe, parts)
        while parts and written >= len(parts[0]):
            written -= len(parts.pop(0))
        if parts:
            parts[0] = parts[0][written:]
