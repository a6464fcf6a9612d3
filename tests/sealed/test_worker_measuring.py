"""What a worker measures of its cameras: after the scene, from the very look, and never in the way of the gate."""

import msgspec
import pytest

from passerby.clock import SimulatedClock
from passerby.measure.crowd import Count, trained
from passerby.measure.meter import Meter
from passerby.released.measurement import CrowdNumbers, Measurement, Pulse
from passerby.released.messages import Reason, Trouble
from passerby.released.scene import Size
from passerby.sealed.features.crowd import CrowdView
from passerby.sealed.worker.gated_camera import GATE, GatedCamera, gate_settings
from passerby.sealed.worker.metering import meter_of
from passerby.sealed.worker.timed_detector import TimedDetector
from passerby.sealed.worker.worker import Worker
from passerby.site.orders import CameraOrder, LineOrder, ZoneOrder
from tests.sealed.test_worker_process import newest_healths, worker
from tests.support.detectors import Finder
from tests.support.drawn_worker import Behaviour, configure, order
from tests.support.hand_camera import HandCamera, HandedPicture
from tests.support.scenes import Figure, Picture, Play, Stage, shifted, walks

NOON_S = 1_795_435_200.0
WHOLE = ((0.0, 0.0), (160.0, 0.0), (160.0, 120.0), (0.0, 120.0))
ORDER = CameraOrder(
    camera="a", source="", settle_s=2.0, zones=(ZoneOrder("hall", WHOLE, "walking"),), lines=(LineOrder("door", (80.0, 0.0), (80.0, 120.0)),)
)


def gated(order: CameraOrder = ORDER) -> GatedCamera:
    clock = SimulatedClock()
    return GatedCamera(order, gate_settings(order), HandCamera(order, clock, lambda: None), TimedDetector(Finder()), clock, {})


def told_of(camera: GatedCamera, play: Play) -> list[Pulse | Measurement | Trouble]:
    told: list[Pulse | Measurement | Trouble] = []
    for time_s, picture in play:
        camera.see(HandedPicture(picture, time_s, play.stage.size, captured_wall_s=NOON_S + time_s), 5.0)
        camera.is_sent()
        told += camera.measured()
        while camera.release():
            pass
    return told


def test_somebody_who_walks_through_is_counted_in_the_zone_and_across_the_line() -> None:
    play = Play(Stage(160, 120), [Figure(walks((6.0, -10, 50), (26.0, 160, 50)))], seconds=40)
    camera = gated()
    told = told_of(camera, play)
    pulses = [one for one in told if isinstance(one, Pulse)]
    assert {one.camera for one in told} == {"a"}
    assert sum(pulse.lines[0].ba for pulse in pulses) == 1
    assert sum(pulse.lines[0].ab for pulse in pulses) == 0
    inside = [pulse for pulse in pulses if 10.0 <= pulse.wall_s - NOON_S <= 22.0]
    assert len(inside) > 8
    assert all(pulse.zones[0].people == 1 for pulse in inside)
    minute = next(one for one in camera.stop_measuring() if isinstance(one, Measurement))
    assert minute.minute_wall_s == NOON_S
    assert minute.zones[0].people_most == 1
    assert (minute.lines[0].ab, minute.lines[0].ba) == (0, 1)


