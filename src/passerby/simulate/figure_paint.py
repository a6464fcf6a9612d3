"""The colours of a drawn figure: cloth, skin and hair, then light and shade."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.simulate.cast import Appearance, Cloth, Colour, Hair, Pattern, Top
from passerby.simulate.figure_body import HEAD_AT, Part, hair_cover
from passerby.simulate.figure_raster import Seen

Floats = NDArray[np.float32]

GRAIN_PX: Final = 128
FINE: Final = 0.06
GRAIN_PER_M: Final = 110.0
"""Fine grain: samples of the texture a metre."""
LIGHT: Final = (-0.68, 0.60, 0.42)
"""Where the light comes from: to the picture's right, up, towards the viewer."""
AMBIENT: Final = 0.21
SKYLIGHT: Final = 0.22
DIFFUSE: Final = 1.20
LEAST_LIGHT: Final = 0.12
GLOSS: Final = 0.05
OCCLUSION: Final = 1.6
OCCLUSION_REACH_M: Final = 0.09
OCCLUSION_MOST: Final = 0.42
FOLDS: Final = 0.16
DARK: Final[Colour] = (34, 32, 32)
METAL: Final[Colour] = (150, 148, 145)
INFRARED_SKIN: Final = 0.72


@dataclass(frozen=True, eq=False)
class Grain:
    """Noise that repeats, by which cloths are told apart and fold: fine and coarse, GRAIN_PX squared, about -1 to 1."""

    fine: Floats
    coarse: Floats

    @classmethod
    def drawn(cls, seed: int) -> "Grain":
        """The noise of a seed."""
        rng = np.random.default_rng(seed)
        white = rng.normal(0, 1, (GRAIN_PX, GRAIN_PX)).astype(np.float32)
        return cls(_smoothed(white, 0.8), _smoothed(rng.normal(0, 1, (GRAIN_PX, GRAIN_PX)).astype(np.float32), 5.0))


def _smoothed(white: Floats, sigma: float) -> Floats:
    doubled = cv2.GaussianBlur(np.tile(white, (3, 3)), (0, 0), sigma)[GRAIN_PX : 2 * GRAIN_PX, GRAIN_PX : 2 * GRAIN_PX]
    return np.asarray(doubled / doubled.std() / 1.6, np.float32)


def painted(seen: Seen, look: Appearance, grain: Grain, px_per_m: float, *, infrared: bool) -> NDArray[np.uint8]:
    """The figure's colours (height x width x 3); 0 where there is nothing."""
    colours = _colours(seen, look, grain, infrared=infrared)
    light = _light(seen, grain, px_per_m)
    gloss = np.where(seen.parts == Part.HAIR, 2.0, 1.0) * GLOSS * 255 * np.clip(light - 0.85, 0, 1)
    picture = np.zeros((*seen.labels.shape, 3), np.uint8)
    picture[seen.inside] = np.clip(colours * light[:, None] + gloss[:, None] + 0.5, 0, 255).astype(np.uint8)
    return picture


def _light(seen: Seen, grain: Grain, px_per_m: float) -> Floats:
    """How much light each pixel of the figure sends back, about 0.3 to 1.2."""
    normals = seen.normals / np.maximum(np.linalg.norm(seen.normals, axis=1, keepdims=True), 1e-6)
    towards = np.array(LIGHT, np.float32) / np.float32(np.linalg.norm(LIGHT))
    direct = np.clip(normals @ towards + 0.12, 0, None) / 1.12
    light = AMBIENT + SKYLIGHT * normals[:, 1] + DIFFUSE * direct
    cloth = (seen.parts >= Part.TRUNK) & (seen.parts <= Part.SKIRT)
    around, along = seen.places[:, 2], seen.places[:, 3]
    # Folds run mostly along a limb, and slantwise where it bends.
    folds = _sampled(grain.coarse, around * 160 + along * 25, along * 60 + around * 30)
    light = light * (1 + FOLDS * folds * cloth) * (1 - _occlusion(seen, px_per_m))
    return np.asarray(np.maximum(light, LEAST_LIGHT), np.float32)


