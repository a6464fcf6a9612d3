"""Where subjects are at a look: the detector's boxes, and tracks made of them.

`LiveSubjects` asks the detector. A file's second pass, and tests, hand in subjects that are known already through the same two calls.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.measure.sighting import Sighting
from passerby.released.scene import Kind
from passerby.sealed.gate.detector import Boxes, Detector, without_doubles
from passerby.sealed.gate.glyphs import PersonHeight, Subject
from passerby.sealed.gate.grid import Grid, Mask, Picture
from passerby.sealed.gate.pace import Pace
from passerby.sealed.gate.tracks import Track, Tracker

SUBJECT_SCORE: Final = 0.1
"""From this score on a box of the whole picture, or of a close look, is a subject."""
UNSEEN_S: Final = 0.8
"""So long is somebody drawn whom the looks no longer see."""
DOUBLE_REACH: Final = 0.3
"""A subject less sure is not drawn within this many heights of another one: it is hidden behind it, or the same."""
WHOLE_SHARE: Final = 0.8
FAR_INPUT_PX: Final = 38.0
"""Below this height at the detector's input people are looked at once more, twice as large: of those of 38 px it finds nine in ten."""
FAR_MARGIN: Final = 1.2
FAR_SIDE: Final = 0.54
EDGE_PX: Final = 2
MOST_CLOSE_LOOKS: Final = 1
MOST_REMEMBERED: Final = 60
EXPLAINED_SHARE: Final = 0.3
FRUITLESS_FOR_S: Final = 6.0
MOST_FRUITLESS: Final = 4
"""Where a close look found nothing, the next one waits so long, then twice as long, up to 2**4 times: a tree in the wind would take all of them. It
stays withheld meanwhile."""
CLOSE_LOOK_SHARE: Final = 0.5
"""A close look is cut so that what moves fills at most this part of it."""


class Subjects(Protocol):
    """Tells where subjects are."""

    def look(self, picture: Picture, time_s: float) -> Boxes:
        """All subjects in the picture, sure or not. Raises DetectorError."""
        ...

    def look_closer(self, picture: Picture, time_s: float, areas_xyxy: NDArray[np.float32]) -> Boxes:
        """More subjects in parts of the picture (n, 4) in which something moves that no box explains. Raises DetectorError."""
        ...

    def follow(self, time_s: float, boxes: Boxes, changed: NDArray[np.float32], unknown: NDArray[np.float32]) -> None:
        """Takes the boxes of a look, with the share of each that differs from the place or moves, and that where no plate is known."""
        ...

    def at(self, time_s: float) -> list[Subject]:
        """The subjects to be drawn at a time."""
        ...


@dataclass(frozen=True, slots=True)
class _Fruitless:
    """A place (left, top, right, bottom) where close looks found nothing, how often in a row, and when last."""

    time_s: float
    times: int
    xyxy: NDArray[np.float32]

    def covers(self, point: NDArray[np.float32]) -> bool:
        return bool((self.xyxy[:2] <= point).all() and (point <= self.xyxy[2:]).all())

    def waits(self, time_s: float) -> bool:
        return 0 <= time_s - self.time_s < FRUITLESS_FOR_S * (1 << self.times)

    def is_remembered(self, time_s: float) -> bool:
        return 0 <= time_s - self.time_s < 2 * FRUITLESS_FOR_S * (1 << self.times)


