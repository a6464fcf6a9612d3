import math
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.errors import SettingsError, SimulationError
from passerby.simulate import motion
from passerby.simulate.cast import Posture
from passerby.simulate.floor import Floor
from passerby.simulate.ground import Ground, Queue, plaza_ground
from passerby.simulate.itinerary import FASTEST_M_S, SLOWEST_M_S, draw_members, draw_speed
from passerby.simulate.motion import Crowd, Path, Walk, paths
from passerby.simulate.path import STEP_S, Spot

SECONDS = 20.0
BUSY = Crowd(walkers=25, still=6, queueing=5, groups=0.4)


@pytest.fixture(scope="module")
def busy() -> list[Path]:
    return paths(plaza_ground(), BUSY, SECONDS, seed=4)


def same(a: list[Path], b: list[Path]) -> bool:
    fields = ("times_s", "xy_m", "heading_rad", "walked_m", "posture")
    return len(a) == len(b) and all(
        one.person == other.person and one.group == other.group and all(np.array_equal(getattr(one, f), getattr(other, f)) for f in fields)
        for one, other in zip(a, b, strict=True)
    )


def walkers(all_paths: list[Path], crowd: Crowd = BUSY) -> list[Path]:
    return [path for path in all_paths if path.person >= crowd.still]


def test_the_same_seed_gives_the_same_paths(busy: list[Path]) -> None:
    assert same(busy, paths(plaza_ground(), BUSY, SECONDS, seed=4))


def test_another_seed_gives_other_paths(busy: list[Path]) -> None:
    assert not same(busy, paths(plaza_ground(), BUSY, SECONDS, seed=5))


def test_more_seconds_change_nothing_of_the_first_ones(busy: list[Path]) -> None:
    longer = {path.person: path for path in paths(plaza_ground(), BUSY, SECONDS + 7, seed=4)}
    for path in busy:
        n = len(path.times_s)
        assert np.allclose(path.xy_m, longer[path.person].xy_m[:n], atol=1e-9)
        assert np.allclose(np.cos(path.heading_rad - longer[path.person].heading_rad[:n]), 1, atol=1e-9)
        assert np.array_equal(path.posture, longer[path.person].posture[:n])


def test_persons_are_numbered_and_those_who_never_move_come_first(busy: list[Path]) -> None:
    assert [path.person for path in busy] == list(range(len(busy)))
    assert all((path.xy_m == path.xy_m[0]).all() for path in busy[: BUSY.still])


def test_samples_are_a_tenth_of_a_second_apart_and_within_the_clip(busy: list[Path]) -> None:
    for path in busy:
        assert np.allclose(np.diff(path.times_s), STEP_S)
        assert path.times_s[0] >= 0
        assert path.times_s[-1] <= SECONDS + STEP_S / 2


def test_the_place_is_busy_from_the_first_moment_on(busy: list[Path]) -> None:
    counts = [sum(path.present(t) for path in walkers(busy)) for t in np.arange(0, SECONDS, 0.5)]
    wanted = BUSY.walkers + BUSY.queueing
    assert wanted * 0.8 <= counts[0] <= wanted * 1.4
    assert wanted * 0.8 <= float(np.mean(counts)) <= wanted * 1.4


def test_the_number_in_view_is_about_the_one_asked_for() -> None:
    seen = shapely.box(-7, 8, 7, 28)
    crowd = Crowd(walkers=12)
    found = paths(plaza_ground(), crowd, 60, seed=2, seen_m=seen)
    counts = [sum(bool(shapely.contains_xy(seen, *path.at(t).xy_m)) for path in found if path.present(t)) for t in np.arange(0, 60, 1.0)]
    assert 9 <= float(np.mean(counts)) <= 15
    assert min(counts) >= 4


def test_nobody_ever_walks_through_an_obstacle_or_off_the_ground(busy: list[Path]) -> None:
    ground = plaza_ground()
    walkable = shapely.Polygon(ground.walkable_m).buffer(0.01)
    obstacles = shapely.union_all([shapely.Polygon(polygon) for polygon in ground.obstacles_m]).buffer(-0.05)
    for path in walkers(busy):
        assert shapely.contains_xy(walkable, *path.xy_m.T).all()
        assert not obstacles.intersects(shapely.LineString(path.xy_m)), path.person


def test_nobody_walks_through_somebody_who_never_moves(busy: list[Path]) -> None:
    for still in busy[: BUSY.still]:
        for path in walkers(busy):
            assert np.hypot(*(path.xy_m - still.xy_m[0]).T).min() > 0.2


def test_walkers_keep_apart(busy: list[Path]) -> None:
    for time_s in np.arange(0, SECONDS, 0.5):
        spots = np.array([path.at(time_s).xy_m for path in walkers(busy) if path.present(time_s)])
        distances = np.hypot(*(spots[:, None] - spots[None]).transpose(2, 0, 1)) + 9 * np.eye(len(spots))
        assert distances.min() > 0.15


