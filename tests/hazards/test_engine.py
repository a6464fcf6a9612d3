"""The rules of a site at work: seconds, restarts, changed site files, faults, and that a replay gives what live gave."""

import random
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from passerby.hazards import engine as engine_module
from passerby.hazards.alert import MOST_WORDS, Cause, Event, HazardKind, Severity, What
from passerby.hazards.book import Book
from passerby.hazards.engine import MOST_CAUGHT_UP_S, Engine
from passerby.hazards.reading import Reading
from passerby.hazards.rules.density import DensityRule
from passerby.hazards.rules.kinds import RULES
from passerby.hazards.rules.rule import Heard
from passerby.hazards.schedule import Schedule
from passerby.hazards.standing import Standing
from passerby.released.measurement import Pulse
from passerby.released.messages import SceneMessage
from passerby.released.scene import Cell, GateState
from passerby.site.hazards import KINDS
from passerby.site.times_of_week import week_span_of
from tests.support.ruled import START_S, ZONE, crowd, person, pulse, rule, run, scene, site, told

DENSE = rule("density", limit="2.5", for_='"5 s"', clear_for='"5 s"', cool_down='"20 s"')
STAIRS = Cause("crowd", "gate-1", "stairs")
DENSITY = HazardKind.DENSITY


def dense(second: int) -> list[Heard]:
    return [crowd(second, 3.0)]


def test_every_kind_of_the_site_file_has_a_rule_and_a_kind_of_alert() -> None:
    assert set(RULES) == set(KINDS) == {kind.value for kind in HazardKind} - {"channel"}


# Seconds


def test_every_second_is_read_once_however_often_and_late_the_ticks_come() -> None:
    events = []
    for step in (0.0, 0.3, 0.7, 1.2):
        engine = Engine(site(DENSE))
        for second in range(1, 60):
            engine.accept(crowd(second, 3.0))
        found = engine.tick(START_S)
        for second in range(1, 60):
            found += engine.tick(START_S + second + step)
        events.append([event for event in found if event.wall_s <= START_S + 58])
    assert all(one == events[0] for one in events)


def test_a_tick_that_comes_ten_seconds_late_reads_all_ten() -> None:
    engine = Engine(site(DENSE))
    engine.tick(START_S)
    for second in range(1, 11):
        engine.accept(crowd(second, 3.0))
    assert told(engine.tick(START_S + 10)) == [(5, What.OPENED)]


def test_after_a_long_pause_nothing_is_read_of_the_time_between() -> None:
    engine = Engine(site(DENSE))
    run(engine, range(1, 8), dense)
    events = engine.tick(START_S + 10 * MOST_CAUGHT_UP_S)
    assert [event.what for event in events] == [What.UPDATED]
    assert "not seen since" in events[0].words


def test_a_tick_that_goes_back_says_nothing() -> None:
    engine = Engine(site(DENSE))
    run(engine, range(1, 4), dense)
    assert engine.tick(START_S - 100) == []


def test_messages_that_come_after_their_second_are_counted_and_heard() -> None:
    engine = Engine(site(DENSE))
    run(engine, range(1, 4), dense)
    engine.accept(crowd(3, 3.0))
    assert engine.late == 1


# Restarts


def test_an_alert_of_before_a_restart_is_not_opened_again() -> None:
    engine = Engine(site(DENSE))
    engine.resume([Standing("0123456789abcdef", STAIRS, DENSITY, Severity.WARNING, True, START_S - 500.0, START_S - 100.0)])
    events = run(engine, range(1, 100), lambda second: [crowd(second, 3.0 if second < 50 else 1.0)])
    assert told(events) == [(54, What.ENDED), (74, What.CLOSED)]
    assert {event.alert for event in events} == {"0123456789abcdef"}


def test_an_alert_that_had_ended_returns_within_its_cool_down_after_a_restart() -> None:
    engine = Engine(site(DENSE))
    engine.resume([Standing("0123456789abcdef", STAIRS, DENSITY, Severity.WARNING, False, START_S - 500.0, START_S - 5.0)])
    assert told(run(engine, range(1, 8), dense)) == [(5, What.RETURNED)]


def test_an_alert_whose_change_lies_in_the_future_closes_in_its_time() -> None:
    engine = Engine(site(DENSE))
    engine.resume([Standing("0123456789abcdef", STAIRS, DENSITY, Severity.WARNING, False, START_S + 5000.0, START_S + 9000.0)])
    assert told(run(engine, range(1, 60), lambda second: [crowd(second, 1.0)])) == [(20, What.CLOSED)]


