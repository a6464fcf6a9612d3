"""What a stream costs: processor, memory and bytes of one camera's streamer, and how far a reader is behind.

    python -m bench.streams [SECONDS]

A place (the median of the PETS clip, where PASSERBY_SAMPLES has it) with twelve figures that move five times a second is streamed at two
sizes. Read are MPEG-TS, by a decoder that looks for a change of the picture, and HLS, by its playlist.
"""

import itertools
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from passerby.clock import SystemClock
from passerby.released.messages import SceneMessage
from passerby.released.scene import GateHealth, GateState, Glyph, Kind, Level, PlatePatch, Scene, Size
from passerby.serve.streams import CameraStream, Streams
from passerby.supervise.live_places import LivePlaces

SIZES: Final = (Size(768, 576), Size(1920, 1080))
CLIP: Final = "pets09_s2l1/vtest.avi"
CLIP_PICTURES: Final = 600
SCENES_HZ: Final = 5
FIGURES: Final = 12
BLOCK_PX: Final = 16
FLASH_EVERY: Final = 15
"""So many scenes apart the whole place is withheld, or shown again: a change that a reader cannot miss."""
TICKS_HZ: Final = os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def place(size: Size) -> NDArray[np.uint8]:
    """A picture of a place without persons."""
    clip = Path(os.environ.get("PASSERBY_SAMPLES", "")) / CLIP
    picture: Any = np.random.default_rng(1).integers(0, 255, (size.height_px // 8, size.width_px // 8, 3), np.uint8)
    if clip.exists():
        with av.open(clip, "r") as container:
            pictures = itertools.islice(container.decode(video=0), 0, CLIP_PICTURES, CLIP_PICTURES // 12)
            stacked: Any = np.stack([frame.to_ndarray(format="bgr24") for frame in pictures])
            picture = np.median(stacked, axis=0).astype(np.uint8)
    return np.asarray(cv2.resize(picture, (size.width_px, size.height_px), interpolation=cv2.INTER_CUBIC), np.uint8)


class Camera:
    """Gives scenes to the live places, and says when the last flash was captured."""

    def __init__(self, size: Size) -> None:
        self.places = LivePlaces(["camera"], lambda _camera: setattr(self, "wanted", True), SystemClock())
        self.wanted, self.flashed_s = True, 0.0
        self._size, self._plate = size, PlatePatch(0, 0, size.width_px, size.height_px, place(size).tobytes())
        self._blocks = -(-size.width_px // BLOCK_PX) * -(-size.height_px // BLOCK_PX)
        self.ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def _scene(self, number: int, *, whole: bool) -> Scene:
        size, lit = self._size, number // FLASH_EVERY % 2 == 0
        tall = size.height_px // 6
        figures = [
            Glyph(size.height_px // 3 + 9 * one, (97 * one + 8 * number) % size.width_px, tall, tall // 3, Kind.PERSON) for one in range(FIGURES)
        ]
        return Scene(
            time_s=number / SCENES_HZ,
            size=size,
            level=Level.GLYPHS,
            plate_epoch=0,
            block_px=BLOCK_PX,
            shown=np.packbits(np.full(self._blocks, lit)).tobytes(),
            patches=(self._plate,) if whole else (),
            light=None,
            glyphs=tuple(sorted(figures)),
            cell_px=max(1, size.height_px // 24),
            cells=(),
            health=GateHealth(GateState.WATCHING, 0.0 if lit else 1.0, 0.0, 0.0),
        )

    def _run(self) -> None:
        for number in itertools.count():
            if self.ended.wait(1 / SCENES_HZ):
                return
            whole, self.wanted = self.wanted, False
            now_s = time.monotonic()
            if number % FLASH_EVERY == 0:
                self.flashed_s = now_s
            self.places.accept(SceneMessage("camera", time.time(), now_s, now_s, None, 1, whole, self._scene(number, whole=whole)))


class Pipe:
    """An outlet as a file, for a decoder."""

    def __init__(self, stream: CameraStream, until_s: float) -> None:
        self._stream, self._until_s, self._left = stream, until_s, b""
        self._position: int | None = None
        self.bytes = 0

    def read(self, count: int, /) -> bytes:
        while not self._left and time.monotonic() < self._until_s:
            reading = self._stream.read(self._position)
            self._left, self._position = reading.data, reading.position
            self.bytes += len(reading.data)
            time.sleep(0 if reading.data else 0.005)
        taken, self._left = self._left[:count], self._left[count:]
        return taken


def seen(camera: Camera, pipe: Pipe) -> list[float]:
    """How long after its capture each change was decoded, in seconds."""
    delays: list[float] = []
    bright: bool | None = None
    with av.open(pipe, "r", format="mpegts", options={"probesize": "5000000", "analyzeduration": "400000", "fflags": "nobuffer"}) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for frame in container.decode(video=0):
            # The plane of brightness as it was decoded: converting pictures would be what is measured.
            rows = np.frombuffer(bytes(frame.planes[0]), np.uint8).reshape(-1, frame.planes[0].line_size)
            now = float(rows[: frame.height // 4 : 4].std()) > 25
            if bright is not None and now != bright:
                delays.append(time.monotonic() - camera.flashed_s)
            bright = now
    return delays


def cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    return sum(int(part) for part in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]) / TICKS_HZ


def measure(size: Size, seconds: float) -> dict[str, float]:
    """The figures of one camera."""
    camera = Camera(size)
    streams = Streams(camera.places, lambda _camera: 5.0, SystemClock())
    while (stream := streams.asked("camera", "video")) is None or stream.playlist is None:
        time.sleep(0.05)
    time.sleep(2)
    pid = streams.pid("camera")
    if pid is None:
        raise RuntimeError("the streamer ended")
    with streams.reading(stream, "video"):
        first, begun_s = cpu_s(pid), time.monotonic()
        pipe = Pipe(stream, begun_s + seconds)
        delays = seen(camera, pipe)
        used = (cpu_s(pid) - first) / (time.monotonic() - begun_s)
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    behind_s = stream.behind_s(stream.hls.next_picture or 0)
    camera.ended.set()
    streams.stop()
    return {
        "core_percent": 100 * used,
        "resident_mb": resident / 1e6,
        "kbit_s": pipe.bytes * 8 / seconds / 1000,
        "ts_delay_s": float(np.median(delays)) if delays else float("nan"),
        "ts_delay_worst_s": max(delays, default=float("nan")),
        "hls_end_behind_s": behind_s,
    }


def main() -> None:
    """Measures both sizes and prints a line for each."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    for size in SIZES:
        told = measure(size, seconds)
        print(f"{size.width_px} x {size.height_px}: " + ", ".join(f"{name} {value:.2f}" for name, value in told.items()), flush=True)


if __name__ == "__main__":
    main()
