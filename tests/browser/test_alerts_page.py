"""The inbox of alerts in a real browser: what goes on is seen and read out, what somebody does is written down, and the page comes back by itself.

PASSERBY_SHOTS=FOLDER pytest tests/browser/test_alerts_page.py    leaves pictures of every state in FOLDER
"""

import re
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest

from passerby.clock import SystemClock
from passerby.errors import OutputError
from passerby.hazards.alert import Cause, HazardKind, Severity, What
from passerby.hazards.alert_log import AlertLog
from passerby.hazards.kept_alert import Alert, State
from passerby.record.receipts import Act, read_receipts
from passerby.serve.accounts.changes import account_changes
from passerby.serve.archive import Archive, ArchiveFacts
from tests.support.alerted_site import EDGE, LOST, MAIL, AlertedSite, alert_id, opens, says
from tests.support.browser import DESK, PHONE, WALL, Watched, decoded, needs_chromium
from tests.support.recorded import DAY, Kept
from tests.support.staged_site import StagedPlace, StagedSite

pytestmark = needs_chromium

Look = Callable[..., Watched]
HALL = Cause("crowd", "gate", "hall")
ROWS = "() => document.querySelectorAll('.al-row').length === %d"
CHOSEN = "() => document.querySelector('.al-row [aria-current=true]')?.id === 'al-%s'"
LARGE = "() => document.querySelector('.al-large')?.checkVisibility() && document.querySelector('.al-large h2').innerText === '%s'"
STATUS = "() => document.querySelector('.al-status').innerText.includes('%s')"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[AlertedSite]:
    with AlertedSite(tmp_path) as site:
        yield site


def fill(site: AlertedSite) -> None:
    """An alert of every severity and state, and an exercise."""
    site.take(opens(1, ago_s=260), says(1, What.UPDATED, 20, value=3.4, error=0.3, words="3.4 persons/m2 +-0.3 in 'Stairs' for 4 min, limit 2.5"))
    forbidden = {"kind": HazardKind.FORBIDDEN, "value": 1.0, "error": None, "limit": 1.0, "words": "1 person in 'Platform edge' for 42 s, limit 1"}
    site.take(opens(2, EDGE, 42, severity=Severity.ALARM, **forbidden))
    nothing = {"value": None, "error": None, "limit": None}
    site.take(
        opens(3, LOST, 3900, kind=HazardKind.CAMERA, severity=Severity.NOTICE, words="'Platform 1' was moved: its zones may lie elsewhere", **nothing)
    )
    site.take(opens(4, HALL, 120, exercise=True, words="a drill of the rule 'crowd'"))
    site.take(
        opens(5, Cause("queue", "gate", "hall"), 2400, kind=HazardKind.QUEUE, words="14 persons wait for 5 min, limit 10"), says(5, What.ENDED, 800)
    )
    site.take(opens(6, MAIL, 9000, kind=HazardKind.CHANNEL, words="'mail' has taken nothing for 60 s", **nothing), says(6, What.ENDED, 8000))
    site.take(says(6, What.CLOSED, 7000))
    site.desk.act(alert_id(3), What.ACKNOWLEDGED, "operator")
    site.desk.act(alert_id(1), What.COMMENTED, "operator", "A school class is on its way up.")
    site.desk.told(alert_id(1), "duty-phone", "delivered")
    site.desk.flush()


def opened(look: Look, site: StagedSite, *arguments: Any, path: str = "/#/alerts", rows: int | None = None, **more: Any) -> Watched:
    watched = look(*arguments, **more)
    watched.open(site.address + path)
    if rows is not None:
        watched.until(ROWS % rows)
    return watched


def alert(site: AlertedSite, number: int) -> Alert:
    found = site.desk.find(alert_id(number))
    assert found is not None
    return found


def row(watched: Watched, number: int) -> str:
    return watched.text(f"#al-{alert_id(number)}")


def order(watched: Watched) -> list[int]:
    """The numbers of the alerts in the order of the page."""
    ids: list[str] = watched.page.evaluate("() => [...document.querySelectorAll('.al-row a')].map((one) => one.id.slice(3))")
    return [int(one, 16) for one in ids]


# What is seen


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


# What somebody does


