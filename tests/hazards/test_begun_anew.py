"""Rules that begin anew while an alert stands: after a restart, a reload, a gap, a long pause, a fault. What is not known is not over."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerby.hazards.alert import Event, What
from passerby.hazards.book import Book
from passerby.hazards.engine import MOST_CAUGHT_UP_S, Engine
from passerby.hazards.reading import Reading
from passerby.hazards.rules.kinds import RULES
from passerby.hazards.rules.rule import Heard
from passerby.released.messages import SceneMessage
from passerby.released.scene import Cell, GateState, Level
from passerby.site.hazards import KINDS
from passerby.site.settings import Site
from tests.support.ruled import QUIET, START_S, crowd, person, pulse, rule, run, scene, site, told

Heards = Callable[[int], Iterable[Heard]]
SPOT, BAG = (200, 200), Cell(10, 10)
LASTS_S: Final = 60
CLEAR_FOR_S: Final = 2


class World(NamedTuple):
    """A hazard that holds, and then does not.

    Attributes:
        kind: The rule's.
        keys: Of the rule.
        holds: What is heard in a second while it holds.
        over: What is heard in a second once it is over.
        ends_s: So long after that, at most, its alert has ended, whatever happened before.
        camera: Keys of the camera.
    """

    kind: str
    keys: dict[str, str]
    holds: Heards
    over: Heards
    ends_s: int
    camera: dict[str, str] = {}  # noqa: RUF012 - never changed


def standing(second: int) -> list[Heard]:
    return [scene(second - 0.5, [person(*SPOT)])]


def walking(second: int) -> list[Heard]:
    return [scene(second - 0.5, [person(100 + 67 * second % 200, 150)])]


def lies(second: int) -> list[Heard]:
    return [scene(second - 0.5, cells=[BAG])]


def nothing(second: int) -> list[Heard]:
    return [scene(second - 0.5)]


def nothing_hot(second: int) -> list[Heard]:
    return [scene(second - 0.5, level=Level.HEAT), pulse(second, 0.0)]


def passed_by(second: int) -> list[Heard]:
    """Somebody walks before the thing now and then, and stands there for some seconds once."""
    hides = second % 15 in (0, 1, 2) or second % 97 > 89
    return [scene(second - 0.5, [person(205, 215)] if hides else [], [] if hides else [BAG])]


def hot(people: Callable[[int], bool]) -> Heards:
    """A thing at a level at which cells show persons, too."""
    return lambda second: [scene(second - 0.5, cells=[BAG], level=Level.HEAT), pulse(second, 2.0 * people(second))]


def watched(state: GateState = GateState.WATCHING, *, shown: float = 1.0, away: bool = False) -> Heards:
    return lambda second: [scene(second - 1 + step / 2, state=state, shown=shown, away=away) for step in range(2)]


def against(every_s: int) -> Heards:
    return lambda second: [pulse(second, ab=1, ba=int(second % every_s == 0))]


SPOTS: Final = {"for_": f'"{LASTS_S} s"'}
FLOW: Final = {"for_": '"30 s"', "limit": "6", "direction": '"ab"'}
HEAT: Final = {"release_level": '"heat"'}
WORLDS: Final = {
    "somebody on one spot": World("static", SPOTS, standing, walking, 30),
    "somebody who is missed now and then": World("static", SPOTS, lambda s: nothing(s) if s > 65 and s % 70 < 5 else standing(s), nothing, 30),
    "a thing in a walkway": World("static", SPOTS, lies, nothing, 30),
    "a thing that was left": World("left-object", SPOTS, lies, nothing, 30),
    "a thing that people pass": World("left-object", SPOTS, passed_by, nothing, 30),
    "a thing at the level of heat": World("left-object", SPOTS, hot(lambda s: s % 9 < 3), nothing_hot, 30, HEAT),
    "a thing among people at the level of heat": World("left-object", SPOTS, hot(lambda s: s > LASTS_S), nothing_hot, 30, HEAT),
    "some against the direction": World("counter-flow", FLOW, against(10), against(1000), 45),
    "a camera that withholds": World("camera", SPOTS, watched(shown=0.02), watched(), 10),
    "a camera that is covered": World("camera", SPOTS, watched(GateState.COVERED), watched(), 10),
    "a camera that is frozen": World("camera", SPOTS, watched(GateState.FROZEN), watched(), 10),
    "a camera that looks elsewhere": World("camera", SPOTS, watched(away=True), watched(), 10),
    "a camera whose gate fails": World("camera", SPOTS, watched(GateState.DETECTOR_FAILED), watched(), 10),
    "a camera without pictures": World("camera", SPOTS, lambda _: [], watched(), 10),
    "a density that rises": World("density", {"limit": "10", "rise": "0.5"}, lambda s: [crowd(s, 5.0 + 0.009 * s)], lambda s: [crowd(s, 4.0)], 75),
    "a dense crowd": World("density", {"limit": "2.5"}, lambda s: [crowd(s, 3.0)], lambda s: [crowd(s, 1.0)], 5),
}


class Life:
    """The rules of a world, and the book of its alerts."""

    def __init__(self, world: World) -> None:
        self.world, self.text = world, rule(world.kind, clear_for=f'"{CLEAR_FOR_S} s"', **world.keys)
        self.book, self.second, self.told = Book(), 0, list[Event]()
        self.engine = Engine(self.site())

    def site(self, more: str = "") -> Site:
        return site(self.text + more, extra=QUIET, **self.world.camera)

    def live(self, seconds: int, heard: Heards | None = None) -> list[What]:
        """What is written down of so many seconds."""
        events = []
        for _ in range(seconds):
            self.second += 1
            for event in run(self.engine, [self.second], self.world.holds if heard is None else heard):
                events += [line.event for line in self.book.take(event)]
        self.told += events
        return [event.what for event in events]

    def open(self) -> None:
        """Until there is an alert that somebody has taken notice of."""
        while not self.book.open():
            self.live(1)
            assert self.second < 300
        self.live(15)
        (alert,) = self.book.open()
        event = self.book.act(alert, What.ACKNOWLEDGED, "anna", float(START_S + self.second))
        assert event is not None
        self.book.apply(alert, event)


def restart(life: Life, gap_s: int) -> None:
    life.second += gap_s
    life.engine = Engine(life.site())
    life.engine.resume(life.book.resume())


def worker_restart(life: Life, gap_s: int) -> None:
    life.engine.begin_anew(["gate-1"])
    gap(life, gap_s)


def gap(life: Life, gap_s: int) -> None:
    assert set(life.live(gap_s, lambda _: [])) <= {What.UPDATED}


def pause(life: Life, gap_s: int) -> None:
    life.second += MOST_CAUGHT_UP_S + 1 + gap_s


def fault(life: Life, gap_s: int) -> None:
    def broken(second: int) -> Reading:
        raise KeyError(second)

    for one in life.engine._watched.values():
        one.rule.read = broken  # type: ignore[method-assign]
    life.live(max(1, gap_s))


def change(life: Life, gap_s: int) -> None:
    life.engine.follow(life.site(f'message = "at {life.second}"\n'))
    gap(life, gap_s)


ANEW: Final = {one.__name__: one for one in (restart, worker_restart, gap, pause, fault, change)}


def test_every_kind_that_measures_over_time_is_tried() -> None:
    assert {kind for kind, facts in KINDS.items() if facts.measures_over_time} <= {world.kind for world in WORLDS.values()} <= set(RULES)


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_that_is_always_tried_opens_an_alert_and_ends_it(name: str) -> None:
    life = Life(WORLDS[name])
    life.open()
    assert set(life.live(120)) <= {What.UPDATED}
    assert What.ENDED in life.live(life.world.ends_s, life.world.over)


@pytest.mark.parametrize("anew", ANEW)
@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("gap_s", [0, 7])
def test_rules_that_begin_anew_in_an_unchanged_world_end_nothing_and_the_end_is_told(name: str, anew: str, gap_s: int) -> None:
    life = Life(WORLDS[name])
    life.open()
    ANEW[anew](life, gap_s)
    assert set(life.live(2 * LASTS_S + 40)) <= {What.UPDATED}
    (alert,) = life.book.open()
    assert (alert.acknowledged_by, alert.returns) == ("anna", 0)
    whats = life.live(life.world.ends_s, life.world.over)
    assert [what for what in whats if what is not What.UPDATED] == [What.ENDED]


@pytest.mark.parametrize("anew", ANEW)
@pytest.mark.parametrize("name", WORLDS)
def test_what_was_over_by_the_time_that_rules_began_anew_is_told_soon_and_not_after_the_rules_own_time(name: str, anew: str) -> None:
    life = Life(WORLDS[name])
    life.open()
    ANEW[anew](life, 4)
    whats = life.live(life.world.ends_s, life.world.over)
    assert [what for what in whats if what is not What.UPDATED] == [What.ENDED]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), st.lists(st.tuples(st.sampled_from(sorted(ANEW)), st.integers(0, 12), st.integers(3, 90)), max_size=4))
def test_however_often_rules_begin_anew_an_alert_goes_on_as_long_as_its_hazard_does(name: str, times: list[tuple[str, int, int]]) -> None:
    life = Life(WORLDS[name])
    life.open()
    for anew, gap_s, then_s in times:
        ANEW[anew](life, gap_s)
        assert set(life.live(then_s)) <= {What.UPDATED}
    assert What.ENDED in life.live(life.world.ends_s, life.world.over)


def test_an_update_does_not_say_that_it_has_been_so_for_the_few_seconds_that_were_watched() -> None:
    life = Life(WORLDS["a thing in a walkway"])
    life.open()
    restart(life, 3)
    life.live(LASTS_S - 5)
    said = [event.words for event in life.told if event.what is What.UPDATED and event.wall_s > START_S + life.second - LASTS_S + 5]
    assert said
    assert all(words.startswith("not seen since") for words in said)


def test_a_camera_that_may_withhold_for_long_already_is_not_said_to_be_all_right() -> None:
    life = Life(WORLDS["a camera that withholds"])
    life.open()
    restart(life, 3)
    life.live(LASTS_S - 5)
    said = [event.words for event in life.told if event.what is What.UPDATED]
    assert "'gate-1' is not known to be all right yet" in said[-1]


def test_somebody_who_is_missed_just_when_watching_begins_still_stands_there() -> None:
    life = Life(WORLDS["somebody on one spot"])
    life.open()
    restart(life, 0)
    whats = life.live(8, nothing) + life.live(LASTS_S)
    assert set(whats) <= {What.UPDATED}


def test_a_spot_that_was_empty_for_too_long_is_counted_anew_wherever_watching_began() -> None:
    text = rule("static", for_='"60 s"')
    whole = run(Engine(site(text)), range(1, 100), lambda s: nothing(s) if 6 <= s < 15 else standing(s))
    late = run(Engine(site(text)), range(1, 100), lambda s: nothing(s) if s < 15 else standing(s))
    assert told(whole) == told(late)
    assert len(told(whole)) == 1


def test_where_people_walk_over_a_spot_all_the_time_the_end_is_told_after_twice_the_rules_time_at_most() -> None:
    life = Life(WORLDS["somebody on one spot"])
    life.open()
    restart(life, 0)
    life.live(3)
    assert What.ENDED in life.live(2 * LASTS_S + 10, lambda s: standing(s) if s % 8 < 2 else nothing(s))


def test_where_cells_have_another_size_from_now_on_what_lies_there_is_not_over() -> None:
    def larger(second: int) -> list[Heard]:
        (one,) = lies(second)
        assert isinstance(one, SceneMessage)
        return [msgspec.structs.replace(one, scene=msgspec.structs.replace(one.scene, cell_px=40, cells=(Cell(5, 5),)))]

    life = Life(WORLDS["a thing in a walkway"])
    life.open()
    assert set(life.live(2 * LASTS_S, larger)) <= {What.UPDATED}


@pytest.mark.parametrize("missing_s", [1, 2, 5])
def test_where_seconds_of_a_line_are_missing_those_who_crossed_in_them_are_not_known_not_to_have(missing_s: int) -> None:
    life = Life(WORLDS["some against the direction"])
    life.open()
    while (life.second + 1) % 10:
        life.live(1)
    gap(life, missing_s)
    assert set(life.live(LASTS_S)) <= {What.UPDATED}


def test_a_second_of_which_hardly_anything_was_covered_is_not_heard_of_a_line() -> None:
    def heard(second: int) -> list[Heard]:
        told = pulse(second, ba=1)
        return [type(told)(told.camera, told.wall_s, 0.2, told.zones, told.lines)]

    engine = Engine(site(rule("counter-flow", direction='"ab"', limit="6", for_='"30 s"')))
    assert run(engine, range(1, 60), heard) == []
