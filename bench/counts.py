"""How well counting counts: real clips with annotated people, through the gate and the measuring of the product, at the rates at which it runs.

.venv/bin/python -m bench.counts [--small] [--json FILE]
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.clips import frames_of
from bench.count_measure import Crossing, Line, Matched, matched, occupancy, outside, true_crossings
from bench.mot_scores import Box, mot_scores
from bench.results import keep, percent, show
from bench.samples import CAR_CLIP, INTEL_ANNOTATIONS, ONE_BY_ONE_CLIP, PETS_LINES, PETS_TRUTH, pets_clip, sample
from bench.truth import read_mot
from passerby.measure.line import CountingLine
from passerby.measure.sighting import Sighting
from passerby.measure.tracker import LAG_S, Standing, Tracker
from passerby.redact.detection import load_detector
from passerby.released.scene import Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings

LEAST_Y_PX: Final = 90.0
"""Further off people are not annotated in the PETS clip."""
PETS_HZ: Final = 10.0
SHIPPED_LOOKS_HZ: Final = 5.0
LOADED_LOOKS_HZ: Final = 2.0
"""The least rate, at which a camera is looked at on a machine that has no time left."""
MARGIN_FRAMES: Final = 5
"""Visits are known to so many frames."""
SMALL_FRAMES: Final = 120
OUT: Final = Path("out/bench/counts.json")


@dataclass
class Seen:
    """What measuring says of a clip: who stood where in each frame, which lines were crossed, and what it cost."""

    standing: list[list[Standing]] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    measure_s: float = 0.0
    looks: int = 0


def sightings(clip: Path, hz: float, looks_hz: float, frames: int | None) -> Iterator[Sighting | None]:
    """For each frame the sighting of its look; None = it was not looked at."""
    detector = load_detector("yolox-nano", "cpu").detector
    gate: Gate | None = None
    for number, picture in enumerate(frames_of(clip)):
        if frames is not None and number >= frames:
            return
        if gate is None:
            gate = Gate(Size(picture.shape[1], picture.shape[0]), GateSettings(live_looks_hz=looks_hz), detector)
        before = gate.sighting
        gate.see(picture, number / hz)
        yield gate.sighting if gate.sighting is not before else None


def seen(clip: Path, hz: float, looks_hz: float, lines: dict[str, Line], frames: int | None = None) -> Seen:
    """Measures a clip as a worker does, and says where everybody was in each frame."""
    tracker, told = Tracker(), Seen()
    counting = [CountingLine(name, *line) for name, line in lines.items()]
    newest_s, count = -1.0, 0
    for number, look in enumerate(sightings(clip, hz, looks_hz, frames)):
        count = number + 1
        if look is None:
            continue
        begun_s = time.thread_time()
        tracker.update(look)
        people = [one for one in tracker.standing(look.time_s - LAG_S) if one.confirmed]
        for line in counting:
            ab, ba = line.update(people)
            frame = 1 + round((look.time_s - LAG_S) * hz)
            told.crossings += [Crossing(line.id, "ab", frame)] * ab + [Crossing(line.id, "ba", frame)] * ba
        told.measure_s += time.thread_time() - begun_s
        told.looks += 1
        newest_s = look.time_s
        _stand(told, tracker, hz, newest_s - LAG_S)
    _stand(told, tracker, hz, newest_s)
    told.standing += [[] for _ in range(count - len(told.standing))]
    return told


def _stand(told: Seen, tracker: Tracker, hz: float, until_s: float) -> None:
    """Says where everybody was in the frames up to a time."""
    while len(told.standing) / hz <= until_s + 1e-6:
        told.standing.append([one for one in tracker.standing(len(told.standing) / hz) if one.confirmed])


def boxes_of(told: Seen) -> list[Box]:
    """Everybody's box in each frame, with a number for each track: it exists here only."""
    numbers: dict[int, int] = {}
    kept: list[object] = []
    boxes = []
    for frame, people in enumerate(told.standing, 1):
        for one in people:
            kept.append(one.track)  # or another track might get its address
            number = numbers.setdefault(id(one.track), len(numbers) + 1)
            boxes.append((frame, number, one.x_px - one.width_px / 2, one.y_px - one.height_px, one.width_px, one.height_px))
    return boxes


