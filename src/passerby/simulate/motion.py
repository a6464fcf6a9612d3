"""Who goes where and when. JuPedSim walks the crowd (its anticipation velocity model); it is met here only.

JuPedSim is an optional extra, imported when a crowd is first walked. Its agents are steered here, ten times a second: each goes from stop to stop
(`walker`), waits in line (`waiting_line`) or leaves. Those who never move are holes in the floor, not agents.
"""

import importlib
import math
from typing import Any, Final

import numpy as np
import shapely

from passerby.errors import SettingsError, SimulationError
from passerby.simulate.floor import Floor, Point, nearest_m
from passerby.simulate.ground import Ground
from passerby.simulate.itinerary import Itinerary, Stop, draw_itinerary, draw_members, draw_speed
from passerby.simulate.path import STEP_S, Crowd, Path, Spot
from passerby.simulate.still_people import footprint, still_spots
from passerby.simulate.track import CONTEXT_STEPS, path_of
from passerby.simulate.waiting_line import WaitingLine
from passerby.simulate.walker import Company, Walker

__all__ = ["Crowd", "Path", "Walk", "paths"]

WARM_UP_S: Final = 40.0
"""Walked before the first frame, so that nobody begins there."""
_ITERATIONS_A_STEP: Final = 2
_RADIUS_M: Final = 0.2
_SQUEEZED_M: Final = 0.1
"""Who is stuck turns sideways to slip through."""
_TIME_GAP_S: Final = 0.9
_APART_M: Final = 0.55
"""Nobody comes in closer to somebody else."""
_TRIES: Final = 30
_BESIDE_M: Final = 0.7
_SEEN_WAY_M: Final = 5.0
_GAIN: Final = 0.01
_BETWEEN_ARRIVALS_S: Final = (0.3, 2.5)
_CALM_CROWD: Final = 12
"""More walkers than these come in quicker succession."""


def paths(ground: Ground, crowd: Crowd, seconds: float, seed: int, seen_m: shapely.Polygon | None = None) -> list[Path]:
    """The ways of all who are on the ground from 0 to `seconds`. Speeds, places and times come from this seed alone.

    More seconds only add: what happens in the first ones stays the same.

    Args:
        ground: The place.
        crowd: How many people do what.
        seconds: Length in seconds.
        seed: The motion seed.
        seen_m: What the camera sees of the ground, in metres: the crowd's numbers are meant for this part. None = all of it.

    Raises:
        SimulationError: JuPedSim is not installed.
        SettingsError: The ground has no room for what is asked.
    """
    walk = Walk(ground, crowd, seed, seen_m)
    walk.advance(seconds)
    return walk.paths(0.0, seconds)


