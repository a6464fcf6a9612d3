"""A crowd that grows in the simulator is warned of before its peak: true ways, their boxes with a detector's jitter and misses, meter, rules.

No pixels. Where people stand is exact and so is the peak; what is told of them goes the way that it goes in a running site. The crowds are no denser
than boxes tell apart (docs/guide/hazards/density.md, "What it cannot see"): limits are those of a place where people are to have room.
"""

from collections.abc import Sequence
from functools import cache
from itertools import product
from typing import Final

import numpy as np
import pytest

from bench.speeds import SIZE, true_sightings
from passerby.hazards.alert import Event, What
from passerby.hazards.engine import Engine
from passerby.released.measurement import Pulse
from passerby.sealed.worker.metering import meter_of
from passerby.simulate.cast import Posture
from passerby.simulate.measures import Zones
from passerby.simulate.path import STEP_S, Path
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings
from passerby.site.orders import CameraOrder, ZoneOrder
from passerby.site.settings import Site
from tests.support.ruled import START_S, rule, site

ZONE_M: Final = ((-2.0, 10.0), (2.0, 10.0), (2.0, 14.0), (-2.0, 14.0))
AREA_M2: Final = 16.0
COMES_FROM_M: Final = (-5.0, 12.0)
WALK_M_S: Final = 1.3
BEGINS_S: Final = 40
"""Until then those walk by and stand there who were there before."""
STAYS_S: Final = 40
MOST: Final = 24
LIMIT: Final = 1.6
RISE: Final = 0.5
"""More than any of these crowds comes to: what is told is told of the rise."""


def comes(person: int, spot_m: tuple[float, float], at_s: float, until_s: float) -> Path:
    """Somebody who comes in from the side, so as to be at a spot at a moment, and stays there."""
    way_m = np.array(spot_m) - np.array(COMES_FROM_M)
    takes_s = float(np.hypot(*way_m)) / WALK_M_S
    times_s = np.arange(max(0, round((at_s - takes_s) / STEP_S)), round(until_s / STEP_S) + 1, dtype=np.float64) * STEP_S
    share = np.clip((times_s - (at_s - takes_s)) / takes_s, 0, 1)
    xy_m = np.asarray(np.array(COMES_FROM_M) + share[:, None] * way_m, np.float64)
    heading = np.full(len(times_s), np.arctan2(way_m[1], way_m[0]))
    posture = np.where(share < 1, Posture.WALKING, Posture.STANDING).astype(np.uint8)
    return Path(person, times_s, xy_m, heading, np.asarray(share * takes_s * WALK_M_S, np.float64), posture, -1 - person)


def spots(count: int, seed: int) -> list[tuple[float, float]]:
    """Places in the zone, in rows, of which each looks between the heads of the one before."""
    rng = np.random.default_rng(seed)
    rows = [(-1.7 + 0.8 * column + 0.35 * (row % 2), 10.4 + 0.8 * row) for row, column in product(range(5), range(5))]
    return [(rows[n][0] + float(rng.uniform(-0.08, 0.08)), rows[n][1] + float(rng.uniform(-0.08, 0.08))) for n in rng.permutation(len(rows))[:count]]


