"""A plate that was released before, from a scene that holds all of it, as a gate takes it back."""

import numpy as np

from passerby.errors import SceneError
from passerby.released.geometry import check
from passerby.released.scene import Scene
from passerby.sealed.gate.grid import BLOCK_PX, Mask, Picture


def kept_plate(scene: Scene) -> tuple[Picture, Mask]:
    """The plate's picture (h x w x 3 BGR), and which of its blocks (rows x columns) are shown and all there.

    Raises:
        SceneError: The scene is inconsistent, or its blocks are of another size than a gate's.
    """
    check(scene)
    if scene.block_px != BLOCK_PX:
        raise SceneError(f"a plate of blocks of {scene.block_px} px cannot be taken back; expected {BLOCK_PX}")
    shape = scene.size.height_px, scene.size.width_px
    picture, there = np.zeros((*shape, 3), np.uint8), np.zeros(shape, bool)
    for patch in scene.patches:
        window = (slice(patch.y_px, patch.y_px + patch.height_px), slice(patch.x_px, patch.x_px + patch.width_px))
        picture[window] = np.frombuffer(patch.pixels, np.uint8).reshape(patch.height_px, patch.width_px, 3)
        there[window] = True
    rows, columns = scene.block_rows, scene.block_columns
    shown = np.unpackbits(np.frombuffer(scene.shown, np.uint8), count=rows * columns).reshape(rows, columns).astype(bool)
    padded = np.ones((rows * BLOCK_PX, columns * BLOCK_PX), bool)
    padded[: shape[0], : shape[1]] = there
    return picture, shown & padded.reshape(rows, BLOCK_PX, columns, BLOCK_PX).all((1, 3))
