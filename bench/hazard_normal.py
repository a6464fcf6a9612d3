"""Normal life through pixels: hours of the simulated plaza in which nothing happens that a rule is there for, and what is told all the same.

People come and go, alone and in groups, stop, queue at the kiosk; trees sway, clouds pass, evening falls, the sensor is noisy, cars go by.
Whoever would bring a rule to its limit is left out before a picture is painted: what is left is below every limit by truth, and comes near.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from bench.attack_groups import seed_of
from bench.hazard_places import (
    AGAINST,
    DENSITY,
    DESK,
    EXIT,
    EXIT_M,
    FOR_S,
    OCCUPANCY,
    QUEUE,
    SIZE,
    SQUARE,
    STAIRS,
    TRACKS,
    area_m2,
    condition_of,
    settings_in,
    site_of_plaza,
    within,
)
from bench.hazard_trials import most_an_hour
from bench.hazard_watch import Watching, mapped
from passerby.redact.detection import load_detector
from passerby.sealed.gate.detector import Detector
from passerby.simulate.events import Event, EventKind
from passerby.simulate.measures import RIGHT_TO_LEFT, CrossingCounter
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
NEAR_LIMIT: Final = 0.75
"""A rule's value stays below so much of its limit."""
EDGE_M: Final = 0.3
"""Nobody comes nearer to the tracks, as in `hazard_life`: a foot is not told to centimetres."""
CARS_EVERY_S: Final = 75.0


@dataclass(frozen=True, slots=True)
class Normal:
    """A clip of normal life, and what was told in it.

    Attributes:
        condition, seed: Which.
        seconds: How long; measured_s: for how much of it the gate could see, and counted.
        people: So many came; left_out: so many more would have brought a rule near its limit.
        alerts: What was told.
    """

    condition: str
    seed: int
    seconds: float
    measured_s: float
    people: int
    left_out: int
    alerts: tuple[str, ...]


class Room:
    """Says who may still come, so that every rule stays below its limit by truth.

    Args:
        seconds: Length of the clip.
    """

    def __init__(self, seconds: float) -> None:
        self._count = int(np.ceil(seconds)) + 1
        self._most = {SQUARE: NEAR_LIMIT * OCCUPANCY, DESK: NEAR_LIMIT * QUEUE, STAIRS: NEAR_LIMIT * DENSITY * area_m2(STAIRS)}
        self.there = {zone: np.zeros(self._count, int) for zone in self._most}
        self.against = np.zeros(self._count, int)

    def takes(self, path: Path) -> bool:
        """Takes somebody in, if there is room for them."""
        if within(path.xy_m, TRACKS, EDGE_M).any():
            return False
        second = np.clip(path.times_s.astype(int), 0, self._count - 1)
        there = {zone: np.zeros(self._count, int) for zone in self._most}
        for zone, one in there.items():
            one[second[within(path.xy_m, zone)]] = 1
        against = np.zeros(self._count, int)
        counter = CrossingCounter({EXIT: EXIT_M})
        for frame, (time_s, (x, y)) in enumerate(zip(path.times_s, path.xy_m, strict=True)):
            for crossing in counter.step(frame, {0: (float(x), float(y))}):
                against[min(self._count - 1, int(time_s))] += crossing.direction == RIGHT_TO_LEFT
        rate = np.convolve(self.against + against, np.ones(int(FOR_S["counter-flow"]))) * 60 / FOR_S["counter-flow"]
        if rate.max() > NEAR_LIMIT * AGAINST or any((self.there[zone] + there[zone]).max() > most for zone, most in self._most.items()):
            return False
        self.against = self.against + against
        self.there = {zone: self.there[zone] + there[zone] for zone in self._most}
        return True


def normal_clip(seed: int, condition: str, seconds: float, detector: Detector) -> Normal:
    """Some minutes of normal life."""
    settings = _settings(seed, condition, seconds)
    everybody = sorted(Plaza(settings).paths, key=lambda path: float(path.times_s[0]))
    room = Room(seconds)
    people = [path for path in everybody if room.takes(path)]
    watching = Watching(site_of_plaza(), SIZE, detector)
    for shot in Plaza(settings, paths=people):
        if shot.time_s >= LEARNS_S:
            watching.look(HZ)
        watching.see(shot.picture, shot.time_s)
    alerts = tuple(f"{one.rule}: {one.words} at {one.at_s:g} s" for one in watching.told)
    return Normal(condition, seed, seconds, watching.measured_s, len(people), len(everybody) - len(people), alerts)


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


def normal_json(found: Sequence[Normal]) -> list[dict[str, Any]]:
    """The same for JSON."""
    return [{name: getattr(one, name) for name in Normal.__slots__} for one in found]


def _normal(asked: tuple[int, str, float]) -> Normal:
    return normal_clip(*asked, load_detector("yolox-nano", "cpu").detector)
