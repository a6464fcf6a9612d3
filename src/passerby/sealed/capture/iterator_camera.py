"""A camera whose pictures somebody makes: the simulator, or a test."""

import threading
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from passerby.clock import Clock
from passerby.released.messages import CameraHealth, CaptureState, Reason
from passerby.released.scene import Size
from passerby.sealed.capture.live_clock import LiveClock
from passerby.sealed.capture.live_frame import ArrayPixels, LiveFrame
from passerby.sealed.capture.slot import Slot

_STOP_S: Final = 1.0


class IteratorCamera:
    """The same to its worker as a `LiveCamera`. The iterator waits by itself until a picture is due, as `simulate.live.live_pictures` does.

    Args:
        camera_id: Id of the camera.
        pictures: Media time in seconds and picture (height x width x 3, uint8, BGR), which is not changed any more.
        clock: What time it is.
        wake: Called from the camera's thread when a picture waits, and when its state changes.
    """

    def __init__(self, camera_id: str, pictures: Iterator[tuple[float, NDArray[np.uint8]]], clock: Clock, wake: Callable[[], None]) -> None:
        self._camera_id = camera_id
        self._pictures = pictures
        self._clock = clock
        self._wake = wake
        self._times = LiveClock(clock)
        self._slot: Slot[LiveFrame] = Slot()
        self._stopped = threading.Event()
        self._state, self._reason = CaptureState.CONNECTING, Reason.NOT_YET
        self._size: Size | None = None
        self._thread = threading.Thread(target=self._run, name=f"passerby-{camera_id}", daemon=True)

    def start(self) -> None:
        """Begins. Once."""
        self._thread.start()

    def stop(self) -> None:
        """Ends once the iterator has given the picture that it is at, or after a second without it."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def take(self) -> LiveFrame | None:
        """The newest picture, if nobody took it yet."""
        return self._slot.take()

    def waiting_since_s(self) -> float | None:
        """When the waiting picture came in, monotonic; None = none waits."""
        return self._slot.waiting_since_s

    def health(self) -> CameraHealth:
        """How the camera is; what the gate knows of it is 0."""
        return CameraHealth(
            camera=self._camera_id,
            state=self._state,
            reason=self._reason,
            width_px=self._size.width_px if self._size else 0,
            height_px=self._size.height_px if self._size else 0,
            received=self._slot.received,
            skipped=self._slot.skipped,
            connections=int(self._slot.received > 0),
            repaired=self._times.repaired,
            drift_s=self._times.drift_s,
        )

    def _run(self) -> None:
        try:
            for media_s, picture in self._pictures:
                if self._stopped.is_set():
                    break
                self._give(media_s, picture)
        except Exception:  # noqa: BLE001  # an iterator that fails ends its camera, not its worker
            self._reason = Reason.CRASHED
        self._state = CaptureState.ENDED
        self._wake()

    def _give(self, media_s: float, picture: NDArray[np.uint8]) -> None:
        frame = LiveFrame(ArrayPixels(picture), self._times.place(media_s, self._clock.monotonic_s()), connection=1)
        self._size = frame.size
        self._state, self._reason = CaptureState.STREAMING, Reason.NONE
        self._slot.put(frame)
        self._wake()
