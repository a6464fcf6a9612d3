"""The numbers of a crowd: as large on the picture as people are there, and of nothing but what differs from the place."""

import math

import numpy as np
import pytest

from passerby.errors import SettingsError
from passerby.measure.ground import GroundPlane
from passerby.measure.hiding import hidden_m2, hiding_per_m2
from passerby.released.measurement import CrowdNumbers
from passerby.released.scene import Size
from passerby.sealed.features.crowd import CrowdView
from passerby.sealed.gate.grid import Grid, Mask, Picture
from passerby.sealed.gate.watch import Observed
from passerby.simulate.camera import Camera

SIZE = Size(768, 576)
CAMERA = Camera.over_plaza(SIZE)
PLANE = GroundPlane.of([float(one) for one in CAMERA.homography.reshape(9)])
GRID = Grid(SIZE)
EVERYWHERE = np.ones(GRID.working_shape, bool)
EMPTY = np.full((*GRID.working_shape, 3), 160, np.uint8)
NEAR_M, FAR_M = ((-3.0, 8.0), (3.0, 8.0), (3.0, 13.0), (-3.0, 13.0)), ((-3.0, 16.0), (3.0, 16.0), (3.0, 22.0), (-3.0, 22.0))
Polygon = tuple[tuple[float, float], ...]


def on_picture(zone_m: Polygon) -> Polygon:
    return tuple((float(x), float(y)) for x, y in CAMERA.to_px(np.array(zone_m)))


def person(x_m: float, y_m: float, into: np.ndarray, *, height_m: float = 1.7, width_m: float = 0.5) -> None:
    """Sets an upright rectangle as large as somebody in a working mask."""
    corners = CAMERA.px_of(np.array([[x_m - width_m / 2, y_m, height_m], [x_m + width_m / 2, y_m, 0.0]])) / GRID.shrink
    (left, top), (right, bottom) = corners.round().astype(int)
    into[top:bottom, left:right] = True


def observed(working: Picture, changed: Mask, *, place: Picture = EMPTY, known: Mask = EVERYWHERE, never: Mask = ~EVERYWHERE) -> Observed:
    return Observed(working, changed, place, known, never)


def numbers_of(working: Picture, changed: Mask, zone: Polygon | None = None, *, place: Picture = EMPTY) -> CrowdNumbers:
    (numbers,) = CrowdView(GRID, [on_picture(NEAR_M) if zone is None else zone], PLANE).of(observed(working, changed, place=place), 0.0)
    assert numbers is not None
    return numbers


def seen(*people_m: tuple[float, float], zone_m: Polygon = NEAR_M) -> tuple[float, float]:
    changed = np.zeros(GRID.working_shape, bool)
    for x_m, y_m in people_m:
        person(x_m, y_m, changed)
    working = np.where(changed[..., None], np.uint8(40), np.uint8(160)) * np.ones(3, np.uint8)
    numbers = numbers_of(working.astype(np.uint8), changed, on_picture(zone_m))
    assert numbers.detected == 0
    assert numbers.zone_m2 == pytest.approx(30.0 if zone_m == NEAR_M else 36.0, rel=0.01)
    return numbers.area_m2, numbers.edges_m2


@pytest.mark.parametrize(("zone_m", "at_m"), [(NEAR_M, (0.0, 10.5)), (FAR_M, (0.0, 19.0))])
def test_somebody_has_the_same_size_near_and_far(zone_m: Polygon, at_m: tuple[float, float]) -> None:
    area, edges = seen(at_m, zone_m=zone_m)
    assert area == pytest.approx(1.7 * 0.5, rel=0.25)
    assert edges > 0


def test_four_who_stand_apart_are_four_times_one() -> None:
    one = seen((0.0, 10.5))
    four = seen((-2.4, 10.5), (-0.8, 10.5), (0.8, 10.5), (2.4, 10.5))
    assert four == pytest.approx(tuple(4 * part for part in one), rel=0.25)


def test_those_who_hide_each_other_have_less_area_together() -> None:
    apart = seen((-1.0, 10.0), (1.0, 10.0))[0]
    assert seen((0.0, 10.0), (0.1, 10.4))[0] < 0.75 * apart


