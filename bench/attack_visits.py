"""Walkers who come, leave and come back, seen by one simulated camera with a live gate: what an attacker could note of each of their walks.

A group is one camera with one gate. It begins with an empty place, until the plate is established; then visits follow one another. In each
visit as many people walk as the group has walkers, on ways that are drawn anew, and who walks which way is drawn anew, too. Between two
visits ten seconds of media time pass. Pictures go through JPEG, in memory.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.attack_measured import MEASURED_NUMBERS, MeasuredWatcher, MeteredCamera
from bench.attack_notes import Notes
from bench.attack_raw import APPEARANCE_NUMBERS, GAIT_NUMBERS, RawWatcher
from bench.attack_released import RELEASED_NUMBERS, ReleasedWatcher, in_view
from bench.attack_ways import length_s, ways
from bench.clips import Picture
from bench.privacy_codec import jpeg
from bench.privacy_types import Floats
from passerby.released.render import Renderer
from passerby.released.scene import Scene, Size
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.simulate.camera import Camera
from passerby.simulate.cast import Appearance, Gait
from passerby.simulate.ground import plaza_ground
from passerby.simulate.motion import Crowd
from passerby.simulate.path import Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.shot import Shot

SIZE: Final = Size(512, 384)
"""Persons are 50 to 100 px high in it. For the detector, which sees pictures at 416 px, they are as large as at 768 x 576."""
SETTLE_S: Final = 4.0
SETTLED_S: Final = 14.0
"""The band along the border settles three times as slowly."""
GAP_S: Final = 10.0
FPS: Final = 4
RAW_FPS: Final = 8
SETTLING_FPS: Final = 2
MOST_SLOTS: Final = 100


@dataclass(frozen=True)
class Visit:
    """One visit: the seed of its ways, and for each way whose appearance and whose gait walks it, and who that is said to be."""

    motion_seed: int
    appearances: tuple[int, ...]
    gaits: tuple[int, ...]
    claimed: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """One camera.

    Attributes:
        number: Its number.
        place_seed: The seed of its place.
        visits: Who comes when.
        people_seed: The seed of looks and gaits.
        raw: Whether the clip itself is attacked, too.
        alone: Whether everybody walks for themselves and is the first whom the gate sees.
    """

    number: int
    place_seed: int
    visits: tuple[Visit, ...]
    people_seed: int = 0
    raw: bool = False
    alone: bool = False
    size: Size = SIZE


def noted(group: Group, detector: Detector) -> Notes:
    """Simulates a group, lets the gate see it, and notes what each walk leaves in the released stream and in the clip."""
    camera = _Live(group, detector)
    camera.settle()
    return Notes.joined([camera.visit(number) for number in range(len(group.visits))])


class _Live:
    """A simulated camera with a gate and a renderer."""

    def __init__(self, group: Group, detector: Detector) -> None:
        self._group = group
        self._fps = RAW_FPS if group.raw else FPS
        camera, ground = Camera.over_plaza(group.size), plaza_ground()
        self._spans_s: list[list[tuple[float, float]]] = []
        paths: list[Path] = []
        now_s = SETTLED_S
        for number, visit in enumerate(group.visits):
            walked = ways(ground, camera, len(visit.claimed), visit.motion_seed)
            # Everybody at once, or one after the other.
            parties = [[path] for path in walked] if group.alone else [walked]
            self._spans_s.append([])
            for party in parties:
                self._spans_s[-1].append((now_s, now_s + length_s(party)))
                paths += [replace(path, person=_person(number, path.person), times_s=path.times_s + now_s) for path in party]
                now_s = self._spans_s[-1][-1][1] + GAP_S
        self._plaza = Plaza(_settings(group, self._fps, now_s), cast=self._cast, paths=paths)
        self._detector = detector
        self._gate = Gate(group.size, GateSettings(settle_s=SETTLE_S), detector)
        self._renderer = Renderer(group.size, caption=False)
        self._metered = MeteredCamera(camera)

    def settle(self) -> None:
        """Shows the empty place until the plate is established."""
        for _ in self._seen(range(0, round(SETTLED_S * self._fps), self._fps // SETTLING_FPS)):
            pass
        self._metered.told()

    def visit(self, number: int) -> Notes:
        """Notes of the walks of a visit. The camera shows nothing while nobody is there: what a gate sees then is the empty place."""
        visit = self._group.visits[number]
        raw, released, measured = RawWatcher(), ReleasedWatcher(self._out.copy()), MeasuredWatcher(self._metered.order)
        for from_s, to_s in self._spans_s[number]:
            settled = self._fork() if self._group.alone else None
            for index, (shot, picture) in enumerate(self._seen(range(round(from_s * self._fps), round(to_s * self._fps)))):
                if self._group.raw:
                    scale = self._plaza.camera.px_per_m(np.array([person.foot_m for person in shot.people], float).reshape(-1, 2))
                    raw.see(picture, shot.labels, shot.people, scale)
                # More scenes a second hold nothing more: figures move four times a second at most.
                if index % (self._fps // FPS) == 0:
                    released.see(self._scene, self._out, shot.people)
                    measured.see(shot.time_s, in_view(shot.people, self._out))
            measured.hear(self._metered.told())
            if settled is not None:
                self._gate, self._renderer = settled
        people = [_person(number, slot) for slot in range(len(visit.claimed))]
        return Notes(
            group=np.full(len(people), self._group.number, np.int64),
            visit=np.full(len(people), number, np.int64),
            appearance=np.array(visit.appearances, np.int64),
            gait=np.array(visit.gaits, np.int64),
            claimed=np.array(visit.claimed, np.int64),
            released=_table([released.features(person) for person in people], RELEASED_NUMBERS),
            measured=_table([measured.features(person) for person in people], MEASURED_NUMBERS),
            raw_appearance=_table([raw.appearance(person) for person in people], APPEARANCE_NUMBERS),
            raw_gait=_table([raw.gait(person) for person in people], GAIT_NUMBERS),
        )

    def _fork(self) -> tuple[Gate, Renderer]:
        """The gate and the renderer as they are now, untouched by what they see from now on."""
        return deepcopy((self._gate, self._renderer), {id(self._detector): self._detector})

    def _seen(self, frames: range) -> Iterator[tuple[Shot, Picture]]:
        """The shots of some frames and their pictures as received, with the scene and its picture of each at hand."""
        for shot in self._plaza.film(frames):
            picture = jpeg(shot.picture)
            self._scene: Scene = self._gate.see(picture, shot.time_s)
            self._metered.see(self._gate)
            self._out: Picture = self._renderer.render(self._scene)
            yield shot, picture

    def _cast(self, person: int) -> tuple[Gait, Appearance]:
        visit, slot = self._group.visits[person // MOST_SLOTS], person % MOST_SLOTS
        seed = self._group.people_seed
        return Gait.drawn(seed, visit.gaits[slot]), Appearance.drawn(seed, visit.appearances[slot])


def _person(visit: int, slot: int) -> int:
    """A number for whoever walks this way in this visit."""
    return visit * MOST_SLOTS + slot


def _settings(group: Group, fps: int, seconds: float) -> SimulationSettings:
    """A calm day: nothing but the walkers makes a difference."""
    nobody = Crowd(walkers=0, still=0, queueing=0, groups=0.0, counter_flow=False)
    return SimulationSettings(size=group.size, fps=fps, seconds=seconds, crowd=nobody, place_seed=group.place_seed, windows=False, parked=0)


def _table(rows: Sequence[Floats | None], width: int) -> Floats:
    """n x width; a missing row is NaN."""
    return np.array([np.full(width, np.nan) if row is None else row for row in rows]).reshape(-1, width)
