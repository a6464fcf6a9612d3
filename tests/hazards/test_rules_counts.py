"""Rules over pulses: density and its rise, occupancy, counter-flow, surge, queues."""

from collections.abc import Callable

import msgspec
import pytest

from passerby.hazards.alert import HazardKind, Severity, What
from passerby.hazards.engine import Engine
from passerby.released.measurement import Measurement, Pulse, ZoneMinute
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


def hiding(second: int, hidden_per_m2: float, *, full: bool = False) -> Pulse:
    """A second of a crowd in which boxes find nobody."""
    return pulse(second, 0.2, per_m2=0.02, per_m2_error=0.05, hidden_per_m2=hidden_per_m2, full=full)


def test_a_crowd_in_which_boxes_find_nobody_is_told_by_the_ground_that_it_hides() -> None:
    engine = Engine(site(rule("density", limit="1.5", for_='"10 s"')))
    events = run(engine, range(1, 60), lambda second: [hiding(second, 1.8)])
    assert told(events) == [(10, What.OPENED)]
    assert events[0].words == "1.8 persons/m2 +-0.5 in 'Stairs' for 10 s, limit 1.5"


def test_where_all_ground_is_hidden_nobody_can_say_that_it_is_below_the_limit() -> None:
    engine = Engine(site(rule("density", limit="2.15", alarm_limit="4.0", for_='"10 s"', clear_for='"5 s"')))
    density = {range(1, 40): 1.4, range(40, 60): 1.3, range(60, 90): 0.9}
    heard = {second: hiding(second, per_m2, full=per_m2 == 1.4) for seconds, per_m2 in density.items() for second in seconds}
    events = run(engine, range(1, 90), lambda second: [heard[second]])
    assert told(events) == [(10, What.OPENED), (64, What.ENDED)], "not yet over where some of it is seen again"
    assert events[0].words == "at least 1.4 persons/m2, all ground hidden by people, in 'Stairs' for 10 s, limit 2.15"
    assert events[0].severity is Severity.WARNING


def test_from_so_low_that_all_is_hidden_long_before_the_limit_it_is_neither_over_nor_not() -> None:
    engine = Engine(site(rule("density", limit="2.15", for_='"5 s"', clear_for='"5 s"')))
    dense, hidden = crowd(1, 2.5), hiding(1, 0.9, full=True)
    at = [dense if second < 20 else hidden for second in range(100)]
    events = run(engine, range(1, 100), lambda second: [msgspec.structs.replace(at[second], wall_s=float(START_S + second))])
    assert told(events) == [(5, What.OPENED)]
    alone = Engine(site(rule("density", limit="2.15", for_='"5 s"')))
    assert run(alone, range(1, 100), lambda second: [hiding(second, 0.9, full=True)]) == []


def test_a_crowd_that_stands_still_is_not_gone_and_a_thing_is_none_after_a_while() -> None:
    engine = Engine(site(rule("density", limit="1.5", for_='"10 s"', clear_for='"5 s"')))
    still = pulse(1, 0.2, per_m2=0.02, per_m2_error=0.05, still=True)
    events = run(engine, range(1, 900), lambda s: [hiding(s, 1.8) if s < 40 else msgspec.structs.replace(still, wall_s=float(START_S + s))])
    (opened, _), (ended_s, ended) = told(events)
    assert (opened, ended) == (10, What.ENDED)
    assert 600 <= ended_s - 39 <= 610
    alone = Engine(site(rule("density", limit="1.5", for_='"10 s"')))
    assert run(alone, range(1, 100), lambda s: [msgspec.structs.replace(still, wall_s=float(START_S + s))]) == []


def test_where_boxes_give_way_to_hidden_ground_it_is_no_rise() -> None:
    engine = Engine(site(rule("density", limit="0.9", rise="1.0", for_='"10 s"')))
    density = [0.3 + 0.002 * second for second in range(300)]
    heard = {second: crowd(second, 0.1) if density[second] < 0.5 else hiding(second, density[second]) for second in range(300)}
    assert run(engine, range(1, 300), lambda second: [heard[second]]) == []


