"""Speed, density and flow as they are told against PedPy's definitions on the same true trajectories of simulated walkers.

Twice: with boxes made of true foot points, jittered and missing as the detector's are (minutes of several crowds), and through pixels: rendered
pictures, gate and detector (one shorter clip). What is compared is what a minute tells: median speed and density of a zone, crossings of a line. The
seeds are drawn once and were not tuned on.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.pedpy_measures import Point, Row, measured
from passerby.measure.meter import Meter
from passerby.measure.sighting import Sighting
from passerby.redact.detection import load_detector
from passerby.released.measurement import Measurement
from passerby.released.scene import Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.worker.metering import meter_of
from passerby.simulate.camera import PERSON_M, Camera, Floats
from passerby.simulate.path import STEP_S, Crowd, Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.orders import CameraOrder, LineOrder, ZoneOrder

SIZE: Final = Size(768, 576)
LOOKS_HZ: Final = 5.0
MINUTE_S: Final = 60
MINUTES: Final = 6
SMALL_MINUTES: Final = 2
PIXEL_MINUTES: Final = 4
SMALL_FRAMES: Final = 60
LEARN_MINUTES: Final = 1
"""Through pixels, the first minute is that of a place that is not known yet."""
LEAST_COVERED_S: Final = 55.0
SEEDS: Final = (6007, 6011, 6029)
PIXEL_SEED: Final = 6037
WALKERS: Final = (12, 30, 70)
"""Of the seeds, in turn."""
SIDES: Final = (0.037, 0.067, 0.037, 0.034)
"""Standard deviation of left, top, right and bottom of a box, in heights of the person, drawn anew for each look: 1 to 6 pixels here.

As YOLOX-nano's are about people of 62 to 132 pixels whom nothing hides, measured on 375 boxes of a rendered clip of another seed (7100).
"""
OFFSET: Final = (0.03, 0.02)
"""Standard deviation of what stays the same for one person: of the foot point, aside and down, in heights; from the same boxes."""
BELOW: Final = 0.026
"""So far below the foot point a box ends in the mean."""
MISSED: Final = 0.05
"""So many boxes are missing, at random; of those 375 none was."""
WIDTH: Final = 0.38
"""Width of a box in heights."""
ZONES_M: Final[dict[str, tuple[Point, ...]]] = {
    "near": ((-3.0, 9.0), (3.0, 9.0), (3.0, 14.0), (-3.0, 14.0)),
    "middle": ((-4.0, 16.4), (4.0, 16.4), (4.0, 22.6), (-4.0, 22.6)),
}
LINES_M: Final[dict[str, tuple[Point, Point]]] = {"across": ((-5.0, 13.2), (5.0, 13.2)), "along": ((0.0, 14.0), (0.0, 25.0))}
FLOW: Final = "flow, 1/(m s)"
N_T: Final = "flow by N-t, 1/(m s)"
"""The N-t diagram has each person once. Who comes back is counted again by us, who know nobody: it is told, and no aim."""
WANTED: Final = 0.07


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of a zone or line: what was told, what PedPy says, how far apart."""

    place: str
    measure: str
    told: float
    pedpy: float

    @property
    def error(self) -> float:
        """Relative to PedPy's; NaN where that is 0."""
        return (self.told - self.pedpy) / self.pedpy if self.pedpy else math.nan


def plaza_of(seed: int, walkers: int, minutes: int) -> Plaza:
    """A plaza with so many walkers."""
    crowd = Crowd(walkers=walkers)
    settings = SimulationSettings(
        size=SIZE,
        fps=LOOKS_HZ,
        seconds=float(minutes * MINUTE_S),
        crowd=crowd,
        motion_seed=seed,
        gait_seed=seed,
        appearance_seed=seed,
        place_seed=seed,
    )
    return Plaza(settings)


