import threading
from collections.abc import Callable

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.clock import SimulatedClock
from passerby.released.messages import SceneMessage
from passerby.released.plate_canvas import PlateCanvas
from passerby.released.scene import GateState, LightField, Scene, Size
from passerby.serve.grounds import (
    EVERY_S,
    KEEP_S,
    LIGHT_EVERY_S,
    MOST_HZ,
    SETTLING_TIMES,
    SOONEST_S,
    GroundImage,
    Grounds,
    looks_different,
    withdraws,
)
from passerby.serve.painter import Painter
from passerby.serve.painter_orders import DrawGround, EncodeGround
from passerby.supervise.live_places import LivePlaces
from tests.support.site_now import message, patch, whole_plate


class InProcess:
    """A painter of grounds without a process. It notes what it draws; `dies` lets it lose everything, `hides` makes it fail."""

    def __init__(self) -> None:
        self.painter = Painter()
        self.drawn: list[tuple[str, Scene, bool]] = []
        self.encoded: list[tuple[str, int]] = []
        self.forgotten: list[str] = []
        self.prepared = 0
        self.fails = False
        self.before: Callable[[], object] = lambda: None

    def prepare(self) -> None:
        self.prepared += 1

    def dies(self) -> None:
        self.painter = Painter()

    def draw_ground(self, camera: str, scene: Scene, *, anew: bool) -> bytes:
        self.before()
        self.drawn.append((camera, scene, anew))
        return b"" if self.fails else self.painter.draw_ground(DrawGround(camera, scene, anew))

    def ground(self, camera: str, width_px: int) -> bytes:
        self.encoded.append((camera, width_px))
        return b"" if self.fails else self.painter.encode_ground(EncodeGround(camera, width_px))

    def forget_ground(self, camera: str) -> None:
        self.forgotten.append(camera)


class Stage:
    """Grounds of made-up places. `says` lets a camera's worker say a scene; a whole plate comes when it was asked for."""

    def __init__(self, *cameras: str) -> None:
        self.clock = SimulatedClock()
        self.asked: list[str] = []
        self.places = LivePlaces(cameras or ("gate",), self.asked.append, self.clock)
        self.painter = InProcess()
        self.grounds = Grounds(self.places, self.painter, self.clock)

    def says(self, camera: str = "gate", **of_scene: object) -> SceneMessage:
        whole = camera in self.asked
        if whole:
            self.asked.remove(camera)
            of_scene = {"patches": whole_plate()} | of_scene
        said = message(camera, **({"at_s": self.clock.monotonic_s(), "whole": whole} | of_scene))  # type: ignore[arg-type]
        self.places.accept(said)
        return said

    def passes(self, duration_s: float) -> None:
        self.clock.sleep(duration_s)

    def looks(self, *cameras: str) -> None:
        self.grounds.want(cameras or ("gate",))
        self.grounds.look()

    def name(self, camera: str = "gate") -> str | None:
        """Name of the ground that belongs to what is newest."""
        newest = self.places.now(camera).scene
        assert newest is not None
        return self.grounds.name(camera, newest)

    def settles(self, camera: str = "gate", **of_scene: object) -> str:
        """Lets the first ground be drawn."""
        self.looks(camera)
        self.says(camera, **of_scene)
        self.looks(camera)
        name = self.name(camera)
        assert name is not None
        return name


@pytest.fixture
def stage() -> Stage:
    return Stage()


