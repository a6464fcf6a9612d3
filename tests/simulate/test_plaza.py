import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import cv2
import numpy as np
import pytest

from passerby.released.scene import Size
from passerby.simulate.cast import Carried, Posture
from passerby.simulate.events import Event
from passerby.simulate.path import Crowd, Spot
from passerby.simulate.plaza import RIDERS, Plaza, seen_ground
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.shot import Shot, label_of
from passerby.simulate.troupe import drawn_cast

Filmed = Callable[..., Plaza]
STANDING, LYING = int(Posture.STANDING), int(Posture.LYING)
NEAR = Spot((0.5, 11.0), -math.pi / 2, STANDING)
BEHIND_THE_KIOSK = Spot((-8.6, 24.5), 0.0, STANDING)


def only(plaza: Plaza, frame: int) -> Shot:
    """One shot, without those before it."""
    (shot,) = plaza.film([frame])
    return shot


def same(a: Shot, b: Shot) -> bool:
    return (
        np.array_equal(a.picture, b.picture)
        and np.array_equal(a.labels, b.labels)
        and a.everyone == b.everyone
        and [vars(one) for one in a.people] == [vars(one) for one in b.people]
    )


# Determinism and seeds


def test_the_same_settings_give_the_same_pixels_and_truth(plaza: Plaza, small: SimulationSettings) -> None:
    again = Plaza(small)
    assert all(same(one, other) for one, other in zip(plaza, again, strict=True))


def test_a_shot_is_the_same_wherever_one_begins(plaza: Plaza) -> None:
    assert same(list(plaza)[9], only(plaza, 9))


def test_noise_rain_and_clouds_are_the_same_each_time(small: SimulationSettings) -> None:
    rough = Plaza(replace(small, noise_sigma=3.0, rain=True, clouds=True, wind=True, windows=True, clock=True))
    assert same(list(rough)[9], only(rough, 9))
    assert not np.array_equal(only(rough, 9).picture, only(Plaza(replace(rough.settings, place_seed=1)), 9).picture)


@pytest.mark.parametrize("seed", ["gait_seed", "appearance_seed", "place_seed"])
def test_no_other_seed_changes_a_path(plaza: Plaza, small: SimulationSettings, seed: str) -> None:
    changes: dict[str, Any] = {seed: 77}
    other = Plaza(replace(small, **changes))
    assert [shot.everyone for shot in other] == [shot.everyone for shot in plaza]
    assert not np.array_equal(only(other, 3).picture, only(plaza, 3).picture)


def test_the_motion_seed_changes_who_walks_where_and_nothing_else(filmed: Filmed) -> None:
    one, other = filmed([NEAR]), filmed([NEAR], motion_seed=99)
    assert same(only(one, 3), only(other, 3))
    assert np.array_equal(only(one, 3).empty, only(other, 3).empty)


def test_gait_and_appearance_are_of_one_seed_each() -> None:
    gait, look = drawn_cast(1, 2)(5)
    assert drawn_cast(1, 3)(5)[0] == gait
    assert drawn_cast(9, 2)(5)[1] == look
    assert drawn_cast(9, 2)(5)[0] != gait
    assert drawn_cast(1, 3)(5)[1] != look


def test_the_walk_is_the_same_at_each_size_of_one_shape(plaza: Plaza, small: SimulationSettings) -> None:
    larger = Plaza(replace(small, size=Size(384, 288)))
    assert only(larger, 4).everyone == only(plaza, 4).everyone


def test_a_cast_of_ones_own_is_used(filmed: Filmed) -> None:
    gait, look = drawn_cast(1, 1)(0)
    marked = replace(look, code=np.full((8, 8, 3), (255, 0, 255), np.uint8))
    plain = filmed([NEAR])
    shot = only(Plaza(plain.settings, cast=lambda person: (gait, marked), paths=plain.paths), 0)
    blue, green, red = (shot.picture[..., channel].astype(int)[shot.labels > 0] for channel in range(3))
    assert np.mean((blue > green + 60) & (red > green + 60)) > 0.2


