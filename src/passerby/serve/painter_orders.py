"""What the supervisor tells the painter: which scene or ground to draw, which camera to forget. Nothing here loads what draws."""

import msgspec

from passerby.released.scene import Scene


class Draw(msgspec.Struct, frozen=True, tag="draw"):
    """Draw this scene. `anew`: it brings the whole plate, and what was drawn of the camera before is void."""

    camera: str
    scene: Scene
    anew: bool


class Forget(msgspec.Struct, frozen=True, tag="forget"):
    """Nobody watches this camera any more."""

    camera: str


class DrawGround(msgspec.Struct, frozen=True, tag="draw_ground"):
    """Draw the ground of this scene: its plate and the hatch, without anything that moves. `anew` as in `Draw`.

    Answered with four bytes that differ where the ground does, or with nothing where the whole plate is needed first.
    """

    camera: str
    scene: Scene
    anew: bool


class EncodeGround(msgspec.Struct, frozen=True, tag="encode_ground"):
    """The ground that was drawn last, as a JPEG of this width; 0 = as wide as the camera's picture. Never wider than that."""

    camera: str
    width_px: int


class ForgetGround(msgspec.Struct, frozen=True, tag="forget_ground"):
    """Nobody wants this camera's ground any more."""

    camera: str


Order = Draw | Forget | DrawGround | EncodeGround | ForgetGround
