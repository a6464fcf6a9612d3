"""A camera that comes back is believed to see what it saw before once two pictures say so: of another view nothing is shown, not for one picture."""

from collections.abc import Callable, Iterator
from itertools import islice

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.samples import pets_clip
from passerby.released.scene import GateState, Scene, Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.recognition import UNSURE_S, Recognition, View
from passerby.sealed.gate.regions import grey_of
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Finder
from tests.support.scenes import Canvas, Figure, Picture, Play, Stage, shifted, shown_blocks, stands, unchanged

SETTINGS = GateSettings(settle_s=4.0)
STAGE = Stage()
HZ = 5.0
LEARNED_S = 16.0
Change = Callable[[Picture, float], Picture]


def after_a_gap(change: Change, *figures: Figure, seconds: float = 3.0) -> tuple[Gate, list[Scene]]:
    """A gate that knows the place, and what it says after its camera was away for some seconds."""
    gate = Gate(STAGE.size, SETTINGS, Finder())
    before = [gate.see(picture, time_s) for time_s, picture in Play(stage=STAGE, seconds=LEARNED_S, hz=HZ)]
    assert shown_blocks(before[-1]).mean() > 0.9
    gate.reconnected()
    play = Play(stage=STAGE, figures=figures, seconds=seconds, hz=HZ, change=change)
    return gate, [gate.see(picture, LEARNED_S + 3 + time_s) for time_s, picture in play]


def moved(by: float) -> Change:
    return lambda picture, _time_s: shifted(picture, round(by * picture.shape[1]), round(by * picture.shape[1] / 2))


def mirrored(picture: Picture, _time_s: float) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def elsewhere(_picture: Picture, time_s: float) -> Picture:
    other = Stage(seed=99)
    return other.seen(other.empty, time_s)


def test_after_a_gap_the_plate_waits_for_two_pictures_of_the_same_view_and_is_the_one_of_before() -> None:
    gate, scenes = after_a_gap(unchanged)
    shares = [shown_blocks(scene).mean() for scene in scenes]
    assert shares[0] == 0
    assert min(shares[1:]) > 0.9
    assert {scene.plate_epoch for scene in scenes} == {0}
    assert not any(scene.patches for scene in scenes), "whoever holds the plate need not be sent it again"
    assert gate.plate.established.mean() > 0.9


def test_a_picture_that_is_not_looked_at_shows_nothing_either_until_then() -> None:
    gate, _ = after_a_gap(unchanged)
    gate.reconnected()
    assert not gate.wants_picture(LEARNED_S + 3 + 2.9)
    assert not shown_blocks(gate.see(None, LEARNED_S + 3 + 2.9)).any()


@pytest.mark.parametrize("change", [moved(0.01), moved(0.02), moved(0.03), mirrored, elsewhere], ids=["1 %", "2 %", "3 %", "mirrored", "elsewhere"])
def test_of_another_view_nothing_is_shown_and_what_was_known_is_dropped(change: Change) -> None:
    gate, scenes = after_a_gap(change)
    assert not any(shown_blocks(scene).any() for scene in scenes)
    assert GateState.MOVED in {scene.health.state for scene in scenes}
    assert not gate.plate.established.any()


def test_another_view_is_learned_as_any_other() -> None:
    _, scenes = after_a_gap(elsewhere, seconds=20.0)
    assert shown_blocks(scenes[-1]).mean() > 0.9
    canvas = Canvas()
    for scene in scenes:
        canvas.take(scene)
    known = canvas.visible.any(2)
    assert np.abs(canvas.visible[known].astype(int) - Stage(seed=99).empty[known]).mean() < 6
    assert scenes[-1].plate_epoch > 0


def test_somebody_who_stands_there_is_no_other_view() -> None:
    _, scenes = after_a_gap(unchanged, Figure(stands(150.0, 100.0)), Figure(stands(60.0, 60.0)))
    assert shown_blocks(scenes[-1]).mean() > 0.8


def test_pictures_before_another_gap_do_not_count() -> None:
    gate, _ = after_a_gap(unchanged, seconds=0.2)
    gate.reconnected()
    scenes = [gate.see(picture, LEARNED_S + 6 + time_s) for time_s, picture in Play(stage=STAGE, seconds=0.6, hz=HZ)]
    assert [bool(shown_blocks(scene).any()) for scene in scenes] == [False, True, True]