# The truth of a shot


def test_only_people_and_their_shadows_differ_from_the_empty_place(filmed: Filmed) -> None:
    """Seen by infrared light there are no shadows either: outside of the boxes all is as if nobody were there."""
    spots = [NEAR, Spot((-3.0, 14.0), 1.0, LYING), Spot((2.0, 20.0), 2.0, STANDING), BEHIND_THE_KIOSK]
    shot = only(filmed(spots, infrared=True), 2)
    outside = np.ones(shot.labels.shape, bool)
    for seen in shot.people:
        left, top, width, height = seen.box
        outside[max(0, top - 3) : top + height + 3, max(0, left - 3) : left + width + 3] = False
    assert np.array_equal(shot.picture[outside], shot.empty[outside])
    assert np.abs(shot.picture.astype(int) - shot.empty)[shot.labels > 0].mean() > 10


def test_labels_boxes_and_people_agree(plaza: Plaza) -> None:
    size = plaza.settings.size
    for shot in plaza:
        assert shot.picture.shape == (size.height_px, size.width_px, 3)
        assert shot.picture.dtype == np.uint8
        assert shot.labels.dtype == np.uint16
        shown = {label_of(seen.person) for seen in shot.people if seen.visible > 0}
        assert set(np.unique(shot.labels).tolist()) - {0} == shown
        for seen in shot.people:
            rows, columns = np.nonzero(shot.labels == label_of(seen.person))
            left, top, width, height = seen.box
            assert ((columns >= left) & (columns < left + width) & (rows >= top) & (rows < top + height)).all()
            assert 0 <= seen.visible <= 1
            assert seen.foot_m == shot.everyone[seen.person].xy_m
            assert seen.posture == shot.everyone[seen.person].posture
            assert plaza.camera.to_px(np.array([seen.foot_m]))[0] == pytest.approx(seen.foot_px)


def test_a_box_reaches_from_head_to_foot(filmed: Filmed) -> None:
    plaza = filmed([NEAR], size=Size(768, 576), gait_seed=3)
    (seen,) = only(plaza, 0).people
    left, top, width, height = seen.box
    gait, look = drawn_cast(3, 0)(0)
    assert look.carried in {Carried.NOTHING, Carried.BAG}
    head = plaza.camera.px_of(np.array([(*NEAR.xy_m, gait.height_m)]))[0]
    assert top == pytest.approx(head[1], abs=0.12 * height)
    assert top + height == pytest.approx(seen.foot_px[1], abs=0.08 * height)
    assert left < seen.foot_px[0] < left + width
    assert seen.visible == 1.0


def test_who_stands_behind_the_kiosk_is_not_to_be_seen(filmed: Filmed) -> None:
    shot = only(filmed([BEHIND_THE_KIOSK]), 0)
    (seen,) = shot.people
    assert seen.visible < 0.3
    assert np.count_nonzero(shot.labels) < 0.3 * seen.box[2] * seen.box[3]


def test_the_nearer_one_hides_the_farther_one(filmed: Filmed) -> None:
    far = Spot((0.55, 12.2), -math.pi / 2, STANDING)
    together, alone = only(filmed([far, NEAR]), 0), only(filmed([far]), 0)
    visible = {seen.person: seen.visible for seen in together.people}
    assert visible[1] == 1.0
    assert visible[0] < 0.9
    assert alone.people[0].visible == 1.0
    assert together.people[0].box == alone.people[0].box


def test_who_is_partly_out_of_the_picture_is_partly_visible(filmed: Filmed) -> None:
    plaza = filmed([Spot((0.0, 6.9), 0.0, STANDING)])
    (seen,) = only(plaza, 0).people
    assert seen.box[1] + seen.box[3] > plaza.settings.size.height_px
    assert 0.1 < seen.visible < 1.0


