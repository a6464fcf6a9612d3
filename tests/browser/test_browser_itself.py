"""The browser that all tests of this folder look with: it would see a page that reaches for others, and one that is hard to use. Ours do not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.browser import Watched, asked_by_pages, chromium, is_ours, needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite, person

pytestmark = needs_chromium

BAD_PAGE = b"""<!doctype html><html><head><title>x</title></head>
<body><img src="http://fetched.example/a.png"><script>console.error("a complaint"); setTimeout(() => missing(), 0);</script></body></html>"""


class BadPages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(BAD_PAGE if self.path == "/" else b"")

    def log_message(self, *_words: object) -> None:
        """Nothing."""


@pytest.fixture
def bad_page() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BadPages)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_that_reaches_for_others_complains_and_is_hard_to_use_is_seen(bad_page: str, tmp_path: Path) -> None:
    with chromium(tmp_path / "net.json") as browser:
        watched = Watched(browser)
        watched.open(bad_page)
        watched.settles(lambda: len(watched.seen.complaints) >= 2, "two complaints")
        assert any("image-alt" in line for line in watched.violations())
        assert watched.seen.elsewhere == ["http://fetched.example/a.png"]
        assert watched.seen.unexpected("a complaint", "missing", "Failed to load") == []
        assert any("a complaint" in words for words in watched.seen.complaints)
        watched.close()
    asked = asked_by_pages(tmp_path / "net.json")
    assert "http://fetched.example/a.png" in asked
    assert bad_page in asked


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("http://127.0.0.1:80/x", True),
        ("blob:http://127.0.0.1:80/7", True),
        ("data:text/plain,", True),
        ("https://example.org/127.0.0.1", False),
        ("http://127.0.0.1.example.org/", False),
        ("ws://example.org/", False),
    ],
)
def test_what_is_ours_is_told_from_what_is_not(url: str, ours: bool) -> None:
    assert is_ours(url) is ours


def test_nothing_that_any_page_makes_a_browser_ask_for_leaves_this_machine(tmp_path: Path) -> None:
    """By what the browser's own network stack writes down, not by what the pages say of themselves."""
    log = tmp_path / "net.json"
    with StagedSite(StagedPlace("gate", glyphs=(person(60, 120),)), StagedPlace("hall")) as site, chromium(log) as browser:
        watched = Watched(browser)
        for path in ("/#/", "/#/place/gate", "/#/recordings/gate", "/login", "/live/gate.jpg", "/api/cameras", "/openapi.json"):
            watched.open("about:blank")
            watched.open(site.address + path)
            watched.page.wait_for_timeout(400)
        watched.open(f"{site.address}/#/")
        watched.until("() => document.querySelector('.scene .veil')?.hidden && !document.querySelector('.scene img').hidden")
        watched.page.click("#legend")
        watched.page.wait_for_timeout(300)
        watched.close()
    asked = asked_by_pages(log)
    assert any("/api/live" in url for url in asked)
    assert any("ground.jpg" in url for url in asked)
    assert [url for url in asked if not is_ours(url)] == []
