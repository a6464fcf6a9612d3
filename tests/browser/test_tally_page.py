"""Counting with a phone in a real browser: taps, a lost network, a reload, a wrong clock, keyboard, looks; and that nothing of ours is shown."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from passerby.clock import SystemClock
from passerby.serve.accounts.changes import account_changes
from passerby.store.counted_places import CountedPlace
from passerby.store.question import Table
from passerby.store.tallies import read_tallies
from passerby.store.tally import Tap, What
from tests.support.browser import PHONE, Watched, needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite, person
from tests.support.tallied_site import HALL, Tallied

pytestmark = needs_chromium

Look = Callable[..., Watched]
SMALL_PHONE: Any = {"width": 390, "height": 844}


@pytest.fixture
def tallied(tmp_path: Path) -> Tallied:
    return Tallied(tmp_path)


@pytest.fixture
def site(tallied: Tallied) -> Iterator[StagedSite]:
    with StagedSite(StagedPlace("gate", "South gate", glyphs=(person(60, 120),)), tallying=tallied.tallying) as site:
        yield site


def kept(tallied: Tallied) -> list[Tap]:
    return [entry for entry in read_tallies(tallied.folder) if isinstance(entry, Tap)]


def told(tallied: Tallied) -> list[tuple[str, int | None]]:
    return [(tap.what.value, tap.people) for tap in sorted(kept(tallied), key=lambda tap: tap.wall_s)]


def opened(watched: Watched, site: StagedSite, name: str = "") -> None:
    watched.open(f"{site.address}/tally")
    watched.page.get_by_role("heading", name="What do you count?").wait_for()
    if name:
        watched.page.get_by_role("button", name=name).click()
        watched.page.get_by_role("button", name="Done").wait_for()


def press(watched: Watched, name: str, times: int = 1) -> None:
    for _ in range(times):
        watched.page.get_by_role("button", name=name).click()


def test_a_zone_is_counted_and_stamped(look: Look, site: StagedSite, tallied: Tallied) -> None:
    watched = look(SMALL_PHONE)
    opened(watched, site, "Hall, between the pillars")
    press(watched, "One more", 3)
    press(watched, "One less")
    press(watched, "2 people are here now")
    press(watched, "One more")
    press(watched, "3 people are here now")
    press(watched, "Undo the last stamp")
    watched.settles(lambda: len(kept(tallied)) == 8, "all taps are kept")
    stamp = ("now", 2)
    assert told(tallied) == [("count", 1), ("count", 2), ("count", 3), ("count", 2), stamp, ("count", 3), ("now", 3), ("undo", None)]
    (undone,) = [tap for tap in kept(tallied) if tap.what is What.UNDO]
    assert undone.of == next(tap.id for tap in kept(tallied) if tap.what is What.NOW and tap.people == 3)
    assert all(abs(tap.received_s - tap.wall_s) < 30 and tap.shape == HALL.shape for tap in kept(tallied))
    assert "8 kept" in watched.text("#kept")
    assert "1 stamp so far" in watched.text(".last")


def test_a_crowd_is_typed(look: Look, site: StagedSite, tallied: Tallied) -> None:
    watched = look(SMALL_PHONE)
    opened(watched, site, "Hall")
    watched.page.get_by_label("People in the zone").fill("120")
    press(watched, "120 people are here now")
    watched.settles(lambda: ("now", 120) in told(tallied), "the stamp is kept")


def test_a_line_is_counted_each_way_from_the_beginning_to_the_end(look: Look, site: StagedSite, tallied: Tallied) -> None:
    watched = look(SMALL_PHONE)
    opened(watched, site, "Glass door")
    press(watched, "Towards the camera", 2)
    press(watched, "Away from the camera")
    press(watched, "Undo the last tap")
    press(watched, "Away from the camera")
    press(watched, "Done")
    watched.settles(lambda: len(kept(tallied)) == 7, "all taps are kept")
    assert [what for what, _ in told(tallied)] == ["begin", "ab", "ab", "ba", "undo", "ba", "end"]
    assert len({tap.sitting for tap in kept(tallied)}) == 1


def test_a_page_that_nobody_looks_at_counts_nothing(look: Look, site: StagedSite, tallied: Tallied) -> None:
    """A dark screen, or another app: the minutes until somebody looks again are not counted."""
    watched = look(SMALL_PHONE)
    opened(watched, site, "Glass door")
    looks = """hidden => {
        Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});
        document.dispatchEvent(new Event('visibilitychange'));
    }"""
    watched.page.evaluate(looks, True)
    watched.page.evaluate(looks, False)
    watched.settles(lambda: len(kept(tallied)) == 3, "all taps are kept")
    assert [what for what, _ in told(tallied)] == ["begin", "end", "begin"]
    assert len({tap.sitting for tap in kept(tallied)}) == 2


def test_taps_without_a_network_arrive_later_once_and_with_their_times(look: Look, site: StagedSite, tallied: Tallied) -> None:
    watched = look(SMALL_PHONE)
    opened(watched, site, "Glass door")
    watched.settles(lambda: len(kept(tallied)) == 1, "it began")
    watched.context.set_offline(True)
    press(watched, "Towards the camera", 5)
    watched.until("() => document.querySelector('#banner').innerText.includes('No network')")
    assert "5 waiting" in watched.text("#kept")
    press(watched, "Away from the camera", 2)
    assert len(kept(tallied)) == 1
    tapped_s = tallied.clock.wall_s()
    watched.context.set_offline(False)
    watched.settles(lambda: len(kept(tallied)) == 8, "all taps are kept")
    watched.until("() => document.querySelector('#banner').hidden")
    assert [what for what, _ in told(tallied)] == ["begin", *["ab"] * 5, *["ba"] * 2]
    assert max(tap.wall_s for tap in kept(tallied)) < tapped_s
    assert len({tap.wall_s for tap in kept(tallied)}) == 8


def test_an_answer_that_was_lost_makes_nothing_twice(look: Look, site: StagedSite, tallied: Tallied) -> None:
    watched = look(SMALL_PHONE)
    opened(watched, site, "Hall")
    lost: list[int] = []

    def swallow(route: Any) -> None:
        lost.append(route.fetch().status)
        route.abort()

    watched.page.route("**/api/tallies", swallow, times=1)
    press(watched, "Nobody is here now")
    watched.settles(lambda: lost == [200], "the server has it, the phone does not know")
    watched.until("() => document.querySelector('#kept').innerText === '1 kept'")
    assert told(tallied) == [("now", 0)]


def test_taps_outlive_the_page_and_the_server(look: Look, site: StagedSite, tallied: Tallied) -> None:
    watched = look(SMALL_PHONE)
    opened(watched, site, "Hall")
    site.shut()
    press(watched, "One more", 2)
    press(watched, "2 people are here now")
    watched.until("() => document.querySelector('#banner').innerText.includes('No network')")
    watched.open("about:blank")
    site.open()
    assert kept(tallied) == []
    opened(watched, site)
    watched.settles(lambda: told(tallied) == [("count", 1), ("count", 2), ("now", 2)], "what waited is kept")
    watched.until("() => localStorage.length === 0")


def test_two_phones_count_at_once(look: Look, site: StagedSite, tallied: Tallied) -> None:
    both = [look(SMALL_PHONE), look(PHONE)]
    for watched in both:
        opened(watched, site, "Hall")
    for number in range(3):
        for watched in both:
            press(watched, "One more")
            press(watched, "1 person is here now" if number == 0 else f"{number + 1} people are here now")
    for watched in both:
        watched.until("() => document.querySelector('#kept').innerText === '6 kept'")
    of_sitting = {
        sitting: [tap.people for tap in kept(tallied) if tap.sitting == sitting and tap.what is What.NOW]
        for sitting in {tap.sitting for tap in kept(tallied)}
    }
    assert list(of_sitting.values()) == [[1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize(("off_s", "words"), [(-90, "90 seconds ahead"), (7200, "2 hours behind"), (1, "")])
def test_a_phone_whose_clock_is_wrong_is_corrected_and_told(look: Look, site: StagedSite, tallied: Tallied, off_s: int, words: str) -> None:
    """`off_s` is how far the server's clock is ahead."""
    watched = look(SMALL_PHONE)
    watched.page.add_init_script(f"const real = Date.now; Date.now = () => real() - {off_s * 1000};")
    opened(watched, site, "Hall")
    assert words in watched.page.locator("#banner").inner_text()
    assert watched.page.locator("#banner").is_hidden() is (words == "")
    press(watched, "Nobody is here now")
    watched.settles(lambda: len(kept(tallied)) == 1, "it is kept")
    (one,) = kept(tallied)
    assert one.offset_s == pytest.approx(off_s, abs=1)
    assert -1 <= one.received_s - one.wall_s < 30


