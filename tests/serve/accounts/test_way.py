"""Over which ways requests come in."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.serve.accounts.way import Astray, Way, Ways, host_of
from passerby.site.settings import Server

HERE = Server(address="127.0.0.1:8740")
NAMED = Server(address="127.0.0.1:8740", names=("passerby.example",))
TLS = Server.model_validate({"address": "0.0.0.0:8740", "certificate": "a.pem", "key": "a.key", "names": ["passerby.example"]})
PROXIED = Server(address="0.0.0.0:8740", behind_proxy=True, proxies=("10.0.0.0/24", "127.0.0.1/32"), names=("passerby.example",))


def way(server: Server, host: str, client: str = "127.0.0.1", scheme: str = "http", version: str = "1.1", **headers: str) -> Way | Astray:
    sent = [(b"host", host.encode("latin-1")), *((name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items())]
    return Ways(server).of({"type": "http", "headers": sent, "client": (client, 1), "scheme": scheme, "http_version": version})


FORWARDED = {"x_forwarded_for": "203.0.113.7", "x_forwarded_proto": "https"}


@pytest.mark.parametrize(
    ("server", "host", "client", "scheme", "headers", "address"),
    [
        (HERE, "127.0.0.1:8740", "127.0.0.1", "http", {}, "127.0.0.1"),
        (HERE, "localhost", "127.0.0.1", "http", {}, "127.0.0.1"),
        (HERE, "[::1]:8740", "::1", "http", {}, "::1"),
        (NAMED, "passerby.example:8740", "127.0.0.1", "http", {}, "127.0.0.1"),
        (TLS, "passerby.example:8740", "203.0.113.9", "https", {}, "203.0.113.9"),
        (TLS, "Passerby.Example.", "203.0.113.9", "https", {}, "203.0.113.9"),
        (TLS, "192.0.2.4:8740", "::ffff:203.0.113.9", "https", {}, "203.0.113.9"),
        (TLS, "192.0.2.4:8740", "203.0.113.9", "https", FORWARDED, "203.0.113.9"),
        (PROXIED, "passerby.example", "10.0.0.3", "http", FORWARDED, "203.0.113.7"),
        (PROXIED, "passerby.example", "10.0.0.3", "http", {**FORWARDED, "x_forwarded_for": "1.2.3.4, 203.0.113.7, 10.0.0.9"}, "203.0.113.7"),
        (PROXIED, "passerby.example", "10.0.0.3", "http", {**FORWARDED, "x_forwarded_for": "[2001:db8::1]:443"}, "2001:db8::1"),
        (PROXIED, "passerby.example", "10.0.0.3", "http", {"x_forwarded_proto": "https"}, "10.0.0.3"),
        (PROXIED, "passerby.example", "10.0.0.3", "http", {**FORWARDED, "x_forwarded_for": "203.0.113.7, unknown"}, "10.0.0.3"),
        (PROXIED, "passerby.example", "10.0.0.3", "http", {**FORWARDED, "x_forwarded_for": "fe80::1%any text"}, "10.0.0.3"),
        (PROXIED, "127.0.0.1:8740", "127.0.0.1", "http", {}, "127.0.0.1"),
    ],
)
def test_these_ways_there_are(server: Server, host: str, client: str, scheme: str, headers: dict[str, str], address: str) -> None:
    found = way(server, host, client, scheme, **headers)
    assert isinstance(found, Way)
    assert found.address == address
    assert found.secure is (scheme == "https" or headers.get("x_forwarded_proto") == "https")


@pytest.mark.parametrize(
    ("server", "host", "client", "scheme", "headers"),
    [
        (HERE, "evil.example", "127.0.0.1", "http", {}),
        (HERE, "192.0.2.4", "127.0.0.1", "http", {}),
        (HERE, "", "127.0.0.1", "http", {}),
        (HERE, "127.0.0.1", "192.0.2.9", "http", {}),  # cannot be, and is not taken
        (HERE, "127.0.0.1", "", "http", {}),
        (HERE, "127.0.0.1", "127.0.0.1", "http", FORWARDED),
        (HERE, "127.0.0.1", "127.0.0.1", "http", {"via": "1.1 proxy"}),
        (HERE, "127.0.0.1", "127.0.0.1", "http", {"version": "1.0"}),  # nginx without a line about it
        (TLS, "passerby.example", "203.0.113.9", "http", {}),
        (TLS, "passerby.example", "203.0.113.9", "http", FORWARDED),
        (TLS, "evil.example", "203.0.113.9", "https", {}),
        (PROXIED, "passerby.example", "203.0.113.9", "http", FORWARDED),
        (PROXIED, "127.0.0.1", "203.0.113.9", "http", {}),
        (PROXIED, "passerby.example", "10.0.0.3", "http", {"x_forwarded_for": "203.0.113.7"}),
        (PROXIED, "127.0.0.1", "10.0.0.3", "http", {}),
        (PROXIED, "127.0.0.1", "127.0.0.1", "http", {"x_forwarded_for": "203.0.113.7"}),
        (PROXIED, "127.0.0.1", "127.0.0.1", "http", {"x_forwarded_proto": "http"}),
        (PROXIED, "passerby.example", "127.0.0.1", "http", {}),
        (PROXIED, "passerby.example", "10.0.1.3", "http", FORWARDED),
    ],
)
def test_other_ways_there_are_not(server: Server, host: str, client: str, scheme: str, headers: dict[str, str]) -> None:
    assert isinstance(way(server, host, client, scheme, **headers), Astray)


@given(host=st.text(alphabet=st.characters(max_codepoint=255)), listed=st.text(alphabet=st.characters(max_codepoint=255)))
def test_whatever_is_sent_there_is_an_answer(host: str, listed: str) -> None:
    for server in (HERE, TLS, PROXIED):
        found = way(server, host, "10.0.0.3", "https", x_forwarded_for=listed)
        if isinstance(found, Way) and host_of(host) not in {"localhost", "passerby.example"}:
            ipaddress.ip_address(host_of(host))  # or it raises: a name that is not ours was answered


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("a.example", "a.example"),
        ("A.Example:80", "a.example"),
        ("a.example.", "a.example"),
        ("127.0.0.1:8740", "127.0.0.1"),
        ("[::1]:8740", "::1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("a.example:x", ""),
        ("a.example:", ""),
        ("[::1", ""),
        ("[::1]x", ""),
        ("", ""),
    ],
)
def test_the_host_is_found_in_what_is_sent(text: str, host: str) -> None:
    assert host_of(text) == host