def pets(looks_hz: float, frames: int | None) -> dict[str, Any] | None:
    """The PETS clip; None where it cannot be had."""
    clip, truth, lines_file = pets_clip(print), sample(PETS_TRUTH, print), sample(PETS_LINES, print)
    if clip is None or truth is None or lines_file is None:
        return None
    lines: dict[str, Line] = {name: ((a[0], a[1]), (b[0], b[1])) for name, (a, b) in json.loads(lines_file.read_text("utf-8")).items()}
    told = seen(clip, PETS_HZ, looks_hz, lines, frames)
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
    counts = [len(standing) for standing in seen(clip, 10.0, SHIPPED_LOOKS_HZ, {}, frames).standing]
    asked = [number for number in range(len(counts)) if all(abs(number - end) > MARGIN_FRAMES for visit in visits for end in visit)]
    right = sum(counts[number] == any(low <= number <= high for low, high in visits) for number in asked)
    return {"frames": len(asked), "right": right / len(asked), "most": max(counts)}


def cars(frames: int | None) -> dict[str, Any] | None:
    """Cars and nobody on foot: in which share of frames nobody is counted."""
    clip = sample(CAR_CLIP, print)
    if clip is None:
        return None
    lines: dict[str, Line] = {"across": ((384.0, 0.0), (384.0, 432.0)), "along": ((0.0, 216.0), (768.0, 216.0))}
    told = seen(clip, 12.5, SHIPPED_LOOKS_HZ, lines, frames)
    return {
        "frames": len(told.standing),
        "empty": sum(not standing for standing in told.standing) / len(told.standing),
        "crossings": len(told.crossings),
    }


def _row(told: dict[str, Any]) -> list[str]:
    crossings, mot = told["crossings"], told["mot"]
    scores = [f"{mot[name]:.3f}" for name in ("mota", "idf1", "hota")]
    f1 = f"{crossings['f1']:.3f} of {crossings['true']}"
    return [f"{told['occupancy_outside']:.3f}", f1, str(crossings["errors"]), *scores, f"{told['measure_ms_per_look']:.2f}"]


def main() -> None:
    """Measures, prints, keeps."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--small", action="store_true", help="the first frames of each clip only: shows that all of it runs")
    arguments.add_argument("--json", type=Path, default=OUT, help="where the figures are kept")
    given = arguments.parse_args()
    frames = SMALL_FRAMES if given.small else None
    results: dict[str, Any] = {}
    rows = []
    for name, looks_hz in (("shipped", SHIPPED_LOOKS_HZ), ("loaded", LOADED_LOOKS_HZ)):
        told = pets(looks_hz, frames)
        results[f"pets {name}"] = told
        if told is not None:
            rows.append([f"PETS, {looks_hz:g} looks a second, {name}", *_row(told)])
    columns = ("clip", "occupancy, mean outside", "crossings F1", "sum of errors", "MOTA", "IDF1", "HOTA", "ms a look")
    show("Counting against annotated people", columns, rows)
    results["one by one"], results["cars"] = alone, empty = one_by_one(frames), cars(frames)
    more = []
    if alone is not None:
        more.append(["one by one", f"{percent(alone['right'])} of {alone['frames']} frames right", f"at most {alone['most']} counted"])
    if empty is not None:
        more.append(["cars, nobody on foot", f"{percent(empty['empty'])} of {empty['frames']} frames empty", f"{empty['crossings']} crossings"])
    show("Counting one, and nobody", ("clip", "", ""), more)
    keep(given.json, results)


if __name__ == "__main__":
    main()
