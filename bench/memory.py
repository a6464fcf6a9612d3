"""How much memory a redaction keeps resident, and whether that grows with the length of the clip.

    python -m bench.memory [--minutes 10] [--sizes 768x576,3840x2160] [--fps 5] [--streaming] [--json FILE]

Draws a long clip (bench/drawn.py), redacts it in a process of its own and reads the resident memory four times a second. Each pass
over the clip is judged by its second half: flat means that the straight line through its samples grows by less than 5 % of their mean.
"""

import argparse
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.drawn import DrawnClip
from bench.processes import LOOK_EVERY_S
from bench.redaction import Redaction, redact
from bench.results import keep, show

LIMITS_MB: Final = (500.0, 1500.0)
LARGE_PX: Final = 1280 * 720
FLAT: Final = 0.05
DRAWN_S: Final = 60.0
LEAST_SAMPLES: Final = 4


class TooShortError(Exception):
    """A clip too short to say anything about memory over time."""


@dataclass(frozen=True)
class Pass:
    """Resident memory in the second half of one pass over the clip: its mean, and how much the straight line through it grows, in MB."""

    name: str
    seconds: float
    mean_mb: float
    growth_mb: float

    @property
    def flat(self) -> bool:
        return abs(self.growth_mb) < FLAT * self.mean_mb


@dataclass(frozen=True)
class MemoryFigures:
    """Resident memory of one redaction in MB."""

    size: str
    minutes: float
    wall_s: float
    peak_mb: float
    passes: list[Pass]
    samples_mb: list[float]


def judged(name: str, seconds: float, samples_mb: list[float]) -> Pass:
    """The figures of one pass, from equally spaced samples."""
    later = np.array(samples_mb[len(samples_mb) // 2 :])
    if len(later) < LEAST_SAMPLES:
        raise TooShortError(f"{name}: {len(samples_mb)} samples are too few to tell whether memory is flat; take more --minutes")
    slope, _ = np.polyfit(np.linspace(0, 1, len(later)), later, 1)
    return Pass(name, seconds / 2, float(later.mean()), float(slope))


def passes_of(done: Redaction, samples_mb: list[float]) -> list[Pass]:
    """The passes of a redaction: learning, as long as the report says, and the writing after it; or the one pass of --streaming."""
    whole_s, learning_s = done.cost.wall_s, float(done.report["timings_ms"]["learn"]) / 1000
    if done.report["settings"]["streaming"]:
        return [judged("the one pass", whole_s, samples_mb)]
    writing_s = sum(float(ms) for stage, ms in done.report["timings_ms"].items() if stage != "learn") / 1000
    count = len(samples_mb)
    # Start-up lies before the learning and some of the time between the passes in neither: each pass is cut short rather than mixed up.
    learning, writing = samples_mb[: int(count * learning_s / whole_s)], samples_mb[count - int(count * writing_s / whole_s) :]
    return [judged("learning", learning_s, learning), judged("writing", writing_s, writing)]


def measure(width_px: int, height_px: int, minutes: float, fps: int, folder: Path, options: list[str]) -> MemoryFigures:
    """Draws a clip, redacts it and watches."""
    clip = folder / f"drawn-{width_px}x{height_px}.mp4"
    drawn_s = min(DRAWN_S, minutes * 60)
    DrawnClip(width_px, height_px, seconds=drawn_s, fps=fps).write(clip, times=max(1, round(minutes * 60 / drawn_s)))
    samples_mb: list[float] = []
    done = redact(clip, folder / "out.mp4", options, watch=samples_mb.append)
    return MemoryFigures(f"{width_px} x {height_px}", minutes, done.cost.wall_s, done.cost.peak_mb, passes_of(done, samples_mb), samples_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sizes", default="768x576,3840x2160")
    parser.add_argument("--fps", type=int, default=5)
    parser.add_argument("--streaming", action="store_true")
    parser.add_argument("--json", type=Path, default=Path("out/bench/memory.json"))
    given = parser.parse_args()
    if not Path("/proc/self/status").exists():
        parser.error("memory over time is read from /proc, which this system has not")
    options = ["--streaming"] if given.streaming else []
    found = []
    with tempfile.TemporaryDirectory(prefix="passerby-memory-") as folder:
        for size in given.sizes.split(","):
            width_px, height_px = (int(side) for side in size.split("x"))
            found.append(measure(width_px, height_px, given.minutes, given.fps, Path(folder), options))
            limit_mb = LIMITS_MB[width_px * height_px > LARGE_PX]
            print(f"{size}: peak {found[-1].peak_mb:.0f} MB of at most {limit_mb:.0f} MB")
    columns = ["picture", "minutes", "wall s", "peak MB", "pass", "mean MB, second half", "growth over it, MB", ""]
    rows = []
    for one in found:
        for number, part in enumerate(one.passes):
            head = [one.size, f"{one.minutes:g}", f"{one.wall_s:.0f}", f"{one.peak_mb:.0f}"] if number == 0 else [""] * 4
            rows.append([*head, part.name, f"{part.mean_mb:.0f}", f"{part.growth_mb:+.1f}", "flat" if part.flat else "not flat"])
    show("resident memory of passerby redact", columns, rows, f"a sample every {LOOK_EVERY_S:g} s")
    keep(given.json, {"memory": [asdict(one) for one in found]})


if __name__ == "__main__":
    main()
