"""A camera that is watched day and night: a thread that connects, decodes and puts the newest picture where the gate takes it, for ever."""

import random
import threading
from collections.abc import Callable
from contextlib import closing

from passerby.clock import Clock
from passerby.errors import CaptureError
from passerby.released.messages import CameraHealth, CaptureState, Reason
from passerby.released.scene import Size
from passerby.sealed.capture.backoff import Backoff
from passerby.sealed.capture.frame import PictureConverter
from passerby.sealed.capture.interrupt import Interrupt
from passerby.sealed.capture.live_clock import LiveClock
from passerby.sealed.capture.live_frame import DecodedPixels, LiveFrame
from passerby.sealed.capture.live_source import LiveSource, Opened
from passerby.sealed.capture.live_stream import Counts, Shot
from passerby.sealed.capture.rate_limit import RateLimit
from passerby.sealed.capture.slot import Slot
from passerby.sealed.capture.source_choice import choose_source
from passerby.site.orders import CameraOrder

_STOP_S = 1.0


class LiveCamera:
    """One camera. Errors of whatever kind end a connection, never the camera: it is tried again, within two seconds, until it is stopped.

    Args:
        order: Which camera, and how.
        clock: What time it is.
        wake: Called from the camera's thread when a picture waits, and when its state changes.
    """

    def __init__(self, order: CameraOrder, clock: Clock, wake: Callable[[], None]) -> None:
        self._order = order
        self._clock = clock
        self._wake = wake
        self._interrupt = Interrupt(clock)
        self._times = LiveClock(clock)
        self._limit = RateLimit(order.fps_limit)
        self._counts = Counts()
        self._slot: Slot[LiveFrame] = Slot()
        self._converter = PictureConverter()
        self._backoff = Backoff(random.SystemRandom().random)
        self._state, self._reason = CaptureState.CONNECTING, Reason.NOT_YET
        self._opened = Opened("", hardware=False, rate_hz=0.0)
        self._size: Size | None = None
        self._connections = 0
        self._thread = threading.Thread(target=self._run, name=f"passerby-{order.camera}", daemon=True)

    def start(self) -> None:
        """Begins. Once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, within a second: FFmpeg is interrupted, and the camera is disconnected."""
        self._interrupt.stop()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def take(self) -> LiveFrame | None:
        """The newest picture, if nobody took it yet."""
        return self._slot.take()

    def waiting_since_s(self) -> float | None:
        """When the waiting picture came in, monotonic; None = none waits."""
        return self._slot.waiting_since_s

    def health(self) -> CameraHealth:
        """How the camera is; what the gate knows of it (gated, gate_s, looks) is 0."""
        return CameraHealth(
            camera=self._order.camera,
            state=self._state,
            reason=self._reason,
            codec=self._opened.codec,
            width_px=self._size.width_px if self._size else 0,
            height_px=self._size.height_px if self._size else 0,
            received=self._slot.received,
            skipped=self._slot.skipped,
            connections=self._connections,
            repaired=self._times.repaired,
            damaged=self._counts.damage.packets,
            received_bytes=self._counts.packet_bytes,
            drift_s=self._times.drift_s,
            decode_s=self._counts.decode_s,
            hardware=self._opened.hardware,
        )

    def __repr__(self) -> str:
        return f"LiveCamera({self._order.camera!r}, {self._state.value})"

    def _run(self) -> None:
        source: LiveSource | None = None
        with self._interrupt.watching():
            while not self._interrupt.stopped:
                self._set(CaptureState.CONNECTING)
                try:
                    source = source or choose_source(self._order, self._clock, self._interrupt, self._counts, self._limit.wants)
                    self._watch(source)
                    break
                except CaptureError as fault:
                    reason = Reason(fault.reason)
                except MemoryError:
                    reason = Reason.OUT_OF_MEMORY
                except Exception:  # noqa: BLE001  # whatever a camera sends, it is tried again; the error's text could quote its address
                    reason = Reason.CRASHED
                if not self._interrupt.stopped:
                    self._set(CaptureState.WAITING, reason)
                    self._interrupt.wait(self._backoff.wait_s())
        self._set(CaptureState.ENDED)

    def _watch(self, source: LiveSource) -> None:
        """Gives pictures until a file ends, or the camera is stopped."""
        self._times.connect()
        gave = False
        with closing(source.session(self._set_opened)) as shots:
            for shot in shots:
                if not gave:
                    gave = True
                    self._connections += 1
                    self._backoff.reset()
                    self._set(CaptureState.STREAMING, Reason.NONE if self._reason is Reason.NOT_YET else self._reason)
                self._give(shot)

    def _give(self, shot: Shot) -> None:
        moment = self._times.place(shot.timestamp_s, shot.arrived_s)
        if not self._limit.takes(moment.captured_monotonic_s):
            return
        frame = LiveFrame(DecodedPixels(shot.picture, self._converter), moment, self._connections)
        self._size = frame.size
        self._slot.put(frame)
        self._wake()

    def _set_opened(self, opened: Opened) -> None:
        self._opened = opened

    def _set(self, state: CaptureState, reason: Reason | None = None) -> None:
        self._state = state
        if reason is not None:
            self._reason = reason
        self._wake()
