"""The thread that watches for hazards: nobody waits for it, what it drops it counts, what fails is said, and rules see seconds as a replay does."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passerby.errors import OutputError
from passerby.hazards.alert import Cause, Event, HazardKind, Severity, What
from passerby.hazards.alert_log import AlertLog
from passerby.released.measurement import Pulse
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.hazard_thread import AHEAD_S, LAG_S, LATE_S, STEP_S, HazardThread
from passerby.supervise.heard_queue import MOST_OF
from tests.support.alerts import ALERT, NOON, ToldRules, goes_on, opens, says
from tests.support.journals import KeptJournal
from tests.support.recorded import SetClock
from tests.support.site_now import health, message, whole_plate

SITE = Site.model_validate(
    {"site": {"name": "Station"}, "camera": [{"id": one, "source": "rtsp://camera/1", "purpose": "Crowding is seen."} for one in ("gate", "hall")]}
)
WITHIN_S = 20.0


class Watch:
    """A thread, its rules and its disk. Not started: a test has it step."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.journal = SetClock(NOON + 0.5), KeptJournal()
        self.rules: list[ToldRules] = []
        self.told: list[Event] = []
        self.desk = AlertDesk(AlertLog(folder / "alerts"), self.clock, self.journal)
        self.thread = self.anew()

    def anew(self, *listeners: Callable[[Sequence[Event]], None]) -> HazardThread:
        return HazardThread(SITE, self.new_rules, self.desk, None, self.clock, self.journal, listeners or (self.told.extend,))

    def new_rules(self, _site: Site) -> ToldRules:
        self.rules.append(ToldRules())
        return self.rules[-1]

    @property
    def now(self) -> ToldRules:
        return self.rules[-1]

    def step(self, *say: Event, pass_s: float = 1.0) -> None:
        if not self.rules:
            self.thread.step()
        self.now.say += say
        self.clock.sleep(pass_s)
        self.thread.step()

    def scene(self, camera: str = "gate", late_s: float = 0.0, **more: Any) -> Any:
        return msgspec.structs.replace(message(camera, **more), captured_wall_s=self.clock.wall_s() - late_s)

    def pulse(self, camera: str = "gate") -> Pulse:
        return Pulse(camera, self.clock.wall_s(), 1.0)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_rules_hear_what_came_and_are_read_a_second_behind(watch: Watch) -> None:
    scene, pulse, how = watch.scene(), watch.pulse(), health("hall")
    for one in (scene, pulse, how):
        watch.thread.accept(one)
    watch.step()
    assert [(one, at_s) for one, at_s in watch.now.heard] == [(scene, NOON + 0.5), (pulse, NOON + 0.5), (how, NOON + 0.5)]
    assert watch.now.ticks == [NOON + 0.5 - LAG_S, NOON + 1.5 - LAG_S]


def test_what_rules_say_is_written_down_and_then_told(watch: Watch) -> None:
    on_disk: list[int] = []
    watch.thread.listen(lambda _event: on_disk.append(len(watch.desk.log.events(watch.desk.log.days()[0]))))
    watch.step(opens())
    watch.step(goes_on(20, 3.4))
    assert [event.what for event in watch.told] == [What.OPENED, What.UPDATED]
    assert on_disk == [1, 2]


def test_the_plate_is_taken_out_of_what_waits(watch: Watch) -> None:
    watch.thread.accept(watch.scene(patches=whole_plate(), glyphs=2))
    watch.step()
    ((scene, _),) = watch.now.heard
    assert isinstance(scene, type(watch.scene()))
    assert (scene.scene.patches, len(scene.scene.glyphs)) == ((), 2)


def test_the_newest_of_each_camera_wait_and_the_others_are_counted_and_said(watch: Watch) -> None:
    most = MOST_OF[Pulse]
    for _ in range(most + 3):
        watch.clock.sleep(0.01)
        watch.thread.accept(watch.pulse())
    watch.thread.accept(watch.scene())
    watch.thread.accept(watch.pulse("hall"))
    newest = watch.clock.wall_s()
    watch.step()
    heard = [one for one, _ in watch.now.heard]
    pulses = [one for one in heard if isinstance(one, Pulse) and one.camera == "gate"]
    assert (len(heard), len(pulses), pulses[-1].wall_s) == (most + 2, most, newest), "neither another camera nor another kind pays for it"
    assert watch.thread.health().dropped == {"gate": 3}
    (said,) = watch.journal.of("the rules did not hear all messages: they are behind")
    assert said["dropped"] == 3