def _occlusion(seen: Seen, px_per_m: float) -> Floats:
    """How dark it is beside what stands out nearer to the viewer."""
    size = max(3, round(OCCLUSION_REACH_M * px_per_m) | 1)
    inside = seen.inside.astype(np.float32)
    depth = np.zeros(seen.labels.shape, np.float32)
    depth[seen.inside] = seen.depth_m
    weight = cv2.blur(inside, (size, size))[seen.inside]
    around = cv2.blur(depth, (size, size))[seen.inside] / np.maximum(weight, 1e-3)
    return np.asarray(np.clip(OCCLUSION * (around - seen.depth_m) / OCCLUSION_REACH_M * 0.5, -0.1, OCCLUSION_MOST), np.float32)


def _sampled(texture: Floats, x: Floats, y: Floats) -> Floats:
    """The texture at places, repeated."""
    return np.asarray(texture[np.floor(y).astype(np.int32) % texture.shape[0], np.floor(x).astype(np.int32) % texture.shape[1]])


@dataclass(frozen=True, eq=False)
class _Dyes:
    """Colours in this light: of each part (parts x 3), and the second ones of upper and lower cloth."""

    of: Floats
    upper_second: Floats
    lower_second: Floats


def _colours(seen: Seen, look: Appearance, grain: Grain, *, infrared: bool) -> Floats:
    """The colours themselves, without light: p x 3."""
    dyes = _dyes(look, infrared=infrared)
    colours = dyes.of[seen.parts]
    upper = (seen.parts == Part.TRUNK) | (seen.parts == Part.SLEEVE)
    lower = (seen.parts == Part.LEG) | (seen.parts == Part.SKIRT)
    for where, cloth, second in ((upper, look.upper, dyes.upper_second), (lower, look.lower, dyes.lower_second)):
        if cloth.pattern is not Pattern.PLAIN:
            share = _woven(seen.places[where], cloth, grain)[:, None]
            colours[where] = colours[where] * (1 - share) + second * share
    if look.top in {Top.JACKET, Top.COAT}:
        _open_jacket(colours, seen, dyes.upper_second if look.grain % 2 else None)
    _draw_face(colours, seen, look, dyes)
    fine = _sampled(grain.fine, seen.places[:, 2] * GRAIN_PER_M, seen.places[:, 3] * GRAIN_PER_M)
    colours *= (1 + FINE * fine)[:, None]
    if look.code is not None:
        _print_code(colours, seen, look.code, upper | lower)
    return colours


def _dyes(look: Appearance, *, infrared: bool) -> _Dyes:
    upper, lower, hair, thing = look.infrared
    by_part: dict[Part, tuple[Sequence[float], float]] = {
        Part.SKIN: (look.skin, INFRARED_SKIN),
        Part.FACE: (look.skin, INFRARED_SKIN),
        Part.HAIR: (look.upper.colour, upper) if look.hair is Hair.HOOD else (look.hair_colour, hair),
        Part.TRUNK: (look.upper.colour, upper),
        Part.SLEEVE: (look.upper.colour, upper),
        Part.LEG: (look.lower.colour, lower),
        Part.SKIRT: (look.lower.colour, lower),
        Part.SHOE: (look.shoes, 0.3),
        Part.THING: (look.thing, thing),
        Part.THING_SECOND: ([0.55 * value for value in look.thing], 0.6 * thing),
        Part.DARK: (DARK, 0.15),
        Part.METAL: (METAL, 0.6),
    }
    return _Dyes(
        np.stack([_in_infrared(*by_part[part], infrared=infrared) for part in Part]),
        _in_infrared(look.upper.second, 1 - upper, infrared=infrared),
        _in_infrared(look.lower.second, 1 - lower, infrared=infrared),
    )


