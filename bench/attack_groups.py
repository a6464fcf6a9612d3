"""Which walkers come when: drawn from the commit's hash, so that nobody can tune on them.

*crossed*: in each visit every appearance and every gait of the group is there once, but who has which gait is drawn anew. So whatever is found
of appearance is none of gait, and the other way round, and both are tried on the same walks.

*linkage*: the same walkers come again, to the same camera and to a second one. The same motion is simulated once more with everybody redrawn at
each visit: what an attack still finds there is no doing of appearance or gait.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.attack_visits import Group, Visit

VISITS: Final = 4
VISITS_ELSEWHERE: Final = 2
VISITS_ALONE: Final = 3
MOST_WALKERS: Final = 100


@dataclass(frozen=True)
class Extent:
    """How much is simulated: groups to learn from and to be tried on, also with the raw clip and of people alone; for linkage; walkers of each."""

    training: int = 22
    test: int = 30
    raw_training: int = 16
    raw_test: int = 12
    alone_training: int = 6
    alone_test: int = 10
    linkage: int = 16
    raw_linkage: int = 4
    walkers: int = 8

    def scaled(self, scale: float) -> "Extent":
        """A part of it: at least as many groups as it takes to learn anything."""
        least = {"training": 3, "test": 2, "raw_training": 3, "raw_test": 2, "alone_training": 3, "alone_test": 2, "linkage": 2, "raw_linkage": 1}
        return replace(self, **{name: max(few, round(scale * getattr(self, name))) for name, few in least.items()})


@dataclass(frozen=True)
class Named:
    """A group and what it is for."""

    name: str
    group: Group


def seed_of(commit: str, *words: str | int) -> int:
    """A seed that follows from the commit and some words."""
    text = " ".join([commit, *map(str, words)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def crossed(commit: str, extent: Extent) -> Iterator[Named]:
    """The groups for the attacks on appearance and gait; training groups first."""
    for number in range(extent.training + extent.test):
        of_test = number - extent.training
        raw = number < extent.raw_training if of_test < 0 else of_test < extent.raw_test
        visits = _crossed_visits(commit, "crossed", number, extent.walkers, VISITS)
        yield Named(f"crossed-{'training' if of_test < 0 else 'test'}-{number:03d}", _group(commit, "crossed", number, visits, raw=raw))


def alone(commit: str, extent: Extent) -> Iterator[Named]:
    """The same of people of whom each is the first and only one whom a gate sees: what a gate learns of people, it learns of them alone."""
    for number in range(extent.alone_training + extent.alone_test):
        visits = _crossed_visits(commit, "alone", number, extent.walkers, VISITS_ALONE)
        kind = "training" if number < extent.alone_training else "test"
        yield Named(f"alone-{kind}-{number:03d}", replace(_group(commit, "alone", number, visits, raw=False), alone=True))


def _crossed_visits(commit: str, kind: str, number: int, walkers: int, visits: int) -> list[Visit]:
    rng = np.random.default_rng(seed_of(commit, kind, number))
    found = []
    for _ in range(visits):
        appearances, gaits = (number * MOST_WALKERS + rng.permutation(walkers) for _ in range(2))
        found.append(Visit(int(rng.integers(2**31)), _numbers(appearances), _numbers(gaits), _numbers(appearances)))
    return found


def _group(commit: str, kind: str, number: int, visits: list[Visit], *, raw: bool) -> Group:
    return Group(number, seed_of(commit, f"{kind} place", number) % 2**31, tuple(visits), seed_of(commit, f"{kind} people") % 2**31, raw)


def linkage(commit: str, extent: Extent) -> Iterator[Named]:
    """The groups for linkage: for each set of walkers two cameras, each with the same people and with people redrawn."""
    for number in range(extent.linkage):
        rng = np.random.default_rng(seed_of(commit, "linkage", number))
        for camera, visits in (("here", VISITS), ("there", VISITS_ELSEWHERE)):
            ways = [(int(rng.integers(2**31)), rng.permutation(extent.walkers)) for _ in range(visits)]
            place_seed = seed_of(commit, "linkage place", number, camera) % 2**31
            for people in ("same", "redrawn"):
                found = []
                for visit, (motion_seed, order) in enumerate(ways):
                    # Nobody of the redrawn comes twice, here or there.
                    shift = 0 if people == "same" else MOST_WALKERS * (1 + visit + (VISITS if camera == "there" else 0))
                    who = _numbers(10**6 + number * 10**4 + shift + order)
                    found.append(Visit(motion_seed, who, who, _numbers(number * MOST_WALKERS + order)))
                group = Group(number, place_seed, tuple(found), seed_of(commit, "linkage people") % 2**31, number < extent.raw_linkage)
                yield Named(f"linkage-{people}-{camera}-{number:03d}", group)


def _numbers(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
