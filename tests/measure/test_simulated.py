"""Each definition of what is measured against the truth of simulated walkers: JuPedSim's ways, boxes of their true places, the meter of a worker.

What the truth is, is worked out here anew from the ways, in metres, by the definitions of docs/design/measurements.md; the meter knows pixels only.
Boxes jitter as little as to change no count: how well the detector does is what `bench.counts` measures.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.measure.sighting import Sighting
from passerby.measure.tracker import LAG_S
from passerby.released.measurement import DWELL_EDGES_S, LineMinute, Measurement, Service, ZoneMinute
from passerby.released.scene import Size
from passerby.sealed.worker.metering import meter_of
from passerby.simulate.camera import PERSON_M, Camera
from passerby.simulate.ground import Point, Polygon, plaza_ground
from passerby.simulate.measures import CrossingCounter, Zones
from passerby.simulate.motion import Crowd, Path, paths
from passerby.simulate.plaza import seen_ground
from passerby.site.orders import CameraOrder, LineOrder, ZoneOrder

Floats = NDArray[np.floating[Any]]

NOON_S = 1_795_435_200.0
SIZE = Size(768, 576)
CAMERA = Camera(SIZE, height_m=12.0, tilt_rad=math.radians(45), focal_px=800.0)
"""High up, so that few hide each other: that is no matter of definitions."""
LOOKS_HZ = 5
MINUTES = 5
QUEUEING = 5
SEED = 11


def queue_m() -> Polygon:
    """The ground on which the plaza's queue stands."""
    queue = plaza_ground().queues[0]
    along, aside = (np.array([math.cos(turn), math.sin(turn)]) for turn in (queue.direction_rad, queue.direction_rad + math.pi / 2))
    corners = [
        np.array(queue.head_xy_m) + end * queue.spacing_m * along + side * 0.6 * aside
        for end, side in ((-0.7, -1), (QUEUEING - 0.3, -1), (QUEUEING - 0.3, 1), (-0.7, 1))
    ]
    return tuple((float(x), float(y)) for x, y in corners)


ZONES_M: dict[str, tuple[Polygon, str]] = {
    "near": (((-3.0, 9.0), (3.0, 9.0), (3.0, 14.0), (-3.0, 14.0)), "walking"),
    "middle": (((-4.0, 16.4), (4.0, 16.4), (4.0, 22.6), (-4.0, 22.6)), "waiting"),
    "line": (queue_m(), "queue"),
}
LINES_M: dict[str, tuple[Point, Point]] = {"across": ((-5.0, 13.2), (5.0, 13.2)), "along": ((0.0, 14.0), (0.0, 25.0))}
HIDDEN = {"near": 0.03, "middle": 0.03, "line": 0.08}
"""So many may be missing: who stands in line is hidden now and then by who passes close by."""
SLOW_M_S = 0.4
SQUARE_FEET = {"walking": (35, 25, 15, 10, 5), "waiting": (13, 10, 7, 3, 2), "queue": (13, 10, 7, 3, 2)}


@dataclass(frozen=True)
class Truth:
    """What the ways say of one zone at each moment of measuring: who is in it, and how each of them moves in metres a second."""

    times_s: Floats
    inside: list[list[int]]
    velocities: list[Floats]

    def of_minute(self, minute: int) -> "Truth":
        """One minute of it."""
        kept = [n for n, time_s in enumerate(self.times_s) if minute * 60 <= time_s < minute * 60 + 60]
        return Truth(self.times_s[kept], [self.inside[n] for n in kept], [self.velocities[n] for n in kept])

    @property
    def counts(self) -> list[int]:
        return [len(here) for here in self.inside]

    @property
    def moving(self) -> Floats:
        return np.concatenate([one.reshape(-1, 2) for one in self.velocities])


@cache
def walked() -> tuple[Path, ...]:
    crowd = Crowd(walkers=16, queueing=QUEUEING, groups=0.4)
    return tuple(paths(plaza_ground(), crowd, MINUTES * 60.0, SEED, seen_ground(CAMERA)))


def there(time_s: float) -> list[tuple[int, Point]]:
    """Who stands in the picture, by person."""
    found = [(path.person, path.at(time_s).xy_m) for path in walked() if path.present(time_s)]
    feet = CAMERA.to_px(np.array([xy_m for _, xy_m in found]).reshape(-1, 2))
    return [one for one, (x, y) in zip(found, feet, strict=True) if 0 <= x < SIZE.width_px and 0 <= y < SIZE.height_px]


