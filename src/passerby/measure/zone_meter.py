"""Measures one zone of one camera: occupancy, density, speed, dwell, queue. Keeps who came when only for as long as a person's track lives."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import hypot
from statistics import median
from typing import Final

import msgspec
import numpy as np

from passerby.measure.crowd import Crowd
from passerby.measure.hiding import LEAST_COVERED, LEAST_STIRS, hiding_per_m2
from passerby.measure.service import density_error, service_of
from passerby.measure.track import Track
from passerby.measure.tracker import LOST_AFTER_S, Standing
from passerby.measure.zone import Zone
from passerby.released.measurement import DWELL_EDGES_S, LEAST_TOLD, PERSON_M2, CrowdNumbers, ZoneMinute, ZonePulse

Velocity = tuple[float, float]

LEAVE_AFTER_S: Final = 2.0
"""Who is back in the zone within this has not left it: a foot point swings."""
QUEUE_SPEED_M_S: Final = 0.4
QUEUE_SPEED_HEIGHTS_S: Final = 0.2
"""Slower than this somebody stands; by the person's own height where the ground is not known."""
SPEED_DIGITS: Final = 1
"""Speeds are told in steps of 0.1 m/s: finer ones could tell one walker from another, and summed up they would be a finer way than figures give."""
LEAST_PERSONS: Final = 3
"""A minute's speeds and directions are told where at least so many were: what is kept for years is of nobody in particular."""
SERVED_OVER_S: Final = 300.0
"""The rate at which people leave a queue is taken over so long."""


class _Visit:
    """Somebody's stay in the zone."""

    __slots__ = ("begin_s", "seen_s")

    def __init__(self, begin_s: float) -> None:
        self.begin_s, self.seen_s = begin_s, begin_s


