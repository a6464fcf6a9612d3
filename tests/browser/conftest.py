"""What every test of the pages is given: a browser, pages in it, and that none of them reached elsewhere or complained."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.alerted_site import AlertedSite
from tests.support.browser import Watched, chromium, chromium_path

LOST = ("Failed to load resource", "ERR_")
"""What Chromium itself says of a server that does not answer, or answers with an error."""


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """A browser."""
    if chromium_path() is None:
        pytest.skip("no Chromium here")
    with chromium() as browser:
        yield browser


@pytest.fixture
def look(chrome: Browser) -> Iterator[Callable[..., Watched]]:
    """Makes pages; as arguments of `Watched`. At the end, none has asked another machine, complained, or opened a dialogue."""
    pages: list[Watched] = []

    def make(*arguments: Any, **more: Any) -> Watched:
        pages.append(Watched(chrome, *arguments, **more))
        return pages[-1]

    yield make
    for page in pages:
        page.close()
    for page in pages:
        assert page.seen.elsewhere == []
        assert page.seen.unexpected(*LOST) == []
        assert page.seen.dialogs == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[AlertedSite]:
    """A site with two cameras of which alerts are kept; none yet. A file that needs another site has a `site` of its own."""
    with AlertedSite(tmp_path) as site:
        yield site