def test_an_alert_of_a_rule_that_is_gone_is_closed_at_the_first_tick() -> None:
    engine = Engine(site(DENSE))
    other = Cause("other", "gate-1", "stairs")
    engine.resume([Standing("0123456789abcdef", other, DENSITY, Severity.WARNING, True, START_S - 500.0, START_S - 5.0)])
    (event,) = engine.tick(START_S)
    assert (event.what, event.words) == (What.CLOSED, "the rule is gone")


def test_a_rule_that_became_one_of_another_kind_while_nobody_watched_takes_over_no_alert() -> None:
    book = Book()
    engine = Engine(site(DENSE))
    for event in run(engine, range(1, 8), dense):
        book.take(event)
    (density,) = book.open()
    engine = Engine(site(rule("occupancy", limit="2", for_='"5 s"')))
    engine.resume(book.resume())
    events = run(engine, range(10, 20), dense)
    assert [(event.alert == density.id, event.what, event.words) for event in events[:1]] == [(True, What.CLOSED, "the rule is gone")]
    for event in events:
        book.take(event)
    (occupancy,) = book.open()
    assert (occupancy.kind, occupancy.cause, occupancy.limit) == (HazardKind.OCCUPANCY, STAIRS, 2.0)
    assert occupancy.id != density.id


# Changed site files


def test_a_rule_that_is_unchanged_goes_on_over_a_reload() -> None:
    engine = Engine(site(DENSE))
    run(engine, range(1, 4), dense)
    engine.follow(site(DENSE + rule("occupancy", limit="500").replace("crowd", "other")))
    assert told(run(engine, range(4, 8), dense)) == [(5, What.OPENED)]


def test_a_rule_with_another_limit_keeps_its_alert() -> None:
    engine = Engine(site(DENSE))
    run(engine, range(1, 8), dense)
    engine.follow(site(DENSE.replace("2.5", "2.8")))
    events = run(engine, range(8, 40), dense)
    assert {event.what for event in events} == {What.UPDATED}
    assert events[0].limit == 2.8


@pytest.mark.parametrize("after", ["", rule("occupancy", limit="500")], ids=["gone", "of another kind"])
def test_the_alert_of_a_rule_that_is_gone_ends_and_closes(after: str) -> None:
    engine = Engine(site(DENSE))
    run(engine, range(1, 8), dense)
    engine.follow(site(after))
    events = run(engine, range(8, 12), dense)
    assert [(event.what, event.words) for event in events] == [(What.ENDED, "the rule is gone"), (What.CLOSED, "the rule is gone")]


def test_a_zone_that_is_drawn_anew_is_read_anew() -> None:
    engine = Engine(site(rule("forbidden")))
    glyphs = [person(200, 200)]
    run(engine, range(1, 2), lambda second: [scene(second - 0.5, glyphs)])
    engine.follow(site(rule("forbidden"), zone=ZONE.replace("[[100, 100], [300, 100]", "[[100, 250], [300, 250]")))
    assert run(engine, range(2, 10), lambda second: [scene(second - 0.5, glyphs)]) == []


# Faults


def test_a_rule_that_raises_silences_no_other_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    both = DENSE + rule("occupancy", limit="20", for_='"5 s"').replace("crowd", "other")
    engine = Engine(site(both))

    def broken(self: DensityRule, second: int) -> None:
        raise KeyError("what it was is said nowhere")

    monkeypatch.setattr(DensityRule, "read", broken)
    events = run(engine, range(1, 10), dense)
    assert [event.cause.rule for event in events if event.cause is not None] == ["other"]
    assert engine.failing == {"crowd": "KeyError"}
    monkeypatch.undo()
    run(engine, range(10, 100), dense)
    assert engine.failing == {}


def test_more_messages_than_can_wait_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("passerby.hazards.inbox.MOST_WAITING", 10)
    engine = Engine(site(DENSE))
    for second in range(30):
        engine.accept(crowd(second, 3.0))
    assert engine.dropped == 20


# Hours and words


def test_outside_of_its_hours_a_rule_is_not_read() -> None:
    engine = Engine(site(DENSE + 'hours = ["Mo-Su 00:00-00:01"]\n'))
    assert run(engine, range(1, 30), dense) == []


