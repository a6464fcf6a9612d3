"""Blocks of a plate as patches of a scene."""

import numpy as np

from passerby.released.scene import PlatePatch
from passerby.sealed.gate.grid import BLOCK_PX, Mask, Picture


def patches_of(plate: Picture, blocks: Mask) -> tuple[PlatePatch, ...]:
    """These blocks of a plate (h x w x 3 BGR), joined along rows."""
    patches = []
    edges = np.diff(np.pad(blocks.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    for row in np.flatnonzero(blocks.any(1)):
        for start, end in zip(np.flatnonzero(edges[row] == 1), np.flatnonzero(edges[row] == -1), strict=True):
            part = plate[row * BLOCK_PX : (row + 1) * BLOCK_PX, start * BLOCK_PX : end * BLOCK_PX]
            patches.append(PlatePatch(int(start) * BLOCK_PX, int(row) * BLOCK_PX, part.shape[1], part.shape[0], part.tobytes()))
    return tuple(patches)
