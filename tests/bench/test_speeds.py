"""What PedPy is given, and what is held against it: a person's true way, carried to boxes and back by the meter, says what it is."""

import math
from itertools import pairwise

import numpy as np
import pytest

from bench import speeds
from bench.speeds import FLOW, LINES_M, N_T, SIZE, ZONES_M, Compared, compared, meter_over, minutes_of, pooled, rows_of, true_sightings
from passerby.simulate.camera import Camera
from passerby.simulate.path import STEP_S, Path

SPEED_M_S = 1.25
SECONDS = 61.0


def walk(person: int, begin_s: float, y_m: float, speed_m_s: float = SPEED_M_S) -> Path:
    """From left to right through the picture."""
    times_s = np.arange(round(begin_s / STEP_S), round((begin_s + 9 / speed_m_s) / STEP_S)).astype(np.float64) * STEP_S
    x = -4.5 + (times_s - begin_s) * speed_m_s
    count = len(times_s)
    return Path(person, times_s, np.column_stack([x, np.full(count, y_m)]), np.zeros(count), x - x[0], np.zeros(count, np.uint8), -1 - person)


WALKS = [walk(number, 7.0 * number, 18.0 + 0.3 * number) for number in range(7)]


def test_rows_are_true_places_ten_times_a_second() -> None:
    rows = rows_of([walk(3, 2.0, 18.0)])
    assert rows[0][:2] == (3, 20)
    assert rows[0][2:] == pytest.approx((-4.5, 18.0))
    assert [row[1] for row in rows] == list(range(20, 20 + len(rows)))
    assert {round((b[2] - a[2]) / STEP_S, 6) for a, b in pairwise(rows)} == {SPEED_M_S}


def test_true_boxes_stand_where_people_stand() -> None:
    camera = Camera.over_plaza(SIZE)
    looks = list(true_sightings([walk(0, 0.0, 18.0)], camera, 6.0, 1))
    assert len(looks) == 30
    feet = np.array([((left + right) / 2, bottom) for look in looks for left, _, right, bottom in look.boxes_xyxy])
    assert 24 <= len(feet) <= 30  # some are missing
    assert abs(np.median(camera.to_ground(feet)[:, 1]) - 18.0) < 1.0
    assert [len(look.boxes_xyxy) for look in true_sightings([walk(0, 1.0, 18.0)], camera, 1.0, 1)] == [0] * 5


def test_the_meter_tells_a_walks_speed_density_and_flow() -> None:
    camera = Camera.over_plaza(SIZE)
    (minute,) = [one for one in minutes_of(meter_over(camera), true_sightings(WALKS, camera, SECONDS, 5)) if one.covered_s > 55]
    middle = minute.zones[list(ZONES_M).index("middle")]
    assert middle.speed_m_s is not None
    assert middle.speed_m_s[1] == pytest.approx(SPEED_M_S, abs=0.11)
    seconds_inside = sum(8.0 / SPEED_M_S for _ in WALKS)
    assert middle.per_m2 == pytest.approx(seconds_inside / minute.covered_s / (8.0 * 6.2), rel=0.1)
    along = minute.lines[list(LINES_M).index("along")]
    assert {along.ab, along.ba} == {0, len(WALKS)}


def test_what_is_told_is_held_against_pedpy_in_the_same_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera.over_plaza(SIZE)
    told = [one for one in minutes_of(meter_over(camera), true_sightings(WALKS, camera, SECONDS, 5)) if one.covered_s > 55]
    given: dict[str, object] = {}

    def pedpy(rows: list[object], hz: float, zones: object, lines: object, spans: list[tuple[int, int]]) -> object:
        given.update(hz=hz, spans=spans, rows=len(rows))
        minutes = {"speeds": 10, "speed_median": SPEED_M_S, "density": 0.02}
        return {
            "zones": {name: {"minutes": [minutes]} for name in ZONES_M},
            "lines": {name: {"length_m": 10.0, "minutes": [{"crossings": 8, "n_t": 7}]} for name in LINES_M},
        }

    monkeypatch.setattr(speeds, "measured", pedpy)
    found = {(one.place, one.measure): one for one in compared(told, WALKS)}
    assert given == {"hz": 10, "spans": [(0, round(told[0].covered_s * 10))], "rows": sum(len(one.times_s) for one in WALKS)}
    assert abs(found["middle", "speed, m/s"].error) < 0.1
    assert found["along", FLOW].pedpy == pytest.approx(8 / 10 / told[0].covered_s)
    assert found["along", N_T].pedpy == pytest.approx(7 / 10 / told[0].covered_s)
    assert math.isnan(found["near", "speed, m/s"].told)  # nobody was there, so nothing was told


def test_crowds_are_pooled_figure_by_figure() -> None:
    first = [Compared("a", "speed", 1.1, 1.0), Compared("b", "flow", 0.0, 0.0)]
    (speed, flow) = pooled([first, [Compared("a", "speed", 0.9, 1.0), Compared("b", "flow", 0.0, 0.0)]])
    assert (speed.told, speed.error) == (1.0, 0.0)
    assert math.isnan(flow.error)