def test_alerts_are_worked_through_with_the_keyboard_alone(look: Look, site: AlertedSite) -> None:
    fill(site)
    watched = opened(look, site, rows=6)
    press = watched.page.keyboard.press
    watched.until(CHOSEN % alert_id(2))
    for key, number in (("j", 1), ("ArrowDown", 3), ("k", 1), ("ArrowUp", 2), ("k", 2), ("End", 6), ("Home", 2)):
        press(key)
        watched.until(CHOSEN % alert_id(number))
        assert watched.page.evaluate("() => document.activeElement.id") == f"al-{alert_id(number)}", "the focus goes along"
    press("a")
    watched.settles(lambda: bool(alert(site, 2).acknowledged_by), "it is acknowledged")
    watched.until("() => document.querySelector('.al-row').innerText.includes('acknowledged by')")
    press("c")
    watched.page.keyboard.type("j x a c ?")
    press("Enter")
    watched.settles(lambda: [one.words for one in alert(site, 2).remarks] == ["j x a c ?"], "the comment is kept")
    watched.until("() => document.querySelector('.al-course').innerText.includes('j x a c ?')")
    press("x")
    watched.page.keyboard.type("a cleaner")
    press("Enter")
    watched.settles(lambda: alert(site, 2).state is State.CLOSED, "it is closed")
    watched.until(CHOSEN % alert_id(1))
    assert watched.page.evaluate("() => document.activeElement.id") == f"al-{alert_id(1)}", "the next one follows"
    assert [one.words for one in alert(site, 2).remarks] == ["j x a c ?", "a cleaner"]
    press("x")
    press("Escape")
    watched.until("() => document.querySelector('.al-form').hidden")
    assert alert(site, 1).state is State.OPEN, "Esc does nothing else than close the line"
    press("Enter")
    watched.until("() => document.querySelector('.place h2')?.innerText === 'South gate' && location.hash === '#/place/gate'")


def test_a_legend_tells_the_keys(look: Look, site: AlertedSite, tmp_path: Path) -> None:
    fill(site)
    watched = opened(look, site, rows=6)
    watched.page.keyboard.press("?")
    watched.until("() => document.querySelector('dialog[open]')")
    words = watched.text("dialog[open]")
    for part in ("acknowledge", "comment", "close", "the next alert"):
        assert part in words
    assert_fits(watched, tmp_path, "alerts-keys")
    watched.page.keyboard.press("a")
    watched.page.keyboard.press("Escape")
    watched.until("() => !document.querySelector('dialog[open]')")
    assert not alert(site, 2).acknowledged_by, "behind the legend, no key does anything"
    watched.page.keyboard.press("Escape")
    watched.until("() => location.hash === '#/'")


def test_letters_do_nothing_where_the_focus_is_elsewhere_or_with_another_key(look: Look, site: AlertedSite) -> None:
    """WCAG 2.1.4: who speaks to the page, or reads it aloud, closes nothing by chance."""
    site.take(opens(1))
    watched = opened(look, site, rows=1)
    watched.page.keyboard.press("Control+a")
    watched.page.locator("#to-alerts").focus()
    for key in ("a", "x", "c", "?"):
        watched.page.keyboard.press(key)
    watched.page.wait_for_timeout(300)
    assert not alert(site, 1).acknowledged_by
    assert watched.page.locator(".al-form").is_hidden()
    assert watched.page.locator("dialog[open]").count() == 0


def test_what_others_do_is_seen_without_a_word_and_the_chosen_one_stays_chosen(look: Look, site: AlertedSite) -> None:
    fill(site)
    watched = opened(look, site, rows=6)
    watched.page.locator(f"#al-{alert_id(1)}").click()
    watched.until(LARGE % "Stairs")
    site.desk.act(alert_id(2), What.CLOSED, "anna", "nobody there")
    site.desk.act(alert_id(1), What.ACKNOWLEDGED, "ben")
    site.take(opens(9, Cause("crowd", "gate", ""), 0, severity=Severity.ALARM, words="61 persons"))
    watched.until("() => document.querySelector('.al-large').innerText.includes('Acknowledged by ben')")
    watched.until(ROWS % 7)
    assert order(watched) == [9, 1, 3, 4, 5, 2, 6]
    assert watched.page.evaluate(CHOSEN % alert_id(1))
    assert "closed by anna" in row(watched, 2)


