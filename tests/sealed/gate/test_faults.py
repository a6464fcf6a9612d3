"""Every fault withholds (invariant I5): it is said in the health, shows no more than before, and afterwards the place is learned anew."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pytest

from passerby.errors import DetectorError, GateError
from passerby.released.scene import GateState, Level, Scene, Size
from passerby.sealed.gate.detector import Boxes, Detector, YoloxDetector
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Blind, Failing, Finder, Now
from tests.support.scenes import Canvas, Change, Figure, Mask, Picture, Play, Stage, shifted, shown_blocks, stands, walks

STAGE = Stage(160, 120, contrast=40)
SETTINGS = GateSettings(settle_s=2.0, looks_at_once=0)
FROM_S, TO_S, END_S = 10.0, 20.0, 36.0
"""The fault's time, and the end. The band along the border settles in 6 s, so that all of the place is shown at FROM_S."""
CLOSE = 24


@dataclass
class Showing:
    """What was released over time, from a receiver's point of view."""

    scenes: list[Scene]
    canvas: Canvas
    blocks: list[Mask]
    visible: list[Picture]

    def states(self, from_s: float, to_s: float) -> set[GateState]:
        return {scene.health.state for scene in self.scenes if from_s <= scene.time_s < to_s}

    def shown_at(self, time_s: float) -> Mask:
        return next(blocks for scene, blocks in zip(self.scenes, self.blocks, strict=True) if scene.time_s >= time_s)

    def most_between(self, from_s: float, to_s: float) -> float:
        return max(float(b.mean()) for s, b in zip(self.scenes, self.blocks, strict=True) if from_s <= s.time_s < to_s)


def shown(play: Play, detector: Detector, settings: GateSettings = SETTINGS, now: Now | None = None) -> Showing:
    gate, canvas = Gate(play.stage.size, settings, detector), Canvas()
    showing = Showing([], canvas, [], [])
    for time_s in play.times_s:
        if now is not None:
            now.time_s = time_s
        scene = gate.see(play.picture(time_s), time_s)
        canvas.take(scene)
        showing.scenes.append(scene)
        showing.blocks.append(shown_blocks(scene))
        showing.visible.append(canvas.visible)
    return showing


def showing_of(gate: Gate, times_s: Iterable[float], draw: Callable[[float], Picture]) -> list[Scene]:
    """The scenes of a gate for pictures at times."""
    return [gate.see(draw(float(time_s)), float(time_s)) for time_s in times_s]


def shows_nothing(scene: Scene) -> bool:
    return not (scene.glyphs or scene.cells or scene.patches or shown_blocks(scene).any())


def during(change: Change, to_s: float = TO_S) -> Change:
    """A change that lasts from FROM_S to `to_s`."""
    return lambda picture, time_s: change(picture, time_s) if FROM_S <= time_s < to_s else picture


def is_of(visible: Picture, place: Picture) -> bool:
    """Whether all that a picture shows is that place, in its light."""
    near = np.abs(visible.astype(int) - place).max(2) < CLOSE
    return bool((near | ~visible.any(2)).mean() > 0.99)


def lit(gain: float) -> Change:
    return lambda picture, _: np.clip(picture * gain, 0, 255).astype(np.uint8)


def covered_but(share: float, level: int) -> Change:
    """Something plain before the lens; `share` of the width stays visible."""

    def cover(picture: Picture, _: float) -> Picture:
        picture = picture.copy()
        picture[:, round(share * picture.shape[1]) :] = level
        return cv2.add(picture, np.random.default_rng(0).integers(0, 4, picture.shape).astype(np.uint8)).astype(np.uint8)

    return cover


def blurred(sigma: float) -> Change:
    return lambda picture, _: np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)


def bumped(x_px: int, y_px: int) -> Change:
    return lambda picture, _: shifted(picture, x_px, y_px)


