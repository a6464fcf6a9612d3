"""The second pass over a clip: what was learned becomes scenes."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.redact.learn import Lesson, Segment
from passerby.released.scene import GateState, Scene
from passerby.sealed.capture.frame import Frame
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.gate import Gate, Known
from passerby.sealed.gate.glyphs import Subject
from passerby.sealed.gate.grid import Picture
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.gate.subjects import is_double
from passerby.sealed.gate.tracks import LEAST_CHANGED_SHARE, Track

AROUND_CHANGE_S: Final = 1.0
"""So long at least before and after a segment's beginning everything is withheld: the camera moved some time between two looks."""

SECOND_LOOKS_S: Final = 1.0
"""Plate and subjects are known: what is left to see, cells and light, may change once a second."""


class KnownSubjects:
    """The subjects that the first pass found: its boxes at each look, and its tracks, smoothed and filled in both directions."""

    def __init__(self, lesson: Lesson, glyphs_hz: float) -> None:
        self._boxes = lesson.boxes
        self._paths = [_Path(track) for track in lesson.tracks]
        self._from_s = np.array([p.from_s for p in self._paths])
        self._to_s = np.array([p.to_s for p in self._paths])
        self._credible = np.array([t.credible for t in lesson.tracks], bool)
        self._there = self._credible.copy()
        self._half_step_s = 0.5 / glyphs_hz
        self._asked: list[int] = []

    def look(self, picture: Picture, time_s: float) -> Boxes:  # noqa: ARG002 - what is known needs no picture
        """Boxes of the first pass at this time, and of the tracks that pass through it."""
        self._asked = self._at(time_s)
        paths = [self._paths[i] for i in self._asked]
        tracked = Boxes.none()
        if paths:
            xyxy = np.array([p.box(time_s) for p in paths], np.float32)
            tracked = Boxes(xyxy, np.ones(len(paths), np.float32), np.array([p.kind for p in paths], np.int8))
        return Boxes.joined([self._boxes.get(time_s, Boxes.none()), tracked])

    def look_closer(self, picture: Picture, time_s: float, areas_xyxy: NDArray[np.float32]) -> Boxes:  # noqa: ARG002
        """Nothing: the first pass has looked already."""
        return Boxes.none()

    def follow(self, time_s: float, boxes: Boxes, changed: NDArray[np.float32], unknown: NDArray[np.float32]) -> None:  # noqa: ARG002
        """A track is drawn only while the picture differs from the place where it should be; where no place is known, if movement vouched for it."""
        if self._asked:
            asked = np.array(self._asked)
            changed, unknown = changed[-len(asked) :], unknown[-len(asked) :]
            self._there[asked] = (changed >= LEAST_CHANGED_SHARE) | (self._credible[asked] & (changed + unknown >= LEAST_CHANGED_SHARE))

    def at(self, time_s: float) -> list[Subject]:
        """The subjects in the middle of the time for which the glyphs will stand."""
        middle_s = time_s + self._half_step_s
        drawn = [(self._paths[i].subject(middle_s), self._paths[i].seen_near(time_s)) for i in self._at(time_s) if self._there[i]]
        sure = [subject for subject, seen in drawn if seen]
        return sure + [s for s, seen in drawn if not seen and not any(is_double(s, other) for other in sure)]

    def _at(self, time_s: float) -> list[int]:
        return [int(i) for i in np.flatnonzero((self._from_s <= time_s) & (time_s <= self._to_s))]


class _Path:
    """A finished track as a smooth path."""

    def __init__(self, track: Track) -> None:
        self.kind = track.kind
        self._times_s = np.array(track.times_s)
        rows = np.array([(x, y, h, w) for (x, y), h, w in zip(track.feet_px, track.heights_px, track.widths_px, strict=True)])
        self._rows = rows.copy()
        self._rows[1:-1] = 0.25 * rows[:-2] + 0.5 * rows[1:-1] + 0.25 * rows[2:]
        self._look_s = float(np.median(np.diff(self._times_s))) if len(rows) > 1 else 0.0
        self.from_s, self.to_s = float(self._times_s[0]) - self._look_s / 2, float(self._times_s[-1]) + self._look_s / 2

    def subject(self, time_s: float) -> Subject:
        """The subject at a time."""
        x, y, height, width = (float(np.interp(time_s, self._times_s, self._rows[:, i])) for i in range(4))
        return Subject(self.kind, x, y, height, width)

    def seen_near(self, time_s: float) -> bool:
        """Whether a look near this time saw the subject; otherwise its place is filled in from before and after."""
        return bool(np.abs(self._times_s - time_s).min() <= self._look_s)

    def box(self, time_s: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom at a time."""
        s = self.subject(time_s)
        return s.x_px - s.width_px / 2, s.y_px - s.height_px, s.x_px + s.width_px / 2, s.y_px


def replay(frames: Iterable[Frame], lesson: Lesson, settings: GateSettings) -> Iterator[tuple[Frame, Scene]]:
    """The scene of each frame."""
    subjects = KnownSubjects(lesson, settings.glyphs_hz)
    looks = _spaced(lesson.states)

    def gate_of(number: int) -> Gate:
        return Gate(lesson.size, settings, Known(subjects, lesson.heights, lesson.segments[number].plate, looks, epoch=number))

    number, gate = 0, gate_of(0)
    for frame in frames:
        while number + 1 < len(lesson.segments) and frame.time_s >= lesson.segments[number + 1].from_s:
            number += 1
            gate = gate_of(number)
        fault = _fault_near(frame.time_s, lesson.segments, number)
        if fault is not None:
            yield frame, gate.withheld(frame.time_s, fault)
            continue
        wrong = frame.size != lesson.size
        picture = frame.bgr() if wrong or gate.wants_picture(frame.time_s) else None
        yield frame, gate.see(picture, frame.time_s)


def _spaced(states: Mapping[float, GateState]) -> dict[float, GateState]:
    """The looks of the first pass that the second one repeats: at least a second apart, and all at which something was wrong."""
    chosen: dict[float, GateState] = {}
    last_s = -SECOND_LOOKS_S
    for time_s, state in states.items():
        if state is not GateState.WATCHING or time_s - last_s >= SECOND_LOOKS_S - 1e-3:
            chosen[time_s], last_s = state, time_s
    return chosen


def _fault_near(time_s: float, segments: list[Segment], number: int) -> GateState | None:
    """Why everything is withheld at this time: a change of the view is near, or the view never settled since."""
    here = segments[number]
    begins = number > 0 and time_s - here.from_s < AROUND_CHANGE_S
    failed = number > 0 or here.cause is GateState.DETECTOR_FAILED
    if begins or (failed and not here.plate.established.any()):
        return here.cause
    if number + 1 < len(segments):
        following = segments[number + 1]
        if following.from_s - time_s < AROUND_CHANGE_S or time_s > following.sure_s:
            return following.cause
    return None