def test_a_rule_hears_nothing_outside_of_its_hours_and_begins_them_anew() -> None:
    # START_S is 2026-11-18 11:06:40 in UTC.
    text = DENSE + 'hours = ["11:00-11:07", "11:08-12:00"]\n'
    engine = Engine(site(text))
    events = run(engine, range(1, 120), dense)
    assert told(events) == [(5, What.OPENED), (21, What.ENDED), (41, What.CLOSED), (85, What.OPENED)]
    assert "outside of the rule's hours" in {event.words for event in events}
    watched = next(iter(engine._watched.values()))
    heard: list[Heard] = []
    watched.rule.accept = heard.append  # type: ignore[method-assign,assignment]
    watched.schedule = Schedule([week_span_of("Su 00:00-00:01")], UTC)
    run(engine, range(120, 130), dense)
    assert heard == []


def test_the_sites_own_words_stand_before_the_explanation() -> None:
    engine = Engine(site(DENSE + 'message = "{value} on {zone} of {camera}, {limit} at most: stop the escalator"\n'))
    (event, *_) = run(engine, range(1, 10), dense)
    assert event.words.startswith("3.0 on Stairs of gate-1, 2.5 at most: stop the escalator: 3.0 persons/m2")


def test_a_name_full_of_braces_and_markup_is_said_as_it_is_and_fills_no_template() -> None:
    name = "{value}{zone.__class__}<script>alert(1)</script>, limit {limit}"
    engine = Engine(site(DENSE + 'message = "{zone}"\n', zone=ZONE.replace("Stairs", name)))
    (event, *_) = run(engine, range(1, 10), dense)
    assert event.words.startswith(name + ": 3.0 persons/m2")


def test_no_words_are_longer_than_an_event_may_hold() -> None:
    long = "x" * 200
    engine = Engine(site(DENSE + f'message = "{"{zone}" * 40}"\n', zone=ZONE.replace("Stairs", long)))
    (event, *_) = run(engine, range(1, 10), dense)
    assert len(event.words) <= MOST_WORDS


# Replay

ALL = "".join(
    rule(kind, for_=f'"{lasts}"', clear_for='"3 s"', **({"cool_down": '"8 s"'} | keys)).replace("crowd", kind)
    for kind, lasts, keys in (
        ("density", "5 s", {"limit": "2.5"}),
        ("counter-flow", "20 s", {"direction": '"ab"'}),
        ("forbidden", "2 s", {}),
        ("static", "20 s", {"cool_down": '"40 s"'}),
        ("left-object", "20 s", {"cool_down": '"40 s"'}),
        ("camera", "20 s", {}),
    )
)
RULES_TRIED = {"density", "counter-flow", "forbidden", "static", "left-object", "camera"}


def all_sorts(seed: int, seconds: int) -> list[Heard]:
    """Scenes and pulses of a camera to which all sorts of things happen, in the order of their times."""
    rng = random.Random(seed)
    found: list[Heard] = []
    shown = 1.0
    state, glyphs, cells = GateState.WATCHING, [person(200, 200)], [Cell(10, 10)]
    away = crowded = stands = lies = False
    for second in range(1, seconds):
        crowded, stands, lies = (now ^ (rng.random() < 0.03) for now in (crowded, stands, lies))
        if rng.random() < 0.05:
            state = rng.choice(list(GateState))
            shown = rng.choice((0.02, 0.5, 1.0))
        for step in range(5):
            if rng.random() < 0.2:
                glyphs = [person(rng.randrange(640), rng.randrange(480)) for _ in range(rng.randrange(4))]
            if rng.random() < 0.1:
                cells = [Cell(rng.randrange(24), rng.randrange(32)) for _ in range(rng.randrange(3))]
            away ^= rng.random() < 0.01
            at_s, there = second - 1 + step / 5, [*glyphs, *([person(150, 250)] if stands else [])]
            if rng.random() < 0.95 and not 100 < second < 120:
                found.append(scene(at_s, there, {*cells, *([Cell(8, 7)] if lies else [])}, state=state, shown=shown, away=away))
        found.append(pulse(second, rng.choice((0.0, 30.0)), per_m2=rng.choice((2.4, 3.0) if crowded else (1.0, 2.4)), ba=rng.randrange(2)))
    return found


def lived(messages: Iterable[Heard], seconds: int, *, pulses_late_s: float = 0.6) -> list[Event]:
    """The events of messages that come in time: pulses so late, scenes a little while after they were captured."""
    engine = Engine(site(ALL))
    waiting = sorted(((_wall_s(one) + (pulses_late_s if isinstance(one, Pulse) else 0.2), one) for one in messages), key=lambda one: one[0])
    events: list[Event] = []
    at = 0
    for second in range(1, seconds):
        while at < len(waiting) and waiting[at][0] <= START_S + second + 1.0:
            engine.accept(waiting[at][1])
            at += 1
        events += engine.tick(START_S + second)
    return events


