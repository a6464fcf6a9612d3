"""Real clips with annotated people, and one with nobody on foot: how many were counted, who crossed which line, how whole the tracks are."""

import json
from typing import Any, Final

from bench.count_looks import SHIPPED_LOOKS_HZ, boxes_of, clip_pictures, seen
from bench.count_measure import Line, Matched, matched, occupancy, outside, true_crossings
from bench.mot_scores import mot_scores
from bench.samples import CAR_CLIP, INTEL_ANNOTATIONS, ONE_BY_ONE_CLIP, PETS_LINES, PETS_TRUTH, pets_clip, sample
from bench.truth import read_mot

LEAST_Y_PX: Final = 90.0
"""Further off people are not annotated in the PETS clip."""
PETS_HZ: Final = 10.0
ONE_HZ: Final = 10.0
CAR_HZ: Final = 12.5
MARGIN_FRAMES: Final = 5
"""Visits are known to so many frames."""


def pets(looks_hz: float, frames: int | None) -> dict[str, Any] | None:
    """The PETS clip; None where it cannot be had."""
    clip, truth, lines_file = pets_clip(print), sample(PETS_TRUTH, print), sample(PETS_LINES, print)
    if clip is None or truth is None or lines_file is None:
        return None
    lines: dict[str, Line] = {name: ((a[0], a[1]), (b[0], b[1])) for name, (a, b) in json.loads(lines_file.read_text("utf-8")).items()}
    told = seen(clip_pictures(clip, PETS_HZ, frames), PETS_HZ, looks_hz, lines)
    count = len(told.standing)
    people = [one for one in read_mot(truth) if one.frame <= count]
    least, most = occupancy(people, count, LEAST_Y_PX)
    counts = [sum(one.y_px >= LEAST_Y_PX for one in standing) for standing in told.standing]
    crossed: Matched = matched(told.crossings, true_crossings(people, lines, LEAST_Y_PX), PETS_HZ)
    return {
        "looks_hz": looks_hz,
        "frames": count,
        "occupancy_outside": outside(counts, least, most),
        "crossings": {"true": crossed.true, "counted": crossed.counted, "f1": crossed.f1, "errors": crossed.errors},
        "missed": [vars(one) for one in crossed.missed],
        "false": [vars(one) for one in crossed.false],
        "mot": mot_scores(people, boxes_of(told), LEAST_Y_PX),
        "measure_ms_per_look": told.measure_s / max(1, told.looks) * 1e3,
    }


def one_by_one(frames: int | None) -> dict[str, Any] | None:
    """One person at a time: in which share of frames the count is right, and the most that was ever counted."""
    clip, notes = sample(ONE_BY_ONE_CLIP, print), sample(INTEL_ANNOTATIONS, print)
    if clip is None or notes is None:
        return None
    visits = json.loads(notes.read_text("utf-8"))["person_counts"][ONE_BY_ONE_CLIP.rpartition("/")[2]]["visits"]
    counts = [len(standing) for standing in seen(clip_pictures(clip, ONE_HZ, frames), ONE_HZ, SHIPPED_LOOKS_HZ, {}).standing]
    asked = [number for number in range(len(counts)) if all(abs(number - end) > MARGIN_FRAMES for visit in visits for end in visit)]
    right = sum(counts[number] == any(low <= number <= high for low, high in visits) for number in asked)
    return {"frames": len(asked), "right": right / len(asked), "most": max(counts)}


def cars(frames: int | None) -> dict[str, Any] | None:
    """Cars and nobody on foot: in which share of frames nobody is counted."""
    clip = sample(CAR_CLIP, print)
    if clip is None:
        return None
    lines: dict[str, Line] = {"across": ((384.0, 0.0), (384.0, 432.0)), "along": ((0.0, 216.0), (768.0, 216.0))}
    told = seen(clip_pictures(clip, CAR_HZ, frames), CAR_HZ, SHIPPED_LOOKS_HZ, lines)
    return {
        "frames": len(told.standing),
        "empty": sum(not standing for standing in told.standing) / len(told.standing),
        "crossings": len(told.crossings),
    }
