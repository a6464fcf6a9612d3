"""What an attacker can read off released measurements along the way of one walker: seconds and minutes of the zones that the walker goes through.

The camera measures as one whose operator draws zones and lines as fine as they are of any use: twelve zones side by side, one over the middle of the
view, in which there are crowds, seven lines across it. The attacker has every `Pulse` and `Measurement` that a worker tells, which is more than any
reader is shown, and is told who is in which zone at which time, and how many others are. What is left to find is whether the numbers tell one walker
from another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np

from bench.attack_released import LEAST_SIGHTS
from bench.privacy_types import Floats, SeenPerson
from passerby.measure.sighting import Sighting
from passerby.measure.zone import inside
from passerby.released.measurement import DWELL_EDGES_S, CrowdNumbers, Measurement, Pulse, ZonePulse
from passerby.released.scene import Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.worker.metering import crowd_view_of, meter_of
from passerby.simulate.camera import Camera
from passerby.site.orders import CameraOrder, LineOrder, Polygon, ZoneOrder

WALL_S: Final = 1_795_435_200.0
"""When clips begin, by the clock on the wall: at a full minute."""
COLUMNS: Final = 4
ROWS_M: Final = (8.6, 11.5, 14.5, 20.0)
"""Where the rows of zones end, away from the camera."""
MIDDLE: Final = "middle"
"""Along the border the place is not known yet when the first ones come, and numbers of crowds are told only of what is known."""
LINES: Final = 7
ALONE: Final = 1.05
"""Of a zone in which no more people are counted the figures are of one person."""
LATE_S: Final = (-1.5, 2.5)
"""Crossings that are told so much before or after somebody crossed a line may be theirs."""
SPREAD: Final = 5
MEASURED_NUMBERS: Final = 2 + 3 * SPREAD + 5 + 3 + 6 + 5 + 6 + len(DWELL_EDGES_S) + 1 + 2


def order_over(camera: Camera) -> CameraOrder:
    """Zones and lines all over the view of the simulated place."""
    width = float(camera.size.width_px)
    rows = [float(camera.to_px(np.array([[0.0, y_m]]))[0, 1]) for y_m in ROWS_M]
    edges = [width * number / COLUMNS for number in range(COLUMNS + 1)]
    zones = [
        ZoneOrder(f"{row}-{column}", _upright(edges[column], edges[column + 1], rows[row + 1], rows[row]), "walking")
        for row in range(len(rows) - 1)
        for column in range(COLUMNS)
    ]
    across = [width * (number + 1) / (LINES + 1) for number in range(LINES)]
    lines = tuple(LineOrder(f"{number}", (x, rows[-1]), (x, float(camera.size.height_px))) for number, x in enumerate(across))
    ground = tuple(float(one) for one in camera.homography.reshape(9))
    middle = ZoneOrder(MIDDLE, _upright(edges[1], edges[-2], rows[-1], rows[0]), "walking")
    return CameraOrder(camera="plaza", source="file:///none", ground=ground, zones=(*zones, middle), lines=lines)


def _upright(left: float, right: float, top: float, bottom: float) -> Polygon:
    return (left, top), (right, top), (right, bottom), (left, bottom)


class MeteredCamera:
    """The meter of a simulated camera, fed as a worker feeds it."""

    def __init__(self, camera: Camera) -> None:
        self.order = order_over(camera)
        size: Size = camera.size
        self._meter, self._view = meter_of(self.order, size), crowd_view_of(self.order, size)
        self._told: list[Pulse | Measurement] = []
        self._looked_s = -1.0

    def see(self, gate: Gate) -> None:
        """Takes the gate's newest look, if it is one."""
        look, observed = gate.sighting, gate.observed
        if look is not None and look.time_s > self._looked_s:
            self.look(look, () if observed is None or self._view is None else self._view.of(observed, look.time_s))

    def look(self, look: Sighting, numbers: Sequence[CrowdNumbers | None] = ()) -> None:
        """Takes a look."""
        self._looked_s = look.time_s
        self._told += self._meter.see(look, WALL_S + look.time_s, numbers)

    def told(self) -> list[Pulse | Measurement]:
        """All that was told since it was asked for the last time; who was there is lost from sight."""
        told, self._told = [*self._told, *self._meter.end()], []
        return told


