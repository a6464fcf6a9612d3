"""One look at a picture: where subjects are, what else moves or differs, what is free, and whether the camera still sees its place.

Used by the live gate and by both passes over a file, so that they cannot disagree. Pixels under subjects, now and at the look before, decide
nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.errors import DetectorError
from passerby.released.scene import GateState
from passerby.sealed.gate.background import LEAST_DIFFERENCE, LEAST_MOTION, SPECK_PX, different, distance, noise_level, split_by_subjects
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.grid import Grid, Mask, Picture
from passerby.sealed.gate.recognition import Recognition, View
from passerby.sealed.gate.regions import grey_of
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.gate.subjects import Subjects, shares
from passerby.sealed.gate.tamper import Tamper, is_infrared

SUBJECT_GROWTH: Final = 0.25
DEAD_AFTER_S: Final = 15.0
"""So long may something of a person's size move without the detector ever finding a subject."""
PAUSE_SHARE: Final = 0.25
LONGEST_STEP_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look gave.

    Attributes:
        state: WATCHING or the fault.
        working: The working picture.
        by_subject: Blocks that a subject, or what moves along with it, covers now or did at the look before.
        by_movement: Blocks that differ from the plate or move, and that no subject explains.
        by_object: Those of them on which it is more than a line.
        differs: Working pixels that differ from the place or move and that no subject explains.
        areas_xyxy: (n, 4) float32, boxes around what `differs`, in pixels of the picture, largest first.
        present: Working pixels that subjects cover, or what moves along with them.
        changed: Working pixels that differ from the place or move, subjects' too: of use for measuring only.
        hidden: Working pixels that subjects cover now or did at the look before.
        free: Working pixels that nothing covers.
        new_evidence: False where the picture repeats the one before it, or could not be judged: no sample may be taken.
        infrared: Whether the picture has no colour.
    """

    state: GateState
    working: Picture
    by_subject: Mask
    by_movement: Mask
    by_object: Mask
    differs: Mask
    areas_xyxy: NDArray[np.float32]
    present: Mask
    changed: Mask
    hidden: Mask
    free: Mask
    new_evidence: bool
    infrared: bool


@dataclass(frozen=True, slots=True)
class Observed:
    """What of a look is measured. It does not leave the process.

    Attributes:
        working: The working picture.
        changed: Its pixels that differ from the place or move.
        place: The place as a working picture, in the light of now.
        known: Where the place is known.
        never: Where it never will be.
    """

    working: Picture
    changed: Mask
    place: Picture
    known: Mask
    never: Mask


class Watch:
    """Looks at a camera's pictures, a few times a second."""

    def __init__(self, grid: Grid, settings: GateSettings, subjects: Subjects, states: Mapping[float, GateState] | None = None) -> None:
        self._grid = grid
        self._subjects = subjects
        self._states = states
        self._least_area_px = (settings.min_person_px / 4, settings.min_person_px * 0.75)
        self._tamper = Tamper()
        self._recognition: Recognition | None = None
        self.view = View.SAME
        """Whether the camera was seen to see the place that is known; OTHER until `forget`."""
        self._before: Picture | None = None
        self._under_subject_before = np.zeros(grid.working_shape, bool)
        self._moving_alone_s = 0.0
        self._judged_s: float | None = None

    def forget(self) -> None:
        """Starts anew, after the camera was moved or the light switched: the next picture is the new reference."""
        self._tamper.forget()
        self._recognition, self.view = None, View.SAME
        self._before = None
        self._moving_alone_s = 0.0

    def expect(self, reference: Picture, known: Mask) -> None:
        """Says what the place looked like (working picture) where it is known: the next pictures are compared with it."""
        self._tamper.expect(reference, known)
        self._recognition, self.view = Recognition(grey_of(reference), known), View.UNSURE

    def recognise_anew(self) -> None:
        """Says that the camera was away: the next pictures are compared with what was known of the place, if anything was."""
        if self._recognition is not None:
            self._recognition.begin_anew()
        elif self._tamper.reference is not None:
            self._recognition, self.view = Recognition(*self._tamper.reference), View.UNSURE

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
        observation, moving = self._compare(working, boxes, reference, known)
        areas = self._worth_a_look(observation.areas_xyxy)
        moves = self._any_moves(areas, moving)
        if len(areas) and not failed:
            try:
                closer = self._subjects.look_closer(picture, time_s, areas)
            except DetectorError:
                closer, failed = Boxes.none(), True
            if len(closer):
                boxes = Boxes.joined([boxes, closer])
                observation, _ = self._compare(working, boxes, reference, known)
        if failed:
            return self._without(observation, GateState.DETECTOR_FAILED)
        self._subjects.follow(time_s, boxes, shares(boxes, observation.changed, self._grid), shares(boxes, ~known, self._grid))
        under = self._grid.working_boxes(boxes.xyxy, grow=SUBJECT_GROWTH)
        visible = ~(under | self._under_subject_before)
        state = self._judged(working, visible, observation.free, time_s)
        if self._recognition is not None and visible.any():
            self.view = self._recognition.judge(working, visible, time_s, suspicious=self._tamper.suspicious)
            self._recognition = self._recognition if self.view is View.UNSURE else None
        if state is GateState.WATCHING and self._detector_is_dead(time_s, found=bool(len(boxes)), differs=bool(len(areas)), moves=moves):
            state = GateState.DETECTOR_FAILED
        first = self._before is None
        self._before = working
        self._under_subject_before = under
        if state is not GateState.WATCHING or self.view is not View.SAME or first or self._tamper.identical or self._tamper.suspicious:
            return self._without(observation, state)
        return observation

    def _judged(self, working: Picture, visible: Mask, free: Mask, time_s: float) -> GateState:
        """What the view says; where another pass has judged it already, what that one said."""
        if self._states is not None:
            return self._states[time_s]
        return self._tamper.judge(working, visible, free, time_s, follows=self.view is View.SAME)

    def _compare(self, working: Picture, boxes: Boxes, reference: Picture, known: Mask) -> tuple[Observation, Mask]:
        """The observation for these boxes; which working pixels move."""
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
        changed = (change > LEAST_MOTION) | (known & (unlikeness > LEAST_DIFFERENCE))
        observation = Observation(
            state=GateState.WATCHING,
            working=working,
            by_subject=self._grid.blocks_of(present),
            by_movement=self._grid.blocks_of(differs),
            by_object=self._grid.blocks_of(foreground.solid & ~present),
            differs=differs,
            areas_xyxy=foreground.areas_xyxy * np.float32(self._grid.shrink),
            present=foreground.subjects,
            changed=changed,
            hidden=present,
            free=~(present | differs),
            new_evidence=True,
            infrared=is_infrared(working, ~under),
        )
        return observation, moving

    def _without(self, observation: Observation, state: GateState) -> Observation:
        """The same observation as no evidence for the plate."""
        return replace(observation, state=state, new_evidence=False)

    def _worth_a_look(self, areas_xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """The areas that are large enough for a person."""
        sides = areas_xyxy[:, 2:] - areas_xyxy[:, :2]
        return areas_xyxy[(sides >= np.array(self._least_area_px, np.float32)).all(1)]

    def _any_moves(self, areas_xyxy: NDArray[np.float32], moving: Mask) -> bool:
        """Whether something moves in one of the areas: what only differs from the place, such as a bag left behind, tells nothing of the detector."""
        windows = (areas_xyxy / np.float32(self._grid.shrink)).astype(int)
        return any(np.count_nonzero(moving[top:bottom, left:right]) > SPECK_PX for left, top, right, bottom in windows)

    def _detector_is_dead(self, time_s: float, *, found: bool, differs: bool, moves: bool) -> bool:
        """Whether something of a person's size has moved for long without a single subject being found. It may pause: that counts back slowly."""
        passed_s = 0.0 if self._judged_s is None else float(np.clip(time_s - self._judged_s, 0, LONGEST_STEP_S))
        self._judged_s = time_s
        step_s = passed_s if moves else -PAUSE_SHARE * passed_s if differs else -passed_s
        self._moving_alone_s = 0.0 if found else float(np.clip(self._moving_alone_s + step_s, 0, DEAD_AFTER_S + LONGEST_STEP_S))
        return self._moving_alone_s >= DEAD_AFTER_S
