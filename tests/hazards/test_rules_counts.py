"""Rules over pulses: density and its rise, occupancy, counter-flow, surge, queues."""

import pytest

from passerby.hazards.alert import HazardKind, Severity, What
from passerby.hazards.engine import Engine
from passerby.released.measurement import Measurement, ZoneMinute
from tests.support.ruled import START_S, ZONE, crowd, moving, pulse, rule, run, site, told

QUEUE_ZONE = ZONE + 'kind = "queue"\n'


# Density


def test_a_dense_crowd_is_told_with_its_density_error_place_duration_and_limit() -> None:
    engine = Engine(site(rule("density", limit="2.5", for_='"20 s"')))
    events = run(engine, range(1, 60), lambda second: [crowd(second, 2.9 if second > 10 else 1.0)])
    assert told(events) == [(30, What.OPENED)]
    opened = events[0]
    assert opened.words == "2.9 persons/m2 +-0.3 in 'Stairs' for 20 s, limit 2.5"
    assert (opened.kind, opened.severity, opened.value, opened.error, opened.limit) == (HazardKind.DENSITY, Severity.WARNING, 2.9, 0.3, 2.5)
    assert opened.cause is not None
    assert (opened.cause.rule, opened.cause.camera, opened.cause.place) == ("crowd", "gate-1", "stairs")


@pytest.mark.parametrize(("use", "limit"), [("walking", 2.15), ("waiting", 3.59), ("queue", 3.59)])
def test_the_limit_that_is_not_given_is_fruins_for_what_people_do_there(use: str, limit: float) -> None:
    engine = Engine(site(rule("density", for_='"0 s"'), zone=ZONE + f'kind = "{use}"\n'))
    assert run(engine, range(1, 5), lambda second: [crowd(second, limit - 0.05)]) == []
    assert run(engine, range(5, 7), lambda second: [crowd(second, limit + 0.01)])[0].limit == limit


def test_a_density_between_the_limit_and_where_it_is_over_keeps_the_alert_open() -> None:
    engine = Engine(site(rule("density", limit="2.5", for_='"5 s"', clear="0.8", clear_for='"5 s"')))
    events = run(engine, range(1, 60), lambda second: [crowd(second, 2.9 if second < 10 else 2.1 if second < 40 else 1.9)])
    assert told(events) == [(5, What.OPENED), (44, What.ENDED)]


def test_a_density_that_rises_fast_is_told_before_it_reaches_the_limit() -> None:
    engine = Engine(site(rule("density", limit="3", rise="1.0", for_='"10 s"')))
    density = [min(4.0, 1.0 + 1.5 / 60 * second) for second in range(200)]
    events = run(engine, range(1, 120), lambda second: [crowd(second, density[second])])
    opened_s = told(events)[0][0]
    assert density[opened_s] < 2.5
    assert "rising by 1.5 a minute" in events[0].words


def test_a_rise_at_a_low_density_is_told_by_nobody() -> None:
    engine = Engine(site(rule("density", limit="5", rise="1.0", for_='"10 s"')))
    assert run(engine, range(1, 60), lambda second: [crowd(second, min(2.4, 0.1 + 2 / 60 * second))]) == []


def test_it_becomes_an_alarm_at_the_alarms_limit() -> None:
    engine = Engine(site(rule("density", limit="2.5", alarm_limit="4.0", for_='"5 s"')))
    events = run(engine, range(1, 60), lambda second: [crowd(second, 3.0 if second < 30 else 4.5)])
    assert [event.severity for event in events if event.severity] == [Severity.WARNING, Severity.ALARM]


def test_seconds_without_a_pulse_open_nothing_and_end_nothing() -> None:
    engine = Engine(site(rule("density", limit="2.5", for_='"5 s"')))
    events = run(engine, range(1, 100), lambda second: [crowd(second, 3.0)] if second < 10 or second > 90 else [])
    assert told(events) == [(5, What.OPENED)]
    assert "not seen since" in next(event.words for event in events if event.what is What.UPDATED)


def test_a_pulse_that_comes_a_second_late_delays_nothing_but_itself() -> None:
    engine = Engine(site(rule("density", limit="2.5", for_='"5 s"')))
    events = run(engine, range(1, 30), lambda second: [crowd(second - 1, 3.0 if second > 10 else 1.0)])
    assert told(events) == [(15, What.OPENED)]


def test_a_zone_of_another_camera_with_the_same_numbers_is_not_heard() -> None:
    engine = Engine(site(rule("density", limit="2.5", for_='"5 s"')))
    other = pulse(1, camera="gate-2", per_m2=9.0)
    assert run(engine, range(1, 30), lambda second: [other]) == []


# Occupancy


def test_too_many_persons_are_told() -> None:
    engine = Engine(site(rule("occupancy", limit="40", for_='"5 s"')))
    events = run(engine, range(1, 20), lambda second: [pulse(second, 41.0)])
    assert events[0].words == "41 persons in 'Stairs' for 5 s, limit 40"


