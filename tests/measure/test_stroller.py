"""Somebody who pushes a stroller is one person in a zone and at a line, whichever way the detector sees the two."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from passerby.errors import WeightsError
from passerby.measure.sighting import Sighting
from passerby.redact.detection import load_detector
from passerby.released.measurement import Measurement, Pulse
from passerby.released.scene import Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.worker.metering import meter_of
from passerby.simulate.camera import Camera
from passerby.simulate.cast import Appearance, Carried, Gait
from passerby.simulate.path import STEP_S, Crowd, Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.shot import Shot
from passerby.site.orders import CameraOrder, LineOrder, ZoneOrder

NOON_S = 1_795_435_200.0
SIZE = Size(512, 384)
LOOKS_HZ = 5
SPEED_M_S = 1.2
LEARN_S = 15
"""The empty place, looked at once in half a second, until it is known."""
HALF_WAY_M = 5.5
LINES_X_PX = (128.0, 256.0, 384.0)


@dataclass(frozen=True)
class Told:
    """What was told of a way across the view: how many were there in each second in which somebody was, and the crossings of each line."""

    people: list[float]
    most: int
    crossings: list[tuple[int, int]]


def walk(y_m: float, from_s: float) -> Path:
    """Across the view from the left to the right, at one distance."""
    steps = round(2 * HALF_WAY_M / SPEED_M_S / STEP_S) + 1
    count = np.arange(steps, dtype=np.float64)
    walked_m = np.asarray(count * (STEP_S * SPEED_M_S), np.float64)
    times_s = np.asarray((count + math.ceil(from_s / STEP_S)) * STEP_S, np.float64)
    return Path(0, times_s, np.column_stack([walked_m - HALF_WAY_M, np.full(steps, y_m)]), np.zeros(steps), walked_m, np.zeros(steps, np.uint8), 0)


def shots(seed: int, y_m: float, from_s: float = 0.0) -> Iterator[Shot]:
    """A plaza with nobody but one who pushes a stroller."""
    path = walk(y_m, from_s)
    nobody = Crowd(walkers=0, still=0, queueing=0, groups=0.0, counter_flow=False)
    seconds = float(path.times_s[-1])
    settings = SimulationSettings(size=SIZE, fps=LOOKS_HZ, seconds=seconds, crowd=nobody, place_seed=seed, windows=False, parked=0)
    somebody = Gait.drawn(seed, 0), replace(Appearance.drawn(seed, 0), carried=Carried.STROLLER)
    learning = range(0, round(from_s * LOOKS_HZ), LOOKS_HZ // 2)
    return Plaza(settings, lambda _: somebody, [path]).film([*learning, *range(round(from_s * LOOKS_HZ), round(seconds * LOOKS_HZ))])


def told_of(looks: list[Sighting]) -> Told:
    """What the meter of a zone over all of the ground and of three lines across it tells of a minute in which somebody comes and goes."""
    camera = Camera.over_plaza(SIZE)
    ground = tuple(float(one) for one in camera.homography.reshape(9))
    zone = ZoneOrder("all", ((0.0, 150.0), (512.0, 150.0), (512.0, 384.0), (0.0, 384.0)), "walking")
    lines = tuple(LineOrder(f"{x:g}", (x, 150.0), (x, 384.0)) for x in LINES_X_PX)
    meter = meter_of(CameraOrder(camera="plaza", source="file:///none", ground=ground, zones=(zone,), lines=lines), SIZE)
    gone_s = looks[-1].time_s
    nothing = [Sighting(gone_s + n / LOOKS_HZ, np.zeros((0, 4)), np.zeros(0), np.zeros(0), np.zeros(0)) for n in range(1, 16)]
    told = [one for look in [*looks, *nothing] for one in meter.see(look, NOON_S + look.time_s)] + meter.end()
    pulses = [one.zones[0].people for one in told if isinstance(one, Pulse) and one.zones[0].people > 0]
    minute = next(one for one in told if isinstance(one, Measurement))
    return Told(pulses, minute.zones[0].people_most, [(line.ab, line.ba) for line in minute.lines])


def once_across(told: Told) -> None:
    assert told.crossings == [(0, 1)] * len(LINES_X_PX)
    assert told.people[1:-1] == pytest.approx([1.0] * (len(told.people) - 2), abs=0.01)
    assert told.most == 1


def true_boxes(seed: int) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of whoever pushes and of the stroller, together, in each picture."""
    found = []
    for shot in shots(seed, 11.0):
        for one in shot.people:
            left, top, width, height = one.box
            if left >= 0 and left + width <= SIZE.width_px:
                found.append((float(left), float(top), float(left + width), float(top + height)))
    return found


