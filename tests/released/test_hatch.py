"""The hatch: calm, seamless, and no texture in which something could be seen."""

import cv2
import numpy as np
import pytest

from passerby.released.hatch import Hatch
from passerby.released.palette import HATCH_BGR
from passerby.released.scene import Size

SIZES = [Size(768, 576), Size(320, 240), Size(1920, 1080), Size(7, 5)]


@pytest.mark.parametrize("size", SIZES)
def test_the_hatch_is_as_large_as_the_picture(size: Size) -> None:
    texture = Hatch(size).texture
    assert texture.shape == (size.height_px, size.width_px, 3)
    assert texture.dtype == np.uint8


@pytest.mark.parametrize("size", SIZES)
def test_the_hatch_runs_along_diagonals_without_a_seam(size: Size) -> None:
    texture = Hatch(size).texture
    np.testing.assert_array_equal(texture[1:, :-1], texture[:-1, 1:])


@pytest.mark.parametrize("size", SIZES[:3])
def test_the_hatch_is_no_texture(size: Size) -> None:
    """A 5 x 5 deviation of 4 levels and more counts as texture where leaks are measured."""
    grey = cv2.cvtColor(np.ascontiguousarray(Hatch(size).texture), cv2.COLOR_BGR2GRAY).astype(np.float32)
    mean = cv2.blur(grey, (5, 5))
    deviation = np.sqrt(np.maximum(cv2.blur(grey * grey, (5, 5)) - mean * mean, 0))
    assert deviation.max() < 4


def test_the_hatch_can_be_seen() -> None:
    texture = Hatch(Size(768, 576)).texture.astype(int)
    assert (texture.max(axis=(0, 1)) - texture.min(axis=(0, 1)) >= 8).all()
    np.testing.assert_allclose(texture.mean(axis=(0, 1)), HATCH_BGR, atol=1.5)


def test_the_hatch_cannot_be_written_into() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Hatch(Size(8, 8)).texture[0, 0] = 0
