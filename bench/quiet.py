"""A simulated hour in which nobody comes: trees in wind, clouds that pass, rain, dusk; parked cars, a noisy sensor. How many persons are counted.

Five pictures a second, so that an hour takes half an hour at most. Each weather is a clip of its own: gate and place begin anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from bench.clips import Picture
from bench.count_looks import SHIPPED_LOOKS_HZ, seen
from bench.count_measure import Line
from passerby.released.scene import Size
from passerby.simulate.path import Crowd
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings

HZ: Final = 5.0
HOUR_S: Final = 3600.0
SMALL_S: Final = 30.0
PARKED: Final = 5
NOISE_SIGMA: Final = 4.0
"""Grey levels: twice that of the simulator as it comes."""
SEEDS: Final = (8009, 8011, 8017)
WANTED_EMPTY: Final = 0.995


@dataclass(frozen=True, slots=True)
class Weather:
    """A part of the hour."""

    name: str
    settings: SimulationSettings


def weathers(seconds: float) -> list[Weather]:
    """The parts, together so long, in seconds. Trees sway and clouds pass in all of them."""
    common = SimulationSettings(
        size=Size(768, 576),
        fps=HZ,
        seconds=seconds / len(SEEDS),
        crowd=Crowd(walkers=0),
        wind=True,
        clouds=True,
        parked=PARKED,
        noise_sigma=NOISE_SIGMA,
    )
    dry, rain, dusk = (replace(common, place_seed=seed) for seed in SEEDS)
    return [Weather("wind and clouds", dry), Weather("rain", replace(rain, rain=True)), Weather("dusk", replace(dusk, dusk=True))]


def lines_of(plaza: Plaza) -> dict[str, Line]:
    """The plaza's own lines, in pixels."""
    found: dict[str, Line] = {}
    for name, ends in plaza.ground.lines_m.items():
        (ax, ay), (bx, by) = plaza.camera.to_px(np.array(ends)).tolist()
        found[name] = (ax, ay), (bx, by)
    return found


def quiet(*, small: bool) -> dict[str, Any]:
    """All weathers: shares are over frames; `seen` is the share of looks at which the gate could see."""
    seconds = SMALL_S if small else HOUR_S
    rows = [_of(weather) for weather in weathers(seconds)]
    frames = sum(row["frames"] for row in rows)
    return {
        "simulated_s": seconds,
        "hz": HZ,
        "empty": sum(row["empty"] * row["frames"] for row in rows) / frames,
        "crossings": sum(row["crossings"] for row in rows),
        "rows": rows,
    }


def _of(weather: Weather) -> dict[str, Any]:
    plaza = Plaza(weather.settings, paths=())
    told = seen(_pictures(plaza), HZ, SHIPPED_LOOKS_HZ, lines_of(plaza))
    frames = len(told.standing)
    return {
        "weather": weather.name,
        "seed": weather.settings.place_seed,
        "frames": frames,
        "seen": told.looks / frames,
        "empty": sum(not standing for standing in told.standing) / frames,
        "most": max(len(standing) for standing in told.standing),
        "unconfirmed": told.unconfirmed,
        "crossings": len(told.crossings),
    }


def _pictures(plaza: Plaza) -> Iterator[tuple[float, Picture]]:
    for shot in plaza:
        yield shot.time_s, shot.picture