def test_who_is_out_of_the_picture_is_not_among_the_people(filmed: Filmed) -> None:
    shot = only(filmed([Spot((15.0, 12.0), 0.0, STANDING), Spot((0.0, 3.0), 0.0, STANDING)]), 0)
    assert shot.people == ()
    assert set(shot.everyone) == {0, 1}
    assert np.array_equal(shot.picture, shot.empty) or not shot.labels.any()


def test_people_who_never_move_keep_every_pixel(filmed: Filmed) -> None:
    shots = list(filmed([NEAR, Spot((-3.0, 14.0), 1.0, LYING)]))
    assert all(np.array_equal(shot.picture, shots[0].picture) for shot in shots)
    assert all(np.array_equal(shot.labels, shots[0].labels) for shot in shots)


def test_walkers_swing_their_legs_in_step_with_their_way(small: SimulationSettings) -> None:
    shots = list(Plaza(replace(small, crowd=Crowd(walkers=3, groups=0), fps=10)))
    boxes: dict[int, list[int]] = {}
    for shot in shots:
        for seen in shot.people:
            boxes.setdefault(seen.person, []).append(seen.box[2])
    assert any(len(set(widths)) > 2 for widths in boxes.values())


# What happens


def test_a_frozen_camera_shows_one_picture_while_the_world_goes_on(small: SimulationSettings) -> None:
    plaza = Plaza(replace(small, noise_sigma=2.0, events=(Event.parsed("freeze@1-2"),)))
    shots = list(plaza)
    frozen = [shot for shot in shots if 1 <= shot.time_s < 2]
    assert len(frozen) == 5
    assert all(np.array_equal(shot.picture, frozen[0].picture) and np.array_equal(shot.labels, frozen[0].labels) for shot in frozen)
    assert frozen[0].everyone != frozen[-1].everyone
    assert not np.array_equal(shots[4].picture, frozen[0].picture)
    assert not np.array_equal(shots[10].picture, frozen[0].picture)
    assert same(only(plaza, 8), frozen[3])


def test_nobody_is_to_be_seen_through_a_cover(filmed: Filmed) -> None:
    plaza = filmed([NEAR, Spot((-0.8, 14.0), 0.0, STANDING)], seconds=10, events=(Event.parsed("cover@1-9"),))
    assert all(seen.visible == 1.0 for seen in only(plaza, 0).people)
    covered = only(plaza, 25)
    assert not covered.labels.any()
    assert covered.people
    assert all(seen.visible == 0.0 for seen in covered.people)
    half = [only(plaza, frame).labels.astype(bool).sum() for frame in range(5, 12)]
    assert sorted(half, reverse=True) == half


def test_a_bump_moves_the_picture_and_the_truth_with_it(filmed: Filmed) -> None:
    plaza = filmed([NEAR], size=Size(384, 288), events=(Event.parsed("bump@0.5"),), seconds=5)
    before, after = only(plaza, 0), only(plaza, 24)
    shift = np.subtract(after.people[0].foot_px, before.people[0].foot_px)
    assert np.hypot(*shift) > 2
    assert tuple(np.subtract(after.people[0].box, before.people[0].box)) == (*shift, 0, 0)
    moved = np.roll(before.labels, (round(shift[1]), round(shift[0])), axis=(0, 1))
    assert np.array_equal(moved, after.labels)
    assert after.people[0].visible == 1.0
    assert not np.array_equal(before.empty, after.empty)


def test_who_rides_a_bicycle_is_a_person(small: SimulationSettings) -> None:
    plaza = Plaza(replace(small, seconds=7, events=(Event.parsed("bicycle_passes@0"), Event.parsed("bicycle_passes@1.5"))))
    riders = [sorted(person for person in shot.everyone if person >= RIDERS) for shot in plaza.film(range(0, 35, 3))]
    assert [RIDERS, RIDERS + 1] in riders
    shot = only(plaza, 23)
    seen = {one.person: one for one in shot.people}
    assert seen[RIDERS].visible > 0.3
    assert (shot.labels == label_of(RIDERS)).any()


