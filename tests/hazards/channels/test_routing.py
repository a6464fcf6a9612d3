"""Who is told of what and when: severities, rules, cameras, escalation, quiet hours, and what a restart or a clock that jumps changes: nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.channels import waiting as waiting_module
from passerby.hazards.channels.delivery import Delivery
from passerby.hazards.channels.known import known_after
from passerby.hazards.channels.routing import OLD_S, Routing
from passerby.hazards.channels.waiting import NAME, Waiting
from passerby.hazards.kept_alert import State
from passerby.hazards.kept_alert import after as alert_after
from passerby.hazards.kept_alert import opened as alert_opened
from passerby.hazards.outbox import ALERTS, Outbox
from passerby.site.settings import Site
from tests.support.journals import KeptJournal
from tests.support.site_files import camera_table
from tests.support.told import channel_table, opened, site_with, then

NOW_S = 1_764_000_000.0  # Monday, 2025-11-24 16:00 UTC
A, B = "a" * 16, "b" * 16


class SetClock(SimulatedClock):
    """A clock whose wall time may be set, as an administrator does."""

    jump_s = 0.0

    def wall_s(self) -> float:
        return super().wall_s() + self.jump_s


class Told:
    """Routing on a file, as one test sees it."""

    def __init__(self, site: Site, clock: SimulatedClock) -> None:
        self.site, self.clock = site, clock
        self.begin()

    def begin(self) -> None:
        self.waiting = Waiting(self.site.state_folder / ALERTS, self.clock.wall_s())
        self.routing = Routing(self.waiting, self.clock)

    def restart(self) -> None:
        self.waiting.close()
        self.begin()

    def give(self, *events: Event) -> None:
        with self.waiting.at_once():
            for event in events:
                self.routing.accept(self.site, event)

    def after(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        self.routing.escalate(self.site)

    def waits(self, channel: str, *, quiet: bool = False) -> list[str]:
        return [f"{row.delivery.alert[0]}{row.delivery.number} {row.delivery.what}" for row in self.waiting.next(channel, 1000, quiet=quiet)]

    def first(self, channel: str) -> Delivery:
        return self.waiting.next(channel, 1, quiet=False)[0].delivery


def told(folder: Path, *channels: str, clock: SimulatedClock | None = None) -> Told:
    return Told(site_with(folder, *channels, cameras=camera_table() + camera_table("gate-2")), clock or SimulatedClock(NOW_S))


def at(event: Event, wall_s: float = NOW_S) -> Event:
    return Event(**{name: getattr(event, name) for name in event.__struct_fields__} | {"wall_s": wall_s})


def test_a_channel_hears_of_its_severities_rules_and_cameras_only(tmp_path: Path) -> None:
    one = told(
        tmp_path,
        channel_table("all", severities='["notice", "warning", "alarm"]'),
        channel_table("alarms", severities='["alarm"]'),
        channel_table("cameras", hazards='["camera"]', severities='["notice"]'),
        channel_table("gate-2", cameras='["gate-2"]'),
    )
    one.give(at(opened(A)), at(opened(B, Severity.NOTICE, kind=HazardKind.CAMERA, cause=Cause("cameras", "gate-2"))))
    assert one.waits("all") == ["a0 opened", "b0 opened"]
    assert one.waits("alarms") == []
    assert one.waits("cameras") == ["b0 opened"]
    assert one.waits("gate-2") == []


def test_who_was_told_that_it_opened_is_told_how_it_goes_on_and_nobody_else(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table(tells='["opened", "ended"]'), channel_table("alarms", severities='["alarm"]'))
    one.give(at(opened(A)), then(A, 1, What.COMMENTED, words="coming"), then(A, 2, What.ENDED), then(A, 3, What.CLOSED))
    assert one.waits("ops") == ["a0 opened", "a2 ended"]
    assert one.waits("alarms") == []


def test_an_alert_that_becomes_an_alarm_is_told_to_who_hears_of_alarms(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table(tells='["opened"]'), channel_table("alarms", severities='["alarm"]'))
    one.give(at(opened(A)), then(A, 1, What.UPDATED, value=3.0), then(A, 2, What.UPDATED, value=4.5, severity=Severity.ALARM), then(A, 3, What.ENDED))
    assert one.waits("ops") == ["a0 opened", "a2 updated"]
    assert one.waits("alarms") == ["a2 updated", "a3 ended"]
    assert one.first("alarms").severity is Severity.ALARM
    assert one.first("alarms").words == opened().words


def test_a_channel_of_escalation_is_told_once_nobody_has_acknowledged_it_in_time(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table(), channel_table("boss", escalate_after='"5 min"'))
    one.give(at(opened(A)), at(opened(B)), then(B, 1, What.ACKNOWLEDGED, by="operator"))
    one.after(299)
    assert one.waits("boss") == []
    one.after(2)
    assert one.waits("boss") == ["a0 opened"]
    assert one.first("boss").escalated
    assert one.first("boss").words.endswith("; nobody has acknowledged it for 5 min")
    one.give(then(A, 1, What.ENDED))
    one.after(600)
    assert one.waits("boss") == ["a0 opened", "a1 ended"]


@pytest.mark.parametrize("over", [What.ENDED, What.CLOSED, What.ACKNOWLEDGED])
def test_what_is_over_or_in_hand_is_not_escalated(over: What, tmp_path: Path) -> None:
    one = told(tmp_path, channel_table("boss", escalate_after='"1 min"'))
    one.give(at(opened(A)))
    one.after(59)
    one.give(then(A, 1, over))
    one.after(600)
    assert one.waits("boss") == []


def test_a_hazard_that_flaps_and_nobody_acknowledges_is_escalated_when_it_is_back(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table("boss", escalate_after='"1 min"'))
    one.give(at(opened(A)))
    for number in range(1, 7, 2):
        one.after(6)
        one.give(then(A, number, What.ENDED))
        one.after(6)
        assert one.waits("boss") == [], "while it is over nobody is told"
        if number < 5:
            one.give(then(A, number + 1, What.RETURNED))
    one.after(600)
    assert one.waits("boss") == []
    one.give(then(A, 6, What.RETURNED))
    one.after(0.5)
    assert [words.split()[1] for words in one.waits("boss")] == ["opened"], "its time has passed: it is told at once"


def test_who_has_a_warning_in_hand_has_not_an_alarm_in_hand(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table("boss", escalate_after='"1 min"', severities='["alarm"]'), channel_table("duty", escalate_after='"1 min"'))
    one.give(at(opened(A)), then(A, 1, What.ACKNOWLEDGED, by="operator"), then(A, 2, What.UPDATED, value=3.0, severity=Severity.WARNING))
    one.after(600)
    assert one.waits("duty") == []
    one.give(then(A, 3, What.UPDATED, value=4.5, severity=Severity.ALARM))
    one.after(59)
    assert one.waits("boss") == one.waits("duty") == []
    one.after(2)
    assert [one.first(name).severity for name in ("boss", "duty")] == [Severity.ALARM] * 2


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([what for what in What if what is not What.OPENED]),
        st.sampled_from([None, *Severity]),
        st.sampled_from(["passerby", "anna"]),
    ),
    max_size=12,
)


@given(st.sampled_from(Severity), EVENTS)
def test_what_a_channel_knows_of_an_alert_is_what_the_book_says(severity: Severity, what: list[tuple[What, Severity | None, str]]) -> None:
    first = at(opened(A, severity))
    known, alert = known_after(None, first), alert_opened(first)
    for number, (happened, now, by) in enumerate(what, 1):
        event = then(A, number, happened, wall_s=NOW_S + number, severity=now if happened in (What.UPDATED, What.RETURNED) else None, by=by)
        assert known is not None
        assert alert is not None
        known, alert = known_after(known, event), alert_after(alert, event)
        assert known is not None
        assert (known.open, known.closed, known.finished) == (alert.state is State.OPEN, alert.is_closed, alert.finished)
        assert (known.acknowledged, known.severity) == (bool(alert.acknowledged_by), alert.severity)
    assert known_after(known, first) == known, "an opening is once"


@pytest.mark.parametrize("jump_s", [-90_000.0, 90_000.0])
def test_a_clock_that_jumps_hurries_and_delays_no_escalation(jump_s: float, tmp_path: Path) -> None:
    clock = SetClock(NOW_S)
    one = told(tmp_path, channel_table("boss", escalate_after='"5 min"'), clock=clock)
    one.give(at(opened(A)))
    one.after(10)
    clock.jump_s = jump_s
    one.after(280)
    assert one.waits("boss") == []
    one.after(11)
    assert one.waits("boss") == ["a0 opened"]


def test_an_escalation_goes_on_after_a_restart(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table("boss", escalate_after='"5 min"'))
    one.give(at(opened(A)))
    one.after(200)
    one.restart()
    one.after(99)
    assert one.waits("boss") == []
    one.after(2)
    assert one.waits("boss") == ["a0 opened"]
    one.restart()
    one.after(1000)
    assert one.waits("boss") == ["a0 opened"]


def test_what_was_before_there_were_channels_is_told_to_nobody(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table())
    one.give(at(opened(A), NOW_S - OLD_S - 1), at(opened(B), NOW_S - 1), then(A, 1, What.UPDATED))
    assert one.waits("ops") == ["b0 opened"]


def test_in_quiet_hours_alarms_are_told_with_what_was_held_of_them(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table())
    one.give(at(opened(A)), at(opened(B)))
    assert one.waits("ops", quiet=True) == []
    one.give(then(B, 1, What.UPDATED, severity=Severity.ALARM), then(B, 2, What.ENDED))
    assert one.waits("ops", quiet=True) == ["b0 opened", "b1 updated", "b2 ended"]
    assert one.waits("ops") == ["a0 opened", "b0 opened", "b1 updated", "b2 ended"]


def test_an_exercise_is_called_one_whatever_the_template_says(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table(title='"{words}"', template='"{severity}"'))
    one.give(at(opened(A, exercise=True, words="crowded")))
    assert (one.first("ops").title, one.first("ops").text, one.first("ops").exercise) == ("EXERCISE: crowded", "EXERCISE: warning", True)


def test_more_than_can_wait_becomes_dead_letters_of_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_module, "MOST_WAITING", 3)
    one = told(tmp_path, channel_table())
    one.give(*(at(opened(f"{number}" * 16)) for number in range(5)))
    assert one.waits("ops") == ["20 opened", "30 opened", "40 opened"]
    assert [(row.delivery.alert[0], row.why) for row in one.waiting.dead()] == [("0", "too much was waiting"), ("1", "too much was waiting")]


def test_a_file_that_is_damaged_is_set_aside_and_said(tmp_path: Path) -> None:
    site = site_with(tmp_path, channel_table())
    folder = site.state_folder / ALERTS
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"this is no database at all" * 100)
    journal = KeptJournal()
    box = Outbox(folder, site, SimulatedClock(NOW_S), journal, environ={})
    box.accept(at(opened(A)))
    assert box.stop(1)
    assert journal.of("the outbox was damaged and was set aside: what waited in it is not told") == [{"file": f"{NAME}.damaged"}]
    assert (folder / f"{NAME}.damaged").exists()


def test_what_cannot_be_kept_is_refused_and_can_be_given_again(tmp_path: Path) -> None:
    one = told(tmp_path, channel_table())
    one.waiting._file._database.execute("PRAGMA query_only = ON")
    with pytest.raises(OutputError, match="cannot be written"):
        one.give(at(opened(A)))
    one.waiting._file._database.execute("PRAGMA query_only = OFF")
    one.give(at(opened(A)))
    assert one.waits("ops") == ["a0 opened"]
