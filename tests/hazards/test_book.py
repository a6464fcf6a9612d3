"""The book of alerts: whatever the rules say, people do and crashes leave makes sensible alerts, one for each cause."""

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.errors import AlertError
from passerby.hazards.alert import MOST_WORDS, Cause, Event, HazardKind, Severity, What
from passerby.hazards.alert_log import Line
from passerby.hazards.book import BACK, EXERCISE_CUT, MOST_CLOSED, SUPERSEDED, TOO_OLD, WORSE, Book
from passerby.hazards.kept_alert import MOST_REMARKS, OURS, Alert, State, alerts_of
from tests.support.alerts import ALERT, NOON, STAIRS, goes_on, opens, says

HALL = Cause("crowd", "gate", "hall")


def numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):016x}"


@pytest.fixture
def book() -> Book:
    return Book(numbered())


def whats(lines: Iterable[Line]) -> list[What]:
    return [line.event.what for line in lines]


def the_open(book: Book) -> Alert:
    (alert,) = book.open()
    return alert


def act(book: Book, what: What, by: str = "anna", words: str = "", at_s: float = 30.0, alert: str = ALERT) -> Event | None:
    """Somebody does something, and it could be written down."""
    found = book.get(alert)
    assert found is not None
    event = book.act(found, what, by, NOON + at_s, words)
    if event is not None:
        book.apply(found, event)
    return event


def test_an_alert_lives_from_its_opening_to_its_close(book: Book) -> None:
    lines = book.take(opens())
    assert act(book, What.ACKNOWLEDGED) is not None
    assert act(book, What.COMMENTED, words="the lift is  broken\n") is not None
    for event in (goes_on(40, 3.4), says(What.ENDED, 60), says(What.RETURNED, 90, value=2.6), says(What.ENDED, 120), says(What.CLOSED, 420)):
        lines += book.take(event)
    assert whats(lines) == [What.OPENED, What.UPDATED, What.ENDED, What.RETURNED, What.ENDED, What.CLOSED]
    assert [line.event.number for line in lines] == [0, 3, 4, 5, 6, 7], "people have numbers among those of the rules"
    (alert,) = book.all()
    assert (alert.state, alert.closed_by, alert.acknowledged_by, alert.returns, alert.peak) == (State.CLOSED, OURS, "anna", 1, 3.4)
    assert [(remark.by, remark.words) for remark in alert.remarks] == [("anna", "the lift is broken")]
    assert book.standing() == []


def test_two_who_acknowledge_at_once_are_both_right_and_the_first_stands(book: Book) -> None:
    book.take(opens())
    found = the_open(book)
    first, second = (book.act(found, What.ACKNOWLEDGED, by, NOON + 1, "") for by in ("anna", "ben"))
    assert first is not None
    assert second is not None
    book.apply(found, first)
    book.apply(found, second)
    assert the_open(book).acknowledged_by == "anna"
    assert act(book, What.ACKNOWLEDGED, "carl") is None, "who comes later is told who it was"
    assert act(book, What.ACKNOWLEDGED, "carl", "on my way") is not None, "and what they say is kept"
    assert [remark.by for remark in the_open(book).remarks] == ["carl"]


def test_whoever_closes_first_has_closed_it(book: Book) -> None:
    book.take(opens())
    assert act(book, What.CLOSED, "anna", "a school class, with its teacher") is not None
    assert act(book, What.CLOSED, "ben") is None
    assert act(book, What.ACKNOWLEDGED, "ben") is None
    (alert,) = book.all()
    assert (alert.closed_by, alert.acknowledged_by) == ("anna", "")
    assert act(book, What.COMMENTED, "ben", "they have left") is not None, "what is closed can be commented"


def test_a_name_that_is_ours_is_told_from_us(book: Book) -> None:
    book.take(opens())
    act(book, What.CLOSED, OURS)
    (alert,) = book.all()
    assert alert.closed_by == "user passerby"
    assert not alert.finished


