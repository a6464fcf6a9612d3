"""Where a camera is: the parts of its address, and whether anybody answers there. Never shown: an address holds a password."""

import errno
import select
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from passerby.errors import CaptureError, SettingsError
from passerby.released.messages import Reason
from passerby.sealed.capture.fault import reason_of
from passerby.sealed.capture.interrupt import Interrupt

PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""Schemes that are read over a network, with the port that an address without one means."""
_CONNECT_S: Final = 1.5
"""Longer than a packet takes to any camera and back. Short, because the system asks a camera that is switched off in ever longer steps: the
next attempt asks at once when it is back."""
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose certificates are taken.

    Attributes:
        verify: Whether a certificate is looked at; else any is taken.
        certificate: The camera's, or its authority's (PEM); None = the system's authorities.
    """

    verify: bool = False
    certificate: Path | None = None


ANYBODY: Final = Trust()


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """The address of a camera, or of a file that stands for one.

    Attributes:
        url: All of it, as FFmpeg gets it; "" for a file.
        scheme: "rtsp", "rtsps", "http", "https" or "file".
        host: Name or number; "" for a file.
        port: Port; 0 for a file.
        path: The file; None for a camera.
        trust: Whose certificates are taken there.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: Path | None
    trust: Trust = ANYBODY

    def __repr__(self) -> str:
        return f"Address({self.scheme}, ***)"


def read_address(source: str, trust: Trust = ANYBODY) -> Address:
    """The address in a camera's order, with whose certificates are taken there.

    Raises:
        SettingsError: It is none. The address is not quoted.
    """
    parts, port = None, None
    try:
        parts = urlsplit(source)
        port = parts.port
    except ValueError:
        parts = None  # its message quotes the address: it is not passed on
    if parts is not None and parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Address("", "file", "", 0, Path(unquote(parts.path)))
    if parts is None or parts.scheme not in PORTS or not parts.hostname:
        raise SettingsError("a camera's source is no address", "give rtsp://, rtsps://, http://, https:// with a host, or file:// with a whole path")
    return Address(source, parts.scheme, parts.hostname, port or PORTS[parts.scheme], None, trust)


def reach(address: Address, interrupt: Interrupt) -> None:
    """Returns once somebody took a connection at the address, which is closed again.

    FFmpeg says less: it looks up names in a call that nothing can end, and reports some failures as damage.

    Raises:
        CaptureError: Nobody did.
    """
    fault = None
    for family, place in _places(address, interrupt):
        fault = _knock(family, place, interrupt)
        if fault is None:
            return
        if interrupt.due:
            break
    raise CaptureError(fault or Reason.UNREACHABLE)


def _places(address: Address, interrupt: Interrupt) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    """The network addresses of a host, looked up in a thread that is left behind when it takes too long."""
    found: list[tuple[socket.AddressFamily, tuple[object, ...]]] = []
    failed: list[Reason] = []

    def look_up() -> None:
        try:
            found.extend((info[0], info[4]) for info in socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(reason_of(error) if isinstance(error, OSError) else Reason.UNREACHABLE)

    thread = threading.Thread(target=look_up, name="passerby-lookup", daemon=True)
    thread.start()
    while thread.is_alive():
        if interrupt.due:
            raise CaptureError(Reason.UNREACHABLE)
        thread.join(_LOOK_S)
    if failed:
        raise CaptureError(failed[0])
    return found


def _knock(family: socket.AddressFamily, place: tuple[object, ...], interrupt: Interrupt) -> Reason | None:
    """Why no connection came about; None = it did."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as knocking:
            knocking.setblocking(False)
            number = knocking.connect_ex(place)
            if number in {errno.EINPROGRESS, errno.EWOULDBLOCK}:
                if not _wait_writable(knocking, interrupt):
                    return Reason.NO_FIRST_BYTE
                number = knocking.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            return None if number == 0 else reason_of(OSError(number, ""))
    except OSError as error:
        return reason_of(error)


def _wait_writable(knocking: socket.socket, interrupt: Interrupt) -> bool:
    poll = select.poll()
    poll.register(knocking, select.POLLOUT)
    for _ in range(round(_CONNECT_S / _LOOK_S)):
        if interrupt.due:
            return False
        if poll.poll(_LOOK_S * 1000):
            return True
    return False