def test_what_cannot_be_written_down_is_said_and_nothing_has_changed(look: Look, site: AlertedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    site.take(opens(1))
    watched = opened(look, site, rows=1)

    def fails(*_arguments: object) -> None:
        raise OutputError("No space left on device")

    monkeypatch.setattr(AlertLog, "append", fails)
    watched.page.keyboard.press("a")
    watched.until(STATUS % "it is refused")
    assert "not acknowledged" in row(watched, 1)
    watched.page.keyboard.press("c")
    watched.page.keyboard.type("not lost")
    watched.page.keyboard.press("Enter")
    watched.until(STATUS % "it is refused")
    assert watched.page.locator("#al-words").input_value() == "not lost", "what was written stands there still"


def test_who_may_only_look_is_offered_nothing_to_do(look: Look, site: AlertedSite) -> None:
    site.take(opens(1))
    watched = look()
    watched.page.route(
        "**/api/session", lambda route: route.fulfill(json={"accounts": True, "account": "guard", "by": "session", "rights": ["watch"]})
    )
    watched.open(f"{site.address}/#/alerts")
    watched.until("() => document.querySelector('.al-large')?.innerText.includes('can look at alerts')")
    assert watched.page.locator(".al-do button:visible").count() == 0
    for key in ("a", "x", "c"):
        watched.page.keyboard.press(key)
    watched.page.wait_for_timeout(300)
    assert alert(site, 1).number == 0
    watched.page.unroute_all()


def test_what_somebody_does_names_the_account(look: Look, tmp_path: Path) -> None:
    with account_changes(tmp_path, SystemClock(), "tester") as changes:
        changes.set_password("nine quiet lanterns")
    with AlertedSite(tmp_path, state=tmp_path) as site:
        site.take(opens(1))
        watched = look()
        watched.open(f"{site.address}/#/alerts")
        watched.page.fill("#password", "nine quiet lanterns")
        watched.page.keyboard.press("Enter")
        watched.until("() => document.querySelector('#bell, .al')")
        watched.page.evaluate("() => (location.hash = '#/alerts')")
        watched.until(LARGE % "Stairs")
        watched.page.get_by_role("button", name="Acknowledge").click()
        watched.until("() => document.querySelector('.al-facts').innerText.includes('operator')")
        assert alert(site, 1).acknowledged_by == "operator"


# Recordings


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[AlertedSite, float]]:
    """Three minutes of half an hour ago, and an alert in the second; when it was opened."""
    begin_s = (time.time() // 60 - 30) * 60
    kept = Kept(tmp_path / "recordings", begin_s=begin_s)
    kept.run(180, 1)
    kept.recordings.close()
    facts = ArchiveFacts(names={"gate": "South gate"}, retention_s={"gate": 30 * DAY})
    archive = Archive(tmp_path / "recordings", kept.receipts, lambda: facts, SystemClock(), kept.machine)
    with AlertedSite(tmp_path, archive=archive) as site:
        opened_s = begin_s + 90
        site.take(opens(1, ago_s=time.time() - opened_s), says(1, What.ENDED, time.time() - opened_s - 10))
        yield site, opened_s


def test_its_recordings_are_a_link_to_half_a_minute_before(look: Look, recorded: tuple[AlertedSite, float]) -> None:
    site, opened_s = recorded
    watched = opened(look, site, rows=1)
    watched.page.get_by_role("link", name="Recordings of that time").click()
    watched.until("() => document.querySelector('.rec .scene .veil')?.hidden")
    at = float(re.findall(r"at=(\d+)", watched.page.url)[0])
    assert at == pytest.approx(opened_s - 30, abs=2)
    assert "#/recordings/gate" in watched.page.url


def test_recordings_are_kept_for_longer_with_a_reason_which_is_written_down(look: Look, recorded: tuple[AlertedSite, float], tmp_path: Path) -> None:
    site, _ = recorded
    watched = opened(look, site, rows=1)
    watched.page.get_by_role("button", name="Keep recordings").click()
    watched.page.get_by_role("button", name="Keep them").click()
    watched.until(STATUS % "Write down what for")
    watched.page.get_by_label("Until").select_option("3")
    watched.page.get_by_label("What for").fill("an accident")
    assert_fits(watched, tmp_path, "alerts-hold")
    watched.page.get_by_role("button", name="Keep them").click()
    watched.until(STATUS % "Kept until")
    (receipt,) = [one for one in read_receipts(tmp_path / "receipts.jsonl") if one.kind is Act.HELD]
    assert receipt.why == "an accident"
    assert receipt.until_s == pytest.approx(time.time() + 3 * DAY, abs=60)
    watched.until("() => document.querySelector('.al-course').innerText.includes('an accident')")


# States


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


# Looks


def assert_fits(watched: Watched, folder: Path, name: str) -> None:
    path = watched.shot(folder, name)
    assert decoded(path.read_bytes()).std() > 3, "an empty picture"
    assert watched.overflow_px() <= 0
    assert watched.violations() == []


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


def test_the_guide_tells_every_key() -> None:
    page = (resources.files("passerby.serve") / "page" / "alerts.js").read_text("utf-8")
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "alerts.md").read_text("utf-8")
    keys = re.findall(r'\["([^"]+)", "[^"]+"\]', page.partition("const KEYS = ")[2].partition("];")[0])
    assert len(keys) == 8
    for key in keys:
        assert f"| {key} |" in guide


@pytest.mark.parametrize("viewport", [PHONE, DESK])
def test_text_at_twice_its_size_still_fits(look: Look, site: AlertedSite, viewport: Any) -> None:
    fill(site)
    watched = opened(look, site, viewport, rows=6)
    watched.page.evaluate("() => (document.documentElement.style.fontSize = '200%')")
    watched.page.wait_for_timeout(200)
    assert watched.overflow_px() <= 0