@pytest.mark.parametrize(
    ("what", "words"),
    [(What.COMMENTED, " \n "), (What.COMMENTED, "x" * (MOST_WORDS + 1)), (What.ACKNOWLEDGED, "\x1b[31mred"), (What.CLOSED, "\u202e")],
)
def test_words_that_are_none_are_refused(book: Book, what: What, words: str) -> None:
    book.take(opens())
    with pytest.raises(AlertError):
        act(book, what, words=words)
    assert the_open(book).number == 0


def test_comments_have_an_end(book: Book) -> None:
    book.take(opens())
    for _ in range(MOST_REMARKS):
        act(book, What.COMMENTED, words="again")
    with pytest.raises(AlertError):
        act(book, What.COMMENTED, words="again")
    assert act(book, What.CLOSED) is not None, "without words it can be closed"


def test_what_was_closed_while_it_goes_on_stays_closed_until_it_was_over(book: Book) -> None:
    book.take(opens())
    act(book, What.CLOSED)
    assert book.take(goes_on(50, 2.9)) == book.take(goes_on(100, 9.9)) == []
    assert book.open() == []
    assert [standing.alert for standing in book.standing()] == [ALERT], "the rules are not done with it"
    assert whats(book.take(says(What.ENDED, 120))) == [What.ENDED]
    lines = book.take(says(What.RETURNED, 130, value=2.7))
    assert whats(lines) == [What.CLOSED, What.OPENED]
    assert lines[0].event.words == BACK
    anew = the_open(book)
    assert (anew.id != ALERT, anew.cause, anew.kind, anew.value, anew.limit) == (True, STAIRS, HazardKind.DENSITY, 2.7, 2.5)
    assert whats(book.take(says(What.ENDED, 200))) == [What.ENDED], "the rules go on with the id that they know"
    assert whats(book.take(says(What.CLOSED, 500))) == [What.CLOSED]
    assert [alert.state for alert in book.all()] == [State.CLOSED] * 2
    assert book.standing() == []


def test_what_was_closed_and_gets_more_urgent_is_a_new_alert(book: Book) -> None:
    book.take(opens())
    act(book, What.CLOSED)
    lines = book.take(goes_on(50, 4.2, severity=Severity.ALARM))
    assert whats(lines) == [What.CLOSED, What.OPENED]
    assert lines[0].event.words == WORSE
    assert the_open(book).severity is Severity.ALARM


def test_who_took_notice_of_a_warning_has_not_taken_notice_of_an_alarm(book: Book) -> None:
    book.take(opens())
    act(book, What.ACKNOWLEDGED)
    book.take(goes_on(20, 3.9))
    assert the_open(book).acknowledged_by == "anna"
    book.take(goes_on(40, 4.2, severity=Severity.ALARM))
    assert (the_open(book).acknowledged_by, the_open(book).severity) == ("", Severity.ALARM)
    act(book, What.ACKNOWLEDGED, "ben")
    book.take(goes_on(60, 5.2, severity=Severity.ALARM))
    assert the_open(book).acknowledged_by == "ben"
    book.take(goes_on(80, 5.9, severity=Severity.NOTICE))
    assert the_open(book).severity is Severity.ALARM, "it was an alarm"


def test_that_a_hazard_goes_on_for_a_day_is_a_hundred_lines_and_not_eight_thousand(book: Book) -> None:
    lines = book.take(opens())
    for second in range(10, 86_400, 10):
        lines += book.take(goes_on(second))
        assert the_open(book).seen_wall_s == NOON + second
    assert 60 < len(lines) < 110
    peaks = [line.event for value in (2.93, 2.99, 3.0, 3.2) for line in book.take(goes_on(86_401, value))]
    assert [event.value for event in peaks] == [2.99, 3.2], "a higher value is written down at once"
    assert len(book.take(goes_on(86_402, None, words="not seen since 12:00"))) == 1
    assert the_open(book).seen_wall_s == NOON + 86_401


