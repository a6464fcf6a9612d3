"""Incidents and normal hours through the rules: how many are told, how late, and what is told for nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from math import ceil, comb, exp, factorial
from statistics import median
from typing import Final, TypeVar

import numpy as np

from bench.attack_groups import seed_of
from bench.hazard_life import KINDS, Life
from bench.hazard_world import CONDITIONS, LASTS_S, START_S, World, site
from passerby.hazards.alert import Event, What
from passerby.hazards.engine import Engine

BEFORE_S: Final = (60, 120)
"""Normal life before an incident."""
HOUR_S: Final = 3600
MISSES_TOLD: Final = 20
EARLY_S: Final = 3.0
"""An incident that was told so long before its onset is counted as early as well."""
Asked = TypeVar("Asked")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Trial:
    """One incident.

    Attributes:
        kind, condition, seed: Which.
        late_s: When it was told, in seconds after its onset and the rule's `for`; None = it was missed.
        others: Other rules that told something, which what happened may have given reason for.
        early: Whether it was told `EARLY_S` before its onset, or earlier: what was on its way there, by counts that were above the truth.
    """

    kind: str
    condition: str
    seed: int
    late_s: float | None
    others: tuple[str, ...] = ()
    early: bool = False


@dataclass(slots=True)
class Recall:
    """All incidents of a kind."""

    kind: str
    trials: list[Trial] = field(default_factory=list)

    @property
    def told(self) -> list[float]:
        """How late those were that were told."""
        return [one.late_s for one in self.trials if one.late_s is not None]

    @property
    def early(self) -> int:
        """How many of them were told a few seconds before their onset, or earlier."""
        return sum(one.early for one in self.trials)

    @property
    def bound(self) -> float:
        """One-sided 95 % lower bound of the recall."""
        return lower_bound(len(self.told), len(self.trials))

    def of(self, condition: str) -> str:
        """Told of all, in one condition."""
        here = [one for one in self.trials if one.condition == condition]
        return f"{sum(one.late_s is not None for one in here)}/{len(here)}"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Normal hours of one seed: the alerts in them, and what was true then."""

    condition: str
    seed: int
    hours: float
    alerts: tuple[str, ...]


def lower_bound(hits: int, tries: int, confidence: float = 0.95) -> float:
    """One-sided lower bound of a rate (Clopper and Pearson), found by bisection of the binomial's own definition."""
    if not hits:
        return 0.0
    low, high = 0.0, hits / tries
    for _ in range(60):
        rate = (low + high) / 2
        chance = 1.0 if rate >= 1 else sum(comb(tries, n) * rate**n * (1 - rate) ** (tries - n) for n in range(hits, tries + 1))
        low, high = (rate, high) if chance < 1 - confidence else (low, rate)
    return low


def trial(kind: str, condition: str, seed: int) -> Trial:
    """Has an incident happen once."""
    world = World(seed, CONDITIONS[condition])
    life = Life(world, busy=float(world.rng.uniform(0.3, 1.0)))
    life.troubles = False
    incident = KINDS[kind][0](np.random.default_rng(seed + 1))
    begin_s = int(world.rng.integers(*BEFORE_S))
    onset_s: int | None = None
    opened: list[tuple[str, float]] = []
    rules: dict[str, str] = {}
    engine = Engine(site())
    for second in range(begin_s + incident.lasts_s):
        life.step()
        if second >= begin_s:
            incident.step(world, second - begin_s)
        for message in world.second():
            engine.accept(message)
        if second >= begin_s and onset_s is None and incident.is_so(world):
            onset_s = second
        opened += _opened(engine.tick(START_S + world.time_s), rules)
    if onset_s is None:
        raise SystemExit(f"an incident of kind {kind}, seed {seed}, never happened")
    told_s = next((at_s for rule, at_s in opened if rule == kind and at_s > begin_s), None)
    late_s = None if told_s is None else told_s - onset_s - _for_s(kind) - incident.waits_s
    others = tuple(rule for rule, at_s in opened if rule != kind or at_s <= begin_s)
    return Trial(kind, condition, seed, late_s, others, told_s is not None and told_s <= onset_s - EARLY_S)


def _opened(events: Iterable[Event], rules: dict[str, str]) -> Iterator[tuple[str, float]]:
    """Which rules tell something, anew or again, and when, seconds since the start. `rules`: rules of alerts, which are added to."""
    for event in events:
        if event.cause is not None:
            rules[event.alert] = event.cause.rule
        if event.what in (What.OPENED, What.RETURNED):
            yield rules[event.alert], event.wall_s - START_S


