"""Where rules and people meet: first written down, then told, in order and once; what cannot be written down is not lost and not hidden."""

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import AlertError, OutputError
from passerby.hazards.alert import Cause, Event, What
from passerby.hazards.alert_log import AlertLog, Line
from passerby.hazards.book import MOST_CLOSED, SUPERSEDED, TOO_OLD
from passerby.hazards.kept_alert import State, alerts_of
from passerby.record.receipts import Act, FileReceipts, read_receipts
from passerby.supervise import alert_desk
from passerby.supervise.alert_desk import TOLD_AGAIN_S, TOLD_UNWRITTEN_S, AlertDesk
from passerby.supervise.alert_retention import WHY, kept_alerts
from tests.support.alerts import ALERT, NOON, STAIRS, goes_on, opens, says
from tests.support.journals import KeptJournal
from tests.support.recorded import SetClock, SetMachine

DAY_S = 86400.0
TODAY = date(2026, 11, 23)


class Disk(AlertLog):
    """A log whose disk fails when a test says so; remembers what was asked of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fails = False
        self.before: Callable[[], object] = bool

    def append(self, lines: object) -> None:
        self.before()
        if self.fails:
            raise OutputError("alerts cannot be written down: No space left on device")
        super().append(lines)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOON)


@pytest.fixture
def journal() -> KeptJournal:
    return KeptJournal()


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "alerts")


@pytest.fixture
def desk(disk: Disk, clock: SimulatedClock, journal: KeptJournal) -> AlertDesk:
    return AlertDesk(disk, clock, journal)


def whats(events: list[Event]) -> list[What]:
    return [event.what for event in events]


def kept(disk: Disk) -> list[Event]:
    return [event for day in disk.days() for event in disk.events(day)]


def test_what_rules_say_is_told_once_it_is_written_down(desk: AlertDesk, disk: Disk) -> None:
    desk.take([opens(), goes_on(20, 3.4)])
    assert len(desk.open()) == 1, "whoever looks sees it at once"
    assert desk.to_tell() == []
    assert desk.flush()
    assert whats(desk.to_tell()) == whats(kept(disk)) == [What.OPENED, What.UPDATED]
    assert desk.to_tell() == [], "once"


def test_what_somebody_does_is_on_the_disk_before_they_are_answered_and_names_them(desk: AlertDesk, disk: Disk) -> None:
    desk.take([opens()])
    now = desk.act(ALERT, What.ACKNOWLEDGED, "anna", "on my way")
    assert (now.acknowledged_by, now.remarks[0].words) == ("anna", "on my way")
    assert whats(kept(disk)) == [What.OPENED, What.ACKNOWLEDGED], "what waited comes first: an act has something to be of"
    assert [event.by for event in desk.to_tell()] == ["passerby", "anna"]
    assert desk.act(ALERT, What.ACKNOWLEDGED, "ben").acknowledged_by == "anna"
    assert len(kept(disk)) == 2


def test_what_cannot_be_written_down_is_refused_and_leaves_nothing(desk: AlertDesk, disk: Disk) -> None:
    desk.take([opens()])
    desk.flush()
    disk.fails = True
    with pytest.raises(OutputError):
        desk.act(ALERT, What.CLOSED, "anna")
    (alert,) = desk.open()
    assert alert.number == 0
    disk.fails = False
    assert desk.act(ALERT, What.CLOSED, "anna").state is State.CLOSED
    assert [event.number for event in kept(disk)] == [0, 1]


def test_an_alert_that_is_not_there_cannot_be_acted_on(desk: AlertDesk) -> None:
    with pytest.raises(AlertError, match="no such alert"):
        desk.act(ALERT, What.CLOSED, "anna")


def test_a_failing_disk_is_said_once_and_tried_ever_less_often(desk: AlertDesk, disk: Disk, clock: SimulatedClock, journal: KeptJournal) -> None:
    tries: list[float] = []
    disk.before = lambda: tries.append(clock.monotonic_s())
    disk.fails = True
    desk.take([opens()])
    for _ in range(120):
        desk.flush()
        clock.sleep(1.0)
    assert tries == [0, 1, 3, 7, 15, 31, 61, 91]
    assert "No space left" in desk.failing
    disk.fails = False
    clock.sleep(30)
    assert desk.flush()
    assert desk.failing == ""
    assert [event for _, event, _ in journal.events] == ["alerts cannot be written down", "alerts can be written down again"]


def test_nobody_goes_unwarned_for_a_disk(desk: AlertDesk, disk: Disk, clock: SimulatedClock) -> None:
    disk.fails = True
    desk.take([opens()])
    desk.flush()
    assert desk.to_tell() == []
    clock.sleep(TOLD_UNWRITTEN_S)
    assert whats(desk.to_tell()) == [What.OPENED]
    desk.take([goes_on(20, 3.4)])
    disk.fails = False
    assert desk.flush(at_once=True)
    assert whats(desk.to_tell()) == [What.UPDATED], "what was told before it was written down is not told again"
    assert len(kept(disk)) == 2


def test_what_waits_is_bounded_and_what_says_least_is_given_up_first(
    desk: AlertDesk, disk: Disk, clock: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_desk, "MOST_WAITING", 4)
    disk.fails = True
    desk.take([opens(), goes_on(20, 3.4), goes_on(40, 3.9), goes_on(60, 4.5), goes_on(80, 5.5)])
    assert (desk.waiting, desk.lost) == (4, 1)
    desk.take([says(What.ENDED, 100), opens(110, "00000000000000b2", Cause("crowd", "gate", "hall"))])
    assert (desk.waiting, desk.lost) == (4, 3)
    disk.fails = False
    desk.flush(at_once=True)
    assert whats(kept(disk)) == [What.OPENED, What.UPDATED, What.ENDED, What.OPENED]
    (first, second) = alerts_of(kept(disk))
    assert (first.state, second.state) == (State.ENDED, State.OPEN)


def test_people_and_rules_at_once_leave_a_log_that_says_what_memory_says(disk: Disk, journal: KeptJournal) -> None:
    clock = SimulatedClock(NOON)
    desk = AlertDesk(disk, clock, journal)
    desk.take([opens()])
    begin = threading.Barrier(4)

    def people(who: str) -> None:
        begin.wait(10)
        for number in range(40):
            desk.act(ALERT, [What.ACKNOWLEDGED, What.COMMENTED][number % 2], who, f"{who} {number}")

    def rules() -> None:
        begin.wait(10)
        for second in range(1, 60):
            what = [What.ENDED, What.RETURNED][second % 2]
            desk.take([says(what, second, value=2.5 + second / 100)])
            desk.flush()

    threads = [threading.Thread(target=people, args=(who,)) for who in ("anna", "ben", "carl")] + [threading.Thread(target=rules)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.flush(at_once=True)
    events = kept(disk)
    assert [event.number for event in events] == list(range(len(events))), "in the order of their numbers, none twice"
    assert desk.to_tell() == events
    (alert,) = alerts_of(events)
    assert alert == desk.open()[0]
    assert len(alert.remarks) == 120


class Stalling(SimulatedClock):
    """A clock that holds up the thread of that name, once, where it asks for the time."""

    def __init__(self, name: str) -> None:
        super().__init__(NOON)
        self.name, self.stalls, self.go_on = name, threading.Event(), threading.Event()

    def monotonic_s(self) -> float:
        if threading.current_thread().name == self.name and not self.stalls.is_set():
            self.stalls.set()
            self.go_on.wait(20)
        return super().monotonic_s()


def test_an_act_between_what_rules_say_and_its_place_in_line_comes_after_it(disk: Disk, journal: KeptJournal) -> None:
    clock = Stalling("rules")
    desk = AlertDesk(disk, clock, journal)
    desk.take([opens()])
    desk.flush()
    rules = threading.Thread(target=lambda: desk.take([says(What.ENDED, 20)]), name="rules")
    rules.start()
    assert clock.stalls.wait(20)
    somebody = threading.Thread(target=lambda: desk.act(ALERT, What.ACKNOWLEDGED, "anna"), name="anna")
    somebody.start()
    somebody.join(0.2)
    clock.go_on.set()
    for thread in (rules, somebody):
        thread.join(20)
    desk.flush()
    assert [(event.number, event.what) for event in kept(disk)] == [(0, What.OPENED), (1, What.ENDED), (2, What.ACKNOWLEDGED)]


def test_after_a_restart_everything_is_as_it_was(desk: AlertDesk, disk: Disk, clock: SimulatedClock, journal: KeptJournal) -> None:
    """In each state that an alert can be in."""
    states: list[list[Event | tuple[What, str]]] = [
        [],
        [(What.ACKNOWLEDGED, "hm")],
        [(What.CLOSED, "")],
        [says(What.ENDED, 20)],
        [says(What.ENDED, 20), (What.CLOSED, "")],
        [says(What.ENDED, 20), says(What.RETURNED, 40)],
        [says(What.ENDED, 20), says(What.CLOSED, 320)],
        [(What.CLOSED, ""), says(What.ENDED, 20), says(What.CLOSED, 320), (What.COMMENTED, "later")],
    ]
    for number, steps in enumerate(states):
        name = f"{number:016x}"
        desk.take([opens(0, name, Cause("crowd", "gate", f"z{number}"))])
        for step in steps:
            if isinstance(step, Event):
                desk.take([Event(alert=name, number=0, what=step.what, wall_s=step.wall_s)])
            else:
                desk.act(name, step[0], "anna", step[1])
    desk.flush()
    again = AlertDesk(disk, clock, journal)
    again.restore()
    assert sorted(again.of_day(TODAY), key=lambda one: one.id) == sorted(desk.of_day(TODAY), key=lambda one: one.id)
    assert again.standing() == desk.standing()
    assert len(again.standing()) == 6
    assert again.waiting == 0


def test_after_a_restart_listeners_are_told_again_of_what_they_may_have_missed(desk: AlertDesk, disk: Disk, journal: KeptJournal) -> None:
    desk.take([opens(), says(What.CLOSED, 60), opens(70, "00000000000000b2")])
    desk.flush()
    told = desk.to_tell()
    again = AlertDesk(disk, SimulatedClock(NOON + 100), journal)
    again.restore()
    assert again.to_tell() == told, "they drop what they know, by alert and number"
    late = AlertDesk(disk, SimulatedClock(NOON + TOLD_AGAIN_S + 1000), journal)
    late.restore()
    assert [event.alert for event in late.to_tell()] == ["00000000000000b2"], "of what is still open in any case"


def test_two_alerts_of_a_cause_are_one_after_a_restart(disk: Disk, clock: SimulatedClock, journal: KeptJournal) -> None:
    """The close of the first was on a line that a crash cut."""
    disk.append([Line(NOON, opens()), Line(NOON, opens(60, "00000000000000b2"))])
    desk = AlertDesk(disk, clock, journal)
    desk.restore()
    desk.flush()
    assert [(event.what, event.words) for event in kept(disk)][2:] == [(What.CLOSED, SUPERSEDED)]
    assert [standing.alert for standing in desk.standing()] == ["00000000000000b2"]


def test_a_day_that_cannot_be_read_is_said_and_the_others_are(desk: AlertDesk, disk: Disk, clock: SimulatedClock, journal: KeptJournal) -> None:
    desk.take([opens()])
    desk.flush()
    (disk.folder / "2026-11-22.jsonl").mkdir()
    again = AlertDesk(disk, clock, journal)
    again.restore()
    assert len(again.open()) == 1
    (said,) = journal.of("alerts of before cannot be read")
    assert said["day"] == "2026-11-22"


def test_an_old_alert_is_found_and_can_be_commented(desk: AlertDesk, disk: Disk) -> None:
    desk.take([opens(), says(What.CLOSED, 60)])
    for number in range(MOST_CLOSED + 1):
        name = f"{number + 4096:016x}"
        desk.take([opens(number, name, STAIRS), says(What.CLOSED, number, name)])
    desk.flush()
    desk.to_tell()
    assert desk.act(ALERT, What.COMMENTED, "anna", "it was a concert").remarks[0].by == "anna"
    assert kept(disk)[-1].number == 2


def test_whoever_acts_on_an_old_alert_holds_up_nobody_while_the_log_is_read(desk: AlertDesk, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.take([opens()])
    desk.flush()
    later = AlertDesk(disk, SimulatedClock(NOON + 9 * DAY_S), KeptJournal())
    find = disk.find

    def slow(alert: str) -> object:
        other = threading.Thread(target=later.take, args=([opens(60, "00000000000000b2")],), daemon=True)
        other.start()
        other.join(10)
        assert not other.is_alive(), "rules are heard meanwhile"
        return find(alert)

    monkeypatch.setattr(disk, "find", slow)
    assert later.act(ALERT, What.COMMENTED, "anna", "seen").remarks[0].by == "anna"


def test_nobody_acts_on_what_is_due_and_a_deleted_day_does_not_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_ = Kept(tmp_path, 2 * DAY_S)
    kept_.desk.take([opens(), says(What.CLOSED, 60)])
    kept_.desk.flush()
    kept_.clock.sleep(1.6 * DAY_S)
    with pytest.raises(AlertError, match="no such alert"):
        kept_.desk.act(ALERT, What.COMMENTED, "anna", "seen")
    found = kept_.desk.log.find(ALERT)
    kept_.retention.sweep()
    monkeypatch.setattr(kept_.desk.log, "find", lambda _: found)  # read just before it was deleted
    with pytest.raises(AlertError, match="no such alert"):
        kept_.desk.act(ALERT, What.COMMENTED, "anna", "seen")
    assert kept_.days() == []


def test_what_a_channel_says_is_kept_and_not_told_to_channels(desk: AlertDesk, disk: Disk) -> None:
    desk.take([opens()])
    desk.told(ALERT, "duty-phone", "delivered")
    desk.told("00000000000000ff", "duty-phone", "delivered")
    desk.flush()
    assert whats(desk.to_tell()) == [What.OPENED]
    assert [(event.what, event.channel) for event in kept(disk)] == [(What.OPENED, ""), (What.TOLD, "duty-phone")]


def test_five_thousand_alerts_in_a_minute_are_all_kept_and_told(desk: AlertDesk, disk: Disk) -> None:
    for second in range(60):
        desk.take(opens(second, f"{second * 100 + number:016x}", Cause("cameras", f"c{second * 100 + number}")) for number in range(84))
        desk.flush()
    assert len(desk.to_tell()) == len(kept(disk)) == len(desk.open()) == 60 * 84


# Retention


class Kept:
    """A desk and what deletes, with a clock that can be set."""

    def __init__(self, folder: Path, retention_s: float, clock: SetClock | None = None) -> None:
        self.folder, self.clock, self.journal = folder, SetClock(NOON) if clock is None else clock, KeptJournal()
        self.receipts = FileReceipts(folder / "receipts.jsonl")
        made = kept_alerts(folder / "alerts", retention_s, self.receipts, self.clock, self.journal, SetMachine(self.clock))
        self.desk, self.retention = made
        self.desk.restore()

    def pass_days(self, days: float) -> None:
        self.clock.sleep(days * DAY_S)
        self.retention.sweep()

    def days(self) -> list[date]:
        return self.desk.log.days()


def test_alerts_go_by_whole_days_when_they_are_due_with_a_receipt(tmp_path: Path) -> None:
    kept_ = Kept(tmp_path, 2 * DAY_S)
    desk = kept_.desk
    desk.take([opens(), says(What.CLOSED, 60), opens(70, "00000000000000b2")])
    desk.flush()
    kept_.pass_days(1.4)
    assert desk.find(ALERT) is not None
    kept_.pass_days(0.2)
    assert desk.find(ALERT) is None
    (receipt,) = read_receipts(tmp_path / "receipts.jsonl")
    assert (receipt.kind, receipt.why) == (Act.DELETED, WHY)
    (anew,) = desk.open()
    assert (anew.cause, anew.opened_wall_s) == (STAIRS, kept_.clock.wall_s())
    assert kept_.days() == [date(2026, 11, 25)], "what goes on does so as another alert"
    assert TOO_OLD in [event.words for event in desk.to_tell()]
    desk.take([says(What.ENDED, 2 * DAY_S, "00000000000000b2")])
    assert desk.open()[0].state is State.ENDED, "the rules go on with the id that they know"


@pytest.mark.parametrize("set_by_s", [0.0, 40 * DAY_S, -40 * DAY_S])
def test_what_is_due_goes_at_its_time_whatever_the_clock_was_set_to(tmp_path: Path, set_by_s: float) -> None:
    kept_ = Kept(tmp_path, 30 * DAY_S)
    kept_.desk.take([opens(), says(What.CLOSED, 60)])
    kept_.desk.flush()
    kept_.pass_days(1)
    kept_.clock.set(set_by_s)
    kept_.pass_days(28)
    assert kept_.days() == [TODAY]
    kept_.pass_days(2)
    assert kept_.days() == []


def test_what_is_due_is_deleted_before_anything_is_taken_over_at_the_start(tmp_path: Path) -> None:
    before = Kept(tmp_path, 30 * DAY_S)
    before.desk.take([opens()])
    before.desk.flush()
    before.retention.close()
    assert len(Kept(tmp_path, 30 * DAY_S, before.clock).desk.open()) == 1
    assert Kept(tmp_path, 0.25 * DAY_S, before.clock).desk.open() == []


def test_deletion_does_not_wait_for_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_ = Kept(tmp_path, DAY_S)
    kept_.desk.take([opens()])
    kept_.desk.flush()

    def fails(*_arguments: object) -> None:
        raise OutputError("No space left on device")

    monkeypatch.setattr(AlertLog, "append", fails)
    kept_.pass_days(1)
    assert kept_.days() == []
    assert len(kept_.desk.open()) == 1, "what goes on is still shown"


@pytest.mark.parametrize("late", [False, True], ids=["room at once", "told before there is room"])
def test_a_day_that_was_deleted_while_the_disk_was_full_does_not_come_back_and_all_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    kept_ = Kept(tmp_path, DAY_S)
    kept_.desk.take([opens()])
    kept_.desk.flush()
    kept_.desk.to_tell()

    def fails(*_arguments: object) -> None:
        raise OutputError("No space left on device")

    with monkeypatch.context() as full:
        full.setattr(AlertLog, "append", fails)
        kept_.pass_days(1)
        kept_.clock.sleep(TOLD_UNWRITTEN_S)
        told = kept_.desk.to_tell() if late else []
    assert kept_.desk.flush(at_once=True)
    told += kept_.desk.to_tell()
    assert [(event.what, event.words) for event in told] == [(What.CLOSED, TOO_OLD), (What.OPENED, "crowded")]
    assert (kept_.desk.waiting, kept_.desk.written, kept_.desk.lost) == (0, 2, 0)
    assert kept_.days() == [date(2026, 11, 24)], "only the day on which it goes on"
    kept_.retention.sweep()
    assert len(read_receipts(tmp_path / "receipts.jsonl")) == 1


def test_what_was_never_written_down_of_a_day_that_is_due_by_now_is_told_and_not_written_any_more(tmp_path: Path) -> None:
    kept_ = Kept(tmp_path, DAY_S)
    kept_.desk.take([opens(), says(What.CLOSED, 60)])
    kept_.clock.sleep(DAY_S)
    assert kept_.desk.flush(at_once=True)
    assert whats(kept_.desk.to_tell()) == [What.OPENED, What.CLOSED]
    assert kept_.days() == []
