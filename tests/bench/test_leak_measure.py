from dataclasses import replace

import cv2
import numpy as np
import pytest

from bench.clips import Picture
from bench.leak_measure import LeakFigures, LeakMeter, MeasureError, released_share, upper_bound
from bench.truth import Person

HEIGHT_PX, WIDTH_PX, FRAMES, FPS = 160, 200, 12, 4.0
BOX = Person(0, 1, 80, 30, 30, 100)


def place() -> Picture:
    """An empty place with some texture, between 60 and 110."""
    rng = np.random.default_rng(1)
    return np.repeat(rng.integers(60, 110, (HEIGHT_PX, WIDTH_PX, 1)), 3, axis=2).astype(np.uint8)


def with_person(picture: Picture) -> Picture:
    """The picture with somebody in BOX: an ellipse of blotches, far from the place's colours."""
    rng = np.random.default_rng(2)
    cloth = cv2.resize(rng.integers(170, 255, (12, 12, 3)).astype(np.uint8), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)
    figure = cv2.ellipse(np.zeros(picture.shape[:2], np.uint8), (95, 80), (14, 49), 0, 0, 360, 1, -1)
    return np.where(figure[..., None] > 0, cloth, picture).astype(np.uint8)


def measured(outs: list[Picture], held: np.ndarray | None = None) -> LeakFigures:
    """Figures where the person is there in the first half of the frames and the copy shows `outs`."""
    empty = place()
    persons = [replace(BOX, frame=number) for number in range(1, FRAMES // 2 + 1)]
    meter = LeakMeter(persons, empty, FPS, FRAMES, held)
    for number, out in enumerate(outs, start=1):
        meter.see(number, with_person(empty) if number <= FRAMES // 2 else empty, out)
    return meter.figures()


def raw_clip() -> list[Picture]:
    return [with_person(place()) if number < FRAMES // 2 else place() for number in range(FRAMES)]


def test_the_clip_itself_releases_everybody() -> None:
    figures = measured(raw_clip())
    assert figures.released_mean == figures.released_worst == figures.instances_over_10 == 1.0
    assert figures.heads_exposed == figures.heads_legible == 1.0
    assert figures.background_shown == figures.background_shown_last == 1.0


def test_the_empty_place_releases_nobody_and_is_all_shown() -> None:
    figures = measured([place()] * FRAMES)
    assert figures.released_worst == figures.flat_match_mean == figures.heads_exposed == figures.heads_legible == figures.ghosts == 0.0
    assert figures.background_shown == 1.0


def test_a_black_copy_shows_neither_people_nor_the_place() -> None:
    figures = measured([np.zeros_like(place())] * FRAMES)
    assert (figures.released_worst, figures.background_shown) == (0.0, 0.0)


def test_a_person_who_stays_behind_in_the_plate_is_a_ghost() -> None:
    figures = measured([with_person(place())] * FRAMES)
    assert figures.ghosts == 1.0
    assert figures.ghost_floor < 0.5


def test_a_mirrored_negative_of_a_head_is_still_legible() -> None:
    rng = np.random.default_rng(3)
    outs = []
    for raw in raw_clip():
        out = raw.copy()
        out[30:46, 80:110] = 255 - raw[30:46, 80:110][:, ::-1]
        outs.append(np.clip(out.astype(int) + rng.integers(-1, 2, out.shape), 0, 255).astype(np.uint8))
    figures = measured(outs)
    assert figures.heads_exposed == 0.0
    assert figures.heads_legible == 1.0


def test_an_equal_but_flat_colour_is_counted_apart() -> None:
    patch = (slice(50, 110), slice(84, 106))
    raw, out = with_person(place()), place()
    raw[patch], out[patch] = 200, 200
    meter = LeakMeter([replace(BOX, frame=1)], place(), FPS, 1)
    meter.see(1, raw, out)
    figures = meter.figures()
    # All of the patch is equal; only its edge has texture.
    assert figures.flat_match_mean > 0.3
    assert figures.released_mean < 0.3


def test_what_a_static_subject_holds_is_not_missed_as_background() -> None:
    held = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    held[:, 150:] = True
    hatched = place()
    hatched[:, 150:] = 0
    figures = measured([hatched] * FRAMES, held)
    assert figures.background_shown < 0.9
    assert figures.free_shown == figures.free_shown_last == 1.0


def test_the_frames_shown_are_numbered_for_the_curve() -> None:
    outs = [np.zeros_like(place())] * (FRAMES // 2) + [place()] * (FRAMES - FRAMES // 2)
    shown = dict(measured(outs).shown_by_frame)
    assert [shown[number] for number in (1, 6, 7, 12)] == [0.0, 0.0, 1.0, 1.0]


def test_a_clip_without_anybody_cannot_be_measured() -> None:
    meter = LeakMeter([replace(BOX, frame=1)], place(), FPS, 1)
    meter.see(1, place(), place())
    with pytest.raises(MeasureError, match="true empty place"):
        meter.figures()


def test_a_plate_is_released_only_where_its_texture_is() -> None:
    raw = with_person(place())
    box = (85, 50, 105, 70)
    covered = raw.copy()
    covered[50:60] = 0
    assert released_share(raw, raw, box) == 1.0
    assert released_share(raw, place(), box) == 0.0
    assert 0.1 < released_share(raw, covered, box) < 0.6


def test_the_upper_bound_draws_whole_persons() -> None:
    differences = np.array([1.0] * 10 + [0.0] * 90)
    one_person_each = np.arange(100.0)
    ten_persons = np.repeat(np.arange(10.0), 10)
    assert upper_bound(differences, one_person_each, 0) < upper_bound(differences, ten_persons, 0)
