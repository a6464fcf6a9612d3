"""The page's end of the live feed (`page/feed.js`), in a real browser: what it passes on, and what it does not although the server said it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Route

from tests.support.browser import Watched, needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite, person

pytestmark = needs_chromium

Look = Callable[..., Watched]
WHOLE: dict[str, Any] = {
    "ground": None,
    "w": 64,
    "h": 48,
    "level": "glyphs",
    "epoch": 0,
    "block": 16,
    "shown": "AAA=",
    "g": [],
    "cell": 2,
    "c": [],
    "state": "watching",
}
LISTEN = """async (cameras) => {
  const { Feed } = await import("/page/feed.js");
  window.told = [];
  window.feed = new Feed({
    scene: (id, scene) => told.push({ what: "scene", id, ...scene }),
    gone: (id) => told.push({ what: "gone", id }),
    cameras: (answer) => told.push({ what: "cameras", ids: answer.cameras.map((camera) => camera.id) }),
    connection: (state) => told.push({ what: state }),
  });
  if (cameras !== undefined) window.feed.watch(cameras);
}"""
HIDE = """(is) => {
  Object.defineProperty(document, "hidden", { value: is, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
BARE = "<!doctype html><title>bare</title>"


@pytest.fixture(scope="module")
def site() -> Iterator[StagedSite]:
    with StagedSite(StagedPlace("gate", glyphs=(person(100, 200),)), StagedPlace("hall")) as site:
        yield site


def bare(look: Look, site: StagedSite, answers: list[str] | None = None) -> Watched:
    """An empty page of the site; with answers, these stand in for the feed, one a connection, and then it does not answer."""
    watched = look()
    watched.page.route("**/bare", lambda route: route.fulfill(body=BARE, content_type="text/html"))

    def feed(route: Route) -> None:
        if answers:
            route.fulfill(body=answers.pop(0), content_type="text/event-stream")
        else:
            route.abort()

    if answers is not None:
        watched.page.route("**/api/live*", feed)
    watched.open(f"{site.address}/bare")
    return watched


def event(name: str, data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def scene(camera: str, at_s: float, **changes: Any) -> str:
    return event("scene", {"id": camera, "t": at_s, "withheld": 0.0, **WHOLE, **changes})


def told(watched: Watched, what: str | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = watched.page.evaluate("told")
    return [one for one in found if what is None or one["what"] == what]


def test_a_scene_is_passed_on_whole_although_the_server_leaves_out_what_stays(look: Look, site: StagedSite) -> None:
    short = {"id": "gate", "ground": "1.a", "t": 100.2, "epoch": 0, "g": [[0, 1, 2, 3, 4]], "c": [], "state": "watching", "withheld": 0.0}
    watched = bare(look, site, [scene("gate", 100.0) + event("scene", short)])
    watched.page.evaluate(LISTEN)
    watched.page.wait_for_function("told.filter((one) => one.what === 'scene').length === 2")
    first, second = told(watched, "scene")
    assert set(first) == set(second)
    assert (second["w"], second["shown"], second["ground"], second["g"]) == (64, "AAA=", "1.a", [[0, 1, 2, 3, 4]])


def test_a_scene_that_waited_on_its_way_is_not_passed_on_and_the_connection_is_made_anew(look: Look, site: StagedSite) -> None:
    watched = bare(look, site, [scene("hall", 100.0) + scene("gate", 94.0) + scene("hall", 100.1), scene("gate", 200.0)])
    watched.page.evaluate(LISTEN)
    watched.page.wait_for_function("told.some((one) => one.t === 200)")
    assert [(one["what"], one.get("id")) for one in told(watched)][:5] == [
        ("open", None),
        ("scene", "hall"),
        ("gone", "gate"),
        ("lost", None),
        ("open", None),
    ]


def test_how_late_a_scene_may_be_is_what_the_camera_says(look: Look, site: StagedSite) -> None:
    cameras = event("cameras", {"cameras": [{"id": "gate", "stale_s": 30.0}]})
    watched = bare(look, site, [cameras + scene("hall", 100.0) + scene("gate", 94.0)])
    watched.page.evaluate(LISTEN)
    watched.page.wait_for_function("told.some((one) => one.id === 'gate')")
    assert [one["t"] for one in told(watched, "scene")] == [100.0, 94.0]


def test_what_a_connection_left_out_is_not_taken_from_the_one_before(look: Look, site: StagedSite) -> None:
    watched = bare(look, site, [scene("gate", 100.0, shown="AAA="), scene("gate", 101.0, shown="//A=")])
    watched.page.evaluate(LISTEN)
    watched.page.wait_for_function("told.filter((one) => one.what === 'scene').length === 2")
    assert [one["shown"] for one in told(watched, "scene")] == ["AAA=", "//A="]


def test_the_feed_of_a_real_site_gives_its_places_and_how_they_are(look: Look, site: StagedSite) -> None:
    watched = bare(look, site)
    watched.page.evaluate(LISTEN)
    watched.page.wait_for_function("['gate', 'hall'].every((id) => told.some((one) => one.id === id && one.ground))")
    assert told(watched, "cameras")[0]["ids"] == ["gate", "hall"]
    assert [one for one in told(watched, "scene") if one["id"] == "gate"][-1]["g"] == [[0, 100, 200, 17, 48]]


def test_only_the_places_that_are_watched_are_told_of(look: Look, site: StagedSite) -> None:
    watched = bare(look, site)
    watched.page.evaluate(LISTEN, ["hall"])
    watched.page.wait_for_function("told.filter((one) => one.what === 'scene').length >= 3")
    assert {one["id"] for one in told(watched, "scene")} == {"hall"}
    watched.page.evaluate("() => { feed.watch([]); told.length = 0; }")
    watched.page.wait_for_function("told.some((one) => one.what === 'cameras')")
    assert told(watched, "scene") == []


def test_a_page_that_is_not_seen_has_no_connection_and_takes_it_up_again(look: Look, site: StagedSite) -> None:
    watched = bare(look, site)
    watched.page.evaluate(LISTEN)
    watched.page.wait_for_function("told.some((one) => one.what === 'scene')")
    watched.page.evaluate(HIDE, True)
    watched.page.evaluate("() => { told.length = 0; }")
    assert watched.page.evaluate("new Promise((done) => setTimeout(() => done(told.length), 1500))") == 0
    watched.page.evaluate(HIDE, False)
    watched.page.wait_for_function("told.some((one) => one.what === 'scene')")


def test_a_server_that_comes_back_is_found_again(look: Look) -> None:
    with StagedSite(StagedPlace("gate")) as site:
        watched = bare(look, site)
        watched.page.evaluate(LISTEN)
        watched.page.wait_for_function("told.some((one) => one.what === 'scene')")
        site.shut()
        watched.page.wait_for_function("told.some((one) => one.what === 'lost')")
        watched.page.evaluate("() => { told.length = 0; }")
        site.open()
        watched.page.wait_for_function("told.some((one) => one.what === 'scene')")