def test_it_is_counted_by_keys_alone_and_heard(look: Look, site: StagedSite, tallied: Tallied) -> None:
    watched = look()
    opened(watched, site)
    keys = watched.page.keyboard
    keys.press("Tab")
    keys.press("Enter")
    watched.page.get_by_role("button", name="Done").wait_for()
    assert watched.page.evaluate("() => document.activeElement.tagName") == "H2"
    for key in ("ArrowUp", "ArrowUp", "ArrowDown"):
        keys.press(key)
    assert watched.text("#news") == "1"
    watched.page.get_by_role("button", name="1 person is here now").focus()
    keys.press("Enter")
    assert "Stamped: 1 at" in watched.text("#news")
    keys.press("Backspace")
    assert "Taken back: 1 at" in watched.text("#news")
    watched.settles(lambda: len(kept(tallied)) == 5, "all is kept")


def test_nothing_that_was_measured_and_no_picture_is_asked_for(look: Look, site: StagedSite) -> None:
    watched = look(SMALL_PHONE)
    opened(watched, site, "Hall")
    press(watched, "One more")
    watched.until("() => document.querySelector('#kept').innerText === '1 kept'")
    asked = {url.removeprefix(site.address) for url in watched.seen.requests}
    assert asked <= {
        "/tally", "/api/tallies", "/api/tallies/places", "/api/tallies/clock",
        "/page/icon.svg", "/page/theme.js", "/page/tally.css", "/page/tally.js", "/page/elements.js", "/page/tally_queue.js",
    }  # fmt: skip
    assert watched.page.locator("img, video, canvas").count() == 0