def test_nobody_is_faster_than_people_walk(busy: list[Path]) -> None:
    for path in walkers(busy):
        assert (np.diff(path.walked_m) <= FASTEST_M_S * 1.1 * STEP_S).all()
        assert (np.diff(path.walked_m) >= 0).all()
        assert np.allclose(np.diff(path.walked_m), np.hypot(*np.diff(path.xy_m, axis=0).T))


def test_people_face_where_they_go(busy: list[Path]) -> None:
    errors = []
    for path in walkers(busy):
        steps = np.diff(path.xy_m, axis=0)
        fast = (np.hypot(*steps.T) > 0.6 * STEP_S) & (path.posture[1:] == Posture.WALKING)
        errors += list(np.cos(np.arctan2(steps[:, 1], steps[:, 0]) - path.heading_rad[1:])[fast])
    assert len(errors) > 1000
    assert float(np.mean(np.array(errors) > 0.8)) > 0.95


def test_nobody_turns_round_in_an_instant(busy: list[Path]) -> None:
    for path in walkers(busy):
        turns = np.abs(np.angle(np.exp(1j * np.diff(path.heading_rad))))
        assert len(turns) == 0 or turns.max() < 6.0 * STEP_S * 2


def test_postures_do_not_flicker(busy: list[Path]) -> None:
    for path in walkers(busy):
        changes = np.flatnonzero(np.diff(path.posture)) + 1
        assert len(changes) < 2 or np.diff(changes).min() >= 2


def test_a_group_stays_together(busy: list[Path]) -> None:
    groups: dict[int, list[Path]] = {}
    for path in walkers(busy):
        groups.setdefault(path.group, []).append(path)
    together = [members for members in groups.values() if len(members) > 1]
    assert together
    assert max(map(len, together)) <= 4
    apart = []
    for members in together:
        for time_s in np.arange(0, SECONDS, 1.0):
            spots = [path.at(time_s).xy_m for path in members if path.present(time_s)]
            apart += [math.dist(a, b) for number, a in enumerate(spots) for b in spots[:number]]
    assert float(np.median(apart)) < 2.0


def test_without_groups_everybody_walks_alone() -> None:
    found = paths(plaza_ground(), Crowd(walkers=10, groups=0), 5, seed=1)
    assert len({path.group for path in found}) == len(found)


def test_a_line_advances_and_stays_as_long_as_asked() -> None:
    ground = plaza_ground()
    head = np.array(ground.queues[0].head_xy_m)
    found = paths(ground, Crowd(walkers=0, queueing=5), 90, seed=3)
    at_the_head = [path.person for path in found if np.hypot(*(path.xy_m - head).T).min() < 0.25]
    assert len(at_the_head) >= 3
    waiting = [
        sum(path.present(t) and path.at(t).posture == Posture.STANDING and math.dist(path.at(t).xy_m, (head[0], head[1])) < 5 for path in found)
        for t in np.arange(0, 90, 1.0)
    ]
    assert float(np.mean(waiting)) > 3
    assert waiting[0] >= 3
    assert max(waiting) <= 8


def test_some_people_pause_and_go_on() -> None:
    found = paths(plaza_ground(), Crowd(walkers=25), 60, seed=8)
    paused = [path for path in found if (path.posture == Posture.STANDING).sum() > 20 and path.posture[-1] == Posture.WALKING]
    assert len(paused) >= 3


def test_a_counter_flow_makes_two_streams() -> None:
    found = paths(plaza_ground(), Crowd(walkers=20, counter_flow=True), 30, seed=1)
    directions = [path.xy_m[-1] - path.xy_m[0] for path in found if path.walked_m[-1] > 8]
    main = Counter(bool(direction @ directions[0] > 0) for direction in directions)
    assert min(main.values()) >= 4
    along = directions[0] / np.hypot(*directions[0])
    assert float(np.mean([abs(d @ along) / np.hypot(*d) for d in directions])) > 0.8


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(0, 14))
def test_people_who_never_move_never_move_and_are_off_each_other(seed: int, still: int) -> None:
    found = paths(plaza_ground(), Crowd(walkers=0, still=still), 3, seed)
    assert len(found) == still
    for path in found:
        assert (path.xy_m == path.xy_m[0]).all()
        assert (path.heading_rad == path.heading_rad[0]).all()
        assert (path.walked_m == 0).all()
        assert set(path.posture) <= {Posture.STANDING, Posture.SITTING, Posture.LYING}
        assert path.present(0)
        assert path.present(3)
    spots = [tuple(path.xy_m[0]) for path in found if path.posture[0] != Posture.SITTING]
    assert all(math.dist(a, b) > 1.5 for number, a in enumerate(spots) for b in spots[:number])


