from itertools import pairwise

import msgspec
import pytest

from passerby.clock import SimulatedClock
from passerby.errors import DetectorError, SceneError, SettingsError
from passerby.released.messages import CaptureState, Reason, SceneMessage, Trouble
from passerby.released.scene import GateState, Level, Scene
from passerby.sealed.worker.gated_camera import FIRST_PAUSE_S, GATE, MOST_PAUSE_S, GatedCamera, gate_settings, trouble_of
from passerby.sealed.worker.kept_plate import kept_plate
from passerby.sealed.worker.timed_detector import TimedDetector
from passerby.site.orders import CameraOrder
from tests.support.detectors import Finder
from tests.support.hand_camera import HandCamera, HandedPicture
from tests.support.listener import received
from tests.support.scenes import Play, Stage, shown_blocks

STAGE = Stage(160, 120)
PLAY = Play(STAGE, seconds=8)
ORDER = CameraOrder(camera="a", source="", settle_s=2.0)


def gated(clock: SimulatedClock | None = None, kept: Scene | None = None) -> GatedCamera:
    clock = clock or SimulatedClock()
    capture = HandCamera(ORDER, clock, lambda: None)
    return GatedCamera(ORDER, gate_settings(ORDER), capture, TimedDetector(Finder()), clock, {} if kept is None else {"a": kept})


def shows(camera: GatedCamera, play: Play, from_s: float = 0.0, connection: int = 1) -> list[SceneMessage]:
    messages = []
    for time_s, picture in play:
        messages.append(camera.see(HandedPicture(picture, from_s + time_s, play.stage.size, from_s + time_s, connection=connection), 5.0))
        camera.is_sent()
        while camera.release():
            pass
    return messages


def test_the_orders_of_a_camera_are_what_its_gate_is_told() -> None:
    places = {"never": (((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)),), "ground": (1, 0, 0, 0, 1, 0, 0, 0, 1)}
    order = CameraOrder(camera="a", source="", settle_s=7, absorb_s=60, min_person_px=30, level=1, **places)  # type: ignore[arg-type]
    settings = gate_settings(order)
    assert (settings.settle_s, settings.absorb_s, settings.min_person_px, settings.level) == (7, 60, 30, Level.HEAT)
    assert (settings.never, settings.ground) == (order.never, order.ground)


@pytest.mark.parametrize("wrong", [{"level": 3}, {"ground": (1.0,) * 8}, {"ground": (0.0,) * 9}, {"settle_s": 0}])
def test_orders_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        gate_settings(CameraOrder(camera="a", source="", **wrong))  # type: ignore[arg-type]


def test_the_first_scene_of_each_gate_is_whole_and_plates_are_numbered_through_all_of_them() -> None:
    camera = gated()
    first = shows(camera, PLAY)
    assert shown_blocks(first[-1].scene).any()
    larger = Play(Stage(192, 120), seconds=8)
    second = shows(camera, larger, 8.0)
    camera.renew(ValueError(), GATE)
    third = shows(camera, larger, 16.0)
    for number, messages in enumerate((first, second, third)):
        assert [m.whole_plate for m in messages] == [True] + [False] * (len(messages) - 1)
        assert {m.scene.plate_epoch for m in messages} == {number}
        assert not shown_blocks(messages[0].scene).any()
        assert sum(len(m.scene.patches) for m in messages)


def test_a_gate_that_failed_releases_nothing_of_what_it_knew() -> None:
    camera = gated()
    shows(camera, PLAY)
    picture = HandedPicture(PLAY.picture(8.0), 8.0, STAGE.size)
    camera.renew(ValueError(), GATE)
    message = camera.withheld(picture, ValueError())
    assert message.whole_plate
    assert not shown_blocks(message.scene).any()
    assert (message.scene.patches, message.scene.glyphs, message.scene.cells) == ((), (), ())
    assert message.scene.health.state is GateState.BAD_FRAME
    assert camera.withheld(picture, DetectorError()).scene.health.state is GateState.DETECTOR_FAILED


def test_the_whole_plate_is_sent_once_when_it_is_asked_for() -> None:
    camera = gated()
    before = shows(camera, PLAY)[-1]
    camera.send_plate()
    message, following = shows(camera, Play(STAGE, seconds=0.5), 8.0)
    assert message.whole_plate
    assert message.scene.plate_epoch == before.scene.plate_epoch
    assert sum(p.width_px * p.height_px for p in message.scene.patches) >= 0.8 * 160 * 120
    assert (following.whole_plate, following.scene.patches) == (False, ())


