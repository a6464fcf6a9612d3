"""The simulated clips that the gate is tried on: drawn from the commit's hash, so that nobody can have tuned on them.

Of eight clips in a row one is infrared and one has dusk; of four, one has its light switched and one is bumped. The rest is drawn.
"""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.attack_groups import seed_of
from passerby.released.scene import Size
from passerby.simulate.events import Event, EventKind
from passerby.simulate.path import Crowd
from passerby.simulate.settings import SimulationSettings

SIZE: Final = Size(768, 576)
SECONDS: Final = 150.0
FPS: Final = 5
DURING_S: Final = 3.0
AFTER_S: Final = 25.0
"""What is shown within 3 s of a switch or a bump counts as during it, up to 25 s as after it."""
HAZARDS: Final = (EventKind.BAG_LEFT, EventKind.BAG_THROWN, EventKind.SMOKE)
WATCHED: Final = (EventKind.LIGHT_SWITCH, EventKind.BUMP)
STARTUP_SIZES: Final = (Size(384, 288), Size(576, 432), Size(768, 576))
STARTUP_STILL: Final = 14
STARTUP_FPS: Final = 2
STARTUP_S: Final = 100.0
INFRARED_STARTUP_S: Final = 220.0


@dataclass(frozen=True)
class Scenario:
    """A clip to simulate: its name, what kind of light it has (colour, dusk or infrared), and everything else."""

    name: str
    light: str
    settings: SimulationSettings

    def moments(self) -> Callable[[float], Sequence[str]]:
        """Says what happens at a time: during or after a light switch or a bump."""
        times = [(event.kind.value, at_s) for event in self.settings.events if event.kind in WATCHED for at_s in _changes_s(event)]

        def told(time_s: float) -> Sequence[str]:
            during = [f"{kind} during" for kind, at_s in times if at_s <= time_s < at_s + DURING_S]
            after = [f"{kind} after" for kind, at_s in times if at_s + DURING_S <= time_s < at_s + AFTER_S]
            return sorted({*during, *after})

        return told


def commit_of(folder: Path) -> str:
    """The hash of the commit that is checked out."""
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def clips(commit: str, count: int, seconds: float = SECONDS) -> list[Scenario]:
    """The first so many clips of a commit; a shorter clip has its events earlier."""
    return [_clip(commit, number, seconds) for number in range(count)]


def startups(commit: str, count: int, seconds: float = STARTUP_S) -> list[Scenario]:
    """Clips of nothing but people who never move, of several sizes: for those who are missed from start-up."""
    found = []
    for number in range(count):
        rng = np.random.default_rng(seed_of(commit, "startup", number))
        infrared, dusk = number % 6 == 5, number % 6 == 2
        settings = SimulationSettings(
            size=STARTUP_SIZES[number % len(STARTUP_SIZES)],
            fps=STARTUP_FPS,
            seconds=seconds * (INFRARED_STARTUP_S / STARTUP_S if infrared else 1.0),
            crowd=Crowd(walkers=0, still=STARTUP_STILL, queueing=0, groups=0.0, counter_flow=False),
            motion_seed=_seed(rng),
            gait_seed=_seed(rng),
            appearance_seed=_seed(rng),
            place_seed=_seed(rng),
            wind=bool(rng.random() < 0.3),
            clouds=bool(rng.random() < 0.3),
            rain=bool(rng.random() < 0.1),
            infrared=infrared,
            dusk=dusk,
            noise_sigma=float(rng.uniform(1.0, 3.0)),
            windows=bool(rng.random() < 0.5),
            parked=int(rng.integers(0, 3)),
        )
        found.append(Scenario(f"startup-{number:03d}", _light(settings), settings))
    return found


def _clip(commit: str, number: int, seconds: float) -> Scenario:
    rng = np.random.default_rng(seed_of(commit, "clip", number))
    crowd = Crowd(
        walkers=int(rng.integers(3, 19)),
        still=int(rng.integers(1, 5)),
        queueing=int(rng.integers(0, 4)),
        groups=float(rng.uniform(0, 0.5)),
        counter_flow=bool(rng.random() < 0.25),
    )
    settings = SimulationSettings(
        size=SIZE,
        fps=FPS,
        seconds=seconds,
        crowd=crowd,
        motion_seed=_seed(rng),
        gait_seed=_seed(rng),
        appearance_seed=_seed(rng),
        place_seed=_seed(rng),
        wind=bool(rng.random() < 0.4),
        clouds=bool(rng.random() < 0.3),
        rain=bool(rng.random() < 0.15),
        infrared=number % 8 == 7,
        dusk=number % 8 == 3,
        noise_sigma=float(rng.uniform(1.0, 3.0)),
        windows=bool(rng.random() < 0.6),
        clock=bool(rng.random() < 0.3),
        parked=int(rng.integers(0, 5)),
        events=_events(rng, number, seconds),
    )
    return Scenario(f"clip-{number:03d}", _light(settings), settings)


def _events(rng: np.random.Generator, number: int, seconds: float) -> tuple[Event, ...]:
    """What happens, at parts of the clip's length: what spoils the plate early enough to settle again, hazards when it has."""
    found: list[Event] = []
    if number % 4 == 1:
        at = rng.uniform(0.15, 0.2)
        until = at + 0.1 if rng.random() < 0.5 else 1.0
        found.append(Event(kind=EventKind.LIGHT_SWITCH, at_s=float(at * seconds), until_s=float(until * seconds)))
    if number % 4 == 2:
        at = rng.uniform(0.15, 0.3)
        found.append(Event(kind=EventKind.BUMP, at_s=float(at * seconds), until_s=float((at + 0.05) * seconds)))
    if number % 2 == 0:
        kind = HAZARDS[number // 2 % len(HAZARDS)]
        at = rng.uniform(0.7, 0.8)
        found.append(Event(kind=kind, at_s=float(at * seconds), until_s=seconds))
    for kind in (EventKind.CAR_PASSES, EventKind.BICYCLE_PASSES):
        if rng.random() < 0.4:
            at = rng.uniform(0.1, 0.9)
            found.append(Event(kind=kind, at_s=float(at * seconds), until_s=float(min(1.0, at + 0.1) * seconds)))
    return tuple(sorted(found, key=lambda event: event.at_s))


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _light(settings: SimulationSettings) -> str:
    return "infrared" if settings.infrared else "dusk" if settings.dusk else "colour"


def _changes_s(event: Event) -> list[float]:
    """When the picture changes: a switched light is switched back."""
    return [event.at_s, event.until_s] if event.kind is EventKind.LIGHT_SWITCH else [event.at_s]
