"""When an alert opens, goes on, ends, comes back and closes."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passerby.hazards.alert import What
from passerby.hazards.holding import BRIDGE_S, UPDATE_S, Holding, Stage, Step, Terms
from passerby.hazards.reading import UNKNOWN, Reading

TERMS = Terms(for_s=5, clear_for_s=3, cool_down_s=20)
OVER = Reading(True, over=True, value=3.0, limit=2.5)
BAND = Reading(True, value=2.3, limit=2.5)
CLEAR = Reading(True, clear=True, value=1.0, limit=2.5)
LIFE = (What.OPENED, What.UPDATED, What.ENDED, What.RETURNED, What.CLOSED)
LETTERS = {"o": OVER, "b": BAND, "c": CLEAR, "?": UNKNOWN}


def run(text: str, terms: Terms = TERMS) -> list[tuple[int, What]]:
    """What happens, and in which second, for a reading a second: o over, b between, c clear, ? unknown. The first second is 1."""
    holding = Holding(terms)
    return [(second, step.what) for second, letter in enumerate(text, 1) for step in holding.feed(second, LETTERS[letter])]


def test_an_alert_opens_once_it_has_lasted_for_the_rules_time() -> None:
    assert run("oooo") == []
    assert run("ooooo") == [(5, What.OPENED)]
    assert run("bbooooo") == [(7, What.OPENED)]


def test_a_rule_without_a_duration_opens_at_once() -> None:
    assert run("co", Terms(0, 3, 20)) == [(2, What.OPENED)]


def test_a_gap_of_two_seconds_breaks_no_row_and_one_of_three_does() -> None:
    assert run("oo??o") == [(5, What.OPENED)]
    assert run("oobbo") == [(5, What.OPENED)]
    assert run("ooccoo") == [(5, What.OPENED)]
    assert run("oo???oooo") == []
    assert run("oo???ooooo") == [(10, What.OPENED)]


def test_an_alert_never_opens_in_a_second_that_is_not_over() -> None:
    assert run("oooobbb") == []


def test_it_ends_only_once_it_was_clear_for_long_enough() -> None:
    assert run("ooooo" + "cc" + "b" + "cc") == [(5, What.OPENED)]
    assert run("ooooo" + "ccc")[-1] == (8, What.ENDED)


def test_what_is_not_known_neither_ends_nor_keeps_from_ending() -> None:
    assert (9, What.ENDED) in run("ooooo" + "c?cc")
    assert What.ENDED not in [what for _, what in run("ooooo" + "?" * 500)]


def test_what_comes_back_within_the_cool_down_is_the_same_alert() -> None:
    steps = run("ooooo" + "ccc" + "cccc" + "ooooo")
    assert steps == [(5, What.OPENED), (8, What.ENDED), (17, What.RETURNED)]


def test_after_the_cool_down_it_is_closed_and_the_next_one_is_another() -> None:
    steps = run("ooooo" + "c" * 30 + "ooooo")
    assert [what for _, what in steps] == [What.OPENED, What.ENDED, What.CLOSED, What.OPENED]
    assert steps[2] == (28, What.CLOSED)


def test_a_row_that_began_within_the_cool_down_is_waited_for() -> None:
    assert [what for _, what in run("ooooo" + "ccc" + "c" * 18 + "ooooo")] == [What.OPENED, What.ENDED, What.RETURNED]


def test_it_is_told_to_go_on_and_not_more_often_than_each_ten_seconds() -> None:
    told = [second for second, what in run("o" * 200) if what is What.UPDATED]
    assert told[:3] == [15, 25, 35]
    assert all(later - earlier >= UPDATE_S for earlier, later in pairwise(told))


def test_what_lasts_a_day_is_told_a_few_hundred_times_and_not_thousands() -> None:
    holding, steps = Holding(TERMS), 0
    for second in range(1, 86_400):
        steps += len(holding.feed(second, OVER))
    assert 100 < steps < 300


def test_what_gets_worse_by_a_tenth_is_told_before_its_turn() -> None:
    holding = Holding(TERMS)
    for second in range(1, 1001):
        holding.feed(second, OVER)
    worse = Reading(True, over=True, value=3.4, limit=2.5)
    steps = [step for second in range(1001, 1020) for step in holding.feed(second, worse)]
    assert [step.what for step in steps] == [What.UPDATED]


def test_what_cannot_be_seen_any_more_is_said_once() -> None:
    steps = run("ooooo" + "?" * 300)
    assert steps == [(5, What.OPENED), (15, What.UPDATED)]


def test_at_the_alarms_limit_it_becomes_an_alarm_once_and_stays_one() -> None:
    holding = Holding(Terms(5, 3, 20, alarm_limit=4.0))
    crush = Reading(True, over=True, value=4.5, limit=2.5)
    steps: list[Step] = []
    for second in range(1, 60):
        steps += holding.feed(second, crush if 10 <= second < 20 else OVER)
    assert [step.what for step in steps if step.alarm] == [What.UPDATED]
    assert holding.is_alarm


def test_what_is_an_alarm_from_the_start_is_opened_as_one() -> None:
    holding = Holding(Terms(5, 3, 20, alarm_limit=4.0))
    crush = Reading(True, over=True, value=4.5, limit=2.5)
    steps = [step for second in range(1, 6) for step in holding.feed(second, crush)]
    assert [(step.what, step.alarm) for step in steps] == [(What.OPENED, True)]


def test_outside_of_its_hours_an_open_alert_ends_and_closes() -> None:
    holding = Holding(TERMS)
    for second in range(1, 6):
        holding.feed(second, OVER)
    left = [(second, step.what) for second in range(6, 40) for step in holding.leave(second, UNKNOWN)]
    assert left == [(6, What.ENDED), (26, What.CLOSED)]


def test_an_alert_of_before_a_restart_goes_on_without_being_opened_again() -> None:
    holding = Holding(TERMS)
    holding.take_up(began_s=900, last_s=990, ended=False, alarm=False)
    steps = [step for second in range(1000, 1060) for step in holding.feed(second, OVER)]
    assert {step.what for step in steps} == {What.UPDATED}
    assert steps[0].lasted_s == 150


def test_an_alert_that_had_ended_before_a_restart_closes_in_its_time() -> None:
    holding = Holding(TERMS)
    holding.take_up(began_s=900, last_s=990, ended=True, alarm=False)
    steps = [(second, step.what) for second in range(1000, 1030) for step in holding.feed(second, CLEAR)]
    assert steps == [(1010, What.CLOSED)]


second_by_second = st.lists(st.sampled_from("oobbcc?"), max_size=200).map("".join)
in_rows = st.lists(st.tuples(st.sampled_from("ooc?b"), st.integers(1, 40)), max_size=12).map(
    lambda rows: "".join(letter * times for letter, times in rows)
)
readings = second_by_second | in_rows
"""A letter a second seldom opens anything that has to last; rows of the same letter do."""
terms = st.builds(Terms, st.integers(0, 30), st.integers(1, 20), st.integers(0, 60), st.none())


LIVES: dict[tuple[str, Terms], set[What]] = {
    ("o" * 30 + "c" * 3 + "o" * 5 + "c" * 40 + "o" * 20, TERMS): set(LIFE),
    ("o?b" * 20 + "c" * 90 + "oo??" * 20 + "c?" * 60, Terms(12, 4, 30)): set(LIFE) - {What.RETURNED},
    ("b" * 9 + "o" * 30 + "c" * 20 + "b" * 12 + "o" * 31 + "?" * 40 + "c" * 20, Terms(30, 20, 60)): set(LIFE) - {What.CLOSED},
    ("co" * 40 + "c" * 9 + "o" * 20 + "c" * 9, Terms(0, 1, 5)): set(LIFE),
    ("o" * 150 + "?" * 30 + "b" * 20 + "c" * 5, Terms(20, 3, 0)): set(LIFE) - {What.RETURNED},
}
"""Readings in which alerts open and go on, and what comes of them."""


@pytest.mark.parametrize("life", LIVES)
def test_in_what_is_always_tried_alerts_live_and_end(life: tuple[str, Terms]) -> None:
    assert {what for _, what in run(*life)} == LIVES[life]


def lives(test: Callable[[str, Terms], None]) -> Callable[[str, Terms], None]:
    """Has a test tried on these, too, whatever is drawn."""
    for text, given_terms in LIVES:
        test = example(text, given_terms)(test)
    return test


@lives
@given(readings, terms)
def test_an_alert_never_opens_before_it_was_over_for_its_time_without_a_longer_gap(text: str, given_terms: Terms) -> None:
    for second, what in run(text, given_terms):
        if what not in (What.OPENED, What.RETURNED):
            continue
        span = text[max(0, second - int(given_terms.for_s)) : second]
        assert len(span) >= min(given_terms.for_s, second)
        assert second >= given_terms.for_s
        assert span.endswith("o") or given_terms.for_s == 0
        assert all(set(span[at : at + BRIDGE_S + 1]) & {"o"} for at in range(len(span) - BRIDGE_S))


@lives
@given(readings, terms)
def test_what_happens_to_an_alert_is_in_an_order_that_makes_sense(text: str, given_terms: Terms) -> None:
    follows = {
        None: {What.OPENED},
        What.OPENED: {What.UPDATED, What.ENDED},
        What.UPDATED: {What.UPDATED, What.ENDED},
        What.ENDED: {What.RETURNED, What.CLOSED},
        What.RETURNED: {What.UPDATED, What.ENDED},
        What.CLOSED: {What.OPENED},
    }
    before: What | None = None
    for _, what in run(text, given_terms):
        assert what in follows[before]
        before = what


@lives
@given(readings, terms)
def test_it_ends_only_where_the_last_known_seconds_were_clear(text: str, given_terms: Terms) -> None:
    for second, what in run(text, given_terms):
        if what is What.ENDED:
            known = text[:second].replace("?", "")
            assert set(known[-int(given_terms.clear_for_s) :]) == {"c"}


@lives
@given(readings, terms)
def test_what_is_left_out_changes_the_stage_of_nothing(text: str, given_terms: Terms) -> None:
    holding = Holding(given_terms)
    for second, letter in enumerate(text, 1):
        holding.feed(second, LETTERS[letter])
    stage = holding.stage
    holding.feed(len(text) + 1, UNKNOWN)
    assert holding.stage is stage or stage is Stage.ENDED
