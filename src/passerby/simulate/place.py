"""The empty plaza as its camera sees it: drawn once from a seed, with what hides people, trees that sway and windows that mirror."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from passerby.simulate import ground
from passerby.simulate.camera import Camera
from passerby.simulate.place_facade import Window, facade
from passerby.simulate.place_furniture import WOODS, bench, bollard, bollard_row, kiosk, lamp, litter_bin, planter
from passerby.simulate.place_occluder import Occluder, Sprite, mirrors
from passerby.simulate.place_paving import paving
from passerby.simulate.place_shadows import shadows, vignette
from passerby.simulate.place_solids import Layer
from passerby.simulate.place_texture import Floats, Picture, fractal
from passerby.simulate.place_trees import LARGEST_BEND, Tree, bend_at, bent, crown, trunk
from passerby.simulate.vehicles import PARKING_M, Car

GRAIN: Final = 2.2
VIGNETTE: Final = 0.14
SHAPES_M: Final = ((6.6, 2.5, 2.0), (6.2, 2.4, 2.1), (7.0, 2.8, 2.4))
TREES: Final = tuple(Tree(x, y, *shape) for (x, y), shape in zip(ground.TREES_M, SHAPES_M, strict=True))


class Place:
    """The empty place.

    Args:
        camera: Who looks.
        seed: Colours, stains, which cars are parked.
        parked: Number of parked cars; there is room for len(PARKING_M).
        wind: 0 = leaves hang still, 1 = full sway.
        windows: Whether panes mirror people.
        infrared: Whether leaves are pale, as near infrared light shows them.

    Attributes:
        camera: Who looks.
        picture: (h, w, 3), the place in daylight with its trees at rest.
    """

    def __init__(self, camera: Camera, seed: int, *, parked: int = 3, wind: float = 0.5, windows: bool = True, infrared: bool = False) -> None:
        self.camera = camera
        self._wind = wind
        rng = np.random.default_rng([seed, 3])
        grain = np.asarray(np.tile(GRAIN * fractal(rng, 512, (48, 128, 256), (0.6, 1.0, 1.0)), (5, 8)), np.float32)
        parked = min(parked, len(PARKING_M))
        ground_picture, panes = _ground_and_facade(camera, seed, parked)
        layers, kiosk_panes = _things(camera, rng, grain, infrared=infrared)
        layers += _cars(camera, seed, parked)
        layers.sort(key=lambda layer: -layer.y_m)
        crowns = sorted((crown(camera, tree, rng, infrared=infrared) for tree in TREES), key=lambda layer: -layer.y_m)
        largest_px = LARGEST_BEND * camera.size.height_px / 576
        self._crowns = [bent(layer, rng, largest_px) for layer in crowns]
        self._phases = [float(rng.uniform(0, 6)) for _ in crowns]
        for layer in layers:
            layer.over(ground_picture)
        self._bare = ground_picture
        self._shade = vignette(camera, VIGNETTE)
        self._before = [[layer for layer in layers if layer.y_m < own.y_m and _meet(layer, own)] for own in crowns]
        self._still = tuple(o for o in (Occluder.of(layer, camera) for layer in layers) if o.alpha.size)
        self._bent = [[Occluder.of(layer, camera) for layer in bends] for bends in self._crowns]
        at_rest = [bends[len(bends) // 2] for bends in self._bent]
        self._mirrors = mirrors([*panes, *kiosk_panes] if windows else [], [*self._still, *at_rest], camera)
        self._kept: tuple[tuple[int, ...], Picture, tuple[Occluder, ...]] | None = None
        self.picture = self._drawn(tuple(len(bends) // 2 for bends in self._crowns))[0]

    def background(self, time_s: float) -> Picture:
        """The empty place in daylight with its trees as they are now, for reading only: the same array until a tree moves."""
        return self._now(time_s)[1]

    def occluders(self, time_s: float) -> tuple[Occluder, ...]:
        """What hides people now, far things first."""
        return self._now(time_s)[2]

    def reflect(self, picture: Picture, figures: Sequence[tuple[Sprite, tuple[float, float]]]) -> None:
        """Mirrors figures (with where they stand, in metres) in the panes; changes `picture`, which must not show anybody yet."""
        for mirror in self._mirrors:
            for sprite, xy_m in figures:
                mirror.show(picture, sprite, xy_m, self.camera)

    def _now(self, time_s: float) -> tuple[tuple[int, ...], Picture, tuple[Occluder, ...]]:
        bends = tuple(bend_at(time_s, self._wind, phase) for phase in self._phases)
        if self._kept is None or self._kept[0] != bends:
            self._kept = (bends, *self._drawn(bends))
        return self._kept

    def _drawn(self, bends: tuple[int, ...]) -> tuple[Picture, tuple[Occluder, ...]]:
        """The picture with its crowns bent so, and all that hides people in it."""
        picture = self._bare.copy()
        for bend, pictures, before in zip(bends, self._crowns, self._before, strict=True):
            pictures[bend].over(picture)
            for layer in before:
                layer.over(picture)
        picture.flags.writeable = False
        crowns = tuple(own[bend] for bend, own in zip(bends, self._bent, strict=True) if own[bend].alpha.size)
        return picture, tuple(sorted(self._still + crowns, key=lambda o: -o.y_m))


def _ground_and_facade(camera: Camera, seed: int, parked: int) -> tuple[Picture, tuple[Window, ...]]:
    """What lies behind everything else: paving with shadows, and houses."""
    bare: Floats = paving(camera, seed)
    panes = facade(bare, camera, seed)
    shadows(bare, camera, TREES, parked)
    bare *= vignette(camera, VIGNETTE)[..., None]
    return np.asarray(np.clip(bare, 0, 255), np.uint8), panes


def _things(camera: Camera, rng: np.random.Generator, grain: Floats, *, infrared: bool) -> tuple[list[Layer], tuple[Window, ...]]:
    """Everything that stands on the plaza but crowns and cars, and the kiosk's panes."""
    booth, panes = kiosk(camera, rng, grain)
    wood = WOODS[int(rng.integers(len(WOODS)))]
    layers = [booth, litter_bin(camera, ground.BIN_M, grain)]
    for at in ground.BENCHES_M:
        layers += bench(camera, at, wood, grain)
    layers += [planter(camera, box, rng, grain, infrared=infrared) for box in ground.PLANTERS_M]
    layers += [lamp(camera, at, grain) for at in ground.LAMPS_M]
    layers += [bollard(camera, at, grain) for at in bollard_row()]
    layers += [trunk(camera, tree, grain) for tree in TREES]
    return layers, panes


def _cars(camera: Camera, seed: int, parked: int) -> list[Layer]:
    """The parked cars; most look to the right."""
    backwards = np.random.default_rng([seed, 4]).random(len(PARKING_M)) < 0.3
    return [Car.drawn(seed, n).seen(camera, PARKING_M[n], np.pi if backwards[n] else 0.0) for n in range(parked)]


def _meet(one: Layer, other: Layer) -> bool:
    """Whether two layers share pixels."""
    across = one.left_px < other.left_px + other.alpha.shape[1] and other.left_px < one.left_px + one.alpha.shape[1]
    down = one.top_px < other.top_px + other.alpha.shape[0] and other.top_px < one.top_px + one.alpha.shape[0]
    return bool(across and down)
