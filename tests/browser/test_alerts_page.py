"""The inbox of alerts in a real browser: what goes on is seen and read out, and the page comes back by itself.

PASSERBY_SHOTS=FOLDER pytest tests/browser/test_alerts_*.py    leaves pictures of every state in FOLDER
"""

import time
from pathlib import Path

import httpx
import pytest

from passerby.hazards.alert import Cause, Severity, What
from tests.support.alerted_site import EDGE, AlertedSite, alert_id, opens, says
from tests.support.alerts_page import CHOSEN, HALL, LARGE, ROWS, STATUS, Look, alert, assert_fits, fill, opened, order, row
from tests.support.browser import needs_chromium
from tests.support.staged_site import StagedPlace, StagedSite

pytestmark = needs_chromium


def test_the_list_has_the_most_urgent_first_and_what_is_over_below(look: Look, site: AlertedSite) -> None:
    fill(site)
    watched = opened(look, site, rows=6)
    assert order(watched) == [2, 1, 3, 4, 5, 6], "an exercise after everything real"
    heads = watched.page.locator(".al-lists h3").all_inner_texts()
    assert heads == ["Going on 4", "Over, not closed 1", "Closed 1"]
    assert "1 alarm, 2 warnings, 1 notice open, 3 not acknowledged" in watched.text(".al-head")
    words = row(watched, 1)
    for part in ("Stairs", "South gate", "3.4 persons/m2", "Warning", "not acknowledged", "4 min"):
        assert part in words
    assert "acknowledged by operator" in row(watched, 3)
    assert "Channel mail" in row(watched, 6)
    assert "closed by itself" in row(watched, 6)


def test_each_severity_has_a_word_and_a_shape_of_its_own(look: Look, site: AlertedSite) -> None:
    fill(site)
    watched = opened(look, site, rows=6)
    shapes = {number: watched.page.locator(f"#al-{alert_id(number)} > svg path").get_attribute("d") for number in (1, 2, 3)}
    assert len(set(shapes.values())) == 3
    assert [word for number in (2, 1, 3) for word in ("Alarm", "Warning", "Notice") if word in row(watched, number)] == ["Alarm", "Warning", "Notice"]


def test_one_alert_large_tells_its_course_of_events_in_order(look: Look, site: AlertedSite) -> None:
    fill(site)
    site.desk.act(alert_id(1), What.ACKNOWLEDGED, "anna")
    watched = opened(look, site, path=f"/#/alerts/{alert_id(1)}")
    watched.until(LARGE % "Stairs")
    course = watched.page.locator(".al-happened").all_inner_texts()
    assert [" ".join(one.split()) for one in course] == [
        "Opened",
        "operator A school class is on its way up.",
        "Channel duty-phone: delivered",
        "Acknowledged by anna",
    ]
    facts = " ".join(watched.text(".al-facts").split())
    for part in ("for 4 min", "Now 3.4 persons/m² ± 0.3", "Limit 2.5 persons/m²", "Highest 3.4 persons/m²", "Rule crowd"):
        assert part in facts
    assert "anna" in facts


def test_a_person_is_one_person_and_what_is_not_known_now_is_no_number(look: Look, site: AlertedSite) -> None:
    fill(site)
    watched = opened(look, site, path=f"/#/alerts/{alert_id(2)}")
    watched.until(LARGE % "Platform edge")
    assert "Limit 1 person " in " ".join(watched.text(".al-facts").split())
    site.take(says(2, What.UPDATED, 1, value=None, words="not seen since 12:00:00"))
    watched.until("() => document.querySelector('.al-facts').innerText.includes('not known')")
    assert "not seen since 12:00:00" in watched.text(".al-large")


def test_an_exercise_is_marked_wherever_it_is_seen_and_counts_for_nothing(look: Look, site: AlertedSite) -> None:
    site.take(opens(4, HALL, exercise=True, words="a drill"))
    watched = opened(look, site, rows=1)
    assert "Exercise" in row(watched, 4)
    assert "Nothing happened" in watched.text(".al-large")
    assert "Nothing is open" in watched.text(".al-sum")
    assert not watched.page.locator("#to-alerts .count").is_visible()
    watched.page.keyboard.press("Escape")
    watched.until("() => document.querySelector('#bell').checkVisibility()")
    assert "Exercise: 1 alert, nothing happened" in watched.text("#bell")
    assert watched.page.locator(".tile-alert:visible").count() == 0


