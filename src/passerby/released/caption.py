"""The caption in the lower left corner: media time, what the gate is doing, how much is withheld."""

from collections import Counter
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.palette import ALERT_BGR, CALM_BGR, INK_BGR, TEXT_BGR, Bgr
from passerby.released.scene import GateState, Kind, Level, Scene, Size
from passerby.released.show import Show
from passerby.released.sprite import Sprite, sprite_of

SMALLEST_HEIGHT_PX: Final = 144
"""Pictures lower than this have no room for a caption that can be read."""
PILL_OPACITY: Final = 0.72
STATE_WORDS: Final[dict[GateState, str]] = {
    GateState.SETTLING: "settling",
    GateState.WATCHING: "watching",
    GateState.MOVED: "camera moved: withheld",
    GateState.COVERED: "camera covered: withheld",
    GateState.LIGHT_CHANGED: "light changed: withheld",
    GateState.FROZEN: "picture frozen: withheld",
    GateState.DETECTOR_FAILED: "detector failed: withheld",
    GateState.BAD_FRAME: "damaged frame: withheld",
}
KIND_WORDS: Final[dict[Kind, tuple[str, str]]] = {
    Kind.PERSON: ("person", "persons"),
    Kind.TWO_WHEELER: ("two-wheeler", "two-wheelers"),
    Kind.VEHICLE: ("vehicle", "vehicles"),
    Kind.ANIMAL: ("animal", "animals"),
}


def caption_text(scene: Scene, show: Show) -> tuple[str, str]:
    """The caption's two parts, media time and the rest; a picture that shows no glyphs says in words how many there are."""
    seconds = int(scene.time_s)
    words = [STATE_WORDS[scene.health.state]]
    if show is Show.COUNTS and scene.level >= Level.GLYPHS:
        words += _counts(scene)
    percent = round(scene.health.withheld_share * 100)
    if percent:
        words.append(f"{percent} % withheld")
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}", " · ".join(words)


def _counts(scene: Scene) -> list[str]:
    """How many of each kind, in words."""
    counted = Counter(glyph.kind for glyph in scene.glyphs)
    return [f"{counted[kind]} {KIND_WORDS[kind][counted[kind] != 1]}" for kind in Kind if counted[kind]] or ["nobody"]
