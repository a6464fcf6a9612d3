from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from passerby.clock import SimulatedClock
from passerby.record.settings import RecordingSettings
from passerby.released.messages import Beat, Hello, Protection, Reason, Trouble
from passerby.site.orders import CameraOrder, Configure
from passerby.supervise.camera_words import Condition
from passerby.supervise.running_site import TELL_EVERY_S, CameraFacts, RunningSite
from passerby.supervise.worker_health import WorkerHealth, WorkerState
from passerby.supervise.worker_keeper import OnMessage, OnWorker
from tests.support.journals import KeptJournal
from tests.support.site_now import health, message, worker

GATE = CameraFacts("gate", "South gate", "To see crowding in time.", "glyphs")
HALL = CameraFacts("hall", "Hall", "To see how long people wait.", "counts")


class StandIn:
    """Workers that do as a test says."""

    def __init__(self) -> None:
        self.states = (worker("gate"), worker("hall"))
        self.plates: list[str] = []
        self.started = self.stopped = False
        self.corrected = 0
        self.replaced: list[tuple[Configure, ...]] = []
        self.others: frozenset[str] = frozenset()
        self.on_replace: Callable[[], object] = lambda: None

    def start(self) -> None:
        self.started = True

    def stop(self, within_s: float) -> bool:
        self.stopped = True
        return True

    def changed_by(self, configures: Iterable[Configure]) -> frozenset[str]:
        return self.others

    def replace(self, configures: Iterable[Configure], within_s: float) -> None:
        self.replaced.append(tuple(configures))
        self.on_replace()

    def send_plate(self, camera: str) -> bool:
        self.plates.append(camera)
        return True

    def correct(self) -> None:
        self.corrected += 1

    def health(self) -> tuple[WorkerHealth, ...]:
        return self.states


@pytest.fixture
def workers() -> StandIn:
    return StandIn()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture
def journal() -> KeptJournal:
    return KeptJournal()


@pytest.fixture
def heard() -> list[OnWorker]:
    return []


@pytest.fixture
def site(workers: StandIn, clock: SimulatedClock, journal: KeptJournal, heard: list[OnWorker]) -> RunningSite:
    def make(_on_message: OnMessage, on_worker: OnWorker) -> StandIn:
        heard.append(on_worker)
        return workers

    factory: Callable[[OnMessage, OnWorker], StandIn] = make
    return RunningSite("Station", (GATE, HALL), factory, None, clock, journal)


def test_a_site_is_ready_when_all_its_workers_run(site: RunningSite, workers: StandIn) -> None:
    assert site.now().not_ready == ()
    workers.states = (worker("gate"), worker("hall", state=WorkerState.WAITING, reason=Reason.CRASHED))
    assert site.now().not_ready == ("The worker of hall does not run yet.",)
    assert site.now().not_alive == ()


def test_a_camera_in_trouble_does_not_make_the_site_unready(site: RunningSite) -> None:
    site.accept(Trouble("gate", Reason.GATE_FAILED, "ValueError", "gate"))
    assert site.now().not_ready == ()


def test_cameras_stand_in_the_order_of_the_site_file_with_what_may_be_said_of_them(site: RunningSite) -> None:
    site.accept(message("hall"))
    site.accept(health("hall"))
    gate, hall = site.now().cameras
    assert (gate.id, gate.name, gate.purpose, gate.release_level) == ("gate", "South gate", "To see crowding in time.", "glyphs")
    assert gate.words.condition is Condition.WAITING
    assert hall.words.condition is Condition.LIVE
    assert hall.has_picture
    assert not gate.has_picture


def test_a_worker_that_ended_explains_its_cameras_and_no_others(site: RunningSite, workers: StandIn) -> None:
    for camera in ("gate", "hall"):
        site.accept(message(camera))
        site.accept(health(camera))
    workers.states = (worker("gate"), worker("hall", state=WorkerState.WAITING, reason=Reason.OUT_OF_MEMORY))
    gate, hall = site.now().cameras
    assert gate.words.condition is Condition.LIVE
    assert "memory" in hall.words.says


