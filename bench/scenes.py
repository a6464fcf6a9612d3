"""Where the glyphs of a clip stand, from the released scenes themselves."""

from collections.abc import Iterator
from pathlib import Path

from bench.glyph_measure import Foot
from passerby.redact.run import scenes_of
from passerby.redact.settings import RedactSettings, gate_settings
from passerby.released.scene import Kind


def feet_of(clip: Path, settle_s: float, *, streaming: bool) -> Iterator[tuple[int, list[Foot]]]:
    """The number of each frame (from 1) and the foot points of its person glyphs."""
    settings = RedactSettings(gate=gate_settings(settle_s=settle_s, streaming=streaming), streaming=streaming)
    for index, scene in scenes_of(clip, settings):
        yield index + 1, [(glyph.x_px, glyph.y_px) for glyph in scene.glyphs if glyph.kind is Kind.PERSON]
