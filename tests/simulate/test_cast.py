from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.simulate.cast import HEIGHT_SPAN_M, Appearance, Bottom, Carried, Gait, Hair, Pattern, Stance, Top

SEEDS = st.integers(0, 2**31)
CROWD = [Appearance.drawn(0, person) for person in range(600)]


@given(SEEDS, st.integers(0, 5000))
def test_who_somebody_is_follows_from_seed_and_number_alone(seed: int, person: int) -> None:
    assert Gait.drawn(seed, person) == Gait.drawn(seed, person)
    assert Appearance.drawn(seed, person) == Appearance.drawn(seed, person)


@given(SEEDS, st.integers(0, 5000))
def test_every_gait_can_be_walked(seed: int, person: int) -> None:
    gait = Gait.drawn(seed, person)
    assert HEIGHT_SPAN_M[0] <= gait.height_m <= HEIGHT_SPAN_M[1]
    assert 0.6 * gait.height_m < gait.stride_m < gait.height_m
    assert 0 <= gait.phase < 1
    assert gait.sway > 0


def test_seeds_and_persons_are_drawn_apart() -> None:
    drawn = [(Gait.drawn(seed, person), Appearance.drawn(seed, person)) for seed in range(8) for person in range(8)]
    assert len({gait for gait, _ in drawn}) == len({look for _, look in drawn}) == 64


def test_an_equal_seed_does_not_bind_gait_and_appearance_together() -> None:
    heights = [Gait.drawn(0, person).height_m for person in range(600)]
    builds = [look.build for look in CROWD]
    assert abs(np.corrcoef(heights, builds)[0, 1]) < 0.12


def test_a_crowd_has_every_kind_of_clothes_hair_and_things() -> None:
    assert {look.hair for look in CROWD} == set(Hair)
    assert {look.carried for look in CROWD} == set(Carried)
    assert {look.top for look in CROWD} == set(Top)
    assert {look.bottom for look in CROWD} == set(Bottom)
    assert {look.upper.pattern for look in CROWD} == {look.lower.pattern for look in CROWD} == set(Pattern)


def test_a_crowd_has_every_stance() -> None:
    assert {Gait.drawn(0, person).stance for person in range(100)} == set(Stance)


def test_skin_and_clothes_go_from_dark_to_light_evenly() -> None:
    for colours in ([look.skin for look in CROWD], [look.upper.colour for look in CROWD], [look.lower.colour for look in CROWD]):
        low, middle, high = np.percentile(np.mean(colours, axis=1), [5, 50, 95])
        assert high - low > 100
        assert 0.25 < (middle - low) / (high - low) < 0.75


def test_a_code_is_a_picture_of_bytes() -> None:
    look = CROWD[0]
    for good in (np.zeros((4, 3), np.uint8), np.zeros((4, 3, 3), np.uint8)):
        assert replace(look, code=good).code is good
    wrong: list[Any] = [np.zeros((4, 3), np.float32), np.zeros((4, 3, 4), np.uint8), np.zeros((0, 3), np.uint8), np.zeros(4, np.uint8)]
    for bad in wrong:
        with pytest.raises(ValueError, match="expected height x width"):
            replace(look, code=bad)
