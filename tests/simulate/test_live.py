from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from passerby.clock import SimulatedClock
from passerby.simulate.live import live_pictures
from passerby.simulate.path import Crowd
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings


def test_pictures_come_when_they_are_due(plaza: Plaza) -> None:
    clock = SimulatedClock(wall_s=1000.0)
    clock.sleep(50)
    for number, (time_s, picture) in enumerate(live_pictures(plaza, clock)):
        assert time_s == pytest.approx(number / plaza.settings.fps)
        assert clock.monotonic_s() == pytest.approx(50 + time_s)
        assert picture.shape == (192, 256, 3)
    assert clock.monotonic_s() == pytest.approx(50 + 14 / 5)


def test_live_pictures_are_those_of_the_clip(plaza: Plaza) -> None:
    live = [picture for _, picture in live_pictures(plaza, SimulatedClock())]
    assert all(np.array_equal(picture, shot.picture) for picture, shot in zip(live, plaza, strict=True))


def test_who_is_too_slow_misses_pictures_but_not_the_time(plaza: Plaza) -> None:
    clock = SimulatedClock()
    times = []
    for time_s, _ in live_pictures(plaza, clock):
        times.append(time_s)
        clock.sleep(0.5)  # two and a half pictures long
        assert clock.monotonic_s() - time_s < 0.5 + 1 / plaza.settings.fps
    assert times == pytest.approx([0.0, 0.4, 1.0, 1.4, 2.0, 2.4])


def test_an_endless_plaza_is_live_without_end(small: SimulationSettings) -> None:
    endless = Plaza(replace(small, seconds=1, crowd=Crowd(walkers=2)), endless=True)
    clock = SimulatedClock()
    *_, (time_s, _) = islice(live_pictures(endless, clock), 12)
    assert time_s == pytest.approx(11 / 5)
    assert clock.monotonic_s() == pytest.approx(11 / 5)
