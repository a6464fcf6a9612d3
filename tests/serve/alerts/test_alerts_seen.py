"""Who acts on an alert says how urgent it was when they looked: what has become more urgent since is not acknowledged or closed unseen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from passerby.hazards.alert import Severity, What
from passerby.hazards.alert_log import AlertLog
from tests.support.alerted_api import Alerted
from tests.support.alerts import ALERT, goes_on, opens


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Alerted]:
    alerted = Alerted(tmp_path)
    with alerted.guarded:
        yield alerted


def worse(site: Alerted) -> None:
    """A warning that somebody looks at becomes an alarm."""
    site.take(opens())
    site.take(goes_on(60, 4.1, severity=Severity.ALARM))


@pytest.mark.parametrize("what", ["acknowledge", "close"])
def test_an_alarm_that_nobody_saw_is_not_acknowledged_or_closed_by_who_saw_a_warning(site: Alerted, what: str) -> None:
    worse(site)
    answer = site.post(what, {"words": "on my way", "severity": "warning"})
    assert answer.status_code == 409, answer.text
    assert answer.json()["detail"] == "It has become an alarm since you looked."
    assert "again" in answer.json()["do"]
    (alert,) = site.desk.open()
    assert (alert.acknowledged_by, alert.remarks, alert.severity) == ("", (), Severity.ALARM)
    log = AlertLog(site.desk.log.folder)
    assert [event.what for event in log.events(log.days()[0])] == [What.OPENED, What.UPDATED], "nothing of it is written down"
    answer = site.post(what, {"words": "on my way", "severity": "alarm"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("body", [None, {}, {"words": ""}, {"severity": "alarm"}])
def test_who_does_not_say_what_they_saw_or_saw_no_less_is_taken_at_their_word(site: Alerted, body: object) -> None:
    site.take(opens())
    assert site.post("acknowledge", body).json()["acknowledged_by"] == "operator"
    assert site.post("close", body).json()["closed_by"] == "operator"


def test_what_is_so_already_stays_so_whatever_was_seen(site: Alerted) -> None:
    worse(site)
    assert site.post("acknowledge", {"severity": "alarm"}).status_code == 200
    assert site.post("acknowledge", {"severity": "warning"}).json()["acknowledged_by"] == "operator"
    assert site.post("close", {"severity": "alarm"}).status_code == 200
    assert site.post("close", {"severity": "notice"}).status_code == 200


@pytest.mark.parametrize("severity", ["worst", 2, ["alarm"], ""])
def test_a_severity_that_there_is_not_makes_no_sense(site: Alerted, severity: object) -> None:
    site.take(opens())
    assert site.post("acknowledge", {"severity": severity}).status_code == 400
    assert site.desk.find(ALERT) == site.desk.open()[0]
    assert site.desk.open()[0].number == 0
