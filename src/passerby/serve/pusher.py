"""The process that sends one camera's stream to an RTSP server: it alone waits for that server. It ends with the connection, or with its input.

The address with its password comes over standard input: never on a command line or in the environment, which others can read.
"""

import contextlib
import os
import signal
import sys
from typing import BinaryIO

import msgspec

from passerby.errors import OutputError, SceneError
from passerby.released.framing import framed, read_framed
from passerby.released.video_push import push
from passerby.serve.pusher_orders import Said, Target
from passerby.site.addresses import verifies_server


class Unframed:
    """The messages of a pipe as one file."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe, self._left = pipe, b""

    def read(self, count: int, /) -> bytes:
        """At most so many bytes; b"" = there are no more."""
        while not self._left:
            try:
                data = read_framed(self._pipe)
            except SceneError:
                return b""
            if data is None:
                return b""
            self._left = data
        taken, self._left = self._left[:count], self._left[count:]
        return taken


def run(orders: BinaryIO, said: BinaryIO) -> None:
    """Sends until one of the two ends."""
    first = read_framed(orders)
    if first is None:
        return
    target = msgspec.msgpack.decode(first, type=Target)

    def say(why: str) -> None:
        said.write(framed(msgspec.msgpack.encode(Said(why))))
        said.flush()

    try:
        push(Unframed(orders), target.address, lambda: say(""), verify=verifies_server(target.address))
    except OutputError as error:
        say(error.message)


def main() -> None:
    """Runs as a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError, OSError), os.fdopen(os.dup(1), "wb") as said:
        os.dup2(2, 1)
        run(sys.stdin.buffer, said)


if __name__ == "__main__":
    main()
