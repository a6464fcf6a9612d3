"""Who lies in a walkway, shown as cells, and those who come to help: they walk beside them, and hide them. Of the rule `static`."""

import pytest

from passerby.hazards.alert import What
from passerby.hazards.engine import Engine
from passerby.hazards.rules.rule import Heard
from passerby.released.scene import Cell
from tests.support.ruled import person, rule, run, scene, site, told

BODY = Cell(10, 10)
"""Whoever lies on the ground at (200, 200) is shown as it."""
ENDLESS_S = 1200


def beside(second: int, *, hides: bool = False, every: int = 1) -> list[Heard]:
    """Somebody walks to and fro beside the cell; `hides`: it is not shown while they do, in every such scene of `every`."""
    scenes: list[Heard] = []
    for step in range(4):
        at = 4 * second + step
        covered = hides and at % every == 0
        scenes.append(scene(second - 1 + step / 4, [person(180 + 15 * (at % 5), 215)], [] if covered else [BODY]))
    return scenes


def lying(second: int) -> list[Heard]:
    return [scene(second - 1, cells=[BODY])]


def test_who_lies_there_is_told_although_somebody_walks_to_and_fro_beside_them() -> None:
    engine = Engine(site(rule("static", for_='"60 s"')))
    assert told(run(engine, range(1, ENDLESS_S), lambda second: lying(second) if second < 20 else beside(second))) == [(60, What.OPENED)]


def test_who_lies_there_is_told_although_helpers_take_turns_beside_them() -> None:
    engine = Engine(site(rule("static", for_='"60 s"')))

    def heard(second: int) -> list[Heard]:
        return [scene(second - 1, [person(185 if second // 40 % 2 else 220, 215)], [BODY])]

    assert told(run(engine, range(1, ENDLESS_S), heard)) == [(60, What.OPENED)]


def test_the_alert_of_who_lies_there_does_not_end_because_somebody_comes_to_help() -> None:
    engine = Engine(site(rule("static", for_='"60 s"')))
    assert told(run(engine, range(1, ENDLESS_S), lambda second: lying(second) if second < 100 else beside(second))) == [(60, What.OPENED)]


def test_who_is_shown_in_every_other_scene_between_those_in_which_somebody_hides_them_is_told() -> None:
    engine = Engine(site(rule("static", for_='"60 s"')))
    events = run(engine, range(1, ENDLESS_S), lambda second: beside(second, hides=True, every=2))
    assert [what for _, what in told(events)] == [What.OPENED]
    assert told(events)[0][0] <= 65


def test_helpers_who_hide_who_lies_there_end_no_alert_for_some_minutes_and_then_it_is_as_it_is_found() -> None:
    def found(until_s: int, *, lies_there: bool) -> list[tuple[int, What]]:
        engine = Engine(site(rule("static", for_='"60 s"', clear_for='"5 s"')))

        def heard(second: int) -> list[Heard]:
            if second < 100:
                return lying(second)
            return beside(second, hides=True) if second < until_s else lying(second) if lies_there else [scene(second - 1)]

        return told(run(engine, range(1, 400), heard))

    assert found(200, lies_there=True) == [(60, What.OPENED)], "they still lie there when the helpers step back"
    assert found(200, lies_there=False)[:2] == [(60, What.OPENED), (207, What.ENDED)], "they do not: that is known at once"
    ((_, _), (ended_s, what), *_) = found(400, lies_there=True)
    assert what is What.ENDED, "what is hidden for longer is given up"
    assert 100 + 2 * 60 <= ended_s <= 100 + 2 * 60 + 30


def test_what_was_hidden_for_long_and_is_shown_again_now_and_then_keeps_its_alert() -> None:
    """Longer than a cell may be hidden at once, each time, and seldom seen; what is seen was never not there."""
    engine = Engine(site(rule("static", for_='"60 s"', clear_for='"5 s"')))
    events = run(engine, range(1, ENDLESS_S), lambda second: lying(second) if second < 100 or second % 40 < 18 else beside(second, hides=True))
    assert told(events) == [(60, What.OPENED)]


@pytest.mark.parametrize("comes_s", [0, 30])
@pytest.mark.parametrize(("hidden_s", "of_s"), [(16, 60), (18, 40), (40, 60), (130, 170)])
def test_who_is_hidden_for_long_again_and_again_is_told_once_they_were_seen_for_long_enough(comes_s: int, hidden_s: int, of_s: int) -> None:
    """Whether they lay there when watching began, or came later."""
    engine = Engine(site(rule("static", for_='"60 s"', clear_for='"5 s"')))

    def heard(second: int) -> list[Heard]:
        if second < comes_s:
            return [scene(second - 1)]
        return beside(second, hides=True) if second % of_s >= of_s - hidden_s else lying(second)

    events = run(engine, range(1, ENDLESS_S), heard)
    assert [what for _, what in told(events)] == [What.OPENED]
    assert told(events)[0][0] <= comes_s + 60 + hidden_s * (60 // (of_s - hidden_s) + 2)


def test_what_is_hidden_for_longer_than_is_doubted_begins_anew() -> None:
    engine = Engine(site(rule("static", for_='"60 s"', clear_for='"5 s"')))
    assert run(engine, range(1, ENDLESS_S), lambda second: beside(second, hides=True) if second % 180 >= 30 else lying(second)) == []


def test_what_is_seen_for_a_third_of_the_time_keeps_its_alert_for_hours() -> None:
    engine = Engine(site(rule("static", for_='"60 s"', clear_for='"5 s"')))
    events = run(engine, range(1, 2 * 3600), lambda second: lying(second) if second < 100 or second % 60 < 20 else beside(second, hides=True))
    assert told(events) == [(60, What.OPENED)]


def test_a_cell_that_was_never_long_there_keeps_no_alert_of_another_open() -> None:
    engine = Engine(site(rule("static", for_='"60 s"', clear_for='"5 s"')))
    flicker = Cell(13, 13)

    def heard(second: int) -> list[Heard]:
        cells = ([BODY] if second < 140 else []) + ([flicker] if 95 <= second < 98 else [])
        return [scene(second - 1, [person(242 + 8 * (second % 8), 275)] if second >= 98 else [], cells)]

    assert told(run(engine, range(1, 200), heard))[:2] == [(60, What.OPENED), (147, What.ENDED)]