COVERED, MOVED, LIGHT = {GateState.COVERED}, {GateState.MOVED}, {GateState.LIGHT_CHANGED}
VIEWS: dict[str, tuple[Change, set[GateState]]] = {
    "black": (lambda picture, _: np.zeros_like(picture), COVERED),
    "covered by something dark": (covered_but(0.0, 25), COVERED),
    "covered by something bright": (covered_but(0.0, 200), COVERED),
    "mostly covered": (covered_but(0.2, 90), COVERED | MOVED),
    "defocused": (blurred(8), COVERED | MOVED),
    "light halved": (lit(0.5), LIGHT),
    "light up by half": (lit(1.5), LIGHT),
    "colour to infrared": (lambda picture, _: np.repeat(picture[..., 1:2], 3, 2), LIGHT),
    "colour to a darker infrared": (lambda picture, _: np.repeat((picture[..., 1:2] * 0.8).astype(np.uint8), 3, 2), LIGHT),
    **{f"bumped by {x}, {y} px": (bumped(x, y), MOVED) for x, y in ((3, 0), (0, 3), (-5, 4), (9, 2), (0, -14), (20, 0))},
}


@pytest.mark.parametrize("contrast", [18, 40, 90])
@pytest.mark.parametrize("name", VIEWS)
def test_a_changed_view_is_said_and_drops_the_plate(name: str, contrast: float) -> None:
    change, expected = VIEWS[name]
    play = Play(replace(STAGE, contrast=contrast), seconds=16, hz=2, camera=during(change, 100))
    showing = shown(play, Blind())
    assert showing.shown_at(FROM_S - 0.5).all()
    found = showing.states(FROM_S, FROM_S + 2)
    assert found & expected
    assert showing.most_between(FROM_S + 1, FROM_S + 2) == 0.0, "nothing of the old plate is shown any more"
    before = showing.shown_at(FROM_S - 0.5)
    assert not (showing.shown_at(FROM_S) & ~before).any()


@pytest.mark.parametrize(
    "name", ["black", "covered by something bright", "mostly covered", "light halved", "colour to infrared", "bumped by 9, 2 px"]
)
def test_after_the_view_came_back_the_place_is_learned_anew(name: str) -> None:
    change, _ = VIEWS[name]
    play = Play(STAGE, seconds=END_S, hz=2, camera=during(change))
    showing = shown(play, Blind())
    assert showing.states(TO_S, TO_S + 2) & {GateState.MOVED, GateState.COVERED, GateState.LIGHT_CHANGED, GateState.SETTLING}
    assert showing.scenes[-1].health.state is GateState.WATCHING
    assert showing.blocks[-1].mean() > 0.95
    assert is_of(showing.visible[-1], STAGE.empty)


def test_a_moved_camera_is_not_at_home_until_it_sees_the_first_view_again_however_well_it_has_learned_the_other() -> None:
    play = Play(STAGE, seconds=END_S, hz=2, camera=during(bumped(20, 0)))
    health = {scene.time_s: scene.health for scene in shown(play, Blind()).scenes}
    assert {one.at_home for time_s, one in health.items() if time_s < FROM_S} == {True}
    away = [one for time_s, one in health.items() if FROM_S + 1 <= time_s < TO_S]
    assert away[-1].state is GateState.WATCHING
    assert {one.at_home for one in away} == {False}
    assert {one.at_home for time_s, one in health.items() if time_s >= TO_S + 3} == {True}


def at_home_of(play: Play) -> dict[float, bool | None]:
    return {scene.time_s: scene.health.at_home for scene in shown(play, Blind()).scenes}


@pytest.mark.parametrize("name", ["black", "covered by something dark", "covered by something bright", "mostly covered", "defocused"])
def test_a_camera_that_is_turned_under_a_cover_is_not_at_home_once_that_is_gone(name: str) -> None:
    turned = bumped(20, 0)

    def turned_under_it(picture: Picture, time_s: float) -> Picture:
        return VIEWS[name][0](picture, time_s) if time_s < FROM_S + 4 else turned(picture, time_s)

    at_home = at_home_of(Play(STAGE, seconds=END_S, hz=2, camera=during(turned_under_it, END_S)))
    assert {one for time_s, one in at_home.items() if time_s < FROM_S} == {True}
    assert True not in {one for time_s, one in at_home.items() if time_s >= FROM_S + 1}
    assert at_home[max(at_home)] is False


