"""Incidents at the simulated plaza: who goes where, what lies about, and from when on it is so, by truth.

Each begins at `BEGINS_S`, in a place that was learned while passers-by went along its back (`passers`). Onsets are worked out from the ways of all
people, before a picture is painted: the first second in which the rule's condition holds. Where people stand still, or run, it is that moment.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from bench.hazard_places import (
    AGAINST,
    DENSITY,
    DESK,
    EXIT,
    EXIT_M,
    FOR_S,
    OCCUPANCY,
    QUEUE,
    RISE,
    SQUARE,
    STAIRS,
    TRACKS,
    WALKWAY,
    ZONES_M,
    Floats,
    area_m2,
    within,
)
from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.cast import Posture
from passerby.simulate.events import Event, EventKind
from passerby.simulate.happenings import Happenings
from passerby.simulate.measures import RIGHT_TO_LEFT, CrossingCounter
from passerby.simulate.path import STEP_S, Path

LEARNED_S: Final = 30.0
"""Nobody is there for so long, and the place is learned."""
BEGINS_S: Final = 42.0
"""Until then nothing happens but that people pass by."""
MOST_S: Final = 160.0
"""All of a clip, at most."""
WALK_M_S: Final = (1.34, 0.26)
SIDES_M: Final = 8.0
PASSES_Y_M: Final = (16.4, 17.8)
BETWEEN_PASSERS_S: Final = 5.0
AROUND_M: Final = 0.4
"""A crowd does not end at the zone's border."""
APART_M: Final = 0.34
SWAY_M: Final = 0.06
BAGS_M: Final = (11.6, 15.2)
"""How far off bags are left, of places in turn. Farther off one is smaller than a fifth of a coarse cell in pictures of 576x432, which
docs/guide/hazards/left-object.md says is not seen."""
NEVER_SEEN_S: Final = (0.01, 0.1)
"""Between the first two pictures."""
STANDS_M_S: Final = 0.25
ALLOWED_S: Final = 20.0
"""An incident goes on for so long after its onset and the rule's `for`."""
STANDS_ABOUT_S: Final = 5.0
CROWD: Final = 1000
"""Number of the first person of an incident."""


@dataclass(frozen=True, slots=True)
class Staged:
    """An incident.

    Attributes:
        onsets_s: Each rule that has to tell it, and from when on it is so.
        paths: Ways of those who take part.
        events: What happens besides.
        what: Which form of it this is.
    """

    onsets_s: Mapping[str, float]
    paths: tuple[Path, ...]
    events: tuple[Event, ...] = ()
    what: str = ""

    @property
    def ends_s(self) -> float:
        """When it is over: later nobody tells it."""
        return max(onset_s + FOR_S[rule] for rule, onset_s in self.onsets_s.items()) + ALLOWED_S


def way(
    person: int, points: Sequence[tuple[float, float, float]], facing_rad: float = 0.0, posture: Posture = Posture.STANDING, sway: float = 0.0
) -> Path:
    """Somebody's way through (second, x, y), straight from one to the next.

    Args:
        person: Number.
        points: Where and when, at least two; who is twice at one place stands there.
        facing_rad: The direction faced while standing.
        posture: What they do where they do not walk.
        sway: How far they sway meanwhile, metres.
    """
    told = np.array(points, float)
    times_s = np.arange(math.ceil(told[0, 0] / STEP_S), math.floor(told[-1, 0] / STEP_S) + 1) * STEP_S
    xy = np.column_stack([np.interp(times_s, told[:, 0], told[:, column]) for column in (1, 2)])
    moved = np.gradient(xy, STEP_S, axis=0)
    walks = np.hypot(moved[:, 0], moved[:, 1]) > STANDS_M_S
    if sway:
        phase = 0.7 * person + np.array([0.0, 1.3])
        xy = xy + sway * ~walks[:, None] * np.sin(2 * math.pi * 0.11 * (times_s - times_s[0])[:, None] + phase)
    heading = np.where(walks, np.arctan2(moved[:, 1], moved[:, 0]), facing_rad)
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    return Path(person, times_s, xy, heading, walked, np.where(walks, Posture.WALKING, posture).astype(np.uint8), -1 - person)


