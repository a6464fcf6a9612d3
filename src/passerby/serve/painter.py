"""The process that draws pictures: scenes in over standard input, JPEGs out over standard output.

It is a process of its own so that NumPy, OpenCV and the renderers' buffers (about 40 MB a camera of 1920x1080) stay out of the supervisor,
and so that drawing never holds up a message of a worker. It sees released scenes only (invariant I3), and ends with its standard input.

    in   framed MessagePack of the orders in `painter_orders`
    out  for each order but those to forget, framed: what its docstring says, or nothing at all where the scene does not fit what was drawn before
"""

import contextlib
import os
import signal
import sys
import zlib
from collections import OrderedDict
from typing import BinaryIO, Final

import cv2
import msgspec
import numpy as np

from passerby.errors import SceneError
from passerby.released.framing import framed, read_framed
from passerby.released.geometry import check
from passerby.released.plate_canvas import PlateCanvas
from passerby.released.render import Renderer
from passerby.released.scene import Size
from passerby.serve.painter_orders import Draw, DrawGround, EncodeGround, Forget, ForgetGround, Order

JPEG_QUALITY: Final = 82
GROUND_QUALITY: Final = 78
BYTES_A_PIXEL: Final = 18
"""What a renderer keeps: four pictures of three bytes, masks and the hatch."""
GROUND_BYTES_A_PIXEL: Final = 8
"""What a ground keeps: the plate, the ground, two masks."""
MOST_BYTES: Final = 1_500 * 1024 * 1024
"""All renderers and all grounds, each; beyond, the camera that was drawn least recently is let go."""
MARK_BYTES: Final = 4


class Painter:
    """Keeps a renderer for each camera whose pictures are watched, and a canvas for each whose ground is wanted.

    Args:
        most_bytes: Bound of what all renderers keep, and of what all canvases keep.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._renderers: OrderedDict[str, Renderer] = OrderedDict()
        self._grounds: OrderedDict[str, PlateCanvas] = OrderedDict()
        self._most_bytes = most_bytes

    def draw(self, order: Draw) -> bytes:
        """The JPEG of a scene; b"" if it follows on one that was never drawn here: the whole plate is needed."""
        size = order.scene.size
        renderer = None if order.anew else self._renderers.get(order.camera)
        if renderer is None or renderer.size != size:
            if not order.anew:
                return b""
            self._renderers.pop(order.camera, None)
            _make_room(self._renderers, size, self._most_bytes // BYTES_A_PIXEL)
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

    def draw_ground(self, order: DrawGround) -> bytes:
        """A mark of the ground of a scene, which differs where the ground does; b"" as with `draw`."""
        size = order.scene.size
        canvas = None if order.anew else self._grounds.get(order.camera)
        if canvas is None or canvas.size != size:
            self._grounds.pop(order.camera, None)
            if not order.anew:
                return b""
            _make_room(self._grounds, size, self._most_bytes // GROUND_BYTES_A_PIXEL)
            canvas = PlateCanvas(size)
        self._grounds[order.camera] = canvas
        self._grounds.move_to_end(order.camera)
        try:
            check(order.scene)
        except SceneError:
            del self._grounds[order.camera]
            return b""
        canvas.update(order.scene)
        return zlib.crc32(canvas.ground.data).to_bytes(MARK_BYTES, "big")

    def encode_ground(self, order: EncodeGround) -> bytes:
        """The JPEG of the ground that was drawn last; b"" if there is none."""
        canvas = self._grounds.get(order.camera)
        if canvas is None:
            return b""
        ground, size = canvas.ground, canvas.size
        if 0 < order.width_px < size.width_px:
            height_px = max(1, round(size.height_px * order.width_px / size.width_px))
            ground = np.asarray(cv2.resize(ground, (order.width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8)
        done, jpeg = cv2.imencode(".jpg", ground, [cv2.IMWRITE_JPEG_QUALITY, GROUND_QUALITY])
        return jpeg.tobytes() if done else b""

    def forget_ground(self, camera: str) -> None:
        """Lets go of a camera's ground."""
        self._grounds.pop(camera, None)


def _make_room(kept: "OrderedDict[str, Renderer] | OrderedDict[str, PlateCanvas]", size: Size, most_px: int) -> None:
    """Lets go of what was drawn least recently until another one of this size fits."""
    kept_px = _pixels(size) + sum(_pixels(one.size) for one in kept.values())
    while kept and kept_px > most_px:
        _, one = kept.popitem(last=False)
        kept_px -= _pixels(one.size)


def paint(orders: BinaryIO, pictures: BinaryIO) -> None:
    """Follows orders until they end."""
    painter = Painter()
    while (data := read_framed(orders)) is not None:
        answer = _answer(painter, msgspec.msgpack.decode(data, type=Order))
        if answer is not None:
            pictures.write(framed(answer))
            pictures.flush()


def _answer(painter: Painter, order: Order) -> bytes | None:
    """What an order is answered with; None = it is not answered."""
    match order:
        case Draw():
            return painter.draw(order)
        case DrawGround():
            return painter.draw_ground(order)
        case EncodeGround():
            return painter.encode_ground(order)
        case Forget(camera=camera):
            painter.forget(camera)
        case ForgetGround(camera=camera):
            painter.forget_ground(camera)
    return None


def _pixels(size: Size) -> int:
    return size.width_px * size.height_px


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