@pytest.mark.parametrize("late_s", [LATE_S + 1, -AHEAD_S - 1])
def test_what_is_of_another_time_or_camera_is_not_heard(watch: Watch, late_s: float) -> None:
    watch.thread.accept(watch.scene(late_s=late_s))
    watch.thread.accept(watch.scene("cellar"))
    watch.step()
    assert watch.now.heard == []


def test_nobody_waits_for_rules_that_hang(watch: Watch) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def hang(wall_s: float) -> list[Event]:
        entered.set()
        go_on.wait(WITHIN_S)
        return []

    watch.step()
    watch.now.tick = hang  # type: ignore[method-assign]
    thread = threading.Thread(target=watch.thread.step)
    thread.start()
    assert entered.wait(WITHIN_S)
    begun_s = time.monotonic()
    for _ in range(1000):
        watch.thread.accept(watch.scene())
    watch.thread.health()
    watch.thread.follow(SITE)
    watch.thread.put([opens()])
    assert time.monotonic() - begun_s < WITHIN_S / 2
    go_on.set()
    thread.join(WITHIN_S)
    watch.step()
    assert watch.thread.health().dropped == {"gate": 1000 - MOST_OF[type(watch.scene())]}


def test_a_thread_that_hangs_or_died_is_seen(watch: Watch) -> None:
    assert not watch.thread.health().alive
    watch.step()
    watch.clock.sleep(45)
    assert watch.thread.health().ticked_ago_s == 45


def test_rules_that_fail_are_named_and_the_others_go_on(watch: Watch) -> None:
    watch.step()
    watch.now.failing = {"platform-crowd": "ZeroDivisionError"}
    watch.step(opens())
    assert len(watch.told) == 1
    assert watch.thread.health().failing == "rules that fail: 'platform-crowd' (ZeroDivisionError)"
    watch.now.failing = {}
    watch.step()
    assert watch.thread.health().failing == ""
    assert [event for _, event, _ in watch.journal.events] == ["watching for hazards failed", "watching for hazards works again"]


def test_an_engine_that_fails_as_a_whole_is_said_and_begins_anew_with_what_stands(watch: Watch) -> None:
    watch.step(opens())
    watch.now.fails = RuntimeError("a secret")
    watch.step()
    assert watch.thread.health().failing == "unexpected RuntimeError"
    watch.step()
    assert len(watch.rules) == 2
    assert [one.alert for one in watch.now.resumed[0]] == [ALERT]
    assert watch.thread.health().failing == ""
    watch.step(says(What.ENDED, 60))
    assert watch.told[-1].what is What.ENDED


@pytest.mark.parametrize("by_s", [3600.0, -3600.0, 400 * 86400.0, STEP_S + 0.1])
def test_rules_begin_anew_where_the_clock_was_set_and_alerts_stand(watch: Watch, by_s: float) -> None:
    watch.step(opens())
    watch.clock.set(by_s)
    watch.step()
    assert len(watch.rules) == 2
    assert [(one.alert, one.over) for one in watch.now.resumed[0]] == [(ALERT, True)]
    assert watch.now.ticks == [watch.clock.wall_s() - LAG_S], "no second between is read"
    assert watch.journal.of("the clock was set: the rules begin anew") == [{"seconds": round(by_s, 1)}]
    watch.step()
    assert len(watch.rules) == 2


def test_a_clock_that_is_slewed_is_not_set(watch: Watch) -> None:
    for _ in range(100):
        watch.clock.set(0.05)
        watch.step()
    assert len(watch.rules) == 1


def test_after_a_restart_rules_go_on_with_what_stands(watch: Watch, tmp_path: Path) -> None:
    watch.step(opens(), opens(0, "00000000000000b2", Cause("crowd", "gate", "hall")), opens(0, "00000000000000c3", Cause("crowd", "hall")))
    watch.desk.act("00000000000000b2", What.CLOSED, "anna")
    watch.step(says(What.ENDED, 20, "00000000000000c3"))
    again = Watch(tmp_path)
    again.step()
    assert {(one.alert, one.over) for one in again.now.resumed[0]} == {(ALERT, True), ("00000000000000b2", True), ("00000000000000c3", False)}
    assert [event.alert for event in again.told].count(ALERT) == 1, "listeners are told again: they may not have heard"


