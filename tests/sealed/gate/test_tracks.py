"""Short-lived tracks: made by position and motion alone, from each box at most once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Kind
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.tracks import HISTORY, LEAST_HITS, LOST_AFTER_S, SURE, Track, Tracker, without_parts

Row = tuple[float, float, float, float, float, int]
"""Foot x, foot y, height, width, score, kind."""


def boxes_at(rows: list[Row]) -> Boxes:
    table = np.array([row[:5] for row in rows], np.float32).reshape(-1, 5)
    x, y, tall, wide, scores = table.T
    return Boxes(np.stack([x - wide / 2, y - tall, x + wide / 2, y], 1), scores, np.array([row[5] for row in rows], np.int8))


def person(x: float, y: float, score: float = 0.9, tall: float = 60.0) -> Row:
    return (x, y, tall, tall / 3, score, Kind.PERSON)


def changed(count: int, share: float = 1.0) -> NDArray[np.float32]:
    return np.full(count, share, np.float32)


def followed(looks: list[list[Row]], *, hz: float = 2.0, share: float = 1.0) -> tuple[Tracker, list[Track]]:
    tracker, ended = Tracker(), []
    for number, rows in enumerate(looks):
        ended += tracker.update(number / hz, boxes_at(rows), changed(len(rows), share))
    return tracker, ended


looks_of_crowds = st.lists(
    st.lists(
        st.tuples(st.integers(0, 300), st.integers(50, 240), st.integers(20, 80), st.integers(8, 40), st.integers(10, 99), st.sampled_from(Kind)).map(
            lambda row: (float(row[0]), float(row[1]), float(row[2]), float(row[3]), row[4] / 100, int(row[5]))
        ),
        max_size=7,
    ),
    min_size=1,
    max_size=8,
)


@given(looks_of_crowds)
@settings(max_examples=100, deadline=None)
def test_each_box_belongs_to_one_track_at_most(looks: list[list[Row]]) -> None:
    tracker, ended = Tracker(), []
    for number, rows in enumerate(looks):
        boxes = boxes_at(rows)
        ended += tracker.update(number / 2, boxes, changed(len(rows)))
        hits = [t for t in tracker.live if t.times_s[-1] == number / 2]
        whole = without_parts(boxes)
        used = [(t.feet_px[-1], t.heights_px[-1], t.kind) for t in hits]
        there = [
            (
                ((float(boxes.xyxy[i, 0]) + float(boxes.xyxy[i, 2])) / 2, float(boxes.xyxy[i, 3])),
                float(boxes.xyxy[i, 3] - boxes.xyxy[i, 1]),
                Kind(boxes.kinds[i]),
            )
            for i in whole
        ]
        for hit in used:
            there.remove(next(one for one in there if one[2] == hit[2] and one[0] == pytest.approx(hit[0]) and one[1] == pytest.approx(hit[1])))
        assert len(hits) >= sum(boxes.scores[i] > SURE for i in whole), "a sure box always has a track"
    assert len({id(t) for t in tracker.live + ended}) == len(tracker.live) + len(ended)
    assert all(t.times_s == sorted(set(t.times_s)) for t in tracker.live + ended)


def summary(tracks: list[Track]) -> list[tuple[object, ...]]:
    return sorted((t.kind, tuple(t.times_s), tuple(t.feet_px), tuple(t.heights_px), t.vouched_hits, t.best_score) for t in tracks)


@given(looks_of_crowds, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_boxes_does_not_matter(looks: list[list[Row]], random: object) -> None:
    # Boxes of one score are told apart by their order alone: each gets its own.
    own = [[(*row[:4], row[4] + number / 1000, row[5]) for number, row in enumerate(rows)] for rows in looks]
    other = [list(rows) for rows in own]
    for rows in other:
        random.shuffle(rows)  # type: ignore[attr-defined]
    one, ended_one = followed(own)
    two, ended_two = followed(other)
    assert summary(one.live + ended_one) == summary(two.live + ended_two)


def test_two_people_who_pass_each_other_keep_their_tracks() -> None:
    looks = [[person(50 + 25 * n, 200), person(350 - 25 * n, 230)] for n in range(13)]
    tracker, _ = followed(looks)
    assert len(tracker.live) == 2
    for track in tracker.live:
        ways = np.diff([x for x, _ in track.feet_px])
        assert (ways > 0).all() or (ways < 0).all()


def test_a_track_ends_two_seconds_after_its_last_hit() -> None:
    tracker, ended = followed([[person(50, 200)]] * 4)
    last_s = 1.5
    for time_s in np.arange(2.0, 6.0, 0.5):
        ended = tracker.update(float(time_s), Boxes.none(), changed(0))
        assert bool(tracker.live) == (time_s - last_s <= LOST_AFTER_S)
        assert bool(ended) == (time_s == last_s + LOST_AFTER_S + 0.5)


def test_who_comes_back_after_two_seconds_is_somebody_else() -> None:
    tracker, ended = followed([[person(50, 200)]] * 4 + [[]] * 5 + [[person(50, 200)]])
    assert len(ended) == 1
    assert len(tracker.live) == 1
    assert len(tracker.live[0].times_s) == 1


def test_an_unsure_box_keeps_a_track_and_starts_none() -> None:
    tracker, _ = followed([[person(50, 200)], [person(52, 200, 0.2)], [person(54, 200, 0.2), person(200, 200, 0.3)]])
    assert [len(t.times_s) for t in tracker.live] == [3]


def test_a_sure_box_goes_before_an_unsure_one_that_is_nearer() -> None:
    tracker, _ = followed([[person(50, 200)], [person(50, 200, 0.2), person(70, 200, 0.8)]])
    assert len(tracker.live) == 1
    assert tracker.live[0].feet_px[-1][0] == pytest.approx(70)


def test_another_kind_or_another_height_is_another_subject() -> None:
    tracker, _ = followed([[person(50, 200)], [(50.0, 200.0, 60.0, 20.0, 0.9, Kind.ANIMAL)], [person(50, 200, tall=120)]])
    assert len(tracker.live) == 3


def test_parts_and_doubles_of_a_surer_box_are_no_subjects_of_their_own() -> None:
    whole, head, beside = person(50, 200), person(50, 160, 0.6, 15), person(90, 200, 0.5)
    assert without_parts(boxes_at([head, beside, whole])) == [2, 1]
    assert without_parts(boxes_at([whole, person(52, 201, 0.8)])) == [0]
    assert without_parts(boxes_at([whole, (50.0, 200.0, 60.0, 20.0, 0.8, Kind.VEHICLE)])) == [0, 1], "a rider and the cycle are two"


@pytest.mark.parametrize(
    ("looks", "share", "credible"),
    [
        ([[person(50, 200)]] * 3, 1.0, True),
        ([[person(50, 200)]] * (LEAST_HITS - 1), 1.0, False),
        ([[person(50, 200, 0.45)]] * 5, 1.0, False),
        ([[person(50, 200, 0.6)]] * 20, 0.05, False),
        ([[person(50, 200, 0.8)]] * 20, 0.05, True),
        ([[person(50 + 15 * n, 200)] for n in range(3)], 0.0, False),
        ([[person(50 + 15 * n, 200)] for n in range(6)], 0.0, True),
    ],
    ids=["moves", "too few hits", "never sure", "looks like the place", "surely seen again and again", "goes not far enough", "goes its own height"],
)
def test_a_track_is_drawn_when_something_vouches_for_it(looks: list[list[Row]], share: float, credible: bool) -> None:
    tracker, _ = followed(looks, share=share)
    assert [t.credible for t in tracker.live] == [credible]


def test_a_walker_is_expected_where_he_was_going() -> None:
    tracker, _ = followed([[person(50 + 20 * n, 200)] for n in range(4)])
    assert tracker.live[0].predicted(2.0) == pytest.approx((130, 200))


def test_the_memory_of_a_track_is_bounded_and_it_stays_credible() -> None:
    track = Track(Kind.PERSON)
    for number in range(3 * HISTORY):
        track.add(number / 2, np.array([40, 140, 60, 200], np.float32), 0.9, vouched=True)
        assert len(track.times_s) <= HISTORY
    assert len(track.times_s) == len(track.feet_px) == len(track.heights_px) == len(track.widths_px)
    assert track.credible


def test_a_repr_tells_no_place() -> None:
    tracker, _ = followed([[person(123, 217)]] * 3)
    assert repr(tracker.live[0]) == "Track(person, 3 hits)"
