"""What differs and what moves: never read under subjects, and shared out by components."""

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.sealed.gate.background import JOIN_PX, LEAST_DIFFERENCE, NOISE_FACTOR, SPECK_PX, different, distance, noise_level, split_by_subjects

Mask = NDArray[np.bool_]
SHAPE = (48, 64)


def rectangle(top: int, left: int, bottom: int, right: int) -> Mask:
    mask = np.zeros(SHAPE, bool)
    mask[top:bottom, left:right] = True
    return mask


@st.composite
def masks(draw: st.DrawFn, most: int = 4) -> Mask:
    mask = np.zeros(SHAPE, bool)
    for _ in range(draw(st.integers(0, most))):
        top, left = draw(st.integers(0, SHAPE[0] - 1)), draw(st.integers(0, SHAPE[1] - 1))
        mask[top : top + draw(st.integers(1, 25)), left : left + draw(st.integers(1, 25))] = True
    return mask


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_the_distance_is_that_of_the_channel_that_differs_most(seed: int) -> None:
    a, b = np.random.default_rng(seed).integers(0, 256, (2, 9, 11, 3)).astype(np.uint8)
    assert np.array_equal(distance(a, b), np.abs(a.astype(int) - b).max(2))


@given(masks(), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_what_lies_outside_of_the_mask_is_not_read(where: Mask, seed: int) -> None:
    rng = np.random.default_rng(seed)
    changes = rng.integers(0, 60, SHAPE).astype(np.uint8)
    other = np.where(where, changes, rng.integers(0, 256, SHAPE)).astype(np.uint8)
    assert np.array_equal(different(changes, LEAST_DIFFERENCE, 0.0, where), different(other, LEAST_DIFFERENCE, 0.0, where))
    assert noise_level(changes, where) == noise_level(other, where)


def test_lone_specks_are_no_difference_and_patches_are() -> None:
    changes = np.zeros(SHAPE, np.uint8)
    changes[5, 5] = changes[20, 30] = 255
    changes[30:36, 40:46] = LEAST_DIFFERENCE + 1
    found = different(changes, LEAST_DIFFERENCE, 0.0, np.ones(SHAPE, bool))
    assert not found[:25].any()
    assert found[31:35, 41:45].all()


def test_what_noise_explains_is_no_difference() -> None:
    changes = np.full(SHAPE, 40, np.uint8)
    everywhere = np.ones(SHAPE, bool)
    assert different(changes, LEAST_DIFFERENCE, 0.0, everywhere).any()
    assert not different(changes, LEAST_DIFFERENCE, 40 / NOISE_FACTOR, everywhere).any()


def test_noise_is_the_middle_change_so_that_a_moving_crowd_is_none() -> None:
    changes = np.full(SHAPE, 3, np.uint8)
    changes[:, :30] = 200
    assert noise_level(changes, np.ones(SHAPE, bool)) == 3
    assert noise_level(changes, np.zeros(SHAPE, bool)) == 0


@given(masks(), masks(), masks())
@settings(max_examples=80, deadline=None)
def test_what_changed_under_a_subject_decides_nothing(changed: Mask, subjects: Mask, other: Mask) -> None:
    one, two = split_by_subjects(changed, subjects), split_by_subjects(np.where(subjects, other, changed), subjects)
    assert np.array_equal(one.subjects, two.subjects)
    assert np.array_equal(one.unexplained, two.unexplained)
    assert np.array_equal(one.areas_xyxy, two.areas_xyxy)


@given(masks(), masks(2))
@settings(max_examples=80, deadline=None)
def test_every_changed_patch_belongs_to_a_subject_or_to_nobody_and_never_to_both(changed: Mask, subjects: Mask) -> None:
    found = split_by_subjects(changed, subjects)
    assert (found.subjects | ~subjects).all()
    assert not (found.subjects & found.unexplained).any()
    # What is lost is specks: patches that fill no more than the least, however they are joined with what lies within two pixels of them.
    lost = changed & ~subjects & ~found.subjects & ~found.unexplained
    joined = cv2.dilate(lost.astype(np.uint8), np.ones((JOIN_PX, JOIN_PX), np.uint8))
    _, labels = cv2.connectedComponents(np.asarray(joined, np.uint8), connectivity=8)
    assert all(np.bincount(np.ravel(labels))[1:] <= SPECK_PX + JOIN_PX * JOIN_PX)
    for left, top, right, bottom in found.areas_xyxy.astype(int):
        assert found.unexplained[top:bottom, left:right].any()
    rows, columns = np.nonzero(found.unexplained)
    for y, x in zip(rows[::17], columns[::17], strict=True):
        assert any(left <= x < right and top <= y < bottom for left, top, right, bottom in found.areas_xyxy)


def test_a_shadow_that_touches_a_subject_is_the_subjects_and_a_bag_beside_is_not() -> None:
    subject, shadow, bag = rectangle(10, 10, 30, 18), rectangle(28, 18, 32, 34), rectangle(10, 45, 20, 55)
    found = split_by_subjects(shadow | bag, subject)
    assert found.subjects[shadow].all()
    assert found.unexplained[bag].all()
    assert not (found.subjects & bag).any()
    assert len(found.areas_xyxy) == 1


def test_areas_are_sorted_by_size_the_largest_first() -> None:
    small, large = rectangle(2, 2, 8, 8), rectangle(20, 20, 40, 50)
    areas = split_by_subjects(small | large, np.zeros(SHAPE, bool)).areas_xyxy
    assert [round(float(a[0])) for a in areas] == [18, 0]
    assert len(split_by_subjects(np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)).areas_xyxy) == 0
