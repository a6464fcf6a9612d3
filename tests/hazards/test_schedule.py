"""Hours of a week, also on the days on which clocks are set."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.hazards.schedule import Schedule
from passerby.site.times_of_week import DAYS, week_span_of

ZURICH = ZoneInfo("Europe/Zurich")


def at(text: str, zone: ZoneInfo = ZURICH, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def schedule(*texts: str, zone: ZoneInfo = ZURICH) -> Schedule:
    return Schedule([week_span_of(text) for text in texts], zone)


def test_a_rule_without_hours_is_always_in_force() -> None:
    assert schedule().in_force(at("2026-11-23T03:00"))


def test_hours_hold_from_their_first_minute_to_before_their_last() -> None:
    weekdays = schedule("Mo-Fr 06:00-22:00")
    inside = ["2026-11-23T06:00", "2026-11-27T21:59:59"]
    outside = ["2026-11-23T05:59:59", "2026-11-23T22:00", "2026-11-28T12:00"]
    assert [weekdays.in_force(at(text)) for text in inside + outside] == [True, True, False, False, False]


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = schedule("Sa 22:00-04:00")
    assert night.in_force(at("2026-11-28T23:00"))
    assert night.in_force(at("2026-11-29T03:59"))
    assert not night.in_force(at("2026-11-28T03:00"))
    assert not night.in_force(at("2026-11-29T22:30"))


def test_days_may_be_lists_and_spans_over_the_end_of_the_week() -> None:
    weekend = schedule("Fr-Mo,We 00:00-24:00")
    names = [DAYS[day] for day in range(7) if weekend.in_force(at(f"2026-11-{23 + day}T12:00"))]
    assert names == ["Mo", "We", "Fr", "Sa", "Su"]


def test_the_hour_that_is_left_out_in_spring_never_comes() -> None:
    # 2026-03-29 02:00 is 03:00 in Zurich.
    early = schedule("Su 02:00-03:00")
    day_s = at("2026-03-29T00:00")
    assert not any(early.in_force(day_s + 60 * minute) for minute in range(23 * 60))
    longer = schedule("Su 01:30-03:30")
    minutes = [minute for minute in range(23 * 60) if longer.in_force(day_s + 60 * minute)]
    assert len(minutes) == 60


def test_the_hour_that_comes_twice_in_autumn_holds_twice() -> None:
    # 2026-10-25 03:00 is 02:00 in Zurich.
    night = schedule("Su 02:00-03:00")
    day_s = at("2026-10-25T00:00")
    assert sum(night.in_force(day_s + 60 * minute) for minute in range(25 * 60)) == 120
    assert night.in_force(at("2026-10-25T02:30", fold=0))
    assert night.in_force(at("2026-10-25T02:30", fold=1))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mo",
        "Mo 06:00",
        "Mo 06:00-06:00",
        "Mo 24:00-06:00",
        "mo 06:00-08:00",
        "Mo 6:00-8:00",
        "Mo 06:00-24:30",
        "Mo,, 06:00-07:00",
        "Mo 06:60-07:00",
    ],
)
def test_what_is_no_span_of_a_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="span"):
        week_span_of(text)


zones = st.sampled_from(["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]).map(
    ZoneInfo
)
minutes = st.integers(0, 24 * 60 - 1)


@given(st.integers(0, 366 * 24 * 60), st.sets(st.integers(0, 6), min_size=1), minutes, minutes, zones)
def test_the_clock_on_the_wall_decides_on_every_day_of_a_year(minute: int, days: set[int], begin: int, end: int, zone: ZoneInfo) -> None:
    """Against another way to say the same: the local day on which the span began, a day ago at most."""
    if begin == end:
        return
    text = f"{','.join(DAYS[day] for day in sorted(days))} {begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
    wall_s = datetime(2026, 1, 1, tzinfo=UTC).timestamp() + 60 * minute + 30
    local = datetime.fromtimestamp(wall_s, zone).replace(tzinfo=None, second=0)
    expected = False
    for back in (0, 1):
        first = local.replace(hour=0, minute=0) - timedelta(days=back)
        length = (end - begin) % (24 * 60)
        begun = first + timedelta(minutes=begin)
        expected |= first.weekday() in days and begun <= local < begun + timedelta(minutes=length)
    assert Schedule([week_span_of(text)], zone).in_force(wall_s) is expected