def test_a_plate_that_is_asked_for_before_there_is_a_gate_is_the_first_ones() -> None:
    camera = gated()
    camera.send_plate()
    assert shows(camera, Play(STAGE, seconds=0.5))[0].whole_plate


def test_a_failed_gate_is_tried_again_after_pauses_that_grow_to_a_bound() -> None:
    clock = SimulatedClock()
    camera = gated(clock)
    assert not camera.lets_go()
    for number in range(10):
        camera.renew(ValueError(), GATE)
        assert camera.lets_go()
        clock.sleep(min(MOST_PAUSE_S, FIRST_PAUSE_S * 2**number) - 0.01)
        assert camera.lets_go()
        clock.sleep(0.02)
        assert not camera.lets_go()
    assert camera.health().reason is Reason.GATE_FAILED
    shows(camera, Play(STAGE, seconds=0.5))
    assert camera.health().reason is Reason.NONE
    camera.renew(ValueError(), GATE)
    clock.sleep(FIRST_PAUSE_S + 0.01)
    assert not camera.lets_go()


def test_health_counts_what_was_gated_and_what_was_not() -> None:
    clock = SimulatedClock()
    camera = gated(clock)
    shows(camera, PLAY)
    camera.renew(ValueError(), GATE)
    camera.lets_go()
    camera.lets_go()
    health = camera.health()
    assert (health.camera, health.state, health.codec) == ("a", CaptureState.STREAMING, "handed")
    assert (health.gated, health.skipped) == (len(PLAY.times_s), 3)
    assert health.gate_s > health.looks_s > 0


def test_a_reason_of_the_capture_comes_before_that_of_the_gate() -> None:
    camera = gated()
    camera.renew(ValueError(), GATE)
    camera.capture.reason = Reason.STALLED  # type: ignore[attr-defined]
    assert camera.health().reason is Reason.STALLED


def whole_plate() -> Scene:
    """A scene of a gate that is gone, with all of its plate."""
    camera = gated()
    shows(camera, PLAY)
    camera.send_plate()
    return shows(camera, Play(STAGE, seconds=0.25), 8.0)[0].scene


def test_a_plate_of_before_is_shown_where_two_pictures_show_the_same_view() -> None:
    kept = whole_plate()
    back = shows(gated(kept=kept), Play(STAGE, seconds=0.5))
    assert not shown_blocks(back[0].scene).any()
    assert back[1].scene.shown == kept.shown
    assert received(back).visible.tolist() == received([SceneMessage("a", 0, 0, 0, None, 1, whole_plate=True, scene=kept)]).visible.tolist()
    elsewhere = shows(gated(kept=kept), Play(Stage(160, 120, seed=9), seconds=0.5))
    assert not any(shown_blocks(m.scene).any() or m.scene.patches for m in elsewhere)
    another_size = shows(gated(kept=kept), Play(Stage(192, 120), seconds=0.5))
    assert not any(shown_blocks(m.scene).any() for m in another_size)


def test_a_plate_of_before_is_for_the_first_gate_only() -> None:
    camera = gated(kept=whole_plate())
    assert shown_blocks(shows(camera, Play(STAGE, seconds=0.5))[-1].scene).any()
    camera.renew(ValueError(), GATE)
    assert not any(shown_blocks(message.scene).any() for message in shows(camera, Play(STAGE, seconds=0.75), 1.0))


def test_over_another_connection_the_plate_waits_for_two_pictures_of_the_view() -> None:
    camera = gated()
    before = shows(camera, PLAY)[-1].scene
    back = shows(camera, Play(STAGE, seconds=0.75), 10.0, connection=2)
    assert [bool(shown_blocks(message.scene).any()) for message in back] == [False, True, True]
    assert (back[1].scene.shown, back[1].scene.patches, back[1].scene.plate_epoch) == (before.shown, (), before.plate_epoch)
    elsewhere = shows(camera, Play(Stage(160, 120, seed=9), seconds=1.5), 20.0, connection=3)
    assert not any(shown_blocks(message.scene).any() or message.scene.patches for message in elsewhere)
    assert GateState.MOVED in {message.scene.health.state for message in elsewhere}