def passers(rng: np.random.Generator) -> tuple[Path, ...]:
    """People who pass along the back of the place, from left to right, until the end."""
    found: list[Path] = []
    at_s = LEARNED_S - 4.0
    while at_s < MOST_S:
        y, speed = float(rng.uniform(*PASSES_Y_M)), _speed(rng)
        found.append(way(len(found), [(at_s, -9.5, y), (at_s + 19 / speed, 9.5, y + float(rng.uniform(-0.1, 0.1)))]))
        at_s += float(rng.exponential(BETWEEN_PASSERS_S))
    return tuple(found)


def crowd(rng: np.random.Generator, others: Sequence[Path]) -> Staged:
    """A crowd grows in front of the stairs to 1.2 to 1.8 times the limit, within 8 to 20 s, and stays: it rises, and then it is too dense."""
    people = _crowd(rng, rng.uniform(1.2, 1.8) * DENSITY, rng.uniform(8, 20))
    told = _counts(_all(people, others), STAIRS) / area_m2(STAIRS)
    rises = np.array([_slope(told[: second + 1]) >= RISE and told[second] >= DENSITY / 2 for second in range(len(told))])
    return Staged({"density": _first(told >= DENSITY, "density"), "rise": _first(rises, "rise")}, people)


def occupancy(rng: np.random.Generator, others: Sequence[Path]) -> Staged:
    """The square fills to 1.3 to 1.7 times its limit, within 8 to 20 s."""
    left, near, right, far = ZONES_M[SQUARE]
    spots = _apart(rng, (left + 0.6, near + 0.4, right - 0.6, far - 0.6), round(rng.uniform(1.3, 1.7) * OCCUPANCY), 0.8)
    people = tuple(_comes(CROWD + number, spot, rng, rng.uniform(8, 20)) for number, spot in enumerate(spots))
    return Staged({"occupancy": _first(_counts(_all(people, others), SQUARE) >= OCCUPANCY, "occupancy")}, people)


def tracks(rng: np.random.Generator, others: Sequence[Path]) -> Staged:
    """One or two step onto the tracks, half a metre from the edge or more, and stay there, standing or lying."""
    count, lies = int(rng.choice([1, 2], p=[0.8, 0.2])), bool(rng.random() < 0.3)
    people = tuple(_trespasses(CROWD + number, rng, Posture.LYING if lies else Posture.STANDING) for number in range(count))
    onset_s = _enters(_all(people, others))
    return Staged({"forbidden": onset_s, "occupied": onset_s}, people, what=("two " if count == 2 else "one ") + ("lie" if lies else "stand"))


def counter_flow(rng: np.random.Generator, others: Sequence[Path]) -> Staged:
    """Four to eight go through the exit against its direction within 15 s, while some go along with it."""
    people = []
    for number in range(int(rng.integers(4, 9)) + 4):
        at_s, y, from_x = BEGINS_S + float(rng.uniform(0, 15)), float(rng.uniform(8.8, 12.0)), 5.5 if number >= 4 else -5.5
        takes_s = 2 * abs(from_x) / _speed(rng)
        people.append(way(CROWD + number, [(at_s, from_x, y), (at_s + takes_s, -from_x, y + float(rng.uniform(-0.2, 0.2)))]))
    counter = CrossingCounter({EXIT: EXIT_M})
    crossed: list[float] = []
    for frame in range(round(MOST_S / STEP_S)):
        time_s = frame * STEP_S
        places = {path.person: path.at(time_s).xy_m for path in _all(people, others) if path.present(time_s)}
        crossed += [time_s for one in counter.step(frame, places) if one.direction == RIGHT_TO_LEFT]
        within_s = [one for one in crossed if one > time_s - FOR_S["counter-flow"]]
        if len(within_s) * 60 / FOR_S["counter-flow"] >= AGAINST:
            return Staged({"counter-flow": time_s}, tuple(people))
    raise SystemExit("too few go against the direction")


