"""The light of the place over time: clouds, dusk with its lamps, a lamp switched on or off. One smooth gain per pixel and channel."""

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.events import Event, EventKind, of_kind
from passerby.simulate.place_texture import Floats, Picture

ROWS: Final = 36
COLUMNS: Final = 48
UNIT: Final = 128
"""Gains are kept in steps of 1 / UNIT, up to 255 / UNIT."""
STEP_S: Final = 0.2
"""Slow light changes once in so many seconds; a switch at once."""
LEAST, MOST = 0.75, 1.15
"""Bounds of what clouds do to daylight."""
PERIODS_S: Final = (31.0, 53.0, 117.0)
DEEPENING: Final = (0.045, 0.06, 0.10)
DRIFT_S: Final = (47.0, 71.0)
AT_DARKEST: Final = (0.235, 0.20, 0.185)
"""What is left of daylight after dusk, without lamps: blue, green, red."""
POOL: Final = (0.23, 0.37, 0.45)
"""What a lamp adds right under it: warm."""
SWITCHED: Final = (0.62, 1.42)
WET: Final = 0.88


class Sky:
    """The light on the place.

    Args:
        camera: Who looks.
        seed: When clouds pass.
        clouds: 0 = even light, 1 = gains from about 0.75 to 1.15.
        dusk: How dark it is from the start: 0 = day, 1 = after dusk. Dusk events take it from there to 1.
        rain: 0 to 1; rain darkens the day a little.
        events: Light switches and dusk; other kinds are passed over.
    """

    def __init__(self, camera: Camera, seed: int, *, clouds: float = 0.5, dusk: float = 0.0, rain: float = 0.0, events: Sequence[Event] = ()) -> None:
        rng = np.random.default_rng([seed, 21])
        self._size = camera.size
        self._clouds, self._dusk, self._rain = clouds, dusk, rain
        self._phases = rng.uniform(0, 2 * math.pi, len(PERIODS_S))
        self._drift = rng.uniform(0, 2 * math.pi, len(DRIFT_S))
        across, down = np.meshgrid((np.arange(COLUMNS) + 0.5) / COLUMNS, (np.arange(ROWS) + 0.5) / ROWS)
        self._across, self._down = np.asarray(across, np.float32), np.asarray(down, np.float32)
        self._pools = _pools(camera)
        self._switches = of_kind(tuple(events), EventKind.LIGHT_SWITCH)
        self._dusks = of_kind(tuple(events), EventKind.DUSK)
        self._spots = [(float(rng.uniform(0.25, 0.75)), float(rng.uniform(0.45, 0.8))) for _ in self._switches]
        self._kept: tuple[tuple[int, tuple[bool, ...]], Picture | None] | None = None

    def light(self, time_s: float) -> Floats:
        """(ROWS, COLUMNS, 3) float32: the gain now, spread evenly over the picture; 1 = plain daylight."""
        return self._light(*self._moment(time_s))

    def _moment(self, time_s: float) -> tuple[int, tuple[bool, ...]]:
        """What the light depends on: the step of slow light, and which switches are on."""
        return math.floor(time_s / STEP_S + 1e-6), tuple(event.goes_on(time_s) for event in self._switches)

    def _light(self, step: int, switches: tuple[bool, ...]) -> Floats:
        """The gain of a moment."""
        grid = self._cloudy(step * STEP_S)[..., None] * np.ones(3, np.float32)
        grid *= np.float32(1 - (1 - WET) * self._rain)
        dark = self.darkness(step * STEP_S)
        if dark:
            grid *= 1 - np.float32(dark) * (1 - np.asarray(AT_DARKEST, np.float32))
            grid += np.float32(max(0.0, dark - 0.55) / 0.45) * self._pools
        for number, (switched, middle) in enumerate(zip(switches, self._spots, strict=True)):
            if switched:
                grid *= self._switched(number, middle)[..., None]
        return np.asarray(np.clip(grid, 1 / UNIT, 255 / UNIT), np.float32)

    def darkness(self, time_s: float) -> float:
        """How far dusk has come: 0 = day, 1 = night."""
        dark = self._dusk
        for event in self._dusks:
            part = min(1.0, max(0.0, (time_s - event.at_s) / (event.until_s - event.at_s)))
            dark += (1 - dark) * part * part * (3 - 2 * part)
        return dark

    def apply(self, picture: Picture, time_s: float) -> None:
        """Lights `picture` (h, w, 3), taken in plain daylight, as it is lit now; changes it."""
        gain = self._gain(time_s)
        if gain is not None:
            cv2.multiply(picture, gain, dst=picture, scale=1 / UNIT)

    def _gain(self, time_s: float) -> Picture | None:
        """(h, w, 3) gains in steps of 1 / UNIT; None = 1 everywhere."""
        key = self._moment(time_s)
        if self._kept is None or self._kept[0] != key:
            grid = np.round(self._light(*key) * UNIT).astype(np.uint8)
            shape = (self._size.width_px, self._size.height_px)
            self._kept = (key, None if (grid == UNIT).all() else np.asarray(cv2.resize(grid, shape, interpolation=cv2.INTER_LINEAR), np.uint8))
        return self._kept[1]

    def _cloudy(self, time_s: float) -> Floats:
        """(ROWS, COLUMNS) gain of the clouds."""
        overall = sum(
            deep * math.sin(2 * math.pi * time_s / period + phase) for deep, period, phase in zip(DEEPENING, PERIODS_S, self._phases, strict=True)
        )
        first, second = (2 * math.pi * time_s / period + phase for period, phase in zip(DRIFT_S, self._drift, strict=True))
        field = 0.05 * np.sin(2.6 * self._across + 1.1 * self._down - first) + 0.04 * np.sin(1.2 * self._across - 2.9 * self._down - second)
        return np.asarray(np.clip(1 + self._clouds * (overall - 0.04 + field), LEAST, MOST), np.float32)

    def _switched(self, number: int, middle: tuple[float, float]) -> Floats:
        """(ROWS, COLUMNS) gain of a switch: the first one darkens everything, the next one lights up a part, and so on."""
        if number % 2 == 0:
            return np.full((ROWS, COLUMNS), SWITCHED[0], np.float32)
        away = ((self._across - middle[0]) / 0.30) ** 2 + ((self._down - middle[1]) / 0.26) ** 2
        return np.asarray(1 + (SWITCHED[1] - 1) / (1 + np.exp(np.clip(6 * (away - 1), -30, 30))), np.float32)


def _pools(camera: Camera) -> Floats:
    """(ROWS, COLUMNS, 3) light of the lamps on the ground and on what stands there."""
    width, height = camera.size.width_px, camera.size.height_px
    pools = np.zeros((ROWS, COLUMNS), np.float32)
    across, down = np.meshgrid((np.arange(COLUMNS) + 0.5) * width / COLUMNS, (np.arange(ROWS) + 0.5) * height / ROWS)
    for x, y in ground.LAMPS_M:
        foot, per_m = camera.to_px(np.array([[x, y]]))[0], float(camera.px_per_m(np.array([[x, y]]))[0])
        away = ((across - foot[0]) / (3.9 * per_m)) ** 2 + ((down - foot[1] + 0.4 * per_m) / (2.1 * per_m)) ** 2
        pools += np.exp(-away).astype(np.float32)
    # Lit shop windows.
    wall = camera.px_of(np.array([[0.0, ground.FACADE_M, 1.6]]))[0, 1]
    pools += np.asarray(0.8 * np.exp(-(((down - wall) / (0.055 * height)) ** 2)), np.float32)
    return np.asarray(np.minimum(pools, 1.3)[..., None] * np.asarray(POOL, np.float32), np.float32)
