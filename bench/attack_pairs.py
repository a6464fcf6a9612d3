"""Whether two walks are of the same walker: a classifier of pairs, and how well it does on walkers that it never saw.

Five attackers learn on the walks of the training groups, and the one that does best on parts of them that it did not learn from is
tried, once, on the test groups:

  likeness     how much likelier a pair is if one walker made both walks, of principal components (discriminants of two normal distributions)
  few          the same from those features alone that differ most between walkers, against how they differ between walks of one
  logistic     logistic regression on differences and products
  boosting     gradient boosting on differences and sums
  together     the sum of the four

The area under the curve is over as many pairs of the same walker as of different ones; each pair of different walkers is of the same two
visits as one of the same walker, so that nothing but the walker differs. The bound draws whole walkers, since walks of one resemble each other.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.clips import Mask
from bench.privacy_types import Floats

Ints = NDArray[np.int64]
COMPONENTS: Final = 32
FEW: Final = 12
DRAWS: Final = 4
"""So often are pairs of different walkers drawn to learn from: there are many more of them than of the same."""
CLIP: Final = 4.0
SHRINKAGE: Final = 0.1
BOOTSTRAP_ROUNDS: Final = 1000
FOLDS: Final = 3
TOGETHER: Final = "together"


@dataclass(frozen=True, eq=False)
class Walks:
    """n walks: a row of numbers each, the group (a place, a gate) and the visit that they belong to, and who walked (unique over groups)."""

    features: Floats
    group: Ints
    visit: Ints
    walker: Ints

    def of(self, kept: Mask | Ints) -> "Walks":
        """Some of the walks."""
        return Walks(self.features[kept], self.group[kept], self.visit[kept], self.walker[kept])

    def centred(self) -> "Walks":
        """Each feature against its median over all walks of the same visit: what place, light and gate do to everybody tells nobody apart."""
        features = np.nan_to_num(self.features.astype(float))
        for group, visit in set(zip(self.group.tolist(), self.visit.tolist(), strict=True)):
            of_visit = (self.group == group) & (self.visit == visit)
            features[of_visit] -= np.median(features[of_visit], axis=0)
        return Walks(features, self.group, self.visit, self.walker)


@dataclass(frozen=True, eq=False)
class Pairs:
    """m pairs of walks (m x 2 indices) and whether both are of one walker."""

    walks: Ints
    same: Mask


@dataclass(frozen=True)
class PairResult:
    """How well an attack tells pairs apart: area under the curve, its 95 % upper and lower bounds, pairs of each sort, walkers, which attacker."""

    auc: float
    upper: float
    lower: float
    pairs: int
    walkers: int
    attacker: str


Scorer = Callable[[Floats, Floats], Floats]
"""How alike two times n rows of centred features are; higher = more likely the same walker."""
Attacker = Callable[[Walks, int], Scorer]
"""Learns from walks, with a seed."""


def pairs_of(walks: Walks, seed: int) -> Pairs:
    """All pairs of the same walker in two visits of a group, and for each a pair of different walkers in the same two visits."""
    rng = np.random.default_rng(seed)
    found: list[tuple[int, int]] = []
    same: list[bool] = []
    for group in np.unique(walks.group):
        members = np.flatnonzero(walks.group == group)
        for first in members:
            for second in members[(walks.visit[members] > walks.visit[first]) & (walks.walker[members] == walks.walker[first])]:
                others = members[(walks.visit[members] == walks.visit[second]) & (walks.walker[members] != walks.walker[first])]
                if len(others):
                    found += [(int(first), int(second)), (int(first), int(rng.choice(others)))]
                    same += [True, False]
    return Pairs(np.array(found, np.int64).reshape(-1, 2), np.array(same, bool))


def attack(training: Walks, test: Walks, seed: int = 0) -> PairResult:
    """Trains on some walks and is tried on others, of other walkers."""
    test = test.centred()
    name, scorer = _chosen(training.centred(), seed)
    pairs = pairs_of(test, seed)
    with one_thread():
        scores = scorer(test.features[pairs.walks[:, 0]], test.features[pairs.walks[:, 1]])
    return result(scores, pairs, test.walker, name, seed)


def trained(training: Walks, seed: int = 0) -> Scorer:
    """The best attacker on these walks, for another attack to use; it takes centred features."""
    return _chosen(training.centred(), seed)[1]


def one_thread() -> AbstractContextManager[Any]:
    """Threads that wait for each other take many times as long as one alone, wherever something else runs as well."""
    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def _chosen(training: Walks, seed: int) -> tuple[str, Scorer]:
    with one_thread():
        name = _best(training, seed)
        return name, ATTACKERS[name](training, seed)


def result(scores: Floats, pairs: Pairs, walker: Ints, attacker: str, seed: int = 0) -> PairResult:
    """The area under the curve and its bounds."""
    of_pair = walker[pairs.walks]
    names, index = np.unique(of_pair, return_inverse=True)
    index = index.reshape(of_pair.shape)
    rng = np.random.default_rng(seed)
    curve = Curve(scores, pairs.same)
    drawn = []
    for _ in range(BOOTSTRAP_ROUNDS):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names)).astype(float)
        weights = np.where(pairs.same, times[index[:, 0]], times[index[:, 0]] * times[index[:, 1]])
        drawn.append(curve.area(weights))
    lower, upper = np.nanquantile(drawn, (0.05, 0.95))
    return PairResult(curve.area(np.ones(len(scores))), float(upper), float(lower), int(pairs.same.sum()), len(names), attacker)


class Curve:
    """The area under the curve of scores, for any weights of the pairs; ties count half."""

    def __init__(self, scores: Floats, same: Mask) -> None:
        self._order = np.argsort(scores, kind="stable")
        ordered = scores[self._order]
        self._tie = np.concatenate([[0], np.cumsum(np.diff(ordered) != 0)])
        self._same = same[self._order]

    def area(self, weights: Floats) -> float:
        """Probability that a pair of one walker scores higher than one of two; NaN without either."""
        ordered = weights[self._order]
        positive = np.bincount(self._tie, ordered * self._same)
        negative = np.bincount(self._tie, ordered * ~self._same)
        below = np.cumsum(negative) - negative
        whole = positive.sum() * negative.sum()
        return float((positive * (below + negative / 2)).sum() / whole) if whole else float("nan")


def _best(training: Walks, seed: int) -> str:
    """The attacker that does best on parts of the training groups that it did not learn from."""
    groups = np.random.default_rng(seed).permutation(np.unique(training.group))
    if len(groups) < FOLDS:
        return TOGETHER
    areas: dict[str, float] = {}
    for fold in range(FOLDS):
        held_back = np.isin(training.group, groups[fold::FOLDS])
        learned, tried = training.of(~held_back), training.of(held_back)
        pairs = pairs_of(tried, seed)
        for name, learn in ATTACKERS.items():
            scores = learn(learned, seed)(tried.features[pairs.walks[:, 0]], tried.features[pairs.walks[:, 1]])
            areas[name] = areas.get(name, 0.0) + Curve(scores, pairs.same).area(np.ones(len(scores)))
    return max(areas, key=lambda name: areas[name])


@dataclass(frozen=True, eq=False)
class _Scale:
    """Brings features to one scale and leaves out those that never change. An umbrella must not make all heights alike: outliers are clipped."""

    kept: Ints
    deviation: Floats

    @classmethod
    def of(cls, features: Floats) -> "_Scale":
        low, high = np.quantile(features, (0.16, 0.84), axis=0)
        # What is the same for most people is measured by the others.
        deviation = np.where(high > low, (high - low) / 2, features.std(0))
        kept = np.flatnonzero(deviation > 1e-9)
        return cls(kept, deviation[kept])

    def __call__(self, features: Floats) -> Floats:
        return np.asarray(np.clip(features[:, self.kept] / self.deviation, -CLIP, CLIP), np.float64)


def _telling(features: Floats, walker: Ints) -> Ints:
    """Features by how much they differ between walkers against how much between walks of one; the most telling first."""
    between = np.zeros(features.shape[1])
    within = np.full(features.shape[1], 1e-9)
    for one in np.unique(walker):
        rows = features[walker == one]
        between += len(rows) * rows.mean(0) ** 2
        within += ((rows - rows.mean(0)) ** 2).sum(0)
    return np.argsort(-between / within, kind="stable").astype(np.int64)


def _whole(walks: Walks, seed: int) -> Scorer:
    scale = _Scale.of(walks.features)
    scaled = scale(walks.features)
    components = PCA(min(COMPONENTS, *scaled.shape), whiten=True, random_state=seed).fit(scaled)
    likeness = _likeness(components.transform(scaled), walks.walker)
    return lambda one, other: likeness(components.transform(scale(one)), components.transform(scale(other)))


def _few(walks: Walks, seed: int) -> Scorer:  # noqa: ARG001 - nothing is drawn here
    scale = _Scale.of(walks.features)
    scaled = scale(walks.features)
    chosen = _telling(scaled, walks.walker)[:FEW]
    likeness = _likeness(scaled[:, chosen], walks.walker)
    return lambda one, other: likeness(scale(one)[:, chosen], scale(other)[:, chosen])


def _likeness(features: Floats, walker: Ints) -> Scorer:
    """How much likelier two rows are if one walker made both: two normal distributions, of walkers and of the walks of one, learned from features."""
    names, index, counts = np.unique(walker, return_inverse=True, return_counts=True)
    means = np.zeros((len(names), features.shape[1]))
    np.add.at(means, index, features / counts[index][:, None])
    within = (features - means[index]).T @ (features - means[index]) / max(1, len(features) - len(names))
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within)) + 1e-9 * np.eye(len(within))
    values, vectors = np.linalg.eigh(within)
    whiten = vectors / np.sqrt(values)
    among, turn = np.linalg.eigh(np.cov((means @ whiten).T).reshape(len(within), len(within)))
    # What the means of few walks differ by chance is no difference between walkers.
    spread = np.maximum(0.0, among - 1 / counts.mean())
    embed = whiten @ turn
    alone = -spread * spread / ((1 + 2 * spread) * (1 + spread))
    together = 2 * spread / (1 + 2 * spread)

    def score(one: Floats, other: Floats) -> Floats:
        a, b = one @ embed, other @ embed
        return np.asarray((a * a + b * b) @ alone + (a * b) @ together, np.float64)

    return score


def _logistic(walks: Walks, seed: int) -> Scorer:
    scale = _Scale.of(walks.features)
    chosen = _telling(scale(walks.features), walks.walker)[: 2 * FEW]

    def paired(one: Floats, other: Floats) -> Floats:
        a, b = scale(one)[:, chosen], scale(other)[:, chosen]
        return np.hstack([np.abs(a - b), a * b])

    pairs = pairs_of(walks, seed)
    rows = paired(walks.features[pairs.walks[:, 0]], walks.features[pairs.walks[:, 1]])
    deviation = rows.std(0) + 1e-9
    model = LogisticRegression(C=0.02, max_iter=500).fit(rows / deviation, pairs.same)
    return lambda one, other: np.asarray(model.decision_function(paired(one, other) / deviation), np.float64)


def _boosting(walks: Walks, seed: int) -> Scorer:
    scale = _Scale.of(walks.features)
    chosen = _telling(scale(walks.features), walks.walker)[: 4 * FEW]

    def paired(one: Floats, other: Floats) -> Floats:
        a, b = scale(one)[:, chosen], scale(other)[:, chosen]
        # The sum says where a difference can be relied on: not under an umbrella.
        return np.hstack([np.abs(a - b), a + b])

    draws = [pairs_of(walks, seed + draw) for draw in range(DRAWS)]
    walked, same = np.concatenate([one.walks for one in draws]), np.concatenate([one.same for one in draws])
    model = HistGradientBoostingClassifier(max_iter=100, learning_rate=0.06, max_leaf_nodes=8, min_samples_leaf=20, random_state=seed)
    model.fit(paired(walks.features[walked[:, 0]], walks.features[walked[:, 1]]), same)
    return lambda one, other: np.asarray(model.decision_function(paired(one, other)), np.float64)


def _together(walks: Walks, seed: int) -> Scorer:
    pairs = pairs_of(walks, seed).walks
    scorers: list[tuple[Scorer, float]] = []
    for learn in SINGLE.values():
        scorer = learn(walks, seed)
        scorers.append((scorer, float(np.std(scorer(walks.features[pairs[:, 0]], walks.features[pairs[:, 1]]))) or 1.0))
    return lambda one, other: np.asarray(np.sum([scorer(one, other) / scale for scorer, scale in scorers], axis=0), np.float64)


SINGLE: Final[Mapping[str, Attacker]] = MappingProxyType({"likeness": _whole, "few": _few, "logistic": _logistic, "boosting": _boosting})
ATTACKERS: Final[Mapping[str, Attacker]] = MappingProxyType({**SINGLE, TOGETHER: _together})


def joined(parts: Sequence[Walks]) -> Walks:
    """The walks of several groups."""
    return Walks(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "group", "visit", "walker")))
