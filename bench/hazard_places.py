"""The simulated plaza as a site: where its zones and lines are, in metres, and rules of every kind as a user declares them.

Looked at from where its camera hangs; `tracks` is a strip of the plaza that is taken to be none of the walkers' business.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.hazard_watch import ADDRESS, CAMERA, read_site
from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.events import Event, EventKind
from passerby.simulate.settings import SimulationSettings
from passerby.site.settings import Site

Floats = NDArray[np.float64]
Point = tuple[float, float]
SIZE: Final = Size(576, 432)
STAIRS, SQUARE, TRACKS, WALKWAY, FLOOR, DESK, EXIT = "stairs", "square", "tracks", "walkway", "floor", "desk", "exit"
ZONES_M: Final[Mapping[str, tuple[float, float, float, float]]] = MappingProxyType(
    {
        STAIRS: (-2.2, 7.8, 2.2, 12.2),
        SQUARE: (-4.5, 9.0, 4.5, 18.0),
        TRACKS: (-1.6, 12.9, 2.3, 15.3),
        WALKWAY: (-6.2, 14.0, -3.6, 18.0),
        FLOOR: (-2.0, 10.8, 2.2, 16.2),
        DESK: (-4.2, 8.9, 2.8, 11.0),
    }
)
"""Left, near, right, far: metres."""
EXIT_M: Final[tuple[Point, Point]] = ((0.0, 8.2), (0.0, 12.6))
"""People should cross it to the right."""
DENSITY: Final = 2.15
"""The rule's own limit where people walk."""
RISE: Final = 1.0
OCCUPANCY: Final = 12
QUEUE: Final = 5
AGAINST: Final = 6.0
FOR_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        "density": 20,
        "rise": 20,
        "occupancy": 10,
        "forbidden": 2,
        "occupied": 10,
        "counter-flow": 30,
        "surge": 0,
        "left-object": 60,
        "static": 60,
        "queue": 30,
    }
)
"""`for` of each rule. What lies is told after a minute and a queue after half of one, so that an incident is not minutes of pictures."""
MEASURED_OVER: Final = frozenset({"counter-flow"})
"""Rules whose `for` is what they count over: they need not wait for it."""
CONDITIONS: Final = ("day", "dusk", "noise")
NOISE_SIGMA: Final = 4.0
"""Twice the simulator's usual noise."""


def site_of_plaza(size: Size = SIZE) -> Site:
    """The site: its camera with its ground, zones, a line, and rules of all kinds."""
    camera = Camera.over_plaza(size)
    ground = [round(float(one), 6) for one in camera.homography.reshape(9)]
    text = f'[site]\nname = "Bench"\n[[camera]]\nid = "{CAMERA}"\nsource = "{ADDRESS}"\npurpose = "Rules are measured."\nground = {ground}\n'
    for zone in ZONES_M:
        kind = "queue" if zone == DESK else "walking"
        text += f'[[zone]]\ncamera = "{CAMERA}"\nid = "{zone}"\nkind = "{kind}"\npolygon = {_pixels(camera, corners_m(zone))}\n'
    text += f'[[line]]\ncamera = "{CAMERA}"\nid = "{EXIT}"\npoints = {_pixels(camera, np.array(EXIT_M))}\n'
    return read_site(text + rules_text())


def rules_text() -> str:
    """The rules, one of each kind and two of some."""
    rules = (
        ("density", "density", f'zone = "{STAIRS}"\n'),
        # What rises in an incident stays below this limit: only the rise can tell.
        ("rise", "density", f'zone = "{STAIRS}"\nlimit = {DENSITY}\nrise = {RISE:g}\n'),
        ("occupancy", "occupancy", f'zone = "{SQUARE}"\nlimit = {OCCUPANCY}\n'),
        ("forbidden", "forbidden", f'zone = "{TRACKS}"\n'),
        ("occupied", "forbidden", f'zone = "{TRACKS}"\nseverity = "alarm"\n'),
        ("counter-flow", "counter-flow", f'line = "{EXIT}"\ndirection = "ab"\n'),
        ("surge", "surge", f'zone = "{SQUARE}"\n'),
        ("left-object", "left-object", f'zone = "{FLOOR}"\n'),
        ("static", "static", f'zone = "{WALKWAY}"\n'),
        ("queue", "queue", f'zone = "{DESK}"\nlimit = {QUEUE}\n'),
    )
    return "".join(
        f'[[hazard]]\nid = "{name}"\nkind = "{kind}"\ncamera = "{CAMERA}"\nfor = "{FOR_S[name]:g} s"\n{more}' for name, kind, more in rules
    )


def corners_m(zone: str) -> Floats:
    """(4, 2) corners of a zone."""
    left, near, right, far = ZONES_M[zone]
    return np.array([(left, near), (right, near), (right, far), (left, far)])


def area_m2(zone: str) -> float:
    """The area of a zone."""
    left, near, right, far = ZONES_M[zone]
    return (right - left) * (far - near)


def within(places_m: Floats, zone: str, margin_m: float = 0.0) -> NDArray[np.bool_]:
    """Which of (n, 2) places lie in a zone that is larger by a margin."""
    left, near, right, far = ZONES_M[zone]
    x, y = places_m[:, 0], places_m[:, 1]
    found: NDArray[np.bool_] = (x >= left - margin_m) & (x <= right + margin_m) & (y >= near - margin_m) & (y <= far + margin_m)
    return found


def condition_of(number: int) -> str:
    """Conditions in turn."""
    return CONDITIONS[number % len(CONDITIONS)]


def settings_in(settings: SimulationSettings, condition: str) -> SimulationSettings:
    """The settings by day (wind in the trees, clouds), at dusk (it gets dark within the clip) or with a noisy sensor."""
    if condition == "day":
        return replace(settings, wind=True, clouds=True)
    if condition == "dusk":
        return replace(settings, events=(*settings.events, Event(EventKind.DUSK, 0.0, settings.seconds)))
    return replace(settings, noise_sigma=NOISE_SIGMA)


def _pixels(camera: Camera, places_m: Floats) -> list[list[float]]:
    """Pixels inside of the picture."""
    size = camera.size
    px = camera.to_px(places_m)
    return [[round(float(np.clip(x, 0, size.width_px - 1)), 1), round(float(np.clip(y, 0, size.height_px - 1)), 1)] for x, y in px]
