"""Alerts over real HTTP, with accounts: who may read, who may act, what is written down first, and what two who act at once get."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from passerby.errors import OutputError
from passerby.hazards.alert import Cause, HazardKind, Severity, What
from passerby.hazards.alert_log import AlertLog
from passerby.record.receipts import Act, read_receipts
from tests.support.alerted_api import Alerted, recorded
from tests.support.alerts import ALERT, NOON, STAIRS, opens, says
from tests.support.guarded_site import OURS
from tests.support.recorded import DAY

HALL = Cause("crowd", "gate", "hall")
OTHER = "00000000000000b2"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Alerted]:
    alerted = Alerted(tmp_path)
    with alerted.guarded:
        yield alerted


def ids(answer: Any) -> list[str]:
    return [alert["id"] for alert in answer["alerts"]]


def test_what_is_open_is_listed_the_newest_first_with_names_and_a_clip(site: Alerted) -> None:
    site.take(opens(), opens(60, OTHER, Cause("lost", "gate"), kind=HazardKind.CAMERA, severity=Severity.ALARM, value=None, limit=None))
    answer = site.get()
    assert ids(answer) == [OTHER, ALERT]
    assert answer["open"] == {"alarm": 1, "warning": 1, "notice": 0, "unacknowledged": 2}
    told = answer["alerts"][1]
    assert (told["camera_name"], told["place"], told["place_name"]) == ("South gate", "stairs", "Stairs <b>")
    assert (told["says"], told["value"], told["limit"], told["state"], told["severity"]) == ("crowded", 2.9, 2.5, "open", "warning")
    clip = {"camera": "gate", "from_s": NOON - 30, "to_s": NOON + 30, "page": f"/#/recordings/gate?at={NOON - 30:.0f}"}
    assert told["clip"] == clip | {"viewings": "/api/recordings/gate/viewings"}
    assert site.get(f"/api/alerts/{ALERT}") == told


def test_the_clip_goes_until_after_the_end_and_no_longer_than_a_viewing(site: Alerted) -> None:
    site.take(opens(), says(What.ENDED, 90))
    assert site.get(f"/api/alerts/{ALERT}")["clip"]["to_s"] == NOON + 120
    site.take(opens(0, OTHER, HALL), says(What.ENDED, 3 * DAY, OTHER))
    assert site.get(f"/api/alerts/{OTHER}")["clip"]["to_s"] == NOON - 30 + DAY
    site.take(opens(0, "00000000000000c3", Cause("x", "gate")), says(What.ENDED, -3600, "00000000000000c3"))
    clip = site.get("/api/alerts/00000000000000c3")["clip"]
    assert clip["from_s"] < clip["to_s"], "the clock was set back meanwhile"


def test_what_somebody_does_names_them_and_is_on_the_disk(site: Alerted) -> None:
    site.take(opens())
    assert site.post("acknowledge").json()["acknowledged_by"] == "operator"
    answer = site.post("comment", {"words": "<script>alert(1)</script>"})
    assert answer.json()["remarks"][0]["words"] == "<script>alert(1)</script>", "as it was said; it is for the page to show it as text"
    closed = site.post("close", {"words": "a school class"}).json()
    assert (closed["state"], closed["closed_by"], [one["by"] for one in closed["remarks"]]) == ("closed", "operator", ["operator"] * 2)
    log = AlertLog(site.desk.log.folder)
    assert [(event.what, event.by) for event in log.events(log.days()[0])][1:] == [
        (What.ACKNOWLEDGED, "operator"),
        (What.COMMENTED, "operator"),
        (What.CLOSED, "operator"),
    ]
    assert ids(site.get()) == []
    assert site.post("acknowledge").status_code == 200, "it is so already"


def test_two_who_act_at_once_are_both_answered_and_one_has_done_it(site: Alerted) -> None:
    site.take(opens())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: site.post(["acknowledge", "close"][number % 2]), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    log = site.desk.log
    whats = [event.what for event in log.events(log.days()[0])]
    assert whats.count(What.CLOSED) == 1
    assert whats.count(What.ACKNOWLEDGED) <= 1


def test_a_token_reads_and_does_nothing_and_who_has_no_right_does_not_read(site: Alerted) -> None:
    site.take(opens())
    with site.guarded.new_client() as nobody:
        wall, metrics = site.guarded.bearer("wall"), site.guarded.bearer("prometheus")
        assert nobody.get("/api/alerts").status_code == 401
        assert nobody.get("/api/alerts", headers=wall).status_code == 200
        assert nobody.get(f"/api/alerts/{ALERT}", headers=metrics).status_code == 403
        for what, body in (("acknowledge", {}), ("comment", {"words": "x"}), ("close", {}), ("hold", {"until_s": time.time() + 60, "why": "x"})):
            path = f"/api/alerts/{ALERT}/{what}"
            assert nobody.post(path, json=body, headers=OURS).status_code == 401
            assert nobody.post(path, json=body, headers={**OURS, **wall}).status_code == 403
            assert site.client.post(path, json=body).status_code == 403, "the page of another site cannot set our header"
            assert site.client.post(path, json=body, headers={**OURS, "origin": "https://evil.example"}).status_code == 403
    (alert,) = site.desk.open()
    assert alert.number == 0


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("comment", {}, 400),
        ("comment", {"words": ""}, 400),
        ("comment", {"words": "x" * 501}, 400),
        ("comment", {"words": "x", "by": "somebody else"}, 400),
        ("comment", {"words": " \n "}, 409),
        ("comment", {"words": "\x1b]0;x\x07"}, 409),
        ("acknowledge", {"words": 7}, 400),
        ("close", [], 400),
        ("hold", {"until_s": "tomorrow", "why": "x"}, 400),
        ("hold", {"until_s": 1e300, "why": "x"}, 400),
        ("hold", {"until_s": 2e9, "why": "a\nb"}, 400),
        ("hold", {"until_s": 2e9, "why": "   "}, 400),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_done(site: Alerted, what: str, body: object, status: int) -> None:
    site.take(opens())
    answer = site.post(what, body)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert site.desk.open()[0].number == 0


@pytest.mark.parametrize("path", ["/api/alerts/zz", "/api/alerts/..%2f", "/api/alerts?before=1", "/api/alerts?limit=0", "/api/alerts?kind=face"])
def test_questions_that_make_no_sense_are_refused(site: Alerted, path: str) -> None:
    assert site.client.get(path).status_code in {400, 404}


def test_an_alert_that_is_not_there_is_not_found(site: Alerted) -> None:
    assert site.client.get(f"/api/alerts/{OTHER}").status_code == 404
    for what, body in (("acknowledge", None), ("comment", {"words": "x"}), ("close", None), ("hold", {"until_s": 2e9, "why": "x"})):
        assert site.post(what, body, OTHER).status_code == 404


def test_what_cannot_be_written_down_is_refused(site: Alerted, monkeypatch: pytest.MonkeyPatch) -> None:
    site.take(opens())

    def fails(*_arguments: object) -> None:
        raise OutputError("No space left on device")

    monkeypatch.setattr(AlertLog, "append", fails)
    answer = site.post("acknowledge")
    assert answer.status_code == 503
    assert "refused" in answer.json()["detail"]
    assert ids(site.get()) == [ALERT]
    assert site.get()["open"]["unacknowledged"] == 1


def test_alerts_of_a_time_come_page_by_page_each_once(site: Alerted) -> None:
    for number in range(45):
        name = f"{number + 4096:016x}"
        site.take(opens(number * 7000, name, Cause("crowd", ["gate", "hall"][number % 2], f"z{number}")))
        if number % 3 == 0:
            site.take(says(What.CLOSED, number * 7000 + 60, name))
    found: list[str] = []
    before: dict[str, str] = {}
    for _ in range(10):
        answer = site.get(begin=NOON, end=NOON + 40 * 7000, limit=10, **before)
        found += ids(answer)
        before = {"before": answer["next"]}
        if not answer["next"]:
            break
    assert found == [f"{number + 4096:016x}" for number in reversed(range(40))]
    assert len(ids(site.get(begin=NOON, end=NOON + 5 * 7000, camera="hall"))) == 2
    pages = [site.get(limit=20), site.get(limit=20, before=site.get(limit=20)["next"])]
    assert [len(ids(page)) for page in pages] == [20, 10], "and those that are open, too"
    assert ids(site.get(severity="alarm")) == []


def test_nothing_is_sent_where_nothing_has_changed(site: Alerted) -> None:
    site.take(opens())
    first = site.client.get("/api/alerts")
    again = site.client.get("/api/alerts", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    site.post("acknowledge")
    assert site.client.get("/api/alerts", headers={"if-none-match": first.headers["etag"]}).status_code == 200


def test_five_thousand_open_alerts_can_be_listed_and_closed(site: Alerted) -> None:
    site.take(*(opens(number / 100, f"{number + 4096:016x}", Cause("cameras", f"c{number}")) for number in range(5000)))
    answer = site.get(limit=200)
    assert (len(ids(answer)), answer["open"]["warning"]) == (200, 5000)
    assert site.post("close", alert=ids(answer)[0]).status_code == 200
    assert site.get(limit=1)["open"]["warning"] == 4999


# Holds


def test_the_recordings_of_an_alert_are_held_with_a_receipt_and_the_alert_tells_of_it(site: Alerted, tmp_path: Path) -> None:
    opened_s = recorded(site, tmp_path)
    until_s = time.time() + 3 * DAY
    answer = site.post("hold", {"until_s": until_s, "why": "an accident"})
    assert answer.status_code == 200, answer.text
    held = answer.json()
    assert (held["camera"], held["from_s"], held["to_s"], held["until_s"], held["minutes"]) == ("gate", opened_s - 30, opened_s + 40, until_s, 2)
    (receipt,) = [one for one in read_receipts(tmp_path / "receipts.jsonl") if one.kind is Act.HELD]
    assert (receipt.hold, receipt.by, receipt.why, receipt.until_s) == (held["hold"], "operator", "an accident", until_s)
    (remark,) = site.get(f"/api/alerts/{ALERT}")["remarks"]
    assert (remark["by"], remark["words"].endswith("an accident")) == ("operator", True)


def test_a_hold_has_an_end_that_the_site_bounds(site: Alerted, tmp_path: Path) -> None:
    recorded(site, tmp_path)
    for until_s in (time.time() - 60, time.time() + 60 * DAY):
        answer = site.post("hold", {"until_s": until_s, "why": "an accident"})
        assert answer.status_code == 409, answer.text
    assert site.get(f"/api/alerts/{ALERT}")["remarks"] == []


@pytest.mark.parametrize(
    ("why", "status", "says"),
    [
        ("an \u202eaccident", 409, "cannot be shown"),
        ("an accident\u0085\u200b", 409, "cannot be shown"),
        ("\u0000", 400, "makes no sense"),
    ],
)
def test_what_a_hold_is_for_can_be_shown_or_is_refused_in_words(why: str, status: int, says: str, site: Alerted, tmp_path: Path) -> None:
    begin_s = recorded(site, tmp_path)
    before = read_receipts(tmp_path / "receipts.jsonl") if (tmp_path / "receipts.jsonl").exists() else []
    answer = site.post("hold", {"until_s": begin_s + 3600, "why": why})
    assert (answer.status_code, says in answer.json()["detail"]) == (status, True), answer.text
    after = read_receipts(tmp_path / "receipts.jsonl") if (tmp_path / "receipts.jsonl").exists() else []
    assert after == before


def test_what_was_never_recorded_cannot_be_held(site: Alerted) -> None:
    site.take(opens())
    assert site.post("hold", {"until_s": time.time() + 60, "why": "x"}).status_code == 409
    site.take(opens(0, OTHER, Cause("channel", "", "mail"), kind=HazardKind.CHANNEL))
    assert site.post("hold", {"until_s": time.time() + 60, "why": "x"}, OTHER).status_code == 409
    assert site.get(f"/api/alerts/{OTHER}")["clip"] is None


def test_the_rules_and_people_of_a_site_meet_in_its_answers(site: Alerted) -> None:
    """What was closed while it goes on stays closed; what comes back is a new alert."""
    site.take(opens())
    site.post("close")
    site.take(says(What.UPDATED, 60, value=3.9))
    assert ids(site.get()) == []
    site.take(says(What.ENDED, 90))
    site.take(says(What.RETURNED, 120, value=2.7))
    (anew,) = site.get()["alerts"]
    assert (anew["id"] != ALERT, anew["rule"], anew["place"]) == (True, STAIRS.rule, STAIRS.place)
