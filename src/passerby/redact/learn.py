"""The first pass over a clip: the place is learned from all quiet moments, and all subjects are found.

A clip is cut into segments where the camera was moved, covered or its light switched; each has a plate of its own. Nothing is released here.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DetectorError
from passerby.released.scene import GateState, Size
from passerby.sealed.capture.clip import Clip
from passerby.sealed.capture.frame import Frame
from passerby.sealed.gate.detector import Boxes, Detector
from passerby.sealed.gate.gate import DROPS_PLATE
from passerby.sealed.gate.glyphs import PersonHeight
from passerby.sealed.gate.grid import Grid, Picture
from passerby.sealed.gate.light import Exposure
from passerby.sealed.gate.looks import ReleaseLooks
from passerby.sealed.gate.plate import LearnedPlate, Plate
from passerby.sealed.gate.settings import SAMPLES, GateSettings
from passerby.sealed.gate.subjects import LiveSubjects, subjects_of
from passerby.sealed.gate.tracks import Track
from passerby.sealed.gate.watch import Observation, Watch

LONGEST_SHARE: Final = 1.05
"""What a file says of its length is believed while no more than so much of it was seen."""
AHEAD: Final = 2
"""Looks that are under way while the one before is judged."""
MOST_PLATE_BYTES: Final = 400_000_000
"""Bound on the plates of all segments together; later segments of a camera that moves on and on are withheld."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the clip in which the camera saw one place.

    Attributes:
        from_s: Time of the look that told the change of the view; 0 for the first.
        sure_s: Time of the last look before it at which nothing was suspicious: the view changed some time after that.
        cause: Why the segment before ended; WATCHING for the first.
        plate: What was learned.
    """

    from_s: float
    sure_s: float
    cause: GateState
    plate: LearnedPlate


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the first pass learned.

    Attributes:
        size: Size of the clip's pictures.
        segments: At least one, by time.
        tracks: Plausible tracks; the second pass, which knows the place, decides which are drawn.
        boxes: All boxes of each look, by its time in seconds.
        heights: The common height of persons.
        frames: Frames read.
        states: What the view was at each look, by its time in seconds.
    """

    size: Size
    segments: list[Segment]
    tracks: list[Track]
    boxes: dict[float, Boxes]
    heights: PersonHeight
    frames: int
    states: dict[float, GateState]


class _Ahead(LiveSubjects):
    """Live subjects whose next look was begun before its turn came."""

    def __init__(self, grid: Grid, detector: Detector, settings: GateSettings, heights: PersonHeight) -> None:
        super().__init__(grid, detector, settings.min_person_px, heights)
        self.keep_ended = True
        self.next: Future[Boxes] | None = None
        self.boxes: dict[float, Boxes] = {}

    def look(self, picture: Picture, time_s: float) -> Boxes:
        """The boxes of the look that was begun for this picture."""
        return super().look(picture, time_s) if self.next is None else subjects_of(self.next.result())

    def follow(self, time_s: float, boxes: Boxes, changed: NDArray[np.float32], unknown: NDArray[np.float32]) -> None:
        """Follows, and keeps the boxes for the second pass."""
        super().follow(time_s, boxes, changed, unknown)
        self.boxes[time_s] = boxes


