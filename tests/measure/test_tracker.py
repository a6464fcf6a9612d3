"""Who stands where: joined by position and motion only, bridged over short occlusions, nobody twice, nothing of the place taken for a person."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.measure.sighting import Sighting
from passerby.measure.track import HISTORY, Track
from passerby.measure.tracker import LAG_S, LOST_AFTER_S, Standing, Tracker
from tests.support.walkers import Walker, along, looks, sighting, straight


def followed(walkers: list[Walker], until_s: float, *, hz: float = 5.0, seed: int = 0) -> dict[float, list[Standing]]:
    """Who stood where at each look's time less the lag."""
    tracker, told = Tracker(), {}
    for look in looks(walkers, until_s, hz=hz, seed=seed):
        tracker.update(look)
        told[round(look.time_s - LAG_S, 3)] = tracker.standing(look.time_s - LAG_S)
    return told


def counts(told: dict[float, list[Standing]], low_s: float, high_s: float) -> set[int]:
    return {len(people) for at_s, people in told.items() if low_s <= at_s <= high_s}


def test_somebody_is_counted_from_the_first_to_the_last_look_that_saw_them() -> None:
    told = followed([Walker(straight((100, 300), (500, 300), 2.0, 10.0))], 14.0)
    assert counts(told, 2.0, 9.8) == {1}
    assert counts(told, 0.0, 1.9) == {0}
    assert counts(told, 10.3, 13.0) == {0}


def test_the_place_that_is_told_is_the_place_of_that_moment() -> None:
    way = straight((100, 300), (500, 340), 0.0, 10.0)
    for at_s, people in followed([Walker(way)], 10.0).items():
        expected = way(at_s)
        if expected is not None and people:
            assert np.hypot(people[0].x_px - expected[0], people[0].y_px - expected[1]) < 4


def test_an_occlusion_shorter_than_what_makes_somebody_lost_is_bridged_by_the_same_track() -> None:
    told = followed([Walker(straight((100, 300), (500, 300), 0.0, 10.0), unseen=[(4.0, 4.5)])], 10.0)
    assert counts(told, 1.0, 9.0) == {1}
    assert len({id(people[0].track) for at_s, people in told.items() if 1.0 <= at_s <= 9.0}) == 1


def test_who_was_not_seen_for_longer_is_somebody_else() -> None:
    gone_s = LOST_AFTER_S + 0.5
    told = followed([Walker(straight((300, 300), (304, 300), 0.0, 14.0), unseen=[(5.0, 5.0 + gone_s)])], 14.0)
    kept = [people[0].track for people in told.values() if people]
    assert len({id(track) for track in kept}) == 2
    assert 0 in counts(told, 5.5, 5.0 + gone_s - 0.3)


def test_people_who_cross_each_other_stay_two_and_keep_their_way() -> None:
    one, two = straight((100, 300), (500, 300), 0.0, 10.0), straight((500, 330), (100, 330), 0.0, 10.0)
    told = followed([Walker(one), Walker(two)], 10.0)
    assert counts(told, 1.0, 9.0) == {2}
    first = {id(one.track): one.x_px for one in told[1.0]}
    last = {id(one.track): one.x_px for one in told[9.0]}
    assert first.keys() == last.keys()
    assert all((first[key] < 300) != (last[key] < 300) for key in first)


def test_a_group_of_four_is_four() -> None:
    group = [Walker(straight((100 + 30 * n, 300 + 6 * (n % 2)), (500 + 30 * n, 300 + 6 * (n % 2)), 0.0, 10.0)) for n in range(4)]
    assert counts(followed(group, 10.0), 1.0, 9.0) == {4}


def test_of_two_boxes_in_one_place_one_is_counted() -> None:
    way = straight((100, 300), (500, 300), 0.0, 10.0)
    told = followed([Walker(way), Walker(lambda t: None if (at := way(t)) is None else (at[0] + 4, at[1] + 3), score=0.6)], 10.0)
    assert counts(told, 1.0, 9.0) == {1}