def test_rules_that_begin_anew_go_on_with_the_alert_that_stands(book: Book) -> None:
    book.take(opens())
    other = "00000000000000b2"
    assert whats(book.take(opens(60, other, value=3.8))) == [What.UPDATED]
    assert whats(book.take(says(What.ENDED, 90, other))) == [What.ENDED]
    assert whats(book.take(opens(100, "00000000000000c3"))) == [What.RETURNED]
    assert [alert.id for alert in book.all()] == [ALERT]
    assert whats(book.take(says(What.CLOSED, 110, other))) == [What.CLOSED]


def test_an_id_that_is_there_already_is_drawn_anew(book: Book) -> None:
    """The rules draw ids from cause and second, which come twice where the clock was set back."""
    book.take(opens())
    book.take(says(What.CLOSED, 50))
    (line,) = book.take(opens())
    assert line.event.alert == f"{1:016x}"
    assert whats(book.take(says(What.ENDED, 60))) == [What.ENDED]
    assert the_open(book).id == f"{1:016x}"


def test_what_nobody_opened_is_counted_and_dropped(book: Book) -> None:
    assert book.take(goes_on(1, alert="00000000000000ff")) == []
    assert book.take(says(What.OPENED, 1)) == []
    book.take(opens())
    assert book.take(says(What.ACKNOWLEDGED, 1, by="the rules")) == []
    assert book.strays == 3


def test_an_exercise_and_what_happens_do_not_touch_each_other(book: Book) -> None:
    book.take(opens(0, "00000000000000ee", exercise=True))
    assert whats(book.take(opens(1))) == [What.OPENED]
    assert {alert.exercise for alert in book.open()} == {True, False}
    assert [one.alert for one in book.standing()] == [ALERT]
    again = Book()
    assert [line.event.words for line in again.restore(book.all())] == [EXERCISE_CUT]
    assert [alert.id for alert in again.open()] == [ALERT]


def test_alerts_of_channels_stand_for_themselves(book: Book) -> None:
    book.take(opens(cause=Cause("channel", "", "mail"), kind=HazardKind.CHANNEL))
    assert book.standing() == []
    assert [one.cause.place for one in book.standing(of_channels=True)] == ["mail"]


def test_closed_alerts_at_hand_are_the_newest(book: Book) -> None:
    for number in range(MOST_CLOSED + 5):
        name = f"{number + 4096:016x}"
        book.take(opens(number, name, Cause("crowd", "gate", f"z{number}")))
        book.take(says(What.CLOSED, number + 1, name))
    book.take(opens(0, cause=HALL))
    assert len(book.all()) == MOST_CLOSED + 1
    assert book.get(f"{4096:016x}") is None
    assert the_open(book).cause == HALL


def test_what_goes_on_when_it_is_due_goes_on_as_another_alert(book: Book) -> None:
    book.take(opens())
    act(book, What.ACKNOWLEDGED)
    book.take(opens(0, "00000000000000b2", HALL))
    act(book, What.CLOSED, alert="00000000000000b2")
    lines = book.forget([ALERT, "00000000000000b2"], NOON + 86_400)
    assert whats(lines) == [What.CLOSED, What.OPENED, What.ACKNOWLEDGED, What.CLOSED, What.OPENED, What.CLOSED]
    assert lines[0].event.words == TOO_OLD
    anew = the_open(book)
    assert (anew.cause, anew.acknowledged_by, anew.opened_wall_s) == (STAIRS, "anna", NOON + 86_400)
    assert book.get(ALERT) is None
    assert whats(book.take(says(What.ENDED, 90_000))) == [What.ENDED]
    assert len(book.standing()) == 2


# Whatever happens

