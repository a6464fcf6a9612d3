from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bench.clips import Mask, Picture
from bench.privacy_types import Floats, Step
from bench.privacy_use import GroundTruth, Hazard, UseMeter, median_error_m
from passerby.released.scene import Cell, Glyph, Kind
from tests.support.toy_moments import HEIGHT_PX, WIDTH_PX, ToyMoment, ToyPerson, figure, nothing_held, toy_place, toy_scene


def to_ground(px: Floats) -> Floats:
    return np.column_stack([px[:, 0] / 40, (HEIGHT_PX - px[:, 1]) / 40])


def to_px(xy_m: Floats) -> Floats:
    return np.column_stack([xy_m[:, 0] * 40, HEIGHT_PX - xy_m[:, 1] * 40])


def body_px(xy_m: Floats) -> Floats:
    return np.full(len(xy_m), 70.0)


def truth(static: Mask | None = None, hazards: Sequence[Hazard] = ()) -> GroundTruth:
    return GroundTruth(to_px, to_ground, body_px, np.zeros((HEIGHT_PX, WIDTH_PX), bool) if static is None else static, hazards)


def step(
    people: Sequence[ToyPerson], glyphs: Sequence[Glyph] = (), time_s: float = 130.0, out: Picture | None = None, cells: Sequence[Cell] = ()
) -> Step:
    moment = ToyMoment(time_s, people)
    return Step(moment, moment.picture, toy_scene(time_s, glyphs, cells), toy_place() if out is None else out, nothing_held())


def glyph_tally(*steps: Step) -> dict[str, int]:
    meter = UseMeter(truth())
    for one in steps:
        meter.see(one)
    tally: dict[str, int] = meter.figures()["glyphs"]["all"]
    return tally


def test_figures_near_people_are_hits_and_others_false_alarms() -> None:
    people = [ToyPerson(0, (60, 150)), ToyPerson(1, (200, 180))]
    assert glyph_tally(step(people, [figure(64, 152), figure(290, 100)])) == {"people": 2, "glyphs": 2, "matched": 1}


def test_a_figure_is_near_up_to_three_tenths_of_a_body() -> None:
    person = [ToyPerson(0, (60, 150))]
    assert glyph_tally(step(person, [figure(60 + 20, 150)]))["matched"] == 1
    assert glyph_tally(step(person, [figure(60 + 22, 150)]))["matched"] == 0


def test_one_figure_is_a_hit_of_one_person_only() -> None:
    assert glyph_tally(step([ToyPerson(0, (60, 150)), ToyPerson(1, (66, 150))], [figure(63, 150)]))["matched"] == 1


def test_hidden_people_are_neither_hit_nor_false_alarm() -> None:
    hidden = ToyPerson(0, (60, 150), visible=0.2)
    assert glyph_tally(step([hidden], [figure(60, 150)])) == {"people": 0, "glyphs": 0, "matched": 0}
    assert glyph_tally(step([hidden])) == {"people": 0, "glyphs": 0, "matched": 0}


def test_people_whose_feet_are_outside_of_the_picture_are_neither() -> None:
    assert glyph_tally(step([ToyPerson(0, (100, HEIGHT_PX + 8))], [figure(100, HEIGHT_PX)])) == {"people": 0, "glyphs": 0, "matched": 0}


def test_figures_that_are_no_person_do_not_count() -> None:
    assert glyph_tally(step([ToyPerson(0, (60, 150))], [figure(60, 150, kind=Kind.VEHICLE)])) == {"people": 1, "glyphs": 0, "matched": 0}


def test_newcomers_are_left_out_of_one_recall() -> None:
    meter = UseMeter(truth())
    person = [ToyPerson(0, (60, 150))]
    for time_s, glyphs in ((0.0, []), (1.0, []), (2.0, [figure(60, 150)]), (3.0, [figure(60, 150)])):
        meter.see(step(person, glyphs, time_s))
    tallies = meter.figures()["glyphs"]
    assert (tallies["all"]["matched"], tallies["all"]["people"]) == (2, 4)
    assert (tallies["known for 2 s"]["matched"], tallies["known for 2 s"]["people"]) == (2, 2)


def test_the_position_error_is_in_metres_on_the_ground() -> None:
    meter = UseMeter(truth())
    meter.see(step([ToyPerson(0, (60, 150))], [figure(70, 150)]))
    assert median_error_m(meter.figures()["errors_m"]) == pytest.approx(10 / 40, abs=0.02)


def test_riders_of_bicycles_are_neither_hit_nor_false_alarm() -> None:
    meter = UseMeter(replace(truth(), riders_from=60000))
    meter.see(step([ToyPerson(60001, (60, 150))], [figure(60, 150)]))
    assert meter.figures()["glyphs"]["all"] == {"people": 0, "glyphs": 0, "matched": 0}


def test_figures_before_and_after_a_bump_are_as_near() -> None:
    meter = UseMeter(truth())
    stands = ToyPerson(0, (60, 150))

    class Bumped(ToyPerson):
        foot_m = stands.foot_m

    meter.see(step([Bumped(0, (68, 154))], [figure(68, 154)]))
    assert median_error_m(meter.figures()["errors_m"]) < 0.02


def test_background_counts_from_two_minutes_on_and_outside_of_people() -> None:
    black = np.zeros_like(toy_place())
    meter = UseMeter(truth())
    for time_s, out in ((0.0, black), (60.0, black), (125.0, toy_place())):
        meter.see(step([ToyPerson(0, (60, 150))], time_s=time_s, out=out))
    figures = meter.figures()
    assert figures["background_shown"] == figures["free_shown"] == 1.0
    assert figures["complete_s"] == 125.0
    assert figures["free_shown_by_10_s"][0] == 0.0


def test_what_static_subjects_hold_is_not_asked_for() -> None:
    half = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    half[:, : WIDTH_PX // 2] = True
    out = toy_place()
    out[:, : WIDTH_PX // 2] = 0
    meter = UseMeter(truth(static=half))
    meter.see(step([], out=out))
    figures = meter.figures()
    assert figures["free_shown"] == 1.0
    assert figures["background_shown"] == 0.5


def test_a_plate_that_never_comes_is_never_complete() -> None:
    meter = UseMeter(truth())
    meter.see(step([], out=np.zeros_like(toy_place())))
    assert meter.figures()["complete_s"] is None


def test_a_hazard_is_seen_by_a_cell_or_a_thing_near_it_once_it_is_there() -> None:
    hazards = [Hazard("smoke", 10.0, 60.0, (100.0, 100.0)), Hazard("bag_left", 10.0, 60.0, (250.0, 200.0))]
    meter = UseMeter(truth(hazards=hazards))
    meter.see(step([], time_s=9.0, cells=[Cell(6, 6)]))
    meter.see(step([], time_s=12.0))
    meter.see(step([], time_s=13.0, cells=[Cell(6, 7)]))
    seen = {one["kind"]: one["seen_after_s"] for one in meter.figures()["hazards"]}
    assert seen == {"smoke": 3.0, "bag_left": None}


def test_people_near_a_hazard_do_not_make_it_seen() -> None:
    meter = UseMeter(truth(hazards=[Hazard("bag_left", 0.0, 60.0, (100.0, 100.0))]))
    meter.see(step([ToyPerson(0, (100, 100))], [figure(100, 100)], time_s=5.0))
    assert meter.figures()["hazards"][0]["seen_after_s"] is None