@dataclass(frozen=True)
class Sight:
    """Somebody in view at a time, by the truth."""

    time_s: float
    foot_px: tuple[float, float]


@dataclass
class MeasuredWatcher:
    """Collects where the walkers of a visit were, by the truth, and reads off what was told along their ways.

    Args:
        order: The camera's zones and lines.
    """

    order: CameraOrder
    sights: dict[int, list[Sight]] = field(default_factory=dict)
    _truth: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    _rows: dict[tuple[int, str], ZonePulse] = field(default_factory=dict)
    _crossed: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _minutes: list[Measurement] = field(default_factory=list)

    def see(self, time_s: float, people: Sequence[SeenPerson]) -> None:
        """Takes who is in view at a time."""
        counts = {zone.id: 0 for zone in self.order.zones}
        for person in people:
            self.sights.setdefault(person.person, []).append(Sight(time_s, person.foot_px))
            for zone in self._zones_at(person.foot_px):
                counts[zone] += 1
        for name, count in counts.items():
            self._truth.setdefault((int(time_s), name), []).append(count)

    def hear(self, told: Sequence[Pulse | Measurement]) -> None:
        """Takes what was told of the visit, or a part of it."""
        for one in told:
            if isinstance(one, Measurement):
                self._minutes.append(one)
                continue
            second = round(one.wall_s - WALL_S) - 1
            self._rows |= {(second, zone.zone): zone for zone in one.zones}
            for line in one.lines:
                for way, count in (("ab", line.ab), ("ba", line.ba)):
                    self._crossed.setdefault((line.line, way), []).extend([float(second)] * count)

    def features(self, person: int) -> Floats | None:
        """One row of numbers for a walker; None = seen too seldom to say anything."""
        sights = self.sights.get(person, [])
        if len(sights) < LEAST_SIGHTS:
            return None
        cells = self._cells_of(sights)
        row = [*self._of_seconds(cells), *self._of_lines(sights), *self._of_minutes(sights, cells)]
        return np.nan_to_num(np.array(row, np.float64))

    def _zones_at(self, at_px: tuple[float, float]) -> list[str]:
        return [zone.id for zone in self.order.zones if inside(zone.polygon, *at_px)]

    def _cells_of(self, sights: Sequence[Sight]) -> dict[int, str]:
        """In which small zone somebody was for most of each second."""
        found: dict[int, list[str]] = {}
        for sight in sights:
            found.setdefault(int(sight.time_s), []).extend(name for name in self._zones_at(sight.foot_px) if name != MIDDLE)
        return {second: max(sorted(set(names)), key=names.count) for second, names in found.items() if names}

    def _of_seconds(self, cells: dict[int, str]) -> list[float]:
        """Of the seconds of the zones that somebody was in."""
        pairs = [(second, zone) for second, name in cells.items() if (zone := self._rows.get((second, name))) is not None]
        alone = [(second, zone) for second, zone in pairs if 0 < zone.people <= ALONE]
        speeds, speeds_alone = ([zone.speed_m_s for _, zone in some if zone.speed_m_s is not None] for some in (pairs, alone))
        ways = [(zone.east_m_s, zone.north_m_s) for _, zone in alone if zone.east_m_s is not None and zone.north_m_s is not None]
        along = np.hypot(*np.array(ways).T) if ways else np.zeros(1)
        turns = np.diff(np.unwrap(np.arctan2(*np.array(ways).T[::-1]))) if len(ways) > 1 else np.zeros(1)
        east, north = np.abs(np.array(ways)).mean(0) if ways else np.zeros(2)
        counted, most = [], []
        for second, zone in pairs:
            truth = np.array(self._truth.get((second, zone.zone), [0]), float)
            counted.append(zone.people - truth.mean())
            most.append(zone.most - truth.max())
        crowds = [(second, zone.crowd) for second in cells if (zone := self._rows.get((second, MIDDLE))) is not None and zone.crowd is not None]
        crowd = [
            (numbers.detected / people, numbers.area_m2 / people, numbers.edges_m2 / max(0.1, numbers.area_m2))
            for second, numbers in crowds
            if (people := max(1.0, float(np.mean(self._truth.get((second, MIDDLE), [1])))))
        ]
        of_crowds = np.array(crowd).reshape(-1, 3)
        return [
            len(pairs) / max(1, len(cells)),
            len(alone) / max(1, len(cells)),
            *_spread(speeds),
            *_spread(speeds_alone),
            *_spread(along),
            float(east),
            float(north),
            float(np.abs(turns).mean()),
            float(turns.std()),
            float(np.abs(np.diff(speeds_alone)).mean()) if len(speeds_alone) > 1 else 0.0,
            _mean(counted),
            float(np.std(counted)) if counted else 0.0,
            _mean(most),
            *(of_crowds.mean(0) if crowd else np.zeros(3)),
            *(of_crowds.std(0) if crowd else np.zeros(3)),
        ]

    def _of_lines(self, sights: Sequence[Sight]) -> list[float]:
        """Of the crossings that were told when somebody crossed the lines, by the truth."""
        late: list[float] = []
        at: list[tuple[float, float]] = []
        doubles = crossed = 0
        for line in self.order.lines:
            x_px = line.a[0]
            for before, after in pairwise(sights):
                if (before.foot_px[0] < x_px) == (after.foot_px[0] < x_px):
                    continue
                crossed += 1
                way = "ab" if after.foot_px[0] < x_px else "ba"
                near = [second - after.time_s for second in self._crossed.get((line.id, way), []) if LATE_S[0] <= second - after.time_s <= LATE_S[1]]
                doubles += max(0, len(near) - 1)
                if near:
                    late.append(min(near, key=abs))
                    at.append((after.time_s + late[-1], x_px))
        at.sort()
        pace = abs(at[-1][1] - at[0][1]) / (at[-1][0] - at[0][0]) if len(at) > 1 and at[-1][0] > at[0][0] else 0.0
        return [len(late) / max(1, crossed), doubles / max(1, crossed), _mean(late), float(np.std(late)) if late else 0.0, pace]

    def _of_minutes(self, sights: Sequence[Sight], cells: dict[int, str]) -> list[float]:
        """Of the minutes of the zones that somebody was in, each as often as they were there, and of the heat along the way."""
        rows, heat = [], []
        for minute in self._minutes:
            begin_s = minute.minute_wall_s - WALL_S
            zones = {zone.zone: zone for zone in minute.zones}
            for second, name in cells.items():
                if not begin_s + minute.part % 60 <= second < begin_s + 60:
                    continue
                zone = zones[name]
                speeds = zone.speed_m_s or (np.nan,) * 3
                rows.append([*speeds, abs(zone.east_m_s or 0.0), zone.people_mean, float(zone.people_most), *map(float, zone.dwell)])
            if minute.heat is not None:
                grid = minute.heat
                for sight in sights:
                    place = int(sight.foot_px[1] // grid.cell_px) * grid.columns + int(sight.foot_px[0] // grid.cell_px)
                    if 0 <= place < len(grid.person_s):
                        heat.append(grid.person_s[place])
        table = np.array(rows, np.float64).reshape(-1, 6 + len(DWELL_EDGES_S) + 1)
        known = np.isfinite(table)
        means = np.where(known, table, 0.0).sum(0) / np.maximum(1, known.sum(0))
        return [*means.tolist(), _mean(heat), float(np.std(heat)) if heat else 0.0]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _spread(values: Sequence[float] | Floats) -> list[float]:
    """Mean, deviation, p10, median, p90."""
    some = np.asarray(values, np.float64)
    return [float(some.mean()), float(some.std()), *np.quantile(some, (0.1, 0.5, 0.9)).tolist()] if some.size else [0.0] * SPREAD