def _wall_s(message: Heard) -> float:
    assert isinstance(message, Pulse | SceneMessage)
    return message.wall_s if isinstance(message, Pulse) else message.captured_wall_s


def recorded(messages: Iterable[Heard]) -> list[Heard]:
    """What a recording keeps: scenes that differ from the one before, and the first of each second of the camera's own time."""
    kept: list[Heard] = []
    last: object = None
    for message in messages:
        if isinstance(message, SceneMessage):
            shown = message.scene
            says = (int(shown.time_s), shown.shown, shown.glyphs, shown.cells, shown.health.state, shown.health.at_home)
            if says == last:
                continue
            last = says
        kept.append(message)
    return kept


EVENTFUL = (40, 51, 88, 248)
"""Seeds with which every rule tells something, and what ended returns."""


def test_what_is_always_tried_opens_alerts_of_every_rule_and_they_end_return_and_close() -> None:
    told: set[tuple[str, What]] = set()
    for seed in EVENTFUL:
        events = lived(all_sorts(seed, 300), 300)
        rules = {event.alert: event.cause.rule for event in events if event.cause is not None}
        assert sum(event.what is What.OPENED for event in events) >= 5
        told |= {(rules[event.alert], event.what) for event in events}
    assert {rule for rule, what in told if what is What.OPENED} == RULES_TRIED
    for what in (What.ENDED, What.CLOSED, What.RETURNED):
        assert {rule for rule, done in told if done is what} == RULES_TRIED - {"counter-flow"}, "somebody goes against it all the time"


@example(EVENTFUL[0])
@example(EVENTFUL[1])
@example(EVENTFUL[2])
@example(EVENTFUL[3])
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_a_replay_over_what_a_recording_keeps_gives_the_alerts_that_live_gave(seed: int) -> None:
    messages = all_sorts(seed, 300)
    live = lived(messages, 300)
    assert live
    assert lived(recorded(messages), 300) == live
    assert lived(messages, 300, pulses_late_s=0.95) == live


@example(EVENTFUL[0])
@example(EVENTFUL[1])
@example(EVENTFUL[2])
@example(EVENTFUL[3])
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_there_are_never_two_alerts_for_one_cause(seed: int) -> None:
    open_now: dict[str, Cause] = {}
    numbers: dict[str, int] = {}
    for event in lived(all_sorts(seed, 400), 400):
        assert event.number == numbers.get(event.alert, -1) + 1
        numbers[event.alert] = event.number
        if event.what is What.OPENED:
            assert event.cause is not None
            assert event.cause not in open_now.values()
            assert event.alert not in open_now
            open_now[event.alert] = event.cause
        assert event.alert in open_now
        if event.what is What.CLOSED:
            del open_now[event.alert]


def test_events_are_told_in_the_order_of_their_seconds_and_can_be_written_down() -> None:
    events = lived(all_sorts(5, 300), 300)
    assert all(earlier.wall_s <= later.wall_s for earlier, later in pairwise(events))
    for event in events:
        assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


def test_no_rule_reads_a_clock() -> None:
    folder = Path(engine_module.__file__).parent
    files = [
        *folder.joinpath("rules").glob("*.py"),
        *(folder / f"{name}.py" for name in ("engine", "holding", "inbox", "schedule", "words", "place")),
    ]
    assert len(files) > 15
    for path in files:
        text = path.read_text("utf-8")
        assert not [word for word in ("import time", "time.time", "monotonic()", "utcnow", "now()", "import random") if word in text], path


def test_nothing_that_leaves_a_rule_has_a_place_for_anybody() -> None:
    """Every field is spelt out (invariant I4): who adds one has to come by here."""
    assert set(Event.__struct_fields__) == {
        *("alert", "number", "what", "wall_s", "by", "cause", "kind", "severity", "value", "error", "limit", "words", "exercise", "channel")
    }
    assert Cause.__struct_fields__ == ("rule", "camera", "place")
    assert {field.name for field in fields(Reading)} == {"known", "over", "clear", "words", "value", "error", "limit"}
    assert {field.name for field in fields(Standing)} == {"alert", "cause", "kind", "severity", "over", "opened_wall_s", "changed_wall_s"}