class Crowd:
    """A crowd at the simulated plaza.

    Attributes:
        seconds: How long it is looked at.
        people: How many are in the zone at the end of each second, by truth.
        pulses: What is told of each second.
    """

    def __init__(self, before: int, most: int, grows_s: int, seed: int) -> None:
        self.seconds = BEGINS_S + grows_s + STAYS_S
        at_s = [0.0] * before + [BEGINS_S + grows_s * (n + 1) / (most - before) for n in range(most - before)]
        ways = [comes(n, spot, at, float(self.seconds)) for n, (spot, at) in enumerate(zip(spots(most, seed), at_s, strict=True))]
        plaza = Plaza(SimulationSettings(size=SIZE, seconds=float(self.seconds)), paths=ways)
        zones, population = Zones({"stairs": ZONE_M}), plaza._population()
        self.people = [
            zones.occupancy(np.array([spot.xy_m for spot in population.at(float(second)).values()]).reshape(-1, 2))["stairs"]
            for second in range(1, self.seconds + 1)
        ]
        self.polygon = [(round(x, 1), round(y, 1)) for x, y in plaza.camera.to_px(np.array(ZONE_M)).tolist()]
        self.ground = tuple(float(one) for one in plaza.camera.homography.reshape(9))
        self.pulses = self._told(plaza, seed)

    def _told(self, plaza: Plaza, seed: int) -> list[Pulse]:
        order = ZoneOrder("stairs", tuple(self.polygon), "walking")
        meter = meter_of(CameraOrder(camera="gate-1", source="file:///none", ground=self.ground, zones=(order,)), SIZE)
        looks = true_sightings(plaza.paths, plaza.camera, float(self.seconds), seed)
        return [one for look in looks for one in meter.see(look, START_S + look.time_s) if isinstance(one, Pulse)]

    @property
    def peak_s(self) -> int:
        """The first second in which there are as many as ever."""
        return 1 + self.people.index(max(self.people))

    def site(self, *keys: str) -> Site:
        """A site with this zone and a rule on its density."""
        zone = f'[[zone]]\ncamera = "gate-1"\nid = "stairs"\nname = "Stairs"\npolygon = {[list(corner) for corner in self.polygon]}\n'
        return site(rule("density") + "".join(f"{key}\n" for key in keys), zone=zone, ground=str(list(self.ground)))

    def events(self, *keys: str) -> list[Event]:
        """What a rule with these keys tells."""
        engine = Engine(self.site(*keys))
        waiting: Sequence[Pulse] = self.pulses
        events: list[Event] = []
        for second in range(1, self.seconds + 1):
            for pulse in waiting:
                if second - 1 < pulse.wall_s - START_S <= second:
                    engine.accept(pulse)
            events += engine.tick(START_S + second)
        return events


@cache
def crowd(before: int, most: int, grows_s: int, seed: int) -> Crowd:
    """The same crowd for several rules."""
    return Crowd(before, most, grows_s, seed)


GROWS = [(60, 11), (90, 12), (120, 13)]


@pytest.mark.parametrize(("grows_s", "seed"), GROWS)
def test_a_crowd_that_grows_over_a_minute_or_two_is_warned_of_before_its_peak_by_its_rise(grows_s: int, seed: int) -> None:
    grown = crowd(2, MOST, grows_s, seed)
    assert max(grown.people) == MOST
    assert grown.peak_s == pytest.approx(BEGINS_S + grows_s, abs=2)
    first = grown.events(f"limit = {LIMIT}", f"rise = {RISE}")[0]
    assert first.what is What.OPENED
    assert BEGINS_S < first.wall_s - START_S < grown.peak_s
    assert "persons/m2" in first.words
    assert "'Stairs', rising by " in first.words
    assert first.value is not None
    assert first.value < LIMIT
    assert grown.people[int(first.wall_s) - START_S - 1] < MOST


@pytest.mark.parametrize(("grows_s", "seed"), GROWS)
def test_without_a_limit_on_its_rise_the_same_crowd_is_not_told(grows_s: int, seed: int) -> None:
    assert crowd(2, MOST, grows_s, seed).events(f"limit = {LIMIT}") == []


@pytest.mark.parametrize(("grows_s", "seed"), GROWS[1:])
def test_a_limit_well_below_the_peak_warns_before_it_too_and_later_than_the_rise(grows_s: int, seed: int) -> None:
    grown = crowd(2, MOST, grows_s, seed)
    density, both = grown.events("limit = 1.0", 'for = "10 s"')[0], grown.events("limit = 1.0", 'for = "10 s"', f"rise = {RISE}")[0]
    assert both.wall_s < density.wall_s < START_S + grown.peak_s
    assert "rising" not in density.words


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_a_crowd_that_stays_is_not_told_of(seed: int) -> None:
    stays = crowd(22, MOST, 90, seed)
    assert min(stays.people[5:]) / AREA_M2 > LIMIT / 2, "dense enough for a rise to count"
    assert stays.events(f"limit = {LIMIT}", f"rise = {RISE}") == []


def test_what_is_told_of_a_crowd_is_near_the_truth() -> None:
    """Else a rule that opens would prove nothing."""
    grown = crowd(2, MOST, 90, 12)
    told = {round(pulse.wall_s - START_S): pulse.zones[0].people for pulse in grown.pulses}
    assert all(abs(told[second] - grown.people[second - 1]) <= 1.5 + 0.1 * grown.people[second - 1] for second in range(5, grown.seconds - 2))
