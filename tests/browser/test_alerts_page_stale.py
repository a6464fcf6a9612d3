"""The inbox of alerts where what it shows is of before: an alarm that nobody saw, a night in the background, pages of the list that do not come.

PASSERBY_SHOTS=FOLDER pytest tests/browser/test_alerts_*.py    leaves pictures of every state in FOLDER
"""

import time
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.hazards.alert import Cause, Event, Severity, What
from passerby.hazards.alert_log import day_of
from passerby.hazards.kept_alert import State
from passerby.serve.archive import Archive, ArchiveFacts
from tests.support.alerted_site import AlertedSite, alert_id, opens, says
from tests.support.alerts_page import ROWS, STATUS, Look, alert, assert_fits, opened, order
from tests.support.browser import Watched, needs_chromium
from tests.support.recorded import DAY, Kept

pytestmark = needs_chromium
LISTED = "**/api/alerts?*"
MARKED = "() => document.querySelector('.al-signs .al-mark').innerText === '%s'"
BANNER = "() => document.querySelector('.al > .banner').checkVisibility() && document.querySelector('.al > .banner').innerText.includes('%s')"


def worse(number: int) -> Event:
    return says(number, What.UPDATED, value=4.1, severity=Severity.ALARM, words="4.1 persons/m2 +-0.3 in 'Stairs' for 5 min, limit 2.5")


def closed(number: int, ago_s: float) -> tuple[Event, Event]:
    return opens(number, Cause("crowd", "gate", f"z{number}"), ago_s), says(number, What.CLOSED, ago_s - 5)


def show(watched: Watched, button: str) -> None:
    watched.page.locator("button:visible", has_text=button).click()


def is_shown(watched: Watched, button: str) -> bool:
    return watched.page.locator("button:visible", has_text=button).count() == 1


# What has become more urgent since


def test_an_alarm_is_not_acknowledged_by_a_page_that_still_shows_a_warning(look: Look, site: AlertedSite, tmp_path: Path) -> None:
    site.take(opens(1))
    watched = opened(look, site, rows=1)
    watched.until(MARKED % "Warning")
    watched.page.route(LISTED, lambda _route: None)
    site.take(worse(1))
    watched.page.keyboard.press("a")
    watched.until(STATUS % "It has become an alarm since you looked")
    watched.until(MARKED % "Alarm")
    assert "4.1 persons/m2" in watched.text(".al-large .says")
    assert not alert(site, 1).acknowledged_by
    assert_fits(watched, tmp_path, "alerts-became-alarm")
    watched.page.keyboard.press("a")
    watched.settles(lambda: alert(site, 1).acknowledged_by != "", "asked again, it is acknowledged")
    watched.until(STATUS % "Acknowledged")
    watched.page.unroute_all()


def test_an_alarm_is_not_closed_by_who_began_to_close_a_warning_and_their_words_stay(look: Look, site: AlertedSite, tmp_path: Path) -> None:
    site.take(opens(1))
    watched = opened(look, site, rows=1)
    watched.until(MARKED % "Warning")
    watched.page.keyboard.press("x")
    watched.page.keyboard.type("a school class")
    site.take(worse(1))
    watched.until(MARKED % "Alarm")
    watched.page.keyboard.press("Enter")
    watched.until(STATUS % "It has become an alarm since you looked")
    assert alert(site, 1).state is State.OPEN
    assert watched.page.get_by_label("What it was").input_value() == "a school class"
    assert_fits(watched, tmp_path, "alerts-became-alarm-closing")
    watched.page.keyboard.press("Enter")
    watched.settles(lambda: alert(site, 1).state is State.CLOSED, "asked again, it is closed")
    assert [one.words for one in alert(site, 1).remarks] == ["a school class"]


# The closed ones


def test_after_a_night_in_the_background_no_closed_alert_is_left_out(look: Look, site: AlertedSite) -> None:
    site.take(*(event for number in range(1, 61) for event in closed(number, 40_000 - number)))
    watched = opened(look, site, rows=50)
    watched.page.route(LISTED, lambda route: route.abort())
    watched.until(BANNER % "last known")
    site.take(*(event for number in range(101, 221) for event in closed(number, 20_000 - number)))
    watched.page.unroute_all()
    watched.until(f"() => document.getElementById('al-{alert_id(220)}')")
    everything = [*range(220, 100, -1), *range(60, 0, -1)]
    for rows in (50, 100, 150, 180):
        watched.until(ROWS % rows)
        assert order(watched) == everything[:rows]
        if rows < 180:
            show(watched, "Show earlier ones")
    watched.until("() => ![...document.querySelectorAll('button')].some((one) => one.innerText === 'Show earlier ones' && one.checkVisibility())")


def test_the_closed_ones_that_are_shown_are_some_hundreds_at_most(look: Look, site: AlertedSite, tmp_path: Path) -> None:
    site.take(*(event for number in range(1, 561) for event in closed(number, 40_000 - number)))
    watched = opened(look, site, rows=50)
    for rows in range(100, 501, 50):
        show(watched, "Show earlier ones")
        watched.until(ROWS % rows)
    assert not is_shown(watched, "Show earlier ones")
    assert "passerby alerts list" in watched.text(".al-lists")
    site.take(*closed(600, 10), opens(601))
    watched.until(f"() => document.getElementById('al-{alert_id(600)}')")
    watched.until(f"() => !document.getElementById('al-{alert_id(62)}')")
    assert order(watched) == [601, 600, *range(560, 62, -1)], "what is new pushes out what is oldest"
    watched.page.locator(".al-lists").evaluate("(node) => node.lastElementChild.scrollIntoView()")
    assert_fits(watched, tmp_path, "alerts-most-closed")