def surge(rng: np.random.Generator, others: Sequence[Path]) -> Staged:
    """Eight to fourteen who stand about start to run within half a second, all one way or apart, at 2.5 to 4 m/s."""
    del others
    apart, bearing, speed = bool(rng.random() < 0.5), float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(2.5, 4.0))
    middle = np.array([0.0, 12.8])
    spots = _apart(rng, (-1.8, 11.2, 1.8, 14.4), int(rng.integers(8, 15)), 0.7)
    comes = [_comes_at(spot, rng, 4.0) for spot in spots]
    onset_s = max(come[-1][0] for come in comes) + STANDS_ABOUT_S
    people = []
    for number, (spot, come) in enumerate(zip(spots, comes, strict=True)):
        away = spot - middle
        angle = math.atan2(away[1], away[0]) if apart else bearing
        start_s, ends = onset_s + float(rng.uniform(0, 0.5)), spot + 14 * np.array([math.cos(angle), math.sin(angle)])
        people.append(
            way(CROWD + number, [*come, (start_s, *spot), (start_s + 14 / speed, *ends)], facing_rad=float(rng.uniform(-3, 3)), sway=SWAY_M)
        )
    return Staged({"surge": onset_s}, tuple(people), what="apart" if apart else "one way")


def lying(rng: np.random.Generator, others: Sequence[Path]) -> Staged:
    """A bag is left on the floor, not too far off, and somewhere else somebody comes into the walkway and lies or stands there."""
    del others
    left, near, right, far = ZONES_M[WALKWAY]
    lies = bool(rng.random() < 0.5)
    spot = np.array([rng.uniform(left + 0.9, right - 0.9), rng.uniform(near + 0.5, far - 1.8)])
    begin_s = BEGINS_S + 4.0 / _speed(rng)
    posture = Posture.LYING if lies else Posture.STANDING
    points = [(BEGINS_S, spot[0] - 4.0, spot[1]), (begin_s, *spot), (MOST_S, *spot)]
    person = way(CROWD, points, facing_rad=float(rng.uniform(-3, 3)), posture=posture, sway=0.0 if lies else SWAY_M)
    return Staged({"left-object": begin_s, "static": begin_s}, (person,), (Event(EventKind.BAG_LEFT, begin_s),), "lies" if lies else "stands")


def queue(rng: np.random.Generator, others: Sequence[Path]) -> Staged:
    """Seven to ten line up at the desk, one after the other within 6 to 15 s."""
    count, spacing, slope = int(rng.integers(7, 11)), float(rng.uniform(0.6, 0.68)), float(rng.uniform(-0.08, 0.08))
    last_s = float(rng.uniform(6, 15))
    people = []
    for number in range(count):
        spot = np.array([2.4 - number * spacing * math.cos(slope), 9.9 + number * spacing * math.sin(slope)])
        at_s = BEGINS_S + number * last_s / count
        walk_s = (spot[0] + SIDES_M) / _speed(rng)
        points = [(at_s, -SIDES_M, spot[1]), (at_s + walk_s, *spot), (MOST_S, *spot)]
        people.append(way(CROWD + number, points, facing_rad=0.0, sway=SWAY_M / 2))
    standing = _counts(_all(people, others), DESK)
    return Staged({"queue": _first(standing >= QUEUE, "queue")}, tuple(people))


SCENES: Final[Mapping[str, Callable[[np.random.Generator, Sequence[Path]], Staged]]] = MappingProxyType(
    {
        "crowd": crowd,
        "occupancy": occupancy,
        "tracks": tracks,
        "counter-flow": counter_flow,
        "surge": surge,
        "lying": lying,
        "queue": queue,
    }
)
"""Of each: how it is staged."""


def bags_at(far_m: float, events: Sequence[Event], place_seed: int, size: Size) -> tuple[Event, ...]:
    """The events with each bag so far off, one of `BAGS_M`.

    The simulator lays bags on its spots in turn: bags that come and go between two pictures take the spots that are too far off.
    """
    found: list[Event] = []
    for event in events:
        spare = tuple[Event, ...]()
        while event.kind is EventKind.BAG_LEFT:
            bags = Happenings(Camera.over_plaza(size), place_seed, (*found, *spare, event)).seen(event.at_s).bags_m
            if math.isclose(bags[-1][1], far_m):
                break
            spare += (Event(EventKind.BAG_LEFT, NEVER_SEEN_S[0] + 1e-3 * len(spare), NEVER_SEEN_S[1]),)
        found += [*spare, event]
    return tuple(found)


