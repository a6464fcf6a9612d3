"""The way in when many ask, or ask slowly, or ask more than is answered."""

import http.client
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from passerby.clock import SimulatedClock
from passerby.serve.accounts import limits
from passerby.serve.accounts.rights import Right
from tests.support.guarded_site import OURS, GuardedSite

TOKENS = {"wall": (Right.WATCH,), "prometheus": (Right.METRICS,), "archive": (Right.RECORDINGS,)}
SEEN = ["/api/cameras", "/api/cameras/gate", "/live/gate.jpg", "/openapi.json", "/metrics", "/healthz", "/readyz", "/api/recordings/gate"]
OPEN = {"/login", "/logout", "/api/session", "/page/{name}"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GuardedSite]:
    with GuardedSite(tmp_path, tokens=TOKENS) as site:
        yield site


def test_an_account_that_asks_without_end_is_told_to_wait(tmp_path: Path) -> None:
    clock = SimulatedClock(1_000.0)
    with GuardedSite(tmp_path, tokens=TOKENS, clock=clock) as site:
        site.log_in()
        answers = [site.client.post("/api/recordings/gate/viewings", headers=OURS).status_code for _ in range(limits.CHANGING.burst + 2)]
        assert answers == [200] * limits.CHANGING.burst + [429] * 2
        assert site.client.get("/api/cameras", headers=site.bearer("wall")).status_code == 200  # others are not concerned
        clock.sleep(1.5)
        assert site.client.post("/api/recordings/gate/viewings", headers=OURS).status_code == 200


def test_strangers_who_ask_without_end_are_told_to_wait_and_who_is_logged_in_is_not(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, tokens=TOKENS, clock=SimulatedClock(1_000.0)) as site, site.new_client() as other:
        site.log_in(other)
        answers = [site.client.get("/api/session").status_code for _ in range(limits.STRANGERS.burst + 1)]
        assert (set(answers), answers[-1]) == ({200, 429}, 429)
        assert site.client.get("/api/cameras", headers=site.bearer("wall")).status_code == 200
        assert other.get("/page/login.js").status_code == 200


def test_where_only_the_head_of_a_stream_is_asked_for_nothing_goes_on(site: GuardedSite) -> None:
    answer = site.client.head("/live/gate/one.m4s", headers=site.bearer("wall"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert site.client.get("/api/cameras", headers=site.bearer("wall")).status_code == 200  # on the same connection
    time.sleep(0.5)
    assert site.ticks <= 2, "one that goes on has 25 by now"


def test_every_token_is_compared_in_a_time_that_tells_nothing(site: GuardedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    import hmac  # noqa: PLC0415 - of use here only

    compared: list[bool] = []
    compare = hmac.compare_digest

    def counted(one: Any, other: Any) -> bool:
        compared.append(compare(one, other))
        return compared[-1]

    monkeypatch.setattr("passerby.serve.accounts.tokens.hmac.compare_digest", counted)
    site.client.get("/api/cameras", headers=site.bearer("wall"))
    assert compared == [True, False, False]
    compared.clear()
    site.client.get("/api/cameras", headers={"authorization": "Bearer passerby_" + "A" * 43})
    assert compared == [False, False, False]


def test_a_body_that_does_not_come_is_not_waited_for(site: GuardedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.guard.BODY_WITHIN_S", 0.05)
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=20)
    connection.putrequest("POST", "/login")
    connection.putheader("x-passerby", "1")
    connection.putheader("content-length", "100")
    connection.endheaders(b'{"pass')
    assert connection.getresponse().status == 408
    connection.close()


def test_who_connects_and_asks_nothing_is_cut_off(site: GuardedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.http_server.ASKS_WITHIN_S", 0.1)
    port = urlsplit(site.server.address).port
    assert port is not None
    for begun in (b"", b"GET / HTTP/1.1\r\nhost: 127"):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(begun)
            assert connection.recv(100) == b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /login HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\nGET /")
        data = b""
        while part := connection.recv(65536):
            data += part
        assert data.startswith(b"HTTP/1.1 200")


def test_an_answer_that_goes_on_is_not_cut_off_by_that(site: GuardedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.http_server.ASKS_WITHIN_S", 0.05)
    with site.new_client() as client, client.stream("GET", "/live/gate/one.m4s", headers=site.bearer("wall")) as stream:
        parts = stream.iter_bytes()
        begun = site.ticks
        while site.ticks < begun + 30:
            next(parts)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("head", ["content-length: 60000", "transfer-encoding: chunked"])
def test_who_reads_sends_no_body_and_keeps_no_connection_with_one(site: GuardedSite, method: str, head: str) -> None:
    shown = f"authorization: {site.bearer('wall')['authorization']}"
    for path in ("/login", "/api/cameras"):
        with socket.create_connection(("127.0.0.1", site.server.port), timeout=5) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{shown}\r\n{head}\r\n\r\n".encode())
            data = b""
            while part := connection.recv(65536):
                data += part
        assert data.startswith(b"HTTP/1.1 400")
        assert b"connection: close" in data


def test_a_body_that_nobody_waits_for_ends_the_connection(site: GuardedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.http_server.ASKS_WITHIN_S", 0.05)
    monkeypatch.setattr("passerby.serve.guard._has_body", lambda _headers: False)
    shown = f"authorization: {site.bearer('wall')['authorization']}"
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=5) as connection:
        connection.sendall(f"GET /api/cameras HTTP/1.1\r\nhost: 127.0.0.1\r\n{shown}\r\ncontent-length: 60000\r\n\r\n".encode())
        data = connection.recv(65536)
        connection.sendall(b"x")  # the timer of the connection's rest is set by an answer's end only
        while part := connection.recv(65536):
            data += part
    assert data.startswith(b"HTTP/1.1 200")


def test_who_has_no_account_gets_one_answer_on_a_connection(site: GuardedSite) -> None:
    for path in ("/login", "/page/login.js", "/api/cameras", "/nowhere"):
        assert site.client.get(path).headers["connection"] == "close"
        assert "connection" not in site.client.get(path, headers=site.bearer("wall")).headers or path == "/nowhere"