def test_what_was_deleted_is_shown_no_longer(look: Look, site: AlertedSite) -> None:
    day_s = 86_400.0
    site.take(*(event for number in range(1, 11) for event in closed(number, 3 * day_s - number)), *closed(20, 60), opens(21))
    watched = opened(look, site, rows=12)
    watched.page.evaluate(f"() => (location.hash = '#/alerts/{alert_id(5)}')")
    watched.until("(id) => document.querySelector('.al-row [aria-current=true]')?.id === `al-${id}`", alert_id(5))
    for day in {day_of(time.time() - 3 * day_s + number) for number in range(1, 11)}:
        site.desk.forget(day)
        site.desk.log.delete(day)
    site.take(says(21, What.UPDATED, value=3.2, words="goes on"))
    watched.until(ROWS % 2, within_ms=20_000)
    assert order(watched) == [21, 20]
    watched.until("() => document.querySelector('.al-one .note').checkVisibility()")
    assert "There is no such alert, or none any more" in watched.text(".al-one .note")


# Pages that do not come


def many(site: AlertedSite) -> None:
    site.take(*(opens(100 + number, Cause("crowd", "gate", f"z{number}"), 4000 - number) for number in range(250)))


@pytest.mark.parametrize("fails", ["429", "503", "cut"])
def test_a_further_page_that_fails_is_not_the_end_of_the_list(look: Look, site: AlertedSite, fails: str, tmp_path: Path) -> None:
    many(site)
    site.take(opens(5, Cause("crowd", "gate", "oldest"), 9000))
    site.take(opens(6, Cause("crowd", "gate", "older"), 8900))
    site.take(*(opens(1000 + number, Cause("crowd", "hall", f"z{number}"), 6000 - number) for number in range(200)))
    watched = opened(look, site, rows=200)
    show(watched, "Show more")
    watched.until(ROWS % 400)
    assert is_shown(watched, "Show more")
    further = "**/api/alerts?*before=*"
    watched.page.route(further, lambda route: route.abort() if fails == "cut" else route.fulfill(status=int(fails), json={"detail": "No.", "do": ""}))
    site.take(opens(7, Cause("crowd", "gate", "new"), 0), says(349, What.CLOSED))
    watched.until("(id) => document.getElementById(`al-${id}`)", alert_id(7))
    watched.until(f"() => !document.querySelector('.al-rows #al-{alert_id(349)}') || document.querySelector('#al-closed')")
    assert len([one for one in order(watched) if one != 349]) >= 400, "what was known of the others stays"
    assert is_shown(watched, "Show more")
    watched.until(BANNER % "cannot be asked for")
    watched.page.evaluate("() => scrollTo(0, 0)")
    assert_fits(watched, tmp_path, f"alerts-partly-{fails}")
    watched.page.unroute_all()
    watched.until("() => !document.querySelector('.al > .banner').checkVisibility()")
    show(watched, "Show more")
    watched.until("(id) => document.getElementById(`al-${id}`)", alert_id(5))
    assert not is_shown(watched, "Show more")


def test_every_alarm_is_there_at_once_however_many_there_are(look: Look, site: AlertedSite) -> None:
    site.take(*(opens(1000 + number, Cause("edge", "gate", f"a{number}"), 9000 - number, severity=Severity.ALARM) for number in range(450)))
    many(site)
    watched = opened(look, site, rows=650)
    assert sorted(order(watched)[:450]) == list(range(1000, 1450))
    assert is_shown(watched, "Show more")


# Holds


def test_the_page_says_that_a_hold_of_what_goes_on_goes_on(look: Look, tmp_path: Path) -> None:
    begin_s = (time.time() // 60 - 30) * 60
    kept = Kept(tmp_path / "recordings", begin_s=begin_s)
    kept.run(180, 1)
    kept.recordings.close()
    facts = ArchiveFacts(names={"gate": "South gate"}, retention_s={"gate": 30 * DAY})
    archive = Archive(tmp_path / "recordings", kept.receipts, lambda: facts, SystemClock(), kept.machine)
    with AlertedSite(tmp_path, archive=archive) as site:
        site.take(opens(1, ago_s=time.time() - begin_s - 90))
        watched = opened(look, site, rows=1)
        watched.page.get_by_role("button", name="Keep recordings").click()
        assert "It goes on: what is recorded until its end is added by itself." in watched.text(".al-form")
        assert_fits(watched, tmp_path, "alerts-hold-goes-on")
        watched.page.get_by_label("What for").fill("an accident")
        watched.page.keyboard.press("Enter")
        watched.until(STATUS % "2 min of recordings so far, and what follows until half a minute after its end")
        watched.until("() => document.querySelector('.al-course').innerText.includes('with what follows while it goes on: an accident')")
        assert_fits(watched, tmp_path, "alerts-held-goes-on")
