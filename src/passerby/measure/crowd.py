"""How many people are in a crowd in which they hide each other: a regression on a few numbers of the zone, trained with counts by people on site.

After A. B. Chan, Z.-S. J. Liang and N. Vasconcelos, "Privacy preserving crowd monitoring: counting people without people models or tracking",
CVPR 2008: the area of what differs from the empty place and the edges in it say how many people there are. Of the edges those that lie across are
taken: the nearer people stand behind each other, the less is seen of each from head to foot, and the more tops of heads and shoulders there are.

    log(people + 1) = g(log coverage, log edges) + error

where g is a Gaussian process with a linear and a smooth part (Rasmussen and Williams, *Gaussian Processes for Machine Learning*, 2006, chapter 2).
The detector counts, too, and better where people stand apart: both counts are joined, each weighted by one over the square of its error. The
detector's error is how far off it was in crowds like this one. Far from all that was ever counted the error is large, and is told.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, expm1, hypot, isfinite, pi
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.measure.service import COUNT_ERROR_SHARE, LEAST_COUNT_ERROR
from passerby.released.measurement import CrowdNumbers
from passerby.site.orders import CrowdModel

Floats = NDArray[np.floating[Any]]

LEAST_COUNTS: Final = 10
"""Fewer counts train nothing."""
MOST_COUNTS: Final = 60
"""The newest ones are used; a command with more would not go through a pipe in one piece."""
ALIKE: Final = 0.01
"""A zone whose area on the ground differs by more was measured with another ground plane: its numbers are others."""
LEAST_AREA_M2: Final = 0.05
"""Less that differs from the place is nobody."""
MOST_PER_M2: Final = 10.0
"""More people than that do not fit on a square metre."""
MOST_MISCOUNTED: Final = 1.5
PARTS: Final = ("linear", "smooth", "reach", "noise")
FIRST_GUESS: Final = (2.0, 1.2, 1.4, 0.18)
"""Linear and smooth part and noise in standard deviations of the logarithm of the counts; reach in those of the inputs."""
STEPS: Final = (0.5, 0.8, 1.25, 2.0)
ROUNDS: Final = 4
LEAST_SPREAD: Final = 0.05


@dataclass(frozen=True, slots=True)
class Count:
    """How many there were, as somebody at the place counted, and what was known then."""

    people: float
    numbers: CrowdNumbers


@dataclass(frozen=True, slots=True)
class Estimate:
    """People and the standard error of that."""

    people: float
    error: float


class Crowd:
    """A trained correction, ready to be asked.

    Args:
        model: What was trained.

    Raises:
        ValueError: Nothing can be told with it.
    """

    def __init__(self, model: CrowdModel) -> None:
        if not _is_sound(model):
            raise ValueError("a correction of a crowd that says nothing")
        self._model = model
        self.zone_m2 = model.counts[-1][1].zone_m2
        self._people = np.array([people for people, _ in model.counts], float)
        self._detected = np.array([one.detected for _, one in model.counts], float)
        self._least_m2 = min(one.area_m2 for _, one in model.counts)
        inputs = np.array([self._inputs(one) for _, one in model.counts], float)
        self._middle, self._spread = inputs.mean(0), np.maximum(inputs.std(0), LEAST_SPREAD)
        self._known = (inputs - self._middle) / self._spread
        logs = np.log1p(self._people)
        self._mean, self._scale = float(logs.mean()), max(LEAST_SPREAD, float(logs.std()))
        covariance = self._covariance(self._known, self._known)
        covariance[np.diag_indices_from(covariance)] += model.noise**2
        try:
            self._root = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            raise ValueError("a correction of a crowd that cannot be solved") from None
        self._logs = (logs - self._mean) / self._scale
        self._inverse = np.linalg.solve(self._root.T, np.linalg.solve(self._root, np.eye(len(self._logs))))
        self._weights = self._inverse @ self._logs
        # How far off it is of counts that are left out, in the errors that it tells of them: where that is more than one, all errors are told larger.
        left_out = self._weights / np.sqrt(np.diag(self._inverse))
        self._too_sure = max(1.0, float(np.mean(left_out**2)))

    @property
    def evidence(self) -> float:
        """Log of the marginal likelihood of what it was trained with."""
        return float(-0.5 * self._logs @ self._weights - np.log(np.diag(self._root)).sum() - 0.5 * len(self._logs) * np.log(2 * pi))

    def estimate(self, numbers: CrowdNumbers) -> Estimate:
        """How many people there are. Numbers that cannot be give the detector's count."""
        if not self._can_tell(numbers):
            return Estimate(numbers.detected, LEAST_COUNT_ERROR + COUNT_ERROR_SHARE * numbers.detected)
        inputs = (np.array([self._inputs(numbers)]) - self._middle) / self._spread
        known = self._covariance(inputs, self._known)[0]
        variance = float(self._covariance(inputs, inputs)[0, 0] - known @ self._inverse @ known) + self._model.noise**2
        told = self._told(float(known @ self._weights), variance)
        return self._joined(told, numbers.detected, self._detector_error(inputs, numbers.detected, self._people))

    def left_out(self) -> list[float]:
        """For each count it was trained with: how many people it tells there if that one had been left out (Rasmussen and Williams, 5.4.2)."""
        inverse = self._inverse
        found = []
        for number, (_, numbers) in enumerate(self._model.counts):
            variance = 1 / float(inverse[number, number])
            told = self._told(float(self._logs[number] - self._weights[number] * variance), variance)
            error = self._detector_error(self._known[number : number + 1], numbers.detected, self._people, without=number)
            found.append(self._joined(told, numbers.detected, error).people)
        return found

    def _inputs(self, numbers: CrowdNumbers) -> tuple[float, float]:
        """Logarithms of the coverage of the zone and of the edges in it."""
        area, edges = max(numbers.area_m2, LEAST_AREA_M2), max(numbers.edges_m2, LEAST_AREA_M2 / 100)
        return float(np.log(area / self.zone_m2)), float(np.log(edges / self.zone_m2))

    def _covariance(self, inputs: Floats, others: Floats) -> Floats:
        model = self._model
        apart = ((inputs[:, None] - others[None]) ** 2).sum(2)
        return np.asarray(model.linear**2 * (inputs @ others.T) + model.smooth**2 * np.exp(-apart / (2 * model.reach**2)))

    def _told(self, scaled: float, variance: float) -> Estimate:
        """What the regression says, carried from its logarithms to people."""
        most = MOST_PER_M2 * self.zone_m2
        people = min(most, max(0.0, expm1(min(50.0, self._mean + self._scale * scaled))))
        error = (people + 1) * expm1(min(5.0, self._scale * max(0.0, self._too_sure * variance) ** 0.5))
        return Estimate(people, min(most, max(LEAST_COUNT_ERROR, error)))

    def _detector_error(self, inputs: Floats, detected: float, people: Floats, without: int | None = None) -> float:
        """How far off the detector's count is: as far as it was in the crowds most like this one."""
        apart = ((self._known - inputs) ** 2).sum(1)
        if without is not None:
            apart[without] = np.inf
        near = np.exp((apart.min() - apart) / (2 * (self._model.reach / 2) ** 2))
        missed = float((near * (people - self._detected) ** 2).sum() / near.sum()) ** 0.5
        return hypot(LEAST_COUNT_ERROR + COUNT_ERROR_SHARE * detected, missed)

    def _joined(self, told: Estimate, detected: float, detector_error: float) -> Estimate:
        """Both counts, each by what it is worth."""
        own, other = 1 / max(0.1, told.error) ** 2, 1 / max(0.1, detector_error) ** 2
        people, error = (own * told.people + other * detected) / (own + other), (own + other) ** -0.5
        least = detected - LEAST_COUNT_ERROR - COUNT_ERROR_SHARE * detected
        if people < least:
            # Whoever is confirmed is there, whatever the numbers say: one of both is wrong by as much as they differ.
            return Estimate(least, hypot(error, (detected - people) / 2))
        return Estimate(min(people, max(detected, MOST_PER_M2 * self.zone_m2)), error)

    def _can_tell(self, numbers: CrowdNumbers) -> bool:
        """Whether as much differs from the place as in the least crowd that was counted, in a zone that is as large on the ground as it was then.

        Those who are fewer hide each other less than anybody in those counts, and only the detector can know them.
        """
        is_same_zone = abs(numbers.zone_m2 - self.zone_m2) <= ALIKE * self.zone_m2
        return is_same_zone and _can_be(numbers) and numbers.area_m2 >= self._least_m2


