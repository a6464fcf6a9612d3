from hypothesis import given
from hypothesis import strategies as st

from passerby.sealed.gate.pace import LEAST_LOOKS_HZ
from passerby.sealed.worker.pace import FASTER_HZ, LEAST_WANTED_HZ, WINDOW_S, LookPace

MOST = 5.0
windows = st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=60)


def after(pace: LookPace, shares: list[float], skips: list[bool] | None = None) -> LookPace:
    """The pace after windows of so much load."""
    skipped = 0
    for number, share in enumerate(shares):
        pace.spent(share * WINDOW_S)
        skipped += bool(skips and skips[number])
        pace.update((number + 1) * WINDOW_S, skipped)
    return pace


def fast() -> LookPace:
    """A pace at its most, at time 0 of a new window."""
    pace = LookPace(MOST, -60 * WINDOW_S)
    for number in range(60):
        pace.update((number - 59) * WINDOW_S, 0)
    assert pace.looks_hz == MOST
    return pace


@given(windows)
def test_the_rate_stays_between_its_bounds(loads: list[tuple[float, bool]]) -> None:
    pace = after(LookPace(MOST, 0), [share for share, _ in loads], [skips for _, skips in loads])
    assert LEAST_WANTED_HZ <= pace.looks_hz <= MOST


def test_it_begins_slowly_and_looks_as_often_as_is_wanted_while_there_is_time() -> None:
    assert LookPace(MOST, 0).looks_hz == LEAST_WANTED_HZ
    assert after(LookPace(MOST, 0), [0.5] * 20).looks_hz == MOST


def test_too_much_to_do_lowers_it_to_the_floor_and_no_further() -> None:
    assert after(fast(), [0.99] * 20).looks_hz == LEAST_WANTED_HZ


def test_skipped_pictures_lower_it_whatever_the_load_seems_to_be() -> None:
    assert after(fast(), [0.1], [True]).looks_hz < MOST


def test_it_recovers_slowly() -> None:
    pace = after(fast(), [0.99] * 20)
    pace.spent(0.1)
    assert pace.update(21 * WINDOW_S, 0)
    assert pace.looks_hz == LEAST_WANTED_HZ + FASTER_HZ


def test_between_busy_and_idle_nothing_changes() -> None:
    pace = after(fast(), [0.99, 0.75, 0.75, 0.75])
    assert pace.looks_hz == after(fast(), [0.99]).looks_hz


def test_a_look_is_always_wanted_before_it_must_be_made() -> None:
    assert LEAST_WANTED_HZ > LEAST_LOOKS_HZ


def test_nothing_changes_within_a_window() -> None:
    pace = fast()
    pace.spent(10)
    assert not pace.update(WINDOW_S / 2, 100)
    assert pace.looks_hz == MOST


def test_a_camera_that_was_made_anew_and_counts_from_zero_is_no_skip() -> None:
    pace = fast()
    pace.update(WINDOW_S, 50)
    slower_hz = pace.looks_hz
    pace.update(2 * WINDOW_S, 0)
    assert pace.looks_hz > slower_hz
