"""Clips come from anybody: a damaged one gives a valid output or a clean error, and never anything else."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.clips import REORDERED, Recipe
from tests.support.redaction import passing_by, size_px, write_play
from tests.support.scenes import Stage

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 100.0
KINDS = {
    "clip.mp4": ("libx264", "yuv420p", REORDERED),
    "clip.avi": ("mpeg4", "yuv420p", {}),
    "clip.mkv": ("libx264", "yuv420p", {}),
    "clip.ts": ("libx264", "yuv420p", {}),
    "clip.mov": ("mjpeg", "yuvj420p", {}),
    "clip.gif": ("gif", "rgb8", {}),
}


def outcomes(folder: Path, name: str, way: str, limit_s: float = LIMIT_S) -> list[str]:
    """What became of each damaged copy of this kind of clip: the number of frames, or "refused"."""
    play = passing_by(seconds=6.0, stage=Stage(64, 48, contrast=40))
    codec, pix_fmt, options = KINDS[name]
    recipe = Recipe(codec, pix_fmt, count=len(play.times_s), time_base=Fraction(1, 5), size_px=size_px(play), options=options)
    clip = write_play(folder / name, play, recipe)
    command = [sys.executable, "-m", "tests.support.fuzz_redact", way, str(clip)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=limit_s)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-4000:] + done.stderr[-2000:]
    return [line.split()[-1] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.avi"])
def test_a_damaged_clip_gives_a_valid_output_or_a_clean_error(name: str, tmp_path: Path) -> None:
    found = outcomes(tmp_path, name, "some")
    assert len(found) > 20
    assert "refused" in found, "some copies are damaged beyond repair"
    assert set(found) != {"refused"}, "others are not"


def test_a_clip_that_is_cut_off_anywhere_gives_what_is_left_or_a_clean_error(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "clip.mkv", "cut")
    assert found[0] == "refused"
    assert found[-1] == "30"
    frames = [int(word) for word in found if word != "refused"]
    assert frames == sorted(frames)
    assert len(frames) > 15


@pytest.mark.soak
@pytest.mark.parametrize("name", KINDS)
def test_many_damaged_clips_give_valid_outputs_or_clean_errors(name: str, tmp_path: Path) -> None:
    assert len(outcomes(tmp_path, name, "many", 20 * LIMIT_S)) > 240
    outcomes(tmp_path, name, "cut")
