import time
from collections.abc import Iterator

import pytest

from passerby.redact.stages import Stages


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, in a list of one: a test turns it."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


def test_the_time_in_a_stage_adds_up(clock: list[float]) -> None:
    stages = Stages()
    for passed_s in (0.5, 0.25):
        with stages.stage("render"):
            clock[0] += passed_s
        clock[0] += 7
    assert stages.ms == {"render": 750.0}


def test_a_stage_that_fails_counts_and_its_error_passes(clock: list[float]) -> None:
    stages = Stages()

    def interrupted() -> None:
        with stages.stage("encode"):
            clock[0] += 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stages.ms == {"encode": 1000.0}


def test_waiting_for_items_counts_and_using_them_does_not(clock: list[float]) -> None:
    def slow() -> Iterator[int]:
        for number in range(3):
            clock[0] += 2
            yield number
        clock[0] += 1

    stages = Stages()
    for _ in stages.each("wait", slow()):
        clock[0] += 50
    assert stages.ms == {"wait": 7000.0}
    assert list(stages.each("nothing", iter(()))) == []