@pytest.mark.parametrize("thing", ["bag_left", "smoke", "car_passes", "bag_thrown"])
def test_things_are_to_be_seen_and_not_in_the_empty_place(filmed: Filmed, thing: str) -> None:
    plaza = filmed([], seconds=6, events=(Event.parsed(f"{thing}@1"),), size=Size(384, 288))
    before, after = only(plaza, 4), only(plaza, 22)
    assert np.array_equal(before.picture, before.empty)
    changed = (np.abs(after.picture.astype(int) - after.empty).max(axis=2) > 15).sum()
    assert changed > 20
    assert not after.labels.any()
    assert np.array_equal(before.empty, after.empty)


def test_a_light_switch_changes_the_empty_place_as_well(filmed: Filmed) -> None:
    plaza = filmed([NEAR], events=(Event.parsed("light_switch@1"),))
    before, after = only(plaza, 4), only(plaza, 6)
    assert before.empty.mean() - after.empty.mean() > 15
    outside = before.labels == 0
    assert np.abs(after.picture.astype(int) - after.empty)[outside].mean() < 2


def test_panes_mirror_people_without_making_them_people(filmed: Filmed) -> None:
    before_the_shops = [Spot((x_m, 36.0), math.pi / 2, STANDING) for x_m in (-11.0, -7.0, -3.0, 4.0, 8.0, 12.0)]
    size = Size(512, 384)
    with_panes, without = (only(filmed(before_the_shops, windows=panes, size=size), 0) for panes in (True, False))
    assert np.array_equal(with_panes.labels, without.labels)
    assert np.array_equal(with_panes.empty, without.empty)
    assert not np.array_equal(with_panes.picture, without.picture)


# Shapes and ends


@pytest.mark.parametrize("size", [Size(320, 180), Size(180, 320), Size(161, 121), Size(64, 64)])
def test_pictures_of_any_shape_can_be_filmed(small: SimulationSettings, size: Size) -> None:
    shot = only(Plaza(replace(small, size=size, noise_sigma=2.0, clock=True, rain=True)), 1)
    assert shot.picture.shape == (size.height_px, size.width_px, 3)
    assert shot.empty.shape == shot.picture.shape


def test_there_are_as_many_shots_as_asked_for(plaza: Plaza, small: SimulationSettings) -> None:
    times = [shot.time_s for shot in plaza]
    assert times == pytest.approx(np.arange(15) / 5)
    assert len(list(Plaza(replace(small, fps=3, seconds=0.1)))) == 1


def test_an_endless_plaza_goes_on_with_the_same_beginning(plaza: Plaza, small: SimulationSettings) -> None:
    endless = Plaza(replace(small, seconds=1), endless=True)
    shots = list(islice(endless, 15))
    assert all(np.array_equal(one.picture, other.picture) for one, other in zip(shots[:5], plaza, strict=False))
    (late,) = endless.film([5 * 65])
    assert late.time_s == 65
    assert late.everyone


def test_given_paths_have_an_end(plaza: Plaza, small: SimulationSettings) -> None:
    with pytest.raises(ValueError, match="have an end"):
        Plaza(small, paths=plaza.paths, endless=True)


def test_the_camera_sees_the_near_and_the_far_end_of_the_plaza(plaza: Plaza) -> None:
    west, south, east, north = seen_ground(plaza.camera).bounds
    assert south < 8
    assert 37 < north < 40
    assert -20 < west < -15 < 15 < east < 20


def test_a_picture_can_be_drawn_on_without_harm_to_the_next_one(plaza: Plaza) -> None:
    shots = []
    for shot in plaza:
        shots.append(shot.picture.copy())
        cv2.rectangle(shot.picture, (0, 0), (200, 150), (0, 0, 255), -1)
    assert np.array_equal(shots[3], only(plaza, 3).picture)
