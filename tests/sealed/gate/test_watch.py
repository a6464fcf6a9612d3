"""One look: what belongs to subjects, what moves alone, what may be learned from, and which faults it says."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from passerby.errors import DetectorError
from passerby.released.scene import GateState, Kind
from passerby.sealed.gate.detector import Boxes
from passerby.sealed.gate.glyphs import Subject
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.settings import GateSettings
from passerby.sealed.gate.watch import DEAD_AFTER_S, Observation, Watch
from tests.support.detectors import boxes_of
from tests.support.scenes import Box, Picture, Stage

STAGE = Stage(320, 240)
GRID = Grid(STAGE.size)
BOX: Box = (96.0, 80.0, 112.0, 128.0)


@dataclass
class Told:
    """Subjects as a test says they are; remembers what it was asked."""

    boxes: list[Box] = field(default_factory=list)
    closer: list[Box] = field(default_factory=list)
    fails: bool = False
    fails_closer: bool = False
    areas: list[NDArray[np.float32]] = field(default_factory=list)
    followed: list[tuple[Boxes, NDArray[np.float32], NDArray[np.float32]]] = field(default_factory=list)

    def look(self, picture: Picture, time_s: float) -> Boxes:
        if self.fails:
            raise DetectorError("told to")
        return boxes_of([(box, Kind.PERSON) for box in self.boxes])

    def look_closer(self, picture: Picture, time_s: float, areas_xyxy: NDArray[np.float32]) -> Boxes:
        self.areas.append(areas_xyxy)
        if self.fails_closer:
            raise DetectorError("told to")
        return boxes_of([(box, Kind.PERSON) for box in self.closer])

    def follow(self, time_s: float, boxes: Boxes, changed: NDArray[np.float32], unknown: NDArray[np.float32]) -> None:
        self.followed.append((boxes, changed, unknown))

    def at(self, time_s: float) -> list[Subject]:
        return []


class Looking:
    """A watch over the stage, looked through twice a second."""

    def __init__(self, told: Told, *, known: bool = True) -> None:
        self.watch = Watch(GRID, GateSettings(min_person_px=24), told)
        self.number = 0
        self.known = np.full(GRID.working_shape, known)

    def see(self, place: Picture | None = None, *, noisy: bool = True) -> Observation:
        self.number += 1
        place = STAGE.empty if place is None else place
        picture = STAGE.seen(place, self.number / 2) if noisy else place
        return self.watch.look(picture, self.number / 2, STAGE.empty, self.known)


def with_something(left: int, top: int, right: int, bottom: int, place: Picture | None = None) -> Picture:
    picture = (STAGE.empty if place is None else place).copy()
    picture[top:bottom, left:right] = 255 - picture[top:bottom, left:right] // 2
    return picture


def blocks(left: int, top: int, right: int, bottom: int) -> tuple[slice, slice]:
    return slice(top // 16, -(-bottom // 16)), slice(left // 16, -(-right // 16))


def test_the_first_picture_and_the_first_after_forgetting_are_no_evidence() -> None:
    looking = Looking(Told())
    assert not looking.see().new_evidence
    assert looking.see().new_evidence
    looking.watch.forget()
    assert not looking.see().new_evidence
    assert looking.see().new_evidence


def test_a_picture_that_repeats_the_one_before_is_no_evidence() -> None:
    looking = Looking(Told())
    looking.see(noisy=False)
    repeated = looking.see(noisy=False)
    assert repeated.state is GateState.WATCHING
    assert not repeated.new_evidence


def test_in_an_empty_place_everything_is_free() -> None:
    looking = Looking(Told())
    for _ in range(6):
        seen = looking.see()
        assert seen.free.all()
        assert not (seen.by_subject | seen.by_movement).any()
        assert not len(seen.areas_xyxy)


def test_what_differs_without_a_subject_is_unexplained_and_looked_at_from_near() -> None:
    told = Told()
    looking = Looking(told)
    looking.see()
    seen = looking.see(with_something(200, 96, 220, 140))
    assert seen.by_movement[blocks(200, 96, 220, 140)].all()
    assert seen.by_movement.sum() <= 20
    assert not seen.by_subject.any()
    (areas,) = told.areas
    assert areas[0] == pytest.approx([200, 96, 220, 140], abs=6)


@pytest.mark.parametrize(("width", "height", "asked"), [(4, 30, False), (20, 6, False), (20, 30, True)])
def test_only_what_could_be_a_person_is_looked_at_from_near(width: int, height: int, asked: bool) -> None:
    told = Told()
    looking = Looking(told)
    looking.see()
    # An area is wider by the four pixels over which parts are joined: ask for sides well below and above.
    looking.watch._least_area_px = (12.0, 18.0)
    looking.see(with_something(200, 96, 200 + width, 96 + height))
    assert bool(told.areas) == asked


def test_a_subject_found_from_near_explains_what_moved() -> None:
    told = Told(closer=[(200.0, 96.0, 220.0, 140.0)])
    looking = Looking(told)
    looking.see()
    seen = looking.see(with_something(200, 96, 220, 140))
    assert seen.by_subject[blocks(200, 96, 220, 140)].all()
    assert not seen.by_movement.any()
    assert len(told.followed[-1][0]) == 1


def test_what_touches_a_subject_is_the_subjects() -> None:
    looking = Looking(Told([BOX]))
    looking.see()
    seen = looking.see(with_something(112, 116, 160, 130, with_something(96, 80, 112, 128)))
    assert seen.by_subject[blocks(112, 116, 158, 130)].all()
    assert not seen.by_movement.any()


def test_where_a_subject_was_at_the_look_before_nothing_is_learned_yet() -> None:
    told = Told([BOX])
    looking = Looking(told)
    looking.see()
    looking.see()
    told.boxes = []
    after = looking.see()
    assert after.by_subject[blocks(96, 80, 112, 128)].all()
    assert not after.free[80:128, 96:112].any()
    assert not looking.see().by_subject.any()


def test_what_is_not_known_yet_differs_from_nothing() -> None:
    looking = Looking(Told(), known=False)
    looking.see(with_something(200, 96, 220, 140))
    assert not looking.see(with_something(200, 96, 220, 140)).by_movement.any()
    assert looking.see().by_movement[blocks(200, 96, 220, 140)].all(), "but it moves"


def test_the_pixels_under_a_subject_leave_the_observation_as_it_is() -> None:
    seen = []
    for level in (None, 0, 255):
        looking = Looking(Told([BOX]))
        place = STAGE.empty.copy()
        if level is not None:
            place[80:128, 96:112] = level
        seen.append([looking.see(place) for _ in range(4)])
    for one, two, three in zip(*seen, strict=True):
        for name in ("by_subject", "by_movement", "differs", "areas_xyxy", "present", "hidden", "free"):
            assert np.array_equal(getattr(one, name), getattr(two, name)), name
            assert np.array_equal(getattr(one, name), getattr(three, name)), name
        assert one.state is two.state is three.state
        assert one.new_evidence == two.new_evidence == three.new_evidence


def test_tracks_hear_how_much_of_a_box_differs_and_how_much_is_unknown() -> None:
    told = Told([BOX])
    looking = Looking(told)
    looking.known[:, :104] = False
    looking.see()
    looking.see(with_something(104, 80, 112, 128))
    _, changed, unknown = told.followed[-1]
    assert changed[0] == pytest.approx(0.5, abs=0.1)
    assert unknown[0] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("told", [Told(fails=True), Told(fails_closer=True)], ids=["whole picture", "from near"])
def test_a_detector_that_fails_is_said_and_is_no_evidence(told: Told) -> None:
    looking = Looking(told)
    looking.see()
    seen = looking.see(with_something(200, 96, 220, 140))
    assert seen.state is GateState.DETECTOR_FAILED
    assert not seen.new_evidence
    told.fails = told.fails_closer = False
    looking.see()
    assert looking.see().state is GateState.WATCHING


def dead_after_s(looking: Looking, place_at: Callable[[float], Picture], seconds: float) -> float | None:
    for _ in range(round(seconds * 2)):
        if looking.see(place_at(looking.number / 2)).state is GateState.DETECTOR_FAILED:
            return looking.number / 2
    return None


def moving(time_s: float) -> Picture:
    left = 20 + round(time_s * 24) % 260
    return with_something(left, 96, left + 20, 140)


def test_a_detector_that_finds_nothing_while_somebody_moves_is_dead_after_some_seconds() -> None:
    assert dead_after_s(Looking(Told()), moving, 40) == pytest.approx(DEAD_AFTER_S, abs=2)


def test_a_detector_that_finds_anybody_is_not_dead() -> None:
    assert dead_after_s(Looking(Told([(280.0, 10.0, 300.0, 60.0)])), moving, 40) is None


def test_what_only_differs_from_the_place_tells_nothing_of_the_detector() -> None:
    assert dead_after_s(Looking(Told()), lambda _: with_something(200, 96, 220, 140), 40) is None


def test_who_pauses_now_and_then_counts_on() -> None:
    def with_pauses(time_s: float) -> Picture:
        return moving(time_s - time_s % 6 + min(time_s % 6, 4))

    found = dead_after_s(Looking(Told()), with_pauses, 60)
    assert found is not None
    assert found > DEAD_AFTER_S


def test_a_picture_without_colour_is_infrared() -> None:
    looking = Looking(Told())
    assert not looking.see().infrared
    grey = Looking(Told())
    picture = np.repeat(STAGE.empty[..., 1:2], 3, 2)
    assert grey.watch.look(picture, 0.0, picture, grey.known).infrared


def test_another_passes_verdict_is_taken_as_it_is() -> None:
    watch = Watch(GRID, GateSettings(), Told(), {0.0: GateState.WATCHING, 0.5: GateState.MOVED, 1.0: GateState.WATCHING})
    known = np.ones(GRID.working_shape, bool)
    states = [watch.look(STAGE.seen(STAGE.empty, t), t, STAGE.empty, known).state for t in (0.0, 0.5, 1.0)]
    assert states == [GateState.WATCHING, GateState.MOVED, GateState.WATCHING]
