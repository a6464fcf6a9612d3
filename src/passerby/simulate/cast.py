"""Who walks over the plaza: how somebody moves (`Gait`) and what they look like (`Appearance`), each drawn from a seed of its own.

Nobody is modelled. Every attribute is drawn for itself, evenly over its range; nothing depends on anything else about a person.
"""

import colorsys
import math
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""

GAIT_STREAM: Final = 0x6761
APPEARANCE_STREAM: Final = 0x6170
"""Set apart what is drawn for the same person from equal seeds."""
HEIGHT_M: Final = (1.71, 0.09)
HEIGHT_SPAN_M: Final = (1.48, 1.98)
CARRIED_SHARES: Final = (0.52, 0.30, 0.06, 0.03, 0.05, 0.04)
"""How often each of `Carried` is drawn."""
HAIR_SHARES: Final = (0.05, 0.37, 0.26, 0.22, 0.05, 0.05)
"""How often each of `Hair` is drawn. The detector finds covered and bald heads less often than others; of many people few have them."""
SKIN_DARKEST: Final = (36.0, 48.0, 66.0)
SKIN_LIGHTEST: Final = (172.0, 194.0, 226.0)


class Posture(IntEnum):
    """How somebody holds themselves."""

    WALKING = 0
    STANDING = 1
    SITTING = 2
    LYING = 3


class Carried(IntEnum):
    """What somebody has with them. In the wheelchair the person sits themselves."""

    NOTHING = 0
    BAG = 1
    SUITCASE = 2
    UMBRELLA = 3
    STROLLER = 4
    WHEELCHAIR = 5


class Stance(IntEnum):
    """What the arms do while somebody stands or sits."""

    HANGING = 0
    POCKETS = 1
    PHONE = 2
    CROSSED = 3
    HIP = 4


class Pattern(IntEnum):
    """What a cloth shows."""

    PLAIN = 0
    STRIPES = 1
    CHECKS = 2
    MOTTLED = 3
    BLOCK = 4


class Top(IntEnum):
    """What the upper body wears."""

    SHORT_SLEEVES = 0
    LONG_SLEEVES = 1
    JACKET = 2
    COAT = 3


class Bottom(IntEnum):
    """What the legs wear."""

    SLIM = 0
    STRAIGHT = 1
    WIDE = 2
    SHORTS = 3
    SKIRT = 4


class Hair(IntEnum):
    """What is on the head."""

    BALD = 0
    SHORT = 1
    FULL = 2
    LONG = 3
    CAP = 4
    HOOD = 5


@dataclass(frozen=True)
class Cloth:
    """A cloth: its colour, the second colour of its pattern, and the pattern's period in metres."""

    colour: Colour
    second: Colour
    pattern: Pattern
    period_m: float


@dataclass(frozen=True)
class Gait:
    """How somebody moves.

    Attributes:
        height_m: Height, standing upright.
        stride_m: Length of one full cycle, two steps.
        sway: How much trunk and arms move, 1 = as usual.
        phase: Where in the cycle the person starts, 0 to 1.
        stance: What the arms do while they stand.
        lean_rad: How far the trunk leans forward.
    """

    height_m: float
    stride_m: float
    sway: float
    phase: float
    stance: Stance = Stance.HANGING
    lean_rad: float = 0.04

    @classmethod
    def drawn(cls, seed: int, person: int) -> "Gait":
        """The gait of a person under a gait seed."""
        rng = np.random.default_rng([GAIT_STREAM, seed, person])
        height_m = float(np.clip(rng.normal(*HEIGHT_M), *HEIGHT_SPAN_M))
        return cls(
            height_m=height_m,
            stride_m=height_m * float(rng.uniform(0.68, 0.94)),
            sway=float(rng.uniform(0.4, 1.5)),
            phase=float(rng.uniform()),
            stance=Stance(int(rng.integers(len(Stance)))),
            lean_rad=float(rng.uniform(0.0, 0.10)),
        )


