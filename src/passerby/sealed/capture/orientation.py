"""How a stored picture is turned so that it stands upright. Pure: the only pixels seen are those handed in to be turned."""

import struct
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.released.scene import Size

_MATRIX: Final = struct.Struct("=9i")


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways in which a picture can be stored: first transposed, then mirrored left to right, then top to bottom.

    Attributes:
        transposed: Rows become columns.
        flipped_x: Left and right change places, after transposing.
        flipped_y: Top and bottom change places, after transposing.
    """

    transposed: bool = False
    flipped_x: bool = False
    flipped_y: bool = False

    @classmethod
    def from_display_matrix(cls, matrix: bytes) -> "Orientation":
        """The orientation nearest to a display matrix (ISO/IEC 14496-12, 8.2.2): nine native 32-bit integers a b u c d v x y w.

        A stored point (p, q) is shown at (a p + c q, b p + d q), y downwards. Slanted matrices are taken to the nearest right angle.

        Raises:
            ValueError: The matrix is not 36 bytes.
        """
        if len(matrix) != _MATRIX.size:
            raise ValueError(f"a display matrix has {_MATRIX.size} bytes, not {len(matrix)}")
        a, b, _, c, d, *_ = _MATRIX.unpack(matrix)
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transposed=True, flipped_x=c < 0, flipped_y=b < 0)
        return cls(transposed=False, flipped_x=a < 0, flipped_y=d < 0)

    @property
    def rotation_deg(self) -> int:
        """Degrees clockwise (0, 90, 180 or 270) by which the stored picture is turned; what is mirrored is so left to right, afterwards."""
        if self.transposed:
            return 270 if self.flipped_y else 90
        return 180 if self.flipped_y else 0

    def upright_size(self, stored: Size) -> Size:
        """The size of a stored picture after turning."""
        return Size(stored.height_px, stored.width_px) if self.transposed else stored

    def upright(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture (height x width x 3) turned upright; the same array when there is nothing to turn."""
        turned = cv2.transpose(picture) if self.transposed else picture
        if self.flipped_x or self.flipped_y:
            code = -1 if self.flipped_x and self.flipped_y else int(self.flipped_x)
            turned = cv2.flip(turned, code)
        return np.asarray(turned, dtype=np.uint8)


UPRIGHT: Final = Orientation()
"""As stored."""
