"""What a worker measured is believed only as far as it can be true: one that was taken over shall not fill the history with names or nonsense."""

import math
from collections.abc import Collection, Iterator
from typing import Any, Final

import msgspec

from passerby.released.measurement import DWELL_EDGES_S, Heat, Measurement, Pulse

MOST_PEOPLE: Final = 10_000
"""More than that no camera sees at once."""
MOST_AHEAD_S: Final = 90.0
"""The clock on the wall is not off by more between a worker and its supervisor, which are on one machine."""
MOST_LATE_S: Final = 7200.0
"""A minute that was told later than this was not waiting for us: nobody shall write the past anew."""
MOST_HEAT_CELLS: Final = 4096
MOST_CELL_PX: Final = 8192
FINEST_DIGITS: Final = 4
"""Digits behind the point of the finest number that is told."""
MAY_BE_NEGATIVE: Final = frozenset({"east_m_s", "north_m_s"})


def believable(message: Pulse | Measurement, zones: Collection[str], lines: Collection[str], now_wall_s: float) -> bool:
    """Whether a message names only zones and lines of its camera, each once, and holds only numbers that can be.

    Args:
        message: What came.
        zones: Ids of the camera's zones.
        lines: Ids of the camera's lines.
        now_wall_s: The time by the wall clock.
    """
    at_s = message.wall_s if isinstance(message, Pulse) else float(message.minute_wall_s)
    told_zones, told_lines = [one.zone for one in message.zones], [one.line for one in message.lines]
    if len(set(told_zones)) < len(told_zones) or len(set(told_lines)) < len(told_lines):
        return False
    if not set(told_zones) <= set(zones) or not set(told_lines) <= set(lines):
        return False
    if not -MOST_LATE_S <= at_s - now_wall_s <= MOST_AHEAD_S:
        return False
    if not (_is_minute(message) if isinstance(message, Measurement) else 0 <= message.covered <= 1):
        return False
    return all(_can_be(name, number) for name, number in _numbers("", (message.zones, message.lines)))


def _is_minute(message: Measurement) -> bool:
    heat = message.heat
    return (
        message.minute_wall_s % 60 == 0
        and 0 < message.covered_s <= 60
        and 0 <= message.part < 240
        and all(len(zone.dwell) == len(DWELL_EDGES_S) + 1 for zone in message.zones)
        and (heat is None or _is_heat(heat))
    )


def _is_heat(heat: Heat) -> bool:
    """Cells of which there can be so many, in tenths of a second: finer numbers could carry something else."""
    is_grid = 0 < heat.cell_px <= MOST_CELL_PX and 0 < heat.columns <= len(heat.person_s) <= MOST_HEAT_CELLS
    return is_grid and all(0 <= one <= 60 * MOST_PEOPLE and round(one, 1) == one for one in heat.person_s)


def _can_be(name: str, number: float) -> bool:
    """Whether a number can be what it is called: finite, not too large, no finer than it is told, and below 0 only where it is a velocity."""
    if not math.isfinite(number) or abs(number) > MOST_PEOPLE * 60:
        return False
    return round(number, FINEST_DIGITS) == number and (number >= 0 or name in MAY_BE_NEGATIVE)


def _numbers(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """All numbers in a message's parts, with the names of their fields."""
    if isinstance(value, bool | str) or value is None:
        return
    if isinstance(value, int | float):
        yield name, float(value)
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _numbers(field, getattr(value, field))
    else:
        for one in value:
            yield from _numbers(name, one)
