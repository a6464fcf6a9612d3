"""The process that draws pictures: scenes in over standard input, JPEGs out over standard output.

It is a process of its own so that NumPy, OpenCV and the renderers' buffers (about 40 MB a camera of 1920x1080) stay out of the supervisor,
and so that drawing never holds up a message of a worker. It sees released scenes only (invariant I3), and ends with its standard input.

    in   framed MessagePack of Draw or Forget
    out  for each Draw, framed: a JPEG, or nothing at all where the scene does not fit what was drawn before
"""

import contextlib
import os
import signal
import sys
from collections import OrderedDict
from typing import BinaryIO, Final

import cv2
import msgspec

from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed
from passerby.released.render import Renderer
from passerby.released.scene import Size
from passerby.serve.painter_orders import Draw, Forget, Order

JPEG_QUALITY: Final = 82
BYTES_A_PIXEL: Final = 18
"""What a renderer keeps: four pictures of three bytes, masks and the hatch."""
MOST_BYTES: Final = 1_500 * 1024 * 1024
"""All renderers together; beyond, the camera that was drawn least recently is let go."""


class Painter:
    """Keeps a renderer for each watched camera.

    Args:
        most_bytes: Bound of what all renderers keep.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._renderers: OrderedDict[str, Renderer] = OrderedDict()
        self._most_bytes = most_bytes

    def draw(self, order: Draw) -> bytes:
        """The JPEG of a scene; b"" if it follows on one that was never drawn here: the whole plate is needed."""
        size = order.scene.size
        renderer = None if order.anew else self._renderers.get(order.camera)
        if renderer is None or renderer.size != size:
            if not order.anew:
                return b""
            self._renderers.pop(order.camera, None)
            self._make_room(size)
            renderer = Renderer(size)
        self._renderers[order.camera] = renderer
        self._renderers.move_to_end(order.camera)
        try:
            picture = renderer.render(order.scene)
        except SceneError:
            del self._renderers[order.camera]
            return b""
        done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return jpeg.tobytes() if done else b""

    def forget(self, camera: str) -> None:
        """Lets go of what was drawn of a camera."""
        self._renderers.pop(camera, None)

    def _make_room(self, size: Size) -> None:
        kept_bytes = _bytes_of(size) + sum(_bytes_of(renderer.size) for renderer in self._renderers.values())
        while self._renderers and kept_bytes > self._most_bytes:
            _, renderer = self._renderers.popitem(last=False)
            kept_bytes -= _bytes_of(renderer.size)


def paint(orders: BinaryIO, pictures: BinaryIO) -> None:
    """Follows orders until they end."""
    painter = Painter()
    while (data := read_framed(orders)) is not None:
        match msgspec.msgpack.decode(data, type=Order):
            case Draw() as order:
                pictures.write(framed(painter.draw(order)))
                pictures.flush()
            case Forget(camera=camera):
                painter.forget(camera)


def _bytes_of(size: Size) -> int:
    return size.width_px * size.height_px * BYTES_A_PIXEL


def main() -> None:
    """Runs as a process."""
    # Ctrl-C in a terminal reaches all processes of its group: this one ends when its supervisor closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(BrokenPipeError, OSError), os.fdopen(os.dup(1), "wb") as pictures:
        # Nothing but pictures goes out, whatever a library prints.
        os.dup2(2, 1)
        paint(sys.stdin.buffer, pictures)


if __name__ == "__main__":
    main()
