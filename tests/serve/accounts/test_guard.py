"""The way in, attacked over real HTTP."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from passerby.clock import SimulatedClock
from passerby.serve.accounts.rights import Right, known
from passerby.serve.app import application
from passerby.site.settings import Server
from tests.support.guarded_site import NAME, OURS, PASSWORD, GuardedSite, StillPictures, keep_accounts
from tests.support.running_passerby import until
from tests.support.site_now import ToldSite

TOKENS = {"wall": (Right.WATCH,), "prometheus": (Right.METRICS,), "archive": (Right.RECORDINGS,)}
SEEN = ["/api/cameras", "/api/cameras/gate", "/live/gate.jpg", "/openapi.json", "/metrics", "/healthz", "/readyz", "/api/recordings/gate"]
OPEN = {"/login", "/logout", "/api/session", "/page/{name}"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GuardedSite]:
    with GuardedSite(tmp_path, tokens=TOKENS) as site:
        yield site


# Deny by default


def test_every_route_of_the_application_is_in_the_table_of_rights() -> None:
    unasked: Any = StillPictures()
    for route in application(ToldSite(), unasked, streams=unasked, recorded=unasked).routes:
        assert isinstance(route, Route), f"{route}: only plain routes can be found in the table"
        for method in (route.methods or set()) - {"HEAD"}:
            assert known(method, route.path), f"{method} {route.path} is answered to nobody until it has a right in serve/accounts/rights.py"


def test_a_route_that_is_in_no_table_is_answered_to_nobody(site: GuardedSite) -> None:
    site.log_in()
    answer = site.client.get("/not/in/the/table")
    assert (answer.status_code, "nobody" in answer.text) == (404, False)


def test_who_is_not_logged_in_gets_nothing_but_the_login(site: GuardedSite) -> None:
    for route in site.app.routes:
        assert isinstance(route, Route)
        path = re.sub(r"{[^}]*}", "gate", route.path)
        if route.path in OPEN or not known("GET", route.path) or "GET" not in (route.methods or ()):
            continue
        answer = site.client.get(path)
        expected = 303 if path == "/" else 401
        assert answer.status_code == expected, path
        assert "gate" not in answer.text.lower() or path == "/", path


@pytest.mark.parametrize("path", SEEN)
def test_who_is_logged_in_gets_everything(site: GuardedSite, path: str) -> None:
    assert site.log_in().status_code == 204
    assert site.client.get(path).status_code == 200


def test_the_page_leads_who_is_not_logged_in_to_the_login_and_who_is_away_from_it(site: GuardedSite) -> None:
    assert site.client.get("/").headers["location"] == "/login"
    assert "Log in" in site.client.get("/login").text
    site.log_in()
    assert site.client.get("/").status_code == 200
    assert site.client.get("/login").headers["location"] == "/"


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [
        ("wall", "/api/cameras", 200),
        ("wall", "/live/gate.jpg", 200),
        ("wall", "/metrics", 403),
        ("wall", "/api/recordings/gate", 403),
        ("prometheus", "/metrics", 200),
        ("prometheus", "/healthz", 200),
        ("prometheus", "/api/cameras", 403),
        ("archive", "/api/recordings/gate", 200),
        ("archive", "/live/gate.jpg", 403),
    ],
)
def test_a_token_opens_what_it_has_the_right_for_and_no_more(site: GuardedSite, token: str, path: str, status: int) -> None:
    assert site.client.get(path, headers=site.bearer(token)).status_code == status
    assert site.client.get(path, auth=("anything", site.tokens[token])).status_code == status  # as players show it


def test_a_token_changes_nothing(site: GuardedSite) -> None:
    answer = site.client.post("/api/recordings/gate/viewings", headers={**site.bearer("archive"), **OURS})
    assert (answer.status_code, answer.json()["detail"]) == (403, "A token can only read.")


def test_a_revoked_token_is_refused_from_the_next_request_on_and_its_stream_ends(tmp_path: Path) -> None:
    clock = SimulatedClock(1_000.0)
    with GuardedSite(tmp_path, tokens=TOKENS, clock=clock) as site:
        bearer = site.bearer("wall")
        with site.client.stream("GET", "/live/gate/one.m4s", headers=bearer) as stream:
            parts = stream.iter_bytes()
            assert next(parts)
            keep_accounts(tmp_path, {name: rights for name, rights in TOKENS.items() if name != "wall"})
            assert site.client.get("/api/cameras", headers=bearer).status_code == 401
            clock.sleep(10)
            for _ in parts:  # comes to its end
                pass
        ticks = site.ticks
        until(lambda: site.ticks == ticks, "the stream's end in the application")


def test_a_stream_from_before_the_first_password_ends_with_it(tmp_path: Path) -> None:
    clock = SimulatedClock(1_000.0)
    with GuardedSite(tmp_path, accounts=False, clock=clock) as site, site.client.stream("GET", "/live/gate/one.m4s") as stream:
        parts = stream.iter_bytes()
        assert next(parts)
        keep_accounts(tmp_path)
        clock.sleep(10)
        for _ in parts:
            pass


def test_a_stream_ends_with_its_session(tmp_path: Path) -> None:
    clock = SimulatedClock(1_000.0)
    with GuardedSite(tmp_path, clock=clock) as site, site.new_client() as other:
        site.log_in()
        with site.client.stream("GET", "/live/gate/one.m4s") as stream:
            parts = stream.iter_bytes()
            assert next(parts)
            other.cookies = site.client.cookies
            assert other.post("/logout", headers=OURS).status_code == 204
            clock.sleep(10)
            for _ in parts:
                pass


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer x",
        "Basic",
        "Basic !!",
        "Basic eDp4",
        "Digest x",
        "Bearer passerby_" + "A" * 43,
        "\u00ff",
        "Bearer " + "A" * 5000,
    ],
)
def test_what_is_no_token_opens_nothing(site: GuardedSite, shown: str) -> None:
    answer = site.client.get("/api/cameras", headers=[(b"authorization", shown.encode("latin-1"))])
    assert answer.status_code == 401
    site.log_in()
    # Who shows a token is known by the token, whatever cookies come along.
    assert site.client.get("/api/cameras", headers=[(b"authorization", shown.encode("latin-1"))]).status_code == 401


def test_the_operators_password_is_no_token(site: GuardedSite) -> None:
    assert site.client.get("/api/cameras", auth=("operator", PASSWORD)).status_code == 401
    assert site.client.get("/api/cameras", headers={"authorization": f"Bearer {PASSWORD}"}).status_code == 401


def test_a_player_is_asked_for_a_password_and_a_page_is_not(site: GuardedSite) -> None:
    assert site.client.get("/live/gate.jpg").headers["www-authenticate"].startswith("Basic ")
    by_page = site.client.get("/live/gate.jpg", headers={"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"})
    assert by_page.headers["www-authenticate"].startswith("Bearer ")


# Path tricks


def raw(site: GuardedSite, request: bytes) -> tuple[int, bytes]:
    """The status and everything of the answer to a request in bytes."""
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        data = b""
        while part := connection.recv(65536):
            data += part
    return int(data.split(b" ", 2)[1]) if data else 0, data


TRICKS = [
    "//api/cameras", "/api//cameras", "/api/cameras/", "/api/./cameras", "/login/../api/cameras", "/page/../api/cameras",
    "/page/..%2fapi/cameras", "/page/%2e%2e/api/cameras", "/%61pi/cameras", "/api%2fcameras", "/api/cameras%00", "/api/cameras%20",
    "/api/cameras;x", "/API/cameras", "/api\\cameras", "/login%2f..%2fapi/cameras", "/./api/cameras", "/page/login.js/../../api/cameras",
    "/api/cameras/..;/cameras", "/.env", "/page/.hidden", "/login?x=/api/cameras", "/login#/api/cameras", "http://127.0.0.1/api/cameras",
    "http://evil.example/api/cameras", "*", "/page/login.js%00.html",
]  # fmt: skip


@pytest.mark.parametrize("path", TRICKS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_way_of_writing_a_path_leads_around_the_guard(site: GuardedSite, path: str, method: str) -> None:
    status, data = raw(site, f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode())
    assert status in ({200} if path.startswith("/login?") else {400, 401, 404})
    assert b"South" not in data
    assert b"Gate" not in data


def test_whatever_the_path_nobody_sees_a_camera_without_an_account(site: GuardedSite) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.text("abcdefghilmnopqrstuvwxyz/.%2eE5\\;:@?#&=-_ \t\u00e9", max_size=40), st.sampled_from(["", "/api/cameras", "/live/gate.jpg"]))
    def ask(tail: str, head: str) -> None:
        path = ("/" + head + tail).encode("utf-8").replace(b" ", b"%20").replace(b"\t", b"%09")
        status, data = raw(site, b"GET " + path + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        assert status in {200, 303, 400, 401, 404}
        assert not any(one in data for one in (b"\xff\xd8", b'"cameras"', b"South", b"Gate")), "no picture, and no name of a camera"

    ask()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "GETT", "X" * 50])
def test_other_methods_are_refused_also_to_who_is_logged_in(site: GuardedSite, method: str) -> None:
    site.log_in()
    answer = site.client.request(method, "/api/cameras", headers=OURS)
    assert answer.status_code in {404, 405}


def test_a_method_in_a_header_or_the_query_is_no_method(site: GuardedSite) -> None:
    site.log_in()
    sent = {**OURS, "x-http-method-override": "POST", "x-method-override": "POST", "x-original-url": "/metrics", "x-rewrite-url": "/metrics"}
    answer = site.client.get("/api/session?_method=POST", headers=sent)
    assert answer.json()["account"] == "operator"


def test_post_is_answered_where_there_is_something_to_post_to_only(site: GuardedSite) -> None:
    site.log_in()
    answer = site.client.post("/api/cameras", headers=OURS)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert site.client.delete("/login", headers=OURS).headers["allow"] == "GET, POST"


def test_a_websocket_is_refused(site: GuardedSite) -> None:
    upgrade = b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: x3JJHMbDL1EzLkh9GBhXDw==\r\n"
    status, data = raw(site, b"GET /api/live HTTP/1.1\r\nhost: 127.0.0.1\r\n" + upgrade + b"\r\n")
    assert status in {400, 401, 404}
    assert b"101" not in data.partition(b"\r\n")[0]


def test_a_websocket_of_a_server_that_has_them_is_closed_before_the_application_sees_it(site: GuardedSite) -> None:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    import asyncio  # noqa: PLC0415 - of use here only

    scope = {
        "type": "websocket",
        "path": "/api/cameras",
        "raw_path": b"/api/cameras",
        "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(site.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        ("content-length: 999999999", b"", 413),
        ("content-length: 99999999999999999999", b"", 413),
        ("content-length: -1", b"", 400),
        ("transfer-encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n", 413),
        ("content-length: 5\r\ncontent-length: 6", b"hello", 400),
        ("content-length: 5\r\ntransfer-encoding: chunked", b"0\r\n\r\n", 413),
    ],
)
def test_a_body_that_is_large_or_of_unknown_length_is_refused(site: GuardedSite, head: str, body: bytes, status: int) -> None:
    got, _ = raw(site, f"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\nx-passerby: 1\r\n{head}\r\n\r\n".encode() + body)
    assert got == status


# Names


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example", "192.0.2.1", "[::1", "a b"]
)
def test_another_name_is_not_answered_whatever_is_shown(site: GuardedSite, host: str) -> None:
    for path in ("/login", "/api/cameras", "/page/login.js"):
        assert site.client.get(path, headers={"host": host, **site.bearer("wall")}).status_code in {400, 421}


def test_two_host_headers_are_refused(site: GuardedSite) -> None:
    status, _ = raw(site, b"GET /login HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n")
    assert status in {400, 421}


def test_a_name_of_the_site_file_is_answered(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, Server(names=(NAME,)), TOKENS) as site:
        assert site.client.get("/api/cameras", headers={"host": f"{NAME}:8740", **site.bearer("wall")}).status_code == 200
        assert site.client.get("/api/cameras", headers={"host": f"x.{NAME}", **site.bearer("wall")}).status_code == 421


# Other sites' pages


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:1"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
]


@pytest.mark.parametrize("sent", FOREIGN)
@pytest.mark.parametrize("path", ["/login", "/logout", "/api/recordings/gate/viewings"])
def test_no_form_and_no_script_of_another_site_changes_anything(site: GuardedSite, sent: dict[str, str], path: str) -> None:
    site.log_in()
    assert site.client.post(path, headers={**OURS, **sent}).status_code == 403
    assert site.client.post(path, headers=sent, data={"password": PASSWORD}).status_code == 403
    assert site.client.get("/api/cameras").status_code == 200  # still logged in


@pytest.mark.parametrize("path", ["/login", "/logout", "/api/recordings/gate/viewings"])
def test_what_changes_something_needs_a_header_that_no_form_can_send(site: GuardedSite, path: str) -> None:
    site.log_in()
    assert site.client.post(path, data={"password": PASSWORD}).status_code == 403


def test_it_needs_that_header_also_where_there_are_no_accounts(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, accounts=False) as site:
        assert site.client.post("/api/recordings/gate/viewings").status_code == 403
        assert site.client.post("/api/recordings/gate/viewings", headers={**OURS, "origin": "https://evil.example"}).status_code == 403
        assert site.client.post("/api/recordings/gate/viewings", headers=OURS).status_code == 200


def test_our_own_page_is_let_in(site: GuardedSite) -> None:
    own = {"origin": site.server.address.rstrip("/"), "sec-fetch-site": "same-origin"}
    assert site.log_in(headers=own).status_code == 204
    assert site.client.post("/api/recordings/gate/viewings", headers={**OURS, **own}).json() == {"account": "operator"}


def test_no_page_of_another_site_can_show_or_fetch_ours_but_may_link_to_it(site: GuardedSite) -> None:
    site.log_in()
    for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "script")):
        sent = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "sec-fetch-dest": dest}
        assert site.client.get("/live/gate.jpg", headers=sent).status_code == 403
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert site.client.get("/login", headers=link).status_code == 303
    typed = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert site.client.get("/", headers=typed).status_code == 200


def test_no_answer_lets_another_site_in(site: GuardedSite) -> None:
    site.log_in()
    for path in ("/", "/api/cameras", "/live/gate.jpg", "/nowhere", "/page/app.js"):
        answer = site.client.get(path, headers={"origin": site.server.address.rstrip("/")})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
