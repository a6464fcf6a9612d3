"""Running another program and measuring the whole process: wall and CPU time, and the most memory it had resident."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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


def run(command: Sequence[str | Path], watch: Callable[[int], None] | None = None) -> Run:
    """Runs a program to its end. `watch` is called with its process id four times a second; without it, nothing polls."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as said:
        begun_s = time.perf_counter()
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT) as process:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG if watch else 0)
            while pid == 0 and watch:
                watch(process.pid)
                time.sleep(LOOK_EVERY_S)
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            wall_s = time.perf_counter() - begun_s
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            tail = said.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
            raise ProgramFailedError(f"{Path(words[0]).name} ended with code {process.returncode}: " + "\n".join(tail))
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return Run(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * bytes_per_unit / 1e6)


def resident_mb(pid: int) -> float:
    """The resident memory of a process and of those that it started, in MB; NaN where /proc does not tell."""
    total_kb, waiting = 0.0, [pid]
    while waiting:
        one = Path(f"/proc/{waiting.pop()}")
        try:
            status = (one / "status").read_text(encoding="ascii", errors="replace")
            waiting += [int(child) for child in (one / "task" / one.name / "children").read_text(encoding="ascii").split()]
        except OSError:
            continue
        total_kb += sum(float(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return total_kb * 1024 / 1e6 if total_kb else float("nan")
