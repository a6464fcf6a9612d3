"""A thread that watches for hazards and stands still for a while: nothing is told for that alone, and what was so meanwhile is told after it."""

from pathlib import Path

import msgspec
import pytest

from passerby.hazards.alert import Event, What
from passerby.hazards.alert_log import AlertLog
from passerby.hazards.engine import MOST_CAUGHT_UP_S, Engine
from passerby.released.measurement import Pulse, ZonePulse
from passerby.released.scene import GateState
from passerby.site.settings import Site
from passerby.supervise.alert_desk import AlertDesk
from passerby.supervise.hazard_thread import LAG_S, HazardThread, Heard
from passerby.supervise.heard_queue import MOST_OF
from tests.support.alerts import NOON
from tests.support.journals import KeptJournal
from tests.support.recorded import SetClock
from tests.support.site_now import message

SITE = Site.model_validate(
    {
        "site": {"name": "Station"},
        "camera": [{"id": one, "source": "rtsp://camera/1", "purpose": "Crowding is seen."} for one in ("gate", "hall")],
        "zone": [{"camera": "gate", "id": "stairs", "polygon": [[0, 0], [40, 0], [40, 40]]}],
        "hazard": [{"id": "full", "kind": "occupancy", "camera": "gate", "zone": "stairs", "limit": 5, "for": "20 s", "clear_for": "2 s"}],
    }
)
STALLS = [(10, 9), (15, 7), (25, 5), (25, 60), (15, MOST_CAUGHT_UP_S - 1), (25, MOST_CAUGHT_UP_S + 60)]
TOLD_WITHIN_S = 3.0


class Watched:
    """A site whose thread a test steps, or does not."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.told = SetClock(NOON), list[Event]()
        self.desk = AlertDesk(AlertLog(folder / "alerts"), self.clock, KeptJournal())
        self.thread = HazardThread(SITE, Engine, self.desk, None, self.clock, KeptJournal(), [self.told.extend])
        self.people = 0.0

    def live(self, seconds: int, hz: int, *, stalls: bool = False, gone: tuple[str, ...] = (), state: GateState = GateState.WATCHING) -> None:
        """So many seconds pass, in each of which the cameras give so many pictures and a pulse; the last picture is in the state."""
        for second in range(seconds):
            for step in range(hz):
                at_s = self.clock.wall_s()
                for camera in {"gate", "hall"} - set(gone):
                    last = second == seconds - 1 and step == hz - 1
                    self.hear(message(camera, at_s=at_s - NOON, state=state if last else GateState.WATCHING), captured_wall_s=at_s)
                self.clock.sleep(1 / hz)
            if "gate" not in gone:
                self.thread.accept(Pulse("gate", round(self.clock.wall_s()), 1.0, (ZonePulse("stairs", self.people, int(self.people)),)))
            if not stalls:
                self.thread.step()

    def hear(self, heard: Heard, **more: float) -> None:
        self.thread.accept(msgspec.structs.replace(heard, **more))

    @property
    def news(self) -> list[tuple[float, What, str]]:
        return [(event.wall_s - NOON, event.what, event.words) for event in self.told if event.what is not What.UPDATED]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


@pytest.mark.parametrize(("hz", "stall_s"), STALLS)
def test_a_stall_of_the_thread_is_no_fault_of_a_camera_whose_pictures_came_all_the_time(watched: Watched, hz: int, stall_s: int) -> None:
    watched.live(5, hz)
    watched.live(stall_s, hz, stalls=True)
    watched.live(10, hz)
    assert watched.news == []
    assert stall_s * hz <= MOST_OF[type(message())] or watched.thread.health().dropped["gate"], "what was not heard is counted"


@pytest.mark.parametrize(("hz", "stall_s"), STALLS)
def test_a_camera_that_went_away_while_the_thread_stood_still_is_told_in_its_time_after_that(watched: Watched, hz: int, stall_s: int) -> None:
    watched.live(5, hz)
    watched.live(2, hz, stalls=True)
    gone_s = watched.clock.wall_s() - NOON
    watched.live(stall_s - 2, hz, stalls=True, gone=("gate",))
    over_s = watched.clock.wall_s() - NOON
    watched.live(10, hz, gone=("gate",))
    ((opened_s, what, words),) = watched.news
    assert what is What.OPENED
    assert words.startswith("'gate' is without pictures for")
    assert opened_s <= (over_s if stall_s > TOLD_WITHIN_S + 2 else gone_s + TOLD_WITHIN_S) + LAG_S


def test_a_camera_that_was_away_only_while_the_thread_stood_still_is_told_as_it_would_have_been(tmp_path: Path) -> None:
    news = []
    for stalls in (True, False):
        watched = Watched(tmp_path / str(stalls))
        watched.live(5, 15)
        watched.live(10, 15, stalls=stalls)
        watched.live(20, 15, stalls=stalls, gone=("hall",))
        watched.live(20, 15, stalls=stalls)
        watched.live(10, 15)
        news.append(watched.news)
    assert news[0] == news[1]
    assert [what for _, what, _ in news[0]] == [What.OPENED, What.ENDED]


def test_what_the_gate_says_once_is_heard_also_where_most_pictures_of_a_stall_are_not(watched: Watched) -> None:
    watched.live(5, 25)
    watched.live(3, 25, stalls=True, state=GateState.MOVED)
    watched.live(20, 25, stalls=True)
    watched.live(3, 25)
    assert [(at_s, what) for at_s, what, _ in watched.news] == [(8, What.OPENED), (8, What.OPENED)]


def test_a_crowd_that_came_while_the_thread_stood_still_is_told_at_once_and_for_as_long_as_it_was_there(watched: Watched) -> None:
    watched.live(5, 10)
    watched.people = 8.0
    watched.live(40, 10, stalls=True)
    watched.live(1, 10)
    ((at_s, what, words),) = watched.news
    assert (at_s, what) == (25, What.OPENED)
    assert "for 20 s" in words


def test_what_waits_is_bounded_however_long_the_thread_stands_still_and_whatever_comes(watched: Watched) -> None:
    for number in range(3000):
        at_s = watched.clock.wall_s()
        state = (GateState.WATCHING, GateState.SETTLING)[number % 2]
        watched.hear(message("gate", at_s=at_s - NOON, state=state), captured_wall_s=at_s)
        watched.clock.sleep(0.5)
    assert watched.thread.health().dropped["gate"] >= 3000 - 2 * MOST_CAUGHT_UP_S
