from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from passerby.errors import SettingsError
from passerby.site.times import seconds_of, text_of
from tests.support.recorded import NOON

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("text", ["2026-11-23T12:00Z", "2026-11-23T13:00:00+01:00", "2026-11-23T13:00", "2026-11-23 13:00:00.000", "20261123T130000"])
def test_a_time_is_read_in_the_zone_of_the_site_unless_it_names_one(text: str) -> None:
    assert seconds_of(text, BERLIN, "--from") == NOON


def test_a_time_that_comes_twice_when_summer_time_ends_must_be_told_apart() -> None:
    with pytest.raises(SettingsError, match="twice") as caught:
        seconds_of("2026-10-25T02:30", BERLIN, "--from")
    for offset in ("+02:00", "+01:00"):
        assert f"2026-10-25T02:30:00{offset}" in caught.value.hint
        seconds_of(f"2026-10-25T02:30{offset}", BERLIN, "--from")


def test_a_time_that_is_left_out_when_summer_time_begins_is_refused() -> None:
    with pytest.raises(SettingsError, match="there was no"):
        seconds_of("2026-03-29T02:30", BERLIN, "--from")


@pytest.mark.parametrize("text", ["", "noon", "12:00", "2026-13-01", "25:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="no time"):
        seconds_of(text, UTC, "--from")


def test_a_time_is_shown_with_its_zone() -> None:
    assert text_of(NOON) == "2026-11-23 12:00:00Z"
    assert text_of(NOON, BERLIN) == "2026-11-23 13:00:00+0100"
