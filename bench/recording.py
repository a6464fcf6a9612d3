"""How much room recordings take, and what they cost: the PETS clip looped, and a quiet simulated plaza, through the live gate into `record`.

    python -m bench.recording [--loops 4] [--minutes 4] [--hz 10] [--json FILE]

PETS: every frame at 10 a second, gated with the live settings (20 s of settling), recorded; time is the clip's own, so it runs as fast as it can.
What is on the disk at the end, over all loops and over the last one, is set against the clip's own bytes and against the clip as H.264
(ffmpeg, libx264 veryfast, CRF 23), as a camera would send it. Every picture is then drawn from the recording and compared with the live one.

Quiet: a plaza of 768x576 where nobody walks, with clouds, wind and the sensor's noise, pictures at --hz. After two minutes of settling the
minutes that follow are counted; a camera-day is 1440 of their mean and one plate. A place where few walk is told beside it.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.clips import frames_of
from bench.results import keep, percent, show
from bench.samples import pets_clip
from bench.speed import transcode
from passerby.clock import SimulatedClock
from passerby.record.playback import play
from passerby.record.receipts import FileReceipts
from passerby.record.recorder import Recordings
from passerby.record.settings import RecordingSettings
from passerby.redact.detection import load_detector
from passerby.released.messages import SceneMessage
from passerby.released.render import Renderer
from passerby.released.scene import Scene, Size
from passerby.sealed.gate.gate import Gate
from passerby.sealed.gate.grid import Picture
from passerby.sealed.gate.settings import GateSettings
from passerby.simulate.path import Crowd
from passerby.simulate.plaza import Plaza
from passerby.simulate.settings import SimulationSettings

NOON: Final = 1_795_435_200.0
CAMERA: Final = "bench"
MINUTES_A_DAY: Final = 1440
SETTLING_MINUTES: Final = 2
BLOCK_BYTES: Final = 4096
"""What a file system gives away at once: small files take more than their bytes."""


@dataclass(frozen=True)
class Kept:
    """What a run left on the disk. `minute_bytes` by minute, without the plates."""

    scenes: int
    written: int
    minute_bytes: list[int]
    plate_bytes: int
    record_s: float
    differing: int

    @property
    def bytes(self) -> int:
        return sum(self.minute_bytes) + self.plate_bytes


class Running:
    """A machine whose running clock is the simulated one."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock

    def boot_id(self) -> str:
        return "bench"

    def running_s(self) -> float:
        return self._clock.monotonic_s()


def record(pictures: Iterator[Picture], hz: float, folder: Path, *, compare: bool) -> Kept:
    """Gates pictures and records the scenes; with `compare`, counts the pictures that are drawn otherwise from the recording."""
    folder.mkdir(exist_ok=True)
    clock = SimulatedClock(NOON)
    settings = RecordingSettings({CAMERA: 86400.0}, free_space_floor_bytes=0)
    recordings = Recordings(folder / "recordings", settings, clock, FileReceipts(folder / "receipts.jsonl"), machine=Running(clock))
    detector = load_detector("yolox-nano", "cpu").detector
    gate: Gate | None = None
    scenes: list[Scene] = []
    record_s, count, whole = 0.0, 0, True
    for picture in pictures:
        if gate is None:
            gate = Gate(Size(picture.shape[1], picture.shape[0]), GateSettings(), detector)
        now_s = clock.monotonic_s()
        scene = gate.see(picture, now_s)
        begun_s = time.thread_time()
        recordings.write(SceneMessage(CAMERA, clock.wall_s(), now_s, now_s, None, 1, whole, scene))
        recordings.tick()
        record_s += time.thread_time() - begun_s
        whole, count = False, count + 1
        if compare:
            scenes.append(scene)
        clock.sleep(1 / hz)
    recordings.close()
    camera = folder / "recordings" / "cameras" / CAMERA
    minutes = [path.stat().st_size for path in sorted(camera.glob("2*/*.mcap"))]
    plates = sum(path.stat().st_size for path in camera.glob("plates/*"))
    written = sum(1 for _ in play(folder / "recordings", CAMERA, 0, NOON * 2))
    return Kept(count, written, minutes, plates, record_s, differing(folder, scenes, hz) if compare else 0)


def differing(folder: Path, scenes: list[Scene], hz: float) -> int:
    """How many of the live pictures are drawn otherwise from the recording."""
    live, again = Renderer(scenes[0].size), Renderer(scenes[0].size)
    played = play(folder / "recordings", CAMERA, 0, NOON * 2)
    upcoming = next(played, None)
    shown, wrong = None, 0
    for number, scene in enumerate(scenes):
        picture = live.render(scene)
        while upcoming is not None and upcoming.captured_wall_s <= NOON + number / hz + 1e-3:
            shown = again.render(upcoming.scene)
            upcoming = next(played, None)
        wrong += shown is None or not np.array_equal(shown, picture)
    return wrong


