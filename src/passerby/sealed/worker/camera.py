"""What the worker needs of a camera: the newest picture, and how the camera is. Real ones are in `sealed.capture`; tests hand in others."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from passerby.clock import Clock
from passerby.released.messages import CameraHealth
from passerby.released.scene import Size
from passerby.site.orders import CameraOrder


class LivePicture(Protocol):
    """A decoded picture and its times; see `sealed.capture.live`."""

    @property
    def time_s(self) -> float:
        """Time for the gate: rises strictly, also over connections."""
        ...

    @property
    def captured_monotonic_s(self) -> float:
        """When it came in."""
        ...

    @property
    def captured_wall_s(self) -> float:
        """The same by the wall clock, seconds since 1970 UTC."""
        ...

    @property
    def media_s(self) -> float | None:
        """The camera's own time since the connection began."""
        ...

    @property
    def connection(self) -> int:
        """Which connection it came over."""
        ...

    @property
    def size(self) -> Size:
        """Of the picture, in pixels."""
        ...

    @property
    def damaged(self) -> bool:
        """Whether the decoder had to guess parts of it."""
        ...

    def bgr(self) -> NDArray[np.uint8]:
        """The picture: h x w x 3."""
        ...


class Camera(Protocol):
    """A camera whose capture runs in a thread of its own."""

    def start(self) -> None:
        """Begins to capture."""
        ...

    def stop(self) -> None:
        """Ends the capture and waits for its thread."""
        ...

    def take(self) -> LivePicture | None:
        """The newest picture, once; None where there is none that was not taken."""
        ...

    def waiting_since_s(self) -> float | None:
        """When the picture that waits to be taken came in, monotonic; None = none waits."""
        ...

    def health(self) -> CameraHealth:
        """How the camera is, but for what the gate knows."""
        ...


OpenCamera = Callable[[CameraOrder, Clock, Callable[[], None]], Camera]
"""Makes a camera; it calls the function given to it, from any thread, when a picture waits or its state changed."""
