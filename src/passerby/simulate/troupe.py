"""The figures of those who are there: each person's atlas, made when they come and let go when they have left."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from passerby.simulate.camera import Camera
from passerby.simulate.canvas import CutOut
from passerby.simulate.cast import Appearance, Gait, Posture
from passerby.simulate.figure import Atlas, Sprite
from passerby.simulate.path import Spot

Cast = Callable[[int], tuple[Gait, Appearance]]
"""Gives a person's gait and appearance; the same for the same person."""
SHADOW_RAD: Final = 2.2
"""To the right and away: the light comes from the left, from behind the camera."""
SHADOW_LENGTH: Final = 0.6
_TALLEST_M: Final = 2.6
_WIDEST_M: Final = 1.6
_SMALLEST_PX_PER_M: Final = 1.0


@dataclass(frozen=True, eq=False)
class Figure:
    """Somebody as seen at one moment.

    Attributes:
        person: Their number.
        spot: Where and how they are.
        foot_px: Where they stand in the picture.
        sprite: How they look.
        body: The sprite in its place.
        shadow: Their shadow in its place.
    """

    person: int
    spot: Spot
    foot_px: tuple[float, float]
    sprite: Sprite
    body: CutOut
    shadow: CutOut


class Troupe:
    """Draws people where they are.

    Args:
        camera: Who looks.
        cast: Who the people are.
        infrared: Whether they are seen by infrared light.
    """

    def __init__(self, camera: Camera, cast: Cast, *, infrared: bool = False) -> None:
        self._camera = camera
        self._cast = cast
        self._infrared = infrared
        self._players: dict[int, tuple[Gait, Atlas]] = {}

    def figures(self, people: Mapping[int, Spot]) -> list[Figure]:
        """Those of the people whose figure may meet the picture, far ones first."""
        self._let_go(people)
        if not people:
            return []
        xy_m = np.array([spot.xy_m for spot in people.values()], np.float64)
        foot_px = self._camera.to_px(xy_m)
        px_per_m = self._camera.px_per_m(xy_m)
        size = self._camera.size
        with np.errstate(invalid="ignore"):
            reach_px = _WIDEST_M * px_per_m
            seen = (px_per_m > _SMALLEST_PX_PER_M) & (foot_px[:, 0] > -reach_px) & (foot_px[:, 0] < size.width_px + reach_px)
            seen &= (foot_px[:, 1] > 0) & (foot_px[:, 1] < size.height_px + _TALLEST_M * px_per_m)
        everyone = list(people.items())
        order = [int(index) for index in np.lexsort((np.arange(len(xy_m)), -xy_m[:, 1])) if seen[index]]
        return [self._figure(*everyone[index], (float(foot_px[index, 0]), float(foot_px[index, 1])), float(px_per_m[index])) for index in order]

    def _figure(self, person: int, spot: Spot, foot_px: tuple[float, float], px_per_m: float) -> Figure:
        gait, atlas = self._player(person)
        posture = Posture(spot.posture)
        x_m, y_m = spot.xy_m
        to_camera_rad = spot.heading_rad - math.atan2(-y_m, -x_m)
        phase = (gait.phase + spot.walked_m / gait.stride_m) % 1.0
        sprite = atlas.sprite(posture, to_camera_rad, phase, px_per_m)
        shadow = atlas.shadow(px_per_m, SHADOW_RAD, posture=posture, heading_to_camera_rad=to_camera_rad, phase=phase, length=SHADOW_LENGTH)
        return Figure(person, spot, foot_px, sprite, _placed(sprite, foot_px), _placed(shadow, foot_px))

    def _player(self, person: int) -> tuple[Gait, Atlas]:
        player = self._players.get(person)
        if player is None:
            gait, appearance = self._cast(person)
            player = self._players[person] = (gait, Atlas(gait, appearance, infrared=self._infrared))
        return player

    def _let_go(self, people: Iterable[int]) -> None:
        for person in self._players.keys() - set(people):
            del self._players[person]


def drawn_cast(gait_seed: int, appearance_seed: int) -> Cast:
    """People whose gait and appearance come from a seed each."""
    return lambda person: (Gait.drawn(gait_seed, person), Appearance.drawn(appearance_seed, person))


def _placed(sprite: Sprite, foot_px: tuple[float, float]) -> CutOut:
    """The sprite with its ground point where the foot is, on whole pixels."""
    return CutOut(round(foot_px[0] - sprite.foot_x_px), round(foot_px[1] - sprite.foot_y_px), sprite.bgr, sprite.alpha)