class Learner:
    """Runs the first pass.

    Args:
        size: Size of the clip's pictures.
        settings: Settings of the gate.
        detector: Finds subjects; called from several threads.
        executor: Runs looks ahead.
    """

    def __init__(self, size: Size, settings: GateSettings, detector: Detector, executor: Executor) -> None:
        self._size, self._settings, self._detector, self._executor = size, settings, detector, executor
        self._grid = Grid(size)
        self._heights = PersonHeight(size)
        self._subjects = _Ahead(self._grid, detector, settings, self._heights)
        self._watch = Watch(self._grid, settings, self._subjects)
        self._nothing = np.zeros((*self._grid.working_shape, 3), np.uint8)
        self._unknown = np.zeros(self._grid.working_shape, bool)
        self._plate = Plate(self._grid, settings, keep_samples=True)
        self._segments: list[Segment] = []
        self._from_s, self._sure_s, self._cause = 0.0, 0.0, GateState.WATCHING
        self._good_s = 0.0
        self._states: dict[float, GateState] = {}
        self._frames = 0
        self._covered = np.zeros(self._grid.block_shape, np.int32)
        self._looked = 0
        self._start_s, self._length_s = 0.0, 0.0
        self._exposure = Exposure()
        self._black: Picture = np.zeros((size.height_px, size.width_px, 3), np.uint8)
        self._latest = self._black

    def run(self, clip: Clip, from_s: float | None, to_s: float | None, progress: Progress) -> Lesson:
        """Reads the clip once."""
        self._start_s = from_s or 0.0
        end_s = min((s for s in (to_s, clip.info.duration_s) if s), default=0.0)
        self._length_s = max(0.0, end_s - self._start_s)
        last_s = 0.0
        for picture, time_s, found in self._looks(clip.frames(from_s, to_s), progress):
            self._subjects.next = found
            passed_s = float(np.clip(time_s - last_s, 0, 2 * self._settings.look_interval_s))
            self._learn(picture, time_s, passed_s)
            last_s = time_s
        self._end_segment()
        tracks = [*self._subjects.ended, *(t for t in self._subjects.tracker.live if t.plausible)]
        return Lesson(self._size, self._segments, tracks, self._subjects.boxes, self._heights, self._frames, self._states)

    def _looks(self, frames: Iterable[Frame], progress: Progress) -> Iterator[tuple[Picture, float, Future[Boxes]]]:
        """Pictures to look at, with their times and the looks that were begun for them a little ahead."""
        waiting: deque[tuple[Picture, float, Future[Boxes]]] = deque()
        looked_s: float | None = None
        for frame in frames:
            self._frames += 1
            due = looked_s is None or frame.time_s - looked_s >= self._settings.look_interval_s - 1e-3
            if frame.size != self._size or frame.damaged:
                continue
            if not due:
                continue
            looked_s = frame.time_s
            picture = frame.bgr()
            waiting.append((picture, frame.time_s, self._executor.submit(self._detector.detect, picture)))
            progress(frame.time_s)
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        yield from waiting

    def _learn(self, picture: Picture, time_s: float, passed_s: float) -> None:
        seen: Observation = self._watch.look(picture, time_s, self._nothing, self._unknown)
        self._states[time_s] = seen.state
        if seen.state is GateState.WATCHING:
            self._latest = picture
        if seen.state is GateState.LIGHT_CHANGED:
            # All samples are compared in one light; what a switched lamp changes beyond that will not agree.
            self._watch.forget()
        elif seen.state in DROPS_PLATE:
            self._end_segment()
            self._from_s, self._sure_s, self._cause = time_s, self._good_s, seen.state
            self._plate = Plate(self._grid, self._settings, keep_samples=True)
            self._exposure = Exposure()
            self._watch.forget()
        self._covered += seen.by_subject
        self._looked += 1
        if seen.new_evidence and seen.state is GateState.WATCHING:
            self._good_s = time_s
            self._plate.infrared = seen.infrared
            gains = self._exposure.of(seen.working, ~seen.hidden)
            self._plate.sample(picture, ~(seen.by_subject | seen.by_movement), passed_s, gains, self._part_at(time_s))

    def _part_at(self, time_s: float) -> int | None:
        """Which of as many equal parts of the clip as there are samples this is; None where the clip's length is not known, or was told too short."""
        share = (time_s - self._start_s) / self._length_s if self._length_s else np.inf
        return min(SAMPLES - 1, max(0, int(share * SAMPLES))) if share <= LONGEST_SHARE else None

    def _end_segment(self) -> None:
        """Establishes what the segment's samples agree on and looks find nobody in."""
        plate = self._plate
        candidate, ready = plate.candidates()
        if self._detector_is_dead():
            self._cause = GateState.DETECTOR_FAILED
        elif ready.any() and self._has_room():
            looks = ReleaseLooks(self._grid, self._detector, self._settings.min_person_px, self._executor)
            try:
                clear, found = looks.look(np.where(self._grid.pixels_of(ready)[..., None], candidate, self._latest), ready, 0)
            except DetectorError:
                self._cause = GateState.DETECTOR_FAILED  # nothing is established
            else:
                plate.hold(found & ready)
                plate.establish(candidate, clear & ready)
        plate.hold_unsettled(self._covered * 2 > self._looked)
        self._covered, self._looked = np.zeros_like(self._covered), 0
        learned = plate.learned()
        if learned.established.any():
            self._segments.append(Segment(self._from_s, self._sure_s, self._cause, learned))
        elif not self._segments or self._segments[-1].plate.established.any():
            self._segments.append(Segment(self._from_s, self._sure_s, self._cause, replace(learned, picture=self._black)))

    def _detector_is_dead(self) -> bool:
        """Whether the detector never found a thing while one moved, so that it proves nothing."""
        return GateState.DETECTOR_FAILED in self._states.values() and not any(len(boxes) for boxes in self._subjects.boxes.values())

    def _has_room(self) -> bool:
        """Whether one more plate may be kept."""
        room = max(2, MOST_PLATE_BYTES // (self._size.width_px * self._size.height_px * 3))
        return sum(bool(s.plate.established.any()) for s in self._segments) < room
