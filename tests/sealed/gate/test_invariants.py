"""Non-interference (invariants I2 and I4): what a subject looks like decides nothing that is released.

The boxes of subjects are forced; then whatever is inside of them is replaced, and the released bytes must stay the same. Whether a track is
drawn at all may depend on one thing about the pixels under it: whether they differ from the place. That is decided in `follow`, which these
tests force, too, unless they say otherwise.
"""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.redact.replay import KnownSubjects
from passerby.released.scene import GateState, Kind, Scene
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.gate.subjects import LiveSubjects
from tests.support.detectors import Forced, Now
from tests.support.fake_clip import FakeClip, two_passes
from tests.support.scenes import Figure, Picture, Play, Stage, bytes_of, shifted, shown_blocks, stands, walks, within

SETTINGS = GateSettings(settle_s=2.0, looks_at_once=0)
Draw = Callable[[float], Picture]
Run = Callable[..., list[Scene]]


def noise_inside(play: Play) -> Draw:
    """The play with fresh noise in every box of every picture."""

    def draw(time_s: float) -> Picture:
        picture = play.picture(time_s)
        rng = np.random.default_rng([77, round(time_s * 1000)])
        for box, _ in play.boxes(time_s):
            window = within(box, picture)
            picture[window] = rng.integers(0, 256, picture[window].shape)
        return picture

    return draw


def nobody_inside(play: Play) -> Draw:
    """The play without its figures: their boxes are found all the same."""
    return replace(play, figures=()).picture


def draws_of(play: Play) -> list[Draw]:
    """The play as it is, and with other pixels in its boxes."""
    return [play.picture, noise_inside(play), nobody_inside(play)]


def streamed(play: Play, draw: Draw, *, score: float = 0.9) -> list[Scene]:
    now = Now()
    gate = Gate(play.stage.size, SETTINGS, Forced(now, play.boxes, play.stage.empty.shape[:2], score))
    scenes = []
    for time_s in play.times_s:
        now.time_s = time_s
        scenes.append(gate.see(draw(time_s), time_s))
    return scenes


def in_two_passes(play: Play, draw: Draw, *, score: float = 0.9, damaged_at: frozenset[int] = frozenset()) -> list[Scene]:
    now = Now()
    clip = FakeClip(play.stage.size, play.times_s, draw, now, damaged_at=damaged_at)
    return two_passes(clip, SETTINGS, Forced(now, play.boxes, play.stage.empty.shape[:2], score))[1]


