"""Redacting small drawn clips in a test, and reading back what came out."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import numpy as np
import pytest

from passerby.cli import main
from passerby.redact.detection import LoadedDetector
from passerby.redact.run import Outcome, redact_clip
from passerby.redact.settings import RedactSettings
from passerby.sealed.gate.detector import Detector, YoloxDetector
from tests.support.clips import Recipe, write_clip
from tests.support.detectors import Finder
from tests.support.scenes import Figure, Picture, Play, Stage, walks

STUB_SHA256: Final = "5" * 64
STAGE: Final = Stage(192, 144, contrast=40)
SHARP: Final = {"preset": "ultrafast", "qp": "8"}
"""For libx264: what is written is what was drawn, or nearly."""


def stub(detector: Detector | None = None, word: str = "") -> LoadedDetector:
    """A stand-in for the loaded detector; without one, it finds the figures of `tests.support.scenes`."""
    return LoadedDetector(cast("YoloxDetector", Finder() if detector is None else detector), "stub", STUB_SHA256, word)


def passing_by(seconds: float = 12.0, hz: float = 5.0, stage: Stage = STAGE) -> Play:
    """Somebody walks through the middle of the place, from the left to the right."""
    y = stage.height_px * 0.4
    walk = walks((seconds * 0.25, -14, y), (seconds * 0.75, stage.width_px, y))
    return Play(stage, [Figure(walk)], seconds, hz)


def write_play(path: Path, play: Play, recipe: Recipe | None = None, times_s: Sequence[float] | None = None) -> Path:
    """Encodes a play as a clip; `times_s` = other times than its own, for which `recipe` holds the ticks."""
    times_s = play.times_s if times_s is None else times_s
    recipe = recipe or Recipe(options=SHARP, count=len(times_s), time_base=Fraction(1, round(play.hz)), size_px=size_px(play))
    return write_clip(path, recipe, pictures=(play.picture(time_s) for time_s in times_s))


def size_px(play: Play) -> tuple[int, int]:
    """Width and height."""
    return play.stage.width_px, play.stage.height_px


def redacted(source: Path, output: Path, settings: RedactSettings | None = None, detector: Detector | None = None, **more: Any) -> Outcome:
    """Redacts with a stand-in for the detector."""
    return redact_clip(source, output, settings or RedactSettings(), stub(detector), **more)


def report_of(output: Path) -> dict[str, Any]:
    """The report beside an output."""
    found: dict[str, Any] = json.loads(output.with_suffix(".json").read_text("utf-8"))
    return found


@dataclass(frozen=True)
class Facts:
    """What PyAV finds in a video file: times in seconds, pictures height x width x 3 BGR."""

    codec: str
    pix_fmt: str
    size_px: tuple[int, int]
    streams: list[str]
    metadata: dict[str, str]
    times: list[Fraction]
    pictures: list[Picture]


def facts_of(path: Path) -> Facts:
    """Decodes a file from end to end."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        metadata = {**container.metadata, **{f"{s.index}.{k}": v for s in container.streams for k, v in s.metadata.items()}}
        frames = list(container.decode(video))
        context = video.codec_context
        return Facts(
            codec=context.codec.canonical_name,
            pix_fmt=str(context.pix_fmt),
            size_px=(context.width, context.height),
            streams=[s.type for s in container.streams],
            metadata=metadata,
            times=[Fraction(frame.pts or 0) * Fraction(frame.time_base or 1) for frame in frames],
            pictures=[np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in frames],
        )


def times_of(path: Path) -> list[Fraction]:
    """When each frame of a clip is shown, since the first."""
    times = facts_of(path).times
    return [time - times[0] for time in times]


def boxes_of_mp4(path: Path) -> list[str]:
    """The names of an MP4 file's boxes, in order (ISO/IEC 14496-12, 4.2)."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8].decode("ascii")
        size = int.from_bytes(data[at + 8 : at + 16], "big") if size == 1 else size
        names.append(name)
        at += size or len(data)
    return names


def ffprobe(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file; skips where there is none."""
    if shutil.which("ffprobe") is None:
        pytest.skip("no ffprobe here")
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_format", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def names_in(folder: Path) -> set[str]:
    """All files of a folder, hidden ones too."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def is_near(picture: Picture, other: Picture, levels: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where two pictures differ by at most so many levels in each channel (height x width)."""
    return np.asarray((np.abs(picture.astype(int) - other.astype(int)) <= levels).all(2))


def run_passerby(monkeypatch: pytest.MonkeyPatch, arguments: Iterable[object]) -> int:
    """The exit code of `passerby` with these arguments, in this process."""
    monkeypatch.setattr(sys, "argv", ["passerby", *map(str, arguments)])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as left:
        main()
    code = left.value.code
    return code if isinstance(code, int) else 0 if code is None else 1
