"""WS-Discovery: asks all who listen in the local network which of them is an ONVIF camera (WS-Discovery 2005/04, ONVIF Core, "Device discovery").

One question by UDP multicast, a few times since UDP loses some, and answers until the time is over. IPv4. Whoever is in the network can answer, and
say what it likes: an answer is bounded, read without entities, and names nobody but the machine that it came from, unless the user allows it.
"""

import contextlib
import ipaddress
import selectors
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from passerby.errors import SettingsError
from passerby.site.setup.plain_xml import Element, XmlError, parse_plain
from passerby.site.setup.wording import one_line

GROUP: Final = "239.255.255.250"
PORT: Final = 3702
WAIT_S: Final = 4.0
MOST_FOUND: Final = 256
MOST_DATAGRAMS: Final = 4096
_MOST_DATAGRAM_BYTES: Final = 1 << 16
_ASK_EVERY_S: Final = 0.7
_ASKED: Final = 3
_TYPES: Final = ("dn:NetworkVideoTransmitter", "tds:Device")
"""Some devices answer to one of them only."""
_SCOPE: Final = "onvif://www.onvif.org/"
_QUESTION: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"\
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"\
 xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><e:Header><w:MessageID>uuid:{message}</w:MessageID>\
<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
<e:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></e:Body></e:Envelope>"""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that answered, or that the user named.

    Attributes:
        host: Address that its answer came from; a name, where the user gave one.
        services: Addresses of its device service, as it gives them.
        name: What it calls itself, in one line; "" = nothing.
        hardware: What it says that it is.
    """

    host: str
    services: tuple[str, ...]
    name: str = ""
    hardware: str = ""


def discover(interfaces: Sequence[str], wait_s: float | None = None) -> list[Device]:
    """The devices that answered in time, by their addresses.

    Args:
        interfaces: Names or IPv4 addresses of the interfaces to ask on; none = all of them, where the system can tell which there are.
        wait_s: How long answers are waited for; None = WAIT_S.

    Raises:
        SettingsError: There is no such interface, or nobody can be asked on any.
    """
    found: dict[tuple[str, str], Device] = {}
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for out in _sockets(interfaces):
            selector.register(stack.enter_context(out), selectors.EVENT_READ)
        for data, host in _answers(selector, WAIT_S if wait_s is None else wait_s):
            for key, device in devices_of(data, host):
                found.setdefault((host, key), device)
            if len(found) >= MOST_FOUND:
                break
    return sorted(found.values(), key=lambda device: (ipaddress.ip_address(device.host), device.services))


def devices_of(data: bytes, host: str) -> list[tuple[str, Device]]:
    """The devices of an answer, each with its endpoint; none where it is no answer that can be read.

    Args:
        data: The datagram.
        host: Address of the sender.
    """
    try:
        root = parse_plain(data)
    except XmlError:
        return []
    return [_device(match, host) for match in root.every("ProbeMatch")[:MOST_FOUND]]


def _device(match: Element, host: str) -> tuple[str, Device]:
    services = [word for element in match.every("XAddrs") for word in element.words if is_http(word)]
    scopes = [word for element in match.every("Scopes") for word in element.words]
    endpoint = next((word for element in match.every("Address") for word in element.words), "")
    # An answer that goes out by several interfaces, or that is given to each question, is one device.
    return endpoint, Device(host, tuple(dict.fromkeys(services))[:8], _scope(scopes, "name"), _scope(scopes, "hardware"))


def is_http(address: str) -> bool:
    """Whether a device service can be asked at this address."""
    if len(address) > 500 or not address.isascii() or not address.isprintable() or "$" in address:
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return False


def _scope(scopes: Sequence[str], kind: str) -> str:
    begin = f"{_SCOPE}{kind}/"
    return next((one_line(unquote(scope[len(begin) :]), 80) for scope in scopes if scope.lower().startswith(begin)), "")


def _sockets(interfaces: Sequence[str]) -> list[socket.socket]:
    wanted = [_where(interface) for interface in interfaces] or [where for _, name in socket.if_nameindex() if (where := _index(name))]
    sockets: list[socket.socket] = []
    for where in wanted or [b""]:
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
            if where:
                out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
            out.bind(("", 0))
            out.setblocking(False)
        except OSError:
            out.close()
            if interfaces:
                raise SettingsError("cameras cannot be asked for on that interface", "ip addr lists the interfaces and their addresses") from None
            continue
        sockets.append(out)
    if not sockets:
        raise SettingsError("cameras cannot be asked for: this machine has no network that takes multicast", "give their addresses with --url")
    return sockets


def _where(interface: str) -> bytes:
    try:
        return ipaddress.IPv4Address(interface).packed
    except ValueError:
        where = _index(interface)
    if not where:
        raise SettingsError(f"there is no interface '{interface}'", "give the name or the IPv4 address of one: ip addr lists them")
    return where


def _index(interface: str) -> bytes:
    """An `ip_mreqn` of Linux and macOS; empty where there is no such interface."""
    try:
        return struct.pack("=4s4si", bytes(4), bytes(4), socket.if_nametoindex(interface))
    except OSError:
        return b""


def _answers(selector: selectors.BaseSelector, wait_s: float) -> Iterator[tuple[bytes, str]]:
    """What comes in until the time is over, with its sender; asks a few times."""
    begin_s = time.monotonic()
    asked = received = 0
    while (now_s := time.monotonic()) < begin_s + wait_s and received < MOST_DATAGRAMS:
        if asked < _ASKED and now_s >= begin_s + asked * _ASK_EVERY_S:
            asked += 1
            _ask(selector)
        next_s = begin_s + (asked * _ASK_EVERY_S if asked < _ASKED else wait_s)
        for key, _ in selector.select(max(0.0, min(next_s, begin_s + wait_s) - now_s)):
            received += 1
            with contextlib.suppress(OSError):
                if isinstance(key.fileobj, socket.socket):
                    data, sender = key.fileobj.recvfrom(_MOST_DATAGRAM_BYTES)
                    yield data, str(sender[0])


def _ask(selector: selectors.BaseSelector) -> None:
    for key in list(selector.get_map().values()):
        for types in _TYPES:
            # An interface that is down takes none.
            with contextlib.suppress(OSError):
                if isinstance(key.fileobj, socket.socket):
                    key.fileobj.sendto(_QUESTION.format(message=uuid4(), types=types).encode(), (GROUP, PORT))