def test_who_stands_outside_does_not_count_although_their_head_reaches_in() -> None:
    assert seen((0.0, 6.2))[0] < 0.15 * seen((0.0, 10.5))[0]
    assert seen((5.5, 10.0)) == (0.0, 0.0)


def test_of_a_place_that_is_as_it_was_nothing_is_told_however_much_there_is_to_see() -> None:
    working = np.random.default_rng(1).integers(0, 256, (*GRID.working_shape, 3), np.uint8)
    changed = np.zeros(GRID.working_shape, bool)
    numbers = numbers_of(working, changed)
    assert (numbers.area_m2, numbers.edges_m2) == (0, 0)
    changed[::7, ::5] = True  # single pixels are noise
    numbers = numbers_of(working, changed)
    assert numbers.area_m2 == 0


def test_a_zone_above_the_horizon_is_refused() -> None:
    with pytest.raises(SettingsError):
        CrowdView(GRID, [((10.0, 10.0), (700.0, 10.0), (700.0, 500.0))], PLANE)


def test_all_numbers_are_finite_where_a_zone_reaches_the_pictures_border() -> None:
    zone = ((0.0, 300.0), (767.0, 300.0), (767.0, 575.0), (0.0, 575.0))
    changed = np.ones(GRID.working_shape, bool)
    numbers = numbers_of(np.zeros((*GRID.working_shape, 3), np.uint8), changed, zone)
    assert all(math.isfinite(one) and one >= 0 for one in (numbers.area_m2, numbers.edges_m2))
    assert numbers.area_m2 > 5


