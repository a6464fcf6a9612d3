"""A small, noiseless plaza and people who are put where a test wants them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from passerby.released.scene import Size
from passerby.simulate.path import Crowd, Path, Spot
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings

SMALL = SimulationSettings(
    size=Size(256, 192), fps=5, seconds=3, crowd=Crowd(walkers=6, still=4, queueing=2), noise_sigma=0.0, windows=False, motion_seed=5
)
"""Without noise, so that pixels can be compared."""


@pytest.fixture
def small() -> SimulationSettings:
    return SMALL


@pytest.fixture(scope="session")
def plaza() -> Plaza:
    return Plaza(SMALL)


@pytest.fixture
def filmed() -> Callable[..., Plaza]:
    """Makes a small plaza in which people stand still where they are put: `filmed([Spot, ...], setting=value, ...)`."""

    def made(spots: list[Spot], **changes: Any) -> Plaza:
        settings = replace(SMALL, **changes)
        return Plaza(settings, paths=[Path.still(person, spot, settings.seconds + 1) for person, spot in enumerate(spots)])

    return made