def test_a_changed_site_is_followed_with_its_cameras(watch: Watch) -> None:
    watch.step()
    cellar = SITE.model_copy(update={"cameras": (SITE.cameras[0].model_copy(update={"id": "cellar"}),)})
    watch.thread.follow(cellar)
    watch.thread.accept(watch.scene("cellar"))
    watch.thread.accept(watch.scene("gate"))
    watch.step()
    assert watch.now.sites == [cellar]
    assert [getattr(one, "camera", "") for one, _ in watch.now.heard] == ["cellar"]


def test_events_of_others_are_taken_as_those_of_the_rules(watch: Watch) -> None:
    watch.step()
    watch.thread.put([opens(cause=Cause("channel", "", "mail"), kind=HazardKind.CHANNEL)])
    watch.step()
    assert [event.kind for event in watch.told] == [HazardKind.CHANNEL]
    again = watch.anew()
    again.step()
    assert watch.now.resumed == [[]], "rules know nothing of channels"


def test_a_listener_that_fails_is_told_again_in_order_and_holds_up_no_other(watch: Watch) -> None:
    fails, heard = [True], list[What]()

    def grumpy(events: Sequence[Event]) -> None:
        if fails[0]:
            raise OutputError("the outbox is full")
        heard.extend(event.what for event in events)

    watch.thread.listen(grumpy)
    watch.step(opens())
    watch.step(goes_on(20, 3.4))
    assert len(watch.told) == 2
    assert (watch.thread.health().failing, watch.thread.health().untold) == ("the outbox is full", 2)
    fails[0] = False
    watch.step(pass_s=60)
    assert heard == [What.OPENED, What.UPDATED]
    assert watch.thread.health().failing == ""


def test_health_counts_open_alerts_by_severity_without_exercises(watch: Watch) -> None:
    watch.step(
        opens(),
        opens(0, "00000000000000b2", Cause("crowd", "hall"), severity=Severity.ALARM),
        opens(0, "00000000000000c3", Cause("drill", "hall"), exercise=True),
    )
    watch.desk.act(ALERT, What.ACKNOWLEDGED, "anna")
    now = watch.thread.health()
    assert now.open == {Severity.NOTICE: 0, Severity.WARNING: 1, Severity.ALARM: 1}
    assert (now.unacknowledged, now.written, now.waiting, now.lost) == (1, 4, 0, 0)


def test_health_counts_what_was_opened_by_kind_and_severity_once_for_each_alert_without_exercises(watch: Watch, tmp_path: Path) -> None:
    watch.step(
        opens(),
        goes_on(1),
        opens(0, "00000000000000b2", Cause("crowd", "hall"), severity=Severity.ALARM),
        opens(0, "00000000000000c3", Cause("drill", "hall"), exercise=True),
        opens(1, "00000000000000d4", Cause("crowd", "hall")),
    )
    expected = {(HazardKind.DENSITY, Severity.WARNING): 1, (HazardKind.DENSITY, Severity.ALARM): 1}
    assert watch.thread.health().opened == expected
    assert watch.thread.stop(WITHIN_S)
    again = Watch(tmp_path)
    assert again.thread.health().opened == {}, "what was opened before the start is not counted again"


def test_it_runs_in_a_thread_of_its_own_and_ends_with_all_written_down(watch: Watch) -> None:
    told = threading.Event()
    thread = watch.anew(lambda _event: told.set())
    thread.start()
    thread.put([opens()])
    assert told.wait(WITHIN_S)
    told.clear()
    watch.desk.act(ALERT, What.ACKNOWLEDGED, "anna")
    assert told.wait(WITHIN_S), "what somebody does is told at once"
    assert thread.health().alive
    thread.put([goes_on(20, 3.4)])
    assert thread.stop(WITHIN_S)
    assert not thread.health().alive
    assert len(watch.desk.log.events(watch.desk.log.days()[0])) == 3


def test_one_that_was_never_started_ends_too(watch: Watch) -> None:
    assert watch.thread.stop(1.0)