def test_while_the_gate_withholds_all_nothing_is_measured() -> None:
    stage = Stage(160, 120)
    dark = Play(stage, seconds=30, camera=lambda picture, time_s: picture // 40 if time_s >= 12 else picture)
    pulses = [one for one in told_of(gated(), dark) if isinstance(one, Pulse)]
    assert pulses
    assert max(pulse.wall_s for pulse in pulses) <= NOON_S + 13


def test_a_camera_without_zones_and_lines_measures_nothing() -> None:
    assert told_of(gated(CameraOrder(camera="a", source="", settle_s=2.0)), Play(Stage(160, 120), seconds=4)) == []


def test_a_gate_that_failed_takes_what_it_saw_along_and_what_was_measured_is_told() -> None:
    camera = gated()
    told = told_of(camera, Play(Stage(160, 120), seconds=8))
    assert told
    camera.renew(ValueError(), GATE)
    assert camera.measured() == []
    assert [type(one) for one in camera.stop_measuring()][-1] is Measurement
    assert camera.stop_measuring() == []


def test_a_zone_above_the_horizon_is_counted_and_has_no_area() -> None:
    ground = (50.0, 0.0, 80.0, 0.0, 10.0, 0.0, 0.0, 0.02, 1.0)
    low = ZoneOrder("low", ((10.0, 60.0), (150.0, 60.0), (150.0, 119.0), (10.0, 119.0)), "queue")
    meter = meter_of(CameraOrder(camera="a", source="", ground=ground, zones=(low, ZoneOrder("sky", WHOLE, "waiting"))), Stage(160, 120).size)
    assert meter is not None


def test_a_worker_tells_minutes_and_seconds_of_what_it_sees_and_the_rest_at_its_end() -> None:
    with worker() as talk:
        talk.say(configure(order("a", Behaviour(hz=30), zones=ORDER.zones, lines=ORDER.lines)))
        while not [one for one in talk.heard if isinstance(one, Pulse)]:
            talk.next()
        talk.close()
        talk.until_end()
        told = [one for one in talk.heard if isinstance(one, Measurement)]
    assert told
    assert {one.camera for one in told} == {"a"}
    assert newest_healths(talk.heard)


def test_an_error_of_measuring_is_told_and_touches_no_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> list[Pulse | Measurement]:
        raise ZeroDivisionError("a secret of the scene")

    monkeypatch.setattr(Meter, "see", fails)
    camera = gated()
    said: list[object] = []

    class Told(Worker):
        def __init__(self) -> None:
            pass

        def _tell(self, message: object) -> None:
            said.append(message)

    for time_s, picture in Play(Stage(160, 120), seconds=2):
        camera.see(HandedPicture(picture, time_s, Stage(160, 120).size, captured_wall_s=NOON_S + time_s), 5.0)
        Told()._measure(camera, camera.measured)
    assert said
    assert set(said) == {Trouble("a", Reason.GATE_FAILED, "ZeroDivisionError", "measure")}


def test_while_it_is_not_known_whether_a_camera_that_was_away_sees_the_same_place_nothing_is_measured() -> None:
    camera, stage = gated(), Stage(160, 120)
    figure = Figure(walks((0.0, 40, 50), (60.0, 120, 50)))
    told_of(camera, Play(stage, [figure], seconds=20))
    elsewhere = Stage(160, 120, seed=9)
    told: list[Pulse | Measurement | Trouble] = []
    for time_s, picture in Play(elsewhere, [figure], seconds=2):
        now_s = 20.0 + time_s
        camera.see(HandedPicture(picture, now_s, stage.size, captured_wall_s=NOON_S + now_s, connection=2), 5.0)
        told += camera.measured()
    assert max((pulse.wall_s for pulse in told if isinstance(pulse, Pulse)), default=0.0) <= NOON_S + 21


def test_pictures_of_another_size_are_measured_anew_and_what_was_measured_before_is_told() -> None:
    camera = gated()
    told_of(camera, Play(Stage(160, 120), seconds=8))
    larger = [camera.see(HandedPicture(picture, 8.0 + time_s, Size(192, 120), captured_wall_s=NOON_S + 8.0 + time_s), 5.0)
              for time_s, picture in Play(Stage(192, 120), seconds=0.5)]  # fmt: skip
    assert larger
    assert any(isinstance(one, Measurement) for one in camera.measured())


def test_a_zone_whose_lowest_corner_lies_on_the_horizon_blinds_nobody() -> None:
    ground = (50.0, 0.0, 80.0, 0.0, 10.0, 0.0, 0.0, 0.02, 1.0)  # its horizon is at 500 px
    on_it = ZoneOrder("on", ((0.0, 100.0), (160.0, 100.0), (80.0, 500.0)), "walking")
    camera = gated(CameraOrder(camera="a", source="", settle_s=2.0, ground=ground, zones=(on_it,)))
    assert told_of(camera, Play(Stage(160, 120), seconds=6))


def test_a_camera_that_was_moved_measures_nothing_until_it_sees_the_same_place_again() -> None:
    """What it sees meanwhile is learned and shown; the zones are polygons of another view."""
    figure = Figure(walks((0.0, 60, 50), (90.0, 100, 50)))
    play = Play(Stage(160, 120), [figure], seconds=60, change=lambda picture, time_s: shifted(picture, 48, 16) if 16 <= time_s < 36 else picture)
    told = told_of(gated(), play)
    troubles = [one for one in told if isinstance(one, Trouble)]
    assert [one.error for one in troubles] == ["CameraMoved", "CameraBack"]
    assert {one.place for one in troubles} == {"measure"}
    seconds = {round(one.wall_s - NOON_S) for one in told if isinstance(one, Pulse)}
    assert {5, 10, 15} <= seconds
    assert not [second for second in seconds if 19 <= second <= 36]
    assert {50, 55} <= seconds


GROUND = (16.0, 0.0, 80.0, 0.0, 16.0, 0.0, 0.0, 0.0, 1.0)
FULL = CameraOrder(camera="a", source="", settle_s=2.0, ground=GROUND, zones=(ZoneOrder("hall", WHOLE, "waiting"),))


def crowded() -> Play:
    """An empty place, and then as much as a crowd covers."""
    figures = [Figure(walks((6.0 + 2.6 * n, -14, 50), (26.0 + 2.6 * n, 160, 50))) for n in range(8)]
    return Play(Stage(160, 120), figures, seconds=30)


def test_numbers_of_a_zone_are_told_of_a_crowd_only() -> None:
    few = [
        one
        for one in told_of(gated(FULL), Play(Stage(160, 120), [Figure(walks((6.0, -10, 50), (26.0, 160, 50)))], seconds=24))
        if isinstance(one, Pulse)
    ]
    assert max(one.zones[0].people for one in few) == 1
    assert {one.zones[0].crowd for one in few} == {None}
    many = [one for one in told_of(gated(FULL), crowded()) if isinstance(one, Pulse)]
    told = [one.zones[0].crowd for one in many if one.zones[0].crowd is not None]
    assert told, "six are a crowd"
    assert all(one == CrowdNumbers(*(round(part, 3) for part in msgspec.structs.astuple(one))) for one in told)


def test_a_correction_counts_from_then_on_and_one_that_says_nothing_does_not() -> None:
    play = crowded()
    before = [one.zones[0].people for one in told_of(gated(FULL), play) if isinstance(one, Pulse)]
    (numbers,) = {one.zones[0].crowd for one in told_of(gated(FULL), play)[-6:-5] if isinstance(one, Pulse)}
    assert numbers is not None
    counts = [
        Count(2.0 * one.detected, one) for one in (msgspec.structs.replace(numbers, area_m2=numbers.area_m2 * (0.6 + n / 25)) for n in range(20))
    ]
    model = trained(counts)
    assert model is not None
    camera = gated(FULL)
    camera.correct("hall", model)
    corrected = [one.zones[0].people for one in told_of(camera, play) if isinstance(one, Pulse)]
    assert corrected[-6] == pytest.approx(2 * before[-6], rel=0.1)
    camera.correct("hall", msgspec.structs.replace(model, counts=()))
    assert camera.measured() == []
    other = gated(FULL)
    other.correct("hall", msgspec.structs.replace(model, noise=-1.0))
    assert [one.zones[0].people for one in told_of(other, play) if isinstance(one, Pulse)] == before


def test_an_error_in_taking_numbers_off_touches_no_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> list[CrowdNumbers]:
        raise ZeroDivisionError("a secret of the scene")

    monkeypatch.setattr(CrowdView, "of", fails)
    camera = gated(FULL)
    with pytest.raises(ZeroDivisionError):
        told_of(camera, Play(Stage(160, 120), seconds=4))
    assert camera.health().gated > 0, "the scene was on its way before"


def shifted_away(picture: Picture, time_s: float) -> Picture:
    """As a camera that somebody turned after 16 s, and never turned back."""
    return shifted(picture, 48, 16) if time_s >= 16 else picture


def test_a_gate_that_fails_while_the_camera_is_away_does_not_forget_that_it_was_moved() -> None:
    camera = gated()
    play = Play(Stage(160, 120), seconds=60, change=shifted_away)
    told: list[Pulse | Measurement | Trouble] = []
    failed = False
    at_home = set()
    for time_s, picture in play:
        if time_s >= 26 and not failed:
            camera.renew(RuntimeError(), GATE)
            failed = True
        message = camera.see(HandedPicture(picture, time_s, play.stage.size, captured_wall_s=NOON_S + time_s), 5.0)
        if time_s >= 20:
            at_home.add(message.scene.health.at_home)
        camera.is_sent()
        told += camera.measured()
        while camera.release():
            pass
    assert at_home == {False}
    assert [one.error for one in told if isinstance(one, Trouble)] == ["CameraMoved"]
    assert max(one.wall_s for one in told if isinstance(one, Pulse)) <= NOON_S + 17
