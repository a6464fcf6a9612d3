from collections.abc import Callable

import numpy as np
import pytest

from bench.attack_pairs import PairResult, Walks, attack
from bench.attack_released import RELEASED_NUMBERS, TRACK_NUMBERS, ReleasedWatcher, track_features
from bench.privacy_types import Floats
from passerby.released.scene import Cell, Glyph, LightField, Scene
from tests.support.toy_moments import HEIGHT_PX, WIDTH_PX, ToyPerson, figure, nothing_held, toy_place, toy_scene

GROUPS, WALKERS, VISITS, SCENES = 8, 5, 3, 24
Released = Callable[[float, list[ToyPerson], Floats], Scene]
"""The scene of a time, of who is where, and of a number that each of them keeps for life."""


def grid(value: float) -> float:
    return round(value / 5) * 5


def common(time_s: float, people: list[ToyPerson], _selves: Floats) -> Scene:
    return toy_scene(time_s, [figure(grid(one.foot_px[0]), grid(one.foot_px[1])) for one in people])


def own_height(time_s: float, people: list[ToyPerson], selves: Floats) -> Scene:
    return toy_scene(time_s, [figure(grid(one.foot_px[0]), grid(one.foot_px[1]), 70 + 6 * selves[one.person]) for one in people])


def own_bounce(time_s: float, people: list[ToyPerson], selves: Floats) -> Scene:
    hz = 0.5 + 0.25 * selves
    return toy_scene(
        time_s, [figure(one.foot_px[0], one.foot_px[1] + 4 * np.sin(2 * np.pi * hz[one.person] * time_s + one.person)) for one in people]
    )


def own_cells(time_s: float, people: list[ToyPerson], selves: Floats) -> Scene:
    cells = {
        Cell(int(one.foot_px[1] - 35) // 16 + down, int(one.foot_px[0]) // 16)
        for one in people
        for down in (-2, -1, 0, 1)
        if down < 3 * selves[one.person]
    }
    return toy_scene(time_s, [figure(grid(one.foot_px[0]), grid(one.foot_px[1])) for one in people], sorted(cells))


def own_gaps(time_s: float, people: list[ToyPerson], selves: Floats) -> Scene:
    seen = [one for one in people if (13 * time_s + one.person) % 4 < 2.5 + selves[one.person]]
    return common(time_s, seen, selves)


def walks(released: Released, seed: int) -> Walks:
    """Walkers on drawn ways through the toy place, as a watcher of this stream notes them."""
    rng = np.random.default_rng(seed)
    rows: list[Floats] = []
    keys: list[tuple[int, int, int]] = []
    for group in range(GROUPS):
        selves = rng.uniform(-1, 1, WALKERS)
        for visit in range(VISITS):
            watcher = ReleasedWatcher(toy_place())
            starts, speeds, rows_px = rng.uniform(0, 60, WALKERS), rng.uniform(25, 40, WALKERS), rng.uniform(100, 230, WALKERS)
            for number in range(SCENES):
                time_s = number / 4
                people = [ToyPerson(k, (starts[k] + speeds[k] * time_s, rows_px[k])) for k in range(WALKERS)]
                watcher.see(released(time_s, people, selves), toy_place(), people)
            for walker in range(WALKERS):
                features = watcher.features(walker)
                assert features is not None
                rows.append(features)
                keys.append((group, visit, 100 * group + walker))
    group_of, visit_of, walker_of = np.array(keys, np.int64).T
    return Walks(np.array(rows), group_of, visit_of, walker_of)


def tried(released: Released, seed: int = 1) -> PairResult:
    found = walks(released, seed)
    return attack(found.of(found.group < GROUPS // 2), found.of(found.group >= GROUPS // 2))


@pytest.mark.parametrize("leaking", [own_height, own_bounce, own_cells, own_gaps])
def test_a_stream_that_keeps_something_of_each_walker_is_found_out(leaking: Released) -> None:
    assert tried(leaking).auc > 0.7


def test_a_stream_that_keeps_nothing_of_anybody_tells_nothing() -> None:
    areas = [tried(common, seed).auc for seed in (1, 2, 3)]
    assert 0.42 < np.mean(areas) < 0.58


def test_every_walk_gives_as_many_numbers() -> None:
    found = walks(common, 3)
    assert found.features.shape == (GROUPS * VISITS * WALKERS, RELEASED_NUMBERS)
    assert np.isfinite(found.features).all()


def test_a_walk_without_figures_still_gives_numbers() -> None:
    track = np.full((20, 5), np.nan)
    features = track_features(np.arange(20) / 4, track)
    assert features.shape == (TRACK_NUMBERS,)
    assert np.isfinite(features).all()


def test_a_walker_who_is_hardly_seen_gives_none() -> None:
    watcher = ReleasedWatcher(toy_place())
    person = ToyPerson(0, (100, 150))
    watcher.see(toy_scene(0.0), toy_place(), [person])
    assert watcher.features(0) is None
    assert watcher.features(1) is None


def watched(scene: Callable[[float], Scene], shown: Callable[[float], Floats] | None = None) -> Floats:
    """The features of somebody who stands at (100, 150) while the stream shows these scenes."""
    watcher = ReleasedWatcher(toy_place())
    for number in range(12):
        out = toy_place() if shown is None else np.asarray(shown(number / 4), np.uint8)
        watcher.see(scene(number / 4), out, [ToyPerson(0, (100, 150))])
    found = watcher.features(0)
    assert found is not None
    return found


def test_light_blocks_and_pixels_near_a_figure_are_noticed_and_those_far_away_are_not() -> None:
    glyphs: list[Glyph] = [figure(100, 150)]
    plain = watched(lambda time_s: toy_scene(time_s, glyphs))
    gains = np.full((6, 8, 3), 128, np.uint8)
    gains[2, 2] = 140
    light = LightField(6, 8, gains.tobytes())
    assert not np.array_equal(plain, watched(lambda time_s: toy_scene(time_s, glyphs, light=light)))
    near, far = nothing_held(), nothing_held()
    near[7, 6] = far[1, 18] = True
    share = plain != watched(lambda time_s: toy_scene(time_s, glyphs, withheld=near))
    assert share.any()
    only_health = plain != watched(lambda time_s: toy_scene(time_s, glyphs, withheld=far))
    assert only_health.sum() < share.sum()

    def red(_time_s: float) -> Floats:
        out = toy_place().astype(float)
        out[110:140, 95:105, 2] += 60
        return out

    assert not np.array_equal(plain, watched(lambda time_s: toy_scene(time_s, glyphs), red))
    assert (HEIGHT_PX, WIDTH_PX) == (240, 320)
