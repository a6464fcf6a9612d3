import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.released.scene import Size
from passerby.simulate.events import Event, EventKind
from passerby.simulate.settings import SimulationSettings, parse_size


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": Size(8, 600)},
        {"size": Size(600, 9000)},
        {"fps": 0.0},
        {"fps": -1.0},
        {"fps": 1000.0},
        {"fps": math.nan},
        {"seconds": 0.0},
        {"seconds": math.inf},
        {"seconds": math.nan},
        {"noise_sigma": -1.0},
        {"noise_sigma": math.nan},
        {"parked": -1},
        {"parked": 7},
        {"motion_seed": -1},
        {"gait_seed": 2**70},
        {"appearance_seed": -5},
        {"place_seed": -5},
        {"events": (Event(EventKind.COVER, 60.0, 70.0),)},
    ],
)
def test_settings_that_make_no_sense_are_refused_with_a_hint(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        SimulationSettings(**wrong)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@given(st.floats(0.1, 240), st.floats(0.01, 500))
def test_there_are_frames_for_the_whole_length_and_no_more(fps: float, seconds: float) -> None:
    settings = SimulationSettings(fps=fps, seconds=seconds)
    assert settings.frames >= 1
    assert settings.time_s(settings.frames - 1) < seconds
    assert settings.time_s(settings.frames) >= seconds - 1e-6


def test_dusk_is_an_event_of_the_whole_length() -> None:
    cover = Event(EventKind.COVER, 2.0, 3.0)
    settings = SimulationSettings(seconds=40, dusk=True, events=(cover,))
    assert settings.all_events == (Event(EventKind.DUSK, 0.0, 40.0), cover)
    assert SimulationSettings(events=(cover,)).all_events == (cover,)


def test_events_are_told_in_their_order_in_time() -> None:
    events = (Event(EventKind.BUMP, 9.0), Event(EventKind.SMOKE, 1.0), Event(EventKind.COVER, 5.0, 6.0))
    assert [event.at_s for event in SimulationSettings(events=events).all_events] == [1.0, 5.0, 9.0]


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_a_size_is_read_as_it_is_written(width_px: int, height_px: int) -> None:
    assert parse_size(f"{width_px}x{height_px}") == Size(width_px, height_px)


@pytest.mark.parametrize("text", ["", "768", "768x", "x576", "0x0", "-1x5", "1x2x3", "axb", "7.5x4"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is no size"):
        parse_size(text)
