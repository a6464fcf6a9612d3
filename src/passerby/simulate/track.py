"""Where somebody was, step by step, becomes a smooth path with headings and postures."""

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.simulate.cast import Posture
from passerby.simulate.path import STEP_S, Path

Floats = NDArray[np.float64]
CONTEXT_STEPS: Final = 24
"""A sample depends on so many before and after it and on no others: what is known so much later changes nothing."""
_POSITION_STEPS: Final = 2.5
_HEADING_STEPS: Final = 4.0
_SPAN: Final = 8
"""Half of each filter, in steps."""
_STANDING_M_S: Final = 0.25
_UNKNOWN: Final = math.nan


@dataclass(slots=True)
class Record:
    """What is noted of a walker while they walk, a sample a step.

    Attributes:
        group: Number of those who walk together.
        first_step: Step of the first sample; negative before the clip begins.
        facing_rad: The direction faced before the first movement.
        xy_m: Where they were.
        faced_rad: Where they mean to look while they stand; not a number: as they came.
    """

    group: int
    first_step: int
    facing_rad: float
    xy_m: list[tuple[float, float]] = field(default_factory=list)
    faced_rad: list[float] = field(default_factory=list)

    @property
    def last_step(self) -> int:
        """Step of the last sample."""
        return self.first_step + len(self.xy_m) - 1


def path_of(person: int, record: Record, until_step: int) -> Path:
    """The path from step 0 (or the first one, if that is later) up to `until_step` (or the last one)."""
    first_step, xy_m = record.first_step, record.xy_m
    raw = np.asarray(xy_m, np.float64)
    smooth = _smoothed(raw, _POSITION_STEPS)
    velocity_m_s = np.gradient(smooth, STEP_S, axis=0) if len(smooth) > 1 else np.zeros_like(smooth)
    speed_m_s = np.hypot(velocity_m_s[:, 0], velocity_m_s[:, 1])
    stands = _majority(speed_m_s < _STANDING_M_S)
    heading_rad = _headings(velocity_m_s, speed_m_s, stands, record)
    start = max(0, -first_step)
    end = min(len(raw), until_step - first_step + 1)
    steps = np.hypot(*np.diff(smooth[start:end], axis=0).T)
    return Path(
        person=person,
        times_s=np.arange(first_step + start, first_step + end, dtype=np.float64) * STEP_S,
        xy_m=smooth[start:end],
        heading_rad=heading_rad[start:end],
        walked_m=np.concatenate([[0.0], np.cumsum(steps)]),
        posture=np.where(stands[start:end], Posture.STANDING, Posture.WALKING).astype(np.uint8),
        group=record.group,
    )


def _smoothed(values: Floats, width_steps: float) -> Floats:
    """Each column with a Gaussian; the ends are repeated."""
    reach = np.arange(-_SPAN, _SPAN + 1)
    weights = np.exp(-0.5 * (reach / width_steps) ** 2)
    weights /= weights.sum()
    padded = np.pad(values, ((_SPAN, _SPAN), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, weights, mode="valid") for column in padded.T], axis=1)


def _majority(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Each flag as most of its neighbours within 0.4 s are: no posture lasts for a moment only."""
    half = 4
    padded = np.pad(flags.astype(np.float64), half, mode="edge")
    return np.convolve(padded, np.ones(2 * half + 1), mode="valid") > half + 0.5


def _headings(velocity_m_s: Floats, speed_m_s: Floats, stands: NDArray[np.bool_], record: Record) -> Floats:
    """Walkers face where they go, those who stand where they mean to look, else as they came; turning takes a moment."""
    going = np.arctan2(velocity_m_s[:, 1], velocity_m_s[:, 0])
    known = np.where(stands, np.asarray(record.faced_rad, np.float64), np.where(speed_m_s > _STANDING_M_S / 4, going, _UNKNOWN))
    held = _held(known, record.facing_rad)
    turned = _smoothed(np.unwrap(held)[:, None], _HEADING_STEPS)[:, 0]
    return np.asarray(np.arctan2(np.sin(turned), np.cos(turned)), np.float64)


def _held(angles: Floats, before: float) -> Floats:
    """Where an angle is not known, the last one that is, or the one `before` all."""
    last = np.maximum.accumulate(np.where(np.isfinite(angles), np.arange(len(angles)), -1))
    return np.where(last < 0, before, angles[last])
