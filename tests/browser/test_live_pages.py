"""The wall and a place large, in a real browser: what is seen equals what the API says, whatever state the site is in."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from passerby.released.scene import Size
from tests.support.browser import DESK, PHONE, Watched, needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite, mixed, person, smooth_plate

pytestmark = needs_chromium

Look = Callable[..., Watched]
WORDS = {"live": "Live", "learning": "Learning", "waiting": "Waiting", "trouble": "Needs a look", "ended": "Ended"}
SHOWN = "(id) => { const scene = document.querySelector(`a[href='#/place/${id}']`)?.closest('.tile').querySelector('.scene'); return scene && (%s); }"
IS_SHOWN = SHOWN % "scene.querySelector('.veil').hidden && !scene.querySelector('img').hidden && scene.querySelector('img').naturalWidth > 1"
VEIL = SHOWN % "!scene.querySelector('.veil').hidden && scene.querySelector('.veil').innerText"
FIGURES = (
    SHOWN
    % """[...scene.querySelectorAll('svg > g > *')].map((node) => {
  const box = node.getBBox();
  const at = scene.querySelector('svg').getScreenCTM().inverse().multiply(node.getScreenCTM());
  return [at.e + at.a * box.x, at.f + at.d * box.y, at.a * box.width, at.d * box.height];
})"""
)
"""Where each figure lies, in pixels of the scene."""


@pytest.fixture(scope="module")
def site() -> Iterator[StagedSite]:
    with StagedSite(*mixed()) as site:
        yield site


def api(site: StagedSite) -> dict[str, dict[str, Any]]:
    """What the API says of each camera."""
    return {camera["id"]: camera for camera in httpx.get(f"{site.address}/api/cameras").json()["cameras"]}


def opened(look: Look, site: StagedSite, *arguments: Any, path: str = "/#/", **more: Any) -> Watched:
    watched = look(*arguments, **more)
    watched.open(site.address + path)
    return watched


# What is seen equals what the API says


def test_every_place_is_named_with_its_state_and_what_is_the_matter(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    for camera, said in api(site).items():
        if said["has_picture"]:
            watched.until(IS_SHOWN, camera)
        tile = watched.page.locator(f"a[href='#/place/{camera}']").locator("xpath=ancestor::li")
        words = tile.inner_text()
        assert said["name"] in words
        assert WORDS[said["condition"]] in words
        if said["condition"] != "live":
            assert said["says"] in words
        if not said["has_picture"]:
            assert said["says"] in watched.until(VEIL, camera)
    assert watched.text("#site") == "Central station"
    assert "Central station" in watched.page.title()


def test_where_the_gate_withholds_everything_the_picture_says_why(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    watched.until(IS_SHOWN, "covered")
    said = api(site)["covered"]["says"]
    watched.until(SHOWN % f"scene.innerText.includes({said!r})", "covered")
    assert "\n" not in watched.page.evaluate(SHOWN % "scene.innerText || ' '", "gate")


def test_the_figures_stand_where_the_scene_has_them_and_nowhere_else(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    for camera in ("gate", "heat", "counts", "quiet"):
        watched.until(IS_SHOWN, camera)
        glyphs = sorted(site.stage.places[camera].glyphs)
        boxes = watched.until(f"(id) => {{ const all = ({FIGURES})(id); return all.length === {len(glyphs)} && [all]; }}", camera)[0]
        for glyph, (x, y, width, height) in zip(glyphs, boxes, strict=True):
            expected = (glyph.x_px - glyph.width_px / 2, glyph.y_px - glyph.height_px, glyph.width_px, glyph.height_px)
            assert (x, y, width, height) == pytest.approx(expected, abs=1.0)


def test_a_place_is_told_in_words_too_and_only_what_its_level_allows(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    watched.until(IS_SHOWN, "gate")
    label = watched.page.locator(".scene").first.get_attribute("aria-label") or ""
    assert "South gate" in label
    assert "2 people" in label
    assert "1 vehicle" in label
    for number in (1, 2):
        quiet = watched.page.locator(".scene").nth(number).get_attribute("aria-label") or ""
        assert not any(character.isdigit() for character in quiet), quiet


def test_the_large_page_of_a_place_says_the_same_with_its_purpose_and_its_withheld_share(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, path="/#/place/gate")
    watched.until("() => document.querySelector('.place .scene .veil')?.hidden")
    said = api(site)["gate"]
    words = watched.text("main")
    assert said["name"] in words
    assert said["purpose"] in words
    assert said["says"] in words
    assert f"{round(100 * said['withheld_share'])} %" in words
    assert "2 people" in words


def test_what_changes_in_the_place_changes_on_the_page(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    watched.until(IS_SHOWN, "quiet")
    try:
        for count in (1, 3, 0):
            site.change("quiet", glyphs=tuple(person(40 + 50 * number, 100) for number in range(count)))
            watched.until(f"(id) => ({FIGURES})(id).length === {count}", "quiet")
    finally:
        site.change("quiet", glyphs=())


def test_a_place_that_does_not_exist_is_named_so(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, path="/#/place/nowhere%3Cb%3E")
    watched.until("() => document.querySelector('main').innerText.includes('no such place')")


# States of the site and of the connection


def test_a_site_without_cameras_says_what_to_do(look: Look) -> None:
    with StagedSite() as empty:
        watched = opened(look, empty)
        watched.until("() => document.querySelector('main').innerText.includes('No places yet')")
        assert "passerby init" in watched.text("main")
        assert watched.violations() == []


def test_while_nothing_has_come_the_page_says_that_it_waits_and_then_that_nobody_answers(look: Look, site: StagedSite) -> None:
    watched = look()
    watched.page.route("**/api/**", lambda _route: None)  # asked, and never answered
    watched.open(site.address)
    assert "Looking for the places" in watched.text("main")
    watched.until("() => document.querySelector('#banner').innerText.includes('does not answer')")
    watched.page.unroute_all()


def test_an_error_of_the_server_is_said_and_got_over(look: Look, site: StagedSite) -> None:
    watched = look()
    watched.page.route("**/api/**", lambda route: route.fulfill(status=500, body="Internal Server Error"))
    watched.open(site.address)
    watched.until("() => document.querySelector('#banner').checkVisibility()")
    watched.page.unroute_all()
    watched.until(IS_SHOWN, "gate")
    watched.until("() => !document.querySelector('#banner').checkVisibility()")


def test_a_camera_that_falls_silent_is_hatched_and_said_and_comes_back(look: Look) -> None:
    with StagedSite(StagedPlace("gate"), StagedPlace("hall")) as site:
        watched = opened(look, site)
        watched.until(IS_SHOWN, "gate")
        site.change("gate", speaks=False)
        words = watched.until(VEIL, "gate")
        assert words.strip()
        assert watched.page.evaluate(IS_SHOWN, "hall")
        site.change("gate", speaks=True)
        watched.until(IS_SHOWN, "gate")


def test_a_quiet_place_stays_in_sight(look: Look) -> None:
    """Nothing changes in it for longer than a picture may be old."""
    with StagedSite(StagedPlace("gate")) as site:
        watched = opened(look, site)
        watched.until(IS_SHOWN, "gate")
        watched.page.evaluate(
            """() => {
              window.veiled = 0;
              new MutationObserver(() => (window.veiled += !document.querySelector(".scene .veil").hidden)).observe(
                document.querySelector(".scene"), {attributes: true, subtree: true, childList: true});
            }"""
        )
        watched.page.wait_for_timeout(7_000)
        assert watched.page.evaluate("() => window.veiled") == 0


@pytest.mark.parametrize("path", ["/#/", "/#/place/gate"])
def test_after_a_restart_of_the_server_the_page_shows_by_itself_what_is_there_now(look: Look, path: str) -> None:
    """Meanwhile it shows nothing as if it were now, and afterwards nothing of before."""
    place = StagedPlace("gate", plate=np.full((240, 320, 3), (40, 180, 40), np.uint8))
    with StagedSite(place) as site:
        watched = opened(look, site, path=path)
        watched.until("() => document.querySelector('.scene .veil')?.hidden")
        watched.settles(lambda: is_mostly(watched, (40, 180, 40)), "the green place")
        site.shut()
        watched.until("() => document.querySelector('.scene .veil')?.hidden === false")
        assert "does not answer" in watched.text("#banner")
        assert not is_mostly(watched, (40, 180, 40), 0.001)
        place.plate, place.whole_wanted = np.full((240, 320, 3), (40, 40, 180), np.uint8), True
        site.open()
        watched.until("() => document.querySelector('.scene .veil')?.hidden")
        assert not is_mostly(watched, (40, 180, 40), 0.001)
        watched.settles(lambda: is_mostly(watched, (40, 40, 180)), "the red place")
        assert not watched.page.locator("#banner").is_visible()


def is_mostly(watched: Watched, bgr: tuple[int, int, int], share: float = 0.8) -> bool:
    """Whether at least this share of the first place has about this colour."""
    far = np.abs(watched.pixels(".scene").astype(int) - np.array(bgr)).max(axis=2)
    return float((far < 40).mean()) >= share


# Use


def test_the_keyboard_is_enough(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    page = watched.page
    watched.until(IS_SHOWN, "gate")
    focused = "() => document.activeElement.getAttribute('href') ?? document.activeElement.id"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "#/place/gate"
    assert page.evaluate("() => getComputedStyle(document.activeElement.closest('.tile')).outlineStyle") == "solid", "where one is, is seen"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "#/place/heat"
    page.keyboard.press("End")
    assert page.evaluate(focused) == "#/place/quiet"
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    watched.until("() => document.querySelector('.place h2')?.innerText === 'South gate'")
    page.keyboard.press("ArrowRight")
    watched.until("() => document.querySelector('.place h2')?.innerText === 'Hall'")
    page.keyboard.press("ArrowLeft")
    watched.until("() => document.querySelector('.place h2')?.innerText === 'South gate'")
    page.keyboard.press("Escape")
    watched.until("() => document.querySelector('.wall') && document.activeElement.getAttribute('href') === '#/place/gate'")


def test_the_skip_link_is_first_and_leads_past_the_head(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    watched.until(IS_SHOWN, "gate")
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("() => document.activeElement.classList.contains('skip')")
    watched.page.keyboard.press("Enter")
    assert watched.page.evaluate("() => document.activeElement.tagName") == "MAIN"


def test_the_appearance_that_was_chosen_is_kept_and_nothing_else_is(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, color_scheme="light")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    light = watched.page.evaluate(ground)
    for _ in range(3):
        if watched.page.evaluate(ground) != light:
            break
        watched.page.click("#appearance")
    dark = watched.page.evaluate(ground)
    assert dark != light
    watched.page.reload()
    assert watched.page.evaluate(ground) == dark
    watched.until(IS_SHOWN, "gate")
    assert watched.page.evaluate("() => Object.keys(localStorage)") == ["appearance"]
    assert watched.page.evaluate("async () => [sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length]") == [
        0,
        0,
        0,
    ]
    assert watched.context.cookies() == []


def test_who_wants_no_motion_gets_none(look: Look, site: StagedSite) -> None:
    watched = opened(look, site, reduced_motion="reduce")
    watched.until(IS_SHOWN, "gate")
    moving = "() => document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1).length"
    assert watched.page.evaluate(moving) == 0


@pytest.mark.parametrize("viewport", [PHONE, DESK])
def test_text_at_twice_its_size_still_fits(look: Look, site: StagedSite, viewport: Any) -> None:
    watched = opened(look, site, viewport)
    watched.until(IS_SHOWN, "gate")
    watched.page.evaluate("() => (document.documentElement.style.fontSize = '200%')")
    watched.page.wait_for_timeout(200)
    assert watched.overflow_px() <= 0


def test_a_page_that_is_left_costs_the_server_nothing_more(look: Look, site: StagedSite) -> None:
    watched = opened(look, site)
    watched.until(IS_SHOWN, "gate")
    watched.open("about:blank")
    asked = len(watched.seen.requests)
    watched.page.wait_for_timeout(1500)
    assert len(watched.seen.requests) == asked


def test_the_places_have_their_shape(look: Look) -> None:
    wide = StagedPlace("wide", plate=smooth_plate(Size(480, 160)))
    with StagedSite(wide) as site:
        watched = opened(look, site, path="/#/place/wide")
        watched.until("() => document.querySelector('.scene .veil')?.hidden && !document.querySelector('.scene img').hidden")
        height, width = watched.pixels(".scene svg").shape[:2]
        assert width / height == pytest.approx(3.0, rel=0.03)