def meter_over(camera: Camera) -> Meter:
    """The meter of the zones and lines, as a worker makes it."""
    zones = tuple(ZoneOrder(name, _pixels(camera, corners), "walking") for name, corners in ZONES_M.items())
    lines = tuple(LineOrder(name, *_pixels(camera, ends)) for name, ends in LINES_M.items())
    ground = tuple(float(one) for one in camera.homography.reshape(9))
    return meter_of(CameraOrder(camera="plaza", source="file:///none", ground=ground, zones=zones, lines=lines), SIZE)


def _pixels(camera: Camera, points_m: Sequence[Point]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in camera.to_px(np.array(points_m)))


def true_sightings(paths: Sequence[Path], camera: Camera, seconds: float, seed: int) -> Iterator[Sighting]:
    """What a detector would say of walkers whom nothing but the picture's border hides: their boxes, with its jitter and its misses."""
    rng = np.random.default_rng(seed)
    offsets = {path.person: rng.normal((0, BELOW), OFFSET) for path in paths}
    for look in range(round(seconds * LOOKS_HZ)):
        time_s = look / LOOKS_HZ
        there = [path for path in paths if path.present(time_s)]
        boxes = _boxes(camera, np.array([path.at(time_s).xy_m for path in there]).reshape(-1, 2), rng, [offsets[path.person] for path in there])
        count = len(boxes)
        yield Sighting(time_s, boxes, rng.uniform(0.7, 0.9, count), np.ones(count), np.zeros(count))


def _boxes(camera: Camera, feet_m: Floats, rng: np.random.Generator, offsets: Sequence[Floats]) -> Floats:
    """(n, 4) boxes of those in the picture, in pixels."""
    feet = camera.to_px(feet_m)
    heights = camera.px_per_m(feet_m) * PERSON_M
    inside = np.isfinite(feet).all(1) & (feet[:, 0] >= 0) & (feet[:, 0] < SIZE.width_px) & (feet[:, 1] < SIZE.height_px)
    inside &= rng.random(len(feet)) >= MISSED
    feet, heights = (feet + np.array(offsets).reshape(-1, 2) * heights[:, None])[inside], heights[inside, None]
    x, y = feet[:, :1], feet[:, 1:]
    boxes = np.hstack([x - WIDTH / 2 * heights, y - heights, x + WIDTH / 2 * heights, y])
    boxes += rng.normal(0, SIDES, boxes.shape) * heights
    return np.clip(boxes, 0, (SIZE.width_px, SIZE.height_px, SIZE.width_px, SIZE.height_px))


def seen_sightings(plaza: Plaza, most_frames: int | None) -> Iterator[Sighting]:
    """What the gate's looks at rendered pictures say."""
    gate = Gate(SIZE, GateSettings(live_looks_hz=LOOKS_HZ), load_detector("yolox-nano", "cpu").detector)
    for number, shot in enumerate(plaza):
        if most_frames is not None and number >= most_frames:
            return
        before = gate.sighting
        gate.see(shot.picture, shot.time_s)
        if gate.sighting is not None and gate.sighting is not before:
            yield gate.sighting


def minutes_of(meter: Meter, looks: Iterable[Sighting]) -> list[Measurement]:
    """The minutes that are told; the last one may be short."""
    told = [message for look in looks for message in meter.see(look, look.time_s)]
    return [message for message in [*told, *meter.end()] if isinstance(message, Measurement)]


def rows_of(paths: Iterable[Path]) -> list[Row]:
    """True trajectories as PedPy takes them: ten frames a second."""
    return [
        (path.person, round(float(time_s) / STEP_S), float(x), float(y))
        for path in paths
        for time_s, (x, y) in zip(path.times_s, path.xy_m, strict=True)
    ]