def decoded(image: GroundImage | None) -> np.ndarray:
    assert image is not None
    picture = cv2.imdecode(np.frombuffer(image.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def ground_of(scene: Scene) -> np.ndarray:
    canvas = PlateCanvas(scene.size)
    canvas.update(scene)
    return canvas.ground


def hiding(said: SceneMessage, shown: bytes) -> SceneMessage:
    return msgspec.structs.replace(said, scene=msgspec.structs.replace(said.scene, shown=shown))


def test_nothing_is_drawn_until_somebody_wants_it(stage: Stage) -> None:
    stage.says(whole=True, patches=whole_plate())
    stage.grounds.look()
    assert stage.painter.drawn == []
    assert stage.name() is None


def test_the_painter_gets_ready_while_the_first_plate_is_on_its_way(stage: Stage) -> None:
    stage.looks()
    assert (stage.painter.prepared, stage.painter.drawn) == (1, [])
    stage.says()
    stage.looks()
    stage.looks()
    assert stage.painter.prepared == 2


def test_who_is_about_to_look_has_the_plates_asked_for_and_the_painter_made_ready() -> None:
    stage = Stage("gate", "hall")
    stage.grounds.expect()
    assert (stage.asked, stage.painter.prepared, stage.painter.drawn) == (["gate", "hall"], 1, [])


def test_the_ground_is_the_plate_and_the_hatch_without_anything_that_moves(stage: Stage) -> None:
    stage.looks()
    said = hiding(message(whole=True, patches=whole_plate(), glyphs=3), b"\xf0\x00")
    stage.places.accept(said)
    stage.looks()
    expected = ground_of(msgspec.structs.replace(said.scene, glyphs=()))
    assert np.abs(decoded(stage.grounds.image("gate", 0)).astype(int) - expected.astype(int)).mean() < 3


def test_a_new_epoch_makes_the_ground_void_at_once(stage: Stage) -> None:
    stage.settles(epoch=3)
    stage.says(epoch=4)
    assert stage.name() is None
    stage.passes(SOONEST_S)
    stage.looks()
    assert stage.name() is not None


def test_another_size_makes_the_ground_void_at_once(stage: Stage) -> None:
    stage.settles()
    stage.says(size=Size(96, 48))
    assert stage.name() is None


def test_a_new_workers_plate_is_another_one_although_it_has_the_same_number_and_came_with_its_first_scene(stage: Stage) -> None:
    stage.passes(100)
    first = stage.settles(epoch=0)
    stage.places.accept(message(at_s=1.0, whole=True, epoch=0, patches=whole_plate(value=200)))
    assert stage.name() is None
    stage.passes(SOONEST_S)
    stage.looks()
    second = stage.name()
    assert second is not None
    assert second.partition(".")[2] != first.partition(".")[2]


def test_after_a_restart_of_passerby_no_ground_has_a_name_from_before() -> None:
    before, after = Stage().settles(epoch=0), Stage().settles(epoch=0)
    assert before.partition(".")[2] != after.partition(".")[2]


def test_while_another_workers_ground_is_being_drawn_there_is_none(stage: Stage) -> None:
    stage.passes(100)
    stage.settles(epoch=0)
    seen: list[str | None] = []
    stage.painter.before = lambda: seen.append(stage.name())
    stage.places.accept(message(at_s=1.0, whole=True, epoch=0, patches=whole_plate(value=200)))
    stage.passes(SOONEST_S)
    stage.looks()
    assert seen == [None]


def test_changed_orders_make_the_ground_void_until_it_is_drawn_again(stage: Stage) -> None:
    before = stage.settles()
    stage.places.withhold(["gate"])
    assert stage.name() is None
    stage.passes(SOONEST_S)
    stage.looks()
    after = stage.name()
    assert after is not None
    assert after.partition(".")[2] != before.partition(".")[2]
    assert (decoded(stage.grounds.image("gate", 0)).astype(int) - ground_of(stage.painter.drawn[-1][1])).mean() < 3
    assert not any(stage.painter.drawn[-1][1].shown)


def test_a_ground_is_of_the_epoch_that_it_says(stage: Stage) -> None:
    stage.settles(epoch=3)
    stage.says(epoch=4, patches=whole_plate(value=200))
    stage.passes(SOONEST_S)
    image = stage.grounds.image("gate", 0)
    assert image is not None
    assert image.epoch == 4
    assert decoded(image).mean() == pytest.approx(200, abs=3)


def test_no_ground_of_another_epoch_is_given_out_while_it_may_not_be_drawn_yet(stage: Stage) -> None:
    stage.settles(epoch=3)
    stage.says(epoch=4)
    assert stage.grounds.image("gate", 0) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from(["same", "epoch", "worker", "painter", "orders"])), max_size=12))
