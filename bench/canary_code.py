"""The canary's code: a texture that no place has, made so that a piece of it betrays itself wherever it lies.

The texture is a chequerboard of cells, dark or bright, that repeats every 31 cells both ways. Cell j of row i is

    bright where (j + i * i) mod 31 is a square modulo 31, dark elsewhere

so each row is the same Legendre sequence, shifted. What that is good for:

- The sequence is as unlike its own shifts as a sequence can be (their correlation is -1/31), and so is the plane: a piece has one place.
- 31 cells of any row, beginning anywhere, hold the whole sequence: one row is enough, at whatever width and offset it lies in memory.
- Turned left to right the sequence is its own negative (31 = 3 mod 4), so that mirrored figures need no second search along rows.

It is grey: each colour channel and the luma plane hold it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

PERIOD: Final = 31
"""Cells after which the texture repeats, both ways."""
CELL_PX: Final = 4
"""Side of a cell at scale 1."""
DARK: Final = 35
BRIGHT: Final = 220

Signs = NDArray[np.int8]


def sequence() -> Signs:
    """One period of a row: +1 = bright, -1 = dark (31)."""
    squares = {number * number % PERIOD for number in range(PERIOD)}
    return np.array([1 if number in squares else -1 for number in range(PERIOD)], np.int8)


def plane(rows: int = PERIOD, columns: int = PERIOD) -> Signs:
    """The first cells of the plane (rows x columns): +1 = bright, -1 = dark."""
    i, j = np.arange(rows)[:, None], np.arange(columns)[None, :]
    return np.asarray(sequence()[(j + i * i) % PERIOD])


def texture(width_px: int, height_px: int, cell_px: int = CELL_PX, dark: int = DARK, bright: int = BRIGHT) -> NDArray[np.uint8]:
    """The texture as a picture (height x width x 3, all channels alike)."""
    signs = plane(-(-height_px // cell_px), -(-width_px // cell_px))
    grey = np.where(signs > 0, bright, dark).astype(np.uint8)
    whole = np.repeat(np.repeat(grey, cell_px, axis=0), cell_px, axis=1)[:height_px, :width_px]
    return np.repeat(whole[..., None], 3, axis=2)