def trained(counts: Sequence[Count]) -> CrowdModel | None:
    """Trains a correction: the parts of g for which the counts are most likely.

    Args:
        counts: What people counted; the newest last. Those of a zone of another area on the ground than that of the newest are left out.

    Returns:
        The correction; None = there are too few counts, or nothing can be learned from them.
    """
    zone_m2 = counts[-1].numbers.zone_m2 if counts else 0.0
    alike = [one for one in counts if _can_train(one) and abs(one.numbers.zone_m2 - zone_m2) <= ALIKE * zone_m2]
    if len(alike) < LEAST_COUNTS:
        return None
    best = _tried(CrowdModel(tuple((float(one.people), one.numbers) for one in alike[-MOST_COUNTS:]), *FIRST_GUESS))
    if best is None:
        return None
    for _ in range(ROUNDS):
        before = best[0]
        for name, step in itertools.product(PARTS, STEPS):
            found = _tried(msgspec.structs.replace(best[1], **{name: float(getattr(best[1], name) * step)}))
            best = found if found is not None and found[0] > best[0] else best
        if best[0] - before < 1e-3:
            break
    return best[1]


def _can_train(count: Count) -> bool:
    """Whether something differed from the place, and not far more people were confirmed than somebody counted: that was a mistake."""
    few = MOST_MISCOUNTED * (count.people + 2)
    return count.numbers.area_m2 >= LEAST_AREA_M2 and count.numbers.detected <= few


def _tried(model: CrowdModel) -> tuple[float, CrowdModel] | None:
    """How likely a model is, with a preference for parts of a usual size: a dozen counts alone would like a part to vanish, or to know no bounds."""
    try:
        evidence = Crowd(model).evidence
    except ValueError:
        return None
    parts = np.log([getattr(model, name) / usual for name, usual in zip(PARTS, FIRST_GUESS, strict=True)])
    return evidence - 2 * float((parts**2).sum()), model


def _is_sound(model: CrowdModel) -> bool:
    return (
        LEAST_COUNTS <= len(model.counts) <= MOST_COUNTS
        and all(isfinite(getattr(model, name)) and exp(-10) < getattr(model, name) < exp(10) for name in PARTS)
        and all(isfinite(people) and people >= 0 and _can_be(numbers) for people, numbers in model.counts)
        and 0 < model.counts[-1][1].zone_m2 < 1e6
    )


def _can_be(numbers: CrowdNumbers) -> bool:
    return all(isfinite(one) and one >= 0 for one in msgspec.structs.astuple(numbers))
