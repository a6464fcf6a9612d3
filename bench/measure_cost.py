"""What a look costs after the detector: tracker and meter with thirty people in view, four zones and six lines, with and without a crowd's numbers.

Processor time of the thread that measures (a worker has one), the median over many looks. People walk on straight ways through the picture and turn
at its borders; the picture that a crowd's numbers are taken off is the simulator's.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import msgspec
import numpy as np

from passerby.measure.crowd import Count, Crowd, trained
from passerby.measure.sighting import Sighting
from passerby.released.measurement import CrowdNumbers
from passerby.released.scene import Size
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.watch import Observed
from passerby.sealed.worker.metering import crowd_view_of, meter_of
from passerby.simulate.camera import PERSON_M, Camera, Floats
from passerby.simulate.path import STEP_S, Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.orders import CameraOrder, LineOrder, ZoneOrder

SIZE: Final = Size(768, 576)
LOOKS_HZ: Final = 5.0
PEOPLE: Final = 30
SEED: Final = 9001
LOOKS: Final = 3000
SMALL_LOOKS: Final = 300
WARM_LOOKS: Final = 50
"""Until everybody has a track, and has had one for as long as its history goes."""
ROOM_M: Final = ((-4.0, 4.0), (9.0, 24.0))
"""Where people walk: from left to right, from near to far; all of it is in the picture."""
SPEED_M_S: Final = (0.8, 1.6)
JITTER_PX: Final = 2.0
ZONES_M: Final = tuple(((x, y), (x + 3.9, y), (x + 3.9, y + 7.0), (x, y + 7.0)) for x in (-4.0, 0.1) for y in (9.0, 16.5))
LINES_M: Final = tuple(((-4.0, y), (4.0, y)) for y in (11.0, 14.0, 18.0)) + tuple(((x, 9.0), (x, 24.0)) for x in (-2.0, 0.0, 2.0))
COUNTS: Final = 60
"""The most that a crowd's correction may rest on."""
MOST_PER_M2: Final = 4.0
"""In the counts that the correction rests on; the least is a third of those who are there, so that it applies to them."""
WANTED_MS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time a look, in milliseconds."""

    median_ms: float
    p95_ms: float


def feet_of(looks: int, seed: int) -> Iterator[Floats]:
    """(PEOPLE, 2) places in metres, look by look: straight ways that are folded back at the room's borders."""
    rng = np.random.default_rng(seed)
    low, high = np.array(ROOM_M).T
    begin = rng.uniform(low, high, (PEOPLE, 2))
    heading, speed = rng.uniform(-math.pi, math.pi, PEOPLE), rng.uniform(*SPEED_M_S, PEOPLE)
    velocity = np.column_stack([np.cos(heading), np.sin(heading)]) * speed[:, None]
    for look in range(looks):
        gone = (begin + velocity * look / LOOKS_HZ - low) % (2 * (high - low))
        yield low + np.minimum(gone, 2 * (high - low) - gone)


def sightings(camera: Camera, looks: int, seed: int) -> Iterator[Sighting]:
    """A box for everybody, in no order, with a detector's jitter; nobody is left out."""
    rng = np.random.default_rng([seed, 1])
    for look, feet_m in enumerate(feet_of(looks, seed)):
        feet, heights = camera.to_px(feet_m), camera.px_per_m(feet_m) * PERSON_M
        corners = [feet[:, 0] - 0.19 * heights, feet[:, 1] - heights, feet[:, 0] + 0.19 * heights, feet[:, 1]]
        boxes = (np.column_stack(corners) + rng.normal(0, JITTER_PX, (PEOPLE, 4)))[rng.permutation(PEOPLE)]
        yield Sighting(look / LOOKS_HZ, boxes, rng.uniform(0.6, 0.9, PEOPLE), np.ones(PEOPLE), np.zeros(PEOPLE))