def working_of(picture: Picture) -> Picture:
    return Grid(Size(picture.shape[1], picture.shape[0])).reduced(picture)


def everywhere(working: Picture) -> NDArray[np.bool_]:
    return np.ones(working.shape[:2], bool)


def judged(reference: Picture, pictures: list[Picture], visible: NDArray[np.bool_] | None = None, *, suspicious: bool = False) -> list[View]:
    recognition = Recognition(grey_of(reference), everywhere(reference))
    seen = everywhere(reference) if visible is None else visible
    return [recognition.judge(picture, seen, float(number), suspicious=suspicious) for number, picture in enumerate(pictures)]


def test_where_more_than_half_of_a_place_is_hidden_nothing_is_decided_for_a_while_and_then_it_is_another() -> None:
    reference = working_of(STAGE.empty)
    visible = everywhere(reference)
    visible[:, : round(0.6 * visible.shape[1])] = False
    said = judged(reference, [reference] * 12, visible)
    assert said[: int(UNSURE_S)] == [View.UNSURE] * int(UNSURE_S)
    assert said[-1] is View.OTHER
    assert judged(reference, [reference] * 2)[-1] is View.SAME


def test_what_tamper_suspects_is_not_recognised() -> None:
    reference = working_of(STAGE.empty)
    assert View.SAME not in judged(reference, [reference] * 12, suspicious=True)


def test_a_view_without_texture_is_never_recognised() -> None:
    flat = np.full((240, 320, 3), 90, np.uint8)
    assert View.SAME not in judged(flat, [flat] * 12)


@pytest.fixture(scope="module")
def pets() -> list[Picture]:
    """Forty pictures of the PETS clip, two seconds apart."""
    clip = pets_clip()
    if clip is None:
        pytest.skip("the PETS clip cannot be had")

    def read() -> Iterator[Picture]:
        capture = cv2.VideoCapture(str(clip))
        while True:
            there, picture = capture.read()
            if not there:
                return
            yield np.asarray(picture, np.uint8)

    return list(islice(read(), 0, 790, 20))


@pytest.fixture(scope="module")
def pets_place(pets: list[Picture]) -> Picture:
    """The PETS place as a plate would show it, a working picture."""
    return working_of(np.median(np.stack(pets), 0).astype(np.uint8))


def test_each_picture_of_a_real_place_is_recognised_with_all_who_walk_there(pets: list[Picture], pets_place: Picture) -> None:
    """And nobody masked: the detector may have found none of them."""
    for picture in pets:
        assert judged(pets_place, [working_of(picture)] * 2)[-1] is View.SAME


@pytest.mark.parametrize("share", [0.01, 0.02, 0.03])
@pytest.mark.parametrize("direction", [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.7, 0.7)])
def test_a_real_view_that_moved_is_not_recognised(pets: list[Picture], pets_place: Picture, share: float, direction: tuple[float, float]) -> None:
    height, width = pets[0].shape[:2]
    matrix = np.array([[1, 0, direction[0] * share * width], [0, 1, direction[1] * share * width]], np.float32)
    for picture in pets[::8]:
        moved_view = np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT), np.uint8)
        assert View.SAME not in judged(pets_place, [working_of(moved_view)] * 12)


@pytest.mark.parametrize("change", ["mirrored", "zoomed", "turned", "elsewhere"])
def test_a_real_view_that_is_another_is_not_recognised(pets: list[Picture], pets_place: Picture, change: str) -> None:
    height, width = pets[0].shape[:2]
    for picture in pets[::8]:
        if change == "mirrored":
            other = np.ascontiguousarray(picture[:, ::-1])
        elif change == "elsewhere":
            other = Stage(width, height).empty
        else:
            degrees, scale = (1.0, 1.0) if change == "turned" else (0.0, 1.02)
            other = np.asarray(cv2.warpAffine(picture, cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale), (width, height)), np.uint8)
        assert View.SAME not in judged(pets_place, [working_of(other)] * 12)
