"""How glyphs look: soft figures that stand for a person, a two-wheeler, a vehicle or an animal.

Three traits of the look keep it from resembling who stood there; `leak_rate.py`'s measures led to them:
- The upper end is broad and fades out. A crisp round top has the outline of a head, and a search for a head's gradients finds it.
- Faint diagonal stripes, the hatch's motif, run across the figure. What is left of its edges is mixed with gradients that no head has.
- The foot's shadow is hardly there. A dark one passes for dark shoes and trousers.
"""

from collections import OrderedDict
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from passerby.released.palette import KIND_BGR, SHADOW_BGR
from passerby.released.scene import Glyph, Kind
from passerby.released.sprite import Sprite, sprite_of

Field = NDArray[np.floating[Any]]

KEPT_BYTES: Final = 64 * 2**20
"""Memory for sprites that were drawn."""
OPACITY: Final = 0.95
TOP_OPACITY: Final = 0.75
"""Of the body's opacity, at the very top; all of it from `FADE` downwards."""
FADE: Final = 0.3
"""Part of the height over which the top fades."""
FEATHER_OUT: Final = 0.02
"""How far the edge reaches out of the figure, as a part of its scale."""
FEATHER_IN: Final = 0.04
"""How far the edge reaches into the figure."""
FEATHER_IN_TOP: Final = 0.12
"""The same at the very top."""
SHADE: Final = 0.065
"""How much lighter the top and darker the foot is than the middle."""
STRIPES: Final = 0.05
"""How much lighter and darker the stripes are."""
STRIPE_PERIOD: Final = 0.085
"""Distance from stripe to stripe along a row, as a part of the figure's scale."""
RIM: Final = 0.17
"""How much darker the rim is: figures that overlap stay apart for the eye."""
RIM_INSET: Final = 0.055
"""How far inside of the outline the rim runs."""
RIM_WIDTH: Final = 0.028
"""Half the rim's width, as a part of the figure's scale."""
SHADOW_OPACITY: Final = 0.05
BRIGHTEST: Final = 250.0


class _Sheet(NamedTuple):
    """Pixel positions of a sprite: `across` from the figure's middle line, `down` from its upper edge."""

    across: Field
    down: Field
    left_px: int
    top_px: int


class GlyphArt:
    """Draws glyphs; each kind and size is drawn once and kept, up to a limit of memory."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Kind, int, int], Sprite] = OrderedDict()
        self._kept_bytes = 0

    def sprite(self, glyph: Glyph) -> Sprite:
        """The figure of a glyph, anchored at its foot point."""
        key = (glyph.kind, glyph.width_px, glyph.height_px)
        sprite = self._kept.get(key)
        if sprite is not None:
            self._kept.move_to_end(key)
            return sprite
        sprite = glyph_sprite(*key)
        self._kept[key] = sprite
        self._kept_bytes += sprite.size_bytes
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.size_bytes
        return sprite


def glyph_sprite(kind: Kind, width_px: int, height_px: int) -> Sprite:
    """Draws a figure of a kind and size, its anchor in the middle of its lower edge."""
    scale_px = min(height_px, 2.8 * width_px)
    sheet = _sheet(width_px, height_px, scale_px)
    share = np.clip(sheet.down / height_px, 0, 1)
    distance_px = _distance(kind, sheet, width_px, height_px)
    opacity = _edge(distance_px, share, scale_px)
    opacity = opacity * OPACITY * (TOP_OPACITY + (1 - TOP_OPACITY) * _eased(share / FADE))
    period_px = max(5.0, STRIPE_PERIOD * scale_px)
    tone = 1 + SHADE * (1 - 2 * share) + STRIPES * np.sin(2 * np.pi * (sheet.across + sheet.down) / period_px)
    tone = tone * (1 - RIM * _rim(distance_px, scale_px))
    colour = np.minimum(np.array(KIND_BGR[kind], np.float32) * tone[..., None], BRIGHTEST)
    shadow = _shadow(sheet, width_px, height_px) * (1 - opacity)
    whole = opacity + shadow
    weight = (opacity / np.maximum(whole, 1e-6))[..., None]
    mixed = colour * weight + np.array(SHADOW_BGR, np.float32) * (1 - weight)
    return sprite_of(mixed, whole, sheet.left_px, sheet.top_px)


def _sheet(width_px: int, height_px: int, scale_px: float) -> _Sheet:
    """The pixels that a figure with its soft edge and shadow can touch."""
    edge_px = int(np.ceil(max(1.0, FEATHER_OUT * scale_px))) + 1
    beside_px, below_px = edge_px + round(0.2 * min(width_px, height_px)), edge_px + round(0.2 * min(width_px, height_px))
    columns = np.arange(width_px + 2 * beside_px, dtype=np.float32) + 0.5 - (width_px + 2 * beside_px) / 2
    rows = np.arange(height_px + edge_px + below_px, dtype=np.float32) + 0.5 - edge_px
    across, down = np.meshgrid(columns, rows)
    return _Sheet(across, down, -((width_px + 2 * beside_px) // 2), -(height_px + edge_px))


def _distance(kind: Kind, sheet: _Sheet, width_px: int, height_px: int) -> Field:
    """How far each pixel lies outside of the figure's outline; negative inside."""
    down = sheet.down - height_px / 2
    short_px = min(width_px, height_px)
    if kind is Kind.PERSON:
        return _rounded_box(sheet.across, down, width_px, height_px, 0.45 * short_px)
    if kind is Kind.VEHICLE:
        return _rounded_box(sheet.across, down, width_px, height_px, 0.26 * short_px)
    if kind is Kind.ANIMAL:
        return _rounded_box(sheet.across, down, width_px, height_px, 0.5 * short_px)
    # A rider on a low wide base: upright above, lying below, run into each other.
    base_px = 0.42 * height_px
    upright = _rounded_box(sheet.across, down, 0.46 * width_px, height_px, 0.23 * short_px)
    base = _rounded_box(sheet.across, down - (height_px - base_px) / 2, width_px, base_px, 0.5 * min(base_px, width_px))
    return _run_together(upright, base, 0.5 * short_px)


