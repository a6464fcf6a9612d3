"""A simulated place as rules hear it: scenes and pulses, second by second, with the errors that the gate and the counting were measured to have.

30 x 16 m of ground, 40 pixels a metre, no pixels. Who is there is exact; what is told of it is not (`Errors`). Everything is drawn from one seed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from passerby.hazards.rules.rule import Heard
from passerby.released.measurement import LinePulse, Pulse, ZonePulse
from passerby.released.messages import SceneMessage
from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Kind, Level, Scene, Size
from passerby.site.reading import site_of
from passerby.site.settings import Site

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
START_S: Final = 1_795_000_000
PX_PER_M: Final = 40
SIZE: Final = Size(30 * PX_PER_M, 16 * PX_PER_M)
CELL_PX: Final = 27
BLOCK_PX: Final = 16
HZ: Final = 4
"""Scenes a second: figures follow so often."""
GRID_M: Final = 0.25
ZONES_M: Final[Mapping[str, tuple[float, float, float, float]]] = MappingProxyType(
    {
        "stairs": (4.0, 6.0, 9.0, 10.0),
        "tracks": (0.0, 0.0, 30.0, 2.0),
        "walkway": (12.0, 5.0, 18.0, 11.0),
        "hall": (2.0, 3.0, 28.0, 15.0),
        "desk": (20.0, 4.0, 26.0, 8.0),
    }
)
"""Left, top, right, bottom."""
EXIT_X_M: Final = 27.0
SMOOTHED: Final = 0.6
"""Figures and tracks are smoothed over several looks, which leaves so much of how far the foot of a box is off. Tracks have nobody twice."""
LIMITS: Final[Mapping[str, float]] = MappingProxyType({"density": 2.15, "occupancy": 60.0, "queue": 12.0, "counter-flow": 6.0})
LASTS_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        "density": 20,
        "rise": 20,
        "occupancy": 10,
        "counter-flow": 30,
        "surge": 0,
        "forbidden": 2,
        "static": 120,
        "left-object": 120,
        "queue": 60,
        "camera": 0,
    }
)
"""`for` of each rule; all as shipped where a default is shipped."""
RISE: Final = 1.0
"""Persons/m2 a minute of the rule on a density that rises; it counts from half of the limit on density."""
WITHHELD_S: Final = 60.0


def _zone(name: str, kind: str = "walking") -> str:
    left, top, right, bottom = (round(PX_PER_M * value) for value in ZONES_M[name])
    corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
    return f'[[zone]]\ncamera = "hall"\nid = "{name}"\nkind = "{kind}"\npolygon = {corners}\n'


def _rule(kind: str, place: str, more: str = "", name: str = "") -> str:
    at = "line" if kind == "counter-flow" else "zone"
    return f'[[hazard]]\nid = "{name or kind}"\nkind = "{kind}"\ncamera = "hall"\n{at} = "{place}"\n{more}'


def site() -> Site:
    """The site: one rule of each kind, as it comes, limits where there is no default, and one more on a density that rises."""
    camera = (
        '[site]\nname = "Bench"\n[[camera]]\nid = "hall"\nsource = "rtsp://127.0.0.1/x"\npurpose = "Rules are measured."\n'
        f"ground = [{PX_PER_M}, 0, 0, 0, {PX_PER_M}, 0, 0, 0, 1]\n"
    )
    zones = "".join(_zone(name, "queue" if name == "desk" else "walking") for name in ZONES_M)
    x = round(PX_PER_M * EXIT_X_M)
    line = f'[[line]]\ncamera = "hall"\nid = "exit"\npoints = [[{x}, 600], [{x}, 120]]\n'
    rules = (
        _rule("density", "stairs")
        + _rule("density", "stairs", f"rise = {RISE:g}\n", "rise")
        + _rule("occupancy", "hall", f"limit = {LIMITS['occupancy']:g}\n")
        + _rule("counter-flow", "exit", 'direction = "ab"\n')
        + _rule("surge", "walkway")
        + _rule("forbidden", "tracks")
        + _rule("static", "walkway")
        + _rule("left-object", "walkway")
        + _rule("queue", "desk", f"limit = {LIMITS['queue']:g}\n")
        + f'[[hazard]]\nid = "camera"\nkind = "camera"\ncamera = "hall"\nfor = "{WITHHELD_S:g} s"\n'
    )
    found, problems = site_of(camera + zones + line + rules, Path("bench") / "site.toml")
    if found is None:
        raise SystemExit(f"the bench's own site: {problems}")
    return found


def area_m2(zone: str) -> float:
    """The area of a zone."""
    left, top, right, bottom = ZONES_M[zone]
    return (right - left) * (bottom - top)


@dataclass(frozen=True, slots=True)
class Errors:
    """How what is told differs from what is.

    README.md, "What was measured": of PETS, live, 93.2 % of people have a figure and 89.2 % of figures have somebody; 50 / 150 ms from picture to
    scene; crossings: F1 0.99 at 5 looks a second, 0.94 at 2. docs/design/measurements.md: the error of a count is half a person and 8 % of it.
    bench/speeds.py: how feet jitter, 0.034 and 0.03 of a height, together. bench/hazard_replay.py: for how long somebody has no figure.

    Attributes:
        missed: Share of time in which somebody has no figure, in spells of `spell_s`.
        doubled: Share of time in which somebody has two.
        count: Standard error of a count: persons and share of it, in spells of `count_spell_s`.
        foot_m: How far a foot is off, in spells of a second.
        crossing_missed: Share of crossings that are not counted; as many are counted that were none, by those who cross.
        speed_m_s: Standard error of the median speed of few, and of each component of the mean velocity.
        latency_s: From picture to scene, least and most.
    """

    missed: float = 0.07
    doubled: float = 0.10
    count: tuple[float, float] = (0.5, 0.08)
    foot_m: float = 0.08
    crossing_missed: float = 0.03
    speed_m_s: float = 0.1
    latency_s: tuple[float, float] = (0.04, 0.15)
    spell_s: float = 0.36
    count_spell_s: float = 8.0

    def worse(self, times: float) -> "Errors":
        """So many times as many of all."""
        persons, share = self.count
        return Errors(
            missed=self.missed * times,
            doubled=self.doubled * times,
            count=(persons * times, share * times),
            foot_m=self.foot_m * times,
            crossing_missed=self.crossing_missed * times,
            speed_m_s=self.speed_m_s * times,
            latency_s=self.latency_s,
        )


CONDITIONS: Final[Mapping[str, Errors]] = MappingProxyType({"day": Errors(), "dusk": Errors().worse(1.5), "noise": Errors().worse(2.0)})
"""Dusk and noise are taken to make all errors half as large again, and twice as large: nothing is measured there yet."""


class World:
    """The place. `second` makes the next second of it and tells of it.

    Attributes:
        rng: Draws everything.
        time_s: Seconds since the start.
        feet_m: Where everybody stands; (n, 2).
        speed_m_s: How everybody moves; (n, 2).
        until_s: When somebody who stands goes on, and how fast then (`goes_m_s`).
        things: Cells in which something lies.
        state: Of the gate; silent: no scenes come; shown: the share of the place that is; away: the camera looks at another place.
        against, along: Crossings of the last second.
    """

    def __init__(self, seed: int, errors: Errors) -> None:
        self.rng = np.random.default_rng(seed)
        self.errors = errors
        self.time_s = 0
        self.feet_m = self.speed_m_s = np.zeros((0, 2))
        self.until_s = np.zeros(0)
        self.goes_m_s = np.zeros((0, 2))
        self._missed = self._doubled = np.zeros(0, bool)
        self._off_m = np.zeros((0, 2))
        self._count_off = dict.fromkeys(ZONES_M, (0.0, 0.0))
        self.things: set[Cell] = set()
        self._flickers: dict[Cell, float] = {}
        self.state, self.silent, self.shown, self.connection = GateState.WATCHING, False, 0.95, 1
        self.away = False
        self.against = self.along = 0

    def add(self, feet_m: Floats, speed_m_s: Floats, stands_s: Floats | float = 0.0) -> None:
        """People come. Those with `stands_s` stand for so long first; infinite = they stay."""
        count = len(feet_m)
        stands = np.broadcast_to(np.asarray(stands_s, float), (count,))
        goes = np.broadcast_to(np.asarray(speed_m_s, float), (count, 2))
        self.feet_m = np.vstack([self.feet_m, feet_m])
        self.goes_m_s = np.vstack([self.goes_m_s, goes])
        self.speed_m_s = np.vstack([self.speed_m_s, np.where((stands > 0)[:, None], 0.0, goes)])
        self.until_s = np.concatenate([self.until_s, np.where(stands > 0, self.time_s + stands, -np.inf)])
        self._missed = np.concatenate([self._missed, self.rng.random(count) < self.errors.missed])
        self._doubled = np.concatenate([self._doubled, self.rng.random(count) < self.errors.doubled])
        self._off_m = np.vstack([self._off_m, self.rng.normal(0, self.errors.foot_m, (count, 2))])

    def in_zone(self, zone: str, margin_m: float = 0.0) -> Bools:
        """Who is in a zone."""
        return _inside(self.feet_m, zone, margin_m)

    def count(self, zone: str) -> int:
        """How many are in a zone."""
        return int(self.in_zone(zone).sum())

    def send_away(self, who: Bools) -> None:
        """Those are gone."""
        self._keep(~who)

    def second(self) -> list[Heard]:
        """The next second, and what is told of it."""
        heard: list[Heard] = []
        counts = dict.fromkeys(ZONES_M, 0.0)
        most = dict.fromkeys(ZONES_M, 0)
        self.against = self.along = 0
        phase_s = 0.1 + 0.1 * self.rng.random()
        sees = self.state in (GateState.WATCHING, GateState.SETTLING) and not self.silent
        for step in range(HZ):
            self._move(1 / HZ)
            told_m = self._figures()
            tracked_m = self.feet_m + SMOOTHED * self._off_m
            for zone in ZONES_M:
                counts[zone] += self.count(zone) / HZ
                most[zone] = max(most[zone], int(_inside(tracked_m, zone).sum()))
            if not self.silent:
                heard.append(self._scene(self.time_s + phase_s + step / HZ, told_m if sees else np.zeros((0, 2)), sees=sees))
        self.time_s += 1
        if sees:
            heard.append(Pulse("hall", float(START_S + self.time_s), 1.0, tuple(self._zones(counts, most)), (self._line(),)))
        return heard

    def _keep(self, who: Bools) -> None:
        self.feet_m, self.speed_m_s, self.goes_m_s, self.until_s = (one[who] for one in (self.feet_m, self.speed_m_s, self.goes_m_s, self.until_s))
        self._missed, self._doubled, self._off_m = self._missed[who], self._doubled[who], self._off_m[who]

    def _move(self, passed_s: float) -> None:
        goes_on = (self.until_s > 0) & (self.until_s <= self.time_s)
        self.speed_m_s = np.where(goes_on[:, None], self.goes_m_s, self.speed_m_s)
        self.until_s = np.where(goes_on, -np.inf, self.until_s)
        before = self.feet_m[:, 0] if len(self.feet_m) else np.zeros(0)
        self.feet_m = self.feet_m + passed_s * self.speed_m_s
        if len(self.feet_m):
            now = self.feet_m[:, 0]
            self.along += int(((before < EXIT_X_M) & (now >= EXIT_X_M)).sum())
            self.against += int(((before >= EXIT_X_M) & (now < EXIT_X_M)).sum())
            outside = (self.feet_m < -1).any(1) | (now > 31) | (self.feet_m[:, 1] > 17)
            if outside.any():
                self._keep(~outside)
        errors, count = self.errors, len(self.feet_m)
        self._missed = _spells(self._missed, errors.missed, passed_s / errors.spell_s, self.rng)
        self._doubled = _spells(self._doubled, errors.doubled, passed_s / errors.spell_s, self.rng)
        keeps = float(np.exp(-passed_s))
        self._off_m = keeps * self._off_m + np.sqrt(1 - keeps**2) * self.rng.normal(0, errors.foot_m, (count, 2))

    def _figures(self) -> Floats:
        """Feet as figures tell them, before they are put on the grid."""
        told = self.feet_m + SMOOTHED * self._off_m
        second = told[self._doubled] + self.rng.normal(0, 0.4, (int(self._doubled.sum()), 2))
        return np.vstack([told[~self._missed], second])

    def _scene(self, at_s: float, told_m: Floats, *, sees: bool) -> SceneMessage:
        feet = np.round(np.round(told_m / GRID_M) * GRID_M * PX_PER_M).astype(int)
        seen = feet[(feet >= 0).all(1) & (feet[:, 0] < SIZE.width_px) & (feet[:, 1] < SIZE.height_px)]
        glyphs = tuple(sorted(Glyph(int(y), int(x), 68, 25, Kind.PERSON) for x, y in seen))
        blocks = -(-SIZE.width_px // BLOCK_PX) * -(-SIZE.height_px // BLOCK_PX)
        share = self.shown if sees else 0.0
        bits = np.zeros(blocks, np.uint8)
        bits[: round(share * blocks)] = 1
        cells = self._cells(at_s) if sees else ()
        health = GateHealth(self.state, 1 - share, 0.0, 0.0, False if self.away else True if sees else None)
        shown = np.packbits(bits).tobytes()
        scene = Scene(at_s, SIZE, Level.GLYPHS, 0, BLOCK_PX, shown, (), None, glyphs, CELL_PX, cells, health)
        return SceneMessage("hall", START_S + at_s, at_s, at_s, at_s, self.connection, False, scene)

    def _cells(self, at_s: float) -> tuple[Cell, ...]:
        """Cells of things that lie, unless somebody hides them, and of what moves: leaves, reflexes, shadows."""
        if self.rng.random() < 0.03:
            cell = Cell(int(self.rng.integers(0, SIZE.height_px // CELL_PX)), int(self.rng.integers(0, SIZE.width_px // CELL_PX)))
            self._flickers[cell] = at_s + float(self.rng.choice([self.rng.exponential(2.0), self.rng.uniform(10, 60)], p=[0.9, 0.1]))
        self._flickers = {cell: until for cell, until in self._flickers.items() if until > at_s}
        lying = {cell for cell in self.things if self.rng.random() > 0.03}
        return tuple(sorted({*lying, *self._flickers}))

    def _zones(self, counts: dict[str, float], most: dict[str, int]) -> Iterator[ZonePulse]:
        persons, share = self.errors.count
        keeps = float(np.exp(-1 / self.errors.count_spell_s))
        for zone, true in counts.items():
            off = tuple(keeps * one + np.sqrt(1 - keeps**2) * self.rng.normal() for one in self._count_off[zone])
            self._count_off[zone] = (float(off[0]), float(off[1]))
            people = max(0.0, true * (1 + share * off[1]) + (persons * off[0] if true >= 0.5 else 0.0)) if true else 0.0
            area = area_m2(zone)
            error = hypot(0.5 + 0.08 * people, 0.05 * people) / area
            yield ZonePulse(zone, people, most[zone], people / area, error, *self._speeds(zone))

    def _speeds(self, zone: str) -> tuple[float, float, float] | tuple[None, None, None]:
        moving = self.speed_m_s[self.in_zone(zone)]
        if not len(moving):
            return None, None, None
        noise = self.rng.normal(0, self.errors.speed_m_s, 3)
        speed = max(0.0, float(np.median(np.hypot(moving[:, 0], moving[:, 1]))) + noise[0])
        mean = moving.mean(0) + noise[1:]
        return round(speed, 1), round(float(mean[0]), 1), round(float(mean[1]), 1)

    def _line(self) -> LinePulse:
        missed = self.errors.crossing_missed
        along = int(self.rng.binomial(self.along, 1 - missed)) + int(self.rng.binomial(self.along, missed))
        against = int(self.rng.binomial(self.against, 1 - missed)) + int(self.rng.binomial(self.against, missed))
        return LinePulse("exit", along, against)


def _inside(feet_m: Floats, zone: str, margin_m: float = 0.0) -> Bools:
    left, top, right, bottom = ZONES_M[zone]
    x, y = feet_m[:, 0], feet_m[:, 1]
    found: Bools = (x >= left - margin_m) & (x < right + margin_m) & (y >= top - margin_m) & (y < bottom + margin_m)
    return found


def _spells(now: Bools, share: float, ends: float, rng: np.random.Generator) -> Bools:
    """Two states that take turns: `share` of the time in the one, left with the chance `ends` in a step."""
    drawn = rng.random(len(now))
    begins = ends * share / (1 - share)
    return np.where(now, drawn >= ends, drawn < begins)
