from pathlib import Path

import numpy as np
import pytest

from bench.cut_outs import CutOut, Place, PlaceName
from bench.realism import (
    BANDS_PX,
    ODD,
    Figures,
    Light,
    Trial,
    box_of,
    drawn_person,
    looked_at,
    row_of,
    score_of,
    scores_of,
    seen_as,
    tile_of,
    trial_of,
)
from passerby.released.scene import Kind
from passerby.sealed.gate.detector import Boxes

SQUARE = CutOut(np.full((60, 20, 3), 240, np.float32), np.ones((60, 20), np.float32), 60.0)


class FindsTheBright:
    """Finds, with a certain score, the box around what is brighter than the place."""

    input_px = 416

    def __init__(self, score: float = 0.8) -> None:
        self.score = score
        self.shapes: list[tuple[int, ...]] = []

    def detect(self, picture: np.ndarray) -> Boxes:
        self.shapes.append(picture.shape)
        rows, columns = np.nonzero(picture.min(axis=2) > 180)
        if not len(rows):
            return Boxes.none()
        box = [[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]]
        return Boxes(np.array(box, np.float32), np.array([self.score], np.float32), np.array([Kind.PERSON], np.int8))


def place() -> Place:

    return Place(PlaceName.PETS, Path("nowhere"), np.full((576, 768, 3), 60, np.uint8), ground_top_px=130, smallest_px=50)


def boxes(*found: tuple[float, float, float, float, float, Kind]) -> Boxes:
    rows = np.array([one[:5] for one in found], np.float32).reshape(-1, 5)
    return Boxes(rows[:, :4], rows[:, 4], np.array([one[5] for one in found], np.int8))


def test_only_a_box_of_a_person_that_covers_them_counts() -> None:
    person = (100, 100, 120, 160)
    assert score_of(boxes((101, 99, 121, 158, 0.4, Kind.PERSON), (100, 100, 120, 160, 0.3, Kind.PERSON)), person) == pytest.approx(0.4)
    assert score_of(boxes((100, 100, 120, 160, 0.9, Kind.VEHICLE)), person) == 0
    assert score_of(boxes((100, 100, 120, 122, 0.9, Kind.PERSON)), person) == 0
    assert score_of(Boxes.none(), person) == 0


def test_figures_count_the_missed_as_zero() -> None:
    figures = Figures.of([0.0, 0.0, 0.4, 0.8])
    assert figures.looks == 4
    assert [figures.recall, figures.median] == pytest.approx([0.5, 0.2])
    assert 0.4 < figures.half_width < 0.6
    assert Figures.of([0.5] * 100).half_width > 0


@pytest.mark.parametrize("at", [(0.0, 0.0), (1.0, 1.0), (0.5, 0.2)])
def test_a_tile_is_six_heights_wide_and_holds_the_person(at: tuple[float, float]) -> None:
    picture = np.zeros((576, 768, 3), np.uint8)
    left, top, right, bottom = tile_of(picture, (300, 200, 320, 260), 60, at)
    assert (right - left, bottom - top) == (360, 360)
    assert left <= 300
    assert right >= 320
    assert top <= 200
    assert bottom >= 260
    assert tile_of(picture, (300, 200, 320, 260), 400, at) == (0, 0, 768, 576)


def test_a_look_finds_who_is_pasted_and_says_how_sure_it_is() -> None:
    detector = FindsTheBright(0.7)
    trial = Trial(place(), 60.0, (SQUARE, SQUARE), ((300.0, 200.0), (310.0, 205.0)), (0.3, 0.6), 1)
    for who in (0, 1):
        assert looked_at(detector, trial, who, Light.DAY) == pytest.approx((0.7, 0.7))
    assert detector.shapes == [(360, 360, 3), (576, 768, 3)] * 2


def test_a_trial_is_the_same_each_time_and_its_people_are_of_one_height_on_one_spot() -> None:
    for seed in range(6):
        for band in BANDS_PX:
            one, other = (trial_of(place(), [SQUARE], band, Light.DAY, seed) for _ in range(2))
            assert one.corners_xy == other.corners_xy
            assert (one.people[1].bgr == other.people[1].bgr).all()
            assert band[0] <= one.height_px <= band[1]
            real, drawn = (box_of(person, corner) for person, corner in zip(one.people, one.corners_xy, strict=True))
            assert drawn[3] - drawn[1] == pytest.approx(real[3] - real[1], rel=0.2, abs=3)
            assert abs((real[0] + real[2]) / 2 - (drawn[0] + drawn[2]) / 2) < 0.5 * one.height_px
            for left, top, right, bottom in (real, drawn):
                assert left >= 0
                assert top >= 0
                assert right <= 768
                assert bottom <= 576


def test_drawn_people_differ_and_odd_ones_are_what_they_are_called() -> None:
    rng = np.random.default_rng(0)
    people = [drawn_person(60, rng, Light.DAY) for _ in range(8)]
    assert len({person.bgr.tobytes() for person in people}) == 8
    lying = next(odd for odd in ODD if odd.name == "lying")
    assert np.mean([drawn_person(60, rng, Light.DAY, lying).height_px for _ in range(8)]) < 45


def test_infrared_is_grey_and_noise_is_that_of_the_seed() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (40, 50, 3)).astype(np.uint8)
    grey = seen_as(picture, Light.INFRARED, 4)
    assert (grey == grey[..., :1]).all()
    assert (seen_as(picture, Light.DAY, 4) == seen_as(picture, Light.DAY, 4)).all()
    assert (seen_as(picture, Light.DAY, 4) != seen_as(picture, Light.DAY, 5)).any()
    assert np.abs(seen_as(picture, Light.DAY, 4).astype(int) - picture).mean() < 4


def test_a_row_marks_recall_that_is_more_than_ten_points_apart() -> None:
    scores = {"real tile": [0.8] * 20, "drawn tile": [0.8] * 17 + [0.0] * 3}
    row = row_of("band", "tile", scores)
    assert row[:3] == ["band", "tile", "20"]
    assert row[5] == "-15 !"
    assert row_of("band", "tile", {**scores, "drawn tile": [0.8] * 19 + [0.0]})[5].strip() == "-5"


def test_scores_are_kept_apart_by_who_and_look() -> None:
    trials = [Trial(place(), 60.0, (SQUARE, SQUARE), ((300.0, 200.0), (300.0, 200.0)), (0.5, 0.5), seed) for seed in range(3)]
    scores = scores_of(FindsTheBright(), trials, Light.DAY, threads=1)
    assert set(scores) == {"real tile", "drawn tile", "real whole picture", "drawn whole picture"}
    assert all(len(values) == 3 for values in scores.values())
