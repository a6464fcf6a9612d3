"""Samples of blocks: their median, whether they agree, and how they spread over time."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Size
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.samples import AGREEING_SAMPLES, AGREEING_SHARE_FILE, AGREEING_SHARE_LIVE, TOLERANCE, Samples, middle, smoothed_where_unlike
from passerby.sealed.gate.settings import SAMPLES

Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]
GRID = Grid(Size(64, 48))
ODD = Grid(Size(61, 37))


def flat(level: int, grid: Grid = GRID) -> Picture:
    return np.full((grid.size.height_px, grid.size.width_px, 3), level, np.uint8)


def every(grid: Grid = GRID) -> Mask:
    return np.ones(grid.block_shape, bool)


def only(row: int, column: int, grid: Grid = GRID) -> Mask:
    mask = np.zeros(grid.block_shape, bool)
    mask[row, column] = True
    return mask


def of(pictures: list[Picture], *, keep: bool = False, grid: Grid = GRID) -> Samples:
    samples = Samples(grid, keep=keep)
    for picture in pictures:
        samples.add(picture, every(grid))
    return samples


@given(st.integers(0, 6), st.integers(0, 2**32 - 1), st.sampled_from([2, 256]))
@settings(max_examples=60, deadline=None)
def test_the_middle_of_an_odd_number_is_the_median(half: int, seed: int, levels: int) -> None:
    stack = np.random.default_rng(seed).integers(0, levels, (2 * half + 1, 5, 7, 3)).astype(np.uint8)
    before = stack.copy()
    assert np.array_equal(middle(stack), np.median(stack, axis=0))
    assert np.array_equal(stack, before), "what it is given stays as it is"


@given(st.integers(0, 2**32 - 1), st.sampled_from([GRID, ODD]), st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_candidate_is_the_median_of_samples_that_agree(seed: int, grid: Grid, keep: bool) -> None:
    rng = np.random.default_rng(seed)
    place = rng.integers(20, 200, (grid.size.height_px, grid.size.width_px, 3))
    pictures = [np.asarray(place + rng.integers(0, TOLERANCE // 2, place.shape), np.uint8) for _ in range(SAMPLES)]
    candidate, agree, _ = of(pictures, keep=keep, grid=grid).candidate(every(grid))
    assert agree.all()
    assert np.array_equal(candidate, np.median(np.stack(pictures), axis=0))


def test_fewer_samples_than_all_of_them_agree_on_nothing() -> None:
    samples = of([flat(100)] * (SAMPLES - 1))
    assert not samples.full.any()
    assert not samples.candidate(every())[1].any()
    samples.add(flat(100), only(1, 1))
    assert np.array_equal(samples.full, only(1, 1))
    assert np.array_equal(samples.candidate(every())[1], only(1, 1))


def test_only_blocks_that_were_asked_for_agree() -> None:
    assert np.array_equal(of([flat(100)] * SAMPLES).candidate(only(2, 3))[1], only(2, 3))


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("odd", range(SAMPLES))
def test_somebody_in_more_than_two_samples_spoils_the_agreement(odd: int, keep: bool) -> None:
    somebody = flat(100)
    somebody[16:32, 16:32] = 100 + TOLERANCE + 1
    pictures = [somebody] * odd + [flat(100)] * (SAMPLES - odd)
    np.random.default_rng(odd).shuffle(pictures)
    _, agree, _ = of(pictures, keep=keep).candidate(every())
    assert agree[1, 1] == (odd <= SAMPLES - AGREEING_SAMPLES or odd >= AGREEING_SAMPLES)
    assert (agree | only(1, 1)).all(), "its neighbours do agree"


@pytest.mark.parametrize(("keep", "share"), [(True, AGREEING_SHARE_FILE), (False, AGREEING_SHARE_LIVE)])
def test_a_block_agrees_when_so_many_of_its_pixels_do(keep: bool, share: float) -> None:
    for unlike, agrees in ((int((1 - share) * 256) - 1, True), (int((1 - share) * 256) + 2, False)):
        pictures = []
        for number in range(SAMPLES):
            picture = flat(100)
            block = picture[16:32, 16:32].reshape(256, 3)
            block[:unlike] = 20 + 25 * number
            picture[16:32, 16:32] = block.reshape(16, 16, 3)
            pictures.append(picture)
        assert of(pictures, keep=keep).candidate(every())[1][1, 1] == agrees


def test_one_channel_that_differs_is_enough_to_disagree() -> None:
    pictures = [flat(100) for _ in range(SAMPLES)]
    for picture in pictures[::2]:
        picture[:16, :16, 2] = 140
    assert not of(pictures).candidate(every())[1][0, 0]


def test_an_emptied_block_forgets_and_the_others_do_not() -> None:
    samples = of([flat(50)] * SAMPLES)
    samples.empty(only(1, 2))
    assert np.array_equal(~samples.full, only(1, 2))
    for _ in range(SAMPLES):
        samples.add(flat(150), only(1, 2))
    candidate, agree, _ = samples.candidate(every())
    assert agree.all()
    assert (candidate[16:32, 32:48] == 150).all()
    assert (candidate[:16] == 50).all()


def test_a_full_block_takes_no_more_live() -> None:
    samples = of([flat(50)] * SAMPLES + [flat(150)] * (3 * SAMPLES))
    assert (samples.candidate(every())[0] == 50).all()


def test_a_sample_is_a_copy() -> None:
    picture = flat(50)
    samples = of([picture] * SAMPLES)
    picture[:] = 200
    assert (samples.candidate(every())[0] == 50).all()


def kept_numbers(offered: int) -> NDArray[np.int64]:
    """Which of so many samples a file's store has in the end: numbers (SAMPLES x rows x columns)."""
    samples = Samples(GRID, keep=True)
    for number in range(offered):
        samples.add(flat(number), every())
    return samples._pictures[:, ::16, ::16, 0].astype(np.int64)


