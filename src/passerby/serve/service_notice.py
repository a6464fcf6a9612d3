"""What a service manager is told: ready, reloading, alive, ending. As sd_notify(3) has it: datagrams to the socket that NOTIFY_SOCKET names.

READY=1
STATUS=4 cameras at http://127.0.0.1:8740/
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE: Final = "WATCHDOG_USEC"


class ServiceNotice:
    """Tells the service manager, if there is one; what cannot be told is left out.

    Args:
        environ: Where it names its socket.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        named = environ.get(VARIABLE, "")
        self._address = "\0" + named[1:] if named.startswith("@") else named
        microseconds = environ.get(WATCHDOG_VARIABLE, "")
        self.alive_every_s: float | None = int(microseconds) / 3e6 if microseconds.isdigit() and int(microseconds) else None
        """How often a sign of life is wanted, with room to spare; None = never."""

    def ready(self, status: str) -> None:
        """It runs."""
        self._tell(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """It reads its site file anew; `ready` follows."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def alive(self) -> None:
        """It does what it should."""
        self._tell("WATCHDOG=1")

    def ending(self) -> None:
        """It ends."""
        self._tell("STOPPING=1")

    def _tell(self, words: str) -> None:
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.setblocking(False)
                channel.sendto(words.encode("utf-8"), self._address)