def look(time_s: float, rng: np.random.Generator) -> Sighting:
    feet_m = np.array([xy_m for _, xy_m in there(time_s)]).reshape(-1, 2)
    feet, tall = CAMERA.to_px(feet_m), CAMERA.px_per_m(feet_m)[:, None] * PERSON_M
    x, y = feet[:, :1], feet[:, 1:]
    boxes = np.hstack([x - 0.2 * tall, y - tall, x + 0.2 * tall, y]) + rng.normal(0, 0.01, (len(feet), 4)) * tall
    count = len(boxes)
    return Sighting(time_s, boxes, np.full(count, 0.8), np.ones(count), np.zeros(count))


@cache
def measured() -> dict[int, Measurement]:
    """The minutes that the meter tells, by number."""
    zones = tuple(ZoneOrder(name, pixels(corners), kind) for name, (corners, kind) in ZONES_M.items())
    lines = tuple(LineOrder(name, *pixels(ends)) for name, ends in LINES_M.items())
    ground = tuple(float(one) for one in CAMERA.homography.reshape(9))
    meter = meter_of(CameraOrder(camera="plaza", source="file:///none", ground=ground, zones=zones, lines=lines), SIZE)
    rng = np.random.default_rng(1)
    looks = [look(number / LOOKS_HZ, rng) for number in range(MINUTES * 60 * LOOKS_HZ)]
    told = [one for sighting in looks for one in meter.see(sighting, NOON_S + sighting.time_s)]
    return {round((one.minute_wall_s - NOON_S) / 60): one for one in told if isinstance(one, Measurement)}


@cache
def truth(name: str) -> Truth:
    zones = Zones({name: ZONES_M[name][0]})
    times_s = np.arange(MINUTES * 60 * LOOKS_HZ) / LOOKS_HZ - LAG_S
    inside: list[list[int]] = []
    velocities: list[Floats] = []
    of_person = {path.person: path for path in walked()}
    for time_s in times_s:
        here = [person for person, xy_m in there(max(0.0, time_s)) if zones.occupancy(np.array([xy_m]))[name]]
        inside.append(here)
        # As is told: of the second before the newest look.
        ends = [[of_person[person].at(time_s + LAG_S + after_s).xy_m for person in here] for after_s in (-1.0, 0.0)]
        velocities.append(np.subtract(*(np.array(ends[::-1]).reshape(2, -1, 2))))
    return Truth(times_s, inside, velocities)


def pixels(points_m: Sequence[Point]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in CAMERA.to_px(np.array(points_m)))


def zone(minute: int, name: str) -> ZoneMinute:
    return next(one for one in measured()[minute].zones if one.zone == name)


def line(minute: int, name: str) -> LineMinute:
    return next(one for one in measured()[minute].lines if one.line == name)


whole_minutes = pytest.mark.parametrize("minute", range(1, MINUTES - 1))
of_each_zone = pytest.mark.parametrize("name", list(ZONES_M))


@whole_minutes
@of_each_zone
def test_occupancy_is_that_of_the_ways(minute: int, name: str) -> None:
    told, counts = zone(minute, name), truth(name).of_minute(minute).counts
    assert told.people_mean == pytest.approx(np.mean(counts), rel=HIDDEN[name], abs=0.05)
    assert abs(told.people_least - min(counts)) <= 1
    assert abs(told.people_most - max(counts)) <= 1
    assert max(counts) > 1


@whole_minutes
@of_each_zone
def test_density_and_level_of_service_are_those_of_the_ways(minute: int, name: str) -> None:
    told, counts = zone(minute, name), truth(name).of_minute(minute).counts
    corners, kind = ZONES_M[name]
    per_m2 = float(np.mean(counts)) / Zones({name: corners}).areas_m2[name]
    assert told.per_m2 == pytest.approx(per_m2, rel=HIDDEN[name], abs=0.002)
    room_ft2 = 1 / (told.people_mean / Zones({name: corners}).areas_m2[name]) / 0.3048**2
    assert told.service is list(Service)[sum(room_ft2 < least for least in SQUARE_FEET[kind])]


