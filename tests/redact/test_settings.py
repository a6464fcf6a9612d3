import math

import pytest

from passerby.errors import SettingsError
from passerby.redact.settings import FILE_SETTLE_S, RedactSettings, gate_settings, show_of
from passerby.released.show import Show
from passerby.sealed.gate.settings import GateSettings


def test_a_file_settles_sooner_than_a_live_picture_and_looks_without_bound() -> None:
    assert RedactSettings().gate == gate_settings()
    assert (gate_settings().settle_s, gate_settings().looks_at_once) == (FILE_SETTLE_S, 0)
    live = gate_settings(streaming=True)
    assert (live.settle_s, live.looks_at_once) == (GateSettings().settle_s, GateSettings().looks_at_once)
    assert gate_settings(settle_s=7, streaming=True).settle_s == 7


@pytest.mark.parametrize(
    ("from_s", "to_s"),
    [
        (5.0, 5.0),
        (5.0, 4.0),
        (None, 0.0),
        (0.0, 0.0),
        (-1.0, None),
        (None, -1.0),
        (math.nan, None),
        (None, math.nan),
        (math.inf, None),
        (0.0, math.inf),
    ],
)
def test_a_range_that_holds_nothing_is_refused_with_a_hint(from_s: float | None, to_s: float | None) -> None:
    with pytest.raises(SettingsError, match=r"--(from|to)") as told:
        RedactSettings(from_s=from_s, to_s=to_s)
    assert told.value.hint


@pytest.mark.parametrize("settle_s", [0.0, -3.0, 0.99, 3601.0, math.nan, math.inf])
def test_a_settling_time_that_makes_no_sense_is_refused_with_a_hint(settle_s: float) -> None:
    with pytest.raises(SettingsError, match=r"settle_s is .*expected 1.0 to 3600.0.*--settle"):
        gate_settings(settle_s=settle_s)


@pytest.mark.parametrize("min_person_px", [0, -24, 7, 2001])
def test_a_person_height_that_makes_no_sense_is_refused_with_a_hint(min_person_px: int) -> None:
    with pytest.raises(SettingsError, match=r"min_person_px is .*expected 8 to 2000.*--min-person"):
        gate_settings(min_person_px=min_person_px)


def test_what_can_be_shown_has_a_name() -> None:
    assert [show_of(word) for word in ("glyphs", "heat", "counts")] == list(Show)
    with pytest.raises(SettingsError, match=r"nothing called 'faces' to show.*one of glyphs, heat, counts"):
        show_of("faces")
