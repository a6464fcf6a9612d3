"""Faults in a file: both passes withhold, say so, and a changed view gets a plate of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest

from passerby.errors import DetectorError
from passerby.redact.learn import Learner
from passerby.released.scene import GateState, Scene
from passerby.sealed.gate.detector import Boxes, Detector
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Blind, Failing, Finder, Now
from tests.support.fake_clip import FakeClip, Inline, learned, two_passes
from tests.support.scenes import Canvas, Figure, Picture, Play, Stage, shifted, shown_blocks, stands, walks

STAGE = Stage(160, 120, contrast=40)
SETTINGS = GateSettings(settle_s=2.0, looks_at_once=0)


def clip_of(play: Play, odd_at: frozenset[int] = frozenset()) -> FakeClip:
    return FakeClip(play.stage.size, play.times_s, play.picture, Now(), odd_at=odd_at)


def scenes_of(play: Play, detector: Detector, odd_at: frozenset[int] = frozenset()) -> list[Scene]:
    return two_passes(clip_of(play, odd_at), SETTINGS, detector)[1]


def shows_nothing(scene: Scene) -> bool:
    return not (scene.glyphs or scene.cells or scene.patches or shown_blocks(scene).any())


def between(scenes: list[Scene], from_s: float, to_s: float) -> list[Scene]:
    return [scene for scene in scenes if from_s <= scene.time_s < to_s]


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_clip_of_a_few_frames_shows_nothing(frames: int) -> None:
    scenes = scenes_of(Play(STAGE, [Figure(stands(60, 40))], frames / 4, hz=4), Finder())
    assert len(scenes) == frames
    assert all(shows_nothing(scene) for scene in scenes)


def test_a_clip_that_repeats_one_picture_shows_nothing() -> None:
    assert all(shows_nothing(scene) for scene in scenes_of(Play(replace(STAGE, sigma=0), seconds=30, hz=2), Blind()))


def test_a_black_clip_shows_nothing_and_says_so() -> None:
    scenes = scenes_of(Play(STAGE, seconds=12, hz=2, camera=lambda picture, _: np.zeros_like(picture)), Blind())
    assert all(shows_nothing(scene) for scene in scenes)
    assert {scene.health.state for scene in scenes} <= {GateState.COVERED, GateState.SETTLING}
    assert GateState.COVERED in {scene.health.state for scene in scenes}


def test_a_covered_minute_is_one_segment() -> None:
    play = Play(STAGE, seconds=70, hz=2, camera=lambda picture, time_s: np.zeros_like(picture) if time_s >= 5 else picture)
    lesson = learned(clip_of(play), SETTINGS, Blind())
    assert len(lesson.segments) <= 3


@pytest.mark.parametrize("x_px", [4, 18])
def test_a_bump_splits_the_clip_and_each_part_has_its_own_place(x_px: int) -> None:
    play = Play(STAGE, seconds=40, hz=4, change=lambda picture, time_s: shifted(picture, x_px, 0) if time_s >= 20 else picture)
    scenes = scenes_of(play, Blind())
    assert GateState.MOVED in {scene.health.state for scene in between(scenes, 19, 22)}
    assert all(shows_nothing(scene) for scene in scenes if scene.health.state is GateState.MOVED)
    canvas = Canvas()
    for scene in scenes:
        canvas.take(scene)
        if scene.health.state is GateState.WATCHING and not 19 < scene.time_s < 22:
            near = np.abs(canvas.visible.astype(int) - play.clean(scene.time_s)).max(2) < 24
            assert near[canvas.shown].mean() > 0.98, f"another place is shown at {scene.time_s} s"
    assert shown_blocks(scenes[30]).mean() > 0.9
    assert shown_blocks(scenes[-1]).mean() > 0.9


CHANGES: dict[str, tuple[Callable[[Picture], Picture], set[GateState]]] = {
    "covered": (lambda picture: np.full_like(picture, 60), {GateState.COVERED}),
    "light halved": (lambda picture: (picture // 2).astype(np.uint8), {GateState.LIGHT_CHANGED}),
    "infrared": (lambda picture: np.repeat(picture[..., 1:2], 3, 2), {GateState.LIGHT_CHANGED}),
    "defocused": (lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 8), np.uint8), {GateState.COVERED, GateState.MOVED}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_view_is_said_and_withheld_around_the_change(name: str) -> None:
    change, expected = CHANGES[name]
    play = Play(STAGE, seconds=30, hz=4, camera=lambda picture, time_s: change(picture) if 12 <= time_s < 20 else picture)
    scenes = scenes_of(play, Blind())
    assert {scene.health.state for scene in between(scenes, 12, 14)} & expected
    assert {scene.health.state for scene in between(scenes, 20, 22)} & {*expected, GateState.MOVED}
    assert shown_blocks(scenes[-1]).mean() > 0.9
    assert shown_blocks(scenes[20]).mean() > 0.9


def test_a_frozen_part_is_said_and_withheld() -> None:
    stuck = STAGE.seen(STAGE.empty, 10.0)
    play = Play(STAGE, seconds=40, hz=4, camera=lambda picture, time_s: stuck if 10 <= time_s < 30 else picture)
    scenes = scenes_of(play, Blind())
    assert {scene.health.state for scene in between(scenes, 21, 30)} == {GateState.FROZEN}
    assert all(shows_nothing(scene) for scene in between(scenes, 21, 30))
    assert shown_blocks(scenes[-1]).all()


def broken(picture: Picture) -> Boxes:
    raise DetectorError("the runtime failed")


def not_finite(picture: Picture) -> Boxes:
    return Boxes(np.full((1, 4), np.nan, np.float32), np.ones(1, np.float32), np.zeros(1, np.int8))


class Answering:
    """A detector that answers with a function."""

    input_px = 416

    def __init__(self, answer: Callable[[Picture], Boxes]) -> None:
        self._answer = answer

    def detect(self, picture: Picture) -> Boxes:
        return self._answer(picture)


@pytest.mark.parametrize("answer", [broken, not_finite])
def test_a_detector_that_always_fails_shows_nothing(answer: Callable[[Picture], Boxes]) -> None:
    scenes = scenes_of(Play(STAGE, [Figure(walks((2, -14, 40), (12, 160, 40)))], 14, hz=4), Answering(answer))
    assert all(shows_nothing(scene) for scene in scenes)
    assert GateState.DETECTOR_FAILED in {scene.health.state for scene in scenes}


def test_a_detector_that_fails_at_the_looks_before_release_shows_nothing() -> None:
    whole = STAGE.empty.shape[:2]
    play = Play(STAGE, seconds=14, hz=4)
    settings = replace(SETTINGS, min_person_px=10)
    scenes = two_passes(clip_of(play), settings, Answering(lambda p: Boxes.none() if p.shape[:2] == whole else broken(p)))[1]
    assert not any(shown_blocks(scene).any() for scene in scenes)
    assert not any(scene.patches for scene in scenes)


@pytest.mark.parametrize("answer", [None, lambda: not_finite(np.zeros((1, 1, 3), np.uint8))])
def test_a_detector_that_fails_for_a_while_withholds_for_that_while(answer: Callable[[], Boxes] | None) -> None:
    play = Play(STAGE, [Figure(walks((2, -14, 40), (22, 160, 40)))], 24, hz=4)
    clip = clip_of(play)
    scenes = two_passes(clip, SETTINGS, Failing(Finder(), lambda: 10 <= clip.now.time_s < 14, answer))[1]
    assert {scene.health.state for scene in between(scenes, 10.25, 14)} == {GateState.DETECTOR_FAILED}
    assert all(shows_nothing(scene) for scene in between(scenes, 10.25, 14))
    assert shown_blocks(scenes[-1]).mean() > 0.9


def test_a_detector_dead_for_a_minute_while_something_moves_withholds() -> None:
    walker = Figure(lambda time_s: (20 + 100 * (0.5 + 0.5 * float(np.sin(time_s))), 50.0), 14, 36)
    scenes = scenes_of(Play(STAGE, [walker], 60, hz=2), Blind())
    assert {scene.health.state for scene in between(scenes, 20, 60)} == {GateState.DETECTOR_FAILED}
    assert all(shows_nothing(scene) for scene in between(scenes, 20, 60))


def test_a_detector_dead_from_first_to_last_look_vouches_for_nothing() -> None:
    walker = Figure(lambda time_s: (20 + 100 * (0.5 + 0.5 * float(np.sin(time_s))), 50.0), 14, 36)
    scenes = scenes_of(Play(STAGE, [walker, Figure(stands(40, 90), 10, 24)], 60, hz=2), Blind())
    assert not any(shown_blocks(scene).any() for scene in scenes)


def test_frames_of_another_size_are_withheld_and_the_rest_is_shown() -> None:
    odd = frozenset(range(40, 46))
    scenes = scenes_of(Play(STAGE, seconds=20, hz=4), Blind(), odd_at=odd)
    assert {number for number, scene in enumerate(scenes) if scene.health.state is GateState.BAD_FRAME} >= odd
    assert all(shows_nothing(scenes[number]) for number in odd)
    assert shown_blocks(scenes[-1]).mean() > 0.9


def test_damaged_frames_teach_nothing() -> None:
    """A decoder paints over what it cannot read: here half of the pictures are damaged and show something else."""
    damaged = frozenset(range(0, 120, 2))
    play = Play(STAGE, seconds=30, hz=4)

    def draw(time_s: float) -> Picture:
        picture = play.picture(time_s)
        if round(time_s * 4) in damaged:
            picture[20:100, 40:120] = 200
        return picture

    clip = FakeClip(STAGE.size, play.times_s, draw, Now(), damaged_at=damaged)
    lesson = learned(clip, SETTINGS, Blind())
    plate = lesson.segments[0].plate
    assert plate.established.mean() > 0.9
    assert np.abs(plate.picture[20:100, 40:120].astype(int) - STAGE.empty[20:100, 40:120]).max() < 24


def test_the_executor_and_the_threads_give_the_same_scenes() -> None:
    play = Play(STAGE, [Figure(walks((2, -14, 40), (12, 160, 40)))], 14, hz=4)
    with ThreadPoolExecutor(2) as threads:
        lessons = [
            Learner(STAGE.size, SETTINGS, Finder(), executor).run(clip_of(play).as_clip(), None, None, lambda _: None)
            for executor in (Inline(), threads)
        ]
    first, second = (lesson.segments[0].plate for lesson in lessons)
    assert np.array_equal(first.picture, second.picture)
    assert np.array_equal(first.established, second.established)
    assert [t.times_s for t in lessons[0].tracks] == [t.times_s for t in lessons[1].tracks]
