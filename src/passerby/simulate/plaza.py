"""The plaza: pictures with their truth, moment after moment. The same settings give the same pixels, wherever one begins."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import count
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from passerby.simulate.camera import Camera
from passerby.simulate.canvas import Canvas, CutOut, Hiders
from passerby.simulate.cast import Posture
from passerby.simulate.events import EventKind, of_kind
from passerby.simulate.ground import PAVEMENT_FAR_M, plaza_ground
from passerby.simulate.happenings import Happenings
from passerby.simulate.happenings import Seen as Happening
from passerby.simulate.motion import Walk
from passerby.simulate.motion import paths as walked_paths
from passerby.simulate.path import Path, Spot
from passerby.simulate.place import Place
from passerby.simulate.place_occluder import Occluder
from passerby.simulate.place_solids import Layer
from passerby.simulate.population import EndlessWalk, KnownPaths, Population
from passerby.simulate.settings import SimulationSettings
from passerby.simulate.shot import Picture, Seen, Shot, label_of, share_inside
from passerby.simulate.troupe import Cast, Figure, Troupe, drawn_cast
from passerby.simulate.vehicles_bicycle import Bicycle
from passerby.simulate.weather import Sky
from passerby.simulate.weather_cover import Cover
from passerby.simulate.weather_sensor import Sensor

RIDERS: Final = 60000
"""Persons from this number on ride bicycles."""
SEEN_STEP_M: Final = 0.1
"""What the camera sees of the ground is told to the walkers in steps of this, so that all pictures of one shape show the same walk."""
_OPEN: Final = 128
_HARDLY: Final = 1e-9
Labels = NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Player:
    """Somebody to be painted: number, where and how they are, where they stand in the picture, and how they look."""

    person: int
    spot: Spot
    foot_px: tuple[float, float]
    body: CutOut


class Plaza:
    """A plaza that is filmed. Iterating it gives its shots from the first one on; each iteration gives the same.

    Attributes:
        settings: What was asked for.
        ground: The plan of the place.
        camera: Who looks.

    Args:
        settings: What is asked for.
        cast: Who the people are, by person; None = drawn from the seeds.
        paths: Where they walk; None = walked from the motion seed. The crowd of the settings is then passed over.
        endless: Whether the shots go on after `settings.seconds`; not with paths that are given.
    """

    def __init__(self, settings: SimulationSettings, cast: Cast | None = None, paths: Sequence[Path] | None = None, *, endless: bool = False) -> None:
        if endless and paths is not None:
            raise ValueError("paths that are given have an end")
        self.settings = settings
        self.ground = plaza_ground()
        self.camera = Camera.over_plaza(settings.size)
        self._given_paths = paths
        self._endless = endless
        self._cast = cast if cast is not None else drawn_cast(settings.gait_seed, settings.appearance_seed)
        seed, events, rain = settings.place_seed, settings.all_events, float(settings.rain)
        self._place = Place(
            self.camera, seed, parked=settings.parked, wind=float(settings.wind), windows=settings.windows, infrared=settings.infrared
        )
        self._happenings = Happenings(self.camera, seed, events)
        self._bicycles = [Bicycle(0, event.at_s, rightwards=True) for event in of_kind(events, EventKind.BICYCLE_PASSES)]
        self._sky = Sky(self.camera, seed, clouds=float(settings.clouds), rain=rain, events=events)
        self._sensor = Sensor(
            self.camera, seed, noise_sigma=settings.noise_sigma, rain=rain, infrared=settings.infrared, clock=settings.clock, events=events
        )
        self._cover = Cover(settings.size, seed)
        self._kept_hiders: tuple[tuple[Occluder, ...], Hiders] | None = None

    def __iter__(self) -> Iterator[Shot]:
        """The shots, from the first one on."""
        return self.film(self.frames)

    @property
    def frames(self) -> Iterable[int]:
        """The numbers of the frames, from 0."""
        return count() if self._endless else range(self.settings.frames)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Everybody's way from the first to the last moment of `settings.seconds`, without riders of bicycles."""
        if self._given_paths is not None:
            return tuple(self._given_paths)
        settings = self.settings
        return tuple(walked_paths(self.ground, settings.crowd, settings.seconds, settings.motion_seed, seen_ground(self.camera)))

    def film(self, frames: Iterable[int]) -> Iterator[Shot]:
        """The shots of these frames (numbers from 0, increasing)."""
        settings = self.settings
        population = self._population()
        troupe = Troupe(self.camera, self._cast, infrared=settings.infrared)
        frozen: Shot | None = None
        for frame in frames:
            time_s = settings.time_s(frame)
            shown_s = self._sensor.shown_s(time_s)
            if shown_s == time_s:
                frozen = None
                yield self._shot(frame, time_s, population, troupe)
                continue
            # A frozen camera shows what it saw when it froze; the world goes on.
            if frozen is None or frozen.time_s != shown_s:
                frozen = self._shot(math.ceil(shown_s * settings.fps - _HARDLY), shown_s, population, troupe)
            yield replace(frozen, time_s=time_s, everyone=self._everyone(time_s, population, self._happenings.seen(time_s)))

    def _population(self) -> Population:
        if self._endless:
            settings = self.settings
            return EndlessWalk(Walk(self.ground, settings.crowd, settings.motion_seed, seen_ground(self.camera)))
        return KnownPaths(self.paths)

    def _everyone(self, time_s: float, population: Population, besides: Happening) -> dict[int, Spot]:
        """Everybody on the ground, riders included."""
        there = [RIDERS + number for number, bicycle in enumerate(self._bicycles) if bicycle.place_m(time_s) is not None]
        riders = {person: Spot(ride.xy_m, ride.heading_rad, int(Posture.SITTING)) for person, ride in zip(there, besides.rides, strict=True)}
        return population.at(time_s) | riders

    def _shot(self, frame: int, time_s: float, population: Population, troupe: Troupe) -> Shot:
        """What the camera shows of a moment; `frame` decides on the noise."""
        besides = self._happenings.seen(time_s)
        everyone = self._everyone(time_s, population, besides)
        figures = troupe.figures({person: spot for person, spot in everyone.items() if person < RIDERS})
        players = [Player(figure.person, figure.spot, figure.foot_px, figure.body) for figure in figures]
        players += self._riders(everyone, besides)
        canvas = self._painted(time_s, figures, players, besides)
        self._sky.apply(canvas.picture, time_s)
        picture = self._sensor.expose(canvas.picture, time_s, frame)
        labels = self._exposed_labels(canvas.labels, time_s)
        people = self._seen(players, labels, self._sensor.shift_px(time_s))
        return Shot(time_s, picture, labels, people, everyone, partial(self._empty, time_s))

    def _riders(self, everyone: Mapping[int, Spot], besides: Happening) -> list[Player]:
        riders = [(person, spot) for person, spot in everyone.items() if person >= RIDERS]
        feet_px = self.camera.to_px(np.array([spot.xy_m for _, spot in riders], np.float64))
        return [
            Player(person, spot, (float(foot[0]), float(foot[1])), _cut_out(ride.rider))
            for (person, spot), foot, ride in zip(riders, feet_px, besides.rides, strict=True)
        ]

    def _painted(self, time_s: float, figures: Sequence[Figure], players: Sequence[Player], besides: Happening) -> Canvas:
        """The place in daylight with everybody and everything in it."""
        picture = self._place.background(time_s).copy()
        self._place.reflect(picture, [(figure.sprite, figure.spot.xy_m) for figure in figures])
        canvas = Canvas(picture, self._hiders(time_s))
        if not self.settings.infrared:  # whose light comes from the camera itself
            for figure in figures:
                canvas.shade(figure.shadow)
        things = []
        for layer in besides.things:
            if layer.bgr.any():
                things.append((layer.y_m, 0, _cut_out(layer)))
            else:
                canvas.shade(_cut_out(layer), layer.y_m)
        things += [(player.spot.xy_m[1], label_of(player.person), player.body) for player in players]
        for y_m, label, body in sorted(things, key=lambda thing: -thing[0]):
            canvas.lay(body, label, y_m)
        return canvas

    def _hiders(self, time_s: float) -> Hiders:
        """What hides people now; the same object as long as it is the same."""
        occluders = self._place.occluders(time_s)
        if self._kept_hiders is None or self._kept_hiders[0] is not occluders:
            self._kept_hiders = (occluders, Hiders(occluders))
        return self._kept_hiders[1]

    def _exposed_labels(self, labels: Labels, time_s: float) -> Labels:
        """The labels as the camera sees them: moved with its picture, and nobody's where it is covered."""
        labels = self._sensor.moved(labels, time_s)
        covered = self._sensor.covered(time_s)
        if covered > 0:
            open_lens = self._cover.over(np.full((*labels.shape, 3), 255, np.uint8), covered)[..., 0] >= _OPEN
            labels = np.where(open_lens, labels, np.uint16(0))
        return labels

    def _seen(self, players: Sequence[Player], labels: Labels, shift_px: tuple[int, int]) -> tuple[Seen, ...]:
        """Those of the players whose box meets the picture, and how much of them is to be seen."""
        found = []
        for player in players:
            body = player.body.moved(shift_px)
            box = body.box()
            if box is None or share_inside(box, self.settings.size) == 0:
                continue
            visible = body.count(labels, label_of(player.person)) / body.opaque_px
            foot_px = (player.foot_px[0] + shift_px[0], player.foot_px[1] + shift_px[1])
            found.append(Seen(player.person, box, foot_px, player.spot.xy_m, player.spot.posture, visible))
        return tuple(found)

    def _empty(self, time_s: float) -> Picture:
        """The place at that moment as the camera would show it without anybody, noise, rain and clock."""
        picture = self._place.background(time_s).copy()
        self._sky.apply(picture, time_s)
        return self._sensor.expose(picture, time_s, 0, clean=True)


def seen_ground(camera: Camera) -> shapely.Polygon:
    """What a camera over the plaza sees of the ground up to the houses, in metres."""
    far_px = max(0.0, float(camera.to_px(np.array([[0.0, PAVEMENT_FAR_M]]))[0, 1]))
    width_px, height_px = camera.size.width_px, camera.size.height_px
    corners = np.array([[0, height_px], [width_px, height_px], [width_px, far_px], [0, far_px]], np.float64)
    return shapely.Polygon(np.round(camera.to_ground(corners) / SEEN_STEP_M) * SEEN_STEP_M)


def _cut_out(layer: Layer) -> CutOut:
    return CutOut(layer.left_px, layer.top_px, layer.bgr, layer.alpha)
