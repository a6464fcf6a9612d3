"""The inbox of alerts in a real browser: how it looks and fits, on a phone, a desk and a wall, and with large text.

PASSERBY_SHOTS=FOLDER pytest tests/browser/test_alerts_*.py    leaves pictures of every state in FOLDER
"""

from pathlib import Path
from typing import Any

import pytest

from passerby.hazards.alert import Cause, Severity
from tests.support.alerted_site import AlertedSite, alert_id, opens
from tests.support.alerts_page import LARGE, ROWS, Look, assert_fits, fill, opened
from tests.support.browser import DESK, PHONE, WALL, needs_chromium
from tests.support.staged_site import StagedPlace

pytestmark = needs_chromium


def test_on_a_phone_one_alert_takes_the_place_of_the_list_and_gives_it_back(look: Look, site: AlertedSite) -> None:
    fill(site)
    watched = opened(look, site, PHONE, rows=6)
    assert watched.page.locator(".al-large").is_hidden()
    watched.page.locator(f"#al-{alert_id(1)}").click()
    watched.until(LARGE % "Stairs")
    assert watched.page.locator(".al-lists").is_hidden()
    watched.page.go_back()
    watched.until("() => document.querySelector('.al-lists').checkVisibility()")
    assert watched.page.evaluate("() => document.activeElement.id") == f"al-{alert_id(1)}"
    watched.page.keyboard.press("j")
    watched.page.keyboard.press("Enter")
    watched.until(LARGE % "Platform 1")
    watched.page.get_by_role("link", name="All alerts").click()
    watched.until("() => document.querySelector('.al-lists').checkVisibility()")


LOOKS = [("desk", DESK, "light"), ("desk", DESK, "dark"), ("phone", PHONE, "light"), ("phone", PHONE, "dark"), ("display", WALL, "dark")]


@pytest.mark.parametrize(("device", "viewport", "scheme"), LOOKS)
def test_it_looks_as_it_should(look: Look, site: AlertedSite, tmp_path: Path, device: str, viewport: Any, scheme: str) -> None:
    fill(site)
    watched = opened(look, site, viewport, path="/#/", color_scheme=scheme)
    watched.until(
        "() => [...document.querySelectorAll('.scene .veil')].every((one) => one.hidden) && document.querySelector('#bell').checkVisibility()"
    )
    assert_fits(watched, tmp_path, f"alerts-wall-{device}-{scheme}")
    watched.page.evaluate("() => (location.hash = '#/alerts')")
    watched.until(ROWS % 6)
    assert_fits(watched, tmp_path, f"alerts-list-{device}-{scheme}")
    for number, name in ((1, "Stairs"), (4, "Hall, between the pillars"), (6, "Channel mail")):
        watched.page.evaluate(f"() => (location.hash = '#/alerts/{alert_id(number)}')")
        watched.until(LARGE % name)
        assert_fits(watched, tmp_path, f"alerts-one-{number}-{device}-{scheme}")
    watched.page.evaluate(f"() => (location.hash = '#/alerts/{alert_id(1)}')")
    watched.until(LARGE % "Stairs")
    watched.page.locator(".al-do button:visible", has_text="Close").first.click()
    assert_fits(watched, tmp_path, f"alerts-close-{device}-{scheme}")


def test_a_full_wall_still_fits_its_display_below_the_line_of_alerts(look: Look, tmp_path: Path) -> None:
    with AlertedSite(tmp_path, *(StagedPlace(f"camera-{number}", f"Platform {number}") for number in range(16))) as site:
        watched = opened(look, site, WALL, path="/#/")
        watched.until("() => document.querySelectorAll('.tile').length === 16")
        site.take(opens(1, Cause("crowd", "camera-3", ""), severity=Severity.ALARM))
        watched.until("() => document.querySelector('#bell').checkVisibility()")
        watched.settles(
            lambda: watched.page.evaluate("() => document.documentElement.scrollHeight <= document.documentElement.clientHeight"), "it fits"
        )
        assert_fits(watched, tmp_path, "alerts-wall-16")


@pytest.mark.parametrize("viewport", [PHONE, DESK])
def test_text_at_twice_its_size_still_fits(look: Look, site: AlertedSite, viewport: Any) -> None:
    fill(site)
    watched = opened(look, site, viewport, rows=6)
    watched.page.evaluate("() => (document.documentElement.style.fontSize = '200%')")
    watched.page.wait_for_timeout(200)
    assert watched.overflow_px() <= 0