def _rounded_box(across: Field, down: Field, width_px: float, height_px: float, radius_px: float) -> Field:
    """Distance from a box with round corners around the origin."""
    beyond_x, beyond_y = np.abs(across) - (width_px / 2 - radius_px), np.abs(down) - (height_px / 2 - radius_px)
    corner: Field = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
    return corner + np.minimum(np.maximum(beyond_x, beyond_y), 0) - radius_px


def _run_together(one: Field, other: Field, reach_px: float) -> Field:
    """Distance from two figures whose inner corner is filled softly (polynomial smooth minimum, I. Quilez)."""
    overlap = np.maximum(reach_px - np.abs(one - other), 0) / reach_px
    nearer: Field = np.minimum(one, other)
    return nearer - overlap * overlap * reach_px / 4


def _edge(distance_px: Field, share: Field, scale_px: float) -> Field:
    """Opacity, 0 to 1, from a figure's distances: soft everywhere, very soft at the top."""
    outside_px = max(0.7, FEATHER_OUT * scale_px)
    sides_px, top_px = max(0.7, FEATHER_IN * scale_px), max(0.7, FEATHER_IN_TOP * scale_px)
    inside_px = sides_px + (top_px - sides_px) * _eased(1 - share / 0.45)
    return _eased((outside_px - distance_px) / (outside_px + inside_px))


def _rim(distance_px: Field, scale_px: float) -> Field:
    """How much of the rim's tone each pixel has, 0 to 1."""
    half_px, inside_px = max(0.8, RIM_WIDTH * scale_px), RIM_INSET * scale_px
    rim: Field = np.exp(-(((distance_px + inside_px) / half_px) ** 2))
    return rim


def _shadow(sheet: _Sheet, width_px: int, height_px: int) -> Field:
    """Opacity of the soft shadow that a figure throws where it stands."""
    short_px = min(width_px, height_px)
    across = sheet.across / (width_px / 2 + 0.1 * short_px)
    down = (sheet.down - height_px + 0.04 * short_px) / (0.16 * short_px)
    shadow: Field = SHADOW_OPACITY * np.exp(-1.6 * (across * across + down * down))
    return np.where(shadow < SHADOW_OPACITY / 8, 0, shadow)


def _eased(share: Field) -> Field:
    """The share cut to 0..1, with soft ends."""
    cut: Field = np.clip(share, 0, 1)
    return cut * cut * (3 - 2 * cut)