def test_people_who_never_move_stand_sit_and_lie() -> None:
    found = paths(plaza_ground(), Crowd(walkers=0, still=9), 3, seed=1)
    assert {int(path.posture[0]) for path in found} == {Posture.STANDING, Posture.SITTING, Posture.LYING}
    seats = {seat.xy_m for seat in plaza_ground().seats}
    assert all(tuple(path.xy_m[0]) in seats for path in found if path.posture[0] == Posture.SITTING)


def test_a_walk_goes_on_and_forgets_who_is_gone() -> None:
    walk = Walk(plaza_ground(), Crowd(walkers=8), seed=1)
    walk.advance(40)
    first = walk.paths(0, 40)
    walk.advance(80)
    assert [path.person for path in walk.paths(0, 40)] == [path.person for path in first]
    walk.forget(40)
    later = walk.paths(40, 80)
    assert all(path.times_s[-1] >= 40 for path in later)
    assert {path.person for path in later} & {path.person for path in first}


@given(st.integers(0, 2**32), st.integers(1, 4))
def test_speeds_are_those_of_people(seed: int, members: int) -> None:
    assert SLOWEST_M_S <= draw_speed(np.random.default_rng(seed), members) <= FASTEST_M_S


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_in_groups_is_the_one_asked_for(share: float) -> None:
    rng = np.random.default_rng(1)
    sizes = [draw_members(rng, share) for _ in range(4000)]
    assert sum(size for size in sizes if size > 1) / sum(sizes) == pytest.approx(share, abs=0.03)


def test_more_people_than_there_is_room_for_in_the_line_are_refused() -> None:
    with pytest.raises(SettingsError, match="room for 8 people who queue, not for 9"):
        paths(plaza_ground(), Crowd(queueing=9), 1, seed=0)


def test_more_people_who_never_move_than_there_is_room_for_are_refused() -> None:
    with pytest.raises(SettingsError, match="people who never move, not for 900"):
        paths(plaza_ground(), Crowd(still=900), 1, seed=0)


@pytest.mark.parametrize("wrong", [{"walkers": -1}, {"still": -1}, {"queueing": 99999}, {"groups": 1.2}, {"groups": math.nan}])
def test_a_crowd_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Crowd(**wrong)


def test_without_jupedsim_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jupedsim", None)
    with pytest.raises(SimulationError, match=r"pip install 'passerby\[simulate\]'"):
        paths(plaza_ground(), Crowd(), 1, seed=0)


def test_the_rest_of_the_simulator_is_there_without_jupedsim() -> None:
    assert "jupedsim" not in vars(motion)


def test_a_ground_with_one_way_in_is_refused() -> None:
    box = ((-5.0, 5.0), (5.0, 5.0), (5.0, 20.0), (-5.0, 20.0))
    door = ((-5.0, 5.0), (-3.0, 5.0), (-3.0, 7.0), (-5.0, 7.0))
    with pytest.raises(SettingsError, match="fewer than two entrances"):
        Floor(Ground(box, (), (door,), (), (Queue((0.0, 10.0), 0.0, 0.8, 3),), {}, {}))


def test_between_two_samples_somebody_is_in_between() -> None:
    path = Path(0, np.array([0.0, 0.1]), np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([3.0, -3.0]), np.array([0.0, 1.0]), np.zeros(2, np.uint8), 0)
    spot = path.at(0.025)
    assert spot.xy_m == pytest.approx((0.25, 0.5))
    assert spot.walked_m == pytest.approx(0.25)
    assert math.remainder(spot.heading_rad - (3.0 + 0.25 * (2 * math.pi - 6.0)), 2 * math.pi) == pytest.approx(0)
    assert path.at(9.0).xy_m == (1.0, 2.0)
    assert path.at(-1.0).xy_m == (0.0, 0.0)
    assert not path.present(0.2)


def test_a_path_of_uneven_arrays_is_refused() -> None:
    with pytest.raises(ValueError, match="n samples"):
        Path(0, np.zeros(2), np.zeros((3, 2)), np.zeros(2), np.zeros(2), np.zeros(2, np.uint8), 0)
    with pytest.raises(ValueError, match="must increase"):
        Path(0, np.zeros(2), np.zeros((2, 2)), np.zeros(2), np.zeros(2), np.zeros(2, np.uint8), 0)


def test_somebody_still_is_there_to_the_end() -> None:
    path = Path.still(3, Spot((1.0, 9.0), 0.5, int(Posture.LYING)), 2.05)
    assert path.times_s[-1] >= 2.05
    assert path.at(1.23) == Spot((1.0, 9.0), 0.5, int(Posture.LYING), 0.0)
