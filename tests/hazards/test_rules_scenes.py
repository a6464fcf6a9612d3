"""Rules over scenes: somebody where nobody may be, what does not move, what was left behind, and what is wrong with a camera."""

import pytest

from passerby.hazards.alert import HazardKind, What
from passerby.hazards.engine import Engine
from passerby.hazards.rules.rule import Heard
from passerby.released.messages import CameraHealth, CaptureState, Reason
from passerby.released.scene import Cell, GateState, Level
from tests.support.ruled import person, pulse, rule, run, scene, site, told

INSIDE, OUTSIDE = (200, 200), (500, 400)


def people(second: int, *places: tuple[int, int], hz: int = 4, **keys: object) -> list[Heard]:
    """The scenes of a second in which persons stand at these places."""
    glyphs = [person(x, y) for x, y in places]
    return [scene(second - 1 + step / hz, glyphs, **keys) for step in range(hz)]  # type: ignore[arg-type]


# Forbidden


def test_somebody_where_nobody_may_be_is_told_after_two_seconds() -> None:
    engine = Engine(site(rule("forbidden")))
    events = run(engine, range(1, 30), lambda second: [*people(second, INSIDE if second > 10 else OUTSIDE), pulse(second, float(second > 10))])
    assert told(events) == [(12, What.OPENED)]
    assert events[0].words == "1 person in 'Stairs', where nobody may be, for 2 s, limit 1"


def test_a_figure_drawn_over_the_border_while_the_pulse_counts_nobody_is_not_told() -> None:
    engine = Engine(site(rule("forbidden")))
    assert run(engine, range(1, 30), lambda second: [*people(second, INSIDE), pulse(second, 0.0, most=0)]) == []


def test_without_pulses_figures_alone_tell() -> None:
    engine = Engine(site(rule("forbidden")))
    assert told(run(engine, range(1, 10), lambda second: people(second, INSIDE))) == [(2, What.OPENED)]


def test_at_a_level_without_figures_the_pulse_alone_tells() -> None:
    engine = Engine(site(rule("forbidden"), release_level='"counts"'))
    assert told(run(engine, range(1, 10), lambda second: [pulse(second, 1.0)])) == [(2, What.OPENED)]
    assert run(Engine(site(rule("forbidden"), release_level='"counts"')), range(1, 10), lambda second: [pulse(second, 0.0, most=1)]) == []


def test_while_the_gate_withholds_all_nothing_is_known() -> None:
    engine = Engine(site(rule("forbidden")))
    assert run(engine, range(1, 30), lambda second: people(second, INSIDE, state=GateState.COVERED)) == []


# Static


def test_somebody_who_stays_on_one_spot_of_a_walkway_is_told() -> None:
    engine = Engine(site(rule("static", for_='"60 s"')))
    events = run(engine, range(1, 120), lambda second: people(second, (200 + 3 * (second % 3), 200)))
    assert told(events)[0] == (61, What.OPENED)
    assert events[0].words == "a figure has not moved in 'Stairs' for 60 s, limit 60 s"


def test_those_who_walk_through_are_not_told_however_many_they_are() -> None:
    engine = Engine(site(rule("static", for_='"30 s"')))

    def walkers(second: int) -> list[Heard]:
        found: list[Heard] = []
        for step in range(4):
            at_s = second - 1 + step / 4
            found.append(scene(at_s, [person(100 + int(60 * at_s + 70 * number) % 400, 150 + 20 * number) for number in range(8)]))
        return found

    assert run(engine, range(1, 300), walkers) == []


def test_who_is_hidden_by_a_passer_by_for_two_seconds_still_stands_there() -> None:
    engine = Engine(site(rule("static", for_='"60 s"')))
    events = run(engine, range(1, 80), lambda second: people(second, *([] if second % 20 in (0, 1) else [INSIDE])))
    assert told(events)[0][1] is What.OPENED


def test_who_is_missed_now_and_then_for_some_seconds_does_not_begin_anew_once_they_stood_there_for_long() -> None:
    engine = Engine(site(rule("static", for_='"120 s"')))
    events = run(engine, range(1, 140), lambda second: people(second, *([] if 60 <= second < 67 or 90 <= second < 99 else [INSIDE])))
    assert told(events)[0] == (121, What.OPENED)


