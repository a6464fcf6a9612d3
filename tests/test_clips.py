"""Writing clips for tests leaves the machine as it was."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.clips import can_encode

WRITES = """
import os, sys
from pathlib import Path
from tests.support.clips import Recipe, write_clip
write_clip(Path(sys.argv[1]), Recipe("libsvtav1"))
print(os.sched_getscheduler(0) == os.SCHED_OTHER)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the scheduler")
@pytest.mark.skipif(not can_encode("libsvtav1"), reason="PyAV's FFmpeg has no AV1 encoder")
def test_an_av1_clip_leaves_no_priority_of_real_time_behind(tmp_path: Path) -> None:
    """It is set once a process, by the first encoder: in a process of its own."""
    done = subprocess.run([sys.executable, "-c", WRITES, tmp_path / "clip.mp4"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]
