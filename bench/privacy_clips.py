"""One pass over one simulated clip: simulated, compressed, seen by a live gate, rendered, and measured in all respects at once."""

from collections.abc import Iterator
from typing import Any, Final

import cv2
import msgspec
import numpy as np

from bench.clips import Mask, Picture, difference
from bench.privacy_codec import h264
from bench.privacy_jobs import detector
from bench.privacy_leak import TrueLeakMeter
from bench.privacy_scenarios import HAZARDS, Scenario
from bench.privacy_types import SeenMoment, Step
from bench.privacy_use import GroundTruth, Hazard, UseMeter
from passerby.released.render import Renderer
from passerby.released.scene import PlatePatch, Scene, Size
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.ground import Homography
from passerby.sealed.gate.settings import GateSettings
from passerby.simulate.happenings import Happenings
from passerby.simulate.path import Path
from passerby.simulate.place import Place
from passerby.simulate.plaza import RIDERS, Plaza

SETTLE_S: Final = 20.0
BODY_M: Final = 1.7
CAR_DIFFERENCE: Final = 12
LEAST_CAR_PX: Final = 60
GROWN: Final = 0.25
STILL_M: Final = 0.01
LOOK_AT_PLACE_EVERY: Final = 5
END_S: Final = 1.0
WELL_THERE_S: Final = 4.0


def measured(scenario: Scenario) -> dict[str, Any]:
    """The figures of a clip, for JSON."""
    return measured_with(scenario, detector())


def measured_with(scenario: Scenario, eyes: Detector) -> dict[str, Any]:
    """The figures of a clip, with this detector."""
    plaza = Plaza(scenario.settings)
    moments = scenario.moments()
    truth = _truth(plaza, scenario)
    leak, use = TrueLeakMeter(sorted(truth.still), moments), UseMeter(truth, moments, LOOK_AT_PLACE_EVERY)
    frames = 0
    for step in steps(plaza, scenario, eyes):
        leak.see(step)
        use.see(step)
        frames += 1
    return {"light": scenario.light, "frames": frames, **leak.figures(), "use": use.figures()}


def steps(plaza: Plaza, scenario: Scenario, eyes: Detector) -> Iterator[Step]:
    """The clip, step by step. Compression is x264's, in memory."""
    size, fps = scenario.settings.size, round(scenario.settings.fps)
    gate, renderer = Gate(size, GateSettings(settle_s=SETTLE_S, ground=_ground(plaza)), eyes), Renderer(size, caption=False)
    codec, control = h264(size.width_px, size.height_px, fps), Control(size)
    for shot in plaza:
        raw = codec(shot.picture)
        scene = gate.see(raw, shot.time_s)
        yield Step(shot, raw, scene, renderer.render(scene), gate.plate.held, control.render(scene, shot))


class Control:
    """The pictures that the same scenes would give if their plate were the true empty place, in the light in which it was learned.

    Where people and place are alike by chance (in the dusk all is dark), such a picture resembles people, too, and shows nobody.
    """

    def __init__(self, size: Size) -> None:
        self._renderer = Renderer(size, caption=False)
        self._epoch = -1
        self._place = np.zeros((size.height_px, size.width_px, 3), np.uint8)

    def render(self, scene: Scene, shot: SeenMoment) -> Picture:
        """The picture of the next scene."""
        if scene.plate_epoch != self._epoch:
            self._epoch, self._place = scene.plate_epoch, shot.empty
        return self._renderer.render(msgspec.structs.replace(scene, patches=tuple(self._true(patch) for patch in scene.patches)))

    def _true(self, patch: PlatePatch) -> PlatePatch:
        part = self._place[patch.y_px : patch.y_px + patch.height_px, patch.x_px : patch.x_px + patch.width_px]
        return PlatePatch(patch.x_px, patch.y_px, patch.width_px, patch.height_px, part.tobytes())


def _ground(plaza: Plaza) -> Homography:
    """The ground's homography, as somebody at the place would measure it."""
    values = [float(value) for value in plaza.camera.homography.ravel()]
    return (values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7], values[8])


def never_moves(path: Path, seconds: float) -> bool:
    """Whether somebody is there from the first to the last moment, always at one place."""
    there = path.times_s[0] <= 0 and path.times_s[-1] >= seconds - END_S
    return bool(there and np.ptp(path.xy_m, axis=0).max() < STILL_M)


def _truth(plaza: Plaza, scenario: Scenario) -> GroundTruth:
    camera = plaza.camera
    return GroundTruth(
        to_px=camera.to_px,
        to_ground=camera.to_ground,
        body_px=lambda xy_m: BODY_M * camera.px_per_m(xy_m),
        static=parked_cars(plaza, scenario),
        hazards=hazards(plaza, scenario),
        still=frozenset(path.person for path in plaza.paths if never_moves(path, scenario.settings.seconds)),
        riders_from=RIDERS,
    )


def hazards(plaza: Plaza, scenario: Scenario) -> list[Hazard]:
    """Where in the picture the hazards of a clip are, by what each of them puts there."""
    found = []
    for event in scenario.settings.events:
        if event.kind in HAZARDS:
            layers = (
                Happenings(plaza.camera, scenario.settings.place_seed, (event,))
                .seen(min(event.at_s + WELL_THERE_S, (event.at_s + event.until_s) / 2))
                .things
            )
            x = np.mean([layer.left_px + layer.alpha.shape[1] / 2 for layer in layers])
            y = np.mean([layer.top_px + layer.alpha.shape[0] / 2 for layer in layers])
            found.append(Hazard(event.kind.value, event.at_s, event.until_s, (float(x), float(y))))
    return found


def parked_cars(plaza: Plaza, scenario: Scenario) -> Mask:
    """Pixels that parked cars hold: boxes of what they change in the empty place, grown by a quarter as the gate grows its boxes."""
    settings = scenario.settings
    with_cars, without = (
        Place(plaza.camera, settings.place_seed, parked=parked, wind=0.0, windows=False, infrared=settings.infrared).picture
        for parked in (settings.parked, 0)
    )
    changed = (difference(with_cars, without) > CAR_DIFFERENCE).astype(np.uint8)
    mask = np.zeros(changed.shape, bool)
    for left, top, width, height, area in cv2.connectedComponentsWithStats(cv2.dilate(changed, np.ones((3, 3), np.uint8)))[2][1:]:
        if area >= LEAST_CAR_PX:
            dx, dy = int(width * GROWN), int(height * GROWN)
            mask[max(0, top - dy) : top + height + dy, max(0, left - dx) : left + width + dx] = True
    return mask
