"""What readers other than the site's operator do not get: figures that so few persons made that somebody who was there could tell them apart.

Bins of dwell with fewer than K visits are merged with the next ones until K are in each; where there are fewer than K in all, none is told, and a
zero looks the same. Speeds and waits are told only where K persons or more were surely there: that many all the time, or that many visits.
A cell of the heat grid says how long, and not how many persons were there: it is told where somebody was in it in K quarters of an hour or more.
Whoever stays in one cell for so long is told, as one who is always there; a walk of one person is not.

This bounds what one answer says. Whoever may ask for spans that overlap can still subtract them; publication, with a bound that adds up, comes later.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from passerby.store.question import Table
from passerby.store.tables import DWELL_COLUMNS

K: Final = 5
OF_FEW: Final = ("speed_p10_m_s", "speed_median_m_s", "speed_p90_m_s", "east_m_s", "north_m_s", "wait_s")
"""Figures that show one person's where there was one only."""

Group = tuple[int, int, int]
"""First bin, last bin, visits in them."""


def merged(bins: Sequence[int], least: int = K) -> list[Group]:
    """Bins merged with their neighbours until each group holds `least`; [] = there are fewer in all."""
    groups: list[Group] = []
    first = count = 0
    for number, visits in enumerate(bins):
        count += visits
        if count >= least:
            groups.append((first, number, count))
            first, count = number + 1, 0
    if first < len(bins) and groups:
        begin, _, visits = groups.pop()
        groups.append((begin, len(bins) - 1, visits + count))
    return groups


def visits_of(values: Mapping[str, float | None]) -> list[int]:
    """The bins of dwell of a span."""
    return [int(values.get(name) or 0) for name in DWELL_COLUMNS]


def suppressed(table: Table, values: Mapping[str, float | None], least: int = K) -> dict[str, float | None]:
    """The values of a span as a reader other than the operator gets them. A merged bin stands in the first of its columns; the others are None."""
    told = dict(values)
    if table is not Table.ZONES:
        return told
    bins = visits_of(values)
    told |= dict.fromkeys(DWELL_COLUMNS)
    for first, _, visits in merged(bins, least):
        told[DWELL_COLUMNS[first]] = visits
    if max(int(values.get("people_least") or 0), sum(bins)) < least:
        told |= dict.fromkeys(OF_FEW)
    return told


COARSE_S: Final = 60.0
"""Person-seconds are told to others in whole minutes."""


def coarse(person_s: float) -> float:
    """Person-seconds in steps."""
    return COARSE_S * round(person_s / COARSE_S)


def told_cells(person_s: Sequence[float], quarters: Sequence[int], least: int = K) -> list[float | None]:
    """The cells of a heat grid as a reader other than the operator gets them: None = not told, or nobody was there.

    Args:
        person_s: Person-seconds of each cell.
        quarters: In how many quarters of an hour somebody was in it.
        least: In fewer than these it is not told.
    """
    return [coarse(cell) if number >= least else None for cell, number in zip(person_s, quarters, strict=True)]
