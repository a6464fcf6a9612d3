"""The demonstration: redacts real footage of a public place and says what came out and where to look.

    python -m scripts.demo [--folder out/demo]

The footage is the PETS clip (bench/samples.py). Where it cannot be had, a small clip that the project draws takes its place. Writes
the redacted MP4, its report and a contact sheet of it; the original is only read.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from bench.clips import Picture, facts_of, frames_of
from bench.drawn import DrawnClip
from bench.processes import ProgramFailedError
from bench.redaction import redact
from bench.samples import pets_clip
from passerby.released.contact_sheet import contact_sheet

PICTURES: Final = 6
COLUMNS: Final = 3


@dataclass(frozen=True)
class Footage:
    """The clip to redact, its name for files and its name for people."""

    clip: Path
    name: str
    words: str


def footage(folder: Path, console: Console) -> Footage:
    """The PETS clip, or a drawn one in `folder`."""
    clip = pets_clip(lambda line: console.print(line, style="dim"))
    if clip is not None:
        return Footage(clip, "pets", "PETS 2009 S2.L1, a campus street seen by a fixed camera")
    console.print("The real clip cannot be had here: drawing a small one instead. Its figures are nobody, and may not be taken for people.")
    drawn = folder / "drawn.mp4"
    DrawnClip(seconds=20).write(drawn)
    return Footage(drawn, "drawn", "drawn by the project: a paved square with five walking figures")


def sheet_of(redacted: Path, title: str) -> Picture:
    """Pictures of the redacted clip, evenly spread over its time, on one sheet."""
    facts = facts_of(redacted)
    chosen = {round(share * (facts.frames - 1)) for share in np.linspace(0.02, 0.98, PICTURES)}
    pictures = [(f"{index / facts.fps:.1f} s", frame) for index, frame in enumerate(frames_of(redacted)) if index in chosen]
    return contact_sheet(pictures, title, COLUMNS)


def figures_of(report: dict[str, Any], wall_s: float, size_bytes: int, original_bytes: int) -> list[tuple[str, str]]:
    """What the run came to, in words."""
    blocks = report["blocks"]
    total = sum(blocks[kind] for kind in ("shown", "held", "never", "unsettled"))
    withheld = report["withheld_share"]["values"]
    return [
        ("frames", f"{report['frames']} of {report['size'][0]} x {report['size'][1]} px, {report['duration_s']:.1f} s"),
        ("time", f"{wall_s:.1f} s with start-up, {report['frames'] / wall_s:.0f} frames a second"),
        ("place shown", f"{blocks['shown'] / total:.1%} of the blocks"),
        ("withheld", f"{withheld[0]:.1%} of the place at the start, {withheld[-1]:.1%} at the end"),
        ("  for a still subject", f"{blocks['held'] / total:.1%}"),
        ("most people and vehicles at once", str(report["most_glyphs_at_once"])),
        ("file", f"{size_bytes / 1e6:.2f} MB (the original has {original_bytes / 1e6:.2f} MB)"),
        ("camera", "fixed" if report["camera_fixed"] else "moved: withheld around each move"),
    ]


def main() -> int:
    """Runs the demonstration; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("out/demo"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="passerby-demo-") as scratch:
        shown = footage(Path(scratch), console)
        console.print(f"Footage: {shown.words}")
        console.print("Redacting ...", style="dim")
        out = folder / f"{shown.name}.redacted.mp4"
        begun_s = time.perf_counter()
        try:
            done = redact(shown.clip, out)
        except ProgramFailedError as error:
            console.print(f"The redaction did not work. {error}", style="red", markup=False)
            return 1
        wall_s = time.perf_counter() - begun_s
        original_bytes = shown.clip.stat().st_size
    sheet = folder / f"{shown.name}.contact-sheet.png"
    cv2.imwrite(str(sheet), sheet_of(out, "Passerby: the place, without the people"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for words in figures_of(done.report, wall_s, out.stat().st_size, original_bytes):
        table.add_row(*words)
    console.print(table)
    console.print("\nLook at")
    for path, what in ((out, "the redacted footage"), (sheet, "six moments of it at a glance"), (out.with_suffix(".json"), "the report")):
        console.print(f"  {path}  [dim]{what}[/dim]")
    console.print(f"\nWhat is promised: {json.dumps(done.report['promise'])[1:-1]}", style="dim", markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
