"""What goes on at the simulated place: normal life, which is no reason to warn anybody, and incidents, each of which is.

Normal life stays below every limit of the rules by what is true, and comes near: trains bring a crowd every ten minutes, people walk along the edge
of the tracks, wait, stop in the walkway, go the other way one by one; light is switched, packets are lost. An incident is drawn by its kind; its
onset is the second from which on the rule's condition is true, by truth.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from bench.hazard_world import CELL_PX, LIMITS, PX_PER_M, RISE, WITHHELD_S, ZONES_M, Floats, World, area_m2
from passerby.hazards.rules.camera import FAILING_S
from passerby.released.scene import Cell, GateState

WALK_M_S: Final = (1.34, 0.26)
"""Weidmann, 1993."""
LONGEST_S: Final = 400


class Life:
    """Normal life.

    Args:
        world: Where.
        busy: How many people come, as a share of a busy place's.

    Attributes:
        troubles: Whether the light is switched and packets are lost: while nothing can be seen, nothing is told.
    """

    def __init__(self, world: World, busy: float = 1.0) -> None:
        self.world, self._busy = world, busy
        rng = world.rng
        self._train_s = int(rng.integers(60, 600))
        self._against_s = 0
        self.troubles = True
        self._trouble: tuple[float, GateState | None] | None = None

    def step(self) -> None:
        """What happens before the next second."""
        world, rng = self.world, self.world.rng
        second = world.time_s
        if rng.random() < 0.12 * self._busy:
            self._walks_through(int(rng.integers(1, 4)))
        if second == self._train_s:
            self._train_s += int(rng.integers(480, 720))
            self._walks_through(round(18 * self._busy), spread_m=12.0)
        if rng.random() < 0.01 * self._busy and world.count("desk") < 0.6 * LIMITS["queue"]:
            self._stands("desk", float(rng.uniform(20, 150)))
        if rng.random() < 0.008 * self._busy and world.count("walkway") < 4:
            self._stands("walkway", float(rng.uniform(5, 45)))
        if rng.random() < 0.005 * self._busy and world.count("hall") < 0.6 * LIMITS["occupancy"]:
            world.add(np.array([[rng.uniform(2.5, 3.8), rng.uniform(11, 15)]]), _velocity(rng, 1), float(rng.uniform(60, 600)))
        if second - self._against_s > 20 and rng.random() < 1 / 600:
            self._against_s = second
            world.add(np.array([[30.0, rng.uniform(7, 14)]]), -_velocity(rng, 1))
        if self.troubles or self._trouble is not None:
            self._camera(second)

    def _walks_through(self, count: int, spread_m: float = 1.5) -> None:
        """From left to right; some along the edge of the tracks."""
        world, rng = self.world, self.world.rng
        if world.count("hall") + count > 0.7 * LIMITS["occupancy"]:
            return
        middle = rng.uniform(4, 14) if rng.random() > 0.1 else rng.uniform(2.3, 3.0)
        y = np.clip(middle + rng.uniform(-spread_m / 2, spread_m / 2, count), 2.3, 15.5)
        speed = _velocity(rng, count)
        speed[:, 1] = np.where(y < 8, np.abs(speed[:, 1]), speed[:, 1])  # nobody strays onto the tracks
        world.add(np.stack([-rng.uniform(0, 1 + spread_m / 4, count).clip(0, 0.99), y], 1), speed)

    def _stands(self, zone: str, lasts_s: float) -> None:
        left, top, right, bottom = ZONES_M[zone]
        rng = self.world.rng
        self.world.add(np.array([[rng.uniform(left, right), rng.uniform(top, bottom)]]), _velocity(rng, 1), lasts_s)

    def _camera(self, second: int) -> None:
        world, rng = self.world, self.world.rng
        if self._trouble is not None and second >= self._trouble[0]:
            world.state, world.silent, self._trouble = GateState.WATCHING, False, None
        if self._trouble is None and world.state is GateState.WATCHING and rng.random() < 1 / 2400:
            what = rng.integers(0, 3)
            if what == 0:
                world.state, self._trouble = GateState.LIGHT_CHANGED, (second + 20, None)
            elif what == 1:
                world.state, self._trouble = GateState.BAD_FRAME, (second + 2, None)
            else:
                world.silent, world.connection, self._trouble = True, world.connection + 1, (second + 1, None)


@dataclass(slots=True)
class Incident:
    """Something that somebody has to be told of.

    Attributes:
        kind: The rule that has to tell it.
        step: Makes it happen, second by second; is told the seconds since it began.
        is_so: Whether the rule's condition is true now.
        lasts_s: How long it goes on.
        waits_s: How long it has to go on before the rule tells it, besides the rule's own `for`.
    """

    kind: str
    step: Callable[[World, int], None]
    is_so: Callable[[World], bool]
    lasts_s: int
    waits_s: float = 0.0


def density(rng: np.random.Generator) -> Incident:
    """A crowd that grows on the stairs to 1.2 to 2 times the limit within 20 to 120 s, and stays for two minutes."""
    most = rng.uniform(1.2, 2.0) * LIMITS["density"] * area_m2("stairs")
    grows_s = rng.uniform(20, 120)
    return Incident("density", _fills("stairs", most, grows_s), lambda world: world.count("stairs") >= LIMITS["density"] * area_m2("stairs"), 300)


def rise(rng: np.random.Generator) -> Incident:
    """The stairs fill at once and a third to three times the rate, to 0.8 to 0.97 of the limit on density: only its rise is a reason to warn."""
    most, rate = rng.uniform(0.80, 0.97) * LIMITS["density"], rng.uniform(4 / 3, 3.0) * RISE
    grows = _fills("stairs", most * area_m2("stairs"), 60 * most / rate)
    passed: list[float] = []

    def step(world: World, second: int) -> None:
        grows(world, second)
        passed.append(world.count("stairs") / area_m2("stairs"))

    def is_so(world: World) -> bool:
        del world
        last = passed[-60:]
        if len(last) < 30 or last[-1] < LIMITS["density"] / 2:
            return False
        return 60 * float(np.polyfit(np.arange(len(last)), last, 1)[0]) >= RISE

    return Incident("rise", step, is_so, 200)


def occupancy(rng: np.random.Generator) -> Incident:
    """The hall fills to 1.2 to 1.6 times its limit."""
    most, grows_s = rng.uniform(1.2, 1.6) * LIMITS["occupancy"], rng.uniform(20, 120)
    return Incident("occupancy", _fills("hall", most, grows_s), lambda world: world.count("hall") >= LIMITS["occupancy"], 240)


def queue(rng: np.random.Generator) -> Incident:
    """The queue grows to 1.3 to 2 times its limit."""
    most, grows_s = rng.uniform(1.3, 2.0) * LIMITS["queue"], rng.uniform(20, 120)
    return Incident("queue", _fills("desk", most, grows_s), lambda world: world.count("desk") >= LIMITS["queue"], 320)


def forbidden(rng: np.random.Generator) -> Incident:
    """One or two step onto the tracks, 0.5 m from the edge or more, and stay there for 6 to 60 s."""
    count, stays_s = int(rng.choice([1, 2], p=[0.8, 0.2])), int(rng.integers(6, 60))

    def step(world: World, second: int) -> None:
        if second == 0:
            feet = np.stack([rng.uniform(5, 25, count), rng.uniform(0.3, 1.5, count)], 1)
            world.add(feet, np.tile([0.0, 1.0], (count, 1)), float(stays_s))

    return Incident("forbidden", step, lambda world: world.count("tracks") > 0, stays_s + 5)


def counter_flow(rng: np.random.Generator) -> Incident:
    """Four to twelve go against the direction within 25 s."""
    at_s = np.sort(rng.uniform(0, 25, int(rng.integers(4, 13)))).astype(int)
    passed: list[int] = []

    def step(world: World, second: int) -> None:
        passed.append(world.against)
        now = int((at_s == second).sum())
        if now:
            world.add(np.stack([np.full(now, 27.5), rng.uniform(4, 14, now)], 1), -_velocity(rng, now))

    def is_so(world: World) -> bool:
        del world
        return sum(passed[-30:]) >= LIMITS["counter-flow"] / 2

    return Incident("counter-flow", step, is_so, 60)


def surge(rng: np.random.Generator) -> Incident:
    """Eight to thirty in the walkway start to run within a second and a half: all one way, or apart."""
    count, speed, apart = int(rng.integers(8, 31)), rng.uniform(2.5, 4.0), rng.random() < 0.5
    way = rng.uniform(0, 2 * np.pi)
    started: list[int] = []

    def step(world: World, second: int) -> None:
        left, top, right, bottom = ZONES_M["walkway"]
        if second == 0:
            feet = np.stack([rng.uniform(left + 1, right - 1, count), rng.uniform(top + 1, bottom - 1, count)], 1)
            world.add(feet, np.tile([0.2, 0.0], (count, 1)), np.inf)
        if second in (10, 11):
            started.append(second)
            here = world.in_zone("walkway", 2.0)
            from_middle = world.feet_m[here] - np.array([(left + right) / 2, (top + bottom) / 2])
            angles = np.arctan2(from_middle[:, 1], from_middle[:, 0]) if apart else np.full(int(here.sum()), way)
            share = 0.7 if second == 10 else 1.0
            run = share * speed * np.stack([np.cos(angles), np.sin(angles)], 1)
            world.speed_m_s[here], world.until_s[here] = run, -np.inf

    return Incident("surge", step, lambda _: bool(started), 25)


def static(rng: np.random.Generator) -> Incident:
    """Somebody stays on one spot of the walkway."""
    left, top, right, bottom = ZONES_M["walkway"]

    def step(world: World, second: int) -> None:
        if second == 0:
            world.add(np.array([[rng.uniform(left + 0.5, right - 0.5), rng.uniform(top + 0.5, bottom - 0.5)]]), np.array([[1.0, 0.0]]), 240.0)

    return Incident("static", step, lambda _: True, 200)


def left_object(rng: np.random.Generator) -> Incident:
    """A thing lies in the walkway."""
    left, top, right, bottom = ZONES_M["walkway"]
    row, column = (int(PX_PER_M * rng.uniform(low + 0.7, high - 0.7) / CELL_PX) for low, high in ((top, bottom), (left, right)))
    cells = {Cell(row, column), *([Cell(row, column + 1)] if rng.random() < 0.5 else [])}

    def step(world: World, second: int) -> None:
        if second == 0:
            world.things |= cells

    return Incident("left-object", step, lambda world: bool(world.things), 260)


def camera(rng: np.random.Generator) -> Incident:
    """Covered, moved, frozen, unplugged, a gate that fails, damaged pictures, nearly all withheld: as the gate tells it, 0 to 3 s later."""
    what = rng.choice(["covered", "moved", "frozen", "unplugged", "failed", "damaged", "withheld"])
    late_s = int(rng.integers(0, 4))
    states = {
        "covered": GateState.COVERED,
        "moved": GateState.MOVED,
        "frozen": GateState.FROZEN,
        "failed": GateState.DETECTOR_FAILED,
        "damaged": GateState.BAD_FRAME,
    }

    def step(world: World, second: int) -> None:
        if what == "unplugged":
            world.silent = True
        elif what == "withheld":
            world.shown = 0.03
        elif second >= late_s:
            # A camera that was moved says so once, and settles anew.
            world.state = GateState.SETTLING if what == "moved" and second > late_s + 25 else states[str(what)]
            world.shown, world.away = (0.0, True) if what == "moved" else (world.shown, False)

    waits_s = WITHHELD_S if what == "withheld" else FAILING_S if what in ("failed", "damaged") else 0.0
    return Incident("camera", step, lambda _: True, 100, waits_s)


KINDS: Final[Mapping[str, tuple[Callable[[np.random.Generator], Incident], int]]] = MappingProxyType(
    {
        "density": (density, 200),
        "forbidden": (forbidden, 200),
        "counter-flow": (counter_flow, 200),
        "camera": (camera, 200),
        "rise": (rise, 40),
        "occupancy": (occupancy, 40),
        "surge": (surge, 40),
        "static": (static, 40),
        "left-object": (left_object, 40),
        "queue": (queue, 40),
    }
)
"""Of each kind: what it is, and how many."""


def _fills(zone: str, most: float, grows_s: float) -> Callable[[World, int], None]:
    """People come into a zone until there are so many, and stay; they go after all is over."""
    left, top, right, bottom = ZONES_M[zone]

    def step(world: World, second: int) -> None:
        wanted = round(most * min(1.0, (second + 1) / grows_s)) - world.count(zone)
        if wanted > 0:
            rng = world.rng
            feet = np.stack([rng.uniform(left + 0.1, right - 0.1, wanted), rng.uniform(top + 0.1, bottom - 0.1, wanted)], 1)
            world.add(feet, _velocity(rng, wanted), np.inf)

    return step


def _velocity(rng: np.random.Generator, count: int) -> Floats:
    """Walking to the right, a little up or down."""
    speed = np.clip(rng.normal(*WALK_M_S, count), 0.5, 2.2)
    return np.stack([speed, rng.normal(0, 0.05, count)], 1)
