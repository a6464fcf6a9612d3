"""Everything that can be asked of a simulation, checked when it is made."""

import math
from dataclasses import dataclass, field
from typing import Final

from passerby.errors import SettingsError
from passerby.released.scene import Size
from passerby.simulate.events import Event, EventKind
from passerby.simulate.path import Crowd

SMALLEST_PX: Final = 64
LARGEST_PX: Final = 7680
FASTEST_FPS: Final = 240.0
LONGEST_S: Final = 24 * 3600.0
NOISIEST: Final = 40.0
MOST_PARKED: Final = 6
MOST_SEED: Final = 2**63 - 1


@dataclass(frozen=True)
class SimulationSettings:
    """Settings of one simulation. Raises SettingsError where one makes no sense. The same settings give the same pixels.

    Attributes:
        size: Size of the pictures.
        fps: Pictures a second.
        seconds: Length.
        crowd: How many people do what.
        motion_seed: Who goes where and when, how fast, with whom.
        gait_seed: Height, stride and sway.
        appearance_seed: Clothes, colours, what is carried.
        place_seed: What the place looks like; clouds, noise, rain; cars and bags.
        wind: Whether trees sway.
        clouds: Whether clouds pass: the light drifts.
        rain: Whether it rains.
        infrared: Whether the camera sees by infrared light, as at night.
        dusk: Whether evening falls during the whole length.
        noise_sigma: Standard deviation of the sensor's noise in grey levels.
        windows: Whether panes mirror people.
        clock: Whether the time is burned into the picture.
        parked: Number of parked cars.
        events: What happens when.
    """

    size: Size = field(default_factory=lambda: Size(768, 576))
    fps: float = 25.0
    seconds: float = 60.0
    crowd: Crowd = field(default_factory=Crowd)
    motion_seed: int = 0
    gait_seed: int = 0
    appearance_seed: int = 0
    place_seed: int = 0
    wind: bool = False
    clouds: bool = False
    rain: bool = False
    infrared: bool = False
    dusk: bool = False
    noise_sigma: float = 2.0
    windows: bool = True
    clock: bool = False
    parked: int = 3
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        self._check_picture()
        if not 0 <= self.parked <= MOST_PARKED:
            raise SettingsError(f"{self.parked} cars cannot park here", f"give 0 to {MOST_PARKED}")
        for name in ("motion", "gait", "appearance", "place"):
            seed = getattr(self, f"{name}_seed")
            if not 0 <= seed <= MOST_SEED:
                raise SettingsError(f"the {name} seed {seed} is none", f"give a whole number from 0 to {MOST_SEED}")
        for event in self.events:
            if event.at_s >= self.seconds:
                raise SettingsError(f"the event '{event.kind}' at {event.at_s:g} s comes after the end at {self.seconds:g} s", "give more --seconds")

    def _check_picture(self) -> None:
        width_px, height_px = self.size.width_px, self.size.height_px
        if not (SMALLEST_PX <= width_px <= LARGEST_PX and SMALLEST_PX <= height_px <= LARGEST_PX):
            raise SettingsError(f"pictures of {width_px} x {height_px} cannot be simulated", f"give {SMALLEST_PX} to {LARGEST_PX} pixels a side")
        if not 0 < self.fps <= FASTEST_FPS:
            raise SettingsError(f"{self.fps:g} pictures a second cannot be simulated", f"give more than 0 and at most {FASTEST_FPS:g}")
        if not 0 < self.seconds <= LONGEST_S:
            raise SettingsError(f"a length of {self.seconds:g} s cannot be simulated", f"give more than 0 and at most {LONGEST_S:g} seconds")
        if not 0 <= self.noise_sigma <= NOISIEST:
            raise SettingsError(f"a noise of {self.noise_sigma:g} grey levels cannot be simulated", f"give 0 to {NOISIEST:g}")

    @property
    def all_events(self) -> tuple[Event, ...]:
        """The events in their order in time, with the dusk of the whole length where that is asked for."""
        dusk = (Event(kind=EventKind.DUSK, at_s=0.0, until_s=self.seconds),) if self.dusk else ()
        return tuple(sorted((*self.events, *dusk), key=lambda event: (event.at_s, event.kind)))

    @property
    def frames(self) -> int:
        """Number of pictures: at least one."""
        return max(1, math.ceil(self.seconds * self.fps - 1e-9))

    def time_s(self, frame: int) -> float:
        """When a picture (from 0) is taken."""
        return frame / self.fps


def parse_size(text: str) -> Size:
    """A size such as 768x576. Raises SettingsError."""
    parts = text.lower().split("x")
    try:
        width_px, height_px = (int(part) for part in parts)
        return Size(width_px, height_px)
    except ValueError as error:
        raise SettingsError(f"'{text}' is no size of a picture", "give width and height, such as 768x576") from error