@pytest.mark.parametrize(("per_m2", "opens"), [(1.9, True), (1.5, False)])
def test_where_all_is_hidden_and_people_have_counted_it_is_over_as_soon_as_it_may_be(per_m2: float, opens: bool) -> None:
    engine = Engine(site(rule("density", limit="2.15", for_='"10 s"')))
    events = run(engine, range(1, 40), lambda second: [pulse(second, 10 * per_m2, per_m2=per_m2, per_m2_error=0.4, full=True)])
    assert [what for _, what in told(events)] == ([What.OPENED] if opens else [])


def test_a_count_that_is_more_than_what_is_hidden_goes() -> None:
    engine = Engine(site(rule("density", limit="2.5", for_='"5 s"')))
    events = run(engine, range(1, 20), lambda second: [pulse(second, 28, per_m2=2.8, per_m2_error=0.3, hidden_per_m2=1.2)])
    assert events[0].words == "2.8 persons/m2 +-0.3 in 'Stairs' for 5 s, limit 2.5"


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


def flow(**keys: str) -> str:
    return rule("counter-flow", direction='"ab"', clear_for='"3 s"', **({"limit": "6", "for_": '"30 s"'} | keys))


def ended_s(text: str, comes: Callable[[int], bool], *, against: Callable[[int], bool], over_s: int, lasts_s: int = 900, **camera: str) -> int | None:
    """How many seconds after nobody goes against it any more the alert ends; None = it does not. A pulse of a second comes or not."""
    engine = Engine(site(text, **camera))
    events = run(engine, range(1, over_s), lambda second: [pulse(second, ba=int(against(second)))] if comes(second) else [])
    assert [what for _, what in told(events)] == [What.OPENED]
    events = run(engine, range(over_s, over_s + lasts_s), lambda second: [pulse(second, ab=1)] if comes(second) else [])
    return next((second - over_s for second, what in told(events) if what is What.ENDED), None)


def look_of(second: int) -> bool:
    """Whether a look falls into a second, at one every 1.6 s: the meter tells what happened since the look before with the second of the next one."""
    return int(second / 1.6) * 1.6 >= second - 1


def test_a_camera_that_is_looked_at_every_1_6_s_misses_no_second_of_a_line() -> None:
    late_s = ended_s(flow(), look_of, against=look_of, over_s=100, fps_limit="0.625")
    assert late_s is not None
    assert late_s <= 30 + 5


def test_where_seconds_of_a_line_go_missing_all_the_time_an_alert_ends_by_the_rate_of_those_that_were_heard() -> None:
    late_s = ended_s(flow(), lambda second: second % 25 > 0, against=lambda second: second % 5 == 0, over_s=300)
    assert late_s is not None
    assert late_s <= 30 + 5
    assert ended_s(flow(), look_of, against=look_of, over_s=300) is not None, "a camera that is looked at too seldom, without its site saying so"


def test_where_seconds_go_missing_from_some_moment_on_it_takes_a_while_until_they_are_guessed() -> None:
    late_s = ended_s(flow(), lambda second: second < 100 or second % 25 > 0, against=lambda second: second % 5 == 0, over_s=100)
    assert late_s is not None
    assert 60 <= late_s <= 5 * 30 + 30


@pytest.mark.parametrize("camera", [{}, {"fps_limit": "1"}])
def test_seconds_of_a_line_that_go_missing_all_the_time_are_not_taken_for_seconds_in_which_nobody_crossed(camera: dict[str, str]) -> None:
    """Six a minute go on; of them two in three are heard, which would be less than 0.8 of the limit."""
    engine = Engine(site(flow(for_='"60 s"'), **camera))

    def heard(second: int) -> list[Pulse]:
        return [] if second > 70 and second % 3 == 0 else [pulse(second, ba=int(second % 10 == 0))]

    assert told(run(engine, range(1, 1200), heard)) == [(60, What.OPENED)]


def test_of_a_line_of_which_less_than_half_is_heard_nothing_is_said_to_be_over() -> None:
    assert ended_s(flow(), lambda second: second < 100 or second % 3 == 0, against=lambda second: second % 5 == 0, over_s=100) is None


def test_after_a_camera_was_away_the_whole_time_of_a_rule_is_watched_again() -> None:
    """Seconds went missing all the time before: that is known of those, and not of the ones in which nothing came."""
    away = range(400, 1000)
    late_s = ended_s(
        flow(), lambda second: second % 25 > 0 and second not in away, against=lambda second: second % 5 == 0, over_s=away.start, lasts_s=1500
    )
    assert late_s is not None
    assert late_s >= len(away) + 30


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
