"""TLS by certificate files, and what depends on it."""

import shutil
import socket
import ssl
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from passerby.errors import SiteError
from passerby.serve import slow_readers
from passerby.serve.accounts.rights import Right
from passerby.serve.http_server import MOST_UNREAD_BYTES, HttpServer
from passerby.site.reach import tls_context
from passerby.site.settings import Server
from tests.support.guarded_site import GuardedSite, make_certificate

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")


def server(folder: Path) -> Server:
    certificate, key = make_certificate(folder)
    return Server.model_validate({"certificate": str(certificate), "key": str(key)})


def browser(site: GuardedSite, folder: Path) -> httpx.Client:
    """One that takes the certificate for good."""
    return httpx.Client(base_url=site.server.address, timeout=20, verify=ssl.create_default_context(cafile=str(folder / "site.pem")))


def test_under_tls_the_cookie_is_secure_and_the_browser_is_told_to_stay_there(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, server(tmp_path)) as site, browser(site, tmp_path) as client:
        assert site.server.address.startswith("https://127.0.0.1:")
        answer = site.log_in(client)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-passerby=")
        for part in ("Path=/", "HttpOnly", "Secure", "SameSite=Strict"):
            assert part in cookie.split("; ")
        assert "domain" not in cookie.lower()
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert client.get("/api/cameras").status_code == 200


def test_under_tls_a_cookie_that_was_set_without_is_none(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, server(tmp_path)) as site, browser(site, tmp_path) as client:
        site.log_in(client)
        (secret,) = client.cookies.values()
        client.cookies.clear()
        assert client.get("/api/cameras", headers={"cookie": f"passerby={secret}"}).status_code == 401
        assert client.get("/api/cameras", headers={"cookie": f"__Host-passerby={secret}"}).status_code == 200


def test_who_speaks_http_to_it_gets_nothing(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, server(tmp_path)) as site, pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{site.server.port}/login", timeout=20)


def test_old_tls_is_refused(tmp_path: Path) -> None:
    assert tls_context(*make_certificate(tmp_path)).minimum_version is ssl.TLSVersion.TLSv1_2


def shown(site: GuardedSite) -> str:
    """The certificate that is shown."""
    return ssl.get_server_certificate(("127.0.0.1", site.server.port), timeout=20)


def test_a_renewed_certificate_is_taken_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, server(tmp_path), {"wall": (Right.WATCH,)}) as site:
        first = shown(site)
        assert first.strip() == (tmp_path / "site.pem").read_text().strip()
        make_certificate(tmp_path)
        site.server.renew_tls()
        second = shown(site)
        assert second != first
        assert second.strip() == (tmp_path / "site.pem").read_text().strip()
        (tmp_path / "site.pem").write_text("damaged")
        with pytest.raises(SiteError, match=r"server\.certificate"):
            site.server.renew_tls()
        assert shown(site) == second


def test_files_that_are_no_pair_are_a_clear_error(tmp_path: Path) -> None:
    one, key = make_certificate(tmp_path)
    other, _ = make_certificate(tmp_path, stem="other")
    with pytest.raises(SiteError, match="no such pair"):
        tls_context(other, key)
    with pytest.raises(SiteError, match="no such pair"):
        tls_context(key, one)
    with pytest.raises(SiteError, match=r"server\.key.*cannot be read: No such file"):
        tls_context(one, tmp_path / "nowhere.key")


async def for_ever(scope: Any, receive: Any, send: Any) -> None:
    """Answers a request with bytes without an end."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": bytes(500), "more_body": True})


@pytest.mark.parametrize(("reading_bytes", "served"), [(2000, True), (0, False)])
def test_slow_is_no_reason_to_be_cut_off_under_tls_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reading_bytes: int, served: bool) -> None:
    """What waits to be sent is in three places there: as it is, sealed, and in the system."""
    monkeypatch.setattr(slow_readers, "READS_WITHIN_S", 1.0)
    certificate, key = make_certificate(tmp_path)
    server = HttpServer(for_ever, "127.0.0.1", 0, tls=lambda: tls_context(certificate, key))
    server.start()
    raw = socket.socket()
    raw.settimeout(30)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        raw.connect(("127.0.0.1", server.port))
        with ssl.create_default_context(cafile=str(certificate)).wrap_socket(raw, server_hostname="127.0.0.1") as reader:
            reader.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert is_served(reader, reading_bytes) is served
    finally:
        raw.close()
        server.stop(5)


def is_served(reader: ssl.SSLSocket, reading_bytes: int) -> bool:
    """Whether somebody is still served who takes so many bytes each twentieth of a second, for six seconds."""
    try:
        for _ in range(120):
            time.sleep(0.05)
            if reading_bytes and not reader.recv(reading_bytes):
                return False
        taken_bytes = 0
        while taken_bytes < 2 * MOST_UNREAD_BYTES + 200_000 and (piece := reader.recv(65536)):  # more than was on its way when it was cut off
            taken_bytes += len(piece)
    except (ConnectionError, ssl.SSLError):
        return False
    return bool(piece)