class LiveSubjects:
    """Subjects as the detector finds them, followed from look to look."""

    def __init__(self, grid: Grid, detector: Detector, min_person_px: int, heights: PersonHeight, pace: Pace | None = None) -> None:
        self._grid = grid
        self._pace = pace
        self._looks = 0
        self._detector = detector
        self._least_side_px = 5 * min_person_px
        self._heights = heights
        self.tracker = Tracker()
        self.ended: list[Track] = []
        """Tracks that ended since somebody emptied this list; the caller bounds it."""
        self.keep_ended = False
        self._fruitless: list[_Fruitless] = []
        self.sighting: Sighting | None = None
        """The persons of the newest look, for measuring."""

    def look(self, picture: Picture, time_s: float) -> Boxes:  # noqa: ARG002 - the protocol's other sources need the time
        """What the detector finds in the whole picture, and enlarged where people are far off."""
        found = [self._detector.detect(picture)]
        found += [self._look_far(picture, window) for window in self._windows_now()]
        return subjects_of(without_doubles(Boxes.joined(found)) if len(found) > 1 else found[0])

    def _windows_now(self) -> list[tuple[slice, slice]]:
        """The far windows that this look sees: all, unless time is short."""
        windows = self._far_windows()
        if self._pace is None:
            return windows
        self._looks += 1
        return [windows[i] for i in self._pace.windows(self._looks, len(windows))]

    def _far_windows(self) -> list[tuple[slice, slice]]:
        """Overlapping windows of the rows where people are too small for a look at the whole picture; none while that is not known."""
        size = self._grid.size
        longest = max(size.width_px, size.height_px)
        first, last = self._heights.rows_of(FAR_INPUT_PX * longest / self._detector.input_px)
        top, bottom = int(max(0.0, first - self._heights.at(first))), min(size.height_px, int(last * FAR_MARGIN) + 1)
        if bottom - top < self._least_side_px / 5:
            return []
        side = int(longest * FAR_SIDE)
        return [(slice(y, min(y + side, bottom)), slice(x, x + side)) for y in _starts(top, bottom, side) for x in _starts(0, size.width_px, side)]

    def _look_far(self, picture: Picture, window: tuple[slice, slice]) -> Boxes:
        """Whom one such look finds: whoever is small enough, and stands within it."""
        rows, columns = window
        boxes = self._detector.detect(np.ascontiguousarray(picture[window])).moved(columns.start, rows.start, 1)
        far_px = FAR_INPUT_PX * max(self._grid.size.width_px, self._grid.size.height_px) / self._detector.input_px
        height, bottom = boxes.xyxy[:, 3] - boxes.xyxy[:, 1], boxes.xyxy[:, 3]
        inside = (bottom < rows.stop - EDGE_PX) | (rows.stop >= self._grid.size.height_px)
        return boxes.pick((height <= FAR_MARGIN * far_px) & inside)

    def look_closer(self, picture: Picture, time_s: float, areas_xyxy: NDArray[np.float32]) -> Boxes:
        """What the detector finds in square tiles around the largest few areas that were not looked at in vain a moment ago."""
        self._fruitless = [f for f in self._fruitless if f.is_remembered(time_s)]
        found: list[Boxes] = []
        for area in areas_xyxy:
            middle = (area[:2] + area[2:]) / 2
            if len(found) == MOST_CLOSE_LOOKS:
                break
            known = next((f for f in self._fruitless if f.covers(middle)), None)
            if known is not None and known.waits(time_s):
                continue
            left, top, right, bottom = area.astype(float)
            side = int(max(self._least_side_px, max(right - left, bottom - top) / CLOSE_LOOK_SHARE))
            x = int(np.clip((left + right - side) / 2, 0, max(0, self._grid.size.width_px - side)))
            y = int(np.clip((top + bottom - side) / 2, 0, max(0, self._grid.size.height_px - side)))
            boxes = subjects_of(self._detector.detect(np.ascontiguousarray(picture[y : y + side, x : x + side]))).moved(x, y, 1)
            if not _explains(boxes, area):
                grown = (area[2:] - area[:2]) / 2
                times = 0 if known is None else min(known.times + 1, MOST_FRUITLESS)
                self._fruitless = [f for f in self._fruitless if f is not known][-MOST_REMEMBERED:]
                self._fruitless.append(_Fruitless(time_s, times, np.concatenate([area[:2] - grown, area[2:] + grown])))
            found.append(boxes)
        return without_doubles(Boxes.joined(found)) if found else Boxes.none()

    def follow(self, time_s: float, boxes: Boxes, changed: NDArray[np.float32], unknown: NDArray[np.float32]) -> None:
        """Moves the tracks on; persons that are surely seen teach the common height."""
        persons = boxes.kinds == Kind.PERSON
        self.sighting = Sighting(time_s, boxes.xyxy[persons], boxes.scores[persons], changed[persons], unknown[persons])
        ended = self.tracker.update(time_s, boxes, changed)
        if self.keep_ended:
            self.ended += [t for t in ended if t.plausible]
        for track in self.tracker.live:
            if track.kind is Kind.PERSON and track.times_s[-1] == time_s and track.credible:
                self._heights.learn(track.feet_px[-1][1], track.heights_px[-1], another=not track.has_taught)
                track.has_taught = True

    def at(self, time_s: float) -> list[Subject]:
        """Credible tracks, moved on to `time_s`, the last seen first; of two in one place only that one."""
        subjects: list[Subject] = []
        for track in sorted(self.tracker.live, key=lambda t: (-t.times_s[-1], -t.hits)):
            if not track.credible or time_s - track.times_s[-1] > UNSEEN_S:
                continue
            x, y = track.predicted(time_s)
            subject = Subject(track.kind, x, self._foot_of(track.kind, y, track.heights_px[-1]), track.heights_px[-1], track.widths_px[-1])
            if not any(is_double(subject, other) for other in subjects):
                subjects.append(subject)
        return subjects

    def _foot_of(self, kind: Kind, bottom_px: float, height_px: float) -> float:
        """Where somebody stands whose box ends at a row: lower, if it is far too low for a person there, since a bench hides their legs."""
        if kind is not Kind.PERSON or height_px >= WHOLE_SHARE * self._heights.at(bottom_px):
            return bottom_px
        return max(bottom_px, min(self._heights.foot_below(bottom_px - height_px), bottom_px + height_px))


