"""A clip that is drawn while it is read, for the two passes over a file, and an executor without threads."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import numpy as np

from passerby.redact.learn import Learner, Lesson
from passerby.redact.replay import replay
from passerby.released.scene import Scene, Size
from passerby.sealed.capture.clip import Clip
from passerby.sealed.capture.frame import Frame
from passerby.sealed.gate.detector import Detector
from passerby.sealed.gate.settings import GateSettings
from tests.support.detectors import Now
from tests.support.scenes import Picture

Result = TypeVar("Result")


@dataclass
class FakeFrame:
    """A picture in its place in time, drawn when asked for; then the clock stands at its time."""

    index: int
    time_s: float
    draw: Callable[[float], Picture]
    now: Now
    size: Size
    damaged: bool = False

    @property
    def pts(self) -> int:
        return round(self.time_s * 1000)

    def bgr(self) -> Picture:
        self.now.time_s = self.time_s
        return self.draw(self.time_s)


@dataclass
class FakeClip:
    """Pictures at times. `damaged_at` and `odd_at` are numbers of frames that are damaged, or of another size."""

    size: Size
    times_s: Sequence[float]
    draw: Callable[[float], Picture]
    now: Now = field(default_factory=Now)
    damaged_at: frozenset[int] = frozenset()
    odd_at: frozenset[int] = frozenset()
    time_base: Fraction = Fraction(1, 1000)
    damaged: int = 0
    repaired: int = 0

    @property
    def info(self) -> Any:
        return SimpleNamespace(size=self.size, duration_s=float(self.times_s[-1]) if self.times_s else 0.0)

    def frames(self, from_s: float | None = None, to_s: float | None = None) -> Iterator[FakeFrame]:
        odd = Size(self.size.width_px + 2, self.size.height_px)
        for index, time_s in enumerate(self.times_s):
            if time_s < (from_s or 0.0) or (to_s is not None and time_s >= to_s):
                continue
            draw = self.draw if index not in self.odd_at else (lambda _: np.zeros((odd.height_px, odd.width_px, 3), np.uint8))
            yield FakeFrame(index, time_s, draw, self.now, odd if index in self.odd_at else self.size, index in self.damaged_at)

    def as_clip(self) -> Clip:
        return cast("Clip", self)


class Inline(Executor):
    """Runs everything at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> "Future[Result]":
        future: Future[Result] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asks for the result
            future.set_exception(error)
        return future


def learned(clip: FakeClip, settings: GateSettings, detector: Detector) -> Lesson:
    """The first pass."""
    return Learner(clip.size, settings, detector, Inline()).run(clip.as_clip(), None, None, lambda _: None)


def two_passes(clip: FakeClip, settings: GateSettings, detector: Detector) -> tuple[Lesson, list[Scene]]:
    """Both passes: what was learned, and a scene for each frame."""
    lesson = learned(clip, settings, detector)
    frames = cast("Iterator[Frame]", clip.frames())
    return lesson, [scene for _, scene in replay(frames, lesson, settings)]
