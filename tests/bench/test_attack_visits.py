from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.attack_groups import Extent, alone, crossed, linkage, seed_of
from bench.attack_notes import Notes
from bench.attack_visits import GAP_S, Group, Visit, noted
from bench.attack_ways import LATEST_START_S, ways
from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.ground import plaza_ground
from tests.support.detectors import Blind

SMALL = Size(256, 192)
EXTENT = Extent(training=3, test=2, raw_training=1, raw_test=1, alone_training=1, alone_test=1, linkage=2, raw_linkage=1, walkers=6)


@pytest.fixture(scope="module")
def notes() -> Notes:
    visit = Visit(5, (0, 1), (1, 0), (0, 1))
    return noted(Group(7, 3, (visit, replace(visit, motion_seed=6)), people_seed=1, raw=True, size=SMALL), Blind())


def test_every_walk_is_noted(notes: Notes) -> None:
    assert notes.group.tolist() == [7] * 4
    assert notes.visit.tolist() == [0, 0, 1, 1]
    assert notes.appearance.tolist() == [0, 1, 0, 1]
    assert notes.gait.tolist() == [1, 0, 1, 0]
    assert np.isfinite(notes.released).all()
    assert np.isfinite(notes.measured).all()
    assert notes.together.shape[1] == notes.released.shape[1] + notes.measured.shape[1]
    assert np.isfinite(notes.raw_gait).all(1).mean() >= 0.5


def test_the_clip_tells_how_tall_somebody_is_and_the_stream_of_a_blind_gate_shows_no_figure(notes: Notes) -> None:
    heights = notes.walks("raw_gait", "gait").features[:, 0]
    assert ((heights > 1.3) & (heights < 2.4)).all()
    assert (notes.released[:, 0] == 0).all()
    # Nor does anybody count in the zones and lines.
    assert (notes.measured[:, 0] > 0.9).all()
    assert (notes.measured[:, 1] == 0).all()


def test_notes_are_read_back_as_they_were_kept(notes: Notes, tmp_path: Path) -> None:
    path = tmp_path / "walks" / "one.npz"
    notes.save(path)
    kept = Notes.load(path)
    for name, values in vars(notes).items():
        np.testing.assert_array_equal(values, getattr(kept, name))
    assert [one.name for one in path.parent.iterdir()] == ["one.npz"]


def test_a_walker_who_is_alone_meets_a_gate_that_has_seen_nobody() -> None:
    visit = Visit(5, (0, 1), (0, 1), (0, 1))
    group = Group(7, 3, (visit,), people_seed=1, alone=True, size=SMALL)
    both = noted(group, Blind())
    # Who walked before makes no difference to what is noted of the second one, as long as he walks the same way at the same time.
    other = noted(replace(group, visits=(replace(visit, appearances=(9, 1), gaits=(9, 1)),)), Blind())
    np.testing.assert_array_equal(both.released[1], other.released[1])
    assert both.visit.tolist() == [0, 0]


def test_ways_depend_on_their_seed_alone_and_cross_the_whole_view() -> None:
    camera, ground = Camera.over_plaza(SMALL), plaza_ground()
    some, again, others = (ways(ground, camera, 6, seed) for seed in (1, 1, 2))
    for one, same, other in zip(some, again, others, strict=True):
        np.testing.assert_array_equal(one.xy_m, same.xy_m)
        assert one.xy_m.shape != other.xy_m.shape or not np.allclose(one.xy_m, other.xy_m)
        px = camera.to_px(one.xy_m)
        outside = (px[[0, -1], 0] < 0) | (px[[0, -1], 0] > SMALL.width_px)
        assert outside.all()
        assert ((px[:, 0] > 0) & (px[:, 0] < SMALL.width_px)).any()
        assert one.times_s[0] <= LATEST_START_S + 0.1
        speeds = np.diff(one.walked_m) / np.diff(one.times_s)
        assert speeds[:-1].std() < 1e-6


def test_at_least_five_people_are_present_at_once() -> None:
    paths = ways(plaza_ground(), Camera.over_plaza(SMALL), 8, 3)
    present = [sum(path.present(time_s) for path in paths) for time_s in np.arange(0, 12, 0.5)]
    assert max(present) >= 5


def test_groups_follow_from_the_commit() -> None:
    assert list(crossed("abc", EXTENT)) == list(crossed("abc", EXTENT))
    assert list(linkage("abc", EXTENT)) != list(linkage("abd", EXTENT))
    assert seed_of("abc", "x", 1) != seed_of("abc", "x", 2)


def test_appearance_and_gait_are_crossed_and_nobody_is_in_two_groups() -> None:
    groups = [one.group for one in crossed("abc", EXTENT)]
    everybody = [set(group.visits[0].appearances) for group in groups]
    assert len(set.union(*everybody)) == EXTENT.walkers * len(groups)
    for group, people in zip(groups, everybody, strict=True):
        pairs = {pair for visit in group.visits for pair in zip(visit.appearances, visit.gaits, strict=True)}
        assert len(pairs) > EXTENT.walkers
        assert all(set(visit.appearances) == set(visit.gaits) == people for visit in group.visits)


def test_linkage_is_tried_on_the_same_motion_with_other_people() -> None:
    found = {one.name: one.group for one in linkage("abc", EXTENT)}
    here, redrawn, there = (found[f"linkage-{kind}-000"] for kind in ("same-here", "redrawn-here", "same-there"))
    assert [(visit.motion_seed, visit.claimed) for visit in here.visits] == [(visit.motion_seed, visit.claimed) for visit in redrawn.visits]
    assert here.place_seed == redrawn.place_seed != there.place_seed
    assert all(set(visit.appearances) == set(here.visits[0].appearances) for visit in (*here.visits, *there.visits))
    drawn = [person for camera in ("here", "there") for visit in found[f"linkage-redrawn-{camera}-000"].visits for person in visit.appearances]
    assert len(drawn) == len(set(drawn))
    assert not set(drawn) & set(here.visits[0].appearances)
    for visit in here.visits:
        # Who somebody is said to be goes with them from visit to visit.
        assert _people(visit) == _people(here.visits[0])
    assert GAP_S >= 10


def _people(visit: Visit) -> dict[int, int]:
    return dict(zip(visit.claimed, visit.appearances, strict=True))


def test_a_part_of_the_walks_is_still_enough_to_learn_from() -> None:
    part = Extent().scaled(0.01)
    assert part.training >= 3
    assert part.test >= 2
    assert part.walkers == Extent().walkers
    assert [one.name for one in alone("abc", part)][-1] == "alone-test-004"