class ZoneMeter:
    """Measures one zone.

    Args:
        zone: The zone.
    """

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self.crowd: Crowd | None = None
        """How its count is corrected; None = not at all."""
        self._visits: dict[Track, _Visit] = {}
        self._ended: list[float] = []
        self._left_s: deque[float] = deque(maxlen=1000)
        self._begun_s: float | None = None
        self._now_s = 0.0
        self._second, self._minute = _Spans(), _Spans()

    @property
    def id(self) -> str:
        """The zone's."""
        return self._zone.id

    def holds(self, one: Standing) -> bool:
        """Whether somebody stands in it."""
        return self._zone.holds(one.x_px, one.y_px)

    def add(
        self,
        at_s: float,
        passed_s: float,
        people: Sequence[Standing],
        velocities: Sequence[Velocity | None],
        unconfirmed: int,
        seen: CrowdNumbers | None = None,
    ) -> None:
        """Takes where the confirmed people stood for `passed_s` until `at_s`.

        Args:
            at_s: Until when.
            passed_s: For how long.
            people: They.
            velocities: Theirs on the ground.
            unconfirmed: How many more nothing confirms.
            seen: What of the zone differs from the place; its `detected` is not looked at.
        """
        self._begun_s = at_s if self._begun_s is None else self._begun_s
        self._now_s = at_s
        here = [(one, velocity) for one, velocity in zip(people, velocities, strict=True) if self.holds(one)]
        self._follow_visits(at_s, [one for one, _ in here])
        standing = sum(_stands(one, velocity) for one, velocity in here)
        numbers = None if seen is None else msgspec.structs.replace(seen, detected=float(len(here)))
        count = float(len(here)) if self.crowd is None or numbers is None else self.crowd.estimate(numbers).people
        for spans in (self._second, self._minute):
            spans.add(passed_s, count, len(here), unconfirmed, standing, [velocity for _, velocity in here if velocity is not None])
            spans.add_numbers(passed_s, numbers)
            spans.meet(one.track for one, _ in here)

    def lose_all(self) -> None:
        """Everybody is lost from sight: visits end where they were last seen, and nobody is taken to have left."""
        for visit in self._visits.values():
            self._ended.append(visit.seen_s - visit.begin_s)
        self._visits = {}
        self._left_s.clear()
        self._begun_s = None

    def pulse(self) -> ZonePulse:
        """The second that is over."""
        spans, self._second = self._second, _Spans()
        people, area_m2 = spans.people_mean, self._zone.area_m2
        # A corrected count may be of many where few are confirmed: whose speed is told is asked of those who are.
        alone = self.crowd is not None and spans.persons < LEAST_TOLD
        east, north = (None if alone else spans.velocity) or (None, None)
        speeds = [] if alone else spans.speeds
        return ZonePulse(
            self._zone.id,
            round(people, 2),
            spans.most,
            None if area_m2 is None else round(people / area_m2, 4),
            None if area_m2 is None else round(self._density_error(spans, area_m2), 4),
            None if not speeds else round(median(speeds), SPEED_DIGITS),
            None if east is None else round(east, SPEED_DIGITS),
            None if north is None else round(north, SPEED_DIGITS),
            _told(spans.numbers, spans.persons),
            *self._hidden(spans),
        )

    def minute(self) -> ZoneMinute:
        """The minute that is over."""
        spans, self._minute = self._minute, _Spans()
        ended, self._ended = self._ended, []
        people, area_m2 = spans.people_mean, self._zone.area_m2
        per_m2 = None if area_m2 is None else people / area_m2
        several = spans.persons >= LEAST_PERSONS
        east, north = (spans.velocity if several else None) or (None, None)
        return ZoneMinute(
            self._zone.id,
            people_mean=round(people, 3),
            people_least=spans.least,
            people_most=spans.most,
            per_m2=None if per_m2 is None else round(per_m2, 4),
            per_m2_error=None if area_m2 is None else round(self._density_error(spans, area_m2), 4),
            per_m2_most=None if area_m2 is None else round(spans.most / area_m2, 4),
            service=None if per_m2 is None else service_of(per_m2, waiting=self._zone.waiting or self._zone.queue),
            speed_m_s=_spread(spans.speeds) if several else None,
            east_m_s=None if east is None else round(east, SPEED_DIGITS),
            north_m_s=None if north is None else round(north, SPEED_DIGITS),
            dwell=_binned(ended),
            queue_mean=round(spans.standing_mean, 3) if self._zone.queue else None,
            queue_most=spans.standing_most if self._zone.queue else None,
            wait_s=self._wait_s(spans.standing_mean) if self._zone.queue else None,
        )

    def _density_error(self, spans: "_Spans", area_m2: float) -> float:
        """Standard error of the density: of the count, or of its correction, and of the area."""
        numbers = spans.numbers
        if self.crowd is None or numbers is None:
            hidden_per_m2, _, _ = self._hidden(spans)
            # Of those who hide each other boxes see few: they may be off by all who are hidden.
            missed_per_m2 = max(0.0, (hidden_per_m2 or 0.0) - spans.people_mean / area_m2)
            return max(density_error(spans.people_mean, area_m2, self._zone.area_error), missed_per_m2)
        return hypot(self.crowd.estimate(numbers).error, spans.people_mean * self._zone.area_error) / area_m2

    def _hidden(self, spans: "_Spans") -> tuple[float | None, bool, bool]:
        """The density by how much of the ground people hide, whether it may be a higher one, and whether what hides much of it does not stir.

        None = it is no crowd, or its count is corrected.
        """
        numbers, one_m2, area_m2 = spans.numbers, self._zone.hidden_m2, self._zone.area_m2
        if numbers is None or one_m2 is None or area_m2 is None or numbers.covered < LEAST_COVERED:
            return None, False, False
        if numbers.stirs < LEAST_STIRS:
            return None, False, True
        per_m2, full = hiding_per_m2(numbers.covered, one_m2)
        told = self.crowd is None and (full or per_m2 * area_m2 >= LEAST_TOLD)
        return round(per_m2, 3) if told else None, full, False

    def _follow_visits(self, at_s: float, here: Sequence[Standing]) -> None:
        for one in here:
            visit = self._visits.get(one.track)
            if visit is None:
                self._visits[one.track] = _Visit(at_s)
            else:
                visit.seen_s = at_s
        for track, visit in list(self._visits.items()):
            gone_s = at_s - visit.seen_s
            if gone_s > LEAVE_AFTER_S or (gone_s > 0 and at_s - track.last.time_s > LOST_AFTER_S):
                self._ended.append(visit.seen_s - visit.begin_s)
                self._left_s.append(visit.seen_s)
                del self._visits[track]

    def _wait_s(self, standing: float) -> float | None:
        """Little's law: as many as stand there, over how many leave in a second."""
        if self._begun_s is None:
            return None
        over_s = min(SERVED_OVER_S, self._now_s - self._begun_s)
        left = sum(self._now_s - left_s <= over_s for left_s in self._left_s)
        return None if not left or over_s <= 0 else round(standing * over_s / left, 1)


