"""Scenes for the tests of the released room, drawn by hand or by hypothesis."""

import msgspec
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from passerby.released.scene import Cell, GateHealth, GateState, Glyph, Kind, Level, LightField, PlatePatch, Scene, Size

Picture = NDArray[np.uint8]

GLYPH_SIZES = ((9, 24), (14, 40), (40, 24), (3, 5), (20, 12))
"""Few sizes, so that sprites are met again."""


def plate_of(size: Size, seed: int = 0) -> Picture:
    """A plate with a different value at every pixel and channel."""
    return np.random.default_rng(seed).integers(0, 256, (size.height_px, size.width_px, 3), np.uint8)


def patch_of(plate: Picture, x_px: int = 0, y_px: int = 0) -> PlatePatch:
    """A picture as a patch at a place."""
    return PlatePatch(x_px, y_px, plate.shape[1], plate.shape[0], plate.tobytes())


def bits_of(shown: NDArray[np.bool_]) -> bytes:
    """Which blocks are shown, as a scene holds it."""
    return np.packbits(shown).tobytes()


def drawn_scene(
    size: Size,
    *,
    patches: tuple[PlatePatch, ...] = (),
    shown: NDArray[np.bool_] | None = None,
    glyphs: tuple[Glyph, ...] = (),
    cells: tuple[Cell, ...] = (),
    block_px: int = 16,
    light: LightField | None = None,
    time_s: float = 0.0,
    state: GateState = GateState.WATCHING,
    withheld_share: float = 0.0,
) -> Scene:
    """A scene in which everything is shown but what is said otherwise."""
    blocks = (-(-size.height_px // block_px), -(-size.width_px // block_px))
    return Scene(
        time_s=time_s,
        size=size,
        level=Level.GLYPHS,
        plate_epoch=0,
        block_px=block_px,
        shown=bits_of(np.ones(blocks, np.bool_) if shown is None else shown),
        patches=patches,
        light=light,
        glyphs=tuple(sorted(glyphs)),
        cell_px=max(1, -(-size.height_px // 24)),
        cells=tuple(sorted(cells)),
        health=GateHealth(state, withheld_share, 0.0, 0.0),
    )


def person(x_px: int, y_px: int, height_px: int = 40) -> Glyph:
    """A person's glyph."""
    return Glyph(y_px, x_px, height_px, max(1, round(0.36 * height_px)), Kind.PERSON)


def glyphs_in(size: Size) -> st.SearchStrategy[tuple[Glyph, ...]]:
    """Up to six glyphs, also cut by the border."""

    def glyph(kind: Kind, x_px: int, y_px: int, form: tuple[int, int]) -> Glyph:
        return Glyph(y_px, x_px, form[1], form[0], kind)

    width_px, height_px = size.width_px, size.height_px
    xs, ys = st.integers(max(-10, -width_px), min(width_px + 10, 2 * width_px)), st.integers(0, min(height_px + 20, 2 * height_px))
    forms = [form for form in GLYPH_SIZES if max(form) <= 2 * max(width_px, height_px)] or [(1, 1)]
    one = st.builds(glyph, st.sampled_from(Kind), xs, ys, st.sampled_from(forms))
    return st.lists(one, max_size=6).map(lambda glyphs: tuple(sorted(glyphs)))


def cells_in(size: Size, cell_px: int) -> st.SearchStrategy[tuple[Cell, ...]]:
    """Up to eight cells that lie in the picture."""
    rows, columns = -(-size.height_px // cell_px), -(-size.width_px // cell_px)
    one = st.builds(Cell, st.integers(0, rows - 1), st.integers(0, columns - 1))
    return st.sets(one, max_size=8).map(lambda cells: tuple(sorted(cells)))


@st.composite
def patches_in(draw: st.DrawFn, size: Size) -> PlatePatch:
    """A patch of noise that lies in the picture."""
    x_px, y_px = draw(st.integers(0, size.width_px - 1)), draw(st.integers(0, size.height_px - 1))
    width_px, height_px = draw(st.integers(1, size.width_px - x_px)), draw(st.integers(1, size.height_px - y_px))
    return patch_of(plate_of(Size(width_px, height_px), draw(st.integers(0, 9))), x_px, y_px)


@st.composite
def lights(draw: st.DrawFn) -> LightField | None:
    """A light field, or none."""
    if draw(st.booleans()):
        return None
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return LightField(rows, columns, draw(st.binary(min_size=rows * columns * 3, max_size=rows * columns * 3)))


@st.composite
def shown_blocks(draw: st.DrawFn, rows: int, columns: int) -> bytes:
    """Which blocks are shown: about half, none or all of them."""
    share = draw(st.sampled_from((0.0, 0.5, 0.9, 1.0)))
    return bits_of(np.random.default_rng(draw(st.integers(0, 99))).random((rows, columns)) < share)


SMALL_SIZES = st.builds(Size, st.integers(1, 80), st.integers(1, 60))
CAPTIONED_SIZES = st.builds(Size, st.integers(230, 260), st.integers(144, 160))
ANY_LEVEL = st.sampled_from(Level)


@st.composite
def scenes(draw: st.DrawFn, sizes: st.SearchStrategy[Size] = SMALL_SIZES, levels: st.SearchStrategy[Level] = ANY_LEVEL) -> Scene:
    """Any consistent scene of a small picture."""
    size = draw(sizes)
    block_px = draw(st.sampled_from((4, 8, 16, 100)))
    cell_px = draw(st.integers(max(1, -(-size.height_px // 24)), 40))
    level = draw(levels)
    shares = st.floats(0, 1)
    return Scene(
        time_s=draw(st.floats(0, 1e6)),
        size=size,
        level=level,
        plate_epoch=draw(st.integers(0, 5)),
        block_px=block_px,
        shown=draw(shown_blocks(-(-size.height_px // block_px), -(-size.width_px // block_px))),
        patches=tuple(draw(st.lists(patches_in(size), max_size=3))),
        light=draw(lights()),
        glyphs=draw(glyphs_in(size)) if level >= Level.GLYPHS else (),
        cell_px=cell_px,
        cells=draw(cells_in(size, cell_px)) if level >= Level.HEAT else (),
        health=GateHealth(draw(st.sampled_from(GateState)), draw(shares), draw(shares), draw(shares), draw(st.sampled_from((None, False, True)))),
    )


@st.composite
def scene_runs(draw: st.DrawFn) -> list[Scene]:
    """A few scenes of one camera, one after another: each changes some of what the one before had; some pictures have room for a caption."""
    first = draw(scenes(st.one_of(SMALL_SIZES, CAPTIONED_SIZES), st.just(Level.GLYPHS)))
    run = [first]
    size, rows, columns = first.size, first.block_rows, first.block_columns
    for _ in range(draw(st.integers(1, 6))):
        last = run[-1]
        changes = draw(st.sets(st.sampled_from(("glyphs", "cells", "shown", "patches", "light", "epoch", "health", "time", "level"))))
        level = draw(st.sampled_from(Level)) if "level" in changes else last.level
        glyphs = draw(glyphs_in(size)) if "glyphs" in changes else last.glyphs
        cells = draw(cells_in(size, first.cell_px)) if "cells" in changes else last.cells
        run.append(
            msgspec.structs.replace(
                last,
                level=level,
                glyphs=glyphs if level >= Level.GLYPHS else (),
                cells=cells if level >= Level.HEAT else (),
                shown=draw(shown_blocks(rows, columns)) if "shown" in changes else last.shown,
                patches=tuple(draw(st.lists(patches_in(size), max_size=2))) if "patches" in changes else (),
                light=draw(lights()) if "light" in changes else last.light,
                plate_epoch=last.plate_epoch + ("epoch" in changes),
                health=GateHealth(draw(st.sampled_from(GateState)), draw(st.floats(0, 1)), 0.0, 0.0) if "health" in changes else last.health,
                time_s=last.time_s + draw(st.floats(0, 3)) if "time" in changes else last.time_s,
            )
        )
    return run
