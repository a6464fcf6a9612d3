"""The caption in the lower left corner: media time, what the gate is doing, how much is withheld."""

from collections import Counter
from typing import Final, NamedTuple

import numpy as np

from passerby.released.palette import PILL_BGR, TEXT_BGR, state_bgr
from passerby.released.scene import GateState, Kind, Level, Scene, Size
from passerby.released.show import Show
from passerby.released.sprite import Sprite, sprite_of
from passerby.released.typeface import Typeface, rounded_box_opacity

SMALLEST_HEIGHT_PX: Final = 144
"""Pictures lower than this have no room for a caption that can be read."""
PILL_OPACITY: Final = 0.85
STATE_WORDS: Final[dict[GateState, str]] = {
    GateState.SETTLING: "settling",
    GateState.WATCHING: "watching",
    GateState.MOVED: "camera moved",
    GateState.COVERED: "camera covered",
    GateState.LIGHT_CHANGED: "light changed",
    GateState.FROZEN: "picture frozen",
    GateState.DETECTOR_FAILED: "detector failed",
    GateState.BAD_FRAME: "damaged frame",
}
KIND_WORDS: Final[dict[Kind, tuple[str, str]]] = {
    Kind.PERSON: ("person", "people"),
    Kind.TWO_WHEELER: ("two-wheeler", "two-wheelers"),
    Kind.VEHICLE: ("vehicle", "vehicles"),
    Kind.ANIMAL: ("animal", "animals"),
}


class CaptionText(NamedTuple):
    """What a caption says."""

    heading: str
    """Set in bold: media time, h:mm:ss."""
    words: str
    """What follows: the gate's state and how much is withheld."""
    state: GateState


def caption_text(scene: Scene, show: Show) -> CaptionText:
    """What the caption of a scene says; a picture without glyphs says in words how many there are."""
    seconds = int(scene.time_s)
    words = [STATE_WORDS[scene.health.state]]
    if show is Show.COUNTS and scene.level >= Level.GLYPHS:
        words += _counts(scene)
    if scene.health.withheld_share > 0:
        words.append(withheld_words(scene.health.withheld_share))
    time = f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return CaptionText(time, " · ".join(words), scene.health.state)


def withheld_words(share: float) -> str:
    """How much is withheld, never rounded down to nothing nor up to everything."""
    percent = min(max(round(share * 100), 1), 99) if 0 < share < 1 else round(share * 100)
    return f"{percent}% withheld" if share == 0 or share >= 0.01 else "under 1% withheld"


def _counts(scene: Scene) -> list[str]:
    """How many of each kind, in words."""
    counted = Counter(glyph.kind for glyph in scene.glyphs)
    return [f"{counted[kind]} {KIND_WORDS[kind][counted[kind] != 1]}" for kind in Kind if counted[kind]] or ["nobody"]


class Caption:
    """Draws captions for pictures of one size."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._typeface = Typeface(max(10, round(4 + size.height_px / 90)))
        self._drawn: tuple[CaptionText, Sprite | None] | None = None

    def sprite(self, text: CaptionText) -> Sprite | None:
        """The caption's pill, anchored at the picture's upper left corner; None where there is no room for it.

        Where the pill would be wider than the picture it falls back to the time alone. The last caption is kept: the same text gives the same sprite.
        """
        if self._drawn is None or self._drawn[0] != text:
            self._drawn = text, self._fitting(text)
        return self._drawn[1]

    def _fitting(self, text: CaptionText) -> Sprite | None:
        """The longest pill that fits into the picture."""
        if self._size.height_px < SMALLEST_HEIGHT_PX:
            return None
        for words in (text.words, ""):
            sprite = self._pill(text._replace(words=words))
            if sprite.left_px + sprite.cover.shape[1] + sprite.left_px <= self._size.width_px:
                return sprite
        return None

    def _pill(self, text: CaptionText) -> Sprite:
        """A dark rounded pill with a dot in the state's colour, the time and the words."""
        em_px = self._typeface.em_px
        height_px = round(em_px * 1.55)
        pad_px, dot_px = round(em_px * 0.62), round(em_px * 0.5)
        heading_at_px = pad_px + dot_px + round(em_px * 0.42)
        # Digits differ in width: every time takes the room of one that is all zeros, so that the words beside it do not twitch from second to second.
        heading_px = self._typeface.width_px("".join("0" if letter.isdigit() else letter for letter in text.heading), bold=True)
        words_at_px = heading_at_px + heading_px + round(em_px * 0.55)
        width_px = words_at_px + self._typeface.width_px(text.words) + pad_px if text.words else heading_at_px + heading_px + pad_px
        colour = np.broadcast_to(np.array(PILL_BGR, np.float32), (height_px, width_px, 3)).copy()
        opacity = rounded_box_opacity(width_px, height_px, height_px / 2) * PILL_OPACITY
        dot = np.zeros_like(opacity)
        dot_top_px = (height_px - dot_px) // 2
        dot[dot_top_px : dot_top_px + dot_px, pad_px : pad_px + dot_px] = rounded_box_opacity(dot_px, dot_px, dot_px / 2)
        baseline_px = round(height_px / 2 + em_px * 0.35)
        lines = [(text.heading, heading_at_px, baseline_px, True), (text.words, words_at_px, baseline_px, False)]
        letters = self._typeface.coverage(width_px, height_px, lines)
        for coverage, bgr in ((dot, state_bgr(text.state)), (letters, TEXT_BGR)):
            mixed = opacity + coverage * (1 - opacity)
            weight = (coverage / np.maximum(mixed, 1e-6))[..., None]
            colour = colour * (1 - weight) + np.array(bgr, np.float32) * weight
            opacity = mixed
        margin_px = round(em_px * 0.8)
        return sprite_of(colour, opacity, margin_px, self._size.height_px - margin_px - height_px)
