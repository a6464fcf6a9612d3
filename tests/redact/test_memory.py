"""Memory does not grow with the length of a clip: a long run, since short clips cannot tell. In those, `test_secrecy.py` counts raw pictures."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.drawn import DrawnClip
from passerby.redact.detection import LoadedDetector

ROOT = Path(__file__).resolve().parents[2]
MOST_GROWTH_MB = 24.0
CODE = """
import os, sys
from pathlib import Path
import passerby

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

def progress(stage, done):
    told.append((stage, done, resident_mb()))

told = []
passerby.redact(sys.argv[1], device="cpu", progress=progress, streaming=sys.argv[2] == "True")
for stage in dict.fromkeys(stage for stage, _, _ in told):
    sizes = [mb for said, _, mb in told if said == stage]
    part = len(sizes) // 5
    print(stage, max(sizes[part : 2 * part]), max(sizes[-part:]), sep="\\t")
"""


@pytest.mark.soak
@pytest.mark.parametrize("streaming", [False, True])
def test_memory_stays_flat_over_ten_minutes(streaming: bool, real_detector: LoadedDetector, tmp_path: Path) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("there is no /proc here")
    DrawnClip(384, 288, seconds=60, fps=10, figures=4).write(tmp_path / "clip.mp4", times=10)
    command = [sys.executable, "-c", CODE, str(tmp_path / "clip.mp4"), str(streaming)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    stages = [line.split("\t") for line in done.stdout.splitlines()]
    print(stages)  # noqa: T201 - the measured sizes
    assert [stage for stage, _, _ in stages] == (["writing"] if streaming else ["learning the place", "writing"])
    for stage, early_mb, late_mb in stages:
        assert float(late_mb) - float(early_mb) <= MOST_GROWTH_MB, stage
