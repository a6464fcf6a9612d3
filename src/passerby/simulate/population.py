"""Who is on the ground at a moment: from paths that are known, or from a walk that goes on without end."""

import math
from collections.abc import Iterable
from typing import Final, Protocol

from passerby.simulate.motion import Walk
from passerby.simulate.path import Path, Spot

BLOCK_S: Final = 30.0
"""An endless walk is walked so far ahead at a time."""


class Population(Protocol):
    """Answers who is where."""

    def at(self, time_s: float) -> dict[int, Spot]:
        """Where everybody on the ground is, by person, in the order of the persons."""
        ...


class KnownPaths:
    """People whose paths are all known.

    Args:
        paths: Their paths, in any order; each person has one.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._by_second: dict[int, list[Path]] = {}
        persons = set[int]()
        for path in sorted(paths, key=lambda path: path.person):
            if path.person in persons:
                raise ValueError(f"person {path.person} has two paths")
            persons.add(path.person)
            for second in range(math.floor(path.times_s[0]), math.floor(path.times_s[-1]) + 2):
                self._by_second.setdefault(second, []).append(path)

    def at(self, time_s: float) -> dict[int, Spot]:
        """Where everybody is, by person, in the order of the persons."""
        return {path.person: path.at(time_s) for path in self._by_second.get(math.floor(time_s), ()) if path.present(time_s)}


class EndlessWalk:
    """People who walk on and on. Moments must be asked for in their order; BLOCK_S back is as far as it remembers.

    Args:
        walk: The walk.
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._known: dict[int, KnownPaths] = {}

    def at(self, time_s: float) -> dict[int, Spot]:
        """Where everybody is, by person, in the order of the persons. Raises ValueError for a moment long past."""
        block = math.floor(time_s / BLOCK_S)
        if block not in self._known:
            if self._known and block < min(self._known):
                raise ValueError(f"{time_s} s is long past: an endless walk goes on")
            from_s, until_s = block * BLOCK_S, (block + 1) * BLOCK_S
            self._walk.advance(until_s)
            self._walk.forget(from_s)
            self._known = {number: known for number, known in self._known.items() if number == block - 1}
            self._known[block] = KnownPaths(self._walk.paths(from_s, until_s))
        return self._known[block].at(time_s)
