"""Noise of which surfaces are made: smooth fields that repeat at their borders, and how much of a pixel a pattern of lines covers."""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bgr = tuple[float, float, float]


def waves(rng: np.random.Generator, side_px: int, cells: int) -> Floats:
    """(side, side) float32 of mean 0 and deviation 1 that repeats at its borders, with features of about side / cells pixels."""
    grid = rng.standard_normal((cells, cells)).astype(np.float32)
    wrapped = np.pad(grid, 2, mode="wrap")
    scale = side_px / cells
    large = np.asarray(cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.float32)
    first = round(2 * scale)
    field = large[first : first + side_px, first : first + side_px]
    return np.asarray((field - field.mean()) / max(1e-6, float(field.std())), np.float32)


def fractal(rng: np.random.Generator, side_px: int, cells: tuple[int, ...], weights: tuple[float, ...]) -> Floats:
    """Sum of `waves` of several fineness, of deviation 1."""
    total = sum(weight * waves(rng, side_px, n) for n, weight in zip(cells, weights, strict=True))
    field = np.asarray(total, np.float32)
    return np.asarray((field - field.mean()) / max(1e-6, float(field.std())), np.float32)


def sampled(tile: Floats, x: Floats, y: Floats, wavelength: float) -> Floats:
    """`tile` repeated over the plane so that its side is `wavelength` units long, read at (x, y)."""
    side = tile.shape[0]
    wrapped = np.pad(tile, ((0, 1), (0, 1)), mode="wrap")
    across = np.asarray(np.mod(x * (side / wavelength), side), np.float32)
    down = np.asarray(np.mod(y * (side / wavelength), side), np.float32)
    return np.asarray(cv2.remap(wrapped, across, down, cv2.INTER_LINEAR), np.float32)


def line_share(at: Floats, period: float, width: float, footprint: Floats) -> Floats:
    """Share of each pixel that is covered by lines of `width` every `period` units, the first one from 0, for pixels `footprint` units wide."""
    wide = np.maximum(footprint, np.float32(1e-4))

    def covered(to: Floats) -> Floats:
        whole = np.floor(to / period)
        return np.asarray(whole * width + np.minimum(to - whole * period, width), np.float32)

    share = (covered(np.asarray(at + wide / 2, np.float32)) - covered(np.asarray(at - wide / 2, np.float32))) / wide
    return np.asarray(np.clip(share, 0, 1), np.float32)


def mixed(picture: Floats, colour: Bgr | Floats, share: Floats) -> None:
    """Lays `colour` over `picture` (h, w, 3), by `share` (h, w) of each pixel; changes `picture`."""
    picture += (np.asarray(colour, np.float32) - picture) * share[..., None]
