"""Normal life through pixels: hours of the simulated plaza in which nothing happens that a rule is there for, and what is told all the same.

People come and go, alone and in groups, stop, queue at the kiosk, and stand about in the square, at the desk and in the walkway for as long as there
is room; trees sway, clouds pass, evening falls, the sensor is noisy, cars go by. Whoever would bring a rule above three quarters of its limit is left
out before a picture is painted (`hazard_room`). How near each rule came is told beside the alerts, as the highest share of its limit by truth. It is
not the same for all: most of the stairs lies in the square, so where no more than nine people may be in the square, density and its rise stay far
below, and that they tell nothing says nothing of crowds. Nobody runs, nobody is on the tracks, nothing is left.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.attack_groups import seed_of
from bench.hazard_places import DESK, SIZE, SQUARE, WALKWAY, ZONES_M, condition_of, settings_in, site_of_plaza
from bench.hazard_room import NEVER, Room, highest
from bench.hazard_staging import CROWD, SIDES_M, SWAY_M, WALK_M_S, way
from bench.hazard_trials import most_an_hour
from bench.hazard_watch import Watching, mapped
from passerby.redact.detection import load_detector
from passerby.sealed.gate.detector import Detector
from passerby.simulate.events import Event, EventKind
from passerby.simulate.path import Crowd, Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings

HZ: Final = 2.0
"""Pictures and looks a second: the least that a camera gets, on a machine that has as many as it can take."""
LEARNS_S: Final = 60.0
"""Until then nothing is spared in what is looked at before the place is shown: a camera is not always new."""
CLIPS: Final = 12
CLIP_S: Final = 600.0
SMALL_S: Final = 90.0
WALKERS: Final = (6, 18)
QUEUEING: Final = 4
GROUPS: Final = 0.4
COMES_EVERY_S: Final = 4.0
"""Somebody who would like to stand about; in a full place they are left out."""
STANDS_S: Final = (10.0, 120.0)
STANDS_AT_M: Final = (
    *((SQUARE, y_m) for y_m in ((9.4, 12.2), (15.9, 17.6))),
    (DESK, (9.2, 10.8)),
    (WALKWAY, (15.9, 17.6)),
)
"""Where, and how far off: the tracks are in between, and their edge is not to be stood at."""
BORDER_M: Final = 0.5
AGAINST_SHARE: Final = 0.2
"""Of them, those who do not stop and go through the exit against its direction."""
AGAINST_Y_M: Final = (9.0, 12.2)
CARS_EVERY_S: Final = 75.0


@dataclass(frozen=True, slots=True)
class Normal:
    """A clip of normal life, and what was told in it.

    Attributes:
        condition, seed: Which.
        seconds: How long; measured_s: for how much of it the gate could see, and counted.
        people: So many came; left_out: so many more would have brought a rule above three quarters of its limit.
        reached: The highest share of each rule's limit, by truth.
        alerts: What was told.
    """

    condition: str
    seed: int
    seconds: float
    measured_s: float
    people: int
    left_out: int
    reached: Mapping[str, float]
    alerts: tuple[str, ...]


def normal_clip(seed: int, condition: str, seconds: float, detector: Detector) -> Normal:
    """Some minutes of normal life."""
    settings = _settings(seed, condition, seconds)
    everybody = [*Plaza(settings).paths, *standing_about(seed, seconds)]
    room = Room(seconds)
    people = [path for path in sorted(everybody, key=lambda path: float(path.times_s[0])) if room.takes(path)]
    reached = room.shares()
    if max(reached.values()) >= 1:
        raise SystemExit(f"a normal clip is none, seed {seed}: by truth {reached}")
    watching = Watching(site_of_plaza(), SIZE, detector)
    for shot in Plaza(settings, paths=people):
        if shot.time_s >= LEARNS_S:
            watching.look(HZ)
        watching.see(shot.picture, shot.time_s)
    return Normal(condition, seed, seconds, watching.measured_s, len(people), len(everybody) - len(people), reached, watching.alerts)


def standing_about(seed: int, seconds: float) -> Iterator[Path]:
    """People who come, stand about for a while and go back, and some who go against the direction; more of them than there is room for."""
    rng = np.random.default_rng([seed, 1])
    person, at_s = CROWD, float(rng.exponential(COMES_EVERY_S))
    while at_s < seconds:
        zone, (near, far) = STANDS_AT_M[int(rng.integers(len(STANDS_AT_M)))]
        left, _, right, _ = ZONES_M[zone]
        x, y = float(rng.uniform(left + BORDER_M, right - BORDER_M)), float(rng.uniform(near, far))
        side, stays_s, speed_m_s = math.copysign(SIDES_M, x), float(rng.uniform(*STANDS_S)), float(np.clip(rng.normal(*WALK_M_S), 0.8, 2.0))
        walk_s = abs(side - x) / speed_m_s
        points = [(at_s, side, y), (at_s + walk_s, x, y), (at_s + walk_s + stays_s, x, y), (at_s + 2 * walk_s + stays_s, side, y)]
        if rng.random() < AGAINST_SHARE:
            y = float(rng.uniform(*AGAINST_Y_M))
            points = [(at_s, SIDES_M, y), (at_s + 2 * SIDES_M / speed_m_s, -SIDES_M, y)]
        yield way(person, points, facing_rad=float(rng.uniform(-3, 3)), sway=SWAY_M)
        person, at_s = person + 1, at_s + float(rng.exponential(COMES_EVERY_S))


def _settings(seed: int, condition: str, seconds: float) -> SimulationSettings:
    rng = np.random.default_rng(seed)
    small = seed % 2**31
    passing = tuple(Event(EventKind.CAR_PASSES, float(at_s)) for at_s in np.arange(rng.uniform(10, CARS_EVERY_S), seconds, CARS_EVERY_S))
    plain = SimulationSettings(
        size=SIZE,
        fps=HZ,
        seconds=seconds,
        crowd=Crowd(walkers=int(rng.integers(*WALKERS)), queueing=QUEUEING, groups=GROUPS),
        motion_seed=small,
        gait_seed=small,
        appearance_seed=small,
        place_seed=small,
        wind=True,
        parked=int(rng.integers(0, 6)),
        events=passing,
    )
    return settings_in(plain, condition)


def normal(commit: str, jobs: int, *, small: bool) -> list[Normal]:
    """All clips: two hours."""
    clips, seconds = (2, SMALL_S) if small else (CLIPS, CLIP_S)
    asked = [(seed_of(commit, "normal", number), condition_of(number), seconds) for number in range(clips)]
    found = []
    for one in mapped(_normal, asked, jobs):
        found.append(one)
        print(
            f"  clip {len(found)}, {one.condition}: {one.people} people, {one.left_out} left out; alerts: {'; '.join(one.alerts) or 'none'}",
            flush=True,
        )
    return found


def normal_rows(found: Sequence[Normal]) -> Iterator[list[str]]:
    """Rows of the table."""
    hours, alerts = sum(one.seconds for one in found) / 3600, sum(len(one.alerts) for one in found)
    told = f"{alerts}; <= {most_an_hour(alerts, hours):.2f} an hour"
    yield [
        "false alerts, normal life through pixels",
        f"{hours:.2g} h",
        told,
        "<= 1 in all",
        f"measured {sum(one.measured_s for one in found) / 3600:.2f} h",
    ]
    for rule, share in highest([one.reached for one in found]).items():
        yield [f"normal life, highest share of the limit of '{rule}'", "by truth", f"{share:.0%}", "< 100 %", NEVER.get(rule, "")]


def normal_json(found: Sequence[Normal]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [{name: getattr(one, name) for name in Normal.__slots__} for one in found]


def _normal(asked: tuple[int, str, float]) -> Normal:
    return normal_clip(*asked, load_detector("yolox-nano", "cpu").detector)
