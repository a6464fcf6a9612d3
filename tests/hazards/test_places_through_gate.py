"""Rules over scenes with a real gate in front of them: figures and things on a small noisy stage in, alerts out."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from passerby.hazards.alert import Event, What
from passerby.hazards.engine import Engine
from passerby.released.messages import SceneMessage
from passerby.released.scene import Level
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Finder
from tests.support.ruled import START_S, pulse, rule, site
from tests.support.scenes import Figure, Picture, Play, Stage, stands, walks

STAGE = Stage(320, 240, contrast=40)
ZONE = '[[zone]]\ncamera = "gate-1"\nid = "stairs"\npolygon = [[80, 60], [240, 60], [240, 230], [80, 230]]\n'
SETTLED_S = 25.0


@dataclass
class Bag:
    """A thing that no detector knows: there from a time on, until another."""

    x_px: int
    y_px: int
    from_s: float
    to_s: float = np.inf
    side_px: int = 24
    texture: Picture = field(default_factory=lambda: np.random.default_rng(3).integers(20, 60, (24, 24, 3)).astype(np.uint8))

    def __call__(self, picture: Picture, time_s: float) -> Picture:
        if not self.from_s <= time_s < self.to_s:
            return picture
        picture = picture.copy()
        picture[self.y_px : self.y_px + self.side_px, self.x_px : self.x_px + self.side_px] = self.texture
        return picture


def events_of(play: Play, table: str, *, level: Level = Level.GLYPHS, people: float = 0.0) -> list[tuple[int, What]]:
    engine = Engine(site(table, zone=ZONE, release_level=f'"{level.name.lower()}"'))
    gate = Gate(play.stage.size, GateSettings(settle_s=5.0, looks_at_once=0, level=level), Finder())
    told: list[Event] = []
    second = 0
    for time_s in play.times_s:
        while second + 1 <= time_s:
            if level is not Level.GLYPHS:
                engine.accept(pulse(second, people))
            told += engine.tick(START_S + second)
            second += 1
        scene = gate.see(play.picture(time_s), time_s)
        engine.accept(SceneMessage("gate-1", START_S + time_s, time_s, time_s, time_s, 1, False, scene))
    return [(round(event.wall_s) - START_S, event.what) for event in told if event.what is not What.UPDATED]


def person(*points: tuple[float, float, float], seed: int = 5) -> Figure:
    return Figure(walks(*points), width_px=20, height_px=52, seed=seed)


def test_somebody_who_walks_into_a_zone_is_told_and_who_walks_past_it_is_not() -> None:
    into = person((SETTLED_S, -20, 120), (SETTLED_S + 6, 150, 120), (SETTLED_S + 20, 151, 120))
    told = events_of(Play(STAGE, [into], seconds=SETTLED_S + 20, hz=4), rule("forbidden"))
    assert told[0][1] is What.OPENED
    assert SETTLED_S + 3 <= told[0][0] <= SETTLED_S + 8
    past = person((SETTLED_S, -20, 1), (SETTLED_S + 12, 320, 1))
    assert events_of(Play(STAGE, [past], seconds=SETTLED_S + 14, hz=4), rule("forbidden")) == []


def test_somebody_who_stands_in_a_walkway_is_told() -> None:
    figure = Figure(stands(150, 120, from_s=SETTLED_S), width_px=20, height_px=52)
    told = events_of(Play(STAGE, [figure], seconds=SETTLED_S + 30, hz=4), rule("static", for_='"20 s"'))
    assert told[0][1] is What.OPENED
    assert SETTLED_S + 19 <= told[0][0] <= SETTLED_S + 24


def test_a_stream_of_walkers_is_not_told_as_somebody_who_stands() -> None:
    figures = [person((at_s, -20, 90 + 10 * (at_s % 7)), (at_s + 12, 330, 80 + 10 * (at_s % 5)), seed=at_s) for at_s in range(25, 60, 3)]
    assert events_of(Play(STAGE, figures, seconds=66, hz=4), rule("static", for_='"20 s"')) == []


@pytest.mark.parametrize("level", [Level.GLYPHS, Level.HEAT])
def test_a_bag_that_somebody_puts_down_and_leaves_is_told(level: Level) -> None:
    bag = Bag(140, 150, from_s=SETTLED_S + 4)
    carrier = person((SETTLED_S, -20, 120), (SETTLED_S + 4, 130, 120), (SETTLED_S + 10, 340, 120))
    told = events_of(Play(STAGE, [carrier], seconds=SETTLED_S + 45, hz=4, change=bag), rule("left-object", for_='"20 s"'), level=level)
    assert told[0][1] is What.OPENED
    assert SETTLED_S + 24 <= told[0][0] <= SETTLED_S + 34


def test_a_bag_beside_its_owner_is_not_left() -> None:
    bag = Bag(172, 150, from_s=SETTLED_S + 4)
    owner = Figure(stands(150, 120, from_s=SETTLED_S), width_px=20, height_px=52)
    assert events_of(Play(STAGE, [owner], seconds=SETTLED_S + 45, hz=4, change=bag), rule("left-object", for_='"20 s"')) == []


def test_a_place_in_which_people_walk_has_no_left_object() -> None:
    figures = [person((at_s, -20, 90 + 10 * (at_s % 7)), (at_s + 12, 330, 80 + 10 * (at_s % 5)), seed=at_s) for at_s in range(25, 60, 4)]
    assert events_of(Play(STAGE, figures, seconds=66, hz=4), rule("left-object", for_='"20 s"')) == []
