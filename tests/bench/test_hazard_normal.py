"""Normal life: who is left out of it by truth, and how near it comes to the limit of each rule."""

import pytest

from bench.hazard_normal import Normal, normal_rows, standing_about
from bench.hazard_places import AGAINST, DENSITY, EXIT_M, FOR_S, OCCUPANCY, QUEUE, STAIRS, TRACKS, ZONES_M, area_m2, within
from bench.hazard_room import EDGE_M, NEAR_LIMIT, Room
from bench.hazard_staging import SIDES_M, way
from passerby.simulate.path import Path

SECONDS = 120.0


def stands(number: int, x: float, y: float, from_s: float = 1.0, until_s: float = 40.0) -> Path:
    return way(number, [(from_s, x, y), (until_s, x, y)])


def shares_of(*people: Path) -> dict[str, float]:
    room = Room(SECONDS)
    assert all(room.takes(one) for one in people)
    return room.shares()


def test_who_would_bring_a_rule_near_its_limit_is_left_out() -> None:
    room = Room(SECONDS)
    left, near, right, far = ZONES_M[TRACKS]
    assert not room.takes(stands(0, (left + right) / 2, (near + far) / 2))
    beside = [way(0, [(1, left, near - away_m), (9, right, near - away_m)]) for away_m in (EDGE_M - 0.1, EDGE_M + 0.1)]
    assert [room.takes(path) for path in beside] == [False, True]
    against = [way(number, [(10 + number, 5.0, 10.0), (20 + number, -5.0, 10.0)]) for number in range(6)]
    taken = sum(room.takes(path) for path in against)
    assert 0 < taken * 60 / FOR_S["counter-flow"] <= NEAR_LIMIT * AGAINST
    room = Room(SECONDS)
    assert sum(room.takes(stands(number, -3.0 + 0.4 * number, 16.0)) for number in range(15)) == int(NEAR_LIMIT * OCCUPANCY)
    room = Room(SECONDS)
    assert sum(room.takes(stands(number, -4.0 + 0.4 * number, 8.95)) for number in range(9)) == int(NEAR_LIMIT * QUEUE)


@pytest.mark.parametrize(("lasts_s", "taken"), [(40.0, True), (50.0, False)])
def test_nobody_stays_for_long_on_one_spot_of_the_walkway_and_nobody_takes_it_over(lasts_s: float, *, taken: bool) -> None:
    limit_s = NEAR_LIMIT * FOR_S["static"]
    assert (lasts_s < limit_s) is taken
    assert Room(SECONDS).takes(stands(0, -5.0, 16.0, 1.0, 1.0 + lasts_s)) is taken
    room = Room(SECONDS)
    assert room.takes(stands(0, -5.0, 16.0, 1.0, 1.0 + lasts_s / 2))
    assert room.takes(stands(1, -5.0, 16.0, 3.0 + lasts_s / 2, 3.0 + lasts_s - 2)) is taken
    # The longer a spot was taken, the longer it may be empty: for 6 of 36 seconds, not for 8.
    room = Room(SECONDS)
    assert room.takes(stands(0, -5.0, 16.0, 1.0, 38.0))
    assert not room.takes(stands(1, -5.0, 16.0, 42.0, 50.0))
    assert room.takes(stands(1, -5.0, 16.0, 46.0, 54.0))
    # Elsewhere in the walkway, or after a while, it is another spot.
    assert room.takes(stands(2, -3.7, 16.0, 1.0, 41.0))
    assert room.takes(stands(3, -5.0, 16.0, 80.0, 100.0))


def test_the_share_of_each_limit_is_what_is_so() -> None:
    nothing = shares_of()
    assert nothing == dict.fromkeys(FOR_S, 0.0)
    on_stairs = [stands(number, -2.0 + 0.5 * number, 8.2) for number in range(8)]
    assert shares_of(*on_stairs)["density"] == pytest.approx(8 / area_m2(STAIRS) / DENSITY)
    assert shares_of(*[stands(number, -3.0 + 0.6 * number, 16.0) for number in range(6)])["occupancy"] == 6 / OCCUPANCY
    crossing = [way(number, [(10 + 5 * number, 3.0, 10.0), (16 + 5 * number, -3.0, 10.0)]) for number in range(2)]
    assert shares_of(*crossing)["counter-flow"] == pytest.approx(2 * 60 / FOR_S["counter-flow"] / AGAINST)
    assert shares_of(stands(0, -5.0, 16.0, 1.0, 31.0))["static"] == pytest.approx(30 / FOR_S["static"], abs=0.04)
    assert shares_of(stands(0, -4.0, 8.95))["queue"] == 1 / QUEUE


def test_a_rise_counts_as_far_as_it_rises_and_is_dense() -> None:
    room = Room(SECONDS)
    at_once = [stands(number, -2.0 + 0.13 * number, 8.2, 1.0 + number, 110.0) for number in range(30)]
    taken = sum(room.takes(one) for one in at_once)
    assert taken == int(NEAR_LIMIT * DENSITY / 2 * area_m2(STAIRS))
    assert room.shares()["rise"] == pytest.approx(taken / area_m2(STAIRS) / (DENSITY / 2))
    slowly = shares_of(*(stands(number, -2.0 + 0.2 * number, 8.2, 1.0 + 5 * number, 119.0) for number in range(15)))
    assert slowly["rise"] == pytest.approx(60 / 5 / area_m2(STAIRS), rel=0.1)


def test_people_who_run_are_a_surge_and_people_who_stroll_are_none() -> None:
    def goes(speed_m_s: float, count: int) -> float:
        points = [(-4.0, 16.2 + 0.2 * number) for number in range(count)]
        return shares_of(*(way(n, [(1, x, y), (8, x + 1, y), (8 + 4 / speed_m_s, x + 5, y)]) for n, (x, y) in enumerate(points)))["surge"]

    assert goes(3.0, 6) > 1
    assert 0 < goes(1.2, 6) < NEAR_LIMIT
    assert goes(3.0, 4) == 0


@pytest.mark.parametrize("seed", range(3))
def test_who_stands_about_comes_from_a_side_and_is_never_on_the_tracks(seed: int) -> None:
    people = list(standing_about(seed, 300.0))
    assert len(people) > 30
    assert all(abs(one.xy_m[0, 0]) == pytest.approx(SIDES_M, abs=0.3) == abs(one.xy_m[-1, 0]) for one in people)
    assert not any(within(one.xy_m, TRACKS, EDGE_M).any() for one in people)
    (x, near), (_, far) = EXIT_M
    crosses = [one for one in people if one.xy_m[:, 0].min() < x - 1 and one.xy_m[:, 0].max() > x + 1]
    assert 0 < len(crosses) < len(people) / 2
    assert all(one.xy_m[0, 0] > x > one.xy_m[-1, 0] and near < one.xy_m[0, 1] < far for one in crosses)
    room = Room(300.0)
    taken = [room.takes(one) for one in people]
    assert not all(taken)
    assert room.shares()["occupancy"] == NEAR_LIMIT


def test_the_table_says_how_near_each_rule_came() -> None:
    near, far = dict.fromkeys(FOR_S, 0.1), {**dict.fromkeys(FOR_S, 0.0), "queue": 0.6}
    rows = list(normal_rows([Normal("day", 1, 60.0, 50.0, 3, 1, reached, ()) for reached in (near, far)]))
    assert {row[0].split("'")[1]: row[2] for row in rows[1:]} == {**dict.fromkeys(FOR_S, "10%"), "queue": "60%"}
    assert [row[-1] for row in rows if "left-object" in row[0]] == ["nothing is left anywhere"]
