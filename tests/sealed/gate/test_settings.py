"""Settings of a gate: what makes no sense is refused with what was expected."""

import math
from typing import Any

import pytest

from passerby.errors import SettingsError
from passerby.sealed.gate.settings import SAMPLES, GateSettings

RANGES = {
    "settle_s": (1.0, 3600.0),
    "absorb_s": (1.0, 86400.0),
    "min_person_px": (8, 2000),
    "looks_hz": (1.0, 30.0),
    "glyphs_hz": (0.5, 5.0),
    "cells_hz": (0.2, 2.0),
    "looks_at_once": (0, 100000),
}


def settings(**changed: Any) -> GateSettings:
    return GateSettings(**changed)


def test_the_usual_settings_make_sense() -> None:
    usual = settings()
    assert usual.settle_s == 20
    assert usual.absorb_s == 1800
    assert usual.never == ()


@pytest.mark.parametrize("name", RANGES)
def test_both_ends_of_a_range_are_allowed_and_nothing_beyond(name: str) -> None:
    low, high = RANGES[name]
    for value in (low, high):
        assert getattr(settings(**{name: value}), name) == value
    for value in (low - 0.1, high + 0.1, math.nan, math.inf, -math.inf):
        with pytest.raises(SettingsError, match=name):
            settings(**{name: value})


@pytest.mark.parametrize(
    "polygon", [(), ((0, 0), (1, 1)), ((0, 0), (1, math.nan), (2, 2)), ((0, 0), (math.inf, 0), (2, 2)), ((0, 0), (0, -math.inf), (2, 2))]
)
def test_a_polygon_that_is_none_is_refused(polygon: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(SettingsError, match="never"):
        settings(never=(((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)), polygon))


@pytest.mark.parametrize("settle_s", [1.0, 2.0, 20.0, 300.0])
@pytest.mark.parametrize("looks_hz", [1.0, 2.0, 30.0])
def test_a_settling_time_holds_all_samples_and_looks_are_never_rarer_than_asked(settle_s: float, looks_hz: float) -> None:
    some = settings(settle_s=settle_s, looks_hz=looks_hz, live_looks_hz=looks_hz)
    assert some.live_look_interval_s * (SAMPLES - 1) <= settle_s + 1e-9
    assert some.live_look_interval_s <= some.look_interval_s == 1 / looks_hz
