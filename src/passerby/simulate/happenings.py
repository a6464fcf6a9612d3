"""What the events put before the camera: cars and bicycles that pass, bags, smoke. Layers to be laid over the picture, far ones first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from passerby.simulate.camera import Camera
from passerby.simulate.events import Event, EventKind, of_kind
from passerby.simulate.place_solids import Layer, shadow_layer
from passerby.simulate.vehicles import Car, PassingCar
from passerby.simulate.vehicles_bag import Bag, Throw
from passerby.simulate.vehicles_bicycle import CLOTHES, Bicycle, Ride
from passerby.simulate.vehicles_smoke import Smoke

LEFT_AT_M: Final = ((0.9, 15.2), (0.1, 11.6), (1.5, 20.2), (-0.8, 22.6))
"""Where bags are left behind: in plain view and clear of everything."""
THROWN_FROM_M: Final = ((-2.2, 14.0, 1.35), (1.6, 19.2, 1.35), (-5.6, 17.2, 1.35))
THROWN_TO_M: Final = ((1.2, 15.4), (-2.0, 18.6), (-2.2, 18.0))
SMOKE_AT_M: Final = ((-4.4, 19.5), (7.6, 21.8))
FLIGHT_S: Final = 0.95


@dataclass(frozen=True, eq=False)
class Seen:
    """What there is to see now besides people who walk.

    Attributes:
        things: Shadows, cars, bags, smoke, and bicycles without their riders; far ones first.
        rides: Bicycles with their riders: the rider is a person. Their bicycles are in `things`, too.
        bags_m: Where bags are, on the ground or above it.
    """

    things: tuple[Layer, ...]
    rides: tuple[Ride, ...]
    bags_m: tuple[tuple[float, float], ...]


class Happenings:
    """The moving and lying things of a clip.

    Args:
        camera: Who looks.
        seed: How cars, bags and riders look, and where bags lie.
        events: What happens; kinds that put nothing before the camera are passed over.
    """

    def __init__(self, camera: Camera, seed: int, events: Sequence[Event]) -> None:
        self._camera = camera
        every = tuple(events)
        rng = np.random.default_rng([seed, 15])
        self._cars = [(e, PassingCar(Car.drawn(seed, 100 + n), e.at_s, n % 2 == 0)) for n, e in enumerate(of_kind(every, EventKind.CAR_PASSES))]
        looks = int(rng.integers(len(CLOTHES)))
        self._bicycles = [Bicycle(looks + n, e.at_s, n % 2 == 0) for n, e in enumerate(of_kind(every, EventKind.BICYCLE_PASSES))]
        first = int(rng.integers(100))
        self._left = [(e, Bag.drawn(seed, n), LEFT_AT_M[(first + n) % len(LEFT_AT_M)]) for n, e in enumerate(of_kind(every, EventKind.BAG_LEFT))]
        self._thrown = [
            (e, Bag.drawn(seed, 50 + n), Throw(THROWN_FROM_M[(first + n) % 3], THROWN_TO_M[(first + n) % 3], FLIGHT_S))
            for n, e in enumerate(of_kind(every, EventKind.BAG_THROWN))
        ]
        self._smoke = [Smoke(SMOKE_AT_M[(first + n) % 2], e.at_s, e.until_s, seed + n) for n, e in enumerate(of_kind(every, EventKind.SMOKE))]
        self._lying: Callable[[Bag, tuple[float, float], float], tuple[Layer, ...]] = lru_cache(16)(self._lying_bag)

    def seen(self, time_s: float) -> Seen:
        """What there is to see now."""
        things: list[Layer] = []
        bags: list[tuple[float, float]] = []
        for event, bag, xy in self._left:
            if event.goes_on(time_s):
                things += self._lying(bag, xy, 0.4)
                bags.append(xy)
        for event, bag, throw in self._thrown:
            if event.goes_on(time_s):
                after = time_s - event.at_s
                x, y, z = throw.place_m(after)
                turned = throw.heading_rad(after)
                things += self._lying(bag, (x, y), turned) if after >= throw.flight_s else bag.seen(self._camera, (x, y, z), turned)
                bags.append((x, y))
        for _, passing in self._cars:
            things += self._car(passing, time_s)
        rides = tuple(ride for ride in (bicycle.seen(self._camera, time_s) for bicycle in self._bicycles) if ride is not None)
        for ride in rides:
            things += (self._shadow(ride.xy_m, 0.85, 0.2, 0.4), ride.bicycle)
        things += [layer for layer in (smoke.seen(self._camera, time_s) for smoke in self._smoke) if layer is not None]
        return Seen(tuple(sorted(things, key=lambda layer: -layer.y_m)), rides, tuple(bags))

    def _car(self, passing: PassingCar, time_s: float) -> list[Layer]:
        xy, layer = passing.place_m(time_s), passing.seen(self._camera, time_s)
        return [] if xy is None or layer is None else [self._shadow(xy, 2.1, 0.85, 0.6), layer]

    def _shadow(self, xy: tuple[float, float], across_m: float, along_m: float, deep: float) -> Layer:
        x, y = xy
        corners = [(x - across_m, y - along_m), (x + across_m, y - along_m), (x + across_m, y + along_m), (x - across_m, y + along_m)]
        return shadow_layer(self._camera, corners, 0.15, deep, y + 1.0)

    def _lying_bag(self, bag: Bag, xy: tuple[float, float], heading_rad: float) -> tuple[Layer, ...]:
        return bag.seen(self._camera, (*xy, 0.0), heading_rad)
