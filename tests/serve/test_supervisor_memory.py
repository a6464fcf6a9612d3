"""The supervisor stays small, whatever the cameras send and whoever watches: measured in a process of its own, with workers that only talk."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MOST_BYTES = 200e6


@pytest.mark.soak
def test_the_supervisor_of_twenty_cameras_stays_under_200_mb_watched_or_not(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.watched_site", str(tmp_path), "20", "1920", "1080", "5", "10"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["pictures"] >= 20
    assert told["grounds"] >= 20
    assert told["scenes"] >= 20
    assert told["lost"] == 0
    assert told["unwatched_bytes"] < MOST_BYTES
    assert told["watched_bytes"] < MOST_BYTES
    assert told["afterwards_bytes"] < told["unwatched_bytes"] + 30e6
    assert told["descriptors_afterwards"] <= told["descriptors"] + 20  # each camera's plate file was begun