def order_of(camera: Camera) -> CameraOrder:
    """The camera's zones and lines."""

    def pixels(points: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        return tuple((float(x), float(y)) for x, y in camera.to_px(np.array(points)))

    zones = tuple(ZoneOrder(f"zone-{number}", pixels(zone), "waiting") for number, zone in enumerate(ZONES_M))
    lines = tuple(LineOrder(f"line-{number}", *pixels(line)) for number, line in enumerate(LINES_M))
    return CameraOrder(
        camera="plaza", source="file:///none", ground=tuple(float(one) for one in camera.homography.reshape(9)), zones=zones, lines=lines
    )


def observed(seed: int) -> Observed:
    """A working picture of thirty people, its pixels that differ from the empty place, and that place: what a gate tells of a look."""
    feet = next(feet_of(1, seed))
    still = np.zeros(2), np.zeros(2, np.uint8)
    times_s = np.array([0.0, STEP_S])
    paths = [Path(number, times_s, np.array([one, one]), still[0], still[0], still[1], -1 - number) for number, one in enumerate(feet)]
    shot = next(iter(Plaza(SimulationSettings(size=SIZE, fps=LOOKS_HZ, seconds=STEP_S, place_seed=seed), paths=paths)))
    grid = Grid(SIZE)
    rows, columns = grid.working_shape
    changed = cv2.resize((shot.labels > 0).astype(np.uint8), (columns, rows), interpolation=cv2.INTER_AREA) > 0
    everywhere = np.ones((rows, columns), bool)
    return Observed(grid.reduced(shot.picture), changed, grid.reduced(shot.empty), everywhere, ~everywhere)


def correction(seen: CrowdNumbers, seed: int) -> Crowd | None:
    """A correction of a zone that rests on as many counts as one may: more and fewer people of whom the same is seen, a little off.

    Args:
        seen: What of the zone differs from the place.
        seed: Of the counts.
    """
    rng = np.random.default_rng([seed, 2])
    mine = PEOPLE / len(ZONES_M)
    counts = []
    for people in np.linspace(mine / 3, MOST_PER_M2 * seen.zone_m2, COUNTS):
        share = people / mine
        numbers = {name: float(value * share * rng.uniform(0.9, 1.1)) for name, value in msgspec.structs.asdict(seen).items()}
        counts.append(Count(float(people), CrowdNumbers(**numbers | {"zone_m2": seen.zone_m2})))
    model = trained(counts)
    return None if model is None else Crowd(model)


def cost(*, small: bool) -> dict[str, Any]:
    """All forms: boxes alone; a crowd's numbers as well; counts that are corrected by them as well."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # as in a worker
    try:
        looks = SMALL_LOOKS if small else LOOKS
        seen = observed(SEED)
        costs = {"boxes": _timed(looks, None), "crowd": _timed(looks, seen), "corrected": _timed(looks, seen, corrected=True)}
    finally:
        cv2.setNumThreads(threads)
    rows = {name: {"median_ms": one.median_ms, "p95_ms": one.p95_ms} for name, one in costs.items()}
    return {
        "people": PEOPLE,
        "zones": len(ZONES_M),
        "lines": len(LINES_M),
        "looks": looks,
        "picture": [SIZE.width_px, SIZE.height_px],
        "working": list(Grid(SIZE).working_shape[::-1]),
        **rows,
    }


def _timed(looks: int, seen: Observed | None, *, corrected: bool = False) -> Cost:
    camera = Camera.over_plaza(SIZE)
    order = order_of(camera)
    meter, view = meter_of(order, SIZE), crowd_view_of(order, SIZE)
    if view is None:
        raise AssertionError("the ground is known, and no zone reaches above the horizon")
    if corrected and seen is not None:
        known = zip(order.zones, view.of(seen, 0.0), strict=True)
        meter.correct({zone.id: correction(numbers, SEED) for zone, numbers in known if numbers is not None})
    taken = []
    for look in sightings(camera, looks + WARM_LOOKS, SEED):
        begun_s = time.thread_time()
        meter.see(look, look.time_s, () if seen is None else view.of(seen, look.time_s))
        taken.append(time.thread_time() - begun_s)
    ms = np.array(taken[WARM_LOOKS:]) * 1e3
    return Cost(float(np.median(ms)), float(np.percentile(ms, 95)))