class _Spans:
    """Sums over a second or a minute, weighted by time."""

    MOST_SPEEDS: Final = 20_000

    def __init__(self) -> None:
        self._passed_s = self._people_s = self._standing_s = 0.0
        self._least: int | None = None
        self.most = self.standing_most = 0
        self.speeds: list[float] = []
        self._east = self._north = 0.0
        self._moving = 0
        self._met: set[int] = set()
        self._sums, self._numbered_s, self._zone_m2 = np.zeros(5), 0.0, 0.0

    def add_numbers(self, passed_s: float, numbers: CrowdNumbers | None) -> None:
        if numbers is not None:
            self._numbered_s, self._zone_m2 = self._numbered_s + passed_s, numbers.zone_m2
            self._sums += passed_s * np.array([numbers.detected, numbers.area_m2, numbers.edges_m2, numbers.covered, numbers.stirs])

    @property
    def numbers(self) -> CrowdNumbers | None:
        """Mean of the numbers; None = there were none."""
        if self._numbered_s <= 0:
            return None
        detected, area_m2, edges_m2, covered, stirs = (float(one) for one in self._sums / self._numbered_s)
        return CrowdNumbers(detected, area_m2, edges_m2, self._zone_m2, covered, stirs)

    def add(self, passed_s: float, people: float, confirmed: int, unconfirmed: int, standing: int, velocities: Sequence[Velocity]) -> None:
        count = round(people)
        least, most = min(confirmed, count), max(confirmed, count)  # surely there, and perhaps
        self._passed_s += passed_s
        self._people_s += passed_s * people
        self._standing_s += passed_s * standing
        self._least = least if self._least is None else min(self._least, least)
        self.most, self.standing_most = max(self.most, most + unconfirmed), max(self.standing_most, standing)
        for east, north in velocities:
            self._east, self._north, self._moving = self._east + east, self._north + north, self._moving + 1
            if len(self.speeds) < self.MOST_SPEEDS:
                self.speeds.append(hypot(east, north))

    def meet(self, tracks: Iterable[Track]) -> None:
        """Counts who was there, each once while their track lives."""
        self._met.update(id(track) for track in tracks)

    @property
    def persons(self) -> int:
        return len(self._met)

    @property
    def people_mean(self) -> float:
        return self._people_s / self._passed_s if self._passed_s else 0.0

    @property
    def standing_mean(self) -> float:
        return self._standing_s / self._passed_s if self._passed_s else 0.0

    @property
    def least(self) -> int:
        return self._least or 0

    @property
    def velocity(self) -> Velocity | None:
        return (self._east / self._moving, self._north / self._moving) if self._moving else None


def _told(numbers: CrowdNumbers | None, persons: int) -> CrowdNumbers | None:
    """What may be told of a second's numbers: those of a crowd, and no finer than to three digits."""
    if numbers is None or (persons < LEAST_TOLD and numbers.area_m2 < LEAST_TOLD * PERSON_M2):
        return None
    return CrowdNumbers(*(round(number, 3) for number in msgspec.structs.astuple(numbers)))


def _spread(speeds_m_s: Sequence[float]) -> tuple[float, float, float] | None:
    """p10, median and p90; None = nobody moved on a ground that is known."""
    if not speeds_m_s:
        return None
    tenth, middle, nine = (round(float(value), SPEED_DIGITS) for value in np.percentile(np.array(speeds_m_s), (10, 50, 90)))
    return tenth, middle, nine


def _stands(one: Standing, velocity: Velocity | None) -> bool:
    if velocity is not None:
        return hypot(*velocity) < QUEUE_SPEED_M_S
    return hypot(*one.speed_px_s) < QUEUE_SPEED_HEIGHTS_S * one.height_px


def _binned(dwells_s: Sequence[float]) -> tuple[int, int, int, int, int, int, int]:
    counts = [0] * (len(DWELL_EDGES_S) + 1)
    for dwell_s in dwells_s:
        counts[sum(dwell_s >= edge_s for edge_s in DWELL_EDGES_S)] += 1
    a, b, c, d, e, f, g = counts
    return a, b, c, d, e, f, g