def test_who_has_gone_is_not_told_for_the_time_after_that() -> None:
    engine = Engine(site(rule("static", for_='"120 s"')))
    assert run(engine, range(1, 300), lambda second: people(second, *([INSIDE] if second < 117 else []))) == []


def test_a_thing_that_lies_in_a_walkway_is_told() -> None:
    engine = Engine(site(rule("static", for_='"60 s"')))
    events = run(engine, range(1, 100), lambda second: [scene(second - 1, cells=[Cell(10, 10)])])
    assert told(events)[0] == (60, What.OPENED)
    assert events[0].words.startswith("something has not moved")


# Left object


def test_a_thing_that_is_left_behind_is_told_once_it_has_lain_there_alone() -> None:
    engine = Engine(site(rule("left-object", for_='"60 s"')))

    def heard(second: int) -> list[Heard]:
        near = second < 40
        return [scene(second - 1, [person(205, 215)] if near else [], [] if second < 20 else [Cell(10, 10)])]

    events = run(engine, range(1, 200), heard)
    assert told(events)[0] == (99, What.OPENED)
    assert events[0].words == "something lies in 'Stairs', with nobody near, for 60 s, limit 60 s"


def test_who_passes_a_thing_that_was_left_does_not_make_it_theirs() -> None:
    engine = Engine(site(rule("left-object", for_='"60 s"')))

    def heard(second: int) -> list[Heard]:
        passes = second % 15 in (0, 1, 2)
        return [scene(second - 1, [person(205, 215)] if passes else [], [] if passes else [Cell(10, 10)])]

    assert told(run(engine, range(1, 200), heard))[0][1] is What.OPENED


def test_a_shadow_over_most_of_the_zone_is_no_object() -> None:
    engine = Engine(site(rule("left-object", for_='"60 s"')))
    shadow = [Cell(row, column) for row in range(5, 15) for column in range(5, 12)]
    assert run(engine, range(1, 200), lambda second: [scene(second - 1, cells=shadow)]) == []


def test_without_figures_only_seconds_without_anybody_count() -> None:
    engine = Engine(site(rule("left-object", for_='"60 s"'), release_level='"heat"'))
    cells = [Cell(10, 10)]
    busy = run(engine, range(1, 200), lambda second: [scene(second - 1, cells=cells, level=Level.HEAT), pulse(second, 2.0)])
    assert busy == []
    empty = run(engine, range(200, 400), lambda second: [scene(second - 1, cells=cells, level=Level.HEAT), pulse(second, 0.0)])
    assert told(empty)[0][1] is What.OPENED


# Camera


def watch(*phases: tuple[int, GateState | None], seconds: int, shown: float = 1.0) -> list[tuple[int, What, str]]:
    """What the rule that is there by itself tells of a camera whose gate is in these states, each from its second on; None = no scenes."""
    engine = Engine(site("", extra=""))

    def heard(second: int) -> list[Heard]:
        state = next(state for begin, state in reversed(phases) if second > begin)
        if state is None:
            return []
        blind = state not in (GateState.WATCHING, GateState.SETTLING)
        return [scene(second - 1 + step / 5, state=state, shown=0.0 if blind else shown) for step in range(5)]

    events = run(engine, range(1, seconds), heard)
    return [
        (second, what, event.words) for (second, what), event in zip(told(events), (e for e in events if e.what is not What.UPDATED), strict=True)
    ]


def test_a_camera_that_works_is_not_told() -> None:
    assert watch((0, GateState.SETTLING), (30, GateState.WATCHING), seconds=300) == []


@pytest.mark.parametrize(
    ("state", "within_s", "says"),
    [
        (GateState.COVERED, 2, "covered, blinded or out of focus"),
        (GateState.MOVED, 2, "moved"),
        (GateState.FROZEN, 2, "frozen"),
        (None, 4, "without pictures"),
    ],
)
def test_what_is_wrong_with_a_camera_is_told_at_once(state: GateState | None, within_s: int, says: str) -> None:
    found = watch((0, GateState.WATCHING), (20, state), seconds=60)
    assert found[0][1] is What.OPENED
    assert 20 < found[0][0] <= 20 + within_s
    assert f"'gate-1' is {says}" in found[0][2]