def test_a_box_of_the_upper_half_belongs_to_the_person_of_whom_it_is_a_part() -> None:
    rng = np.random.default_rng(1)
    tracker, way = Tracker(), straight((100, 300), (500, 300), 0.0, 10.0)
    for number in range(50):
        look = sighting(number / 5, [Walker(way)], rng, 1.0)
        if 20 <= number < 30:  # legs hidden by a bench
            cut = look.boxes_xyxy.copy()
            cut[:, 3] -= 35
            look = Sighting(look.time_s, cut, look.scores, look.changed, look.unknown)
        tracker.update(look)
        if number > 5:
            assert len(tracker.standing(number / 5 - LAG_S)) == 1
    assert len(tracker.tracks) == 1


def test_a_tripod_that_the_plate_knows_is_nobody_however_many_pass_before_it() -> None:
    tripod = Walker(lambda _: (300.0, 300.0), score=0.55, changed=0.0)
    passers = [Walker(straight((100, 310), (500, 310), 10.0 * n, 10.0 * n + 6)) for n in range(3)]
    told = followed([tripod, *passers], 30.0)
    assert counts(told, 7.0, 9.5) == {0}
    assert max(counts(told, 0.0, 30.0)) == 1


def test_where_no_plate_was_ever_known_something_that_never_moved_is_unconfirmed_and_who_came_walking_is_a_person() -> None:
    still = Walker(lambda _: (300.0, 300.0), score=0.85, changed=0.0, unknown=1.0)
    told = followed([still], 10.0)
    assert counts(told, 4.0, 9.0) == {1}
    assert not any(people[0].confirmed for at_s, people in told.items() if at_s >= 4.0)
    came = Walker(along((0.0, 100, 300), (3.0, 300, 300), (30.0, 300.0, 300.0)), unknown=1.0)
    assert all(people[0].confirmed for at_s, people in followed([came], 20.0).items() if at_s >= 3.0)


def test_who_stands_still_for_long_stays_counted() -> None:
    stands = Walker(along((0.0, 100, 300), (3.0, 300, 300), (60.0, 300.0, 300.0)), changed=0.05)
    assert counts(followed([stands], 60.0), 3.0, 59.0) == {1}


def test_boxes_that_are_never_sure_are_nobody() -> None:
    assert max(counts(followed([Walker(straight((100, 300), (500, 300), 0.0, 10.0), score=0.45)], 10.0), 0.0, 10.0)) == 0


@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.sampled_from([2.0, 5.0, 10.0]))
@settings(max_examples=25)
def test_there_are_never_more_people_than_boxes_of_late(seed: int, count: int, hz: float) -> None:
    rng = np.random.default_rng(seed)
    ends = rng.uniform((0, 100), (768, 576), (count, 2, 2))
    walkers = [Walker(straight((float(a[0]), float(a[1])), (float(b[0]), float(b[1])), 0.0, 12.0), changed=float(rng.random())) for a, b in ends]
    for people in followed(walkers, 12.0, hz=hz, seed=seed).values():
        assert len(people) <= count


def test_time_that_falls_begins_anew_and_an_empty_look_is_a_look() -> None:
    tracker = Tracker()
    for look in looks([Walker(straight((100, 300), (500, 300), 0.0, 10.0))], 5.0):
        tracker.update(look)
    assert tracker.tracks
    tracker.update(sighting(0.0, []))
    assert tracker.tracks == ()


def test_what_is_kept_of_somebody_is_bounded_and_gone_with_the_track() -> None:
    tracker = Tracker()
    for look in looks([Walker(straight((100, 300), (400, 300), 0.0, 100.0))], 100.0):
        tracker.update(look)
    track = tracker.tracks[0]
    assert len(track.hits) <= HISTORY
    forgotten = weakref.ref(track)
    del track
    for number in range(20):
        tracker.update(sighting(100.0 + number / 5, []))
    gc.collect()
    assert forgotten() is None


def test_a_track_has_no_place_for_a_look_or_a_number() -> None:
    assert set(Track.__slots__) - {"__weakref__"} == {
        "_high", "_low", "_vouched_high", "_vouched_low", "best_score", "came", "count", "hits", "known", "like_thing",
        "score_sum", "speed_px_s", "vouched",
    }  # fmt: skip


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="boxes are"):
        Sighting(0.0, np.zeros((2, 4)), np.zeros(1), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="finite"):
        Sighting(0.0, np.full((1, 4), np.nan), np.zeros(1), np.zeros(1), np.zeros(1))