def test_hostile_names_are_only_text(look: Look, tmp_path: Path) -> None:
    name = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    tallied = Tallied(
        tmp_path,
        CountedPlace(Table.ZONES, "gate", name, "hall", name, "1"),
        CountedPlace(Table.LINES, "gate", name, "door", name * 8, "1", ("a", "b")),
    )
    with StagedSite(StagedPlace("gate"), name=name, tallying=tallied.tallying) as site:
        watched = look(SMALL_PHONE)
        opened(watched, site)
        assert name in watched.text()
        assert watched.overflow_px() <= 0
        watched.page.get_by_role("button").last.click()
        watched.page.get_by_role("button", name="Done").wait_for()
        assert watched.overflow_px() <= 0
        assert watched.page.locator("main img").count() == 0


def test_who_has_to_log_in_comes_back_to_the_count(look: Look, tmp_path: Path, tallied: Tallied) -> None:
    password = "nine quiet lanterns of old"  # noqa: S105 - of a test
    with account_changes(tmp_path, SystemClock(), "tester") as changes:
        changes.set_password(password)
    with StagedSite(StagedPlace("gate"), state=tmp_path, tallying=tallied.tallying) as site:
        watched = look(SMALL_PHONE)
        watched.open(f"{site.address}/tally")
        assert watched.page.url == f"{site.address}/login#tally"
        watched.page.fill("#password", password)
        watched.page.keyboard.press("Enter")
        watched.page.get_by_role("button", name="Hall").click()
        with account_changes(tmp_path, SystemClock(), "tester") as changes:
            changes.set_password(password + " and more")
        press(watched, "Nobody is here now")
        watched.page.get_by_role("link", name="Log in").click()
        watched.page.fill("#password", password + " and more")
        watched.page.keyboard.press("Enter")
        watched.settles(lambda: told(tallied) == [("now", 0)], "what waited is kept")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_as_it_should(look: Look, site: StagedSite, tmp_path: Path, scheme: str) -> None:
    watched = look(SMALL_PHONE, color_scheme=scheme)
    opened(watched, site)
    watched.shot(tmp_path, f"tally-choice-{scheme}")
    assert not re.search("null|undefined|NaN", watched.text())
    assert watched.violations() == []
    press(watched, "Hall")
    press(watched, "One more", 3)
    press(watched, "3 people are here now")
    watched.until("() => document.querySelector('#kept').innerText === '4 kept'")
    watched.shot(tmp_path, f"tally-zone-{scheme}")
    assert watched.violations() == []
    press(watched, "Done")
    press(watched, "Glass door")
    watched.context.set_offline(True)
    press(watched, "Towards the camera", 12)
    watched.until("() => document.querySelector('#banner').innerText.includes('No network')")
    watched.shot(tmp_path, f"tally-line-{scheme}")
    assert watched.violations() == []
    assert watched.overflow_px() <= 0
    heights = watched.page.evaluate("() => [...document.querySelectorAll('button')].map((one) => one.getBoundingClientRect().height)")
    assert min(json.loads(json.dumps(heights))) >= 44


@pytest.mark.parametrize("viewport", [{"width": 320, "height": 568}, {"width": 740, "height": 360}])
def test_all_of_it_can_be_reached_on_the_smallest_phone_and_on_its_side(look: Look, site: StagedSite, tmp_path: Path, viewport: Any) -> None:
    watched = look(viewport)
    for name in ("Hall", "Glass door"):
        opened(watched, site, name)
        assert watched.overflow_px() <= 0
        watched.shot(tmp_path, f"tally-{name[:5].lower()}-{viewport['width']}")
        for one in watched.page.get_by_role("button").all():
            one.scroll_into_view_if_needed()
            box = one.bounding_box()
            assert box is not None
            assert box["height"] >= 44
