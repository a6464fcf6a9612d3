"""How a request came: from which address, over TLS or not, under which name. What a proxy says is believed of the proxies in the site file only."""

import ipaddress
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from passerby.site.settings import Server
from passerby.site.values import is_loopback

FORWARDED: Final = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip", "via")
_WILDCARDS: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Way:
    """How a request came.

    Attributes:
        address: Network address of who asks.
        secure: Whether all of the way was TLS, as far as we can know.
        origin: Scheme, host and port as its browser sees them: `https://passerby.example.org`.
    """

    address: str
    secure: bool
    origin: str


@dataclass(frozen=True, slots=True)
class Astray:
    """A request that came where it should not. It is refused.

    Attributes:
        status: HTTP status.
        detail: Why.
        do: What to do.
    """

    status: int
    detail: str
    do: str


class Ways:
    """Which ways there are.

    Args:
        server: Of the site file.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._names = frozenset(server.names)
        self._proxies: tuple[Network, ...] = tuple(ipaddress.ip_network(one) for one in server.proxies) if server.behind_proxy else ()

    def of(self, scope: Scope) -> Way | Astray:
        """How a request came, or why it is refused."""
        headers = Headers(scope=scope)
        peer = plain_address(scope["client"][0] if scope.get("client") else "")
        host, hosts = headers.get("host", ""), headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(host_of(host)):
            do = 'Use the address that "passerby run" printed, or add the name to server.names in the site file.'
            return Astray(421, "This server does not answer to that name.", do)
        secure = scope.get("scheme") == "https"
        # Proxies ask in HTTP/1.0 unless told otherwise (nginx); browsers, players and scrapers do not.
        passed_on = any(name in headers for name in FORWARDED) or scope.get("http_version", "1.1") == "1.0"
        is_here = is_loopback(peer) and not passed_on
        if self._is_proxy(peer):
            secure = secure or headers.getlist("x-forwarded-proto")[-1:] == ["https"]
            peer = self._asker(headers, peer)
        elif passed_on and not secure:
            return Astray(421, "A proxy passed this on that the site file does not know.", "Set server.behind_proxy = true, and server.proxies.")
        if not secure and not (is_here and (is_loopback(host_of(host)) or not self._server.others_reach_it)):
            # Only who sits at the machine, or at the end of a tunnel to it, gets in without TLS.
            return Astray(421, "This way here has no TLS.", "Use https; a proxy has to set X-Forwarded-Proto to https.")
        return Way(peer, secure, f"{'https' if secure else 'http'}://{host.lower()}")

    def _is_ours(self, host: str) -> bool:
        """Whether a name is one of ours. An address as a name is none that a page of the internet could point here."""
        if is_loopback(host) or host in self._names:
            return True
        try:
            host = str(ipaddress.ip_address(host))
        except ValueError:
            return False
        return host in self._names or host == self._server.host or self._server.host in _WILDCARDS

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._proxies)

    def _asker(self, headers: Headers, peer: str) -> str:
        """The last address in X-Forwarded-For that is no proxy of ours: what stands before it anybody can have written."""
        listed = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for one in reversed(listed):
            address = plain_address(host_of(one.strip()))
            try:
                if "%" in address:  # after it any text would count as part of an address
                    return peer
                ipaddress.ip_address(address)
            except ValueError:
                return peer
            if not self._is_proxy(address):
                return address
        return peer


def host_of(text: str) -> str:
    """The host of `host`, `host:port`, `[::1]:port`, in small letters; "" where there is none."""
    text = text.lower()
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        return host if bracket and (not port or (port[0] == ":" and port[1:].isdigit())) else ""
    if text.count(":") > 1:
        return text
    host, colon, port = text.partition(":")
    return host.removesuffix(".") if not colon or port.isdigit() else ""


def plain_address(address: str) -> str:
    """An address of IPv4 that came over IPv6, as one of IPv4."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