@pytest.fixture
def vouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every track is vouched for: no pixel has a say in which tracks are drawn."""
    follow = LiveSubjects.follow

    def follow_vouched(self: LiveSubjects, time_s: float, boxes: Boxes, changed: NDArray[np.float32], unknown: NDArray[np.float32]) -> None:
        follow(self, time_s, boxes, np.ones_like(changed), unknown)

    monkeypatch.setattr(LiveSubjects, "follow", follow_vouched)
    monkeypatch.setattr(KnownSubjects, "follow", lambda *_: None)


def busy(stage: Stage) -> Play:
    """Somebody stands there from the start, moves on, stands again and leaves; others pass, one of them cut by the border."""
    width, height = stage.width_px, stage.height_px
    return Play(
        stage,
        [
            Figure(walks((0, 30, height / 3), (9, 30, height / 3), (11, 100, height / 2), (15, 100, height / 2), (18, width, height / 2)), seed=3),
            Figure(walks((4, -14, height / 5), (14, width, height / 5))),
            Figure(walks((10, width, height - 20), (13, width - 30, height - 20), (40, width - 30, height - 20)), 20, 44),
            Figure(walks((16, 50.4, -20), (22, 52.9, -18.5)), 18, 30, Kind.VEHICLE),
        ],
        seconds=26,
    )


FAINT = Stage(160, 120, contrast=12)
PLAYS = {
    "busy": busy(Stage(160, 120)),
    "odd size": busy(Stage(163, 121)),
    "made smaller by 4, not evenly": busy(Stage(963, 61)),
    "one over the whole picture": Play(Stage(160, 120), [Figure(walks((7, -170, -5), (9, -5, -5), (14, -5, -5), (16, 165, -5)), 170, 130)], 24),
    "a crowd at first": Play(
        Stage(160, 120, contrast=12), [Figure(stands(8 + 24 * i, 4 + 40 * j, 0, 8), 21, 36) for i in range(6) for j in range(3)], 20
    ),
    "dark": Play(Stage(160, 120), [Figure(stands(60, 40, 5, 12), 40, 40)], 16, change=lambda picture, _: (picture * 0.06).astype(np.uint8)),
    "without noise": Play(Stage(160, 120, sigma=0), [Figure(stands(60, 40, 5, 12)), Figure(walks((14, -14, 40), (22, 160, 40)))], 26),
    "infrared": Play(Stage(160, 120), [Figure(stands(20, 20, 0, 12), 100, 80)], 16, camera=lambda picture, _: np.repeat(picture[..., :1], 3, 2)),
    "bumped": Play(
        Stage(160, 120),
        [Figure(stands(60, 40, 5, 20)), Figure(walks((12, -14, 60), (22, 160, 60)))],
        30,
        change=lambda picture, time_s: shifted(picture, 7, 0) if time_s > 14.2 else picture,
    ),
}


@pytest.mark.usefixtures("vouched")
@pytest.mark.parametrize("run", [streamed, in_two_passes])
@pytest.mark.parametrize("name", PLAYS)
def test_what_is_under_a_subject_leaves_the_released_bytes_as_they_are(name: str, run: Run) -> None:
    play = PLAYS[name]
    for scenes in zip(*(run(play, draw) for draw in draws_of(play)), strict=True):
        assert len({bytes_of(scene) for scene in scenes}) == 1, f"at {scenes[0].time_s} s"


@pytest.mark.parametrize("run", [streamed, in_two_passes])
def test_the_plays_of_the_tests_above_settle_and_draw_glyphs(run: Run) -> None:
    scenes = run(PLAYS["busy"], PLAYS["busy"].picture)
    assert shown_blocks(scenes[-1]).mean() > 0.8
    assert max(len(scene.glyphs) for scene in scenes) >= 3
    states = [scene.health.state for scene in run(PLAYS["bumped"], PLAYS["bumped"].picture)]
    assert GateState.MOVED in states
    assert states[-1] is GateState.WATCHING


@pytest.mark.parametrize("run", [streamed, in_two_passes])
@pytest.mark.parametrize("name", ["busy", "a crowd at first"])
def test_what_is_under_a_subject_decides_at_most_whether_its_glyph_is_drawn(name: str, run: Run) -> None:
    play = PLAYS[name]
    for scenes in zip(*(run(play, draw) for draw in draws_of(play)), strict=True):
        assert len({bytes_of(msgspec.structs.replace(scene, glyphs=())) for scene in scenes}) == 1, f"at {scenes[0].time_s} s"


@pytest.mark.usefixtures("vouched")
@pytest.mark.parametrize(("hz", "damaged_at"), [(5.0, frozenset()), (5.0, frozenset({30, 31, 33, 60}))])
def test_subjects_too_unsure_for_a_track_hide_what_is_under_them_at_every_look(hz: float, damaged_at: frozenset[int]) -> None:
    bump_s = 15.2 if not damaged_at else 1000.0
    play = Play(
        Stage(160, 120),
        [Figure(walks((2, -14, 40), (9, 160, 40))), Figure(walks((22, -14, 40), (28, 160, 40))), Figure(stands(60, 60, 5, 12))],
        30,
        hz,
        change=lambda picture, time_s: shifted(picture, 7, 0) if time_s > bump_s else picture,
    )
    for scenes in zip(*(in_two_passes(play, draw, score=0.3, damaged_at=damaged_at) for draw in draws_of(play)), strict=True):
        assert len({bytes_of(scene) for scene in scenes}) == 1, f"at {scenes[0].time_s} s"