RULES = [What.OPENED, What.UPDATED, What.UPDATED, What.RETURNED, What.ENDED, What.CLOSED]
PEOPLE = [What.ACKNOWLEDGED, What.COMMENTED, What.CLOSED]
_names = st.sampled_from([f"{number:016x}" for number in range(0xA0, 0xA4)])
_rule = st.builds(
    lambda what, name, cause, severity, value, at_s: (
        opens(at_s, name, cause, severity=severity, value=value) if what is What.OPENED else says(what, at_s, name, severity=severity, value=value)
    ),
    st.sampled_from(RULES),
    _names,
    st.sampled_from([STAIRS, HALL]),
    st.sampled_from([None, *Severity]),
    st.sampled_from([None, 2.5, 2.9, 4.0]),
    st.sampled_from([0.0, 1.0, 30.0, 400.0, -3600.0]),
)
_of_one = st.tuples(
    st.just("rule"),
    st.integers(0, 7),
    st.sampled_from(RULES[1:]),
    st.sampled_from([None, None, *Severity]),
    st.sampled_from([None, 2.9, 4.0]),
    st.sampled_from([1.0, 400.0]),
)
_person = st.tuples(st.integers(0, 7), st.sampled_from(PEOPLE), st.sampled_from(["anna", "ben", OURS]), st.sampled_from(["", "hm"]))
_restart = st.just("restart")
happenings = st.lists(st.one_of(_rule, _of_one, _of_one, _person, _person, _restart), max_size=30)


def happen(what: Any, book: Book, log: list[Event]) -> Book:
    """One thing happens; what has to be written down is."""
    if isinstance(what, Event):
        log += [line.event for line in book.take(what)]
    elif what == "restart":
        book = Book(numbered_after(log))
        log += [line.event for line in book.restore(alerts_of(log))]
    elif what[0] == "rule":
        _, number, said, severity, value, at_s = what
        alerts = book.all()
        if alerts:
            log += [line.event for line in book.take(says(said, at_s, alerts[number % len(alerts)].id, severity=severity, value=value))]
    else:
        number, act_, by, words = what
        alerts = book.all()
        if alerts:
            alert = alerts[number % len(alerts)]
            try:
                event = book.act(alert, act_, by, NOON, words)
            except AlertError:
                event = None
            if event is not None:
                log.append(event)
                book.apply(alert, event)
    return book


def numbered_after(log: list[Event]) -> Callable[[], str]:
    numbers = count(10_000 + len(log))
    return lambda: f"{next(numbers):016x}"


def essence(alert: Alert) -> tuple[Any, ...]:
    """What must be the same in memory and in the log."""
    said = tuple(remark.words for remark in alert.remarks)
    people = alert.acknowledged_by, alert.closed_by, said
    return alert.id, alert.cause, alert.severity, alert.state, alert.over, alert.finished, alert.returns, alert.peak, alert.number, people


def check_sensible(alert: Alert) -> None:
    assert (alert.closed_wall_s is None) is (alert.closed_by == "")
    assert (alert.acknowledged_wall_s is None) is (alert.acknowledged_by == "")
    assert alert.over is (alert.ended_wall_s is None)
    assert not (alert.finished and (alert.over or not alert.is_closed))
    assert (alert.state is State.CLOSED) is alert.is_closed
    assert alert.returns >= 0
    assert alert.number >= 0


@given(happenings)
def test_what_is_in_memory_is_what_the_log_makes(what: list[Any]) -> None:
    log: list[Event] = []
    book = Book(numbered_after(log))
    for one in what:
        book = happen(one, book, log)
        assert {essence(alert) for alert in book.all()} == {essence(alert) for alert in alerts_of(log)}
        for alert in book.all():
            check_sensible(alert)
        causes = [standing.cause for standing in book.standing()]
        assert len(set(causes)) == len(causes), "one alert for each cause"
        open_causes = [alert.cause for alert in book.open()]
        assert len(set(open_causes)) == len(open_causes)
        assert set(open_causes) <= set(causes), "what is open is ended some time: its rule goes on with it"


