"""Whether a scene's parts fit its picture. The types hold what can be said of one part alone; here is what holds between them."""

import math
from collections.abc import Iterator
from typing import Final

from passerby.errors import SceneError
from passerby.released.scene import CELLS_PER_HEIGHT, Cell, Glyph, LightField, PlatePatch, Scene

LARGEST_SIDE_PX: Final = 16384
"""No picture is wider or higher: damaged bytes must not make a receiver set aside memory for one."""
LARGEST_LIGHT_SIDE: Final = 256
"""Regions of a light field in a row or a column, at most."""


def check(scene: Scene) -> None:
    """Makes sure that a scene is consistent.

    Raises:
        SceneError: Something lies outside of the picture, is finer than a scene may be, or is no number.
    """
    fault = next(_faults(scene), None)
    if fault is not None:
        raise SceneError(fault)


def _faults(scene: Scene) -> Iterator[str]:
    """What is wrong with a scene."""
    yield from _frame_faults(scene)
    yield from _grid_faults(scene)
    yield from _part_faults(scene)
    if scene.light is not None and not _light_fits(scene.light):
        yield f"a light field has 1 to {LARGEST_LIGHT_SIDE} rows and columns, not {scene.light.rows} x {scene.light.columns}"
    health = scene.health
    for share in (health.withheld_share, health.held_by_subject_share, health.never_share):
        if not 0 <= share <= 1:
            yield f"a share lies between 0 and 1, not at {share}"


def _frame_faults(scene: Scene) -> Iterator[str]:
    """What is wrong with size, time and epoch."""
    size = scene.size
    if max(size.width_px, size.height_px) > LARGEST_SIDE_PX:
        yield f"a picture of {size.width_px} x {size.height_px} is larger than {LARGEST_SIDE_PX} pixels a side"
    if not (math.isfinite(scene.time_s) and scene.time_s >= 0):
        yield f"a scene's time is a number of seconds from 0, not {scene.time_s}"
    if scene.plate_epoch < 0:
        yield f"plates are numbered from 0, not {scene.plate_epoch}"


def _part_faults(scene: Scene) -> Iterator[str]:
    """What is wrong with patches, cells and glyphs."""
    size = scene.size
    for patch in scene.patches:
        if not _patch_fits(patch, scene):
            yield f"{patch!r} lies outside of {size.width_px} x {size.height_px}"
    for cell in scene.cells:
        if not _cell_fits(cell, scene):
            yield f"{cell!r} of {scene.cell_px} px lies outside of {size.width_px} x {size.height_px}"
    for glyph in scene.glyphs:
        if not _glyph_fits(glyph, scene):
            yield f"{glyph!r} does not belong to a picture of {size.width_px} x {size.height_px}"


def _grid_faults(scene: Scene) -> Iterator[str]:
    """What is wrong with the grids of blocks and cells."""
    if scene.block_px < 1:
        yield f"a block has a side of at least 1 px, not {scene.block_px}"
        return
    spare_bits = 8 * len(scene.shown) - scene.block_rows * scene.block_columns
    if spare_bits and scene.shown[-1] & ((1 << spare_bits) - 1):
        yield "the bits after the last block are not zero"
    if scene.cell_px * CELLS_PER_HEIGHT < scene.size.height_px:
        yield f"cells of {scene.cell_px} px are finer than 1/{CELLS_PER_HEIGHT} of {scene.size.height_px} px"


def _patch_fits(patch: PlatePatch, scene: Scene) -> bool:
    """Whether a patch lies in the picture, with its whole area."""
    across = patch.x_px >= 0 and patch.width_px >= 1 and patch.x_px + patch.width_px <= scene.size.width_px
    return across and patch.y_px >= 0 and patch.height_px >= 1 and patch.y_px + patch.height_px <= scene.size.height_px


def _cell_fits(cell: Cell, scene: Scene) -> bool:
    """Whether a cell's upper left corner lies in the picture."""
    return 0 <= cell.row * scene.cell_px < scene.size.height_px and 0 <= cell.column * scene.cell_px < scene.size.width_px


def _glyph_fits(glyph: Glyph, scene: Scene) -> bool:
    """Whether a glyph is of sensible size and its foot is in the picture, or as far outside as that of a subject cut by the border may be."""
    size = scene.size
    longest_px = 2 * max(size.width_px, size.height_px)
    if not (1 <= glyph.width_px <= longest_px and 1 <= glyph.height_px <= longest_px):
        return False
    return -size.width_px <= glyph.x_px <= 2 * size.width_px and 0 <= glyph.y_px <= 2 * size.height_px


def _light_fits(light: LightField) -> bool:
    """Whether a light field has a sensible number of regions."""
    return 1 <= light.rows <= LARGEST_LIGHT_SIDE and 1 <= light.columns <= LARGEST_LIGHT_SIDE
