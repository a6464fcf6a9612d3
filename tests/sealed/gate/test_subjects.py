"""Where subjects are: looks from near where something moves alone, and patience where that was in vain."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Kind, Size
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.glyphs import PersonHeight
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.subjects import (
    CLOSE_LOOK_SHARE,
    FRUITLESS_FOR_S,
    MOST_CLOSE_LOOKS,
    MOST_FRUITLESS,
    MOST_REMEMBERED,
    UNSEEN_S,
    LiveSubjects,
    shares,
)
from tests.support.detectors import INPUT_PX, Blind, Finder, boxes_of
from tests.support.scenes import Box, Figure, Picture, Stage, stands

STAGE = Stage(640, 480)
GRID = Grid(STAGE.size)
PERSON_PX = 24


def area(*boxes: Box) -> NDArray[np.float32]:
    return np.array(boxes, np.float32).reshape(-1, 4)


@dataclass
class Everywhere:
    """Finds one box over all of each tile."""

    seen: list[Picture] = field(default_factory=list)
    input_px: int = INPUT_PX

    def detect(self, picture: Picture) -> Boxes:
        self.seen.append(picture)
        return boxes_of([((0.0, 0.0, float(picture.shape[1]), float(picture.shape[0])), Kind.PERSON)])


def subjects_of(detector: Blind | Finder | Everywhere, size: Size = STAGE.size) -> LiveSubjects:
    return LiveSubjects(Grid(size), detector, PERSON_PX, PersonHeight(size))


SIZES = st.builds(Size, st.integers(40, 900), st.integers(40, 700))


@given(SIZES, st.floats(0, 1), st.floats(0, 1), st.integers(6, 200), st.integers(6, 200))
@settings(max_examples=60, deadline=None)
def test_a_tile_holds_its_area_with_room_around_and_lies_in_the_picture(size: Size, x: float, y: float, wide: int, tall: int) -> None:
    wide, tall = min(wide, size.width_px), min(tall, size.height_px)
    left, top = x * (size.width_px - wide), y * (size.height_px - tall)
    detector = Everywhere()
    picture = np.zeros((size.height_px, size.width_px, 3), np.uint8)
    found = subjects_of(detector, size).look_closer(picture, 0.0, area((left, top, left + wide, top + tall)))
    (tile,) = detector.seen
    (box,) = found.xyxy
    assert (box[2] - box[0], box[3] - box[1]) == (tile.shape[1], tile.shape[0]), "boxes are in pixels of the picture"
    assert box[0] >= 0
    assert box[1] >= 0
    assert box[2] <= size.width_px
    assert box[3] <= size.height_px
    assert (box[:2] <= np.array([left, top]) + 1).all()
    assert (box[2:] >= np.array([left + wide, top + tall]) - 1).all()
    enough = max(5 * PERSON_PX, max(wide, tall) / CLOSE_LOOK_SHARE) - 1
    assert tile.shape[0] >= min(size.height_px, enough)
    assert tile.shape[1] >= min(size.width_px, enough)


def test_a_person_too_small_for_the_whole_picture_is_found_from_near_where_he_is() -> None:
    picture = STAGE.empty.copy()
    Figure(stands(300, 200)).draw_into(picture, 0)
    finder = Finder(least_px=60)
    subjects = subjects_of(finder)
    assert not len(subjects.look(picture, 0.0))
    (box,) = subjects.look_closer(picture, 0.0, area((298, 198, 318, 240))).xyxy
    assert box == pytest.approx([300, 200, 314, 236], abs=2)


def test_only_the_largest_few_areas_are_looked_at() -> None:
    finder = Finder()
    subjects_of(finder).look_closer(STAGE.empty, 0.0, area(*[(100.0 * n, 50.0, 100.0 * n + 40, 120.0) for n in range(5)]))
    assert len(finder.seen_px) == MOST_CLOSE_LOOKS


HERE, THERE = (100.0, 100.0, 140.0, 180.0), (400.0, 100.0, 440.0, 180.0)


def test_where_a_look_was_in_vain_another_place_has_its_turn() -> None:
    finder = Finder()
    subjects = subjects_of(finder)
    assert not len(subjects.look_closer(STAGE.empty, 0.0, area(HERE, THERE)))
    assert not len(subjects.look_closer(STAGE.empty, 0.5, area(HERE, THERE)))
    assert len(finder.seen_px) == 2
    subjects.look_closer(STAGE.empty, 1.0, area(HERE, THERE))
    assert len(finder.seen_px) == 2, "both have to wait now"


def test_the_wait_after_looks_in_vain_doubles_up_to_a_bound() -> None:
    finder = Finder()
    subjects = subjects_of(finder)
    looked_s = []
    for number in range(1200):
        before = len(finder.seen_px)
        subjects.look_closer(STAGE.empty, number / 2, area(HERE))
        if len(finder.seen_px) > before:
            looked_s.append(number / 2)
    waits = np.diff(looked_s)
    assert waits[0] >= FRUITLESS_FOR_S
    longest = FRUITLESS_FOR_S * 2**MOST_FRUITLESS
    assert waits.tolist() == [min(longest, waits[0] * 2**n) for n in range(len(waits))]
    assert waits[-1] == waits[-2] == longest


def test_a_look_that_finds_somebody_is_not_in_vain() -> None:
    picture = STAGE.empty.copy()
    Figure(stands(105, 110), 30, 65).draw_into(picture, 0)
    finder = Finder()
    subjects = subjects_of(finder)
    for number in range(10):
        assert len(subjects.look_closer(picture, number / 2, area(HERE)))
    assert len(finder.seen_px) == 10


def test_somebody_found_beside_the_area_does_not_explain_it() -> None:
    picture = STAGE.empty.copy()
    Figure(stands(150, 110)).draw_into(picture, 0)
    finder = Finder()
    subjects = subjects_of(finder)
    assert len(subjects.look_closer(picture, 0.0, area(HERE))), "the box counts all the same"
    subjects.look_closer(picture, 0.5, area(HERE))
    assert len(finder.seen_px) == 1, "the area waits"


def test_a_place_where_nothing_moved_for_long_is_forgotten_and_starts_with_the_shortest_wait() -> None:
    finder = Finder()
    subjects = subjects_of(finder)
    subjects.look_closer(STAGE.empty, 0.0, area(HERE))
    subjects.look_closer(STAGE.empty, 1000.0, area(HERE))
    subjects.look_closer(STAGE.empty, 1000.0 + 2 * FRUITLESS_FOR_S, area(HERE))
    assert len(finder.seen_px) == 3


def test_the_memory_of_looks_in_vain_is_bounded_and_survives_a_clock_that_jumps_back() -> None:
    subjects = subjects_of(Blind())
    for number in range(3 * MOST_REMEMBERED):
        x, y = float(number % 30 * 20), float(number // 30 * 60)
        subjects.look_closer(STAGE.empty, 100.0, area((x, y, x + 8, y + 18)))
        assert len(subjects._fruitless) <= MOST_REMEMBERED + 1
    finder = Finder()
    subjects._detector = finder
    subjects.look_closer(STAGE.empty, 1.0, area((200, 60, 208, 78)))
    assert len(finder.seen_px) == 1


def test_without_areas_nobody_looks() -> None:
    finder = Finder()
    assert not len(subjects_of(finder).look_closer(STAGE.empty, 0.0, area()))
    assert not finder.seen_px


def follow_walker(subjects: LiveSubjects, looks: int, *, share: float = 1.0) -> None:
    for number in range(looks):
        boxes = boxes_of([((100.0 + 20 * number, 100.0, 130.0 + 20 * number, 180.0), Kind.PERSON)])
        subjects.follow(number / 2, boxes, np.array([share], np.float32), np.zeros(1, np.float32))


def test_a_subject_is_drawn_from_its_third_hit_on_and_moved_on_for_a_moment() -> None:
    subjects = subjects_of(Blind())
    follow_walker(subjects, 2)
    assert subjects.at(0.5) == []
    subjects = subjects_of(Blind())
    follow_walker(subjects, 5)
    (now,), (soon,) = (subjects.at(t) for t in (2.0, 2.5))
    assert (now.x_px, now.y_px) == pytest.approx((195, 180))
    assert soon.x_px == pytest.approx(215)
    assert subjects.at(2.0 + UNSEEN_S + 0.01) == [], "nobody sees him any more"


def test_of_two_tracks_in_one_place_the_one_seen_last_is_drawn() -> None:
    subjects = subjects_of(Blind())
    follow_walker(subjects, 5)
    double = boxes_of([((183.0, 104.0, 213.0, 184.0), Kind.PERSON)])
    for number in range(3):
        subjects.follow(2.1 + number / 10, double, np.ones(1, np.float32), np.zeros(1, np.float32))
    (drawn,) = subjects.at(2.3)
    assert drawn.y_px == pytest.approx(184)


def taught(slope: float, offset: float) -> PersonHeight:
    heights = PersonHeight(STAGE.size)
    for y in range(10, STAGE.size.height_px - 4):
        heights.learn(y, slope * y + offset)
    return heights


def test_feet_that_a_bench_hides_are_drawn_where_the_head_says() -> None:
    heights = taught(0.4, 0.0)
    subjects = LiveSubjects(Grid(STAGE.size), Blind(), 24, heights)
    whole = heights.at(150.0)
    for number, hidden in enumerate((0.0, 0.0, 0.0, 0.4)):
        box = ((100.0, 150 - whole, 120.0, 150 - hidden * whole), Kind.PERSON)
        subjects.follow(number / 5, boxes_of([box]), np.ones(1, np.float32), np.zeros(1, np.float32))
    (drawn,) = subjects.at(0.6)
    assert drawn.y_px == pytest.approx(150, abs=0.12 * whole)


def test_far_people_are_looked_at_larger_and_near_ones_are_not() -> None:
    finder = Finder()
    near = LiveSubjects(Grid(Size(768, 576)), finder, 24, PersonHeight(Size(768, 576)))
    near.look(np.zeros((576, 768, 3), np.uint8), 0.0)
    assert len(finder.seen_px) == 1, "nobody knows yet where people are small"
    far = PersonHeight(Size(768, 576))
    for y in range(150, 570):
        far.learn(y, 0.3 * y - 20)
    LiveSubjects(Grid(Size(768, 576)), finder, 24, far).look(np.zeros((576, 768, 3), np.uint8), 0.0)
    assert len(finder.seen_px) > 2


def test_only_people_who_are_surely_there_teach_the_common_height() -> None:
    heights = PersonHeight(STAGE.size)
    before = heights.at(180)
    subjects = LiveSubjects(GRID, Blind(), PERSON_PX, heights)
    follow_walker(subjects, 3, share=0.0)
    assert heights.at(180) == before, "nothing vouches for it yet"
    follow_walker(subjects := LiveSubjects(GRID, Blind(), PERSON_PX, heights), 8)
    assert heights.at(180) == pytest.approx(80, rel=0.13), "one person alone: in coarse steps"
    assert any(heights._bands), "it is learned from"
    assert len(subjects.tracker.live) == 1


@pytest.mark.parametrize("keep", [True, False])
def test_tracks_that_ended_are_kept_only_when_asked_for_and_only_plausible_ones(keep: bool) -> None:
    subjects = subjects_of(Blind())
    subjects.keep_ended = keep
    follow_walker(subjects, 4)
    lone = boxes_of([((500.0, 300.0, 520.0, 360.0), Kind.PERSON)])
    subjects.follow(2.0, lone, np.ones(1, np.float32), np.zeros(1, np.float32))
    subjects.follow(30.0, Boxes.none(), np.zeros(0, np.float32), np.zeros(0, np.float32))
    assert [len(t.times_s) for t in subjects.ended] == ([4] if keep else [])


@given(SIZES, st.lists(st.tuples(*[st.integers(-200, 1100)] * 2, *[st.integers(0, 400)] * 2), max_size=5), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_the_share_of_a_box_is_counted_in_its_working_pixels(size: Size, boxes: list[tuple[int, int, int, int]], seed: int) -> None:
    grid = Grid(size)
    changed = np.random.default_rng(seed).random(grid.working_shape) < 0.3
    found = boxes_of([((float(x), float(y), float(x + w), float(y + h)), Kind.PERSON) for x, y, w, h in boxes])
    for share, (left, top, right, bottom) in zip(shares(found, changed, grid), np.round(found.xyxy / grid.shrink).astype(int), strict=True):
        part = changed[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
        assert share == pytest.approx(part.mean() if part.size else 0.0, abs=1e-5)
