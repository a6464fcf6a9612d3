"""The way in behind a proxy, without accounts, and where accounts are damaged."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby.serve.accounts.rights import Right
from passerby.site.reach import ACCOUNTS
from passerby.site.settings import Server
from tests.support.guarded_site import NAME, THROUGH_PROXY, GuardedSite

TOKENS = {"wall": (Right.WATCH,), "prometheus": (Right.METRICS,), "archive": (Right.RECORDINGS,)}
SEEN = ["/api/cameras", "/api/cameras/gate", "/live/gate.jpg", "/openapi.json", "/metrics", "/healthz", "/readyz", "/api/recordings/gate"]
OPEN = {"/login", "/logout", "/api/session", "/page/{name}"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[GuardedSite]:
    with GuardedSite(tmp_path, tokens=TOKENS) as site:
        yield site


# Proxies


def behind(tmp_path: Path, *proxies: str) -> GuardedSite:
    return GuardedSite(tmp_path, Server(behind_proxy=True, names=(NAME,), proxies=proxies or ("127.0.0.1/32",)), TOKENS)


def test_a_proxy_says_who_asks_and_over_what(tmp_path: Path) -> None:
    with behind(tmp_path) as site:
        done = site.try_password("wrong password", headers=THROUGH_PROXY)
        assert done.status_code == 401
        assert site.journal.of("login refused")[-1]["address"] == "203.0.113.7"
        assert site.client.get("/login", headers=THROUGH_PROXY).headers["strict-transport-security"].startswith("max-age=")


def test_what_stands_before_the_proxys_own_word_is_not_believed(tmp_path: Path) -> None:
    with behind(tmp_path) as site:
        site.try_password("wrong password", headers={**THROUGH_PROXY, "x-forwarded-for": "127.0.0.1, 198.51.100.1, 203.0.113.9"})
        assert site.journal.of("login refused")[-1]["address"] == "203.0.113.9"


def test_from_a_proxy_without_tls_nothing_is_taken(tmp_path: Path) -> None:
    with behind(tmp_path) as site:
        for sent in ({"x-forwarded-proto": "http"}, {}, {"x-forwarded-proto": "https, http"}):
            headers = {"host": NAME, "x-forwarded-for": "203.0.113.7", **sent, **site.bearer("wall")}
            assert site.client.get("/api/cameras", headers=headers).status_code == 421
        # A proxy that passes on neither the name nor the scheme looks like somebody at the machine, but says for whom it asks.
        assert site.client.get("/api/cameras", headers={"x-forwarded-for": "203.0.113.7", **site.bearer("wall")}).status_code == 421


def test_who_goes_around_the_proxy_is_not_answered(tmp_path: Path) -> None:
    with behind(tmp_path, "10.9.9.9/32") as site:
        assert site.client.get("/api/cameras", headers={**THROUGH_PROXY, **site.bearer("wall")}).status_code == 421


def test_a_proxy_that_the_site_file_does_not_know_is_not_believed(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, Server(names=(NAME,)), TOKENS) as site:
        for name in ("x-forwarded-for", "x-forwarded-proto", "forwarded", "x-real-ip"):
            answer = site.client.get("/api/cameras", headers={name: "https", **site.bearer("wall")})
            assert (answer.status_code, "behind_proxy" in answer.json()["do"]) == (421, True)


def test_without_accounts_no_proxy_opens_the_site_to_others(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, accounts=False) as site:
        assert site.client.get("/api/cameras").status_code == 200
        assert site.client.get("/api/cameras", headers={"x-forwarded-for": "203.0.113.7"}).status_code == 421


# Without accounts, and with damaged ones


def test_without_accounts_this_machine_is_answered(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, accounts=False) as site:
        for path in SEEN:
            assert site.client.get(path).status_code == 200, path
        session = site.client.get("/api/session").json()
        assert (session["accounts"], session["by"], bool(session["account"])) == (False, "machine", True)
        assert site.client.get("/login").headers["location"] == "/"


def test_others_are_never_answered_without_a_password_even_if_it_was_started_with_one(tmp_path: Path) -> None:
    with GuardedSite(tmp_path, Server(behind_proxy=True, names=(NAME,)), accounts=False) as site:
        answer = site.client.get("/api/cameras", headers=THROUGH_PROXY)
        assert (answer.status_code, "there is no password" in answer.json()["detail"]) == (503, True)
        assert len(site.journal.of("nobody gets in")) == 1


def damaged(kind: str, path: Path) -> None:
    good = path.read_bytes()
    texts = {
        "empty": b"",
        "no json": b"{",
        "a list": b"[]",
        "cut": good[: len(good) // 2],
        "a key too many": good.replace(b'{"format"', b'{"admin":true,"format"'),
        "no password": b'{"format":1,"tokens":[]}',
        "another hash": re.sub(rb'"hash":"[^"]*"', b'"hash":"x"', good),
        "another format": good.replace(b'"format":1', b'"format":2'),
        "a right too many": good.replace(b'"watch"', b'"admin"'),
        "binary": b"\xff\xfe\x00",
        "huge": b" " * 200_000 + good,
        "deep": b"[" * 100_000,
    }
    if kind in texts:
        path.write_bytes(texts[kind])
    elif kind == "gone":
        path.unlink()
    elif kind == "a folder":
        path.unlink()
        path.mkdir()
    elif kind == "a link":
        path.rename(path.with_suffix(".other"))
        path.symlink_to(path.with_suffix(".other"))
    elif kind == "open to others":
        path.chmod(0o666)


DAMAGES = [
    "empty", "no json", "a list", "cut", "a key too many", "no password", "another hash", "another format", "a right too many", "binary", "huge",
    "deep", "gone", "a folder", "a link", "open to others",
]  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_with_damaged_accounts_nobody_gets_in_and_it_says_so(site: GuardedSite, kind: str) -> None:
    site.log_in()
    assert site.client.get("/api/cameras").status_code == 200
    damaged(kind, site.state / ACCOUNTS)
    for headers in ({}, site.bearer("wall")):
        answer = site.client.get("/api/cameras", headers=headers)
        assert (answer.status_code, answer.json()["detail"][:14]) == (503, "Nobody gets in")
    assert site.log_in().status_code == 503
    assert site.client.get("/login").status_code == 200
    assert site.client.get("/api/session").json()["closed"].startswith("Nobody gets in")
    assert len(site.journal.of("nobody gets in")) == 1