def test_a_true_box_of_both_is_one_person() -> None:
    boxes = true_boxes(3)
    assert max((right - left) / (bottom - top) for left, top, right, bottom in boxes) > 0.8
    one = np.ones(1)
    once_across(told_of([Sighting(n / LOOKS_HZ, np.array([box]), 0.8 * one, one, 0 * one) for n, box in enumerate(boxes)]))


@pytest.mark.parametrize("seed", range(6))
def test_boxes_of_who_pushes_of_both_and_of_the_stroller_by_turns_and_at_once_are_one_person(seed: int) -> None:
    """As the detector sees drawn strollers from the side: shares, scores and shapes are those of 300 looks."""
    rng = np.random.default_rng(seed)
    looks = []
    for number, (left, top, right, bottom) in enumerate(true_boxes(3)):
        tall = bottom - top
        alone = (left, top, left + 0.45 * tall, bottom - 0.05 * tall)
        stroller = (right - 0.7 * tall, bottom - 0.75 * tall, right, bottom)
        seen = [(alone, rng.normal(0.74, 0.06)) for _ in range(rng.random() < 0.85)]
        seen += [((left, top, right, bottom), rng.normal(0.62, 0.12)) for _ in range(rng.random() < 0.5 or not seen)]
        seen += [(stroller, rng.normal(0.42, 0.12)) for _ in range(rng.random() < 0.75)]
        boxes = np.array([box for box, _ in seen]) + rng.normal(0, 0.03 * tall, (len(seen), 4))
        scores = np.clip([score for _, score in seen], 0.05, 0.9)
        looks.append(Sighting(number / LOOKS_HZ, boxes, scores, np.full(len(seen), 0.7), np.zeros(len(seen))))
    once_across(told_of(looks))


def test_somebody_in_a_wheelchair_whom_somebody_pushes_is_a_second_person() -> None:
    """Of the same shape and at the same place as a stroller; but the detector is as sure of them as of others."""
    rng = np.random.default_rng(1)
    looks = []
    for number, (left, top, right, bottom) in enumerate(true_boxes(3)):
        tall = bottom - top
        boxes = np.array([(left, top, left + 0.4 * tall, bottom), (right - 0.55 * tall, bottom - 0.7 * tall, right, bottom)])
        scores = np.clip(rng.normal((0.8, 0.71), 0.05), 0.05, 0.95)
        looks.append(Sighting(number / LOOKS_HZ, boxes + rng.normal(0, 0.02 * tall, (2, 4)), scores, np.ones(2), np.zeros(2)))
    told = told_of(looks)
    assert told.most == 2
    assert told.crossings == [(0, 2)] * len(LINES_X_PX)


@pytest.mark.parametrize("seed", [2, 4])
def test_through_pixels_the_real_detector_and_the_gate_they_are_one_person(seed: int) -> None:
    try:
        detector = load_detector("yolox-nano", "cpu").detector
    except WeightsError as error:
        pytest.skip(f"no weights: {error}")
    gate = Gate(SIZE, GateSettings(settle_s=4.0), detector)
    looks = []
    for shot in shots(seed, 10.0, LEARN_S):
        before = gate.sighting
        gate.see(shot.picture, shot.time_s)
        if gate.sighting is not None and gate.sighting is not before and shot.time_s >= LEARN_S:
            looks.append(gate.sighting)
    assert max(len(look.boxes_xyxy) for look in looks) > 1, "the detector sees more than one box"
    told = told_of(looks)
    assert told.crossings == [(0, 1)] * len(LINES_X_PX)
    assert float(np.mean(told.people[1:-1])) == pytest.approx(1.0, abs=0.1)
