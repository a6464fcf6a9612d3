"""Messages on a pipe: four bytes of length, most significant first, then so many bytes.

    00 00 00 05  a4 "stop"

Both ends are processes of ours.
"""

from typing import BinaryIO, Final

from passerby.errors import SceneError

LENGTH_BYTES: Final = 4
LONGEST_BYTES: Final = 160 * 1024 * 1024
"""No message is longer: a whole plate of 8192 x 4352 pixels fits."""


def framed(data: bytes) -> bytes:
    """The message with its length before it.

    Raises:
        SceneError: It is longer than any message may be.
    """
    return length_of(data) + data


def length_of(data: bytes) -> bytes:
    """What goes before a message, for who writes the two one after the other instead of copying a large message.

    Raises:
        SceneError: It is longer than any message may be.
    """
    if len(data) > LONGEST_BYTES:
        raise SceneError(f"a message of {len(data)} bytes is longer than {LONGEST_BYTES}")
    return len(data).to_bytes(LENGTH_BYTES, "big")


def read_framed(pipe: BinaryIO) -> bytes | None:
    """The next message of a blocking pipe; None at its end, also within a message: whoever wrote it is gone.

    Raises:
        SceneError: The length is none.
    """
    head = _read_exactly(pipe, LENGTH_BYTES)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if length > LONGEST_BYTES:
        raise SceneError(f"a message says that it has {length} bytes; expected at most {LONGEST_BYTES}")
    return _read_exactly(pipe, length)


def _read_exactly(pipe: BinaryIO, count: int) -> bytes | None:
    parts: list[bytes] = []
    while count:
        part = pipe.read(count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