@pytest.mark.parametrize("name", list(LINES_M))
def test_crossings_and_flow_are_those_of_the_ways(name: str) -> None:
    counter, found = CrossingCounter(LINES_M), dict[tuple[int, str], int]()
    for frame in range(MINUTES * 600):
        time_s = frame / 10
        for one in counter.step(frame, dict(there(time_s))):
            if one.line == name:
                key = int(time_s // 60), one.direction
                found[key] = found.get(key, 0) + 1
    total = 0
    for minute in range(1, MINUTES - 1):
        told = line(minute, name)
        for direction, count, flow in (("ab", told.ab, told.flow_ab), ("ba", told.ba, told.flow_ba)):
            assert abs(count - found.get((minute, direction), 0)) <= 1, "somebody may cross as the minute ends"
            length_m = math.dist(*LINES_M[name])
            assert flow == pytest.approx(count / length_m / 60, abs=2e-4)
            total += count
    assert abs(total - sum(count for (minute, _), count in found.items() if 1 <= minute < MINUTES - 1)) <= 2
    assert total > 5


@whole_minutes
@pytest.mark.parametrize("name", ["near", "middle"])
def test_speeds_and_the_mean_direction_are_those_of_the_ways(minute: int, name: str) -> None:
    told, moving = zone(minute, name), truth(name).of_minute(minute).moving
    assert told.speed_m_s is not None
    assert told.east_m_s is not None
    assert told.north_m_s is not None
    assert told.speed_m_s == pytest.approx(np.percentile(np.hypot(*moving.T), (10, 50, 90)), abs=0.21)
    assert told.speed_m_s[1] == pytest.approx(np.median(np.hypot(*moving.T)), abs=0.12)
    east, north = moving.mean(0)
    assert (told.east_m_s, told.north_m_s) == pytest.approx((east, north), abs=0.11)


@pytest.mark.parametrize("name", ["near", "middle"])
def test_stays_are_as_long_as_those_of_the_ways(name: str) -> None:
    stays: list[tuple[float, float]] = []
    of_zone = truth(name)
    for person in sorted({person for here in of_zone.inside for person in here}):
        times = [time_s for time_s, here in zip(of_zone.times_s, of_zone.inside, strict=True) if person in here]
        breaks = [0, *(n for n in range(1, len(times)) if times[n] - times[n - 1] > 2.0), len(times)]
        stays += [(times[first], times[last - 1]) for first, last in pairwise(breaks)]
    until_s = (MINUTES - 1) * 60
    lengths = [end_s - begin_s for begin_s, end_s in stays if end_s + 2.0 < until_s]
    expected = np.bincount(np.digitize(lengths, DWELL_EDGES_S), minlength=len(DWELL_EDGES_S) + 1)
    told = np.sum([zone(minute, name).dwell for minute in range(MINUTES - 1)], axis=0)
    assert abs(told - expected).sum() <= 2
    assert expected.sum() > 3


@whole_minutes
def test_the_length_of_a_queue_and_the_wait_in_it_are_those_of_the_ways(minute: int) -> None:
    told, of_zone = zone(minute, "line"), truth("line")
    here = of_zone.of_minute(minute)
    slow = [int((np.hypot(*one.reshape(-1, 2).T) < SLOW_M_S).sum()) for one in here.velocities]
    assert told.queue_mean == pytest.approx(np.mean(slow), rel=0.1)
    assert told.queue_most is not None
    assert abs(told.queue_most - max(slow)) <= 2
    left = 0
    for person in {person for inside in of_zone.inside for person in inside}:
        times = np.array([time_s for time_s, inside in zip(of_zone.times_s, of_zone.inside, strict=True) if person in inside])
        ends = [*times[:-1][np.diff(times) > 2.0], times[-1]]
        left += sum(0 < end_s < minute * 60 + 60 - 2.0 for end_s in ends)
    assert told.wait_s is not None
    expected_s = float(np.mean(slow)) * (minute * 60 + 60) / left
    assert told.wait_s == pytest.approx(expected_s, rel=0.25)


@whole_minutes
def test_heat_is_where_the_ways_were(minute: int) -> None:
    heat = measured()[minute].heat
    assert heat is not None
    expected = np.zeros(len(heat.person_s))
    for number in range(60 * LOOKS_HZ):
        for x, y in CAMERA.to_px(np.array([xy_m for _, xy_m in there(minute * 60 + number / LOOKS_HZ)])):
            expected[int(y // heat.cell_px) * heat.columns + int(x // heat.cell_px)] += 1 / LOOKS_HZ
    told = np.array(heat.person_s)
    assert told.sum() == pytest.approx(expected.sum(), rel=0.03)
    # Who stands on the border of two cells is in either of them.
    blurred = [cv2.blur(one.reshape(-1, heat.columns), (3, 3)) for one in (told, expected)]
    assert np.abs(blurred[0] - blurred[1]).sum() < 0.12 * expected.sum()