def test_whatever_happens_a_ground_with_a_name_shows_the_plate_of_the_newest_scene(steps: list[tuple[int, bool, str]]) -> None:
    stage, epoch, value, began_s = Stage(), 0, 50, 0.0
    stage.passes(100)
    stage.settles(patches=whole_plate(value=value))
    for column, waits, what in steps:
        if what == "epoch":
            epoch, value = epoch + 1, value + 10
        elif what == "worker":
            epoch, value, began_s = 0, value + 10, stage.clock.monotonic_s()
            stage.places.begin_anew(["gate"])
        elif what == "painter":
            stage.painter.dies()
        elif what == "orders":
            stage.places.withhold(["gate"])
            stage.places.resume(["gate"])
            epoch, value, began_s = 0, value + 10, stage.clock.monotonic_s()
        stage.passes(SOONEST_S if waits else 0.1)
        new = whole_plate(value=value) if what in {"epoch", "worker", "orders"} else (patch(16 * column, value),)
        at_s = stage.clock.monotonic_s() - began_s
        asked = "gate" in stage.asked
        stage.says(at_s=at_s, epoch=epoch, patches=whole_plate(value=value) if asked else new, whole=asked or what in {"worker", "orders"})
        named = stage.name() is not None
        stage.looks()
        if named or stage.name() is not None:
            image = stage.grounds.image("gate", 0)
            if image is not None:
                assert image.epoch == epoch
                assert decoded(image).mean() == pytest.approx(value, abs=4)


def test_a_painter_that_lost_everything_leaves_no_ground_until_it_has_the_whole_plate(stage: Stage) -> None:
    stage.settles()
    stage.painter.dies()
    assert stage.grounds.image("gate", 480) is None
    assert stage.name() is None
    assert stage.asked == ["gate"]
    stage.passes(SOONEST_S)
    stage.says()
    assert stage.grounds.image("gate", 480) is not None


def test_a_painter_that_fails_gives_no_ground(stage: Stage) -> None:
    stage.painter.fails = True
    stage.looks()
    stage.says()
    stage.looks()
    assert stage.name() is None
    assert stage.grounds.image("gate", 0) is None


def test_a_camera_that_is_taken_out_of_the_site_ends(stage: Stage) -> None:
    stage.settles()
    newest = stage.places.now("gate").scene
    assert newest is not None
    stage.places.follow([])
    assert stage.grounds.name("gate", newest) is None
    with pytest.raises(KeyError):
        stage.grounds.image("gate", 0)
    stage.grounds.look()
    stage.grounds.tick()
    assert stage.grounds.wanted == ()
    assert stage.painter.forgotten == ["gate"]


def test_what_does_not_change_is_drawn_once(stage: Stage) -> None:
    first = stage.settles()
    for _ in range(40):
        stage.passes(0.2)
        stage.says(glyphs=2)
        stage.looks()
    assert stage.name() == first
    assert len(stage.painter.drawn) == 1


def test_a_plate_that_grows_is_drawn_at_most_every_two_seconds(stage: Stage) -> None:
    stage.settles()
    for _ in range(50):
        stage.passes(0.2)
        stage.says(patches=(patch(0, 10),))
        stage.looks()
    assert 10 / EVERY_S - 1 <= len(stage.painter.drawn) - 1 <= 10 / EVERY_S + 1


def test_a_place_that_is_being_learned_is_drawn_less_often(stage: Stage) -> None:
    stage.settles(state=GateState.SETTLING)
    for number in range(100):
        stage.passes(0.2)
        stage.says(patches=(patch(0, number),), state=GateState.SETTLING)
        stage.looks()
    assert len(stage.painter.drawn) - 1 <= 20 / (EVERY_S * SETTLING_TIMES) + 1


def test_many_places_that_grow_share_the_painter() -> None:
    cameras = [f"camera-{number}" for number in range(16)]
    stage = Stage(*cameras)
    for camera in cameras:
        stage.settles(camera)
    before = len(stage.painter.drawn)
    for number in range(100):
        stage.passes(0.2)
        for camera in cameras:
            stage.says(camera, patches=(patch(0, number),))
        stage.looks(*cameras)
    assert len(stage.painter.drawn) - before <= 20 * MOST_HZ + len(cameras)


def test_a_block_that_is_withheld_again_leaves_the_ground_soon_also_if_it_comes_back_at_once(stage: Stage) -> None:
    stage.settles()
    stage.passes(0.1)
    stage.places.accept(hiding(message(at_s=0.1), b"\x7f\xf0"))
    stage.looks()
    stage.passes(0.1)
    stage.says()
    stage.looks()
    stage.passes(SOONEST_S)
    stage.says()
    stage.looks()
    assert len(stage.painter.drawn) == 2


