import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.clips import Recipe, can_encode, write_clip

SEEDS = {
    "mp4": Recipe(),
    "mkv": Recipe("libx265"),
    "avi": Recipe("mpeg4"),
    "ts": Recipe("mpeg2video"),
    "webm": Recipe("libvpx-vp9"),
    "mov": Recipe("mjpeg", "yuvj420p"),
    "gif": Recipe("gif", "rgb8", time_base=Fraction(1, 10)),
    "nut": Recipe("libsvtav1"),
}


def test_every_damaged_copy_gives_frames_or_an_input_error(tmp_path: Path) -> None:
    files = [str(write_clip(tmp_path / f"clip.{suffix}", recipe)) for suffix, recipe in SEEDS.items() if can_encode(recipe.codec)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "tests.support.fuzz_clips", *files]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    outcomes = [line.split()[-1] for line in done.stdout.splitlines()]
    if done.returncode < 0:
        pytest.fail(f"FFmpeg crashed with signal {-done.returncode} after {done.stdout[-300:]}")
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert len(outcomes) >= 60
    assert outcomes.count("refused") > 5
    assert sum(outcome != "refused" for outcome in outcomes) > 20
