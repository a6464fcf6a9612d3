import random

from hypothesis import given
from hypothesis import strategies as st

from passerby.sealed.capture.backoff import LONGEST_S, Backoff


@given(seed=st.integers(0, 1000), attempts=st.integers(1, 50))
def test_no_wait_is_longer_than_two_seconds_and_none_is_without_length(seed: int, attempts: int) -> None:
    backoff = Backoff(random.Random(seed).random)
    waits = [backoff.wait_s() for _ in range(attempts)]
    assert LONGEST_S <= 2.0
    assert all(0.1 < wait <= LONGEST_S for wait in waits)


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(lambda: 0.0)
    assert [backoff.wait_s() for _ in range(6)] == [0.25, 0.5, 1.0, 1.5, 1.5, 1.5]


def test_a_camera_that_gave_pictures_is_tried_again_soon() -> None:
    backoff = Backoff(lambda: 0.0)
    for _ in range(5):
        backoff.wait_s()
    backoff.reset()
    assert backoff.wait_s() == 0.25


def test_cameras_that_failed_together_do_not_come_back_together() -> None:
    chances = iter([0.0, 0.5, 0.9])
    assert len({Backoff(lambda: next(chances)).wait_s() for _ in range(3)}) == 3
