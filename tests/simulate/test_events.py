import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import SettingsError
from passerby.simulate.events import Event, EventKind, of_kind


@given(st.sampled_from(EventKind), st.integers(0, 5000), st.integers(1, 5000))
def test_an_event_is_read_back_as_it_was_written(kind: EventKind, at_s: int, long_s: int) -> None:
    assert Event.parsed(f"{kind}@{at_s}-{at_s + long_s}") == Event(kind, at_s, at_s + long_s)


def test_an_event_without_an_end_stays() -> None:
    event = Event.parsed("bump@12.5")
    assert event == Event(EventKind.BUMP, 12.5, math.inf)
    assert not event.goes_on(12.4)
    assert event.goes_on(12.5)
    assert event.goes_on(1e9)


def test_an_event_is_over_at_its_end() -> None:
    assert not Event(EventKind.COVER, 1, 2).goes_on(2)


@pytest.mark.parametrize(
    "text", ["bump", "bump@", "bump@x", "bump@3-", "bump@3-x", "@3", "earthquake@3", "cover@5-5", "cover@9-3", "cover@-3", "bump@nan", "bump@inf"]
)
def test_an_event_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        Event.parsed(text)


def test_an_unknown_event_is_told_which_ones_there_are() -> None:
    with pytest.raises(SettingsError, match="light_switch"):
        Event.parsed("earthquake@3")


def test_dusk_must_come_to_an_end() -> None:
    with pytest.raises(SettingsError, match="dusk"):
        Event(EventKind.DUSK, 3)


def test_events_are_in_order_in_time() -> None:
    late, early, other = Event(EventKind.BUMP, 9), Event(EventKind.BUMP, 2), Event(EventKind.FREEZE, 1, 3)
    assert sorted([late, early, other]) == [other, early, late]
    assert of_kind((late, other, early), EventKind.BUMP) == (early, late)