def compared(told: Sequence[Measurement], paths: Sequence[Path]) -> list[Compared]:
    """Each figure of each zone and line over all of these minutes."""
    steps = round(1 / STEP_S)
    spans = [(one.minute_wall_s * steps, round((one.minute_wall_s + one.covered_s) * steps)) for one in told]
    true = measured(rows_of(paths), steps, ZONES_M, LINES_M, spans)
    found = []
    for number, name in enumerate(ZONES_M):
        found += _of_zone(name, [one.zones[number] for one in told], true["zones"][name]["minutes"])
    for number, name in enumerate(LINES_M):
        theirs = true["lines"][name]
        counted = [one.lines[number] for one in told]
        passed_s = sum(one.covered_s for one in told)
        flows = [((one.flow_ab or 0.0) + (one.flow_ba or 0.0)) * minute.covered_s / passed_s for one, minute in zip(counted, told, strict=True)]
        for measure, what in ((FLOW, "crossings"), (N_T, "n_t")):
            crossings = sum(one[what] for one in theirs["minutes"])
            found.append(Compared(name, measure, sum(flows), crossings / (theirs["length_m"] * passed_s)))
    return found


def _of_zone(name: str, ours: Sequence[Any], theirs: Sequence[Mapping[str, Any]]) -> list[Compared]:
    """Median speed of each minute, as a mean weighed by people as in roll-ups, and density."""
    both = [
        (one.speed_m_s[1], true["speed_median"], true["speeds"]) for one, true in zip(ours, theirs, strict=True) if one.speed_m_s and true["speeds"]
    ]
    weights = [weight for _, _, weight in both]
    told, true = (float(np.average([row[place] for row in both], weights=weights)) for place in (0, 1)) if both else (math.nan, math.nan)
    density = float(np.mean([one.per_m2 for one in ours])), float(np.mean([one["density"] for one in theirs]))
    return [Compared(name, "speed, m/s", told, true), Compared(name, "density, 1/m²", *density)]


def from_truth(seed: int, walkers: int, minutes: int) -> list[Compared]:
    """A crowd's true foot points, as a detector would see them."""
    plaza = plaza_of(seed, walkers, minutes)
    looks = true_sightings(plaza.paths, plaza.camera, float(minutes * MINUTE_S), seed)
    told = [one for one in minutes_of(meter_over(plaza.camera), looks) if one.covered_s >= LEAST_COVERED_S]
    return compared(told, plaza.paths)


def through_pixels(seed: int, walkers: int, minutes: int, most_frames: int | None = None) -> list[Compared]:
    """A crowd's rendered pictures, through gate and detector."""
    plaza = plaza_of(seed, walkers, minutes)
    told = minutes_of(meter_over(plaza.camera), seen_sightings(plaza, most_frames))
    if most_frames is None:
        told = [one for one in told if one.covered_s >= LEAST_COVERED_S and one.minute_wall_s >= LEARN_MINUTES * MINUTE_S]
    return compared(told, plaza.paths)


def pooled(found: Sequence[Sequence[Compared]]) -> list[Compared]:
    """The mean of each figure over crowds that were measured for the same time."""
    together = []
    for of_all in zip(*found, strict=True):
        told, pedpy = (float(np.mean([getattr(one, name) for one in of_all])) for name in ("told", "pedpy"))
        together.append(Compared(of_all[0].place, of_all[0].measure, told, pedpy))
    return together


def speeds(*, small: bool) -> dict[str, Any]:
    """Both. `pooled` is the mean over the crowds, which `crowds` tells one by one."""
    minutes = SMALL_MINUTES if small else MINUTES
    crowds = list(zip(SEEDS, WALKERS, strict=True))[: 1 if small else None]
    found = [from_truth(seed, walkers, minutes) for seed, walkers in crowds]
    seen = through_pixels(PIXEL_SEED, WALKERS[0], 1, SMALL_FRAMES) if small else through_pixels(PIXEL_SEED, WALKERS[0], PIXEL_MINUTES)
    return {
        "minutes": minutes,
        "boxes": {"sides": SIDES, "offset": OFFSET, "below": BELOW, "missed": MISSED},
        "crowds": [{"seed": seed, "walkers": walkers, "figures": _plain(one)} for (seed, walkers), one in zip(crowds, found, strict=True)],
        "pooled": _plain(pooled(found)),
        "pixels": _plain(seen),
    }


def _plain(found: Sequence[Compared]) -> list[dict[str, Any]]:
    return [{"place": one.place, "measure": one.measure, "told": one.told, "pedpy": one.pedpy, "error": one.error} for one in found]
