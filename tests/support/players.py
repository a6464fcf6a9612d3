"""What a player makes of a stream: FFmpeg's own, as a program. Skipped with a reason where there is none."""

import itertools
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None, reason="no ffmpeg here")
WITHIN_S = 120
MOST_TOLD = 3


class Played(NamedTuple):
    """What was played: when each picture is shown, the pictures at a small size, and what the player complained of."""

    times_s: list[float]
    pictures: list[NDArray[np.uint8]]
    complaints: str


def play(url: str, seconds: float, folder: Path, *, scale: str = "") -> Played:
    """Plays so many seconds of a stream; a player that does not get them is ended, and the test fails."""
    times, video = folder / "times.txt", folder / "video.mkv"
    filters = ["-vf", scale] if scale else []
    command = ["ffmpeg", "-nostdin", "-y", "-v", "warning", "-i", url, "-t", str(seconds), *filters, "-fps_mode", "passthrough"]
    command += ["-c:v", "ffv1", "-copyts", "-start_at_zero", str(video)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S + 3 * seconds, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    listed = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", str(video)], capture_output=True, text=True, check=True
    )
    times.write_text(listed.stdout)
    pictures: list[NDArray[np.uint8]] = []
    reader = cv2.VideoCapture(str(video))
    while True:
        there, picture = reader.read()
        if not there:
            break
        pictures.append(np.asarray(picture, np.uint8))
    reader.release()
    return Played([float(line.strip(",")) for line in listed.stdout.split()], pictures, done.stderr)


def steps(times_s: list[float]) -> list[float]:
    """The distances of pictures, in seconds, to a thousandth."""
    return [round(after - before, 3) for before, after in itertools.pairwise(times_s)]
