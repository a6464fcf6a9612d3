"""Pictures through the gate and the measuring of the product, at the rates at which it runs: who stood where in each frame, who crossed a line."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.clips import Picture, frames_of
from bench.count_measure import Crossing, Line
from bench.mot_scores import Box
from passerby.measure.line import CountingLine
from passerby.measure.sighting import Sighting
from passerby.measure.tracker import LAG_S, Standing, Tracker
from passerby.redact.detection import load_detector
from passerby.released.scene import Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings

SHIPPED_LOOKS_HZ: Final = 5.0
LOADED_LOOKS_HZ: Final = 2.0
"""The least rate, at which a camera is looked at on a machine that has no time left."""


@dataclass
class Seen:
    """What measuring says of a clip: who stood where in each frame, which lines were crossed, and what it cost.

    `unconfirmed` is the most at one look whom nothing confirms; `looks` those at which the gate could see.
    """

    standing: list[list[Standing]] = field(default_factory=list)
    crossings: list[Crossing] = field(default_factory=list)
    unconfirmed: int = 0
    measure_s: float = 0.0
    looks: int = 0


def sightings(pictures: Iterable[tuple[float, Picture]], looks_hz: float) -> Iterator[tuple[float, Sighting | None]]:
    """For each picture and its time in seconds the sighting of its look; None = it was not looked at, or the gate could not see."""
    detector = load_detector("yolox-nano", "cpu").detector
    gate: Gate | None = None
    for time_s, picture in pictures:
        if gate is None:
            gate = Gate(Size(picture.shape[1], picture.shape[0]), GateSettings(live_looks_hz=looks_hz), detector)
        before = gate.sighting
        gate.see(picture, time_s)
        yield time_s, gate.sighting if gate.sighting is not before else None


def clip_pictures(clip: Path, hz: float, frames: int | None = None) -> Iterator[tuple[float, Picture]]:
    """The first frames of a clip, with their times in seconds."""
    for number, picture in enumerate(frames_of(clip)):
        if frames is not None and number >= frames:
            return
        yield number / hz, picture


def seen(pictures: Iterable[tuple[float, Picture]], hz: float, looks_hz: float, lines: dict[str, Line]) -> Seen:
    """Measures pictures, `hz` a second, as a worker does, and says where everybody was in each."""
    tracker, told = Tracker(), Seen()
    counting = [CountingLine(name, *line) for name, line in lines.items()]
    newest_s, count = -1.0, 0
    for _, look in sightings(pictures, looks_hz):
        count += 1
        if look is None:
            continue
        begun_s = time.thread_time()
        tracker.update(look)
        everyone = tracker.standing(look.time_s - LAG_S)
        people = [one for one in everyone if one.confirmed]
        for line in counting:
            ab, ba = line.update(people)
            frame = 1 + round((look.time_s - LAG_S) * hz)
            told.crossings += [Crossing(line.id, "ab", frame)] * ab + [Crossing(line.id, "ba", frame)] * ba
        told.measure_s += time.thread_time() - begun_s
        told.looks, told.unconfirmed = told.looks + 1, max(told.unconfirmed, len(everyone) - len(people))
        newest_s = look.time_s
        _stand(told, tracker, hz, newest_s - LAG_S)
    _stand(told, tracker, hz, newest_s)
    told.standing += [[] for _ in range(count - len(told.standing))]
    return told


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


def _stand(told: Seen, tracker: Tracker, hz: float, until_s: float) -> None:
    """Says where everybody was in the frames up to a time."""
    while len(told.standing) / hz <= until_s + 1e-6:
        told.standing.append([one for one in tracker.standing(len(told.standing) / hz) if one.confirmed])
