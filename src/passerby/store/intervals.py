"""A mean and how well it is known: Student's t, which is right for the few and few dozen counts that people make.

Plain arithmetic: whoever tells how accurate a figure is needs no library for it.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

# fmt: off
_T: Final = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
    2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
)
# fmt: on
"""97.5 % quantiles of Student's t with 1, 2, ... 20 degrees of freedom."""
_Z: Final = 1.959964
UNSEEN: Final = 3.0
"""An error of one that comes in three of n counts, or fewer, is in none of n with a chance of 5 % ("rule of three")."""


class Interval(msgspec.Struct, frozen=True):
    """A value with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def t_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t. Above 20 degrees of freedom by the expansion of Abramowitz and Stegun, 26.7.5: right to 0.001."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    z = _Z
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def mean_interval(values: Sequence[float], *, least: float = -math.inf) -> Interval:
    """The mean of independent values, with its 95 % interval by Student's t.

    However alike the values are, the interval reaches 3/n to each side: that n counts were all right does not say that all will be.

    Args:
        values: Two at least.
        least: Nothing lies below: the interval does not, either.
    """
    count = len(values)
    mean = math.fsum(values) / count
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = max(t_quantile(count - 1) * spread / math.sqrt(count), UNSEEN / count)
    return Interval(mean, max(least, mean - half), mean + half)
