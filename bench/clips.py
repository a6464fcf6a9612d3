"""Reading whole clips, the plain way: every decoded frame in order, and what the place looks like over time.

Read with OpenCV, not with the project's own capture: a benchmark must not share the decoder's mistakes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height x width x 3, BGR."""
Mask = NDArray[np.bool_]
"""Height x width."""

DEFAULT_FPS: Final = 25.0


class UnreadableClipError(Exception):
    """A clip that cannot be opened or that ends where it must not."""


@dataclass(frozen=True)
class ClipFacts:
    """What a clip is: its size in pixels, its frames (counted by decoding) and its rate."""

    width_px: int
    height_px: int
    frames: int
    fps: float


def frames_of(path: Path) -> Iterator[Picture]:
    """Every frame of the clip, in order."""
    clip = cv2.VideoCapture(str(path))
    try:
        if not clip.isOpened():
            raise UnreadableClipError(f"cannot open {path}")
        while True:
            there, frame = clip.read()
            if not there:
                return
            yield frame.astype(np.uint8, copy=False)
    finally:
        clip.release()


def facts_of(path: Path) -> ClipFacts:
    """The clip's facts. Decodes it once from end to end: containers lie about their number of frames."""
    clip = cv2.VideoCapture(str(path))
    fps = float(clip.get(cv2.CAP_PROP_FPS)) or DEFAULT_FPS
    clip.release()
    count, shape = 0, (0, 0)
    for frame in frames_of(path):
        count, shape = count + 1, frame.shape[:2]
    return ClipFacts(width_px=shape[1], height_px=shape[0], frames=count, fps=fps)


def median_of(path: Path, wanted: int = 100, keep: Callable[[int], bool] = lambda _index: True) -> Picture:
    """The per-pixel median of about `wanted` frames, evenly spread over those whose 0-based index `keep` accepts."""
    total = facts_of(path).frames
    kept = [index for index in range(total) if keep(index)]
    chosen = set(kept[:: max(1, len(kept) // wanted)])
    if not chosen:
        raise UnreadableClipError(f"{path} has no frame to take a median of")
    stack = np.stack([frame for index, frame in enumerate(frames_of(path)) if index in chosen])
    return median_of_stack(stack)


def median_of_stack(stack: NDArray[np.uint8], rows_at_once: int = 64) -> Picture:
    """The per-pixel median of frames x height x width x 3, worked out in strips to spare memory; halves are cut off."""
    strips = [np.median(stack[:, top : top + rows_at_once], axis=0).astype(np.uint8) for top in range(0, stack.shape[1], rows_at_once)]
    return np.concatenate(strips)


def difference(a: Picture, b: Picture) -> NDArray[np.uint8]:
    """The greatest absolute difference of the three channels, height x width."""
    # numpy's max over so short an axis takes fifteen times as long.
    blue, green, red = cv2.split(cv2.absdiff(a, b))
    return np.asarray(cv2.max(cv2.max(blue, green), red), dtype=np.uint8)