@pytest.mark.parametrize("name", ["black", "covered by something dark", "covered by something bright", "mostly covered", "defocused"])
def test_a_camera_that_was_covered_is_at_home_again_as_soon_as_it_sees_the_place(name: str) -> None:
    at_home = at_home_of(Play(STAGE, seconds=END_S, hz=2, camera=during(VIEWS[name][0])))
    assert {one for time_s, one in at_home.items() if time_s >= TO_S + 2} == {True}


def test_a_camera_that_is_moved_before_it_has_learned_the_place_in_another_light_is_not_at_home() -> None:
    def change(picture: Picture, time_s: float) -> Picture:
        darker = lit(0.5)(picture, time_s)
        return bumped(20, 0)(darker, time_s) if time_s >= FROM_S + 1.5 else darker

    at_home = at_home_of(Play(STAGE, seconds=END_S, hz=2, camera=during(change, END_S)))
    assert True not in {one for time_s, one in at_home.items() if time_s >= FROM_S + 2.5}
    assert at_home[max(at_home)] is False


@pytest.mark.parametrize(("share", "at_home"), [(0.0, True), (0.2, True), (0.5, False)])
def test_a_place_that_was_rearranged_in_the_dark_a_little_is_the_same_place(share: float, at_home: bool) -> None:
    columns = round(share * STAGE.size.width_px)
    other = Stage(STAGE.size.width_px, STAGE.size.height_px, seed=99).empty[:, :columns]

    def rearranged(picture: Picture, time_s: float) -> Picture:
        if time_s < FROM_S + 4:
            return VIEWS["black"][0](picture, time_s)
        changed = picture.copy()
        changed[:, :columns] = other
        return changed

    told = at_home_of(Play(STAGE, seconds=END_S, hz=2, camera=during(rearranged, END_S)))
    assert told[max(told)] is at_home


@pytest.mark.parametrize("name", ["light halved", "light up by half", "colour to infrared", "colour to a darker infrared"])
def test_another_light_leaves_a_camera_at_home(name: str) -> None:
    at_home = at_home_of(Play(STAGE, seconds=END_S, hz=2, camera=during(VIEWS[name][0], END_S)))
    assert {one for time_s, one in at_home.items() if time_s >= FROM_S + 1} == {True}


def test_where_nothing_is_seen_or_not_surely_it_is_not_known_whether_a_camera_is_at_home() -> None:
    gate = Gate(STAGE.size, SETTINGS, Blind())
    assert gate.withheld(0.0, GateState.BAD_FRAME).health.at_home is None
    assert gate.see(np.zeros((3, 3, 3), np.uint8), 0.0).health.at_home is None
    showing_of(gate, np.arange(0, FROM_S, 0.5), lambda time_s: STAGE.seen(STAGE.empty, time_s))
    assert gate.withheld(FROM_S, GateState.WATCHING).health.at_home is True
    assert gate.damaged(FROM_S).health.at_home is None
    gate.reconnected()
    assert gate.withheld(FROM_S, GateState.WATCHING).health.at_home is None
    back = showing_of(gate, np.arange(FROM_S, FROM_S + 2, 0.5), lambda time_s: STAGE.seen(STAGE.empty, time_s))
    assert [scene.health.at_home for scene in back] == [None, True, True, True]


def test_a_bump_while_somebody_is_there_is_a_bump() -> None:
    figure = Figure(walks((8, -14, 40), (16, 160, 40)))
    play = Play(STAGE, [figure], 18, hz=4, change=lambda picture, time_s: shifted(picture, 6, 2) if time_s >= 11 else picture)
    showing = shown(play, Finder())
    assert GateState.MOVED in showing.states(11, 13)
    assert showing.most_between(11.5, 13) == 0.0


