"""Connections are files of the process: there are no more of them than places, whoever connects and whatever they then do."""

import contextlib
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby.serve.accounts.rights import Right
from passerby.serve.listener import MOST_OF_STRANGERS, MOST_OPEN, Places
from passerby.site.settings import Server
from tests.support.guarded_site import GuardedSite, make_certificate
from tests.support.running_passerby import until


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    made: list[socket.socket] = []
    yield made
    for one in made:
        one.close()


def connected(port: int) -> socket.socket:
    """A connection; the other end may have ended it already."""
    connection = socket.socket()
    connection.settimeout(5)
    with contextlib.suppress(ConnectionResetError):
        connection.connect(("127.0.0.1", port))
    return connection


def is_open(connection: socket.socket) -> bool:
    """Whether the other end has not ended it. One that stays open says nothing."""
    connection.settimeout(0.2)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


@pytest.mark.parametrize("tls", [False, pytest.param(True, marks=pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl"))])
def test_beyond_the_places_a_connection_is_reset_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sockets: list[socket.socket], *, tls: bool
) -> None:
    monkeypatch.setattr("passerby.serve.listener.MOST_OPEN", 4)
    certificate, key = make_certificate(tmp_path) if tls else (None, None)
    server = Server.model_validate({"certificate": str(certificate), "key": str(key)}) if tls else Server()
    with GuardedSite(tmp_path, server, {"wall": (Right.WATCH,)}) as site:
        sockets += [connected(site.server.port) for _ in range(6)]
        assert [is_open(one) for one in sockets] == [True] * 4 + [False] * 2
        sockets[0].close()

        def gets_in() -> bool:
            sockets.append(connected(site.server.port))
            return is_open(sockets[-1])

        until(gets_in, "a place that is free again")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_handshake_that_is_not_done_in_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.serve.http_server.HANDSHAKE_WITHIN_S", 0.1)
    certificate, key = make_certificate(tmp_path)
    with (
        GuardedSite(tmp_path, Server.model_validate({"certificate": str(certificate), "key": str(key)})) as site,
        socket.create_connection(("127.0.0.1", site.server.port), timeout=10) as connection,
    ):
        assert connection.recv(1) == b""


def test_a_network_of_strangers_has_so_many_and_leaves_room_for_others(sockets: list[socket.socket]) -> None:
    places = Places()

    def take(address: str, port: int) -> bool:
        sockets.append(socket.socket())
        return places.take(sockets[-1], (address, port))

    assert [take("203.0.113.9", port) for port in range(MOST_OF_STRANGERS + 1)] == [True] * MOST_OF_STRANGERS + [False]
    assert not take("::ffff:203.0.113.9", 9999)
    assert take("203.0.113.10", 1)
    sockets[0].close()
    assert take("203.0.113.9", 1000)
    assert not take("203.0.113.9", 1001)
    places.know(("203.0.113.9", 5))  # somebody with an account is not counted so
    assert take("203.0.113.9", 1002)
    assert [take(f"2001:db8::{port:x}", port) for port in range(MOST_OF_STRANGERS + 1)][-1] is False


def test_a_proxy_and_this_machine_are_not_counted_by_themselves_and_the_whole_is_bounded(sockets: list[socket.socket]) -> None:
    places = Places(("10.0.0.0/24",))
    taken = 0
    for address in ("10.0.0.7", "127.0.0.1", "::1"):
        for port in range(MOST_OF_STRANGERS + 5):
            sockets.append(socket.socket())
            taken += places.take(sockets[-1], (address, port))
    assert taken == 3 * (MOST_OF_STRANGERS + 5)
    for port in range(MOST_OPEN):
        sockets.append(socket.socket())
        taken += places.take(sockets[-1], ("127.0.0.1", 1000 + port))
    assert taken == MOST_OPEN


def test_who_shows_a_token_is_not_counted_among_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr("passerby.serve.listener.Places.know", lambda _places, peer: told.append(peer))
    with GuardedSite(tmp_path, tokens={"wall": (Right.WATCH,)}) as site:
        site.client.get("/api/cameras")
        assert told == []
        site.client.get("/api/cameras", headers=site.bearer("wall"))
        site.client.get("/api/cameras", headers=site.bearer("wall"))
        assert len(told) == 1


def test_the_process_may_open_as_many_files_as_the_system_lets_it() -> None:
    code = "import resource; from passerby.serve.listener import allow_files; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 400)); allow_files(); "
    code += "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 400
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "(400, 400)"