def test_twice_the_light_is_not_twice_the_edges() -> None:
    changed = np.zeros(GRID.working_shape, bool)
    person(0.0, 10.5, changed)
    working = np.random.default_rng(1).integers(20, 120, (*GRID.working_shape, 3), np.uint8)
    dim, bright = numbers_of(working, changed, place=EMPTY // 2), numbers_of(working * 2, changed)
    assert bright.edges_m2 == pytest.approx(dim.edges_m2, rel=0.03)


def test_those_who_stand_close_behind_each_other_show_more_edges_across_for_their_area() -> None:
    def ratio(*rows_m: float) -> float:
        changed, working = np.zeros(GRID.working_shape, bool), EMPTY.copy()
        for number, y_m in enumerate(sorted(rows_m, reverse=True)):
            one = np.zeros(GRID.working_shape, bool)
            person(0.0, y_m, one, width_m=3.0)
            working[one] = 40 if number % 2 else 90
            changed |= one
        numbers = numbers_of(working, changed)
        return numbers.edges_m2 / numbers.area_m2

    assert ratio(9.0, 9.5, 10.0, 10.5, 11.0, 11.5, 12.0) > 1.5 * ratio(9.0, 10.5, 12.0)


@pytest.mark.parametrize(("known_share", "is_told"), [(1.0, True), (0.95, True), (0.8, False), (0.0, False)])
def test_of_a_place_that_is_not_known_nothing_is_told(known_share: float, is_told: bool) -> None:
    rng = np.random.default_rng(1)
    changed = np.zeros(GRID.working_shape, bool)
    person(0.0, 10.5, changed)
    seen_now = observed(EMPTY, changed, known=rng.random(GRID.working_shape) < known_share)
    (numbers,) = CrowdView(GRID, [on_picture(NEAR_M)], PLANE).of(seen_now, 0.0)
    assert (numbers is not None) is is_told


def test_what_is_never_shown_counts_for_nothing_and_against_nothing() -> None:
    never = np.zeros(GRID.working_shape, bool)
    never[:, : GRID.working_shape[1] // 2] = True
    changed = np.zeros(GRID.working_shape, bool)
    person(-2.0, 10.5, changed)
    view = CrowdView(GRID, [on_picture(NEAR_M)], PLANE)
    (left,) = view.of(observed(EMPTY, changed, known=~never, never=never), 0.0)
    assert left is not None
    assert left.area_m2 == 0
    person(2.0, 10.5, changed)
    (both,) = view.of(observed(EMPTY, changed, known=~never, never=never), 0.0)
    assert both is not None
    assert both.area_m2 > 0.4


def hiding(*looks: tuple[Picture, Mask], hz: float = 2.0, never: Mask = ~EVERYWHERE) -> list[tuple[float, float]]:
    """How much of the zone is hidden, and whether what hides it stirs, look by look."""
    view = CrowdView(GRID, [on_picture(NEAR_M)], PLANE)
    found = [view.of(observed(working, changed, never=never), number / hz)[0] for number, (working, changed) in enumerate(looks)]
    return [(round(one.covered, 3), one.stirs) for one in found if one is not None]


def painted(shown: Mask, differs: Mask | None = None) -> tuple[Picture, Mask]:
    """A look at what is dark there, and what of it is said to differ: that, if nothing else is given."""
    return (np.where(shown[..., None], np.uint8(40), np.uint8(160)) * np.ones(3, np.uint8)).astype(np.uint8), shown if differs is None else differs


def standing(x_m: float) -> Mask:
    """Twelve people."""
    shown = np.zeros(GRID.working_shape, bool)
    for number in range(12):
        person(x_m + 1.6 * (number % 4) - 2.4, 8.5 + 1.5 * (number // 4), shown)
    return shown


def test_what_people_hide_stirs_and_a_moment_of_standing_still_changes_nothing() -> None:
    first, second = painted(standing(0.0)), painted(standing(0.2))
    told = hiding(first, second, first, first, first, second)
    assert [stirs for _, stirs in told] == [0, 1, 1, 1, 1, 1], "of one look it is not known"
    assert all(0.3 < covered < 0.9 for covered, _ in told)


@pytest.mark.parametrize("hz", [0.5, 2.0, 5.0])
def test_what_was_put_there_stirs_for_a_few_seconds_only_however_often_it_is_looked_at(hz: float) -> None:
    rng = np.random.default_rng(3)
    working, changed = painted(standing(0.0))
    looks = [
        painted(standing(-1.0)),
        *((np.clip(working + rng.normal(0, 2.0, working.shape), 0, 255).astype(np.uint8), changed) for _ in range(round(20 * hz))),
    ]
    told = hiding(*looks, hz=hz)
    stirred_s = sum(stirs for _, stirs in told) / hz
    assert stirred_s <= 12
    assert told[-1][1] == 0
    assert told[-1][0] > 0.3


def test_who_walks_hides_the_ground_once_where_they_are_and_not_where_they_were() -> None:
    """A picture differs from the one before where somebody was, too."""
    before, now = standing(-0.8), standing(0.0)
    ((standing_still, _),) = hiding(painted(now))
    ((walking, _),) = hiding(painted(now, now | before))
    assert walking == pytest.approx(standing_still, abs=0.01)


def test_of_a_place_that_is_full_all_is_hidden() -> None:
    noise = [np.random.default_rng(seed).integers(0, 100, (*GRID.working_shape, 3), np.uint8) for seed in (1, 2)]
    covered, stirs = hiding(*[(one, EVERYWHERE) for one in noise])[-1]
    assert covered == pytest.approx(1.0, abs=0.01)
    assert stirs == 1


def test_one_person_in_what_is_left_beside_what_is_never_shown_is_no_full_zone() -> None:
    shown = np.zeros(GRID.working_shape, bool)
    person(0.0, 10.5, shown)
    columns = np.flatnonzero(shown.any(0))
    never = EVERYWHERE.copy()
    never[:, columns[0] : columns[-1] + 1] = False
    assert hiding(painted(shown), painted(np.roll(shown, 1, 0)), never=never)[-1][0] == 0


@pytest.mark.parametrize("per_m2", [0.5, 0.8, 1.1])
def test_from_silhouettes_to_a_density(per_m2: float) -> None:
    """People who stand anywhere, in the zone and around it, as the camera sees them."""
    one_m2 = hidden_m2(PLANE, np.asarray(on_picture(NEAR_M), float), SIZE)
    assert one_m2 is not None
    rng, found = np.random.default_rng(5), []
    for _ in range(12):
        shown = np.zeros(GRID.working_shape, bool)
        for x_m, y_m in rng.uniform((-8, 4), (8, 24), (rng.poisson(per_m2 * 16 * 20), 2)):
            person(float(x_m), float(y_m), shown)
        found.append(hiding_per_m2(hiding(painted(shown))[0][0], one_m2)[0])
    assert float(np.mean(found)) == pytest.approx(per_m2, rel=0.25)
