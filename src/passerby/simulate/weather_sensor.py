"""The camera between the scene and its picture: blur, a bump, a cover, infrared, rain, noise, the clock in the picture, a frozen picture."""

import math
from collections.abc import Sequence
from typing import Final, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Size
from passerby.simulate.camera import Camera
from passerby.simulate.events import Event, EventKind, of_kind
from passerby.simulate.place_texture import Picture
from passerby.simulate.weather_clock import BurnedClock
from passerby.simulate.weather_cover import Cover
from passerby.simulate.weather_noise import Grain, Streaks

BUMP_PX: Final = (6.0, 20.0)
"""How far a bump moves a picture 576 pixels high."""
SHAKE_S: Final = 0.7
FOCUS_LOST_S: Final = 2.5
BLUR_PX: Final = 7.0
INFRARED_NOISE: Final = 2.2
INFRARED_MIDDLE, INFRARED_CORNER = 1.02, 0.42

Pixel = TypeVar("Pixel", np.uint8, np.uint16)


class Sensor:
    """What a camera does to the light that reaches it.

    Args:
        camera: Its geometry.
        seed: Noise, where a bump leads, the clock's date.
        noise_sigma: Deviation of the noise in levels; 2 to 4 is usual. Infrared has more of it.
        rain: 0 to 1.
        infrared: Whether it sees in grey, by a lamp of its own.
        clock: Whether it writes date and time into the picture.
        events: Bumps, covers, defocus, freezes; other kinds are passed over.
    """

    def __init__(
        self,
        camera: Camera,
        seed: int,
        *,
        noise_sigma: float = 2.5,
        rain: float = 0.0,
        infrared: bool = False,
        clock: bool = True,
        events: Sequence[Event] = (),
    ) -> None:
        self._size = camera.size
        self._infrared = infrared
        rng = np.random.default_rng([seed, 31])
        sigma = noise_sigma * (INFRARED_NOISE if infrared else 1.0)
        self._grain = Grain(camera.size, sigma, seed, grey=infrared) if sigma > 0 else None
        self._streaks = Streaks(camera.size, rain, seed) if rain > 0 else None
        self._clock = BurnedClock(camera.size, seed) if clock else None
        every = tuple(events)
        self._bumps = [(event, _bump(rng, camera.size)) for event in of_kind(every, EventKind.BUMP)]
        covers = of_kind(every, EventKind.COVER)
        self._covers = covers
        self._cover = Cover(camera.size, seed) if covers else None
        self._defocus = of_kind(every, EventKind.DEFOCUS)
        self._freezes = of_kind(every, EventKind.FREEZE)
        self._spot = _spot(camera.size) if infrared else None
        self._held: tuple[float, Picture] | None = None

    def expose(self, picture: Picture, time_s: float, frame: int, *, clean: bool = False) -> Picture:
        """The camera's picture (h, w, 3) of a scene; `picture` stays as it is.

        Args:
            picture: The scene as light shows it.
            time_s: When.
            frame: Number of the picture: it decides on the noise.
            clean: Without noise, rain and clock. A clean picture is not held by a freeze: give it the scene of `shown_s`.
        """
        if clean:
            return self._seen(picture, time_s)
        shown_s = self.shown_s(time_s)
        if shown_s == time_s:
            self._held = None
        elif self._held is not None and self._held[0] == shown_s:
            return self._held[1].copy()
        taken = self._seen(picture, time_s)
        if self._streaks is not None:
            self._streaks.add(taken, frame)
        if self._grain is not None:
            self._grain.add(taken, frame)
        if self._clock is not None:
            self._clock.write(taken, shown_s)
        if shown_s != time_s or self._freezing(time_s) is not None:
            self._held = (shown_s, taken.copy())
        return taken

    def shown_s(self, time_s: float) -> float:
        """The time of the scene that is shown: that of a freeze's beginning while it lasts, else now."""
        frozen = self._freezing(time_s)
        return time_s if frozen is None else frozen.at_s

    def shift_px(self, time_s: float) -> tuple[int, int]:
        """By how much bumps have moved the picture to the right and down, for good; while it still shakes, with the shaking."""
        x, y = 0.0, 0.0
        for event, (to_x, to_y) in self._bumps:
            after = time_s - event.at_s
            if after >= 0:
                shaking = math.exp(-5 * after / SHAKE_S) * math.sin(38 * after) if after < 2 * SHAKE_S else 0.0
                x, y = x + to_x * (1 + 0.6 * shaking), y + to_y * (1 - 0.9 * shaking)
        return round(x), round(y)

    def moved(self, labels: NDArray[Pixel], time_s: float) -> NDArray[Pixel]:
        """Labels (h, w), moved as the picture is; 0 where the scene beyond its border comes in."""
        x, y = self.shift_px(time_s)
        if (x, y) == (0, 0):
            return labels
        result = np.zeros_like(labels)
        rows, columns = labels.shape[:2]
        result[max(0, y) : rows + min(0, y), max(0, x) : columns + min(0, x)] = labels[
            max(0, -y) : rows - max(0, y), max(0, -x) : columns - max(0, x)
        ]
        return result

    def covered(self, time_s: float) -> float:
        """How much of the lens is covered: 0 to 1."""
        return max((_cover_part(event, time_s) for event in self._covers), default=0.0)

    def _freezing(self, time_s: float) -> Event | None:
        return next((event for event in self._freezes if event.goes_on(time_s)), None)

    def _seen(self, picture: Picture, time_s: float) -> Picture:
        """The picture before noise, rain and clock: a new array."""
        taken = self._blurred(picture, time_s)
        shift = self.shift_px(time_s)
        if shift != (0, 0):
            taken = _shifted(taken, shift)
        part = self.covered(time_s)
        if part > 0 and self._cover is not None:
            taken = self._cover.over(taken, part)
        if self._spot is not None:
            grey = cv2.multiply(cv2.cvtColor(taken, cv2.COLOR_BGR2GRAY), self._spot, scale=1 / 128)
            taken = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
        return taken.copy() if taken is picture else taken

    def _blurred(self, picture: Picture, time_s: float) -> Picture:
        """The picture out of focus, if it is: blurred on a smaller one, since it has no fine detail."""
        lost = max((_eased(event, time_s, FOCUS_LOST_S) for event in self._defocus), default=0.0)
        sigma = BLUR_PX * lost * self._size.height_px / 576
        if sigma < 0.4:
            return picture
        if sigma < 1.6:
            return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
        smaller = 2 if sigma < 4 else 4
        shape = (max(1, self._size.width_px // smaller), max(1, self._size.height_px // smaller))
        small = cv2.GaussianBlur(cv2.resize(picture, shape, interpolation=cv2.INTER_AREA), (0, 0), sigma / smaller)
        return np.asarray(cv2.resize(small, (self._size.width_px, self._size.height_px), interpolation=cv2.INTER_LINEAR), np.uint8)


def _bump(rng: np.random.Generator, size: Size) -> tuple[float, float]:
    """Where a bump leads: any direction, 6 to 20 pixels of a picture 576 high."""
    far, angle = float(rng.uniform(*BUMP_PX)) * size.height_px / 576, float(rng.uniform(0, 2 * math.pi))
    return far * math.cos(angle), far * math.sin(angle)


def _shifted(picture: Picture, shift: tuple[int, int]) -> Picture:
    """The picture moved right and down; what comes in at its border is its mirror image."""
    x, y = shift
    rows, columns = picture.shape[:2]
    x, y = max(1 - columns, min(columns - 1, x)), max(1 - rows, min(rows - 1, y))
    wide = cv2.copyMakeBorder(picture, max(0, y), max(0, -y), max(0, x), max(0, -x), cv2.BORDER_REFLECT_101)
    return np.ascontiguousarray(wide[max(0, -y) : max(0, -y) + rows, max(0, -x) : max(0, -x) + columns], np.uint8)


def _eased(event: Event, time_s: float, ramp_s: float) -> float:
    """0 before, 1 in the middle of an event, with soft beginnings and ends."""
    inside = min(time_s - event.at_s, event.until_s - time_s) / ramp_s
    part = min(1.0, max(0.0, inside))
    return part * part * (3 - 2 * part)


def _cover_part(event: Event, time_s: float) -> float:
    """How far a cover has slid over the lens."""
    return _eased(event, time_s, 1.2)


def _spot(size: Size) -> Picture:
    """(h, w) uint8 gain of an infrared lamp beside the lens, in steps of 1/128: bright in the middle."""
    down, across = np.linspace(-1, 1, size.height_px)[:, None], np.linspace(-1, 1, size.width_px)[None]
    away = np.clip((across**2 + (0.9 * (down - 0.1)) ** 2) / 1.6, 0, 1)
    gain = INFRARED_CORNER + (INFRARED_MIDDLE - INFRARED_CORNER) * (1 - away) ** 1.4
    return np.asarray(np.round(gain * 128), np.uint8)