def test_the_wall_says_calmly_how_many_are_open_and_where(look: Look, site: AlertedSite) -> None:
    watched = opened(look, site, path="/#/")
    watched.until("() => !document.querySelector('#to-alerts').hidden")
    assert not watched.page.locator("#bell").is_visible()
    fill(site)
    watched.until("() => document.querySelector('#bell').checkVisibility()")
    words = watched.text("#bell")
    for part in ("1 alarm, 2 warnings, 1 notice open", "first: Platform edge", "3 not acknowledged", "and an exercise"):
        assert part in words
    assert watched.page.locator("#to-alerts .count").inner_text() == "4"
    badge = "tile.querySelector('.tile-alert')"
    badges = f"() => [...document.querySelectorAll('.tile')].map((tile) => {badge}.checkVisibility() && {badge}.innerText)"
    assert watched.page.evaluate(badges) == ["Warning", "Alarm"]
    watched.page.locator("#bell a").click()
    watched.until(LARGE % "Platform edge")
    assert not watched.page.locator("#bell").is_visible()


def test_what_is_new_is_read_out_once_and_politely(look: Look, site: AlertedSite) -> None:
    site.take(opens(1))
    watched = opened(look, site, path="/#/")
    watched.until("() => document.querySelector('#bell').checkVisibility()")
    watched.page.evaluate(
        """() => {
          window.heard = [];
          new MutationObserver(() => window.heard.push(document.querySelector("#news").textContent)).observe(
            document.querySelector("#news"), {childList: true, characterData: true, subtree: true});
        }"""
    )
    assert watched.page.locator("#news").get_attribute("role") == "status"
    assert watched.page.locator("#news").inner_text() == "", "what was open before is not news"
    site.take(opens(2, EDGE, severity=Severity.ALARM, words="1 person"))
    watched.until("() => window.heard.length")
    site.take(says(1, What.UPDATED, value=3.2, words="worse"))
    site.take(says(1, What.ENDED))
    watched.until("() => window.heard.some((words) => words.startsWith('Over'))")
    heard = watched.page.evaluate("() => window.heard")
    assert heard == ["Alarm: Platform edge, Platform 1. 1 person.", "Over: Stairs, South gate."]


def test_nothing_is_sent_while_nothing_changes(look: Look, site: AlertedSite) -> None:
    site.take(opens(1))
    watched = look()
    answers: list[int] = []
    watched.page.on("response", lambda answer: answers.append(answer.status) if "/api/alerts" in answer.url else None)
    watched.open(f"{site.address}/#/")
    watched.settles(lambda: answers.count(304) >= 2, "it was asked again")
    assert answers.count(200) <= 2


def test_where_nothing_is_open_it_says_so(look: Look, site: AlertedSite, tmp_path: Path) -> None:
    watched = opened(look, site)
    watched.until("() => document.querySelector('.al-calm')?.innerText.includes('Nothing is open')")
    assert_fits(watched, tmp_path, "alerts-empty")
    site.take(opens(1))
    watched.until(ROWS % 1)
    assert not watched.page.locator(".al-calm").is_visible()


def test_while_nothing_has_come_it_waits_and_an_error_is_said_in_words(look: Look, site: AlertedSite, tmp_path: Path) -> None:
    site.take(opens(1))
    watched = look()
    watched.page.route("**/api/alerts?*", lambda _route: None)
    watched.open(f"{site.address}/#/alerts")
    watched.until("() => document.querySelector('.al-calm')?.innerText.includes('Looking for alerts')")
    assert_fits(watched, tmp_path, "alerts-loading")
    watched.page.unroute_all()
    words = {"detail": "Alerts of before cannot be read just now.", "do": "Look at the disk of the state folder."}
    watched.page.route("**/api/alerts?*", lambda route: route.fulfill(status=503, json=words))
    watched.page.reload()
    watched.until("() => document.querySelector('.al-calm')?.innerText.includes('cannot be read')")
    assert_fits(watched, tmp_path, "alerts-error")
    watched.page.unroute_all()
    watched.until(ROWS % 1)


def test_after_a_restart_of_the_server_it_goes_on_by_itself_with_what_is_on_the_disk(look: Look, site: AlertedSite, tmp_path: Path) -> None:
    fill(site)
    watched = opened(look, site, rows=6)
    watched.page.locator(f"#al-{alert_id(1)}").click()
    site.shut()
    watched.until("() => document.querySelector('.al > .banner')?.checkVisibility()")
    assert "what was last known" in watched.text(".al > .banner")
    watched.page.locator(f"#al-{alert_id(1)}").focus()
    watched.page.keyboard.press("a")
    watched.until(STATUS % "does not answer")
    assert_fits(watched, tmp_path, "alerts-offline")
    site.restart()
    site.take(opens(9, Cause("crowd", "gate", ""), words="61 persons"))
    watched.until(ROWS % 7)
    watched.until("() => !document.querySelector('.al > .banner').checkVisibility()")
    assert watched.page.evaluate(CHOSEN % alert_id(1))
    watched.page.keyboard.press("a")
    watched.settles(lambda: bool(alert(site, 1).acknowledged_by), "and it can be acted on")


