"""Density and level of service, after J. J. Fruin, "Pedestrian planning and design" (1971), chapter 4.

A level ends where a person has less room than so many square feet: 35, 25, 15, 10, 5 for those who walk, 13, 10, 7, 3, 2 for those who wait.
"""

from math import sqrt
from typing import Final

from passerby.released.measurement import Service

SQUARE_FOOT_M2: Final = 0.09290304
WALKING_FT2: Final = (35.0, 25.0, 15.0, 10.0, 5.0)
WAITING_FT2: Final = (13.0, 10.0, 7.0, 3.0, 2.0)
LEAST_COUNT_ERROR: Final = 0.5
COUNT_ERROR_SHARE: Final = 0.08
"""Standard error of a count at the shipped rate, before anybody counted at the place: half a person and 8 %. `bench.counts` prints what it is."""
AREA_ERROR_SHARE: Final = 0.05


def service_of(per_m2: float, *, waiting: bool = False) -> Service:
    """The level of service at a density in persons per square metre."""
    rooms = WAITING_FT2 if waiting else WALKING_FT2
    for service, room_ft2 in zip(Service, rooms, strict=False):
        if per_m2 * room_ft2 * SQUARE_FOOT_M2 <= 1:
            return service
    return Service.F


def limits_per_m2(*, waiting: bool = False) -> tuple[float, ...]:
    """The densities at which A ends, B ends, ... E ends, in persons per square metre."""
    return tuple(1 / (room * SQUARE_FOOT_M2) for room in (WAITING_FT2 if waiting else WALKING_FT2))


def density_error(people: float, area_m2: float, area_error: float = AREA_ERROR_SHARE) -> float:
    """Standard error of people / area: the count's and the area's, which know nothing of each other."""
    count_error = LEAST_COUNT_ERROR + COUNT_ERROR_SHARE * people
    return sqrt(count_error**2 + (people * area_error) ** 2) / area_m2
