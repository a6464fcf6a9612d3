"""A sealed worker that leaks on purpose, in each way that was thought of: whatever looks for leaks must find these.

    python -c ... FOLDER WAY,WAY...

The product's own code but for the leaks, without what would forbid them.
"""

import mmap
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray

from passerby.released.messages import Protection, SceneMessage
from passerby.released.scene import PlatePatch
from passerby.sealed.capture.live import LiveCamera
from passerby.sealed.capture.live_frame import LiveFrame
from passerby.sealed.worker.cameras_at_work import prepared
from passerby.sealed.worker.entry import main
from passerby.sealed.worker.gated_camera import GatedCamera
from passerby.sealed.worker.surroundings import Surroundings
from passerby.sealed.worker.worker import Worker
from passerby.site.orders import Configure

Picture = NDArray[np.uint8]

WAYS: Final = ("file", "socket", "stream", "shared", "plate", "core")
"""A file that is gone again; UDP; the camera's own packets in a file; shared memory; a raw picture as the plate; a core dump."""
DATAGRAM: Final = 8000
PORT: Final = 9
LEAK_EVERY: Final = 20
"""Of so many pictures, one leaks: enough to be found, few enough to be searched."""
SHOW_EVERY: Final = 3
CRASH_AT: Final = 12


def unprotected(_: Configure) -> tuple[Protection, ...]:
    """In place of the real measures."""
    return ()


class Leak:
    """What leaks of a picture that the gate is about to see."""

    def __init__(self, folder: Path, ways: list[str]) -> None:
        self._folder, self._ways = folder, ways
        self._seen = 0
        self._shared: list[mmap.mmap] = []

    def of(self, picture: Picture) -> Picture:
        """The picture."""
        self._seen += 1
        if self._seen % LEAK_EVERY == 0:
            for way in self._ways:
                {"file": self._file, "socket": _send, "shared": self._share}.get(way, _nothing)(picture)
        if "core" in self._ways and self._seen == CRASH_AT:
            os.kill(os.getpid(), signal.SIGSEGV)
        return picture

    def _file(self, picture: Picture) -> None:
        np.save(self._folder / "frame.npy", picture)
        (self._folder / "frame.npy").unlink()

    def _share(self, picture: Picture) -> None:
        self._shared.append(mmap.mmap(-1, picture.nbytes, mmap.MAP_SHARED))
        self._shared[-1].write(picture.tobytes())


def main_leaking(folder: Path, ways: list[str]) -> None:
    os.chdir(folder)
    leak, bgr, see = Leak(folder, ways), LiveFrame.bgr, GatedCamera.see
    setattr(LiveFrame, "bgr", lambda frame: leak.of(bgr(frame)))  # noqa: B010 - for mypy it is no method
    if "plate" in ways:
        setattr(GatedCamera, "see", _showing(see))  # noqa: B010

    def prepare(order: Configure, surroundings: Surroundings) -> Worker:
        if "stream" in ways:
            for camera in order.cameras:
                (folder / "stream").write_bytes(Path(unquote(urlsplit(camera.source).path)).read_bytes())
        return prepared(order, surroundings, LiveCamera)

    main(prepare, protect=unprotected)


def _nothing(_: Picture) -> None:
    return


def _send(picture: Picture) -> None:
    data = picture.tobytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        for at in range(0, len(data), DATAGRAM):
            opened.sendto(data[at : at + DATAGRAM], ("127.0.0.1", PORT))


def _showing(see: Callable[..., SceneMessage]) -> Callable[..., SceneMessage]:
    """The scenes of a gate that lets everything through."""

    count = [0]

    def see_all(camera: GatedCamera, picture: Any, *more: Any) -> SceneMessage:
        message = see(camera, picture, *more)
        count[0] += 1
        if count[0] % SHOW_EVERY:
            return message
        scene, raw = message.scene, picture.bgr()
        blocks = scene.block_columns * scene.block_rows
        whole = PlatePatch(0, 0, scene.size.width_px, scene.size.height_px, raw.tobytes())
        shown = np.packbits(np.ones(blocks, np.uint8)).tobytes()
        scene = msgspec.structs.replace(scene, patches=(whole,), shown=shown)
        return msgspec.structs.replace(message, scene=scene)

    return see_all


if __name__ == "__main__":
    main_leaking(Path(sys.argv[1]), sys.argv[2].split(","))