def quiet_hour(condition: str, seed: int, seconds: int = HOUR_S) -> Quiet:
    """A normal hour."""
    world = World(seed, CONDITIONS[condition])
    life = Life(world, busy=float(world.rng.uniform(0.2, 1.0)))
    engine = Engine(site())
    alerts: list[str] = []
    for _ in range(seconds):
        life.step()
        for message in world.second():
            engine.accept(message)
        if world.count("tracks"):
            raise SystemExit(f"somebody is on the tracks in a normal hour, seed {seed}")
        alerts += [f"{event.words} at {world.time_s} s" for event in engine.tick(START_S + world.time_s) if event.what is What.OPENED]
    return Quiet(condition, seed, seconds / HOUR_S, tuple(alerts))


def recalls(commit: str, share: float, jobs: int) -> list[Recall]:
    """Incidents of all kinds; `share` of as many as there are to be."""
    asked = [
        (kind, condition_of(number), seed_of(commit, "incident", kind, number))
        for kind, (_, count) in KINDS.items()
        for number in range(max(3, round(count * share)))
    ]
    found = {kind: Recall(kind) for kind in KINDS}
    for one in _mapped(_trial, asked, jobs):
        found[one.kind].trials.append(one)
    return list(found.values())


def quiet_hours(commit: str, hours: int, jobs: int, seconds: int = HOUR_S) -> list[Quiet]:
    """Normal hours."""
    asked = [(condition_of(number), seed_of(commit, "quiet", number), seconds) for number in range(hours)]
    return list(_mapped(_quiet, asked, jobs))


def condition_of(number: int) -> str:
    """Conditions in turn."""
    return list(CONDITIONS)[number % len(CONDITIONS)]


def recall_rows(found: Iterable[Recall]) -> Iterator[list[str]]:
    """Rows of the table."""
    for one in found:
        wanted = 0.95 if KINDS[one.kind][1] >= 200 else 0.80
        told = one.told
        late = f"{median(told):.0f} / {quantile(told, 0.99):.0f}" if told else "-"
        late += f"; {one.early} before the onset" if one.early else ""
        shares = "  ".join(f"{condition} {one.of(condition)}" for condition in CONDITIONS)
        yield [f"recall, {one.kind}", f"{len(told)} of {len(one.trials)}; {shares}", f"bound {one.bound:.1%}", f">= {wanted:.0%}", late]


def recall_json(found: Iterable[Recall]) -> dict[str, object]:
    """The same for JSON."""
    return {
        one.kind: {
            "trials": len(one.trials),
            "told": len(one.told),
            "early": one.early,
            "bound": one.bound,
            "by_condition": {condition: one.of(condition) for condition in CONDITIONS},
            "late_s": {"median": median(one.told), "p99": quantile(one.told, 0.99), "most": max(one.told)} if one.told else None,
            "missed": [(trial.condition, trial.seed) for trial in one.trials if trial.late_s is None][:MISSES_TOLD],
            "others": dict(Counter(rule for trial in one.trials for rule in trial.others)),
        }
        for one in found
    }


def quantile(values: Sequence[float], share: float) -> float:
    """A quantile, by the nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered) - 1e-9) - 1)]


def most_an_hour(events: int, hours: float) -> float:
    """One-sided 95 % upper bound of a rate an hour: that at which so few events or fewer are as likely as 5 % (Poisson)."""
    low, high = 0.0, 10.0 + 3.0 * events
    for _ in range(60):
        middle = (low + high) / 2
        few = sum(exp(-middle) * middle**number / factorial(number) for number in range(events + 1))
        low, high = (middle, high) if few > 0.05 else (low, middle)
    return high / hours


def _for_s(kind: str) -> float:
    """`for`, where the rule waits so long; counter-flow counts over its own."""
    return 0.0 if kind == "counter-flow" else float(LASTS_S[kind])


def _trial(asked: tuple[str, str, int]) -> Trial:
    return trial(*asked)


def _quiet(asked: tuple[str, int, int]) -> Quiet:
    return quiet_hour(*asked)


def _mapped(work: Callable[[Asked], Found], asked: Sequence[Asked], jobs: int) -> Iterator[Found]:
    if jobs <= 1:
        yield from map(work, asked)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, asked, chunksize=1)