def test_a_move_lasts_until_the_place_is_shown_again() -> None:
    found = watch((0, GateState.WATCHING), (20, GateState.MOVED), (21, GateState.SETTLING), (60, GateState.WATCHING), seconds=200)
    assert [what for _, what, _ in found] == [What.OPENED, What.ENDED]
    assert found[1][0] == 70


def test_a_cover_that_is_seen_only_when_it_comes_lasts_until_the_view_changes_again() -> None:
    """A white sheet: the gate says COVERED once, and then learns the sheet as the place."""
    covered = [(0, GateState.WATCHING), (20, GateState.COVERED), (21, GateState.SETTLING), (45, GateState.WATCHING)]
    assert [what for _, what, _ in watch(*covered, seconds=300)] == [What.OPENED]
    found = watch(*covered, (200, GateState.MOVED), (201, GateState.SETTLING), (230, GateState.WATCHING), seconds=300)
    assert [what for _, what, _ in found] == [What.OPENED, What.ENDED]


def test_a_dark_cover_that_is_taken_away_is_over_once_the_place_is_shown() -> None:
    found = watch((0, GateState.WATCHING), (20, GateState.COVERED), (60, GateState.SETTLING), (90, GateState.WATCHING), seconds=200)
    assert [what for _, what, _ in found] == [What.OPENED, What.ENDED]


def test_light_that_is_switched_is_nothing_wrong() -> None:
    assert watch((0, GateState.WATCHING), (20, GateState.LIGHT_CHANGED), (21, GateState.SETTLING), (60, GateState.WATCHING), seconds=100) == []


def test_a_gate_that_fails_for_a_moment_is_not_told_and_one_that_fails_for_long_is() -> None:
    assert watch((0, GateState.WATCHING), (20, GateState.DETECTOR_FAILED), (25, GateState.WATCHING), seconds=100) == []
    found = watch((0, GateState.WATCHING), (20, GateState.DETECTOR_FAILED), seconds=100)
    assert found[0][0] == 30


def test_a_camera_that_withholds_too_much_for_too_long_is_told() -> None:
    found = watch((0, GateState.WATCHING), seconds=700, shown=0.05)
    assert [(second, what) for second, what, _ in found] == [(600, What.OPENED)]
    assert "withholding 95% of its picture for 10 min" in found[0][2]


def test_a_camera_that_never_came_is_told_with_the_reason() -> None:
    engine = Engine(site("", extra=""))
    health = CameraHealth("gate-1", CaptureState.WAITING, Reason.REFUSED)
    events = run(engine, range(1, 60), lambda second: [health])
    assert told(events) == [(31, What.OPENED)]
    assert events[0].words == "'gate-1' is without pictures for 30 s: connection refused"
    assert events[0].kind is HazardKind.CAMERA


def test_a_camera_that_is_moved_and_then_unplugged_is_one_alert() -> None:
    found = watch((0, GateState.WATCHING), (20, GateState.MOVED), (21, GateState.SETTLING), (25, None), seconds=100)
    assert [what for _, what, _ in found] == [What.OPENED]


def test_a_camera_that_is_started_anew_on_purpose_is_not_told() -> None:
    engine = Engine(site("", extra=""))
    assert run(engine, range(1, 20), lambda second: [scene(second - 0.5)]) == []
    engine.begin_anew(["gate-1", "gate-9"])
    assert run(engine, range(20, 60), lambda second: [scene(second - 0.5)] if second > 40 else []) == []


def test_a_camera_of_few_pictures_a_second_is_given_time() -> None:
    engine = Engine(site("", extra="", fps_limit="0.5"))
    assert run(engine, range(1, 100), lambda second: [scene(second - 1)] if second % 4 == 0 else []) == []


def test_the_rule_of_all_cameras_can_be_left_out_or_replaced() -> None:
    assert run(Engine(site("")), range(1, 100), lambda second: []) == []
    engine = Engine(site(rule("camera", camera='"gate-1"', severity='"alarm"'), extra=""))
    events = run(engine, range(1, 100), lambda second: [])
    assert [event.cause.rule for event in events if event.cause is not None] == ["crowd"]