def test_a_frozen_picture_is_said_and_withheld_until_it_lives_again() -> None:
    stuck = STAGE.seen(STAGE.empty, FROM_S)
    showing = shown(Play(STAGE, seconds=30, hz=2, camera=during(lambda *_: stuck, 24)), Blind())
    assert showing.states(FROM_S + 11, 24) == {GateState.FROZEN}
    assert showing.most_between(FROM_S + 11, 24) == 0.0
    assert showing.blocks[-1].all()
    assert showing.scenes[-1].health.state is GateState.WATCHING


def test_a_picture_frozen_from_the_start_is_never_shown() -> None:
    showing = shown(Play(replace(STAGE, sigma=0), seconds=20, hz=2), Blind())
    assert showing.most_between(0, 20) == 0.0


NOT_FINITE = np.full((1, 4), np.nan, np.float32)


def yolox(raw: Callable[[], np.ndarray[tuple[int, ...], np.dtype[np.float32]]]) -> Callable[[], Boxes]:
    """What a YOLOX network that gives `raw` makes the detector do."""
    return lambda: YoloxDetector(lambda _: raw(), input_px=64).detect(np.zeros((48, 64, 3), np.uint8))


ANSWERS: dict[str, Callable[[], Boxes] | None] = {
    "raises": None,
    "boxes that are not finite": lambda: Boxes(NOT_FINITE, np.ones(1, np.float32), np.zeros(1, np.int8)),
    "scores that are not finite": lambda: Boxes(np.ones((1, 4), np.float32), np.array([np.inf], np.float32), np.zeros(1, np.int8)),
    "boxes of a wrong shape": lambda: Boxes(np.ones((2, 3), np.float32), np.ones(2, np.float32), np.zeros(2, np.int8)),
    "more scores than boxes": lambda: Boxes(np.ones((1, 4), np.float32), np.ones(2, np.float32), np.zeros(2, np.int8)),
    "a head that is not finite": yolox(lambda: np.full((1, 84, 85), np.nan, np.float32)),
    "a head of a wrong shape": yolox(lambda: np.zeros((1, 83, 85), np.float32)),
    "a head of other classes": yolox(lambda: np.zeros((1, 84, 25), np.float32)),
    "a head without a batch": yolox(lambda: np.zeros((84, 85), np.float32)),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_failing_detector_withholds_everything_and_the_plate_comes_back(name: str) -> None:
    now = Now()
    detector = Failing(Finder(), lambda: FROM_S <= now.time_s < 14, ANSWERS[name])
    showing = shown(Play(STAGE, [Figure(walks((6, -14, 40), (18, 160, 40)))], 18, hz=4), detector, now=now)
    assert showing.states(FROM_S, 14) == {GateState.DETECTOR_FAILED}
    assert showing.most_between(FROM_S, 14) == 0.0
    assert not any(scene.glyphs or scene.cells for scene in showing.scenes if FROM_S <= scene.time_s < 14)
    assert showing.scenes[-1].health.state is GateState.WATCHING
    assert (showing.shown_at(14) <= showing.shown_at(FROM_S - 0.5)).all()
    assert is_of(showing.visible[-1], STAGE.empty)


def test_a_detector_that_fails_from_the_start_shows_nothing() -> None:
    showing = shown(Play(STAGE, seconds=12, hz=2), Failing(Blind(), lambda: True))
    assert showing.most_between(0, 12) == 0.0
    assert showing.states(0, 12) == {GateState.DETECTOR_FAILED}


def test_a_detector_that_fails_only_at_looks_before_release_withholds() -> None:
    detector = Failing(Blind(), lambda: True)
    whole = STAGE.empty.shape[:2]

    class OnlyWhole:
        input_px = 416

        def detect(self, picture: Picture) -> Boxes:
            return Boxes.none() if picture.shape[:2] == whole else detector.detect(picture)

    showing = shown(Play(STAGE, seconds=12, hz=2), OnlyWhole(), replace(SETTINGS, min_person_px=10))
    assert showing.most_between(0, 12) == 0.0
    assert GateState.DETECTOR_FAILED in showing.states(0, 12)


def test_a_detector_that_fails_while_it_looks_closer_withholds() -> None:
    now, whole = Now(), STAGE.empty.shape[:2]

    class OnlyWhole:
        input_px = 416

        def detect(self, picture: Picture) -> Boxes:
            if picture.shape[:2] != whole and now.time_s >= FROM_S:
                raise DetectorError("the runtime failed")
            return Boxes.none()

    play = Play(STAGE, [Figure(walks((FROM_S, -14, 40), (20, 160, 40)))], 16, hz=2)
    showing = shown(play, OnlyWhole(), replace(SETTINGS, min_person_px=16), now=now)
    assert showing.shown_at(FROM_S - 0.5).all()
    assert GateState.DETECTOR_FAILED in showing.states(FROM_S, 13)
    assert showing.most_between(12, 16) == 0.0


def test_an_exception_that_is_no_detector_error_releases_nothing_new() -> None:
    now = Now()

    def broken() -> Boxes:
        raise RuntimeError("foreign")

    play = Play(STAGE, [Figure(walks((6, -14, 40), (18, 160, 40)))], 18, hz=4)
    gate = Gate(play.stage.size, SETTINGS, Failing(Finder(), lambda: 4 <= now.time_s < 12, broken))
    before: Mask | None = None
    for time_s in play.times_s:
        now.time_s = time_s
        try:
            scene = gate.see(play.picture(time_s), time_s)
        except RuntimeError:
            continue
        if 4 <= time_s < 12 and before is not None:
            assert not (shown_blocks(scene) & ~before).any()
        before = shown_blocks(scene)
    assert before is not None
    assert before.any()


def test_nothing_found_for_a_minute_while_something_of_a_persons_size_moves_is_a_dead_detector() -> None:
    end_s = FROM_S + 60
    walker = Figure(lambda time_s: (20 + 100 * (0.5 + 0.5 * float(np.sin(time_s))), 50.0) if time_s >= FROM_S else None, 14, 36)
    play = Play(STAGE, [walker], end_s, hz=2)
    showing = shown(play, Blind())
    assert showing.shown_at(FROM_S - 0.5).all()
    assert showing.states(FROM_S + 17, end_s) == {GateState.DETECTOR_FAILED}
    assert showing.most_between(FROM_S + 17, end_s) == 0.0


def test_something_left_behind_is_no_dead_detector_and_only_its_place_is_withheld() -> None:
    bag = Figure(stands(70, 60, from_s=FROM_S), 24, 30)
    showing = shown(Play(STAGE, [bag], 50, hz=2), Blind())
    late = showing.scenes[-1]
    assert late.health.state is GateState.WATCHING
    assert GateState.DETECTOR_FAILED not in showing.states(0, 50)
    assert 0.85 < showing.blocks[-1].mean() < 1.0
    assert late.cells, "the object is shown as cells"


BAD_PICTURES: dict[str, Any] = {
    "another width": np.zeros((120, 162, 3), np.uint8),
    "another height": np.zeros((60, 160, 3), np.uint8),
    "turned": np.zeros((160, 120, 3), np.uint8),
    "grey": np.zeros((120, 160), np.uint8),
    "with alpha": np.zeros((120, 160, 4), np.uint8),
    "of floats": np.zeros((120, 160, 3), np.float32),
    "of 16 bits": np.zeros((120, 160, 3), np.uint16),
    "empty": np.zeros((0, 0, 3), np.uint8),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_frame_that_does_not_fit_is_said_and_withheld(name: str) -> None:
    play = Play(STAGE, [Figure(walks((4, -14, 40), (18, 160, 40)))], 14, hz=4)
    scenes = showing_of(
        Gate(STAGE.size, SETTINGS, Finder()), play.times_s, lambda time_s: BAD_PICTURES[name] if 8 <= time_s < 9 else play.picture(time_s)
    )
    for scene in scenes:
        if 8 <= scene.time_s < 9:
            assert scene.health.state is GateState.BAD_FRAME
            assert shows_nothing(scene)
    assert scenes[-1].health.state is GateState.WATCHING
    assert shown_blocks(scenes[-1]).mean() > 0.8


def test_a_bad_frame_between_two_looks_withholds_until_the_next_look() -> None:
    gate = Gate(STAGE.size, replace(SETTINGS, live_looks_hz=1.0, settle_s=8.0), Blind())
    before = showing_of(gate, range(30), lambda time_s: STAGE.seen(STAGE.empty, time_s))
    assert shown_blocks(before[-1]).any()
    assert gate.see(BAD_PICTURES["grey"], 29.2).health.state is GateState.BAD_FRAME
    assert not gate.wants_picture(29.4)
    scene = gate.see(STAGE.seen(STAGE.empty, 29.4), 29.4)
    assert scene.health.state is GateState.BAD_FRAME
    assert not shown_blocks(scene).any()


def test_a_look_without_a_picture_is_an_error_and_shows_nothing_new() -> None:
    gate = Gate(STAGE.size, SETTINGS, Blind())
    with pytest.raises(GateError, match="wants a picture"):
        gate.see(None, 0.0)


def test_a_single_frame_shows_nothing() -> None:
    scene = Gate(STAGE.size, SETTINGS, Blind()).see(STAGE.seen(STAGE.empty, 0), 0.0)
    assert scene.health.state is GateState.SETTLING
    assert not shown_blocks(scene).any()
    assert not scene.patches


@pytest.mark.parametrize("level", [20, 128, 250])
def test_a_blank_place_settles_and_a_cover_over_it_is_no_crash(level: int) -> None:
    stage = Stage(160, 120, contrast=0.0)
    plain = np.full_like(stage.empty, level)
    play = Play(stage, [Figure(walks((9, -14, 40), (13, 160, 40)))], 16, hz=2, change=lambda *_: plain)
    showing = shown(play, Finder())
    assert showing.blocks[-1].mean() > 0.9
    assert showing.states(8, 16) == {GateState.WATCHING}
    assert is_of(showing.visible[-1], plain)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 40), (40, 1), (17, 33), (31, 16)])