@given(happenings, st.randoms(use_true_random=False), st.data())
def test_whatever_is_left_of_a_log_makes_sensible_alerts(what: list[Any], random: Any, data: st.DataObject) -> None:
    """Lines are torn, lost on a full disk, there twice after a write that failed at its end; alerts of one day stand in one file, in order."""
    log: list[Event] = []
    book = Book(numbered_after(log))
    for one in what:
        book = happen(one, book, log)
    left = [event for event in log if random.random() > 0.2]
    left = [event for event in left for _ in range(random.choice([1, 1, 1, 2]))]
    begin = data.draw(st.integers(0, len(left)))
    left = left[:begin] + left[max(0, begin - 5) :]
    alerts = alerts_of(left)
    for alert in alerts:
        check_sensible(alert)
    again = Book()
    again.restore(alerts)
    standing = again.standing()
    assert len({one.cause for one in standing}) == len(standing)
    assert {alert.cause for alert in again.open()} <= {one.cause for one in standing}
    assert {alert.id for alert in alerts} <= {event.alert for event in left if event.what is What.OPENED}


@given(happenings)
def test_rules_that_close_everything_leave_nothing_open(what: list[Any]) -> None:
    log: list[Event] = []
    book = Book(numbered_after(log))
    for one in what:
        book = happen(one, book, log)
    for standing in book.resume():
        book.take(says(What.CLOSED, 1000, standing.alert))
    assert book.open() == []
    assert book.standing() == []


def test_of_two_alerts_of_a_cause_the_newest_stands_after_a_restart() -> None:
    book = Book()
    lines = book.restore(alerts_of([opens(), opens(60, "00000000000000b2")]))
    assert [(line.event.alert, line.event.what, line.event.words) for line in lines] == [(ALERT, What.CLOSED, SUPERSEDED)]
    assert the_open(book).id == "00000000000000b2"


def test_a_line_that_is_there_twice_happened_once() -> None:
    """A write that failed at its end is given again as a whole."""
    lines = [opens(), *(Event(alert=ALERT, number=number, what=What.COMMENTED, wall_s=NOON, by="anna", words="hm") for number in (1, 2))]
    (alert,) = alerts_of([*lines, *lines])
    assert len(alert.remarks) == 2
    returned = [Event(alert=ALERT, number=number, what=what, wall_s=NOON) for number, what in ((1, What.ENDED), (2, What.RETURNED))]
    (alert,) = alerts_of([opens(), *returned, *returned])
    assert (alert.returns, alert.over) == (1, True)


def test_what_its_rule_was_done_with_does_not_begin_again() -> None:
    done = [Event(alert=ALERT, number=1, what=What.CLOSED, wall_s=NOON + 60), Event(alert=ALERT, number=2, what=What.UPDATED, wall_s=NOON + 70)]
    (alert,) = alerts_of([opens(), *done])
    check_sensible(alert)
    assert (alert.state, alert.over, alert.seen_wall_s) == (State.CLOSED, False, NOON)


def test_rules_that_begin_anew_call_alerts_by_the_ids_of_the_book(book: Book) -> None:
    book.take(opens())
    (line,) = book.take(opens(cause=HALL))
    assert line.event.alert != ALERT
    assert {(one.alert, one.cause) for one in book.resume()} == {(ALERT, STAIRS), (line.event.alert, HALL)}
    assert book.take(says(What.ENDED, 60))[0].event.alert == ALERT


def test_who_saw_a_warning_cannot_acknowledge_or_close_an_alarm_and_may_comment_on_it() -> None:
    book = Book()
    book.take(opens())
    book.take(goes_on(60, 4.1, severity=Severity.ALARM))
    (alert,) = book.open()
    for what in (What.ACKNOWLEDGED, What.CLOSED):
        for saw in (Severity.NOTICE, Severity.WARNING):
            with pytest.raises(AlertError, match="has become an alarm"):
                book.act(alert, what, "anna", NOON + 61, saw=saw)
        for known in (Severity.ALARM, None):
            assert book.act(alert, what, "anna", NOON + 61, saw=known) is not None
