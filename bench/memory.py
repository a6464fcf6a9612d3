"""How much memory a redaction keeps resident, and whether that grows with the length of the clip.

    python -m bench.memory [--minutes 10] [--sizes 768x576,3840x2160] [--fps 5] [--streaming] [--json FILE]

Draws a long clip (bench/drawn.py), redacts it in a process of its own and reads the resident memory four times a second. Flat means
that the straight line through the samples of the second half of the run grows by less than 5 % of their mean.
"""

import argparse
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.drawn import DrawnClip
from bench.processes import LOOK_EVERY_S
from bench.redaction import redact
from bench.results import keep, show

LIMITS_MB: Final = (500.0, 1500.0)
LARGE_PX: Final = 1280 * 720
FLAT: Final = 0.05
DRAWN_S: Final = 60.0


@dataclass(frozen=True)
class MemoryFigures:
    """Resident memory of one run in MB. `growth_mb` is that of the straight line through the second half; its slope is by wall time."""

    size: str
    minutes: float
    wall_s: float
    peak_mb: float
    mean_mb: float
    growth_mb: float
    slope_mb_per_min: float
    samples_mb: list[float]

    @property
    def flat(self) -> bool:
        return abs(self.growth_mb) < FLAT * self.mean_mb


def figures_of(size: str, minutes: float, wall_s: float, peak_mb: float, samples_mb: list[float]) -> MemoryFigures:
    """The figures of equally spaced samples."""
    later = np.array(samples_mb[len(samples_mb) // 2 :])
    times = np.linspace(0, wall_s / 2, len(later))
    slope = float(np.polyfit(times, later, 1)[0]) if len(later) > 1 else 0.0
    return MemoryFigures(size, minutes, wall_s, peak_mb, float(later.mean()), slope * wall_s / 2, slope * 60, samples_mb)


def measure(width_px: int, height_px: int, minutes: float, fps: int, folder: Path, options: list[str]) -> MemoryFigures:
    """Draws a clip, redacts it and watches."""
    clip = folder / f"drawn-{width_px}x{height_px}.mp4"
    drawn_s = min(DRAWN_S, minutes * 60)
    DrawnClip(width_px, height_px, seconds=drawn_s, fps=fps).write(clip, times=max(1, round(minutes * 60 / drawn_s)))
    samples_mb: list[float] = []
    done = redact(clip, folder / "out.mp4", options, watch=samples_mb.append)
    return figures_of(f"{width_px} x {height_px}", minutes, done.cost.wall_s, done.cost.peak_mb, samples_mb)


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
    columns = ["picture", "minutes", "wall s", "peak MB", "mean MB, second half", "growth over it, MB", "MB a minute", ""]
    rows = [
        [
            one.size,
            f"{one.minutes:g}",
            f"{one.wall_s:.0f}",
            f"{one.peak_mb:.0f}",
            f"{one.mean_mb:.0f}",
            f"{one.growth_mb:+.1f}",
            f"{one.slope_mb_per_min:+.2f}",
            "flat" if one.flat else "grows",
        ]
        for one in found
    ]
    show("resident memory of passerby redact", columns, rows, f"a sample every {LOOK_EVERY_S:g} s")
    keep(given.json, {"memory": [asdict(one) for one in found]})


if __name__ == "__main__":
    main()
