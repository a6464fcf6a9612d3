"""How long redacting a clip takes, against transcoding it with ffmpeg and against hiding its faces with deface.

    python -m bench.speed [CLIP] [--rounds 3] [--skip-deface] [--json FILE]

Whole processes, one after the other, in turns (A B A B ...), so that a machine that slows down slows all of them: wall and CPU time,
the most resident memory, and the size of the output. Passerby's weights are fetched before the first round. ffmpeg transcodes with
`-c:v libx264 -preset veryfast`, without sound, at the CRF and GOP that Passerby encodes with. deface runs once. Without CLIP: the
PETS clip.
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.deface import deface, deface_command
from bench.processes import Run, run
from bench.redaction import passerby, redact
from bench.results import keep, show
from bench.samples import pets_clip

CRF: Final = 23
GOP: Final = 250


@dataclass(frozen=True)
class Timed:
    """The runs of one program, and the size of what it wrote."""

    runs: list[Run]
    size_bytes: int

    @property
    def wall_s(self) -> float:
        return median(one.wall_s for one in self.runs)

    @property
    def cpu_s(self) -> float:
        return median(one.cpu_s for one in self.runs)

    @property
    def peak_mb(self) -> float:
        return max(one.peak_mb for one in self.runs)


def transcode(clip: Path, out: Path) -> Run:
    """Transcodes a clip as most people would."""
    words: list[str | Path] = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-i",
        clip,
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        str(CRF),
        "-g",
        str(GOP),
        "-an",
        out,
    ]
    return run(words)


def measure(clip: Path, rounds: int, folder: Path, *, with_deface: bool) -> dict[str, Timed]:
    """Runs each program `rounds` times in turns (deface once)."""
    programs: dict[str, Callable[[Path, Path], Run]] = {"passerby redact": lambda source, out: redact(source, out).cost}
    if shutil.which("ffmpeg"):
        programs["ffmpeg veryfast"] = transcode
    else:
        print("skipped: no ffmpeg on the path")
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            runs[name].append(program(clip, folder / f"{name}.mp4"))
    if with_deface:
        runs["deface 1.5"] = [deface(clip, folder / "deface 1.5.mp4")]
    return {name: Timed(times, (folder / f"{name}.mp4").stat().st_size) for name, times in runs.items()}


def rows_of(timed: dict[str, Timed]) -> list[list[str]]:
    """The table: medians, and everything as a multiple of the first program's."""
    first = next(iter(timed.values()))
    return [
        [
            name,
            f"{of.wall_s:.2f}",
            f"{min(one.wall_s for one in of.runs):.2f} - {max(one.wall_s for one in of.runs):.2f}",
            f"{of.cpu_s:.2f}",
            f"{first.wall_s / of.wall_s:.2f} x",
            f"{of.peak_mb:.0f}",
            f"{of.size_bytes / 1e6:.2f}",
            f"{100 * first.size_bytes / of.size_bytes:.1f} %",
        ]
        for name, of in timed.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-deface", action="store_true", help="deface takes some minutes")
    parser.add_argument("--json", type=Path, default=Path("out/bench/speed.json"))
    given = parser.parse_args()
    clip = given.clip or pets_clip(print)
    if clip is None:
        parser.error("the PETS clip cannot be had: name a clip")
    run([*passerby(), "models", "fetch"])
    if not given.skip_deface:
        deface_command()
    with tempfile.TemporaryDirectory(prefix="passerby-speed-") as folder:
        timed = measure(clip, given.rounds, Path(folder), with_deface=not given.skip_deface)
    columns = ["", "wall s (median)", "range", "CPU s", "redact takes", "peak MB", "output MB", "redact's size"]
    show(f"speed: {clip.name}, {given.rounds} rounds", columns, rows_of(timed), "whole processes; 'redact takes' and 'size': of this program's")
    results: dict[str, Any] = {
        name: {"wall_s": of.wall_s, "cpu_s": of.cpu_s, "peak_mb": of.peak_mb, "size_bytes": of.size_bytes, "runs": [asdict(one) for one in of.runs]}
        for name, of in timed.items()
    }
    keep(given.json, {"clip": clip.name, "crf": CRF, "gop": GOP, "speed": results})


if __name__ == "__main__":
    main()