def is_double(subject: Subject, other: Subject) -> bool:
    """Whether a subject stands where another one of its kind does."""
    away = np.hypot(subject.x_px - other.x_px, subject.y_px - other.y_px)
    return subject.kind is other.kind and bool(away < DOUBLE_REACH * other.height_px)


def _starts(first: int, last: int, side: int) -> list[int]:
    """Where windows of `side` begin that cover first to last, evenly."""
    count = max(1, -(-(last - first) // side))
    step = max(0.0, (last - first - side) / max(1, count - 1))
    return [first + round(i * step) for i in range(count)]


def subjects_of(boxes: Boxes) -> Boxes:
    """The boxes that are sure enough to be subjects."""
    return boxes.pick(boxes.scores >= SUBJECT_SCORE)


def _explains(boxes: Boxes, area: NDArray[np.float32]) -> bool:
    """Whether a box covers a good part of an area (left, top, right, bottom)."""
    upper, lower = np.maximum(boxes.xyxy[:, :2], area[:2]), np.minimum(boxes.xyxy[:, 2:], area[2:])
    covered = np.clip(lower - upper, 0, None).prod(1)
    return bool((covered >= EXPLAINED_SHARE * max(1.0, float((area[2:] - area[:2]).prod()))).any())


def shares(boxes: Boxes, changed: Mask, grid: Grid) -> NDArray[np.float32]:
    """Share of each box's working pixels that are set in `changed`."""
    table = cv2.integral(changed.astype(np.uint8))
    rows, columns = changed.shape
    corners = np.round(boxes.xyxy / grid.shrink).astype(int)
    x0, x1 = corners[:, 0].clip(0, columns), corners[:, 2].clip(0, columns)
    y0, y1 = corners[:, 1].clip(0, rows), corners[:, 3].clip(0, rows)
    inside = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
    return np.asarray(inside / np.maximum(1, (x1 - x0) * (y1 - y0)), np.float32)
