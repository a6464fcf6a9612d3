"""Running another program and measuring the whole process: wall and CPU time, and the most memory it had resident."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LAUNCHER: Final = Path(__file__).with_name("launch.py")
LOOK_EVERY_S: Final = 0.25
TAIL_LINES: Final = 8


class ProgramFailedError(Exception):
    """A program that ended with another code than 0, with the end of what it said."""


@dataclass(frozen=True)
class Run:
    """One run of a program. CPU time and memory include the programs that it started; memory is that of the largest of them."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def run(command: Sequence[str | Path], watch: Callable[[float], None] | None = None) -> Run:
    """Runs a program to its end. `watch` is told the resident memory in MB four times a second; without it, nothing polls."""
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        result, said = Path(folder) / "result.json", Path(folder) / "said"
        words = [sys.executable, "-I", "-S", str(LAUNCHER), str(result), *(str(word) for word in command)]
        with said.open("wb") as file, subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT) as launcher:
            while watch and launcher.poll() is None:
                time.sleep(LOOK_EVERY_S)
                resident = resident_mb(launcher.pid)
                if resident is not None:
                    watch(resident)
        tail = "\n".join(said.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:])
        if not result.exists():
            raise ProgramFailedError(f"{Path(command[0]).name} did not start: {tail}")
        figures = json.loads(result.read_text(encoding="ascii"))
    code = figures.pop("code")
    if code != 0:
        raise ProgramFailedError(f"{Path(command[0]).name} ended with code {code}: {tail}")
    return Run(**figures)


def resident_mb(pid: int) -> float | None:
    """The resident memory of all programs that a process started, and that those started, in MB; None where there are none, or no /proc."""
    parents, resident_kb = _processes()
    below: set[int] = set()
    while more := {one for one, parent in parents.items() if parent in {pid, *below}} - below:
        below |= more
    return sum(resident_kb[one] for one in below) * 1024 / 1e6 if below else None


def _processes() -> tuple[dict[int, int], dict[int, float]]:
    """The parent and the resident memory in KiB of each process that there is."""
    parents, resident_kb = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        facts = dict(line.split(":", 1) for line in lines if ":" in line)
        parents[int(folder.name)] = int(facts["PPid"])
        resident_kb[int(folder.name)] = float(facts.get("VmRSS", "0 kB").split()[0])
    return parents, resident_kb