@dataclass(frozen=True)
class Appearance:
    """What somebody looks like.

    Attributes:
        skin, hair_colour, shoes, thing: Colours; `thing` is what is carried.
        hair, top, bottom: Kinds of hair and clothes.
        upper, lower: The cloths that they are made of.
        build: How broad body and clothes are, 1 = as usual.
        carried: What the person has with them.
        grain: Seed of folds and cloth.
        infrared: How bright upper and lower cloth, hair and thing are in infrared, 0 to 1; it has little to do with their colours.
        code: A texture (h x w or h x w x 3 uint8) painted over trunk and legs instead of the clothes: the canary.
    """

    skin: Colour
    hair_colour: Colour
    shoes: Colour
    thing: Colour
    hair: Hair
    top: Top
    bottom: Bottom
    upper: Cloth
    lower: Cloth
    build: float
    carried: Carried
    grain: int
    infrared: tuple[float, float, float, float]
    code: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        code = self.code
        if code is not None and (code.dtype != np.uint8 or code.size == 0 or not (code.ndim == 2 or (code.ndim == 3 and code.shape[2] == 3))):
            raise ValueError(f"a code of shape {code.shape} and type {code.dtype}; expected height x width or height x width x 3 of uint8")

    @classmethod
    def drawn(cls, seed: int, person: int) -> "Appearance":
        """The appearance of a person under an appearance seed."""
        rng = np.random.default_rng([APPEARANCE_STREAM, seed, person])
        tone = rng.uniform()
        skin = np.array(SKIN_DARKEST) * (1 - tone) + np.array(SKIN_LIGHTEST) * tone + rng.normal(0, 5, 3)
        return cls(
            skin=_colour(skin),
            hair_colour=_hair_colour(rng),
            shoes=_hsv(rng.uniform(), rng.uniform(0, 0.4), rng.uniform(0.08, 0.9) ** 1.6),
            thing=_hsv(rng.uniform(), rng.uniform(0, 0.7), rng.uniform(0.1, 0.75)),
            hair=Hair(int(rng.choice(len(Hair), p=HAIR_SHARES))),
            top=Top(int(rng.integers(len(Top)))),
            bottom=Bottom(int(rng.integers(len(Bottom)))),
            upper=_cloth(rng, plain=0.68),
            lower=_cloth(rng, plain=0.85),
            build=float(rng.uniform(0.94, 1.32)),
            carried=Carried(int(rng.choice(len(Carried), p=CARRIED_SHARES))),
            grain=int(rng.integers(2**31)),
            infrared=_infrared(rng),
        )


def _colour(bgr: NDArray[np.float64]) -> Colour:
    blue, green, red = (int(value) for value in np.clip(np.rint(bgr), 0, 255))
    return blue, green, red


def _infrared(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Cloths are anything in infrared, whatever their colour; hair is darker than skin."""
    upper, lower, thing = (0.05 + 0.8 * rng.uniform() ** 1.5 for _ in range(3))
    return float(upper), float(lower), float(rng.uniform(0.04, 0.3)), float(thing)


def _hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return _colour(255 * np.array([blue, green, red]))


def _hair_colour(rng: np.random.Generator) -> Colour:
    """From black, the most frequent, over brown and red to blond, or grey to white."""
    if rng.uniform() < 0.08:
        return _hsv(0.1, 0.06, rng.uniform(0.3, 0.8))
    light = rng.uniform() ** 3.5
    return _hsv(rng.uniform(0.04, 0.11), 0.5 - 0.15 * light, 0.05 + 0.6 * light)


def _cloth(rng: np.random.Generator, plain: float) -> Cloth:
    """A cloth of any hue; brightness is spread evenly for the eye, vivid cloths are as frequent as greyish ones."""
    hue, saturation, value = rng.uniform(), 0.8 * rng.uniform() ** 1.8, 0.05 + 0.85 * rng.uniform() ** 1.4
    colour = _hsv(hue, saturation, value)
    other_value = value + math.copysign(rng.uniform(0.15, 0.5), 0.5 - value)
    second = _hsv(hue + rng.choice([0.0, 0.5, rng.uniform()]), 0.8 * rng.uniform() ** 1.8, float(np.clip(other_value, 0.03, 0.95)))
    pattern = Pattern.PLAIN if rng.uniform() < plain else Pattern(int(rng.integers(1, len(Pattern))))
    return Cloth(colour, second, pattern, float(rng.uniform(0.03, 0.16)))
