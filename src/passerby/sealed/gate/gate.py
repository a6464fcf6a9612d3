"""The gate of one fixed camera: pictures in, scenes out (invariants I2, I4, I5).

It looks at a few pictures a second; between looks only glyphs move. Whatever fails, the scene withholds more.
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.errors import DetectorError, GateError
from passerby.measure.sighting import Sighting
from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Level, PlatePatch, Scene, Size
from passerby.sealed.gate.background import distance
from passerby.sealed.gate.cells import CoarseCells
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.glyphs import PersonHeight, glyphs_of
from passerby.sealed.gate.grid import BLOCK_PX, Grid, Mask, Picture
from passerby.sealed.gate.ground import Ground
from passerby.sealed.gate.home import Home
from passerby.sealed.gate.light import Exposure, LightModel
from passerby.sealed.gate.looks import Composite, ReleaseLooks
from passerby.sealed.gate.pace import Pace
from passerby.sealed.gate.patches import patches_of
from passerby.sealed.gate.plate import LearnedPlate, Plate
from passerby.sealed.gate.recognition import View
from passerby.sealed.gate.samples import AGREEING_SHARE_LIVE, TOLERANCE
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.gate.subjects import LiveSubjects, Subjects
from passerby.sealed.gate.watch import Observation, Observed, Watch

DROPS_PLATE: Final = (GateState.MOVED, GateState.COVERED, GateState.LIGHT_CHANGED)
WITHHOLDS_ALL: Final = (*DROPS_PLATE, GateState.FROZEN, GateState.DETECTOR_FAILED, GateState.BAD_FRAME)


@dataclass(frozen=True, slots=True)
class Known:
    """What the first pass over a file learned, for a gate that learns no more.

    Attributes:
        subjects: Where subjects are.
        heights: The common height of persons.
        plate: The plate.
        states: What the view was at each look, by its time in seconds: the second pass looks at these pictures and no others.
        epoch: The plate's number.
    """

    subjects: Subjects
    heights: PersonHeight
    plate: LearnedPlate
    states: Mapping[float, GateState]
    epoch: int = 0


class Gate:
    """A streaming gate.

    Args:
        size: Size of the camera's pictures.
        settings: What the gate is told.
        eyes: A detector, for a live picture; or what is known already, for the second pass over a file.
        executor: Lets several looks for a release run at once; None = one after the other.
        releases_in_see: Whether `see` looks before releases, too; else `release` does.
        home: The view in which zones and lines were drawn, as an earlier gate of this camera knew it; None = it is the one that is seen first.

    Example:
        gate = Gate(Size(768, 576), GateSettings(settle_s=20), detector)
        for picture, time_s in camera:  # h x w x 3 uint8 BGR, seconds
            scene = gate.see(picture, time_s)
    """

    def __init__(
        self,
        size: Size,
        settings: GateSettings,
        eyes: Detector | Known,
        *,
        executor: Executor | None = None,
        releases_in_see: bool = True,
        home: Home | None = None,
    ) -> None:
        self._grid = grid = Grid(size)
        self._settings = settings
        self._looks: ReleaseLooks | None = None
        self._look_times: Mapping[float, GateState] | None = None
        self._pace = Pace(settings)
        self._releases_in_see = releases_in_see
        self._waiting: tuple[Picture, Mask, Composite] | None = None
        self._restored: tuple[Picture, Mask] | None = None
        if isinstance(eyes, Known):
            self._subjects: Subjects = eyes.subjects
            self._heights = eyes.heights
            self._plate, self._epoch = Plate.of(grid, settings, eyes.plate), eyes.epoch
            self._look_times = eyes.states
        else:
            self._heights = PersonHeight(size)
            self._subjects = LiveSubjects(grid, eyes, settings.min_person_px, self._heights, self._pace)
            self._plate, self._epoch = Plate(grid, settings, keep_samples=False), 0
            self._looks = ReleaseLooks(grid, eyes, settings.min_person_px, executor, both_ways=True)
        self._watch = Watch(grid, settings, self._subjects, eyes.states if isinstance(eyes, Known) else None)
        self._light, self._exposure = LightModel(), Exposure()
        self._ground = None if settings.ground is None else Ground(settings.ground)
        self._cells = CoarseCells(grid)
        self._never = grid.working_of(self._plate.never)
        self._home = Home() if home is None else home
        self._fault = GateState.WATCHING
        self._sent = np.zeros(grid.block_shape, bool)
        self._epoch_used = False
        self._renew_reference()
        self._looked_s: float | None = None
        self._observed: Observed | None = None
        self._drawn_s: float | None = None
        self._celled_s: float | None = None
        self._glyphs: tuple[Glyph, ...] = ()
        self._shown_cells: tuple[Cell, ...] = ()
        nothing = np.zeros(grid.block_shape, bool)
        self._nothing_shown = nothing, np.packbits(nothing).tobytes()
        self._freeze()

    @property
    def plate(self) -> Plate:
        """The plate and its block states; for benchmarks, tests and reports inside the sealed process."""
        return self._plate

    @property
    def looks_hz(self) -> float:
        """How often a live picture is looked at.

        Whoever runs short of time sets it lower, down to 2: glyphs follow later, the plate settles later, and nothing is released earlier.
        """
        return self._pace.looks_hz

    @looks_hz.setter
    def looks_hz(self, wanted_hz: float) -> None:
        self._pace.looks_hz = wanted_hz

    @property
    def sighting(self) -> Sighting | None:
        """The persons of the newest look at which the gate could see; None = none was made, or what is known comes from a file's first pass.

        None as well where the camera was moved, or was away, until it is seen to see the same place again: zones and lines are those of that place.
        """
        return self._subjects.sighting if isinstance(self._subjects, LiveSubjects) and self._sees_home else None

    @property
    def observed(self) -> Observed | None:
        """What measuring needs of the newest look."""
        return self._observed

    @property
    def was_moved(self) -> bool:
        """Whether the camera was moved or covered, and has not been seen to see the same place again."""
        return self._home.is_left

    @property
    def _sees_home(self) -> bool:
        return self._watch.view is View.SAME and not self._home.is_left

    def resend_plate(self) -> None:
        """The next scene brings all of the plate that it shows, and not only what is new."""
        self._sent[:] = False

    def restore(self, picture: Picture, blocks: Mask) -> None:
        """Hands in the plate of a gate that is gone: it is shown once the next pictures show the same view, and forgotten if they do not.

        Args:
            picture: The plate, h x w x 3 BGR.
            blocks: Which blocks of it are known (rows x columns).

        Raises:
            GateError: It is of another size, or this gate has seen pictures already.
        """
        if not self._fits(picture) or blocks.shape != self._grid.block_shape or self._looked_s is not None or self._looks is None:
            raise GateError("a plate can be restored before the first picture only, and must be of its size")
        if blocks.any():
            self._restored = picture.copy(), blocks.copy()
            self._watch.expect(self._grid.reduced(picture), self._grid.working_of(blocks))

    def reconnected(self) -> None:
        """Says that the camera was away: the plate is withheld until the next pictures show the view that is known, and dropped if they do not."""
        self._waiting = None
        self._watch.recognise_anew()

    def wants_picture(self, time_s: float) -> bool:
        """Whether the picture of this time will be looked at; for all others `see` needs none."""
        if self._look_times is not None:
            return time_s in self._look_times
        return self._looked_s is None or time_s - self._looked_s >= self._pace.interval_s - 1e-3 or time_s < self._looked_s

    def see(self, picture: Picture | None, time_s: float) -> Scene:
        """The scene at `time_s` (seconds, not falling), from `picture` (h x w x 3 uint8 BGR), or without one where `wants_picture` is false."""
        if picture is not None and not self._fits(picture):
            self._fault = GateState.BAD_FRAME
            self._waiting = None
        elif self.wants_picture(time_s):
            if picture is None:
                raise GateError(f"the gate wants a picture at {time_s:.3f} s and got none")
            self._look(picture, time_s)
        return self._scene_in(time_s, self._fault)

    def _fits(self, picture: Picture) -> bool:
        return picture.dtype == np.uint8 and picture.shape == (self._grid.size.height_px, self._grid.size.width_px, 3)

    def _look(self, picture: Picture, time_s: float) -> None:
        interval_s = self._pace.interval_s if self._look_times is None else self._settings.look_interval_s
        passed_s = interval_s if self._looked_s is None else float(np.clip(time_s - self._looked_s, 0, 2 * interval_s))
        self._looked_s = time_s
        self._waiting = None
        place = self._light.lit(self._reference)
        seen = self._watch.look(picture, time_s, place, self._known)
        self._fault = seen.state
        self._observed = Observed(seen.working, seen.changed, place, self._known, self._never)
        view = self._watch.view
        if seen.state in (GateState.MOVED, GateState.COVERED) or view is View.OTHER:
            self._leave_home()
        elif self._home.is_left and seen.state is GateState.WATCHING:
            self._home.look(seen.working, ~seen.hidden, time_s)
        if self._restored is not None and (view is not View.UNSURE or seen.state in DROPS_PLATE):
            self._decide_on_restored(*self._restored, same=view is View.SAME and seen.state is GateState.WATCHING)
        elif seen.state in DROPS_PLATE:
            self._drop()
        elif view is View.OTHER:
            self._fault = GateState.MOVED
            self._drop()
        elif seen.state is GateState.WATCHING and view is View.SAME:
            self._learn(picture, seen, passed_s)
        self._show_cells(seen, time_s)
        self._freeze()

    def _leave_home(self) -> None:
        """The camera was moved or covered: away from what was learned, or from a plate of before that was handed in and is not seen any more."""
        if self._restored is None:
            self._home.leave(self._reference, self._known)
        else:
            picture, blocks = self._restored
            self._home.leave(self._grid.reduced(picture), self._grid.working_of(blocks))

    def _decide_on_restored(self, picture: Picture, blocks: Mask, *, same: bool) -> None:
        """Takes over a restored plate, or forgets it and what it was compared with."""
        self._restored = None
        if same:
            self._plate.adopt(picture, blocks)
            self._take_over()
            # What is learned beside it is kept in its light, or the two halves would differ by the light of two days.
            self._exposure.expect(self._reference, self._known)
        else:
            self._watch.forget()

    def _drop(self) -> None:
        """Forgets the plate: the place has to be learned anew. What was learned from a whole file is only withheld for now."""
        self._watch.forget()
        if self._looks is None:
            return
        self._home.keep(self._reference, self._known)
        self._plate = Plate(self._grid, self._settings, keep_samples=False)
        self._looks.forget(np.ones(self._grid.block_shape, bool))
        self._light, self._exposure = LightModel(), Exposure()
        self._epoch += self._epoch_used
        self._epoch_used = False
        self._sent[:] = False
        self._renew_reference()

    def _learn(self, picture: Picture, seen: Observation, passed_s: float) -> None:
        plate = self._plate
        plate.infrared = seen.infrared
        plate.disturb(seen.by_subject, seen.by_movement, seen.by_object, passed_s)
        self._light.update(seen.working, self._reference, ~seen.hidden & self._known, passed_s)
        if self._looks is None:
            return
        gains = self._exposure.of(seen.working, ~seen.hidden) if seen.new_evidence else None
        if gains is not None:
            plate.sample(picture, ~(seen.by_subject | seen.by_movement), passed_s, gains)
        if plate.absorb().any():
            self._take_over()
        candidate, waiting = plate.candidates()
        if gains is not None and waiting.any():
            unlike = self._unlike(candidate, seen.working, gains) & waiting & plate.undisturbed
            plate.give_up(unlike)
            waiting &= ~unlike
        # At each picture, also when nothing is looked at now: what was seen of a candidate that is gone must not count for the next one there.
        self._looks.forget(~waiting)
        self._pace.pass_time(passed_s)
        above = ((plate.picture, plate.established.copy()), (candidate, waiting))
        self._waiting = (candidate, waiting, Composite(self._grid, picture, above)) if waiting.any() else None
        if self._releases_in_see:
            self._look_before_release(self._pace.runs)

    def _unlike(self, candidate: Picture, working: Picture, gains: NDArray[np.float32]) -> Mask:
        """Blocks in which the candidate is not what is seen now: what its samples agreed on has left since."""
        expected = self._grid.reduced(candidate)
        rows, columns = expected.shape[:2]
        light = cv2.resize(gains, (columns, rows), interpolation=cv2.INTER_LINEAR)
        expected = np.asarray(cv2.multiply(expected, light, dtype=cv2.CV_8U), np.uint8)
        return self._grid.share_of_blocks(distance(working, expected) > TOLERANCE) > 1 - AGREEING_SHARE_LIVE

    def release(self) -> bool:
        """Runs the detector once on what is about to be released, if something is and the pace allows it; whether it did.

        For whoever calls `see` with `releases_in_see` off, in moments in which no picture waits.
        """
        return self._look_before_release(min(1, self._pace.runs))

    def _look_before_release(self, runs: int) -> bool:
        """Spends so many runs of the detector (0 = none) on what waits to be released, at what it would show: who passes by hides nobody in it."""
        if self._looks is None or self._waiting is None or not runs:
            return False
        candidate, waiting, composite = self._waiting
        try:
            clear, found = self._looks.look(composite, waiting, 0 if self._pace.unbound else runs)
        except DetectorError:
            self._fault = GateState.DETECTOR_FAILED
            self._waiting = None
            return True
        finally:
            self._pace.spend(self._looks.latest_runs)
        plate = self._plate
        plate.hold(found & waiting)
        plate.establish(candidate, clear & plate.undisturbed)
        left = waiting & ~clear & ~found
        self._waiting = (candidate, left, composite) if left.any() else None
        if clear.any():
            self._take_over()
            self._freeze()
        return True

    def _take_over(self) -> None:
        """Follows a plate of which blocks were established or given up: what was given up has to be sent anew."""
        self._sent &= self._plate.established
        self._renew_reference()

    def _renew_reference(self) -> None:
        self._reference = self._grid.reduced(self._plate.picture)
        self._known = self._grid.working_of(self._plate.established)

    def _show_cells(self, seen: Observation, time_s: float) -> None:
        if self._settings.level is Level.COUNTS or not _is_due(self._celled_s, time_s, self._settings.cells_hz):
            return
        self._celled_s = time_s
        covered = seen.differs | seen.present if self._settings.level is Level.HEAT else seen.differs
        self._shown_cells = self._cells.update(covered)

    def damaged(self, time_s: float) -> Scene:
        """The scene of a picture that was damaged on its way: nothing is shown, nor released, until the next good picture was looked at."""
        self._fault = GateState.BAD_FRAME
        self._waiting = None
        return self._scene_in(time_s, self._fault)

    def withheld(self, time_s: float, state: GateState) -> Scene:
        """A scene that shows nothing, for a moment of which the caller knows that nothing may be shown."""
        return self._scene_in(time_s, state)

    def _scene_in(self, time_s: float, fault: GateState) -> Scene:
        blind = fault in WITHHOLDS_ALL
        shown, packed = self._shown if not blind and self._watch.view is View.SAME else self._nothing_shown
        if not blind and self._settings.level is Level.GLYPHS and _is_due(self._drawn_s, time_s, self._settings.glyphs_hz):
            self._glyphs = glyphs_of(self._subjects.at(time_s), self._grid.size, self._heights, self._ground)
            self._drawn_s = time_s
        state = fault if blind else (GateState.WATCHING if shown.any() else GateState.SETTLING)
        return Scene(
            time_s=time_s,
            size=self._grid.size,
            level=self._settings.level,
            plate_epoch=self._epoch,
            block_px=BLOCK_PX,
            shown=packed,
            patches=self._patches(shown),
            light=self._light_field,
            glyphs=() if blind else self._glyphs,
            cell_px=self._grid.cell_px,
            cells=() if blind else self._shown_cells,
            health=GateHealth(state, round(1 - float(shown.mean()), 4), *self._shares, self._at_home(blind=blind)),
        )

    def _at_home(self, *, blind: bool) -> bool | None:
        """Whether the camera looks at what its zones and lines were drawn on; None = nothing is seen, or not surely."""
        if self._home.is_left:
            return False
        return True if self._sees_home and not blind and self._looked_s is not None else None

    def _freeze(self) -> None:
        """Keeps what scenes say of the plate until the next look."""
        plate = self._plate
        shown = plate.shown
        self._shown = shown, np.packbits(shown).tobytes()
        self._shares = round(float(plate.held.mean()), 4), round(float(plate.never.mean()), 4)
        self._light_field = self._light.field()

    def _patches(self, shown: Mask) -> tuple[PlatePatch, ...]:
        """The blocks of the plate that are shown and were not sent yet."""
        new = shown & ~self._sent
        if not new.any():
            return ()
        self._sent |= new
        self._epoch_used = True
        return patches_of(self._plate.picture, new)


def _is_due(last_s: float | None, time_s: float, most_hz: float) -> bool:
    """Whether something that may change so many times a second may change now; also after the clock was set back."""
    return last_s is None or time_s - last_s >= 1 / most_hz - 1e-3 or time_s < last_s
