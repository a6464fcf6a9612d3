"""Logging in and out in a real browser, with a password that is real: what is shown, what is kept, what is not."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from passerby.clock import SystemClock
from passerby.serve.accounts.changes import account_changes
from tests.support.browser import DESK, PHONE, Watched, needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite

pytestmark = needs_chromium

Look = Callable[..., Watched]
PASSWORD = "nine quiet lanterns <script>"  # noqa: S105 - of a test
WALL = "() => document.querySelector('.scene .veil')?.hidden"


def set_password(state: Path, password: str) -> None:
    with account_changes(state, SystemClock(), "tester") as changes:
        changes.set_password(password)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagedSite]:
    state = tmp_path_factory.mktemp("state")
    set_password(state, PASSWORD)
    with StagedSite(StagedPlace("gate", "South gate"), state=state) as site:
        yield site


def log_in(watched: Watched, password: str) -> None:
    watched.page.fill("#password", password)
    watched.page.keyboard.press("Enter")


def test_who_is_not_logged_in_sees_nothing_but_the_login(look: Look, site: StagedSite) -> None:
    watched = look()
    for path in ("/", "/#/place/gate"):
        watched.open(site.address + path)
        assert watched.page.url.split("#")[0] == f"{site.address}/login"
        assert "South gate" not in watched.page.content()
        assert "Central station" not in watched.page.content()


def test_a_wrong_password_is_said_and_the_right_one_opens_the_wall(look: Look, site: StagedSite) -> None:
    watched = look()
    watched.open(site.address)
    log_in(watched, "")
    assert "Enter the password" in watched.text("#problem")
    log_in(watched, "not this one at all")
    watched.until("() => document.querySelector('#problem').innerText.includes('not the password')")
    assert watched.page.evaluate("() => document.activeElement.id") == "password"
    assert "not this one" not in watched.page.url
    log_in(watched, PASSWORD)
    watched.until(WALL)
    assert watched.page.url.split("#")[0] == f"{site.address}/"
    (cookie,) = watched.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert watched.page.evaluate("() => [document.cookie, localStorage.length + sessionStorage.length]") == ["", 0]
    watched.page.reload()
    watched.until(WALL)


def test_a_session_outlives_the_server_and_ends_at_the_logout(look: Look, site: StagedSite) -> None:
    watched = look()
    watched.open(site.address)
    log_in(watched, PASSWORD)
    watched.until(WALL)
    site.shut()
    watched.until("() => document.querySelector('.scene .veil')?.hidden === false")
    site.open()
    watched.until(WALL)
    watched.page.get_by_role("button", name="Log out").click()
    watched.page.wait_for_url("**/login")
    assert watched.context.cookies() == []
    watched.page.go_back()
    watched.page.wait_for_url("**/login")
    assert "South gate" not in watched.page.content()


def test_a_session_that_ends_while_the_page_is_open_leads_to_the_login(look: Look, tmp_path: Path) -> None:
    set_password(tmp_path, PASSWORD)
    with StagedSite(StagedPlace("gate"), state=tmp_path) as site:
        watched = look()
        watched.open(site.address)
        log_in(watched, PASSWORD)
        watched.until(WALL)
        set_password(tmp_path, "another one, quite long")
        watched.page.wait_for_url("**/login", timeout=30_000)


@pytest.mark.parametrize(("device", "viewport", "scheme"), [("desk", DESK, "light"), ("phone", PHONE, "dark")])
def test_the_login_page_looks_as_it_should(look: Look, site: StagedSite, tmp_path: Path, device: str, viewport: Any, scheme: str) -> None:
    watched = look(viewport, color_scheme=scheme)
    watched.open(f"{site.address}/login")
    watched.until("() => document.activeElement.id === 'password'")
    watched.shot(tmp_path, f"login-{device}-{scheme}")
    assert watched.overflow_px() <= 0
    assert watched.violations() == []
    log_in(watched, "wrong, and long enough")
    watched.until("() => document.querySelector('#problem').innerText")
    watched.shot(tmp_path, f"login-wrong-{device}-{scheme}")
    assert watched.violations() == []