def _in_infrared(colour: Sequence[float], brightness: float, *, infrared: bool) -> Floats:
    """The colour, or the grey that it is in infrared: mostly the material's own brightness there."""
    if not infrared:
        return np.array(colour, np.float32)
    luma = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]
    return np.full(3, 0.3 * luma + 0.7 * 235 * brightness, np.float32)


def _woven(places: Floats, cloth: Cloth, grain: Grain) -> Floats:
    """How much of the cloth's second colour there is at places on it, 0 to 1."""
    around, along = places[:, 2], places[:, 3]
    stripe = (along / cloth.period_m) % 1.0 < 0.5
    match cloth.pattern:
        case Pattern.STRIPES:
            share = stripe
        case Pattern.CHECKS:
            share = 0.5 * stripe + 0.5 * ((around / cloth.period_m) % 1.0 < 0.5)
        case Pattern.MOTTLED:
            share = np.clip(0.4 + 0.7 * _sampled(grain.fine, around * 60, along * 60), 0, 1)
        case _:
            share = places[:, 1] > 0.62
    return np.asarray(share, np.float32)


def _open_jacket(colours: Floats, seen: Seen, beneath: Floats | None) -> None:
    """The seam in front, and above it a narrow triangle of what is worn beneath, if that is seen."""
    angle, share = np.abs(seen.places[:, 0]), seen.places[:, 1]
    trunk = seen.parts == Part.TRUNK
    colours[trunk & (angle < 0.045)] *= 0.72
    if beneath is not None:
        colours[trunk & (share > 0.55) & (angle < 0.55 * np.clip((share - 0.55) / 0.35, 0, 1))] = beneath


def _draw_face(colours: Floats, seen: Seen, look: Appearance, dyes: _Dyes) -> None:
    """Hair over the head's skin, and the shadows that eyes, nose and mouth are at this size."""
    head = seen.parts == Part.FACE
    if not head.any():
        return
    angle = seen.places[head, 0].astype(np.float64)
    level = np.interp(seen.places[head, 1], np.linspace(0, 1, len(HEAD_AT)), HEAD_AT)
    away = np.abs(angle)
    skin = np.repeat(dyes.of[Part.FACE][None], len(angle), axis=0)
    eyes = np.exp(-0.5 * (((away - 0.42) / 0.17) ** 2 + ((level - 0.47) / 0.045) ** 2))
    brows = np.exp(-0.5 * (((away - 0.42) / 0.24) ** 2 + ((level - 0.56) / 0.03) ** 2))
    mouth = np.exp(-0.5 * ((away / 0.30) ** 2 + ((level - 0.10) / 0.03) ** 2))
    nose = np.exp(-0.5 * ((away / 0.16) ** 2 + ((level - 0.27) / 0.03) ** 2))
    shade = 1 - 0.55 * eyes - 0.35 * brows - 0.35 * mouth - 0.22 * nose
    covered = hair_cover(look.hair, angle, level)[:, None]
    colours[head] = (skin * shade[:, None] * (1 - covered) + dyes.of[Part.HAIR] * covered).astype(np.float32)


def _print_code(colours: Floats, seen: Seen, code: NDArray[np.uint8], where: NDArray[np.bool_]) -> None:
    """Paints the code over the clothes: whole twice around each part (so that every side shows it), once along it."""
    rows, columns = code.shape[:2]
    column = np.floor((seen.places[where, 0] / np.pi % 1.0) * columns).astype(np.int32) % columns
    # Rows of a code run down; trunks are drawn upwards, legs and sleeves downwards.
    upwards = seen.parts[where] == Part.TRUNK
    share = np.where(upwards, 1 - seen.places[where, 1], seen.places[where, 1])
    row = np.clip(np.floor(share * rows), 0, rows - 1).astype(np.int32)
    texels = code[row, column].astype(np.float32)
    colours[where] = texels[:, None] if texels.ndim == 1 else texels
