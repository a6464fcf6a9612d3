"""Opens a camera once and says what came: for `sealed.probe`."""

from collections.abc import Sequence
from contextlib import closing
from itertools import pairwise
from math import inf
from typing import Final

from passerby.clock import Clock
from passerby.errors import CaptureError
from passerby.released.messages import ProbeResult, Reason
from passerby.released.scene import Size
from passerby.sealed.capture.frame import PictureConverter
from passerby.sealed.capture.interrupt import Interrupt
from passerby.sealed.capture.live_frame import DecodedPixels
from passerby.sealed.capture.live_source import CameraSource, FileSource, Opened
from passerby.sealed.capture.live_stream import Counts
from passerby.sealed.capture.source_choice import choose_source
from passerby.site.orders import CameraOrder

MEASURED_S: Final = 3.0
"""How long the rate is measured."""
_FEW: Final = 3
_JUMP: Final = 20
"""Times the usual distance of two pictures: no pause, but a clock that was set."""
_ENDING_S: Final = 1.0
"""How long a camera is given to end one session before it is asked for the next again."""


class Probing:
    """One look at a camera.

    Args:
        order: Which camera, and how.
        clock: What time it is.
    """

    def __init__(self, order: CameraOrder, clock: Clock) -> None:
        self._order = order
        self._clock = clock
        self._interrupt = Interrupt(clock)
        self._counts = Counts()
        self._opened = Opened("", hardware=False, rate_hz=0.0)
        self._size: Size | None = None
        self._first_picture_s: float | None = None
        self._times: list[tuple[float | None, float]] = []

    def result(self) -> ProbeResult:
        """What came, at the first attempt, or over UDP where TCP gave nothing and the order leaves that open. Takes some seconds."""
        began_s = self._clock.monotonic_s()
        try:
            source = choose_source(self._order, self._clock, self._interrupt, self._counts)
        except CaptureError as fault:
            return self._said(Reason(fault.reason), "")
        transport = source.transport
        reason = self._attempt(source, began_s)
        if source.transport != transport:  # it asks for another one now
            transport = source.transport
            reason = self._attempt(source, began_s)
            if reason is Reason.REFUSED and not self._interrupt.wait(_ENDING_S):  # it is still ending the session before
                reason = self._attempt(source, began_s)
        return self._said(reason, transport)

    def _attempt(self, source: CameraSource | FileSource, began_s: float) -> Reason:
        until_s = inf
        try:
            with self._interrupt.watching(), closing(source.session(self._set_opened)) as shots:
                for shot in shots:
                    now_s = self._clock.monotonic_s()
                    self._times.append((shot.timestamp_s, shot.arrived_s))
                    if self._size is None:
                        self._size = DecodedPixels(shot.picture, PictureConverter()).size
                        self._first_picture_s, until_s = now_s - began_s, now_s + MEASURED_S
                    if now_s >= until_s:
                        break
        except CaptureError as fault:
            return Reason.NONE if self._times else Reason(fault.reason)
        return Reason.NONE if self._times else Reason.NO_VIDEO

    def _set_opened(self, opened: Opened) -> None:
        self._opened = opened

    def _said(self, reason: Reason, transport: str) -> ProbeResult:
        return ProbeResult(
            camera=self._order.camera,
            reason=reason,
            codec=self._opened.codec,
            width_px=self._size.width_px if self._size else 0,
            height_px=self._size.height_px if self._size else 0,
            rate_hz=rate_hz(self._times),
            first_picture_s=self._first_picture_s,
            transport=transport,
            pictures=len(self._times),
            damaged=self._counts.damage.packets,
            hardware=self._opened.hardware,
        )


def rate_hz(times: Sequence[tuple[float | None, float]]) -> float:
    """Pictures a second; 0 = cannot be told. By the camera's clock: pictures that were kept for whoever comes arrive all at once.

    Args:
        times: For each picture the camera's timestamp, which may be missing, and when it came in; seconds.
    """
    stamps = [stamp for stamp, _ in times if stamp is not None]
    if len(stamps) < _FEW:
        stamps = [arrived for _, arrived in times]
    steps = sorted(later - earlier for earlier, later in pairwise(stamps))
    if not steps:
        return 0.0
    # The mean, without steps in which a clock jumped.
    usual_s = steps[len(steps) // 2]
    good = [step for step in steps if 0 < step <= _JUMP * usual_s]
    return len(good) / sum(good) if good else 0.0
