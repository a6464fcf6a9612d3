"""How far people counted anew from figures are from what was counted live, on the PETS clip: the price of replaying a rule on counts.

The clip goes through gate and meter as in a worker; its scenes go through `hazards.replaying.Counting`. Both give a pulse a second of the same zones.
Beside it: for how long people of the annotation have no figure, which `hazard_world` takes its spells from.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from bench.count_clips import PETS_HZ
from bench.count_looks import clip_pictures
from bench.matching import match
from bench.samples import PETS_TRUTH, pets_clip, sample
from bench.truth import read_mot
from passerby.hazards.place import Place
from passerby.hazards.replaying import Counting
from passerby.redact.detection import load_detector
from passerby.released.measurement import Pulse
from passerby.released.messages import SceneMessage
from passerby.released.scene import Level, Scene, Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.worker.metering import meter_of
from passerby.site.orders import CameraOrder, ZoneOrder

START_S = 1_795_000_000.0
SETTLES_S = 25.0
NEAR_HEIGHTS = 0.5
ZONES = {
    "all": ((0.0, 90.0), (767.0, 90.0), (767.0, 575.0), (0.0, 575.0)),
    "left": ((0.0, 200.0), (380.0, 200.0), (380.0, 575.0), (0.0, 575.0)),
    "middle": ((280.0, 180.0), (520.0, 180.0), (520.0, 360.0), (280.0, 360.0)),
    "near": ((200.0, 330.0), (700.0, 330.0), (700.0, 570.0), (200.0, 570.0)),
}


def replay_error(frames: int | None) -> dict[str, Any] | None:
    """The difference, by zone; None where the clip cannot be had."""
    clip, truth = pets_clip(print), sample(PETS_TRUTH, print)
    if clip is None or truth is None:
        return None
    size = Size(768, 576)
    gate = Gate(size, GateSettings(), load_detector("yolox-nano", "cpu").detector)
    meter = meter_of(CameraOrder(camera="pets", source="file:///none", zones=tuple(ZoneOrder(*one, "walking") for one in ZONES.items())), size)
    live: list[Pulse] = []
    scenes: list[Scene] = []
    for time_s, picture in clip_pictures(clip, PETS_HZ, frames):
        before = gate.sighting
        scenes.append(gate.see(picture, time_s))
        if gate.sighting is not None and gate.sighting is not before:
            live += [one for one in meter.see(gate.sighting, START_S + time_s) if isinstance(one, Pulse)]
    live += [one for one in meter.end() if isinstance(one, Pulse)]
    anew = {pulse.wall_s: pulse for pulse in _counted_anew(scenes)}
    rows: dict[str, list[tuple[float, float]]] = {zone: [] for zone in ZONES}
    for pulse in live:
        if pulse.wall_s - START_S > SETTLES_S and pulse.wall_s in anew and pulse.covered > 0.9:
            told = {zone.zone: zone.people for zone in anew[pulse.wall_s].zones}
            for zone in pulse.zones:
                rows[zone.zone].append((zone.people, told[zone.zone]))
    return {"zones": {zone: _compared(pairs) for zone, pairs in rows.items()}, "missed_spells_s": _spells(scenes, truth_rows=read_mot(truth))}


def _counted_anew(scenes: Iterable[Scene]) -> Iterable[Pulse]:
    camera = Place("pets", "PETS", Level.GLYPHS)
    counting = Counting(camera, [Place("pets", "PETS", Level.GLYPHS, None, zone, zone, polygon) for zone, polygon in ZONES.items()], {})
    second = 0
    for scene in scenes:
        while scene.time_s > second:
            second += 1
            pulse = counting.pulse(round(START_S) + second - 1)
            if pulse is not None:
                yield pulse
        counting.accept(SceneMessage("pets", START_S + scene.time_s, 0.0, 0.0, None, 1, False, scene))


def _compared(pairs: list[tuple[float, float]]) -> dict[str, float]:
    live, anew = (np.array([pair[number] for pair in pairs]) for number in (0, 1))
    off = anew - live
    return {
        "seconds": len(pairs),
        "people": float(live.mean()),
        "bias": float(off.mean()),
        "mean_off": float(np.abs(off).mean()),
        "p95_off": float(np.quantile(np.abs(off), 0.95)),
        "off_by_more_than_one": float((np.abs(off) > 1).mean()),
    }


def _spells(scenes: list[Scene], truth_rows: Iterable[Any]) -> dict[str, float]:
    """For how long annotated people have no figure near them, and for how much of the time."""
    by_frame: dict[int, list[Any]] = {}
    for one in truth_rows:
        if one.counts and one.foot_px[1] >= 90:
            by_frame.setdefault(one.frame, []).append(one)
    missing: dict[float, int] = {}
    spells: list[int] = []
    seen = missed = 0
    for number, scene in enumerate(scenes, 1):
        if scene.time_s < SETTLES_S:
            continue
        people = by_frame.get(number, [])
        near = np.array(
            [[np.hypot(glyph.x_px - one.foot_px[0], glyph.y_px - one.foot_px[1]) / one.height_px for glyph in scene.glyphs] for one in people]
        ).reshape(len(people), len(scene.glyphs))
        hit = {index for index, _ in match(np.where(near <= NEAR_HEIGHTS, near, np.inf))}
        for index, one in enumerate(people):
            seen, missed = seen + 1, missed + (index not in hit)
            if index not in hit:
                missing[one.person] = missing.get(one.person, 0) + 1
            elif one.person in missing:
                spells.append(missing.pop(one.person))
    lasted = np.array(spells or [0]) / PETS_HZ
    return {
        "missed": missed / max(1, seen),
        "spells": len(spells),
        "mean_s": float(lasted.mean()),
        "p90_s": float(np.quantile(lasted, 0.9)),
        "p99_s": float(np.quantile(lasted, 0.99)),
        "longer_than_3_s": float((lasted > 3).mean()),
    }
