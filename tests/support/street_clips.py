"""Small clips of a place for cameras of tests: textured, a little noisy, with something that walks through it. Cheap to decode and to look at."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.support.rtsp_server import Picture, write_packets

FPS = 5


def street(width_px: int = 192, height_px: int = 144, count: int = 40, seed: int = 0) -> Iterator[Picture]:
    """Pictures of a street."""
    rng = np.random.default_rng(seed)
    place = rng.integers(40, 200, (height_px // 8, width_px // 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
    for number in range(count):
        picture = place + rng.normal(0, 2, place.shape)
        left = number * width_px // count
        picture[height_px // 3 : 2 * height_px // 3, left : left + 12] = (30, 200, 240)
        yield np.clip(picture, 0, 255).astype(np.uint8)


def street_packets(folder: Path, name: str = "street", width_px: int = 192, height_px: int = 144, codec: str = "h264", seed: int = 0) -> Path:
    """A packets file of a street for `RtspServer.mount`."""
    return write_packets(folder / f"{name}.packets", street(width_px, height_px, seed=seed), codec=codec, fps=FPS)