def test_a_site_without_alerts_has_no_word_of_them_on_its_wall(look: Look) -> None:
    with StagedSite(StagedPlace("gate")) as plain:
        watched = look()
        watched.open(f"{plain.address}/#/")
        watched.until("() => document.querySelector('.scene .veil')?.hidden")
        assert not watched.page.locator("#to-alerts").is_visible()
        assert not watched.page.locator("#bell").is_visible()
        watched.page.evaluate("() => (location.hash = '#/alerts')")
        watched.until("() => document.querySelector('.al-calm')?.innerText.includes('No alerts are kept here')")


@pytest.mark.parametrize("name", ["00000000000000ff", "%3Cimg%20src=x%20onerror=alert(1)%3E", "..%2f", "zz"])
def test_an_alert_that_is_not_there_is_not_made_up(look: Look, site: AlertedSite, name: str) -> None:
    site.take(opens(1))
    watched = opened(look, site, path=f"/#/alerts/{name}", rows=1)
    watched.until("() => document.querySelector('.al-one .note').innerText.includes('no such alert')")
    assert watched.page.locator(".al-one img").count() == 0


def test_times_are_those_of_the_site_where_the_server_says_them(look: Look, site: AlertedSite) -> None:
    site.take(opens(1))

    told = httpx.get(f"{site.address}/api/alerts").json() | {"zone": "Asia/Kathmandu", "offsets": [{"from_s": 0, "offset_s": 20_700}]}
    watched = look(timezone_id="America/New_York")
    watched.page.route("**/api/alerts?*", lambda route: route.fulfill(json=told))
    watched.open(f"{site.address}/#/alerts")
    watched.until("() => document.querySelector('.al-large')?.innerText.includes('Times of Asia/Kathmandu')")
    there = time.strftime("%H:%M:%S", time.gmtime(alert(site, 1).opened_wall_s + 20_700))
    assert f"{there} Opened" in " ".join(watched.text(".al-course").split())
    watched.page.unroute_all()


def test_of_hundreds_every_alarm_is_there_and_the_rest_on_demand(look: Look, site: AlertedSite) -> None:
    site.take(opens(1, Cause("edge", "gate", "old"), 9000, severity=Severity.ALARM))
    site.take(*(opens(100 + number, Cause("crowd", "gate", f"z{number}"), 4000 - number) for number in range(450)))
    watched = opened(look, site, rows=201)
    assert order(watched)[0] == 1
    for rows in (401, 451):
        watched.page.get_by_role("button", name="Show more").click()
        watched.until(ROWS % rows)
    assert watched.page.locator("button:visible", has_text="Show more").count() == 0
    assert watched.page.locator("#to-alerts .count").inner_text() == "451"


HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>{{7*7}}\u202e"
COUNT = """() => [document.scripts.length, document.querySelectorAll("img:not(.scene img), iframe, object, form").length,
  [...document.querySelectorAll("*")].filter((node) => [...node.attributes].some((one) => one.name.startsWith("on"))).length]"""


def test_names_explanations_and_comments_are_text_and_nothing_else(look: Look, tmp_path: Path) -> None:
    zones = {"stairs": ("gate", HOSTILE.replace("\u202e", ""))}
    with AlertedSite(tmp_path, StagedPlace("gate", HOSTILE.replace("\u202e", "")), zones=zones) as site:
        site.take(opens(1, words="61 persons"))
        watched = opened(look, site, rows=1)
        plain = watched.page.evaluate(COUNT)
        site.desk.act(alert_id(1), What.COMMENTED, HOSTILE[:40], HOSTILE.replace("\u202e", ""))
        site.desk.told(alert_id(1), HOSTILE[:30], HOSTILE)
        site.take(says(1, What.UPDATED, value=3.2, words=HOSTILE))
        watched.until("(words) => document.querySelector('.al-large .says').textContent === words", HOSTILE)
        watched.until("() => document.querySelectorAll('.al-course li').length === 3")
        assert HOSTILE.replace("\u202e", "") in (watched.page.locator(".al-course").text_content() or "")
        assert watched.page.locator(".al-large h2").text_content() == HOSTILE.replace("\u202e", "")
        assert watched.page.evaluate(COUNT) == plain
        watched.page.keyboard.press("Escape")
        watched.until("() => document.querySelector('#bell').checkVisibility()")
        assert HOSTILE.replace("\u202e", "") in (watched.page.locator("#bell").text_content() or "")
        assert watched.page.evaluate(COUNT)[1:] == plain[1:]
        assert watched.overflow_px() <= 0
