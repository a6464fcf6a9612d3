"""Matching walkers across a gap: who of those who were here a moment ago, or at another camera, is who of those who are here now.

Two visits are matched one to one by how alike their walks are to classifiers that learned on other walkers. The *rate* is the share that is
matched right; the *excess* is that rate less the rate of the same attack on the same motion with everybody redrawn after the gap. Its bound
draws whole groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.attack_notes import Notes
from bench.attack_pairs import Scorer, Walks, one_thread, pairs_of, trained
from bench.matching import match
from bench.privacy_types import Floats

LEAST_PRESENT: Final = 5
BOOTSTRAP_ROUNDS: Final = 2000


@dataclass(frozen=True)
class LinkResult:
    """Rates of right matches with the same people and with people redrawn, their difference with its 95 % upper bound, and how many matches."""

    rate: float
    redrawn: float
    excess: float
    upper: float
    lower: float
    matches: int
    groups: int


@dataclass(frozen=True, eq=False)
class Likeness:
    """How alike walks are in appearance and gait, from one kind of features each."""

    features: tuple[str, str]
    scorers: tuple[Scorer, Scorer]
    scales: tuple[float, float]

    @classmethod
    def learned(cls, training: Notes, features: tuple[str, str], seed: int = 0) -> "Likeness":
        """Learns both from crossed walks; each counts by how widely it scores."""
        scorers, scales = [], []
        for name, walker in zip(features, ("appearance", "gait"), strict=True):
            walks = training.walks(name, walker)
            scorer = trained(walks, seed)
            centred, pairs = walks.centred(), pairs_of(walks, seed).walks
            scorers.append(scorer)
            scales.append(float(np.std(scorer(centred.features[pairs[:, 0]], centred.features[pairs[:, 1]]))) or 1.0)
        return cls(features, (scorers[0], scorers[1]), (scales[0], scales[1]))

    def table(self, before: Notes, after: Notes) -> Floats:
        """n x m: how alike each walk of a visit is to each of another."""
        total = np.zeros((len(before.visit), len(after.visit)))
        for name, scorer, scale in zip(self.features, self.scorers, self.scales, strict=True):
            one, other = (_of_one_visit(part, name) for part in (before, after))
            for row in range(len(one)):
                total[row] += scorer(np.repeat(one[row : row + 1], len(other), 0), other) / scale
        return total


def linkage(pairs: Sequence[tuple[Notes, Notes, bool]], likeness: Likeness, seed: int = 0) -> LinkResult:
    """The figures, from pairs of visits (before, after, whether the people are the same)."""
    tallies: dict[int, Floats] = {}
    for before, after, same in pairs:
        with one_thread():
            right, count = linked(before, after, likeness)
        of_group = tallies.setdefault(int(before.group[0]) if len(before.group) else -1, np.zeros(4))
        of_group[0 if same else 2] += right
        of_group[1 if same else 3] += count
    table = np.array([row for row in tallies.values() if row[1] and row[3]]).reshape(-1, 4)
    rng = np.random.default_rng(seed)
    drawn = table[rng.integers(0, len(table), (BOOTSTRAP_ROUNDS, len(table)))].sum(1) if len(table) else np.full((1, 4), np.nan)
    excess = drawn[:, 0] / drawn[:, 1] - drawn[:, 2] / drawn[:, 3]
    rate, redrawn = (table[:, 0].sum() / max(1, table[:, 1].sum()), table[:, 2].sum() / max(1, table[:, 3].sum()))
    lower, upper = np.quantile(excess, (0.05, 0.95))
    return LinkResult(float(rate), float(redrawn), float(rate - redrawn), float(upper), float(lower), int(table[:, 1].sum()), len(table))


def linked(before: Notes, after: Notes, likeness: Likeness) -> tuple[int, int]:
    """How many walkers of a visit are matched right to those of another, of how many; (0, 0) where fewer than five are present."""
    one, other = _complete(before, likeness.features), _complete(after, likeness.features)
    both = set(one.claimed.tolist()) & set(other.claimed.tolist())
    if min(len(one.claimed), len(other.claimed)) < LEAST_PRESENT or not both:
        return 0, 0
    alike = likeness.table(one, other)
    found = match(alike.max() - alike)
    return sum(one.claimed[row] == other.claimed[column] for row, column in found), len(both)


def visits_of(notes: Notes) -> list[Notes]:
    """The visits of one group, in order."""
    return [notes.of(notes.visit == visit) for visit in np.unique(notes.visit)]


def _complete(notes: Notes, features: tuple[str, str]) -> Notes:
    return notes.of(np.isfinite(np.hstack([getattr(notes, name) for name in features])).all(1))


def _of_one_visit(notes: Notes, name: str) -> Floats:
    """The features of a visit's walks against their mean."""
    nothing = np.zeros(len(notes.visit), np.int64)
    return Walks(getattr(notes, name), nothing, nothing, notes.claimed).centred().features
