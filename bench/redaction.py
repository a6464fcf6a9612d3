"""Calling `passerby redact` as a user does, and reading the report that it leaves."""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.clips import Mask
from bench.processes import Run, run

HELD: Final = "s"


class NoReportError(Exception):
    """A redaction without its report, or with one that lacks what a bench reads."""


@dataclass(frozen=True)
class Redaction:
    """A redacted clip, its report and what it cost."""

    out: Path
    report: dict[str, Any]
    cost: Run


def passerby() -> list[str]:
    """The command `passerby` of the Python that runs the bench."""
    beside = Path(sys.executable).with_name("passerby")
    found = str(beside) if beside.exists() else shutil.which("passerby")
    return [found] if found else [sys.executable, "-c", "from passerby.cli import main; main()"]


def redact(clip: Path, out: Path, options: Sequence[str] = (), watch: Callable[[float], None] | None = None) -> Redaction:
    """Redacts a clip in a process of its own."""
    cost = run([*passerby(), "redact", clip, "-o", out, "--overwrite", *options], watch)
    return Redaction(out, report_of(out), cost)


def report_of(out: Path) -> dict[str, Any]:
    """The report beside a redacted clip."""
    path = out.with_suffix(".json")
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoReportError(f"no report at {path}") from error
    if not isinstance(report, dict):
        raise NoReportError(f"{path} is no report")
    return report


def held_mask(report: dict[str, Any], height_px: int, width_px: int) -> Mask:
    """Pixels of the blocks that a static subject holds (height x width), from the report's map: a string a row, a character a block."""
    blocks = report.get("blocks", {})
    if "map" not in blocks or "block_px" not in blocks:
        raise NoReportError("the report has no map of blocks")
    held = np.array([[block == HELD for block in row] for row in blocks["map"]], bool)
    side = int(blocks["block_px"])
    whole = np.repeat(np.repeat(held, side, axis=0), side, axis=1)[:height_px, :width_px]
    if whole.shape != (height_px, width_px):
        raise NoReportError(f"the map of blocks covers {whole.shape[1]} x {whole.shape[0]} px, the clip has {width_px} x {height_px}")
    return whole