class Walk:
    """A crowd that walks on and on. Persons are numbered as they come; those who never move have the first numbers.

    Args: as for `paths`.
    """

    def __init__(self, ground: Ground, crowd: Crowd, seed: int, seen_m: shapely.Polygon | None = None) -> None:
        room = sum(queue.most for queue in ground.queues)
        if crowd.queueing > room:
            raise SettingsError(f"there is room for {room} people who queue, not for {crowd.queueing}", f"give 0 to {room}")
        self._rng = np.random.default_rng([seed, 1])
        self._still = still_spots(ground, crowd.still, np.random.default_rng([seed, 2]), seen_m)
        if len(self._still) < crowd.still:
            there = len(self._still)
            raise SettingsError(f"there is room for {there} people who never move, not for {crowd.still}", "give fewer, or another motion seed")
        self.floor = Floor(ground, [footprint(spot) for spot in self._still])
        self._crowd = crowd
        self._seen = self.floor.area if seen_m is None else seen_m
        shapely.prepare(self._seen)
        self._agents = _Agents(self.floor.area, seed)
        self._walkers: dict[int, Walker] = {}
        self._gone: list[Walker] = []
        self._leaving: list[Point] = []
        self._persons = len(self._still)
        self._groups = 0
        self._step = -round(WARM_UP_S / STEP_S)
        self._next_members = 0
        self._more = 0.0
        self._not_before_step = self._step
        self._lines = self._filled_lines(ground)
        self._populate()
        while self._step < 0:
            self._advance()

    @property
    def still(self) -> tuple[Spot, ...]:
        """Those who never move."""
        return tuple(self._still)

    def advance(self, until_s: float) -> None:
        """Walks on until everything up to that time is known."""
        while self._step <= math.ceil(until_s / STEP_S) + CONTEXT_STEPS:
            self._advance()

    def forget(self, before_s: float) -> None:
        """Drops those who left before that time."""
        self._gone = [walker for walker in self._gone if walker.record.last_step * STEP_S >= before_s]

    def paths(self, from_s: float, until_s: float) -> list[Path]:
        """The ways, up to `until_s`, of all who are there at some time between the two; by number. The walk must have come so far."""
        last_step = math.ceil(until_s / STEP_S - 1e-9)
        found = [Path.still(person, spot, until_s, from_s) for person, spot in enumerate(self._still)]
        for walker in (*self._gone, *self._walkers.values()):
            record = walker.record
            if walker.person is not None and record.first_step <= last_step and record.last_step * STEP_S >= from_s:
                found.append(path_of(walker.person, record, last_step))
        return sorted(found, key=lambda path: path.person)

    def _advance(self) -> None:
        """One step of STEP_S: note where everybody is, say where they want to go, move."""
        for agent, walker in self._walkers.items():
            walker.note(self._agents.position(agent))
            if walker.person is None and self._step >= 0:
                walker.person = self._persons
                self._persons += 1
        for line in self._lines:
            line.advance(self._step * STEP_S, self._rng)
        self._leaving = []
        for agent, walker in list(self._walkers.items()):
            walker.decide(self._step * STEP_S, self.floor, self._rng)
            if walker.done:
                self._agents.remove(agent)
                self._leaving.append(walker.xy_m)
                self._gone.append(self._walkers.pop(agent))
            else:
                self._agents.steer(agent, walker.target_m, walker.speed_m_s, _SQUEEZED_M if walker.squeezes else _RADIUS_M)
        self._replace()
        self._agents.move()
        self._step += 1

    def _replace(self) -> None:
        """Brings somebody in for those who have left."""
        missing = self._crowd.walkers + round(self._more) - self._present()
        if self._step < self._not_before_step:
            return
        self._next_members = self._next_members or draw_members(self._rng, self._crowd.groups)
        if missing >= max(1, self._next_members - 1):
            itinerary = self._itinerary()
            if self._enter(itinerary, self._next_members, self.floor.entrances[itinerary.entrance]):
                self._next_members = 0
            self._wait()
        for line in self._lines:
            if line.missing > 0:
                self._enter_line(line)

    def _wait(self) -> None:
        """People come one after the other, not all at once."""
        hurry = min(1.0, _CALM_CROWD / max(1, self._crowd.walkers))
        self._not_before_step = self._step + round(hurry * float(self._rng.uniform(*_BETWEEN_ARRIVALS_S)) / STEP_S)

    def _present(self) -> int:
        """Walkers who are in the part that counts, or on their way into it; those who wait in line are counted apart."""
        count = inside_now = 0
        for walker in self._walkers.values():
            if walker.line is not None:
                continue
            inside = bool(shapely.contains_xy(self._seen, *walker.xy_m))
            walker.been_seen = walker.been_seen or inside
            inside_now += inside
            count += inside or not walker.been_seen
        # Those on their way in are not there yet: there must be a few more for the number to be right on average.
        self._more = min(max(0.0, self._more + _GAIN * (self._crowd.walkers - inside_now)), float(self._crowd.walkers))
        return count

    def _populate(self) -> None:
        """People all over the part that counts, for the beginning."""
        inside = shapely.intersection(self._seen, self.floor.area)
        missing = self._crowd.walkers
        while missing > 0:
            members = min(missing, draw_members(self._rng, self._crowd.groups))
            itinerary = self._itinerary()
            self._enter(itinerary, members, inside)
            missing -= members

    def _itinerary(self) -> Itinerary:
        """A way that leads through the part that counts, or nearly always one."""
        for _ in range(_TRIES):
            itinerary = draw_itinerary(self.floor, self._rng, counter_flow=self._crowd.counter_flow)
            start = self.floor.entrances[itinerary.entrance].centroid
            way = shapely.LineString([(start.x, start.y), *(stop.xy_m for stop in itinerary.stops)])
            if way.intersection(self._seen).length >= _SEEN_WAY_M:
                return itinerary
        return draw_itinerary(self.floor, self._rng, counter_flow=self._crowd.counter_flow)

    def _enter(self, itinerary: Itinerary, members: int, within: shapely.Polygon) -> bool:
        """Lets a company in; False where there is no room now."""
        places = self._places(members, within)
        if len(places) < members:
            return False
        company = Company(draw_speed(self._rng, members))
        for number, place in enumerate(places):
            offset_m = _BESIDE_M * (number - (members - 1) / 2)
            self._add(Walker.along(itinerary, place, company, offset_m, self._groups, self._step, self.floor))
        self._groups += 1
        return True

    def _enter_line(self, line: WaitingLine) -> None:
        entrance = self.floor.entrances[int(self._rng.integers(len(self.floor.entrances)))]
        for place in self._places(1, entrance):
            walker = Walker.along(
                Itinerary(0, 0, (Stop(line.tail_m),)), place, Company(draw_speed(self._rng, 1)), 0.0, self._groups, self._step, self.floor
            )
            self._groups += 1
            self._add(walker)
            line.expect(walker)

    def _filled_lines(self, ground: Ground) -> list[WaitingLine]:
        """The lines, as full as is asked for, the first one first."""
        missing = self._crowd.queueing
        lines = []
        for queue in ground.queues:
            line = WaitingLine(queue, ground.obstacles_m, min(missing, queue.most), self.floor)
            missing -= line.wanted
            for place in line.places_m[: line.wanted]:
                walker = Walker.along(
                    Itinerary(0, 0, (Stop(place),)), place, Company(draw_speed(self._rng, 1)), 0.0, self._groups, self._step, self.floor
                )
                self._groups += 1
                self._add(walker)
                line.expect(walker)
            if line.wanted:
                lines.append(line)
        return lines

    def _add(self, walker: Walker) -> None:
        self._walkers[self._agents.add(walker.xy_m, walker.company.speed_m_s)] = walker

    def _places(self, count: int, within: shapely.Polygon) -> list[Point]:
        """So many free places close to each other; fewer where there is no room."""
        others = [*(walker.xy_m for walker in self._walkers.values()), *self._leaving]
        found: list[Point] = []
        for _ in range(_TRIES * count):
            near = within if not found else shapely.Point(found[0]).buffer(1.3).intersection(within)
            place = self.floor.somewhere(self._rng, near)
            if nearest_m(place, [*others, *found]) >= _APART_M:
                found.append(place)
                if len(found) == count:
                    break
        return found