def growing_crowd(per_m2: float, over_s: float, rng: np.random.Generator) -> tuple[Path, ...]:
    """A crowd that comes to the stairs evenly over so many seconds, until it is so dense, and stays: for counts by people."""
    return _crowd(rng, per_m2, over_s)


def _crowd(rng: np.random.Generator, per_m2: float, over_s: float) -> tuple[Path, ...]:
    left, near, right, far = ZONES_M[STAIRS]
    box = left - AROUND_M, near - AROUND_M, right + AROUND_M, far + AROUND_M
    spots = _apart(rng, box, round(per_m2 * (box[2] - box[0]) * (box[3] - box[1])), APART_M)
    return tuple(_comes(CROWD + number, spot, rng, over_s) for number, spot in enumerate(spots))


def _apart(rng: np.random.Generator, box: tuple[float, float, float, float], count: int, apart_m: float) -> Floats:
    """(count, 2) places in a box, none nearer to another than people can be."""
    found = np.zeros((0, 2))
    while len(found) < count:
        one = np.array([rng.uniform(box[0], box[2]), rng.uniform(box[1], box[3])])
        if not len(found) or float(np.hypot(*(found - one).T).min()) >= apart_m:
            found = np.vstack([found, one])
    return found


def _comes(person: int, spot: Floats, rng: np.random.Generator, over_s: float) -> Path:
    """Comes from one side, to be there within `over_s` and the time that the walk takes, and stays."""
    return way(person, [*_comes_at(spot, rng, over_s), (MOST_S, *spot)], facing_rad=float(rng.uniform(-3, 3)), sway=SWAY_M)


def _comes_at(spot: Floats, rng: np.random.Generator, over_s: float) -> list[tuple[float, float, float]]:
    side, at_s = float(rng.choice([-SIDES_M, SIDES_M])), BEGINS_S + float(rng.uniform(0, over_s))
    x, y = float(spot[0]), float(spot[1])
    return [(at_s, side, y), (at_s + abs(side - x) / _speed(rng), x, y)]


def _trespasses(person: int, rng: np.random.Generator, posture: Posture) -> Path:
    """From the back onto the tracks."""
    left, near, right, far = ZONES_M[TRACKS]
    x, y, back = float(rng.uniform(left + 0.5, right - 0.5)), float(rng.uniform(near + 0.5, far - 0.5)), far + 1.4
    speed = _speed(rng)
    come_s = BEGINS_S + (SIDES_M + x) / speed
    points = [(BEGINS_S, -SIDES_M, back), (come_s, x, back), (come_s + (back - y) / speed, x, y), (MOST_S, x, y)]
    return way(person, points, facing_rad=float(rng.uniform(-3, 3)), posture=posture, sway=0.0 if posture is Posture.LYING else SWAY_M)


def _all(people: Sequence[Path], others: Sequence[Path]) -> list[Path]:
    return [*people, *others]


def _counts(paths: Sequence[Path], zone: str) -> Floats:
    """How many are in a zone, as means over each second of the clip."""
    there = np.zeros(round(MOST_S / STEP_S))
    for path in paths:
        steps = np.rint(path.times_s / STEP_S).astype(int)
        inside = within(path.xy_m, zone) & (steps >= 0) & (steps < len(there))
        there[steps[inside]] += 1
    return np.asarray(there.reshape(-1, round(1 / STEP_S)).mean(1))


def _slope(told: Floats) -> float:
    """By how much it rises in a minute: a straight line through the last minute."""
    last = told[-60:]
    return 60 * float(np.polyfit(np.arange(len(last)), last, 1)[0]) if len(last) >= 30 else 0.0


def _enters(paths: Sequence[Path]) -> float:
    """When somebody is on the tracks."""
    return min(float(path.times_s[inside][0]) for path in paths if (inside := within(path.xy_m, TRACKS)).any())


def _first(holds: np.ndarray, what: str) -> float:
    """The first second that holds."""
    if not holds.any():
        raise SystemExit(f"an incident of kind {what} never happened")
    return float(np.argmax(holds))


def _speed(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(*WALK_M_S), 0.8, 2.0))
