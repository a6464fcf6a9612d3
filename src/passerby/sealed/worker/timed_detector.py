"""The detector with a stopwatch: what share of a gate's time its looks take."""

import time

import numpy as np
from numpy.typing import NDArray

from passerby.sealed.gate.detector import Boxes, Detector


class TimedDetector:
    """Another detector; adds up the processor time of its runs. Used by one thread."""

    def __init__(self, inner: Detector) -> None:
        self._inner = inner
        self.input_px = inner.input_px
        self.spent_s = 0.0

    def detect(self, picture: NDArray[np.uint8]) -> Boxes:
        """What the other one finds."""
        begun_s = time.thread_time()
        try:
            return self._inner.detect(picture)
        finally:
            self.spent_s += time.thread_time() - begun_s
