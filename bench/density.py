"""How well density is measured where people hide each other: simulated crowds in a zone, counted as in the product, corrected by twenty counts.

Somebody stands at the place and counts twenty times while the crowd comes and goes (one clip). Then other crowds come (other clips, other seeds), of
0.2, 1, 2 and 4 persons a square metre. The truth is the simulator's; what is told is `Pulse.people` over the area of the zone, and what rules
on density go by where nobody has counted (`density_of`). People's looks, ways and spots are drawn from the commit's hash, so that nobody can
have tuned on them; the place is one place, as it is where somebody counts.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.attack_groups import seed_of
from passerby.hazards.rules.density import density_of
from passerby.measure.crowd import Count, Crowd, trained
from passerby.redact.detection import load_detector
from passerby.released.measurement import Pulse
from passerby.released.scene import Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.worker.metering import crowd_view_of, meter_of
from passerby.simulate.measures import Zones
from passerby.simulate.path import STEP_S, Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.orders import CameraOrder, ZoneOrder

SIZE: Final = Size(768, 576)
FPS: Final = 5.0
ZONE_M: Final = ((-2.2, 7.8), (2.2, 7.8), (2.2, 12.2), (-2.2, 12.2))
AROUND_M: Final = 0.8
"""The crowd does not end at the zone's border."""
ZONE_M2: Final = 4.4**2
APART_M: Final = 0.34
MOST_PER_M2: Final = 4.6
LEARN_S: Final = 75.0
"""The place is empty at first, and learned."""
STEP_OF_S: Final = 12.0
SMALL_FRAMES: Final = round((LEARN_S + 2 * STEP_OF_S) * FPS)
"""With `small`: two crowds."""
COMES_IN_S: Final = 7.0
"""So long after a step everybody has come, or gone."""
WALK_M_S: Final = 1.4
SWAY_M: Final = 0.08
DENSITIES: Final = (0.2, 1.0, 2.0, 4.0)
STEPS_TRAINED: Final = 20
"""Somebody counts once in each."""
CROWDS: Final = 5
"""So many clips are measured, each with one crowd of each density."""


@dataclass(frozen=True, slots=True)
class Second:
    """What was told of a second without a correction and with one, and how many there really were."""

    pulse: Pulse
    corrected: Pulse
    truth: float
    step: int


def seeds_of(commit: str) -> tuple[int, list[int]]:
    """Of the clip in which somebody counts, and of those that are measured."""
    return seed_of(commit, "density", "counts") % 2**31, [seed_of(commit, "density", number) % 2**31 for number in range(CROWDS)]


@dataclass(frozen=True, slots=True)
class Told:
    """By density and crowd: each second's people as told, as true, and how far off the told is said to be (one sigma)."""

    of: dict[tuple[float, int], list[tuple[float, float, float]]]

    def rows(self, how: str) -> Iterator[dict[str, Any]]:
        """A row a density; of each crowd by itself as well, since a crowd's seconds are much alike."""
        for per_m2 in sorted({density for density, _ in self.of}):
            crowds = [seconds for (density, _), seconds in self.of.items() if density == per_m2]
            pairs = [second for seconds in crowds for second in seconds]
            yield {
                "how": how,
                "per_m2": per_m2,
                "crowds": len(crowds),
                "seconds": len(pairs),
                "truth": float(np.mean([truth for _, truth, _ in pairs])),
                "told": float(np.mean([people for people, _, _ in pairs])),
                "relative_mae": _relative_mae(pairs),
                "relative_mae_by_crowd": [_relative_mae(seconds) for seconds in crowds],
                "within_2_sigma": float(np.mean([abs(people - truth) <= 2 * error for people, truth, error in pairs])),
            }


def _relative_mae(pairs: Sequence[tuple[float, float, float]]) -> float:
    return float(np.mean([abs(people - truth) / max(1.0, truth) for people, truth, _ in pairs]))


def steps_of_training(seed: int) -> list[float]:
    """Densities of days on which somebody counts: everything up to the worst, in no order."""
    rng = np.random.default_rng(seed)
    return [float(one) for one in rng.permutation(np.linspace(0.2, 4.4, STEPS_TRAINED))]


def crowd_paths(densities: Sequence[float], seed: int) -> tuple[list[Path], float]:
    """Everybody's path for a crowd that is another one at each step, and how long it takes."""
    rng = np.random.default_rng(seed)
    area_m2, paths = (4.4 + 2 * AROUND_M) ** 2, list[Path]()
    for number, density in enumerate(densities):
        at_s = LEARN_S + number * STEP_OF_S
        spots = _spots(rng)
        for spot in rng.permutation(len(spots))[: round(density * area_m2)]:
            paths.append(_path(len(paths), spots[spot], at_s, at_s + STEP_OF_S, rng))
    return paths, LEARN_S + len(densities) * STEP_OF_S


def _spots(rng: np.random.Generator) -> np.ndarray:
    """Places to stand, no two nearer than people can be."""
    low, high = np.array(ZONE_M[0]) - AROUND_M, np.array(ZONE_M[2]) + AROUND_M
    count, found = round(MOST_PER_M2 * float(np.prod(high - low))), np.zeros((0, 2))
    while len(found) < count:
        one = rng.uniform(low, high)
        if not len(found) or float(np.hypot(*(found - one).T).min()) >= APART_M:
            found = np.vstack([found, one])
    return found