def test_what_a_worker_says_is_written_down_without_foreign_text(site: RunningSite, journal: KeptJournal, heard: list[OnWorker]) -> None:
    site.accept(Hello(77, (Protection("landlock", False, "the kernel is too old"), Protection("no core dumps", True, ""))))
    site.accept(Beat(1.0, 2.0, 3))
    site.accept(Trouble("gate", Reason.GATE_FAILED, "ValueError", "gate"))
    heard[0](worker("gate", state=WorkerState.WAITING, reason=Reason.HUNG, word="no sign of life", restarts=2))
    assert journal.of("worker sealed") == [{"pid": 77, "protections": 1, "missing": {"landlock": "the kernel is too old"}}]
    assert journal.of("trouble in a worker") == [{"camera": "gate", "reason": "gate failed", "error": "ValueError", "place": "gate"}]
    ended = journal.of("worker ended; it starts anew after a pause")
    assert ended == [{"cameras": ["gate"], "restarts": 2, "reason": "worker gave no sign of life", "word": "no sign of life"}]


def test_a_camera_that_flaps_is_told_of_seldom(site: RunningSite, journal: KeptJournal, clock: SimulatedClock) -> None:
    def tell() -> None:
        for camera in site.now().cameras:
            site._tell(camera.id, camera.words)

    for number in range(20):
        site.accept(health("gate"))
        site.accept(message("gate", at_s=clock.monotonic_s(), withheld_share=0.9 if number % 2 else 0.0))
        tell()
        clock.sleep(1.0)
    told = [facts for facts in journal.of("camera") if facts["camera"] == "gate"]
    assert 2 <= len(told) <= 1 + 20 / TELL_EVERY_S


def test_a_reload_goes_on_with_other_cameras_and_keeps_what_is_known_of_the_rest(site: RunningSite, workers: StandIn) -> None:
    site.accept(message("gate"))
    orders = (Configure(cameras=(CameraOrder(camera="gate", source="file:///x"),), models_folder=Path("/")),)
    site.change("Station", (GATE,), orders, RecordingSettings(), by="anna")
    assert workers.replaced == [orders]
    (gate,) = site.now().cameras
    assert gate.place.scenes == 1


def test_of_a_camera_whose_orders_change_nothing_that_follows_the_old_ones_is_shown_any_more(site: RunningSite, workers: StandIn) -> None:
    site.accept(message("gate", glyphs=2))
    site.accept(message("hall", glyphs=2))

    def old_worker_goes_on() -> None:
        site.accept(message("gate", at_s=1.0, glyphs=3))
        gate = site.places.now("gate").scene
        assert gate is not None
        assert not any(gate.scene.shown)
        assert not gate.scene.glyphs
        hall = site.places.now("hall").scene
        assert hall is not None
        assert len(hall.scene.glyphs) == 2

    workers.others, workers.on_replace = frozenset({"gate"}), old_worker_goes_on
    site.change("Station", (GATE, HALL), (), RecordingSettings(), by="anna")
    assert workers.replaced == [()]
    site.accept(message("gate", at_s=0.0, glyphs=1))
    gate = site.places.now("gate").scene
    assert gate is not None
    assert len(gate.scene.glyphs) == 1


def test_where_the_workers_cannot_be_replaced_scenes_are_taken_again(site: RunningSite, workers: StandIn) -> None:
    def fails() -> None:
        raise RuntimeError

    workers.others, workers.on_replace = frozenset({"gate"}), fails
    with pytest.raises(RuntimeError):
        site.change("Station", (GATE, HALL), (), RecordingSettings(), by="anna")
    site.accept(message("gate"))
    assert site.places.now("gate").scene is not None


def test_start_and_stop_reach_the_workers(site: RunningSite, workers: StandIn) -> None:
    site.start()
    assert workers.started
    assert site.stop()
    assert workers.stopped