class _Agents:
    """JuPedSim's simulation, as far as it is needed here. Its random numbers come from the seed."""

    def __init__(self, area: shapely.Polygon, seed: int) -> None:
        try:
            # Imported by name: an optional extra, which ships no types.
            self._jps: Any = importlib.import_module("jupedsim")
        except ImportError as error:
            raise SimulationError("JuPedSim, which walks the simulated crowd, is not installed", "pip install 'passerby[simulate]'") from error
        model = self._jps.AnticipationVelocityModel(rng_seed=int(np.random.default_rng([seed, 3]).integers(2**63)))
        self._simulation = self._jps.Simulation(model=model, geometry=area, dt=STEP_S / _ITERATIONS_A_STEP)
        self._stage = self._simulation.add_direct_steering_stage()
        self._journey = self._simulation.add_journey(self._jps.JourneyDescription([self._stage]))

    def add(self, xy_m: Point, speed_m_s: float) -> int:
        """A new agent's number."""
        parameters = self._jps.AnticipationVelocityModelAgentParameters(
            position=xy_m, journey_id=self._journey, stage_id=self._stage, desired_speed=speed_m_s, radius=_RADIUS_M, time_gap=_TIME_GAP_S
        )
        return int(self._simulation.add_agent(parameters))

    def position(self, agent: int) -> Point:
        """Where an agent is."""
        x_m, y_m = self._simulation.agent(agent).position
        return float(x_m), float(y_m)

    def steer(self, agent: int, target_m: Point, speed_m_s: float, radius_m: float) -> None:
        """Says where an agent wants to go, around obstacles, how fast at most, and how much room they take."""
        found = self._simulation.agent(agent)
        found.target = target_m
        found.model.desired_speed = speed_m_s
        found.model.radius = radius_m

    def remove(self, agent: int) -> None:
        """Takes an agent off the floor."""
        self._simulation.mark_agent_for_removal(agent)

    def move(self) -> None:
        """One step of STEP_S."""
        self._simulation.iterate(_ITERATIONS_A_STEP)
