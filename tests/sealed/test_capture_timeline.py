from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from passerby.sealed.capture.timeline import Timeline

MILLISECONDS = Fraction(1, 1000)
TIMESTAMPS = st.lists(st.none() | st.integers(-(2**62), 2**62) | st.integers(-5000, 5000), min_size=1, max_size=60)


def placed(timestamps: list[int | None], time_base: Fraction = MILLISECONDS, step: int = 40, origin: int | None = None) -> tuple[list[int], int]:
    timeline = Timeline(time_base, step, origin)
    return [timeline.place(timestamp) for timestamp in timestamps], timeline.repaired


@given(timestamps=TIMESTAMPS, time_base=st.sampled_from([MILLISECONDS, Fraction(1, 90_000), Fraction(1, 10), Fraction(1001, 30_000)]))
def test_times_begin_at_0_and_increase_strictly_whatever_comes(timestamps: list[int | None], time_base: Fraction) -> None:
    times, _ = placed(timestamps, time_base)
    assert times[0] == 0
    assert all(earlier < later for earlier, later in pairwise(times))


@given(gaps=st.lists(st.integers(1, 24 * 3600 * 1000), max_size=40), start=st.integers(-(2**40), 2**40))
def test_good_timestamps_of_any_rate_are_kept_exactly(gaps: list[int], start: int) -> None:
    times = [sum(gaps[:count]) for count in range(len(gaps) + 1)]
    assert placed([start + time for time in times]) == (times, 0)


def test_a_missing_timestamp_follows_by_a_nominal_step_and_the_next_good_one_is_kept() -> None:
    assert placed([1000, None, 1080, None, None]) == ([0, 40, 80, 120, 160], 3)


def test_a_clip_without_any_timestamps_runs_at_the_nominal_rate() -> None:
    assert placed([None, None, None]) == ([0, 40, 80], 3)


def test_timestamps_that_begin_late_go_on_from_the_frames_without() -> None:
    assert placed([None, 5000, 5040]) == ([0, 40, 80], 1)


def test_a_repeated_or_late_timestamp_moves_by_one_tick_and_shifts_nothing_after_it() -> None:
    assert placed([0, 40, 40, 20, 160]) == ([0, 40, 41, 42, 160], 2)


def test_a_clock_that_is_set_back_shifts_all_that_follows() -> None:
    assert placed([100_000, 100_040, 0, 40, 100]) == ([0, 40, 80, 120, 180], 1)


def test_a_clock_that_jumps_ahead_by_days_shifts_all_that_follows() -> None:
    week = 7 * 24 * 3600 * 1000
    assert placed([0, 40, week, week + 50]) == ([0, 40, 80, 130], 1)


def test_one_wild_timestamp_costs_one_frame_its_time_and_no_more() -> None:
    assert placed([0, 40, 2**60, 120, 160, 200])[0] == [0, 40, 80, 120, 160, 200]


def test_frames_after_a_seek_keep_their_distance_to_the_first_frame_of_the_clip() -> None:
    assert placed([9000, 9040], origin=1000) == ([8000, 8040], 0)
