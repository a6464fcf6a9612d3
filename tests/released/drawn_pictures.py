"""Pictures for tests of what encodes them."""

import numpy as np
from numpy.typing import NDArray


def moving_bar(width_px: int, height_px: int, number: int) -> NDArray[np.uint8]:
    """A picture with some texture, and a bar that goes from left to right."""
    rows, columns = np.mgrid[:height_px, :width_px]
    picture = np.stack([(rows * 3 + columns) % 200, (columns * 2) % 180, (rows + 40) % 220], axis=-1).astype(np.uint8)
    left = number * 4 % max(1, width_px - 8)
    picture[height_px // 4 : height_px // 2, left : left + 8] = 255
    return picture
