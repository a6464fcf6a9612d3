"""What was given of a stream of late, once for all who read. A reader is a position in it, so readers cost no memory and never hold up another.

A reader that fell behind what is kept goes on at the newest key frame.
"""

import threading
from collections import deque
from typing import Final, NamedTuple

from passerby.released.mpeg_ts import rejoined

KEPT_PICTURES: Final = 80
"""Eight seconds: a reader further behind is dropped to the newest. A streamer that hung is replaced after four, and what it missed comes at once."""
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_AT_ONCE_BYTES: Final = 256 * 1024


class _Chunk(NamedTuple):
    number: int
    key: bool
    data: bytes


class Reading(NamedTuple):
    """What a reader gets: data ("" = nothing is new), and its position for the next time. `dropped`: something was left out."""

    data: bytes
    position: int | None
    dropped: bool


class Outlet:
    """The newest pictures of a stream as MPEG-TS. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chunks: deque[_Chunk] = deque()
        self._bytes = 0
        self._newest = -1

    @property
    def kept_bytes(self) -> int:
        """How much is kept."""
        return self._bytes

    @property
    def newest(self) -> int:
        """Number of the newest picture that there was; -1 = there was none."""
        return self._newest

    def put(self, number: int, data: bytes, *, key: bool) -> None:
        """A new picture; one that is not newer than the newest is left out."""
        with self._lock:
            if number <= self._newest:
                return
            self._newest = number
            self._chunks.append(_Chunk(number, key, data))
            self._bytes += len(data)
            while self._chunks and (len(self._chunks) > KEPT_PICTURES or self._bytes > MOST_BYTES):
                self._bytes -= len(self._chunks.popleft().data)

    def clear(self) -> None:
        """Lets go of everything: nothing of it is new any more."""
        with self._lock:
            self._chunks.clear()
            self._bytes = 0

    def read(self, position: int | None) -> Reading:
        """What came after a position.

        Args:
            position: As it was given with the last reading; None = the reader has read nothing yet.
        """
        with self._lock:
            last = -1 if position is None else position
            follows = position is not None and bool(self._chunks) and last >= self._chunks[0].number - 1
            chunks = [chunk for chunk in self._chunks if chunk.number > last] if follows else self._from_newest_key()
        if not chunks:
            return Reading(b"", position, dropped=False)
        taken: list[bytes] = []
        size = 0
        for chunk in chunks:
            if taken and size + len(chunk.data) > MOST_AT_ONCE_BYTES:
                break
            taken.append(chunk.data)
            size += len(chunk.data)
            position = chunk.number
        if not follows:
            taken[0] = rejoined(taken[0])
        return Reading(b"".join(taken), position, dropped=not follows)

    def _from_newest_key(self) -> list[_Chunk]:
        found: list[_Chunk] = []
        for chunk in reversed(self._chunks):
            found.append(chunk)
            if chunk.key:
                return found[::-1]
        return []