def test_tiny_pictures_are_no_crash(width: int, height: int) -> None:
    rng = np.random.default_rng(0)
    gate = Gate(Size(width, height), SETTINGS, Finder())
    scenes = showing_of(gate, np.arange(0, 10, 0.25), lambda _: rng.integers(100, 110, (height, width, 3)).astype(np.uint8))
    assert shown_blocks(scenes[-1]).shape == (-(-height // 16), -(-width // 16))


@pytest.mark.parametrize("level", list(Level))
def test_a_fault_shows_nothing_at_every_level(level: Level) -> None:
    play = Play(STAGE, [Figure(walks((4, -14, 40), (14, 160, 40)))], 14, hz=4, camera=during(VIEWS["black"][0], 12))
    showing = shown(play, Finder(), replace(SETTINGS, level=level))
    assert all(shows_nothing(scene) for scene in showing.scenes if FROM_S <= scene.time_s < 12)
    assert showing.shown_at(FROM_S - 0.5).any()


def test_a_clock_that_jumps_back_shows_no_more_than_before() -> None:
    play = Play(STAGE, [Figure(walks((2, -14, 40), (12, 160, 40)))], 16, hz=4)
    gate = Gate(STAGE.size, SETTINGS, Finder())
    before = shown_blocks(showing_of(gate, (1000 + time_s for time_s in play.times_s), lambda time_s: play.picture(time_s - 1000))[-1])
    assert before.any()
    for scene in showing_of(gate, play.times_s, lambda time_s: STAGE.seen(STAGE.empty, time_s)):
        assert not (shown_blocks(scene) & ~before).any() or scene.time_s > SETTINGS.settle_s
        assert not scene.glyphs or scene.time_s < 3, "a track of before the jump ends"
    assert gate.see(STAGE.seen(STAGE.empty, 20), 20.0).health.state is GateState.WATCHING
