"""A real Chromium for tests and benches: what a page looks like, what it asks for, and what it complains about.

Nothing outside of this machine can be reached from it, and whatever it asks of anybody is written down by its network stack.
"""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, Response, ViewportSize, sync_playwright

Picture = NDArray[np.uint8]
GENEROUS_MS: Final = 30_000
"""Everything that is waited for comes within a second or two on a quiet machine."""
PHONE: Final = ViewportSize(width=360, height=740)
DESK: Final = ViewportSize(width=1280, height=900)
WALL: Final = ViewportSize(width=3840, height=2160)
OURS: Final = ("127.0.0.1", "localhost", "[::1]")
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


@cache
def chromium_path() -> str | None:
    """The system's Chromium; None = there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


needs_chromium = pytest.mark.skipif("not __import__('tests.support.browser', fromlist=['x']).chromium_path()", reason="no Chromium here")


@contextmanager
def chromium(net_log: Path | None = None) -> Iterator[Browser]:
    """A browser.

    Args:
        net_log: Where its network stack writes down everything it does; None = nowhere. The file is whole once the browser has ended.
    """
    log = () if net_log is None else (f"--log-net-log={net_log}", "--net-log-capture-mode=Everything")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*ARGUMENTS, *log])
        try:
            yield browser
        finally:
            browser.close()


def is_ours(url: str) -> bool:
    """Whether an address is one of this machine, or none of a network at all."""
    parts = urlsplit(url)
    return parts.scheme in {"data", "blob", "about", "chrome", "chrome-extension", "chrome-error", "devtools", ""} or parts.hostname in OURS


def asked_by_pages(net_log: Path) -> list[str]:
    """The address of every request that pages of this machine made a browser begin.

    What a browser asks its maker on its own behalf is not among them: it is of another origin in its network stack.
    """
    text = net_log.read_text("utf-8", errors="replace").rstrip()
    log = json.loads(text if text.endswith("}") else text.rstrip(",") + "]}")
    request = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    begun = [event["params"] for event in log["events"] if event["type"] == request and "url" in event.get("params", {})]
    return [str(facts["url"]) for facts in begun if any(host in facts["initiator"] + facts["network_isolation_key"] for host in OURS)]


@cache
def axe_script() -> str:
    """axe-core."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


@dataclass
class Seen:
    """What a page asked for, and what it complained about."""

    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Answers of 400 and more, as "status address"."""
    complaints: list[str] = field(default_factory=list)
    """Errors on the console, and errors that nobody caught."""
    dialogs: list[str] = field(default_factory=list)

    @property
    def elsewhere(self) -> list[str]:
        """Requests that would leave this machine."""
        return [url for url in self.requests if not is_ours(url)]

    def unexpected(self, *expected: str) -> list[str]:
        """Complaints but those with one of these parts."""
        return [words for words in self.complaints if not any(part in words for part in expected)]


class Watched:
    """A page in a context of its own, looked at closely.

    Args:
        browser: The browser.
        viewport: Its size.
        more: Of the context: color_scheme="dark", reduced_motion="reduce", ...

    Attributes:
        page: The page.
        seen: What it asked for.
    """

    def __init__(self, browser: Browser, viewport: ViewportSize = DESK, **more: Any) -> None:
        self.context: BrowserContext = browser.new_context(**{"viewport": viewport, "device_scale_factor": 1, "locale": "en-GB", **more})
        self.context.set_default_timeout(GENEROUS_MS)
        self.page: Page = self.context.new_page()
        self.seen = Seen()
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.seen.complaints.append(f"uncaught: {error}"))
        self.page.on("dialog", self._interrupted)

    def close(self) -> None:
        """Ends it."""
        self.context.close()

    def open(self, url: str) -> Page:
        """Opens an address; returns once the page's own files are there."""
        self.page.goto(url, wait_until="domcontentloaded")
        return self.page

    def until(self, script: str, argument: Any = None, within_ms: int = GENEROUS_MS) -> Any:
        """The first truthy value of a function of JavaScript, asked again and again. Fails where there is none in time."""
        return self.page.wait_for_function(script, arg=argument, timeout=within_ms, polling=50).json_value()

    def settles(self, look: Callable[[], bool], what: str, within_s: float = GENEROUS_MS / 1000) -> None:
        """Waits until something holds while the page goes on."""
        end_s = time.monotonic() + within_s
        while not look():
            if time.monotonic() > end_s:
                raise AssertionError(f"after {within_s:.0f} s still not: {what}")
            self.page.wait_for_timeout(50)

    def text(self, selector: str = "body") -> str:
        """What somebody reads there."""
        return self.page.locator(selector).first.inner_text()

    def pixels(self, selector: str) -> Picture:
        """What somebody sees of an element, BGR."""
        return decoded(self.page.locator(selector).first.screenshot(animations="disabled"))

    def shot(self, folder: Path, name: str) -> Path:
        """A picture of the window; in the folder that PASSERBY_SHOTS names, to be looked at, or in `folder`."""
        named = os.environ.get("PASSERBY_SHOTS")
        path = (Path(named) if named else folder) / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, animations="disabled")
        return path

    def overflow_px(self) -> int:
        """How far the page is wider than its window."""
        return int(self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def violations(self) -> list[str]:
        """What axe-core finds, one line a rule and element."""
        # To evaluate is no part of the page: its policy stays as it is.
        self.page.evaluate(axe_script())
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        lines = [
            (rule["id"], rule["impact"], node["target"], node.get("failureSummary", "")) for rule in found["violations"] for node in rule["nodes"]
        ]
        return [" ".join(str(part) for part in line) for line in lines]

    def _interrupted(self, dialog: Dialog) -> None:
        self.seen.dialogs.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        self.seen.requests.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.seen.failures.append(f"{response.status} {urlsplit(response.url).path}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.seen.complaints.append(f"{message.type}: {message.text}")


def decoded(image: bytes) -> Picture:
    """The pixels of a PNG or JPEG, BGR."""
    picture = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return cast("Picture", picture)
