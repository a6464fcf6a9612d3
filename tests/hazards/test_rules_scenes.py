"""Rules over scenes: somebody where nobody may be, what does not move, what was left behind, and what is wrong with a camera."""

import msgspec
import pytest

from passerby.hazards.alert import HazardKind, What
from passerby.hazards.engine import Engine
from passerby.hazards.rules.rule import Heard
from passerby.released.messages import CameraHealth, CaptureState, Reason, SceneMessage
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


def test_who_lies_in_a_walkway_while_others_walk_past_is_told_by_the_seconds_in_which_they_are_seen() -> None:
    """Whoever lies there is shown as cells; those who walk past hide them for longer than a figure may be missed."""
    engine = Engine(site(rule("static", for_='"60 s"')))

    def heard(second: int) -> list[Heard]:
        passes = second % 12 < 6
        return [scene(second - 1, [person(200 + 3 * (second % 12), 215)] if passes else [], [] if passes else [Cell(10, 10)])]

    events = run(engine, range(1, 200), heard)
    assert told(events)[0][1] is What.OPENED
    assert 110 <= told(events)[0][0] <= 150


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


def watch(
    *phases: tuple[int, GateState | None], seconds: int, shown: float = 1.0, away: tuple[int, int] = (0, 0), updates: bool = False
) -> list[tuple[int, What, str]]:
    """What the rule that is there by itself tells of a camera whose gate is in these states, each from its second on; None = no scenes.

    After the seconds `away` it looks at another place until the later of the two.
    """
    engine = Engine(site("", extra=""))

    def heard(second: int) -> list[Heard]:
        state = next(state for begin, state in reversed(phases) if second > begin)
        if state is None:
            return []
        blind = state not in (GateState.WATCHING, GateState.SETTLING)
        elsewhere = away[0] < second <= away[1]
        return [scene(second - 1 + step / 5, state=state, shown=0.0 if blind else shown, away=elsewhere) for step in range(5)]

    events = [event for event in run(engine, range(1, seconds), heard) if updates or event.what is not What.UPDATED]
    return [(second, what, event.words) for (second, what), event in zip(told(events, updates=updates), events, strict=True)]


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


MOVED_AWAY = ((0, GateState.WATCHING), (20, GateState.MOVED), (21, GateState.SETTLING), (60, GateState.WATCHING))


def test_a_camera_that_looks_elsewhere_stays_told_after_the_new_view_is_learned_and_until_it_is_back() -> None:
    found = watch(
        *MOVED_AWAY, (300, GateState.MOVED), (301, GateState.SETTLING), (340, GateState.WATCHING), seconds=500, away=(20, 301), updates=True
    )
    whats = [what for _, what, _ in found if what is not What.UPDATED]
    assert whats == [What.OPENED, What.ENDED, What.CLOSED][: len(whats)]
    assert [second for second, what, _ in found if what is What.ENDED] == [350]
    learned = [words for second, what, words in found if 60 < second < 300]
    assert learned
    assert all("'gate-1' is looking at another place than its zones were drawn on, for " in words for words in learned)


def test_a_camera_that_is_known_to_look_elsewhere_is_told_whether_or_not_its_move_was_heard() -> None:
    """As after a restart of what reads the rules."""
    found = watch((0, GateState.WATCHING), seconds=100, away=(20, 60))
    assert [(second, what) for second, what, _ in found] == [(21, What.OPENED), (70, What.ENDED)]
    assert "another place" in found[0][2]


def test_that_a_camera_looks_elsewhere_is_heard_at_once_also_where_nothing_else_of_the_scene_has_changed() -> None:
    engine = Engine(site("", extra=""))
    events = run(engine, range(1, 20), lambda second: [scene(second - 1), scene(second - 0.5, away=second >= 10)])
    assert told(events) == [(10, What.OPENED)]


def test_a_cover_before_a_camera_that_looks_elsewhere_is_told_as_a_cover_first() -> None:
    covered = [(0, GateState.WATCHING), (20, GateState.COVERED), (40, GateState.SETTLING), (60, GateState.WATCHING)]
    found = watch(*covered, seconds=200, away=(20, 200), updates=True)
    assert [what for _, what, _ in found if what is not What.UPDATED] == [What.OPENED]
    assert "covered" in found[0][2]
    assert "another place" in found[-1][2]


def old(message: SceneMessage) -> SceneMessage:
    """The same as recordings have it of before it was told where a camera looks."""
    health = msgspec.structs.replace(message.scene.health, at_home=None)
    return msgspec.structs.replace(message, scene=msgspec.structs.replace(message.scene, health=health))


def test_after_a_move_not_known_is_not_home_and_without_one_it_says_nothing() -> None:
    def heard(second: int) -> list[Heard]:
        return [old(scene(second - 1 + step / 5, state=GateState.MOVED if second == moved_s else GateState.WATCHING)) for step in range(5)]

    moved_s = 0
    assert run(Engine(site("", extra="")), range(1, 200), heard) == []
    moved_s = 20
    assert told(run(Engine(site("", extra="")), range(1, 200), heard)) == [(20, What.OPENED)]


SHEET = ((0, GateState.WATCHING), (20, GateState.COVERED), (21, GateState.SETTLING), (45, GateState.WATCHING))
"""The gate says COVERED once, and then learns the sheet as the place."""


def test_a_cover_that_is_seen_only_when_it_comes_lasts_until_the_camera_is_at_home() -> None:
    assert [what for _, what, _ in watch(*SHEET, seconds=300, away=(19, 300))] == [What.OPENED]
    found = watch(*SHEET, (200, GateState.MOVED), (201, GateState.SETTLING), (230, GateState.WATCHING), seconds=300, away=(19, 201))
    assert [what for _, what, _ in found] == [What.OPENED, What.ENDED]


def test_a_cover_of_which_a_rule_that_began_anew_sees_only_the_end_is_over_where_the_camera_is_at_home() -> None:
    found = watch((0, GateState.COVERED), (1, GateState.SETTLING), (10, GateState.WATCHING), seconds=100, away=(0, 1))
    assert [what for _, what, _ in found] == [What.OPENED, What.ENDED]


def test_a_cover_that_came_before_anything_of_the_place_was_learned_lasts_until_the_view_changes_again() -> None:
    """There is no view to be away from: the gate says that the camera is at home under the sheet."""
    covered = [(0, GateState.SETTLING), (5, GateState.COVERED), (6, GateState.SETTLING), (40, GateState.WATCHING)]
    assert [what for _, what, _ in watch(*covered, seconds=300)] == [What.OPENED]
    found = watch(*covered, (200, GateState.MOVED), (201, GateState.SETTLING), (230, GateState.WATCHING), seconds=300)
    assert [what for _, what, _ in found] == [What.OPENED, What.ENDED]


def test_in_recordings_of_before_it_was_told_such_a_cover_lasts_until_the_view_changes_again() -> None:
    def heard(second: int) -> list[Heard]:
        state = GateState.COVERED if second == 20 else GateState.MOVED if second == 200 else GateState.WATCHING
        return [old(scene(second - 1 + step / 5, state=state)) for step in range(5)]

    assert told(run(Engine(site("", extra="")), range(1, 200), heard)) == [(20, What.OPENED)]


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
