"""Whether the attack on measurements works at all: people who keep their pace from visit to visit, seen without pixels, and without anything else.

The walkers of the other attacks get a new speed each time, so that nothing is linked but looks and gait. Here the speed is the walker's own, as
with real people; their true places become boxes as jittered as the detector's (`speeds.true_sightings`), and those go through the same meter. An
attack that links nobody here would prove nothing elsewhere.
"""

from typing import Final

import numpy as np

from bench.attack_groups import MOST_WALKERS, VISITS, Extent, seed_of
from bench.attack_linkage import Likeness, LinkResult, linkage, visits_of
from bench.attack_measured import MEASURED_NUMBERS, MeasuredWatcher, MeteredCamera
from bench.attack_notes import Notes
from bench.attack_visits import FPS
from bench.attack_ways import SPEED_M_S, length_s, ways
from bench.privacy_types import Box
from bench.speeds import SIZE, true_sightings
from passerby.simulate.camera import Camera
from passerby.simulate.cast import Posture
from passerby.simulate.ground import plaza_ground

FEATURES: Final = ("measured", "measured")


class Pacer:
    """Somebody on the ground, as the watcher takes them."""

    posture = int(Posture.WALKING)
    visible = 1.0

    def __init__(self, person: int, foot_m: tuple[float, float], foot_px: tuple[float, float]) -> None:
        self.person, self.foot_m, self.foot_px = person, foot_m, foot_px
        self.box: Box = (foot_px[0], foot_px[1], 0.0, 0.0)


def pace_control(commit: str, extent: Extent) -> LinkResult:
    """How many are matched by measurements alone, of people who keep their pace, against people whose pace is drawn anew."""
    training = Notes.joined([_group(commit, "pace training", number, extent.walkers, same=True) for number in range(extent.training)])
    pairs = []
    for number in range(extent.linkage):
        for same in (True, False):
            visits = visits_of(_group(commit, "pace", number, extent.walkers, same=same))
            pairs += [(before, after, same) for at, before in enumerate(visits) for after in visits[at + 1 :]]
    return linkage(pairs, Likeness.learned(training, FEATURES))


def _group(commit: str, kind: str, number: int, walkers: int, *, same: bool) -> Notes:
    """Visits of one group of walkers, on the same ways at the same times whether they are the same ones or not."""
    rng, paces = np.random.default_rng(seed_of(commit, kind, number)), np.random.default_rng(seed_of(commit, f"{kind} paces", number))
    own = paces.normal(*SPEED_M_S, walkers)
    found = []
    for visit in range(VISITS):
        order, motion_seed = rng.permutation(walkers), int(rng.integers(2**31))
        # The same distribution as of the same people: one set of paces for a visit, of others each time.
        speeds = own if same else paces.normal(*SPEED_M_S, walkers)
        found.append(_visit(number, visit, order, speeds[order].tolist(), motion_seed))
    return Notes.joined(found)


def _visit(group: int, visit: int, order: np.ndarray[tuple[int, ...], np.dtype[np.int64]], speeds_m_s: list[float], motion_seed: int) -> Notes:
    camera = Camera.over_plaza(SIZE)
    paths = ways(plaza_ground(), camera, len(order), motion_seed, speeds_m_s)
    metered = MeteredCamera(camera)
    watcher = MeasuredWatcher(metered.order)
    for look in true_sightings(paths, camera, length_s(paths) + 1, motion_seed):
        metered.look(look)
    for number in range(round(length_s(paths) * FPS)):
        there = [path for path in paths if path.present(number / FPS)]
        feet_m = np.array([path.at(number / FPS).xy_m for path in there]).reshape(-1, 2)
        people = [
            Pacer(path.person, (float(at[0]), float(at[1])), (float(px[0]), float(px[1])))
            for path, at, px in zip(there, feet_m, camera.to_px(feet_m), strict=True)
            if 0 <= px[0] < SIZE.width_px and 0 <= px[1] < SIZE.height_px
        ]
        watcher.see(number / FPS, people)
    watcher.hear(metered.told())
    walker = group * MOST_WALKERS + order
    rows = [watcher.features(person) for person in range(len(order))]
    measured = np.array([np.full(MEASURED_NUMBERS, np.nan) if row is None else row for row in rows])
    nothing = np.zeros((len(order), 1))
    return Notes(np.full(len(order), group), np.full(len(order), visit), walker, walker, walker, nothing, measured, nothing, nothing)