# Counter-flow


def test_persons_against_the_declared_direction_are_told_as_soon_as_they_are_too_many() -> None:
    engine = Engine(site(rule("counter-flow", direction='"ab"', limit="6", for_='"30 s"')))
    events = run(engine, range(1, 60), lambda second: [pulse(second, ab=2, ba=int(second in (20, 24, 28)))])
    assert told(events)[0] == (28, What.OPENED)
    assert events[0].words.startswith("6.0 persons/min +-3.5 against the direction of 'exit'")


def test_however_many_go_the_right_way_nothing_is_told() -> None:
    engine = Engine(site(rule("counter-flow", direction='"ba"', limit="6")))
    assert run(engine, range(1, 120), lambda second: [pulse(second, ba=3)]) == []


def test_one_who_turns_round_is_no_counter_flow() -> None:
    engine = Engine(site(rule("counter-flow", direction='"ab"', limit="2", for_='"30 s"')))
    assert run(engine, range(1, 120), lambda second: [pulse(second, ba=int(second == 40))]) == []


def test_crossings_are_forgotten_after_the_rules_own_time() -> None:
    engine = Engine(site(rule("counter-flow", direction='"ab"', limit="6", for_='"30 s"')))
    assert run(engine, range(1, 200), lambda second: [pulse(second, ba=int(second % 16 == 0))]) == []


# Surge


def test_a_crowd_that_starts_to_run_is_told_within_two_seconds() -> None:
    engine = Engine(site(rule("surge")))
    calm, running = (1.2, 1.0, 0.0), (2.8, 2.6, 0.3)
    events = run(engine, range(1, 40), lambda second: [moving(second, 12, running if second >= 20 else calm)])
    assert told(events)[0] == (20, What.OPENED)
    assert told(events)[1][1] is What.ENDED
    assert "12 persons faster by 1.6 m/s within 2 s" in events[0].words


def test_a_crowd_that_runs_apart_has_no_common_direction_and_is_told() -> None:
    engine = Engine(site(rule("surge")))
    events = run(engine, range(1, 25), lambda second: [pulse(second, 8, speed_m_s=2.5 if second >= 20 else 0.3, east_m_s=0.1, north_m_s=0.0)])
    assert told(events)[0] == (20, What.OPENED)


@pytest.mark.parametrize(
    ("people", "after"),
    [
        (3, (2.8, 2.6, 0.3)),
        (12, (1.3, 1.3, 0.0)),
        (12, (0.0, 0.0, 0.0)),
    ],
    ids=["too few", "doors open and all walk on", "all stop"],
)
def test_what_is_no_surge_is_not_told(people: int, after: tuple[float, float, float]) -> None:
    engine = Engine(site(rule("surge")))
    assert run(engine, range(1, 40), lambda second: [moving(second, people, after if second >= 20 else (0.1, 0.0, 0.0))]) == []


def test_in_a_crowd_in_which_nobody_can_run_a_push_is_told() -> None:
    engine = Engine(site(rule("surge", limit="0.5")))
    still, pushed = (0.1, 0.0, 0.0), (0.8, 0.7, 0.0)
    events = run(engine, range(1, 40), lambda second: [moving(second, 60, pushed if second >= 20 else still, 5.0)])
    assert told(events)[0] == (20, What.OPENED)


# Queue


def test_a_queue_that_is_too_long_is_told() -> None:
    engine = Engine(site(rule("queue", limit="10", for_='"30 s"'), zone=QUEUE_ZONE))
    events = run(engine, range(1, 60), lambda second: [pulse(second, 11, speed_m_s=0.1)])
    assert told(events)[0] == (30, What.OPENED)


def test_people_who_walk_through_are_no_queue() -> None:
    engine = Engine(site(rule("queue", limit="10", for_='"30 s"'), zone=QUEUE_ZONE))
    assert run(engine, range(1, 60), lambda second: [pulse(second, 15, speed_m_s=1.3)]) == []


def test_a_wait_that_is_too_long_is_told_from_the_minutes() -> None:
    engine = Engine(site(rule("queue", wait='"10 min"', for_='"60 s"'), zone=QUEUE_ZONE))
    begin_s = START_S - START_S % 60

    def minute(number: int) -> Measurement:
        zone = ZoneMinute("stairs", 8.0, 7, 9, queue_mean=8.0, queue_most=9, wait_s=700.0)
        return Measurement("gate-1", begin_s + 60 * number, 60.0, zones=(zone,))

    events = run(engine, range(1, 400), lambda second: [minute(second // 60)] if second % 60 == 22 else [])
    assert told(events)[0][1] is What.OPENED
    assert "a wait of 11 min in 'Stairs'" in events[0].words
    assert "limit 10 min" in events[0].words
