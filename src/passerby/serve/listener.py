"""The socket on which the server listens. It hands out no more connections than there is room for, however they come: who is refused costs nothing.

What counts is what is open, from the moment that the system hands it over: before TLS, before anything was asked.
"""

import contextlib
import ipaddress
import resource
import socket
import struct
import threading
from collections.abc import Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

from passerby.serve.accounts.limits import network_of
from passerby.serve.accounts.way import plain_address
from passerby.site.values import is_loopback

MOST_OPEN: Final = 300
"""Connections at once, asking or not; beyond, they are reset. Each is a file of this process, which recorder and history need, too."""
MOST_OF_STRANGERS: Final = 64
"""Of one network, as long as nobody with an account has asked on them. A recorder that reads a hundred cameras shows its token."""
MOST_FILES: Final = 65536
BACKLOG: Final = 128
_RESET: Final = struct.pack("ii", 1, 0)


class Places:
    """Which connections are open. Safe to use from several threads.

    Args:
        trusted: Networks that are not counted by themselves: of proxies, for whom all come from one address. So is this machine.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        self._trusted = tuple(ipaddress.ip_network(one) for one in trusted)
        self._lock = threading.Lock()
        self._open: WeakKeyDictionary[socket.socket, list[Any]] = WeakKeyDictionary()

    def take(self, connection: socket.socket, peer: tuple[Any, ...]) -> bool:
        """A place for a connection until it is closed; whether there is one."""
        network = self._network(str(peer[0]))
        with self._lock:
            # A socket that was closed has no number any more: whoever closes it, and on which way, need not say so.
            taken = [one for connection, one in self._open.items() if connection.fileno() != -1]
            if len(taken) >= MOST_OPEN or (network and sum(one[0] == network for one in taken) >= MOST_OF_STRANGERS):
                return False
            self._open[connection] = [network, tuple(peer[:2])]
        return True

    def know(self, peer: tuple[Any, ...] | None) -> None:
        """Who asks on the connection from there has an account."""
        with self._lock:
            for one in self._open.values():
                if peer is not None and one[1] == tuple(peer[:2]):
                    one[0] = ""

    def _network(self, address: str) -> str:
        """By what it is counted; "" = not."""
        address = plain_address(address.partition("%")[0])
        if is_loopback(address) or any(ipaddress.ip_address(address) in network for network in self._trusted):
            return ""
        return network_of(address)


class Listener(socket.socket):
    """A socket that listens, and resets connections for which there is no place.

    Args:
        family: Of addresses.
        places: The places that there are.
    """

    def __init__(self, family: socket.AddressFamily, places: Places) -> None:
        super().__init__(family, socket.SOCK_STREAM)
        self._places = places

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection for which there is a place. Raises ConnectionAbortedError after many for which there was none."""
        for _ in range(BACKLOG):
            connection, peer = super().accept()
            if self._places.take(connection, peer):
                return connection, peer
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            connection.close()
        raise ConnectionAbortedError("no place")


def allow_files() -> None:
    """Lets this process open as many files as it may: the usual 1024 is soon too few for cameras, readers and recordings."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
