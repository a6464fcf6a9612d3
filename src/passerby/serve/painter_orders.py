"""What the supervisor tells the painter: which scene to draw, which camera to forget. Nothing here loads what draws."""

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


Order = Draw | Forget
