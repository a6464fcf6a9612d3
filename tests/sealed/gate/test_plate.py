"""The plate's promises (invariant I2), whatever happens to its blocks in whatever order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from passerby.released.scene import Size
from passerby.sealed.gate.grid import Grid
from passerby.sealed.gate.plate import BORDER_SLOWER, DOUBT_AFTER_S, INFRARED_SLOWER, MOST_DOUBLINGS, BlockState, LearnedPlate, Plate
from passerby.sealed.gate.settings import SAMPLES, GateSettings

Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]

SMALL = Grid(Size(96, 80))
"""6 x 5 blocks, of which those in the middle are not slower: the band along the border is 8 px wide."""
SHAPE = SMALL.block_shape
INNER = (2, 2)
SETTLE_S = 2.0
STEP_S = SETTLE_S / (SAMPLES - 1)
NEVER = ((1.0, 50.0), (14.0, 50.0), (14.0, 60.0))
"""A triangle inside of block (3, 0)."""
NEVER_BLOCK = (3, 0)


def flat(level: int, grid: Grid = SMALL) -> Picture:
    return np.full((grid.size.height_px, grid.size.width_px, 3), level, np.uint8)


def none() -> Mask:
    return np.zeros(SHAPE, bool)


def every() -> Mask:
    return np.ones(SHAPE, bool)


def only(*blocks: tuple[int, int]) -> Mask:
    mask = none()
    for block in blocks:
        mask[block] = True
    return mask


def live(absorb_s: float = 60.0) -> Plate:
    return Plate(SMALL, GateSettings(settle_s=SETTLE_S, absorb_s=absorb_s, never=(NEVER,)), keep_samples=False)


def step(plate: Plate, picture: Picture, by_subject: Mask, by_movement: Mask, passed_s: float = STEP_S, found: Mask | None = None) -> Mask:
    """What the gate does with a plate at each look. Returns the blocks that were established."""
    plate.disturb(by_subject, by_movement, by_movement, passed_s)
    plate.sample(picture, ~(by_subject | by_movement), passed_s)
    plate.absorb()
    candidate, ready = plate.candidates()
    hit = none() if found is None else found & ready
    before = plate.established.copy()
    plate.hold(hit)
    plate.establish(candidate, ready & ~hit)
    return plate.established & ~before


def settled(plate: Plate, level: int = 100) -> Plate:
    """The plate after enough quiet for every block."""
    for _ in range(BORDER_SLOWER * SAMPLES + 2):
        step(plate, flat(level), none(), none())
    return plate


def seconds_until_ready(plate: Plate, block: tuple[int, int], most_s: float = 1000.0) -> float:
    """Seconds of quiet until a block is to be looked at."""
    for number in range(round(most_s / STEP_S)):
        plate.disturb(none(), none(), none(), STEP_S)
        plate.sample(flat(100), every(), STEP_S)
        if plate.candidates()[1][block]:
            return (number + 1) * STEP_S
    pytest.fail("the block never gets ready")


def test_a_quiet_place_is_established_after_its_settling_time_and_not_before() -> None:
    plate = live()
    for number in range(1, SAMPLES + 1):
        new = step(plate, flat(100), none(), none())
        assert new[INNER] == (number * STEP_S >= SETTLE_S and number >= SAMPLES), f"after {number * STEP_S} s"
    assert (plate.picture[32:48, 32:48] == 100).all()


def test_blocks_at_the_border_and_in_infrared_wait_longer() -> None:
    usual = seconds_until_ready(live(), INNER)
    assert seconds_until_ready(live(), (0, 2)) == pytest.approx(BORDER_SLOWER * usual, abs=2 * STEP_S)
    dark = live()
    dark.infrared = True
    assert seconds_until_ready(dark, INNER) == pytest.approx(INFRARED_SLOWER * usual, abs=2 * STEP_S)


def test_a_never_block_stays_unknown_in_a_plate_that_was_learned_elsewhere_too() -> None:
    plate = settled(live())
    assert (plate.states() == BlockState.NEVER).sum() == 1
    assert plate.states()[NEVER_BLOCK] == BlockState.NEVER
    learned = LearnedPlate(flat(100), every(), none(), none())
    other = Plate.of(SMALL, GateSettings(never=(NEVER,)), learned)
    assert not other.shown[NEVER_BLOCK]
    assert other.shown.sum() == other.shown.size - 1


def test_blocks_that_disagree_start_anew() -> None:
    plate = live()
    for number in range(SAMPLES):
        step(plate, flat(40 if number % 3 == 0 else 200), none(), none())
    assert not plate.established.any()
    assert plate.states()[INNER] == BlockState.UNKNOWN
    assert seconds_until_ready(plate, INNER) == pytest.approx(seconds_until_ready(live(), INNER))


def test_what_differs_is_withheld_after_some_seconds_and_comes_back_as_soon_as_it_fits() -> None:
    plate = settled(live())
    shown = plate.shown.copy()
    assert shown[INNER]
    passed_s = 0.0
    while passed_s < DOUBT_AFTER_S + 3:
        step(plate, flat(200), none(), only(INNER))
        passed_s += STEP_S
        assert plate.doubted[INNER] == (not plate.shown[INNER]) == (passed_s >= DOUBT_AFTER_S)
        assert (plate.shown[shown & ~only(INNER)]).all()
    step(plate, flat(100), none(), none())
    assert np.array_equal(plate.shown, shown)


def test_somebody_before_an_established_block_neither_doubts_it_nor_ends_its_doubt() -> None:
    plate = settled(live())
    for _ in range(round(2 * DOUBT_AFTER_S / STEP_S)):
        step(plate, flat(200), only(INNER), only(INNER))
    assert plate.shown[INNER]
    for _ in range(round(DOUBT_AFTER_S / STEP_S) + 1):
        step(plate, flat(200), none(), only(INNER))
    assert plate.doubted[INNER]
    step(plate, flat(200), only(INNER), none())
    assert plate.doubted[INNER], "nobody saw that it fits again"


def test_what_differs_for_long_is_given_up_and_learned_anew() -> None:
    plate = settled(live(absorb_s=10.0))
    for _ in range(round(10 / STEP_S) - 1):
        step(plate, flat(200), none(), only(INNER))
    assert plate.established[INNER]
    step(plate, flat(200), none(), only(INNER))
    assert not plate.established[INNER]
    settled(plate, 200)
    assert plate.shown[INNER]
    assert (plate.picture[32:48, 32:48] == 200).all()
    assert (plate.picture[32:48, 48:64] == 100).all()


def test_a_held_block_waits_for_a_disturbance_and_then_twice_as_long_each_time() -> None:
    plate = live(absorb_s=80000.0)
    waited = []
    for _ in range(MOST_DOUBLINGS + 2):
        waited.append(seconds_until_ready(plate, INNER))
        plate.hold(only(INNER))
        assert plate.held[INNER]
        for _ in range(2 * SAMPLES):
            plate.disturb(none(), none(), none(), STEP_S)
            plate.sample(flat(100), every(), STEP_S)
            assert not plate.candidates()[1][INNER], "nothing disturbed it"
        plate.disturb(only(INNER), none(), none(), STEP_S)
        assert not plate.held[INNER]
    ratios = np.array(waited[1:]) / np.array(waited[:-1])
    assert ratios[:MOST_DOUBLINGS] == pytest.approx(2.0, rel=0.15)
    assert ratios[-1] == pytest.approx(1.0, rel=0.01)


def test_in_a_file_a_held_block_stays_held() -> None:
    plate = Plate(SMALL, GateSettings(settle_s=SETTLE_S), keep_samples=True)
    for _ in range(2 * SAMPLES):
        plate.sample(flat(100), every(), STEP_S)
    plate.hold(only(INNER))
    plate.disturb(only(INNER), none(), none(), STEP_S)
    for _ in range(8 * SAMPLES):
        step(plate, flat(100), none(), none())
    assert plate.held[INNER]
    assert not plate.shown[INNER]
    assert plate.learned().held[INNER]
    assert not plate.learned().picture[32:48, 32:48].any()


def test_in_a_file_a_disturbed_block_only_gives_no_sample() -> None:
    plate = Plate(SMALL, GateSettings(settle_s=SETTLE_S), keep_samples=True)
    for number in range(4 * SAMPLES):
        passing = only(INNER) if number % 2 else none()
        plate.disturb(passing, none(), none(), STEP_S)
        plate.sample(flat(255 if number % 2 else 100), ~passing, STEP_S)
    candidate, ready = plate.candidates()
    assert ready[INNER]
    assert (candidate[32:48, 32:48] == 100).all()


def test_blocks_that_subjects_covered_to_the_end_are_held() -> None:
    plate = Plate(SMALL, GateSettings(settle_s=SETTLE_S), keep_samples=True)
    for _ in range(4 * SAMPLES):
        plate.sample(flat(100), ~only(INNER, (2, 3)), STEP_S)
    plate.hold_unsettled(only(INNER, (1, 1)))
    assert np.array_equal(plate.held, only(INNER)), "(1, 1) has its samples, nobody covered (2, 3)"


class Plates(RuleBasedStateMachine):
    """Anything may happen to the blocks of a live plate, in any order: the promises hold after each step."""

    @initialize()
    def start(self) -> None:
        self.plate = live(absorb_s=30.0)
        self.never = self.plate.never.copy()
        self.quiet_s, self.touched = np.zeros(SHAPE), none()
        self.pixels: dict[tuple[int, int], bytes] = {}
        self.level = 100

    def _after(self, passed_s: float, new: Mask) -> None:
        for row, column in np.argwhere(new):
            assert self.quiet_s[row, column] >= SETTLE_S - 2e-3, "released within its settling time"
            assert not self.touched[row, column], "released while something was there"
        for block in list(self.pixels):
            if not self.plate.established[block]:
                del self.pixels[block]

    def _block(self, row: int, column: int) -> bytes:
        return self.plate.picture[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16].tobytes()

    def _steps(self, count: int, by_subject: Mask, by_movement: Mask, passed_s: float, found: Mask) -> None:
        for _ in range(count):
            touched = by_subject | by_movement
            self.quiet_s = np.where(touched, self.quiet_s, self.quiet_s + passed_s)
            self.touched = touched
            self._after(passed_s, step(self.plate, flat(self.level), by_subject, by_movement, passed_s, found))
            self.the_promises_hold()

    @rule(count=st.integers(1, 2 * SAMPLES), passed_s=st.sampled_from([0.0, 0.1, STEP_S, 0.5]), found=st.booleans(), where=st.data())
    def quiet(self, count: int, passed_s: float, found: bool, where: st.DataObject) -> None:
        self._steps(count, none(), none(), passed_s, where.draw(masks()) if found else none())

    @rule(count=st.integers(1, 4), subject=st.data(), passed_s=st.sampled_from([0.0, STEP_S, 1.0]))
    def busy(self, count: int, subject: st.DataObject, passed_s: float) -> None:
        self._steps(count, subject.draw(masks()), subject.draw(masks()), passed_s, none())

    @rule(count=st.integers(5, 35), where=st.data())
    def something_is_left_behind(self, count: int, where: st.DataObject) -> None:
        self._steps(count, none(), where.draw(masks()), 1.0, none())

    @rule(level=st.integers(0, 255))
    def the_place_changes(self, level: int) -> None:
        self.level = level

    @rule(infrared=st.booleans())
    def colour_goes_or_comes(self, infrared: bool) -> None:
        self.plate.infrared = infrared

    @rule(where=st.data())
    def somebody_is_found(self, where: st.DataObject) -> None:
        before = self.plate.established.copy()
        self.plate.hold(where.draw(masks()))
        assert np.array_equal(before, self.plate.established), "what is established is no longer looked at"

    @invariant()
    def the_promises_hold(self) -> None:
        plate = self.plate
        assert not (plate.shown & self.never).any()
        assert (plate.states()[self.never] == BlockState.NEVER).all()
        assert not (plate.shown & ~plate.established).any()
        assert not (plate.shown & plate.doubted).any()
        assert not (plate.shown & plate.held).any()
        for row, column in np.argwhere(plate.established):
            pixels = self._block(row, column)
            assert self.pixels.setdefault((int(row), int(column)), pixels) == pixels, "an established block changed"


@st.composite
def masks(draw: st.DrawFn) -> Mask:
    """Any blocks of the small grid: some rectangles of them."""
    mask = none()
    for _ in range(draw(st.integers(0, 3))):
        row, column = draw(st.integers(0, SHAPE[0] - 1)), draw(st.integers(0, SHAPE[1] - 1))
        mask[row : row + draw(st.integers(1, SHAPE[0])), column : column + draw(st.integers(1, SHAPE[1]))] = True
    return mask


TestPlates = Plates.TestCase
TestPlates.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


runs = st.tuples(st.booleans(), st.booleans(), st.sampled_from([50, 200]), st.integers(1, SAMPLES))


@given(st.lists(runs, min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_a_block_shows_only_what_was_there_while_nothing_touched_it(moments: list[tuple[bool, bool, int, int]]) -> None:
    plate = live()
    seen: set[int] = set()
    for subject, movement, level, count in moments:
        touched = subject or movement
        for _ in range(1 if touched else count):
            seen = seen if touched else seen | {level}
            new = step(plate, flat(level), only(INNER) if subject else none(), only(INNER) if movement else none())
            if new[INNER]:
                assert set(plate.picture[32:48, 32:48].ravel().tolist()) <= seen
                return


def test_where_people_walk_moments_of_quiet_add_up() -> None:
    plate = live()
    for number in range(4 * SAMPLES):
        passing = only(INNER) if number % 2 else none()
        new = step(plate, flat(255 if number % 2 else 100), passing, none())
        assert not (new & passing).any()
    assert plate.established[INNER]
    assert (plate.picture[32:48, 32:48] == 100).all()


@pytest.mark.parametrize("before", [2, 4, SAMPLES - 2])
def test_moments_of_quiet_that_show_different_things_do_not_add_up(before: int) -> None:
    """Somebody came, stood still without being found, and so looks quiet."""
    plate = live()
    for _ in range(before):
        step(plate, flat(50), none(), none())
    step(plate, flat(50), none(), only(INNER))
    for _ in range(SAMPLES - before):
        step(plate, flat(200), none(), none())
    assert not plate.established[INNER]


def test_never_blocks_and_held_blocks_are_not_established_even_when_told_to() -> None:
    plate = live()
    plate.hold(only(INNER))
    plate.establish(flat(100), every())
    assert np.array_equal(plate.established, ~only(INNER, NEVER_BLOCK))
    assert not plate.picture[48:64, :16].any()
    assert not plate.picture[32:48, 32:48].any()
