"""The feed: what it says at which moment, with a clock of the test's. Over HTTP: test_feed_routes.py."""

import asyncio
import threading
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from passerby.clock import SimulatedClock
from passerby.released.messages import SceneMessage
from passerby.serve.live_feed import AGAIN_S, CAMERAS_CALMLY_S, CAMERAS_EVERY_S, KEEP_ALIVE, KEEP_ALIVE_S, TICK_S, FeedReader, LiveFeed
from tests.support.event_stream import Event, events
from tests.support.site_now import ToldSite, camera_now, health, message, place_now, site_now

KEYS = {"id", "ground", "t", "w", "h", "level", "epoch", "block", "shown", "g", "cell", "c", "state", "withheld"}
OFTEN = KEYS - {"w", "h", "level", "block", "shown", "cell"}


class Named:
    """Grounds that have the names that a test gives them."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.wanted: set[str] = set()
        self.looked = threading.Event()

    def want(self, cameras: Iterable[str]) -> None:
        self.wanted = set(cameras)

    def look(self) -> None:
        self.looked.set()

    def name(self, camera: str, message: SceneMessage) -> str | None:
        return self.names.get(camera)


class Stage:
    """A site whose places are as a test says, and a feed of it that looks when the test says so."""

    def __init__(self, *cameras: str) -> None:
        self.clock = SimulatedClock()
        self.site, self.grounds = ToldSite(), Named()
        self.messages: dict[str, SceneMessage | None] = dict.fromkeys(cameras or ("gate",))
        self.aged_s: dict[str, float] = {}
        self.changes: dict[str, Any] = {}
        self.feed = LiveFeed(self.site, self.grounds, self.clock)

    def says(self, camera: str = "gate", *, age_s: float = 0.0, shown: bytes = b"\xff\xf0", **of_scene: Any) -> None:
        said = message(camera, **({"at_s": self.clock.monotonic_s()} | of_scene))
        self.messages[camera] = msgspec.structs.replace(said, scene=msgspec.structs.replace(said.scene, shown=shown))
        self.aged_s[camera] = age_s

    def passes(self, duration_s: float) -> None:
        self.clock.sleep(duration_s)

    def looks(self) -> None:
        cameras = [self._camera(camera, said) for camera, said in self.messages.items()]
        self.site.state = site_now(*cameras, **self.changes)
        self.feed.look()

    def reads(self, cameras: Iterable[str] | None = None) -> FeedReader:
        """A reader, without the task that looks by itself."""
        reader = FeedReader(self.feed, None if cameras is None else frozenset(cameras))
        self.feed._readers.add(reader)
        self.looks()
        return reader

    def told(self, reader: FeedReader, name: str = "scene") -> list[dict[str, Any]]:
        """Looks, and gives the events of a name that the reader gets."""
        self.looks()
        return [data for event, data in events(reader.news()) if event == name]

    def _camera(self, camera: str, said: SceneMessage | None) -> Any:
        place = place_now(scene=said, scene_age_s=None if said is None else self.aged_s.get(camera, 0.0), health=health(camera))
        return camera_now(camera, place=place)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_scene_is_told_with_all_its_keys_first_and_then_without_what_stays(stage: Stage) -> None:
    stage.says(glyphs=1)
    stage.grounds.names["gate"] = "1.1-0-3"
    reader = stage.reads()
    (first,) = stage.told(reader)
    assert set(first) == KEYS
    assert (first["id"], first["ground"]) == ("gate", "1.1-0-3")
    stage.passes(0.2)
    stage.says(glyphs=2)
    (second,) = stage.told(reader)
    assert set(second) == OFTEN
    assert len(second["g"]) == 2


def test_what_was_left_out_comes_again_when_it_changes(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    stage.told(reader)
    stage.passes(0.2)
    stage.says(glyphs=1, shown=b"\x00\x00")
    (second,) = stage.told(reader)
    assert (set(second), second["shown"]) == (KEYS, "AAA=")


def test_who_missed_a_change_of_what_is_left_out_gets_all_of_it(stage: Stage) -> None:
    stage.says()
    slow, quick = stage.reads(), stage.reads()
    slow.news(), quick.news()
    for shown in (b"\x00\x00", b"\xf0\x00"):
        stage.passes(0.2)
        stage.says(shown=shown)
        assert [set(scene) for scene in stage.told(quick)] == [KEYS]
    stage.passes(0.2)
    stage.says(shown=b"\xf0\x00", glyphs=1)
    assert [set(scene) for scene in stage.told(quick)] == [OFTEN]
    assert [scene["shown"] for scene in stage.told(slow)] == ["8AA="]


def test_a_scene_that_is_too_old_is_told_as_gone_and_never_as_a_scene(stage: Stage) -> None:
    stage.says(age_s=6.0)
    reader = stage.reads()
    stage.looks()
    told = events(reader.news())
    assert [data for event, data in told if event == "gone"] == [{"id": "gate"}]
    assert "scene" not in dict(told)


def test_a_place_of_which_no_scene_comes_any_more_is_told_gone_once_and_comes_back_whole(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    stage.told(reader)
    stage.aged_s["gate"] = 5.5
    stage.passes(5.5)
    assert stage.told(reader, "gone") == [{"id": "gate"}]
    stage.passes(1.0)
    assert stage.told(reader, "gone") == []
    stage.says(at_s=stage.clock.monotonic_s())
    assert [set(scene) for scene in stage.told(reader)] == [KEYS]


def test_a_new_ground_brings_no_old_scene_back(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    stage.told(reader)
    stage.aged_s["gate"] = 5.5
    stage.grounds.names["gate"] = "2.1-0-0"
    stage.passes(5.5)
    assert stage.told(reader) == []


def test_a_new_ground_is_told_with_the_scene_that_is_newest(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    (first,) = stage.told(reader)
    stage.passes(0.2)
    stage.grounds.names["gate"] = "2.1-0-0"
    (second,) = stage.told(reader)
    assert first["ground"] is None
    assert (second["ground"], second["t"]) == ("2.1-0-0", first["t"])


def test_a_ground_that_became_void_is_told_at_once(stage: Stage) -> None:
    stage.says(epoch=1)
    stage.grounds.names["gate"] = "1.1-0-1"
    reader = stage.reads()
    stage.told(reader)
    stage.passes(0.2)
    stage.says(epoch=2)
    del stage.grounds.names["gate"]
    (scene,) = stage.told(reader)
    assert (scene["epoch"], scene["ground"]) == (2, None)


def test_at_most_about_five_scenes_a_second_are_told_of_a_place(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    told = 0
    for number in range(100):
        stage.says(glyphs=number % 4)
        told += len(stage.told(reader))
        stage.passes(TICK_S)
    assert 45 <= told <= 51


def test_a_camera_of_five_pictures_a_second_is_told_picture_by_picture(stage: Stage) -> None:
    reader = stage.reads()
    told = 0
    for number in range(100):
        if number % 2 == 0:
            stage.says(glyphs=number // 2 % 4)
        told += len(stage.told(reader))
        stage.passes(TICK_S)
    assert told == 50


def test_a_place_where_nothing_changes_is_told_once_a_second_so_that_silence_means_something(stage: Stage) -> None:
    reader = stage.reads()
    times = []
    for _ in range(100):
        stage.says()
        times += [scene["t"] for scene in stage.told(reader)]
        stage.passes(TICK_S)
    assert 9 <= len(times) <= 10 / AGAIN_S + 1
    assert times == sorted(set(times))


def test_a_scene_that_does_not_come_anew_is_not_told_again(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    stage.told(reader)
    stage.passes(2.0)
    stage.aged_s["gate"] = 2.0
    assert stage.told(reader) == []


def test_a_camera_that_disappears_from_the_site_ends(stage: Stage) -> None:
    stage.says()
    for reader in (stage.reads(), stage.reads(["gate"])):
        stage.told(reader)
    everything, one = stage.reads(), stage.reads(["gate"])
    everything.news(), one.news()
    del stage.messages["gate"]
    stage.passes(CAMERAS_EVERY_S)
    assert stage.told(everything, "gone") == [{"id": "gate"}]
    assert stage.told(one, "gone") == [{"id": "gate"}]
    stage.passes(1.0)
    assert stage.told(everything, "gone") == []
    stage.messages["gate"] = None
    stage.says()
    stage.passes(1.0)
    assert [set(scene) for scene in stage.told(everything)] == [KEYS]


def test_a_reader_is_told_of_the_cameras_that_it_asked_for_and_of_all_how_they_are() -> None:
    stage = Stage("gate", "hall", "yard")
    for camera in ("gate", "hall", "yard"):
        stage.says(camera)
    reader = stage.reads(["hall", "elsewhere"])
    stage.looks()
    told = events(reader.news())
    assert [data["id"] for event, data in told if event == "scene"] == ["hall"]
    assert "gone" not in dict(told)  # what somebody asks for is not repeated
    assert [[one["id"] for one in data["cameras"]] for event, data in told if event == "cameras"] == [["gate", "hall", "yard"]]


def test_only_what_somebody_asked_for_is_looked_after() -> None:
    stage = Stage("gate", "hall")
    stage.says("gate")
    stage.says("hall")
    stage.reads(["hall"])
    assert stage.feed.told == ("hall",)


def test_who_asks_for_no_camera_is_told_how_they_are(stage: Stage) -> None:
    stage.says()
    told = events(stage.reads([]).news())
    assert [event for event, _ in told] == ["cameras"]


def test_the_cameras_are_told_when_people_would_see_a_difference_and_every_ten_seconds(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    (first,) = stage.told(reader, "cameras")
    assert first["cameras"][0]["condition"] == "live"
    told = 0
    for _ in range(int(CAMERAS_EVERY_S) * 2):
        stage.passes(1.0)
        stage.says()
        told += len(stage.told(reader, "cameras"))
    assert told == 2
    stage.passes(0.5)
    stage.aged_s["gate"] = 6.0
    (lost,) = stage.told(reader, "cameras")
    assert (lost["cameras"][0]["condition"], lost["cameras"][0]["has_picture"]) == ("trouble", False)


def test_words_that_change_all_the_time_are_told_calmly(stage: Stage) -> None:
    reader = stage.reads()
    told = 0
    for number in range(200):
        stage.says(withheld_share=1 - number / 400)
        told += len(stage.told(reader, "cameras"))
        stage.passes(TICK_S)
    assert told <= 20 / CAMERAS_CALMLY_S + 2


def test_nothing_is_said_where_nothing_is_new_but_a_sign_of_life(stage: Stage) -> None:
    stage.says()
    reader = stage.reads()
    reader.news()
    stage.looks()
    assert reader.news() == b""
    stage.passes(KEEP_ALIVE_S)
    assert reader.news() == KEEP_ALIVE
    assert reader.news() == b""


def test_a_reader_that_waited_long_gets_the_newest_of_each_place_only() -> None:
    stage = Stage("gate", "hall")
    reader = stage.reads()
    reader.news()
    for number in range(500):
        stage.passes(0.2)
        stage.says("gate", glyphs=number % 4)
        stage.says("hall", glyphs=number % 3)
        stage.looks()
    news = reader.news()
    assert len(news) < 5000
    assert [(data["id"], data["t"]) for event, data in events(news) if event == "scene"] == [("gate", 1_000_100.0), ("hall", 1_000_100.0)]


def test_what_was_told_long_ago_is_not_told_to_who_comes_after_nobody_read() -> None:
    """Nobody looks while nobody reads, so what is kept from before may be of any age."""

    async def come_back() -> list[Event]:
        stage = Stage()
        stage.says(glyphs=1)
        stage.looks()
        first = stage.feed.open(None)
        first.close()
        stage.feed._running = None
        stage.passes(3600)
        stage.site.state = site_now(camera_now("gate", place=place_now(scene=stage.messages["gate"], scene_age_s=3600.0)))
        return events(stage.feed.open(None).news())

    told = asyncio.run(come_back())
    assert [data for event, data in told if event == "gone"] == [{"id": "gate"}]
    assert "scene" not in dict(told)


def test_a_site_that_cannot_be_asked_ends_the_feed_and_the_next_reader_begins_anew() -> None:
    async def fail() -> tuple[bool, bool]:
        stage = Stage()
        stage.says()
        stage.looks()
        reader = stage.feed.open(None)
        state, stage.site.state = stage.site.state, None  # type: ignore[assignment]
        ended = not await reader.next()
        reader.close()
        stage.site.state = state
        task = stage.feed.open(None)
        return ended, await task.next()

    assert asyncio.run(fail()) == (True, True)
