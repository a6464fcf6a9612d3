"""What the supervisor asks a player, and what it answers. Nothing here loads what draws."""

import msgspec


class Open(msgspec.Struct, frozen=True, tag="open"):
    """The first order: what is looked at. It is not answered.

    Attributes:
        recordings: The folder of all recordings.
        camera: Whose.
        from_s, to_s: Which of them, seconds since 1970 UTC. Nothing before or after is given out.
        assumed_s: How long recordings are kept where that was lost.
    """

    recordings: str
    camera: str
    from_s: float
    to_s: float
    assumed_s: dict[str, float]


class AskScenes(msgspec.Struct, frozen=True, tag="scenes"):
    """The scenes of [from_s, to_s), one for each `step_s` at most; 0 = all."""

    from_s: float
    to_s: float
    step_s: float


class AskGround(msgspec.Struct, frozen=True, tag="ground"):
    """The place as it was known at a moment, at most `width_px` wide; 0 = as wide as it is."""

    at_s: float
    width_px: int


class Scenes(msgspec.Struct, frozen=True, tag="scenes"):
    """Scenes as JSON, ready to be given out."""

    json: bytes


class Ground(msgspec.Struct, frozen=True, tag="ground"):
    """A ground picture as JPEG, its name, and the epoch of the scenes that it belongs to."""

    name: str
    epoch: int
    jpeg: bytes


class Nothing(msgspec.Struct, frozen=True, tag="nothing"):
    """There is nothing of that time, or nothing that may be shown any more."""


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It could not be read; why, in words."""

    says: str


Order = Open | AskScenes | AskGround
PlayerAnswer = Scenes | Ground | Nothing | Failed
