"""One look at a picture: where subjects are, what else moves or differs, what is free, and whether the camera still sees its place.

Used by the live gate and by both passes over a file, so that they cannot disagree. Pixels under subjects, now and at the look before, decide
nothing.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DetectorError
from passerby.released.scene import GateState
from passerby.sealed.gate.background import LEAST_DIFFERENCE, LEAST_MOTION, SPECK_PX, different, distance, noise_level, split_by_subjects
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.grid import Grid, Mask, Picture
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.gate.subjects import Subjects, areas_of, shares
from passerby.sealed.gate.tamper import Tamper, is_infrared

SUBJECT_GROWTH: Final = 0.25
DEAD_AFTER_S: Final = 15.0
"""So long may something of a person's size move in every picture without the detector ever finding a subject."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look gave.

    Attributes:
        state: WATCHING or the fault.
        working: The working picture.
        by_subject: Blocks that a subject, or what moves along with it, covers now or did at the look before.
        by_movement: Blocks that differ from the plate or move, and that no subject explains.
        differs: Working pixels that differ from the place or move and that no subject explains.
        present: Working pixels that subjects cover, or what moves along with them.
        free: Working pixels that nothing covers.
        new_evidence: False where the picture repeats the one before it, or could not be judged: no sample may be taken.
        infrared: Whether the picture has no colour.
    """

    state: GateState
    working: Picture
    by_subject: Mask
    by_movement: Mask
    differs: Mask
    present: Mask
    free: Mask
    new_evidence: bool
    infrared: bool


class Watch:
    """Looks at a camera's pictures, a few times a second."""

    def __init__(self, grid: Grid, settings: GateSettings, subjects: Subjects) -> None:
        self._grid = grid
        self._subjects = subjects
        self._least_area_px = (settings.min_person_px / 4, settings.min_person_px / 2)
        self._tamper = Tamper()
        self._before: Picture | None = None
        self._under_subject_before = np.zeros(grid.working_shape, bool)
        self._moving_alone_since_s: float | None = None

    def forget(self) -> None:
        """Starts anew, after the camera was moved or the light switched: the next picture is the new reference."""
        self._tamper.forget()
        self._before = None
        self._moving_alone_since_s = None

    def look(self, picture: Picture, time_s: float, reference: Picture, known: Mask) -> Observation:
        """What `picture` (h x w x 3) shows.

        Args:
            picture: A full picture of the grid's size.
            time_s: Its time.
            reference: The plate as a working picture, in the light of now.
            known: Working pixels in which the reference is established.
        """
        working = self._grid.reduced(picture)
        failed = False
        try:
            boxes = self._subjects.look(picture, time_s)
        except DetectorError:
            boxes, failed = Boxes.none(), True
        observation, changed, moving = self._compare(working, boxes, reference, known)
        areas = areas_of(observation.differs, self._grid, self._least_area_px)
        moves_alone = self._any_moves(areas, moving)
        if len(areas) and not failed:
            try:
                closer = self._subjects.look_closer(picture, time_s, areas)
            except DetectorError:
                closer, failed = Boxes.none(), True
            if len(closer):
                boxes = Boxes.joined([boxes, closer])
                observation, changed, _ = self._compare(working, boxes, reference, known)
        if failed:
            return self._without(observation, GateState.DETECTOR_FAILED)
        self._subjects.follow(time_s, boxes, shares(boxes, changed, self._grid), shares(boxes, ~known, self._grid))
        under = self._grid.working_boxes(boxes.xyxy, grow=SUBJECT_GROWTH)
        state = self._tamper.judge(working, ~(under | self._under_subject_before), observation.free, time_s)
        if state is GateState.WATCHING and self._detector_is_dead(found=bool(len(boxes)), moves_alone=moves_alone, time_s=time_s):
            state = GateState.DETECTOR_FAILED
        first = self._before is None
        self._before = working
        self._under_subject_before = under
        if state is not GateState.WATCHING or first or self._tamper.identical:
            return self._without(observation, state)
        return observation

    def _compare(self, working: Picture, boxes: Boxes, reference: Picture, known: Mask) -> tuple[Observation, Mask, Mask]:
        """The observation for these boxes; which working pixels differ or move, those under subjects included (for the tracks only); which move."""
        under = self._grid.working_boxes(boxes.xyxy, grow=SUBJECT_GROWTH)
        hidden = under | self._under_subject_before
        before = working if self._before is None else self._before
        change = distance(working, before)
        noise = noise_level(change, ~hidden)
        unlikeness = distance(working, reference)
        moving = different(change, LEAST_MOTION, noise, ~hidden)
        unlike = different(unlikeness, LEAST_DIFFERENCE, noise, known & ~under)
        foreground = split_by_subjects(moving | unlike, under)
        present = foreground.subjects | self._under_subject_before
        differs = foreground.unexplained & ~present
        observation = Observation(
            state=GateState.WATCHING,
            working=working,
            by_subject=self._grid.blocks_of(present),
            by_movement=self._grid.blocks_of(differs),
            differs=differs,
            present=foreground.subjects,
            free=~(present | differs),
            new_evidence=True,
            infrared=is_infrared(working, ~under),
        )
        return observation, (change > LEAST_MOTION) | (known & (unlikeness > LEAST_DIFFERENCE)), moving

    def _without(self, observation: Observation, state: GateState) -> Observation:
        """The same observation as no evidence for the plate."""
        o = observation
        return Observation(state, o.working, o.by_subject, o.by_movement, o.differs, o.present, o.free, new_evidence=False, infrared=o.infrared)

    def _any_moves(self, areas_xyxy: NDArray[np.float32], moving: Mask) -> bool:
        """Whether something moves in one of the areas: what only differs from the place, such as a bag left behind, tells nothing of the detector."""
        windows = (areas_xyxy / np.float32(self._grid.shrink)).astype(int)
        return any(np.count_nonzero(moving[top:bottom, left:right]) > SPECK_PX for left, top, right, bottom in windows)

    def _detector_is_dead(self, *, found: bool, moves_alone: bool, time_s: float) -> bool:
        """Whether something of a person's size has moved for long, at every look, without a single subject being found."""
        if found or not moves_alone:
            self._moving_alone_since_s = None
        elif self._moving_alone_since_s is None:
            self._moving_alone_since_s = time_s
        return self._moving_alone_since_s is not None and time_s - self._moving_alone_since_s >= DEAD_AFTER_S
