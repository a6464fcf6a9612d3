"""A hold of an alert that goes on: it reaches to now, says so, and is extended with a receipt until the alert has ended, also after a restart."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from passerby.errors import OutputError, ReceiptError
from passerby.hazards.alert import Cause, HazardKind, What
from passerby.record.holding import release
from passerby.record.holds import Hold, kept_holds
from passerby.record.receipts import Act, FileReceipts, Receipt, read_receipts
from passerby.serve.alerts.answers import AFTER_S, BEFORE_S
from passerby.serve.alerts.composing import add_alert_pages, hazard_thread
from passerby.serve.alerts.followed_holds import LOOK_EVERY_S, MOST_S, FollowedHolds
from passerby.serve.http_server import HttpServer
from passerby.site.hazards import Hazard
from tests.support.alerted_api import Alerted
from tests.support.alerts import ALERT, NOON, STAIRS, goes_on, opens, says
from tests.support.journals import KeptJournal
from tests.support.recorded import DAY, HOUR, Kept, SetClock
from tests.support.told import until

UNTIL_S = NOON + 10 * DAY


class Held:
    """A camera that records, an alert of its place, and who follows holds. Time is set by hand."""

    def __init__(self, state: Path, retention_s: float = DAY, *, floor_bytes: int = 0) -> None:
        self.state = state
        self.kept = Kept(state / "recordings", retention_s=retention_s, floor_bytes=floor_bytes)
        self.clock: SetClock = self.kept.clock
        self.alerted = Alerted(state, self.clock)
        self.following = self.follow()

    def follow(self) -> FollowedHolds:
        return FollowedHolds(self.alerted.desk, self.alerted.inbox.recordings, self.clock)

    def restart(self) -> None:
        self.alerted.guarded.stop()
        self.alerted = Alerted(self.state, self.clock)
        self.following = self.follow()

    def pass_time(self, seconds: float) -> None:
        self.kept.idle(seconds, max(10.0, seconds / 12))

    def hold(self) -> dict[str, object]:
        answer = self.alerted.post("hold", {"until_s": UNTIL_S, "why": "an accident"})
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told

    @property
    def holds(self) -> tuple[Hold, ...]:
        return kept_holds(self.state / "recordings" / "holds.json")

    @property
    def receipts(self) -> list[Receipt]:
        return [one for one in read_receipts(self.state / "receipts.jsonl") if one.kind is Act.HELD]


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Held]:
    one = Held(tmp_path)
    yield one
    one.alerted.guarded.stop()


def test_the_hold_of_an_alert_that_goes_on_reaches_to_now_and_says_that_it_goes_on(held: Held) -> None:
    held.alerted.take(opens(0), goes_on(20))
    held.pass_time(2 * HOUR)  # its rule says only now and then that it goes on
    told = held.hold()
    now_s = held.clock.wall_s()
    assert (told["from_s"], told["to_s"], told["until_s"], told["goes_on"]) == (NOON - BEFORE_S, now_s + AFTER_S, UNTIL_S, True)
    (remark,) = held.alerted.get(f"/api/alerts/{ALERT}")["remarks"]
    assert "while it goes on" in remark["words"]


def test_it_is_extended_at_the_end_of_the_alert_with_a_receipt_also_after_a_restart(held: Held) -> None:
    held.alerted.take(opens(0))
    held.pass_time(300)
    told = held.hold()
    held.restart()
    held.alerted.take(says(What.ENDED, 500))
    held.pass_time(300)
    held.following.step()
    (hold,) = held.holds
    assert (hold.hold, hold.from_s, hold.to_s, hold.until_s) == (told["hold"], NOON - BEFORE_S, NOON + 500 + AFTER_S, UNTIL_S)
    first, second = held.receipts
    assert (second.hold, second.by, second.why, second.to_s, second.until_s) == (first.hold, "passerby", "an accident", hold.to_s, UNTIL_S)
    assert first.by == "operator"
    held.following.step()
    assert len(held.receipts) == 2, "what has ended is extended once"


def test_what_comes_back_is_held_until_its_last_end_and_no_longer_once_its_rule_is_done_with_it(held: Held) -> None:
    held.alerted.take(opens(0), says(What.ENDED, 60))
    held.pass_time(100)
    told = held.hold()
    assert (told["to_s"], told["goes_on"]) == (NOON + 60 + AFTER_S, False)
    held.alerted.take(says(What.RETURNED, 120, value=2.9), says(What.ENDED, 400))
    held.alerted.take(says(What.CLOSED, 700))
    held.following.step()
    (hold,) = held.holds
    assert (hold.to_s, hold.follows) == (NOON + 400 + AFTER_S, "")


def test_what_somebody_closes_while_it_goes_on_is_held_until_it_has_ended(held: Held) -> None:
    held.alerted.take(opens(0))
    assert held.hold()["goes_on"]
    held.alerted.post("close")
    held.alerted.take(says(What.ENDED, 900))
    held.following.step()
    assert held.holds[0].to_s == NOON + 900 + AFTER_S


@pytest.mark.parametrize("retention_s", [60.0, HOUR, DAY])
def test_no_minute_of_an_alert_that_lasts_longer_than_the_retention_is_lost(tmp_path: Path, retention_s: float) -> None:
    held = Held(tmp_path, retention_s)
    held.alerted.take(opens(0))
    recorded = {f"{held.clock.wall_s() // 60}"}
    held.kept.run(1)
    held.hold()
    for _ in range(30):
        held.pass_time(retention_s / 6)
        held.following.step()
        recorded.add(f"{held.clock.wall_s() // 60}")
        held.kept.run(1)
    held.kept.recordings.close()
    assert len(held.kept.minutes()) == len(recorded)
    held.alerted.guarded.stop()


def test_while_an_alert_goes_on_receipts_are_few(held: Held) -> None:
    held.alerted.take(opens(0))
    held.hold()
    for _ in range(12 * 360):
        held.clock.sleep(10)
        held.following.step()
    assert 5 < len(held.receipts) < 40
    assert held.clock.wall_s() - held.holds[0].to_s < 1.5 * HOUR


@pytest.mark.parametrize("shortened", [True, False], ids=["the retention is shortened", "there is no room"])
def test_of_an_alert_of_days_no_more_than_an_hour_is_ever_not_held(tmp_path: Path, *, shortened: bool) -> None:
    held = Held(tmp_path, 3 * DAY, floor_bytes=10**9)
    held.alerted.take(opens(0))
    held.hold()
    held.pass_time(8 * DAY)
    held.following.step()
    for _ in range(11):
        held.kept.run(1)
        for _ in range(27 * 6):
            held.clock.sleep(10)
            held.following.step()
        assert held.clock.wall_s() - held.holds[0].to_s <= MOST_S
    if shortened:
        held.kept.with_retention(HOUR)
    else:
        held.kept.free_bytes = 0
    held.kept.idle(30)
    assert len(held.kept.minutes()) >= 11 - 3, "at one each 27 min"
    held.alerted.guarded.stop()


def test_what_was_promised_a_shorter_time_is_held_in_that_time_after_the_retention_was_lengthened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(tmp_path, HOUR / 2)
    monkeypatch.setattr("passerby.record.kept_minutes.ThisMachine", lambda: held.kept.machine)
    held.alerted.take(opens(0))
    held.pass_time(DAY)
    held.hold()
    begin_s = held.clock.wall_s()
    held.kept.run(600, 10)
    held.kept.with_retention(30 * DAY)
    for _ in range(90):
        held.kept.run(60, 10)
        held.following.step()
    held.kept.recordings.close()
    assert len(held.kept.minutes()) == (held.clock.wall_s() - begin_s) // 60
    held.alerted.guarded.stop()


YEARS_S = 70 * 365 * DAY


def test_a_clock_that_is_years_ahead_for_a_moment_holds_nothing_of_later(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.record.kept_minutes.ThisMachine", lambda: held.kept.machine)
    held.alerted.take(opens(0))
    held.hold()
    held.kept.run(60, 10)
    held.clock.set(YEARS_S)
    held.kept.idle(20)
    held.following.step()
    assert "set ahead" in held.following.failing
    held.clock.set(-YEARS_S)
    held.kept.idle(20)
    held.following.step()
    assert held.following.failing == ""
    held.alerted.take(says(What.ENDED, 120), says(What.CLOSED, 200))
    held.following.step()
    held.kept.idle(2 * HOUR)
    before = held.kept.minutes()
    held.kept.run(60, 10)
    held.kept.idle(3 * DAY, 600)
    assert held.holds, "its end is later"
    assert held.kept.minutes() == before


@pytest.mark.parametrize(("set_by_s", "says"), [(DAY, "set ahead"), (-DAY, "set back")])
def test_a_clock_that_is_set_while_an_alert_goes_on_is_said_as_long_as_what_follows_is_not_held(
    held: Held, monkeypatch: pytest.MonkeyPatch, set_by_s: float, says: str
) -> None:
    monkeypatch.setattr("passerby.record.kept_minutes.ThisMachine", lambda: held.kept.machine)
    held.alerted.take(opens(0))
    held.hold()
    held.clock.set(set_by_s)
    for _ in range(360):
        held.kept.idle(10)
        held.following.step()
        assert says in held.following.failing
    assert len(held.receipts) <= 10, "and with few receipts"


def test_a_clock_that_is_set_right_by_minutes_changes_nothing_of_a_hold(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.record.kept_minutes.ThisMachine", lambda: held.kept.machine)
    held.alerted.take(opens(0))
    held.hold()
    held.clock.set(HOUR / 2)
    held.kept.idle(60)
    held.following.step()
    assert (held.holds[0].to_s, held.following.failing) == (held.clock.wall_s() + AFTER_S, "")


def test_a_hold_that_was_released_or_is_over_is_not_extended(held: Held) -> None:
    held.alerted.take(opens(0))
    told = held.hold()
    release(held.alerted.inbox.recordings(), str(told["hold"]), held.clock, by="ann")
    held.alerted.take(says(What.ENDED, 900))
    held.following.step()
    assert held.holds == ()
    assert len(held.receipts) == 1


def test_where_it_cannot_be_written_down_the_hold_stays_as_it_was_is_said_and_is_tried_again(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    held.alerted.take(opens(0))
    held.hold()
    before = held.holds
    held.alerted.take(says(What.ENDED, 900))

    def fails(*_: object) -> None:
        raise ReceiptError("no room for receipts")

    with monkeypatch.context() as broken:
        broken.setattr(FileReceipts, "write", fails)
        held.following.step()
        assert held.holds == before, "first written down, then held"
        assert "no room" in held.following.failing
    held.following.step()
    assert held.holds[0].to_s == NOON + 900 + AFTER_S
    assert held.following.failing == ""


def test_one_alert_that_cannot_be_read_keeps_no_other_hold_back(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "00000000000000b2"
    held.alerted.take(opens(0), opens(1, other, Cause("crowd", "gate", "hall")))
    held.hold()
    assert held.alerted.post("hold", {"until_s": UNTIL_S, "why": "x"}, other).status_code == 200
    held.alerted.take(says(What.ENDED, 900), says(What.ENDED, 900, other))
    find = held.alerted.desk.find

    def fails(alert: str) -> object:
        if alert == ALERT:
            raise OutputError("cannot be read")
        return find(alert)

    monkeypatch.setattr(held.alerted.desk, "find", fails)
    held.following.step()
    assert sorted(hold.to_s for hold in held.holds)[1] == NOON + 900 + AFTER_S
    assert held.following.failing


def test_an_alert_that_is_gone_lets_its_hold_be(held: Held) -> None:
    held.alerted.take(opens(0))
    held.hold()
    before = held.holds[0]
    for day in held.alerted.desk.days():
        held.alerted.desk.forget(day)
        held.alerted.desk.log.delete(day)
    held.following.step()
    (hold,) = held.holds
    assert (hold.to_s, hold.follows) == (before.to_s, "")


def test_the_running_site_extends_what_goes_on_at_its_end_and_says_where_it_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(tmp_path)
    held.alerted.take(opens(0, kind=HazardKind.OCCUPANCY))
    held.hold()
    held.alerted.guarded.stop()
    rule = Hazard(id=STAIRS.rule, kind="occupancy", camera="gate", zone="stairs", limit=3)
    site, journal, app = held.alerted.site.model_copy(update={"hazards": (rule,)}), KeptJournal(), FastAPI()
    hazards = hazard_thread(site, tmp_path, FileReceipts(tmp_path / "receipts.jsonl"), held.clock, journal)
    add_alert_pages(app, hazards, lambda: site, held.clock)
    server = HttpServer(app, "127.0.0.1", 0)
    server.start()
    held.clock.sleep(100)
    hazards.desk.take([says(What.ENDED, 40)])
    hazards.step()
    until(lambda: held.holds[0].to_s == NOON + 40 + AFTER_S, LOOK_EVERY_S / 2)

    def fails(*_: object) -> None:
        raise ReceiptError("no room for receipts")

    monkeypatch.setattr(FileReceipts, "write", fails)
    hazards.desk.take([says(What.RETURNED, 50, value=2.9), says(What.ENDED, 90)])
    hazards.step()
    until(lambda: "no room" in hazards.health().failing, LOOK_EVERY_S / 2)
    monkeypatch.undo()
    hazards.desk.take([says(What.RETURNED, 95, value=2.9)])
    hazards.step()
    held.clock.sleep(50)
    server.stop(5)
    until(lambda: held.holds[0].to_s == held.clock.wall_s() + AFTER_S)
    hazards.stop(5)
