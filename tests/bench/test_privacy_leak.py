from dataclasses import replace

import numpy as np
import pytest

from bench.clips import Picture
from bench.privacy_leak import StillPerson, TrueLeakMeter, missed, upper_rate
from bench.privacy_types import Step
from tests.support.toy_moments import ToyMoment, ToyPerson, nothing_held, toy_place, toy_scene

PERSON = ToyPerson(3, (100.0, 150.0))


def step(out: Picture, *people: ToyPerson, time_s: float = 0.0, empty: Picture | None = None) -> Step:
    moment = ToyMoment(time_s, people, toy_place() if empty is None else empty)
    return Step(moment, moment.picture, toy_scene(time_s), out, nothing_held())


def shown(*people: ToyPerson) -> Picture:
    return ToyMoment(0.0, people).picture


def test_a_stream_that_shows_somebody_releases_all_of_them() -> None:
    meter = TrueLeakMeter()
    meter.see(step(shown(PERSON), PERSON))
    tally = meter.figures()["leak"]["all"]
    assert tally["released"] == tally["worst"] == 1.0
    assert (tally["instances"], tally["heads"], tally["exposed"]) == (1, 1, 1)


def test_the_empty_place_releases_nobody() -> None:
    meter = TrueLeakMeter()
    meter.see(step(toy_place(), PERSON))
    tally = meter.figures()["leak"]["all"]
    assert tally["released"] == tally["exposed"] == tally["flat"] == 0


def test_a_head_that_the_empty_place_shows_as_well_is_exposed_by_chance_and_not_by_the_plate() -> None:
    alike = shown(PERSON)
    by_chance, by_plate = TrueLeakMeter(), TrueLeakMeter()
    by_chance.see(replace(step(alike, PERSON), control=alike))
    by_plate.see(replace(step(alike, PERSON), control=toy_place()))
    tallies = [meter.figures()["leak"]["all"] for meter in (by_chance, by_plate)]
    assert [(tally["exposed"], tally["by_plate"]) for tally in tallies] == [(1, 0), (1, 1)]


def test_a_person_in_the_colours_of_the_place_counts_by_the_place_of_the_moment() -> None:
    dark = (toy_place() // 2).astype(np.uint8)
    meter = TrueLeakMeter()
    # In the dark the bright place is unlike the moment's, but so is the person: nothing of them is released.
    meter.see(step(toy_place(), PERSON, empty=dark))
    assert meter.figures()["leak"]["all"]["released"] == 0


def test_pixels_that_hide_a_person_are_not_theirs() -> None:
    before = ToyPerson(7, PERSON.foot_px, PERSON.height_px, PERSON.width_px, (60, 210, 70))
    meter = TrueLeakMeter()
    meter.see(step(shown(PERSON), PERSON, before))
    assert meter.figures()["leak"]["all"]["released"] < 0.1


def test_moments_are_counted_under_what_happens_then() -> None:
    meter = TrueLeakMeter(moments=lambda time_s: ["bump after"] if time_s >= 10 else [])
    meter.see(step(toy_place(), PERSON, time_s=5))
    meter.see(step(shown(PERSON), PERSON, time_s=12))
    figures = meter.figures()["leak"]
    assert figures["all"]["instances"] == 2
    assert figures["bump after"] == {
        "instances": 1,
        "released": 1.0,
        "worst": 1.0,
        "worst_s": 12,
        "flat": 0.0,
        "heads": 1,
        "exposed": 1,
        "by_plate": 1,
    }


def test_a_still_person_is_missed_once_shown_at_any_time() -> None:
    meter = TrueLeakMeter(still=[3])
    for time_s, out in ((0, toy_place()), (1, shown(PERSON)), (2, toy_place())):
        meter.see(step(out, PERSON, ToyPerson(9, (200, 200)), time_s=time_s))
    still = meter.figures()["still"]
    assert [one["height_px"] for one in still] == [PERSON.height_px]
    assert missed(still) == (1, 1)


def test_a_still_person_who_is_never_shown_is_not_missed() -> None:
    meter = TrueLeakMeter(still=[3, 4])
    meter.see(step(toy_place(), PERSON))
    assert missed(meter.figures()["still"]) == (0, 1)
    assert StillPerson(0.0, 0).seen is False


@pytest.mark.parametrize(("bad", "count", "bound"), [(0, 299, 0.01), (0, 59, 0.0495), (3, 100, 0.0757), (5, 5, 1.0)])
def test_the_bound_of_a_rate_is_that_of_clopper_and_pearson(bad: int, count: int, bound: float) -> None:
    assert upper_rate(bad, count) == pytest.approx(bound, abs=2e-4)