def looped(clip: Path, loops: int) -> Iterator[Picture]:
    for _ in range(loops):
        yield from frames_of(clip)


def plaza(minutes: int, hz: float, walkers: int) -> Iterator[Picture]:
    settings = SimulationSettings(fps=hz, seconds=60.0 * minutes, crowd=Crowd(walkers=walkers), clouds=True, wind=True)
    for shot in Plaza(settings):
        yield shot.picture


def h264_bytes(clip: Path, folder: Path) -> int | None:
    """The clip as a camera would send it; None = there is no ffmpeg here."""
    if not shutil.which("ffmpeg"):
        return None
    transcode(clip, folder / "camera.mp4")
    return (folder / "camera.mp4").stat().st_size


def measure_pets(loops: int) -> dict[str, Any] | None:
    """Bytes on the disk against the camera's."""
    clip = pets_clip(print)
    if clip is None:
        return None
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as name:
        folder = Path(name)
        sent = h264_bytes(clip, folder)
        once = record(looped(clip, 1), 10.0, folder / "once", compare=False)
        kept = record(looped(clip, loops), 10.0, folder / "looped", compare=True)
    clip_bytes = clip.stat().st_size
    last_loops = sum(kept.minute_bytes[2:-1]) / max(1, len(kept.minute_bytes[2:-1])) * 79.5 / 60
    return {
        "loops": loops,
        "scenes": kept.scenes,
        "written": kept.written,
        "plate_bytes": kept.plate_bytes,
        "bytes": kept.bytes,
        "share_of_clip": kept.bytes / (loops * clip_bytes),
        "share_of_h264": kept.bytes / (loops * sent) if sent else float("nan"),
        "cold_share_of_clip": once.bytes / clip_bytes,
        "cold_share_of_h264": once.bytes / sent if sent else float("nan"),
        "settled_share_of_h264": last_loops / sent if sent else float("nan"),
        "record_ms_a_scene": 1000 * kept.record_s / kept.scenes,
        "differing_pictures": kept.differing,
    }


def measure_quiet(minutes: int, hz: float, walkers: int) -> dict[str, Any]:
    """A camera-day of a plaza, from a few of its minutes."""
    with tempfile.TemporaryDirectory(prefix="passerby-bench-") as name:
        kept = record(plaza(minutes + SETTLING_MINUTES, hz, walkers), hz, Path(name), compare=False)
    settled = kept.minute_bytes[SETTLING_MINUTES:]
    mean = sum(settled) / len(settled)
    on_disk = sum(-(-size // BLOCK_BYTES) * BLOCK_BYTES for size in settled) / len(settled)
    return {
        "walkers": walkers,
        "minute_bytes": mean,
        "plate_bytes": kept.plate_bytes,
        "day_mb": (MINUTES_A_DAY * mean + kept.plate_bytes) / 1e6,
        "day_on_disk_mb": (MINUTES_A_DAY * on_disk + kept.plate_bytes) / 1e6,
        "written_hz": kept.written / (60 * (minutes + SETTLING_MINUTES)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loops", type=int, default=4)
    parser.add_argument("--minutes", type=int, default=4)
    parser.add_argument("--hz", type=float, default=10.0)
    parser.add_argument("--json", type=Path, default=Path("out/bench/recording.json"))
    asked = parser.parse_args()
    pets = measure_pets(asked.loops)
    if pets is not None:
        rows = [
            [f"cold start, 1 pass of {79.5:.1f} s", "", percent(pets["cold_share_of_clip"]), percent(pets["cold_share_of_h264"])],
            [f"{asked.loops} passes, with plates", f"{pets['bytes'] / 1e6:.2f} MB", percent(pets["share_of_clip"]), percent(pets["share_of_h264"])],
            ["after settling, without plates", "", "", percent(pets["settled_share_of_h264"])],
        ]
        note = (
            f"{pets['written']} of {pets['scenes']} written; {pets['record_ms_a_scene']:.2f} ms each; plates {pets['plate_bytes'] / 1e6:.2f} MB; "
            f"{pets['differing_pictures']} pictures drawn otherwise"
        )
        show("PETS clip, looped", ["", "recorded", "of the clip", "of its H.264"], rows, note)
    quiet = [measure_quiet(asked.minutes, asked.hz, walkers) for walkers in (0, 3)]
    rows = [
        [
            f"{one['walkers']} walkers",
            f"{one['minute_bytes'] / 1e3:.1f} kB",
            f"{one['plate_bytes'] / 1e6:.2f} MB",
            f"{one['day_mb']:.1f} MB",
            f"{one['day_on_disk_mb']:.1f} MB",
        ]
        for one in quiet
    ]
    show(
        "Plaza, 768x576",
        ["", "a minute", "plates", "a camera-day", "in blocks of 4 kB"],
        rows,
        f"{quiet[0]['written_hz']:.2f} scenes a second written",
    )
    keep(asked.json, {"pets": pets, "quiet": quiet})


if __name__ == "__main__":
    main()
