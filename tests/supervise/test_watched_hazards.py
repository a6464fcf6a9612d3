"""A running site that watches for hazards with its real rules: what they hear of it, and what is said when watching fails."""

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from passerby.hazards.alert import Cause, Event, What
from passerby.hazards.alert_log import AlertLog
from passerby.hazards.engine import Engine
from passerby.hazards.kept_alert import State
from passerby.record.settings import RecordingSettings
from passerby.released.measurement import Pulse, ZonePulse
from passerby.site.orders import Configure
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.hazard_thread import LAG_S, HazardThread
from passerby.supervise.running_site import STANDS_STILL_S, CameraFacts, RunningSite
from passerby.supervise.worker_health import WorkerHealth
from tests.support.alerts import NOON, ToldRules, opens
from tests.support.journals import KeptJournal
from tests.support.recorded import SetClock
from tests.support.site_now import health, message, worker

SITE = Site.model_validate(
    {
        "site": {"name": "Station"},
        "hazards": {"cameras": False},
        "camera": [{"id": "gate", "source": "rtsp://camera/1", "purpose": "Crowding is seen."}],
        "zone": [{"camera": "gate", "id": "stairs", "polygon": [[0, 0], [40, 0], [40, 40]]}],
        "hazard": [{"id": "full", "kind": "occupancy", "camera": "gate", "zone": "stairs", "limit": 5, "for": "3 s", "clear_for": "2 s"}],
    }
)
CROWD = (2, 6, 7, 8, 8, 9, 8, 7, 3, 2, 2, 2, 1, 1)


class Workers:
    """Workers that say nothing by themselves."""

    def start(self) -> None:
        """Nothing to start."""

    def stop(self, within_s: float) -> bool:
        return True

    def changed_by(self, configures: Iterable[Configure]) -> frozenset[str]:
        return frozenset({"gate"})

    def replace(self, configures: Iterable[Configure], within_s: float) -> None:
        """Nothing to replace."""

    def send_plate(self, camera: str) -> bool:
        return True

    def correct(self) -> None:
        """Nothing to tell."""

    def health(self) -> tuple[WorkerHealth, ...]:
        return (worker("gate"),)


class Watched:
    """A site whose thread a test steps."""

    def __init__(self, folder: Path, rules: ToldRules | None = None) -> None:
        self.clock, self.journal, self.told = SetClock(NOON), KeptJournal(), list[Event]()
        self.desk = AlertDesk(AlertLog(folder / "alerts"), self.clock, self.journal)
        made = Engine if rules is None else lambda _site: rules
        self.thread = HazardThread(SITE, made, self.desk, None, self.clock, self.journal, [self.told.extend])
        facts = CameraFacts("gate", "Gate", "Crowding is seen.", "glyphs")
        self.site = RunningSite("Station", [facts], lambda _message, _worker: Workers(), None, self.clock, self.journal)
        self.site.watch_for_hazards(self.thread)

    def pulse(self, people: float) -> Pulse:
        second = float(int(self.clock.wall_s()))
        return Pulse("gate", second, 1.0, (ZonePulse("stairs", float(people), int(people)),))

    def pass_second(self, people: float) -> Pulse:
        """A second passes. Its pulse comes 0.6 s later, and the thread steps just after the next one has passed."""
        self.clock.sleep(0.6)
        pulse = self.pulse(people)
        self.site.accept(pulse)
        self.clock.sleep(0.4)
        self.thread.step()
        return pulse


class Hanging(ToldRules):
    """Rules that hang until they are let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.go_on = threading.Event(), threading.Event()

    def tick(self, wall_s: float) -> list[Event]:
        self.entered.set()
        self.go_on.wait(20)
        return []


def test_a_crowd_is_told_while_it_is_there_and_its_end(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    for people in CROWD:
        watched.pass_second(people)
    assert [event.what for event in watched.told] == [What.OPENED, What.ENDED]
    opened = watched.told[0]
    assert (opened.cause, opened.limit, opened.value) == (Cause("full", "gate", "stairs"), 5.0, 8.0)
    (alert,) = watched.desk.open()
    assert alert.state is State.ENDED
    assert watched.site.now().hazards is not None


def test_live_gives_what_a_replay_of_the_same_messages_gives(tmp_path: Path) -> None:
    watched = Watched(tmp_path)
    pulses = [watched.pass_second(people) for people in CROWD]
    engine = Engine(SITE)
    replayed = engine.tick(NOON)
    for pulse in pulses:
        engine.accept(pulse)
        replayed += engine.tick(pulse.wall_s)
    live = [(event.alert, event.what, event.wall_s, event.words, event.value) for event in watched.told]
    whole = [(event.alert, event.what, event.wall_s, event.words, event.value) for event in replayed]
    assert live == [one for one in whole if one[2] <= watched.clock.wall_s() - LAG_S]
    assert len(live) == 2


def test_rules_hear_scenes_pulses_and_health_and_not_what_follows_old_orders(tmp_path: Path) -> None:
    rules = ToldRules()
    watched = Watched(tmp_path, rules)
    watched.clock.set(1_000_000.0 - NOON)
    scene, pulse, how = message("gate"), watched.pulse(3), health("gate")
    for one in (scene, pulse, how):
        watched.site.accept(one)
    watched.thread.step()
    assert [type(one) for one, _ in rules.heard] == [type(scene), Pulse, type(how)]
    watched.site.change("Station", [], [], RecordingSettings({}), by="anna")
    watched.thread.step()
    assert rules.anew == [{"gate"}], "that a camera is silent which is started anew is no hazard"


def test_a_thread_that_does_not_live_makes_the_site_unhealthy(tmp_path: Path) -> None:
    rules = Hanging()
    watched = Watched(tmp_path, rules)
    said = "The thread that watches for hazards stands still."
    assert said in watched.site.now().not_alive, "it was never started"
    watched.site.start()
    assert rules.entered.wait(20)
    assert said not in watched.site.now().not_alive
    watched.clock.sleep(STANDS_STILL_S + 1)
    assert said in watched.site.now().not_alive, "it hangs"
    rules.go_on.set()
    watched.site.stop()
    assert said in watched.site.now().not_alive


@pytest.mark.parametrize("failing", [{}, {"full": "KeyError"}])
def test_a_rule_that_fails_makes_the_site_unready_and_says_which(tmp_path: Path, failing: dict[str, str]) -> None:
    rules = ToldRules()
    rules.failing = failing
    rules.say = [opens()]
    watched = Watched(tmp_path, rules)
    watched.thread.step()
    words = [why for why in watched.site.now().not_ready if why.startswith("Watching for hazards fails")]
    assert words == (["Watching for hazards fails: rules that fail: 'full' (KeyError)."] if failing else [])
    assert len(watched.told) == 1