def _path(person: int, spot: np.ndarray, from_s: float, until_s: float, rng: np.random.Generator) -> Path:
    """Comes from one side, stands and sways, and leaves to one side."""
    come_s, go_s = from_s + rng.uniform(0, 1.0), until_s + rng.uniform(0, 1.0)
    sides = [-8.0 if rng.random() < 0.5 else 8.0 for _ in range(2)]
    way_s = [abs(side - spot[0]) / WALK_M_S for side in sides]
    first, last = math.ceil(come_s / STEP_S), math.floor((go_s + way_s[1]) / STEP_S)
    times_s = np.arange(first, last + 1) * STEP_S
    share = np.clip((times_s - come_s) / way_s[0], 0, 1) - 1
    gone = np.clip((times_s - go_s) / way_s[1], 0, 1)
    phase, hz = rng.uniform(0, 2 * math.pi, 2), rng.uniform(0.05, 0.2, 2)
    sway = SWAY_M * np.sin(2 * math.pi * times_s[:, None] * hz + phase)
    x = spot[0] + share * (spot[0] - sides[0]) + gone * (sides[1] - spot[0]) + sway[:, 0]
    xy = np.column_stack([x, spot[1] + sway[:, 1]])
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    standing = rng.uniform(-math.pi, math.pi)
    walks = (share < 0) | (gone > 0)
    heading = np.where(walks, np.where(share < 0, math.pi * (sides[0] > spot[0]), math.pi * (sides[1] < spot[0])), standing)
    return Path(person, times_s, xy, heading.astype(float), walked, np.zeros(len(times_s), np.uint8), -1 - person)


def seconds_of(densities: Sequence[float], seed: int, crowd: Crowd | None, most_frames: int | None = None) -> Iterator[Second]:
    """Films a crowd, counts it as a worker does, without and with a correction, and tells each second beside its truth."""
    paths, seconds = crowd_paths(densities, seed)
    plaza = Plaza(SimulationSettings(size=SIZE, fps=FPS, seconds=seconds, gait_seed=seed, appearance_seed=seed, motion_seed=seed), paths=paths)
    corners = plaza.camera.to_px(np.array(ZONE_M))
    polygon = tuple((float(x), float(y)) for x, y in corners)
    ground = tuple(float(one) for one in plaza.camera.homography.reshape(9))
    order = CameraOrder(camera="plaza", source="file:///none", ground=ground, zones=(ZoneOrder("zone", polygon, "waiting"),))
    gate = Gate(SIZE, GateSettings(), load_detector("yolox-nano", "cpu").detector)
    meters, view, zones = (meter_of(order, SIZE), meter_of(order, SIZE)), crowd_view_of(order, SIZE), Zones({"zone": ZONE_M})
    meters[1].correct({"zone": crowd})
    counts: dict[int, list[int]] = {}
    for number, shot in enumerate(plaza):
        if most_frames is not None and number >= most_frames:
            return
        places = np.array([spot.xy_m for spot in shot.everyone.values()]).reshape(-1, 2)
        counts.setdefault(math.floor(shot.time_s), []).append(zones.occupancy(places)["zone"])
        before = gate.sighting
        gate.see(shot.picture, shot.time_s)
        look = gate.sighting
        if look is None or look is before or gate.observed is None or view is None:
            continue
        numbers = view.of(gate.observed, shot.time_s)
        for message, corrected in zip(*(meter.see(look, shot.time_s, numbers) for meter in meters), strict=True):
            if isinstance(message, Pulse) and isinstance(corrected, Pulse) and message.zones:
                second = round(message.wall_s) - 1
                step = math.floor((second - LEARN_S) / STEP_OF_S)
                if 0 <= step < len(densities) and second - LEARN_S - step * STEP_OF_S >= COMES_IN_S and second in counts:
                    yield Second(message, corrected, float(np.mean(counts[second])), step)


def density(commit: str, *, small: bool) -> dict[str, Any]:
    """Trains with twenty counts, and measures other crowds with them and without."""
    counted, measured = seeds_of(commit)
    steps = steps_of_training(counted)[: 3 if small else None]
    counts, stamped = list[Count](), 0
    of_step: dict[int, Second] = {}
    for one in seconds_of(steps, counted, None, SMALL_FRAMES if small else None):
        of_step[one.step] = one
    for one in of_step.values():
        stamped += 1
        crowd = one.pulse.zones[0].crowd
        counts += [] if crowd is None else [Count(round(one.truth), crowd)]
    model = trained(counts)
    correction = None if model is None else Crowd(model)
    told = Told({}), Told({}), Told({})
    for seed in measured[: 1 if small else None]:
        for one in seconds_of(DENSITIES, seed, correction, SMALL_FRAMES if small else None):
            where = DENSITIES[one.step], seed
            for pulse, said in zip((one.pulse, one.corrected), told, strict=False):
                zone = pulse.zones[0]
                said.of.setdefault(where, []).append((zone.people, one.truth, (zone.per_m2_error or 0.0) * ZONE_M2))
            hidden, error = density_of(one.pulse.zones[0])
            told[2].of.setdefault(where, []).append(((hidden or 0.0) * ZONE_M2, one.truth, (error or 0.0) * ZONE_M2))
    rows = [row for name, said in zip(("detector", "corrected", "hidden ground"), told, strict=True) for row in said.rows(name)]
    return {"tallies": stamped, "of_crowds": len(counts), "seeds": {"counts": counted, "measured": measured}, "rows": rows}