def test_a_plate_that_is_asked_for_while_the_view_is_not_recognised_yet_comes_with_it() -> None:
    camera = gated()
    shows(camera, PLAY)
    camera.send_plate()
    back = shows(camera, Play(STAGE, seconds=0.75), 10.0, connection=2)
    assert [message.whole_plate for message in back] == [True, False, False]
    assert [sum(p.width_px * p.height_px for p in message.scene.patches) >= 0.8 * 160 * 120 for message in back] == [False, True, False]


def test_of_a_plate_of_before_only_what_was_shown_and_is_there_counts() -> None:
    kept = whole_plate()
    picture, blocks = kept_plate(kept)
    assert blocks.sum() == shown_blocks(kept).sum() > 40
    _, fewer = kept_plate(msgspec.structs.replace(kept, patches=kept.patches[1:]))
    assert blocks.sum() - fewer.sum() == -(-kept.patches[0].width_px // 16)
    _, none = kept_plate(msgspec.structs.replace(kept, shown=bytes(len(kept.shown))))
    assert not none.any()
    assert picture.shape == (120, 160, 3)


@pytest.mark.parametrize("change", [{"block_px": 32, "shown": bytes(3)}, {"time_s": -1.0}])
def test_a_plate_of_before_that_makes_no_sense_costs_a_gate_and_no_more(change: dict[str, object]) -> None:
    camera = gated(kept=msgspec.structs.replace(whole_plate(), **change))
    with pytest.raises(SceneError):
        shows(camera, Play(STAGE, seconds=0.25))
    camera.renew(SceneError(), GATE)
    assert not shown_blocks(shows(camera, Play(STAGE, seconds=0.25))[0].scene).any()


def looks_of(camera: GatedCamera, wanted_hz: float, hz: float = 10.0, seconds: float = 4.0) -> list[float]:
    """When a camera of so many pictures a second was looked at."""
    looked = []
    for number in range(round(seconds * hz)):
        time_s = number / hz
        camera.see(HandedPicture(PLAY.picture(time_s), time_s, STAGE.size, time_s), wanted_hz)
        if camera.looked_s == time_s:
            looked.append(time_s)
    return looked


@pytest.mark.parametrize(("wanted_hz", "apart_s"), [(5.0, 0.2), (2.6, 0.4), (2.0, 0.5), (0.1, 0.5)])
def test_it_is_looked_at_as_often_as_is_right_but_twice_a_second_in_any_case(wanted_hz: float, apart_s: float) -> None:
    looked = looks_of(gated(), wanted_hz)
    assert {round(b - a, 3) for a, b in pairwise(looked)} == {apart_s}


def test_it_knows_before_it_has_a_picture_whether_it_must_look() -> None:
    camera = gated()
    assert camera.must_look(0.0)
    assert looks_of(camera, 2.0)[-1] == camera.looked_s == 3.5
    assert not camera.must_look(3.9)
    assert camera.must_look(4.0)
    camera.renew(ValueError(), GATE)
    assert camera.must_look(3.6)


def test_health_says_how_often_it_was_looked_at_of_late() -> None:
    clock = SimulatedClock()
    camera = gated(clock)
    assert camera.health().looks_hz == 0
    looks_of(camera, 2.0)
    clock.sleep(4.0)
    assert camera.health().looks_hz == 2.0
    clock.sleep(10.0)
    assert camera.health().looks_hz == 0


def test_nothing_is_released_but_after_looks_between_the_pictures() -> None:
    camera = gated()
    assert not camera.release()
    for time_s, picture in PLAY:
        message = camera.see(HandedPicture(picture, time_s, STAGE.size, time_s), 5.0)
        assert not shown_blocks(message.scene).any()
    assert camera.release()


def test_of_an_error_its_class_is_told_and_nothing_else() -> None:
    error = type("E" * 100, (Exception,), {})("rtsp://root:hunter2@camera")
    assert trouble_of("a", error, GATE) == Trouble("a", Reason.GATE_FAILED, "E" * 64, "gate")
    assert trouble_of("a", MemoryError(), GATE).reason is Reason.OUT_OF_MEMORY
    assert trouble_of(None, ValueError(), "worker").reason is Reason.CRASHED