def test_light_alone_is_drawn_seldom_and_only_where_it_looks_different(stage: Stage) -> None:
    stage.settles()

    def lit(gain: int) -> None:
        said = message(at_s=stage.clock.monotonic_s())
        stage.places.accept(msgspec.structs.replace(said, scene=msgspec.structs.replace(said.scene, light=LightField(1, 1, bytes([gain] * 3)))))
        stage.looks()

    stage.passes(LIGHT_EVERY_S)
    lit(128)  # from no light to one that is as none: the same picture
    drawn, name = len(stage.painter.drawn), stage.name()
    stage.passes(EVERY_S)
    lit(90)
    assert len(stage.painter.drawn) == drawn
    stage.passes(LIGHT_EVERY_S)
    lit(129)
    assert len(stage.painter.drawn) == drawn
    lit(90)
    assert len(stage.painter.drawn) == drawn + 1
    assert stage.name() not in {name, None}


def test_a_ground_that_came_out_the_same_keeps_its_name(stage: Stage) -> None:
    first = stage.settles()
    stage.passes(EVERY_S)
    stage.says(patches=whole_plate())
    stage.looks()
    assert len(stage.painter.drawn) == 2
    assert stage.name() == first


def test_each_width_is_encoded_once(stage: Stage) -> None:
    stage.settles()
    widths = [decoded(stage.grounds.image("gate", width)).shape[1] for width in (0, 240, 0, 480)]
    assert widths == [64, 64, 64, 64]  # no wider than the camera's own
    assert stage.painter.encoded == [("gate", 0), ("gate", 240), ("gate", 480)]


def test_who_wants_it_no_longer_is_let_go(stage: Stage) -> None:
    stage.settles()
    stage.passes(KEEP_S + 1)
    stage.grounds.tick()
    assert stage.grounds.wanted == ()
    assert stage.painter.forgotten == ["gate"]
    assert stage.places.watched("gate") == 0


def test_after_the_end_nothing_is_begun(stage: Stage) -> None:
    stage.settles()
    stage.grounds.stop()
    stage.passes(SOONEST_S)
    stage.says(patches=(patch(0, 1),))
    stage.looks()
    assert (stage.grounds.wanted, stage.places.watched("gate"), len(stage.painter.drawn)) == ((), 0, 1)
    assert stage.grounds.image("gate", 0) is None


def test_one_place_that_is_slow_to_draw_holds_up_no_name_and_no_other_request() -> None:
    stage = Stage("gate", "hall")
    for camera in ("gate", "hall"):
        stage.settles(camera)
    entered, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        assert go_on.wait(10)

    stage.passes(EVERY_S)
    stage.painter.before = wait
    stage.says("gate", patches=(patch(0, 1),))
    slow = threading.Thread(target=stage.looks, args=("gate",))
    slow.start()
    assert entered.wait(10)
    try:
        assert stage.name("gate") is not None
        assert stage.name("hall") is not None
    finally:
        go_on.set()
        slow.join()


@pytest.mark.parametrize(
    ("before", "after", "is_so"), [(b"\xff\xf0", b"\xff\xf0", False), (b"\x0f\x00", b"\xff\xf0", False), (b"\xff\xf0", b"\xff\xe0", True)]
)
def test_a_block_less_is_withdrawn_and_a_block_more_is_not(before: bytes, after: bytes, is_so: bool) -> None:
    one, other = (hiding(message(), shown).scene for shown in (before, after))
    assert withdraws(one, other) is is_so


def test_other_blocks_count_as_withdrawn() -> None:
    one = message().scene
    assert withdraws(one, msgspec.structs.replace(one, block_px=32, shown=b"\xf0"))


def test_a_light_looks_different_where_one_gain_does() -> None:
    light = LightField(1, 2, bytes([128] * 6))
    assert not looks_different(light, LightField(1, 2, bytes([130] * 6)))
    assert looks_different(light, LightField(1, 2, bytes([128] * 5 + [120])))
    assert looks_different(None, light)
    assert not looks_different(None, None)
