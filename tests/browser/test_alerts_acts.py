"""The inbox of alerts in a real browser: what somebody does there, with keys or buttons, is written down, or said not to be.

PASSERBY_SHOTS=FOLDER pytest tests/browser/test_alerts_*.py    leaves pictures of every state in FOLDER
"""

import re
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from passerby.clock import SystemClock
from passerby.errors import OutputError
from passerby.hazards.alert import Cause, Severity, What
from passerby.hazards.alert_log import AlertLog
from passerby.hazards.kept_alert import State
from passerby.record.receipts import Act, read_receipts
from passerby.serve.accounts.changes import account_changes
from passerby.serve.archive import Archive, ArchiveFacts
from tests.support.alerted_site import AlertedSite, alert_id, opens, says
from tests.support.alerts_page import CHOSEN, LARGE, ROWS, STATUS, Look, alert, assert_fits, fill, opened, order, row
from tests.support.browser import needs_chromium
from tests.support.recorded import DAY, Kept

pytestmark = needs_chromium


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


def test_of_an_answer_that_breaks_off_it_is_said_that_nobody_knows_whether_it_was_done(look: Look, site: AlertedSite) -> None:
    fill(site)
    watched = opened(look, site, rows=6)
    watched.until(CHOSEN % alert_id(2))
    watched.page.route("**/acknowledge", lambda route: route.fulfill(status=200, content_type="application/json", body='{"id": "00'))
    watched.page.keyboard.press("a")
    watched.until(STATUS % "does not answer, so it is not known whether this was done")
    watched.page.unroute_all()


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


def test_the_guide_tells_every_key() -> None:
    page = (resources.files("passerby.serve") / "page" / "alerts.js").read_text("utf-8")
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "alerts.md").read_text("utf-8")
    keys = re.findall(r'\["([^"]+)", "[^"]+"\]', page.partition("const KEYS = ")[2].partition("];")[0])
    assert len(keys) == 8
    for key in keys:
        assert f"| {key} |" in guide


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