def test_in_a_file_samples_spread_over_all_of_the_time() -> None:
    offered = 200
    kept = np.concatenate([kept_numbers(offered).reshape(SAMPLES, -1)])
    shares = np.histogram(kept, bins=4, range=(0, offered))[0] / kept.size
    assert shares == pytest.approx([0.25] * 4, abs=0.12), "no quarter of the time has far more than its part"
    assert all(len(set(column)) == SAMPLES for column in kept.T), "no moment is kept twice"


def parts_kept(offered_in: list[int]) -> NDArray[np.int8]:
    """From which parts of a clip the samples are in the end (SAMPLES, sorted), when each part offers so many."""
    samples = Samples(GRID, keep=True)
    for part, count in enumerate(offered_in):
        for _ in range(count):
            samples.add(flat(part), every(), part=part)
    kept = samples._part[:, 0, 0]
    full = samples.full[0, 0]
    assert full == (kept >= 0).all()
    values = samples._pictures[:, 0, 0, 0]
    assert all(value == part for value, part in zip(values, kept, strict=True) if part >= 0), "a sample is of the part that it is said to be from"
    return np.sort(kept)


@given(st.lists(st.integers(1, 6), min_size=SAMPLES, max_size=SAMPLES))
def test_each_part_of_a_clip_gives_one_sample(offered_in: list[int]) -> None:
    assert parts_kept(offered_in).tolist() == list(range(SAMPLES))


@given(st.lists(st.integers(0, 30), min_size=SAMPLES, max_size=SAMPLES))
def test_parts_without_a_quiet_moment_lend_their_places_to_others(offered_in: list[int]) -> None:
    kept = parts_kept(offered_in)
    present = {part for part, count in enumerate(offered_in) if count}
    assert present <= set(kept.tolist())
    assert set(kept.tolist()) <= present | {-1}


def test_a_clip_whose_length_was_told_far_too_long_is_sampled_all_over_nevertheless() -> None:
    samples = Samples(GRID, keep=True)
    for number in range(200):
        samples.add(flat(number), every(), part=0)
    kept = samples._pictures[:, ::16, ::16, 0]
    assert samples.full.all()
    assert 60 < kept.mean() < 140


def test_in_a_file_the_choice_of_samples_is_the_same_each_time() -> None:
    assert np.array_equal(kept_numbers(120), kept_numbers(120))


@pytest.mark.parametrize("keep", [True, False])
def test_samples_in_different_light_are_compared_in_one(keep: bool) -> None:
    place = np.random.default_rng(2).integers(60, 120, (48, 64, 3)).astype(np.uint8)
    gains = [1.0, 1.5, 1.0, 0.7, 1.0, 1.5, 1.0, 0.7, 1.0]
    samples, unaware = Samples(GRID, keep=keep), Samples(GRID, keep=keep)
    for gain in gains:
        picture = np.clip(place * gain, 0, 255).astype(np.uint8)
        samples.add(picture, every(), np.full((6, 8, 3), gain, np.float32))
        unaware.add(picture, every())
    candidate, agree, _ = samples.candidate(every())
    assert agree.all()
    assert np.abs(candidate.astype(int) - place).max() <= 2
    assert not unaware.candidate(every())[1].any()


def test_the_light_of_one_channel_and_region_is_that_of_its_samples_alone() -> None:
    gains = np.ones((6, 8, 3), np.float32)
    gains[:, 4:, 2] = 1.6
    samples = Samples(GRID, keep=True)
    for number in range(SAMPLES):
        lit = flat(80)
        if number % 2:
            lit[:, 40:, 2] = 128
        samples.add(lit, every(), gains if number % 2 else np.ones_like(gains))
    candidate, agree, _ = samples.candidate(every())
    assert agree[:, 3].all()
    assert np.abs(candidate[:, 52:].astype(int) - 80).max() <= 4
    assert (candidate[:, :16] == 80).all()


def test_a_tall_picture_is_worked_on_in_strips_that_leave_no_seam() -> None:
    grid = Grid(Size(40, 1200))
    rng = np.random.default_rng(1)
    place = rng.integers(20, 200, (1200, 40, 3))
    pictures = [np.asarray(place + rng.integers(0, 8, place.shape), np.uint8) for _ in range(SAMPLES)]
    candidate, agree, _ = of(pictures, grid=grid).candidate(every(grid))
    assert agree.all()
    assert np.array_equal(candidate, np.median(np.stack(pictures), axis=0))


def test_nothing_of_a_withheld_block_enters_the_smoothed_pixels_of_its_neighbour() -> None:
    """A visitor's sliver in a released block is averaged away from that block alone, whatever its neighbour holds."""
    picture = np.full((48, 64, 3), 120, np.uint8)
    released, alike = np.zeros((48, 64), bool), np.ones((48, 64), bool)
    released[16:32, 16:32] = True
    alike[20:24, 16:32] = False
    picture[20:24, 16:32] = 30
    picture[~released] = (205, 60, 215)
    smoothed = smoothed_where_unlike(picture, alike, released)
    assert (smoothed[released] == 120).all()
    assert np.array_equal(smoothed[~released], picture[~released])


def test_a_released_block_without_a_pixel_that_agrees_is_grey() -> None:
    picture = np.full((32, 32, 3), 30, np.uint8)
    assert (smoothed_where_unlike(picture, np.zeros((32, 32), bool), np.ones((32, 32), bool)) == 128).all()
