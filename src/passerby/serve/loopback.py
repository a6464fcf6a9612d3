"""Which addresses stay on this machine, and which requests came for them."""

import ipaddress
from typing import Final

NAMES: Final = ("localhost",)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, whatever a name server says."""
    if host.lower() in NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def asks_for_loopback(host_header: str) -> bool:
    """Whether a request's Host header names this machine.

    A page of the internet can point a name of its own at 127.0.0.1 ("DNS rebinding") and would then be let in by the browser as the same
    origin. Such a request carries the page's name here.
    """
    host, _, port = host_header.rpartition(":")
    if not host or not port.isdigit():
        host = host_header
    return is_loopback(host)
