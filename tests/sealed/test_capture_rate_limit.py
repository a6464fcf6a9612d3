import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.sealed.capture.rate_limit import RateLimit


def test_without_a_limit_every_picture_is_due() -> None:
    limit = RateLimit(None)
    assert all(limit.takes(time_s) for time_s in [0.0, 0.0, 0.001, 5.0])


@pytest.mark.parametrize(("camera_hz", "most_hz", "expected"), [(25, 10, 10), (10, 10, 10), (30, 7, 7), (10, 4, 4), (5, 10, 5)])
def test_pictures_come_at_the_limit_or_at_the_cameras_rate(camera_hz: int, most_hz: int, expected: int) -> None:
    limit, chance = RateLimit(most_hz), random.Random(1)
    arrivals = [step / camera_hz + chance.uniform(0, 0.1 / camera_hz) for step in range(camera_hz * 60)]
    assert sum(map(limit.takes, arrivals)) / 60 == pytest.approx(expected, rel=0.02)


@given(steps=st.lists(st.floats(0, 3), min_size=1, max_size=200), most_hz=st.floats(0.5, 30))
def test_no_second_has_more_pictures_than_the_limit_and_one(steps: list[float], most_hz: float) -> None:
    limit, time_s, taken = RateLimit(most_hz), 0.0, []
    for step in steps:
        time_s += step
        if limit.takes(time_s):
            taken.append(time_s)
    for first in taken:
        assert sum(first <= other < first + 1 for other in taken) <= most_hz + 2


def test_after_a_gap_nothing_is_caught_up() -> None:
    limit = RateLimit(10)
    assert limit.takes(0.0)
    assert limit.takes(100.0)
    assert not limit.takes(100.01)
