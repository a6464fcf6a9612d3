"""A camera that is covered, moved, frozen or unplugged, through pixels: the simulated plaza, the real gate, the rule that watches every camera."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.attack_groups import seed_of
from bench.hazard_world import START_S
from passerby.hazards.alert import What
from passerby.hazards.engine import LAG_S, Engine
from passerby.redact.detection import load_detector
from passerby.released.messages import SceneMessage
from passerby.released.scene import Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.simulate.events import Event, EventKind
from passerby.simulate.path import Crowd
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.reading import site_of
from passerby.site.settings import Site

SIZE: Final = Size(576, 432)
FPS: Final = 5
BEFORE_S: Final = 40.0
AFTER_S: Final = 24.0
WITHIN_S: Final = {"covered": 5.0, "moved": 10.0, "frozen": 15.0, "unplugged": 5.0}
EVENTS: Final = {"covered": EventKind.COVER, "moved": EventKind.BUMP, "frozen": EventKind.FREEZE}


@dataclass(frozen=True, slots=True)
class Noticed:
    """A camera that failed: how, on which seed, after how many seconds that was told (None = not), and what was told for nothing before."""

    what: str
    seed: int
    after_s: float | None
    for_nothing: int


def site_with_camera() -> Site:
    """A site with one camera and no rule of its own: the one that comes by itself."""
    text = '[site]\nname = "Bench"\n[[camera]]\nid = "plaza"\nsource = "rtsp://127.0.0.1/x"\npurpose = "Rules are measured."\n'
    site, problems = site_of(text, Path("bench") / "site.toml")
    if site is None:
        raise SystemExit(f"the bench's own site: {problems}")
    return site


def noticed(what: str, seed: int) -> Noticed:
    """Has a camera fail, and looks how long it takes to be told: the rule is read `LAG_S` after each second."""
    rng = np.random.default_rng(seed)
    at_s = BEFORE_S + float(rng.uniform(0, 4))
    kind = EVENTS.get(what)
    settings = SimulationSettings(
        size=SIZE,
        fps=FPS,
        seconds=at_s + AFTER_S,
        crowd=Crowd(walkers=int(rng.integers(2, 9))),
        motion_seed=seed,
        gait_seed=seed,
        appearance_seed=seed,
        place_seed=seed,
        events=() if kind is None else (Event(kind, at_s),),
    )
    gate, engine = Gate(SIZE, GateSettings(), load_detector("yolox-nano", "cpu").detector), Engine(site_with_camera())
    second, told, nothing = 0, None, 0
    for shot in Plaza(settings):
        while shot.time_s > second:
            second += 1
            for event in engine.tick(START_S + second):
                if event.what is What.OPENED:
                    told, nothing = (second, nothing) if second > at_s and told is None else (told, nothing + (second <= at_s))
        if told is not None:
            break
        if what != "unplugged" or shot.time_s < at_s:
            scene = gate.see(shot.picture, shot.time_s)
            engine.accept(SceneMessage("plaza", START_S + shot.time_s, 0.0, 0.0, shot.time_s, 1, False, scene))
    return Noticed(what, seed, None if told is None else told + LAG_S - at_s, nothing)


def pixels(commit: str, times: int) -> dict[str, Any]:
    """Each failure so many times."""
    found = {}
    for what, within_s in WITHIN_S.items():
        rows = [noticed(what, seed_of(commit, "pixels", what, number) % 2**31) for number in range(times)]
        after = [one.after_s for one in rows if one.after_s is not None]
        found[what] = {
            "times": times,
            "noticed": len(after),
            "in_time": sum(one <= within_s for one in after),
            "most_s": max(after, default=None),
            "after_s": after,
            "for_nothing": sum(one.for_nothing for one in rows),
            "wanted_s": within_s,
        }
    return found
