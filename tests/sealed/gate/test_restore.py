"""A plate that outlives its gate is shown again only if the camera still sees the same place."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.errors import GateError
from passerby.released.scene import Scene
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Finder
from tests.support.scenes import Canvas, Figure, Picture, Play, Stage, figure_pixels, shifted, shown_blocks, stands, unchanged

SETTINGS = GateSettings(settle_s=4.0)
STAGE = Stage()


def learned() -> tuple[Picture, NDArray[np.bool_]]:
    """A plate as a receiver of scenes knows it, and its blocks."""
    gate, canvas = Gate(STAGE.size, SETTINGS, Finder()), Canvas()
    scene: Scene | None = None
    for time_s, picture in Play(stage=STAGE, seconds=16.0, hz=5.0):
        scene = gate.see(picture, time_s)
        canvas.take(scene)
    assert scene is not None
    return canvas.visible, shown_blocks(scene)


def darker(picture: Picture, _time_s: float) -> Picture:
    return (picture * 0.9).astype(np.uint8)


def night(picture: Picture, _time_s: float) -> Picture:
    return (picture * 0.4).astype(np.uint8)


def moved(picture: Picture, _time_s: float) -> Picture:
    return shifted(picture, 9, 5)


def moved_a_little(picture: Picture, _time_s: float) -> Picture:
    """By 1 % of the width."""
    return shifted(picture, 3, 1)


def mirrored(picture: Picture, _time_s: float) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def turned_at_once(picture: Picture, time_s: float) -> Picture:
    """One picture shows the place, those that follow do not."""
    return picture if time_s < 0.1 else shifted(picture, 9, 5)


def elsewhere(_picture: Picture, _time_s: float) -> Picture:
    return Stage(seed=99).empty


def covered(picture: Picture, _time_s: float) -> Picture:
    return np.full_like(picture, 60)


def first_scenes(change: Callable[[Picture, float], Picture], *figures: Figure, settings: GateSettings = SETTINGS) -> list[Scene]:
    """The first second of a new gate that was handed the plate."""
    gate = Gate(STAGE.size, settings, Finder())
    gate.restore(*learned())
    return [gate.see(picture, time_s) for time_s, picture in Play(stage=STAGE, figures=figures, seconds=1.0, hz=5.0, change=change)]


@pytest.mark.parametrize("change", [unchanged, darker])
def test_the_plate_is_back_once_two_pictures_show_the_same_view(change: Callable[[Picture, float], Picture]) -> None:
    scenes, (picture, blocks) = first_scenes(change), learned()
    assert blocks.mean() > 0.9
    assert not shown_blocks(scenes[0]).any(), "one picture is not enough"
    canvas = Canvas()
    canvas.take(scenes[1])
    assert np.array_equal(shown_blocks(scenes[1]), blocks)
    assert np.array_equal(canvas.visible, picture)


@pytest.mark.parametrize("change", [moved, moved_a_little, mirrored, turned_at_once, elsewhere, night, covered])
def test_of_another_view_nothing_is_shown(change: Callable[[Picture, float], Picture]) -> None:
    for scene in first_scenes(change):
        assert not shown_blocks(scene).any()
        assert not scene.patches


def test_somebody_who_stands_there_at_the_return_is_not_in_the_plate() -> None:
    canvas = Canvas()
    for scene in first_scenes(unchanged, Figure(stands(150.0, 100.0))):
        canvas.take(scene)
        assert not figure_pixels(canvas.visible).any()
    assert canvas.shown.mean() > 0.8


def test_what_has_to_be_withheld_now_stays_withheld() -> None:
    never = GateSettings(settle_s=4.0, never=(((100.0, 60.0), (220.0, 60.0), (220.0, 180.0), (100.0, 180.0)),))
    blocks = shown_blocks(first_scenes(unchanged, settings=never)[-1])
    assert blocks.any()
    assert not blocks[60 // 16 : 180 // 16 + 1, 100 // 16 : 220 // 16 + 1].any()


def test_a_view_that_was_not_recognised_settles_as_any_other() -> None:
    gate = Gate(STAGE.size, SETTINGS, Finder())
    gate.restore(*learned())
    shares = [shown_blocks(gate.see(picture, time_s)).mean() for time_s, picture in Play(stage=Stage(seed=99), seconds=20.0, hz=5.0)]
    assert shares[10] == 0
    assert shares[-1] > 0.9


def test_a_plate_of_another_size_or_after_the_first_picture_is_refused() -> None:
    picture, blocks = learned()
    gate = Gate(STAGE.size, SETTINGS, Finder())
    for wrong in ((picture[:-16], blocks), (picture, blocks[:-1])):
        with pytest.raises(GateError):
            gate.restore(*wrong)
    gate.see(picture, 0.0)
    with pytest.raises(GateError):
        gate.restore(picture, blocks)


def test_what_is_learned_beside_a_restored_plate_has_its_light() -> None:
    picture, blocks = learned()
    half = blocks.copy()
    half[:, : half.shape[1] // 2] = False
    gate, canvas = Gate(STAGE.size, SETTINGS, Finder()), Canvas()
    gate.restore(picture, half)
    for time_s, seen in Play(stage=STAGE, seconds=20.0, hz=5.0, change=darker):
        canvas.take(gate.see(seen, time_s))
    assert canvas.shown.mean() > 0.9
    off = np.abs(canvas.picture.astype(int) - picture)[canvas.shown & (picture > 0).all(2)]
    assert off.mean() < 4
