"""Counts of crowds are corrected by what people at the place counted, and by nothing else; what is wrong leaves the detector's count."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.measure.crowd import LEAST_COUNTS, MOST_COUNTS, MOST_PER_M2, Count, Crowd, trained
from passerby.released.measurement import CrowdNumbers
from passerby.site.orders import Correct, CrowdModel, decode_command, encode_command

ZONE_M2 = 20.0


def numbers_of(people: float, rng: np.random.Generator | None = None) -> CrowdNumbers:
    """What is seen of a crowd that hides itself: area saturates, edges less so, and the detector misses ever more."""
    noise = np.ones(3) if rng is None else 1 + 0.03 * rng.standard_normal(3)
    coverage = 1 - math.exp(-people / ZONE_M2 * 0.5)
    detected = ZONE_M2 * 0.6 * (1 - math.exp(-people / ZONE_M2 / 0.6))
    area = ZONE_M2 * coverage
    return CrowdNumbers(float(noise[0] * detected), float(noise[1] * area), float(noise[2] * 4 * (2 * people + area)), ZONE_M2)


def counted(seed: int, count: int = 20) -> list[Count]:
    rng = np.random.default_rng(seed)
    return [Count(float(people), numbers_of(people, rng)) for people in rng.integers(5, 90, count)]


def crowd(seed: int = 1, count: int = 20) -> Crowd:
    model = trained(counted(seed, count))
    assert model is not None
    return Crowd(model)


@pytest.mark.parametrize("people", [10, 20, 40, 80])
def test_twenty_counts_correct_a_crowd_in_which_the_detector_sees_every_third(people: int) -> None:
    told = []
    for seed in range(8):
        numbers = numbers_of(people, np.random.default_rng(100 + seed))
        told.append(crowd(seed).estimate(numbers).people)
    assert np.mean(np.abs(np.array(told) - people)) / people <= 0.1
    if people == 80:
        assert numbers_of(people).detected < people / 6


def test_the_error_that_is_told_is_the_error_that_is_made() -> None:
    off, within = [], []
    for seed in range(30):
        rng = np.random.default_rng(500 + seed)
        people = float(rng.uniform(5, 90))
        told = crowd(seed).estimate(numbers_of(people, rng))
        off.append(abs(told.people - people))
        within.append(off[-1] <= 2 * told.error)
    assert np.mean(within) >= 0.85
    far = crowd().estimate(CrowdNumbers(0.0, 19.9, 1.0, ZONE_M2))
    assert far.error > 4 * np.median(off), "what was never seen is not known"


def test_of_a_few_who_stand_apart_the_detectors_count_stands() -> None:
    for people in (1, 2, 4):
        told = crowd().estimate(msgspec.structs.replace(numbers_of(people), detected=float(people)))
        assert told.people == people
        assert told.error < 1


def test_where_nothing_differs_from_the_place_nothing_is_corrected() -> None:
    assert crowd().estimate(CrowdNumbers(2.0, 0.01, 0.1, ZONE_M2)) == crowd().estimate(CrowdNumbers(2.0, 0.0, 0.0, ZONE_M2))
    assert crowd().estimate(CrowdNumbers(2.0, 0.0, 0.0, ZONE_M2)).people == 2.0


def test_what_was_left_out_is_told_without_it() -> None:
    counts = counted(3)
    model = trained(counts)
    assert model is not None
    told = Crowd(model).left_out()
    for number in (0, 7, 19):
        rest = msgspec.structs.replace(model, counts=tuple(one for at, one in enumerate(model.counts) if at != number))
        alone = Crowd(rest).estimate(counts[number].numbers).people
        assert told[number] == pytest.approx(alone, rel=0.15, abs=1.5), "but for the scale of the inputs, which the one left out belongs to"
    assert np.mean([abs(one - count.people) / count.people for one, count in zip(told, counts, strict=True)]) < 0.2


def test_too_few_counts_train_nothing_and_of_many_the_newest_are_used() -> None:
    assert trained(counted(1, LEAST_COUNTS - 1)) is None
    assert trained([]) is None
    many = counted(1, 3 * MOST_COUNTS)
    model = trained(many)
    assert model is not None
    assert [people for people, _ in model.counts] == [one.people for one in many[-MOST_COUNTS:]]


def test_counts_of_another_ground_plane_train_nothing_and_correct_nothing() -> None:
    old = counted(1, 30)
    new = [Count(one.people, msgspec.structs.replace(one.numbers, zone_m2=25.0)) for one in counted(2, 9)]
    assert trained([*old, *new]) is None
    elsewhere = msgspec.structs.replace(numbers_of(50), zone_m2=25.0)
    assert crowd().estimate(elsewhere).people == elsewhere.detected


BAD = {"linear": -1.0, "smooth": math.inf, "reach": 0.0, "noise": 1e9, "counts": ()}


@pytest.mark.parametrize("field", BAD)
def test_a_correction_that_makes_no_sense_is_refused(field: str) -> None:
    model = trained(counted(1))
    assert model is not None
    with pytest.raises(ValueError, match="correction"):
        Crowd(msgspec.structs.replace(model, **{field: BAD[field]}))
    nonsense = (math.nan, CrowdNumbers(1.0, 2.0, 3.0, ZONE_M2))
    with pytest.raises(ValueError, match="correction"):
        Crowd(msgspec.structs.replace(model, counts=(*model.counts[1:], nonsense)))


@given(st.builds(CrowdNumbers, *[st.floats(0, 1e6) | st.just(math.nan) | st.just(math.inf)] * 3, st.just(ZONE_M2)))
def test_whatever_is_seen_the_count_is_one_that_can_be(numbers: CrowdNumbers) -> None:
    told = KNOWN.estimate(numbers)
    if math.isfinite(numbers.detected):
        assert 0 <= told.people <= max(MOST_PER_M2 * ZONE_M2, numbers.detected)
    assert told.error >= 0 or math.isnan(told.error)


KNOWN = crowd()


def test_a_command_with_the_largest_correction_goes_through_a_pipe_in_one_piece() -> None:
    model = trained(counted(1, MOST_COUNTS))
    assert model is not None
    command = Correct("c" * 40, "z" * 40, model)
    assert len(encode_command(command)) + 8 <= 4096
    assert decode_command(encode_command(command)) == command


def test_a_model_survives_being_written_down() -> None:
    model = trained(counted(1))
    assert model is not None
    again = msgspec.json.decode(msgspec.json.encode(model), type=CrowdModel)
    assert again == model
    assert Crowd(again).estimate(numbers_of(40)) == crowd().estimate(numbers_of(40))


def test_no_correction_tells_fewer_than_are_confirmed() -> None:
    """As where the place is half unknown, or somebody tapped nonsense: whoever is confirmed is there."""
    known = crowd()
    fewer = msgspec.structs.replace(numbers_of(12), detected=30.0)
    told = known.estimate(fewer)
    assert told.people >= 30 - 0.5 - 0.08 * 30
    assert told.error > 3
    nonsense = [Count(0.0, numbers_of(people)) for people in range(20, 60, 2)]
    assert trained(nonsense) is None, "far more were confirmed than counted"
