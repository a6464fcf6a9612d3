"""Ended from outside, at any moment: nothing half-written is left, and the exit code says what happened. Real processes, real signals."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from passerby.errors import GateError
from passerby.redact.run import _Work
from passerby.redact.settings import RedactSettings
from passerby.redact.stages import Stages
from passerby.sealed.capture.clip import open_clip
from tests.support.clips import Recipe, write_clip
from tests.support.detectors import Finder
from tests.support.redaction import names_in, passing_by, redacted, report_of, write_play
from tests.support.scenes import Stage

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60.0
MOMENTS = {
    "learning": ("learning the place", 0.1, []),
    "the end of learning": ("learning the place", 0.49, []),
    "writing": ("writing", 0.7, []),
    "the end of writing": ("writing", 0.8, []),
    "streaming": ("writing", 0.4, ["--streaming"]),
}
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
CASES = [
    (signal.SIGINT, "learning"),
    (signal.SIGTERM, "the end of learning"),
    (signal.SIGTERM, "writing"),
    (signal.SIGINT, "the end of writing"),
    (signal.SIGHUP, "writing"),
    (signal.SIGINT, "streaming"),
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough that no pass is over before a signal is heard."""
    play = passing_by(seconds=40.0, hz=10.0, stage=Stage(96, 72, contrast=40))
    return write_play(tmp_path_factory.mktemp("clips") / "clip.mp4", play)


def interrupted(number: int, moment: str, arguments: Sequence[object], environ: dict[str, str] | None = None) -> tuple[int, str]:
    """Sends a signal at the moment; gives the exit code and what was said."""
    stage, share, options = MOMENTS[moment]
    command = [sys.executable, "-m", "tests.support.stalling_redact", stage, str(share), *options, *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environ or {})}
    )
    with process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith(stage), "it came to the moment"
            process.send_signal(number)
            _, said = process.communicate(timeout=LIMIT_S)
        finally:
            process.kill()
    return process.returncode, said


@pytest.mark.parametrize(("number", "moment"), CASES)
def test_a_signal_leaves_nothing_and_its_exit_code(number: signal.Signals, moment: str, clip: Path, tmp_path: Path) -> None:
    code, said = interrupted(number, moment, [clip, "-o", tmp_path / "out.mp4", "--preview", tmp_path / "place.png"])
    assert code == SIGNALS[number]
    assert names_in(tmp_path) == set()
    assert "Traceback" not in said


def test_a_signal_leaves_an_old_output_as_it_was(clip: Path, tmp_path: Path) -> None:
    for name in ("out.mp4", "out.json"):
        (tmp_path / name).write_bytes(b"old")
    assert interrupted(signal.SIGINT, "writing", [clip, "-o", tmp_path / "out.mp4", "--overwrite"])[0] == 130
    assert {name: (tmp_path / name).read_bytes() for name in names_in(tmp_path)} == {"out.mp4": b"old", "out.json": b"old"}


def test_clips_that_were_done_before_a_signal_stay(clip: Path, tmp_path: Path) -> None:
    short = write_clip(tmp_path / "in.mp4", Recipe(count=2))
    (tmp_path / "out").mkdir()
    # The last of two frames lies at three quarters of the short clip.
    assert interrupted(signal.SIGTERM, "the end of writing", [short, clip, "-o", tmp_path / "out"])[0] == 143
    assert names_in(tmp_path / "out") == {"in.redacted.mp4", "in.redacted.json"}
    assert report_of(tmp_path / "out" / "in.redacted.mp4")["frames"] == 2


@pytest.mark.parametrize("moment", ["learning", "writing"])
def test_a_kill_leaves_at_most_a_hidden_file_and_the_next_run_works(moment: str, clip: Path, tmp_path: Path) -> None:
    code, _ = interrupted(signal.SIGKILL, moment, [clip, "-o", tmp_path / "out.mp4"])
    assert code == -signal.SIGKILL
    left = names_in(tmp_path)
    assert all(name.startswith(".out.mp4.partial-") for name in left)
    assert len(left) <= 1
    code, _ = interrupted(signal.SIGCONT, moment, [clip, "-o", tmp_path / "out.mp4"])
    assert code == 0
    assert names_in(tmp_path) == {"out.mp4", "out.json", *left}


def test_a_closed_terminal_does_not_end_what_nohup_started(clip: Path, tmp_path: Path) -> None:
    code, _ = interrupted(signal.SIGHUP, "writing", [clip, "-o", tmp_path / "out.mp4"], {"PASSERBY_TEST_NOHUP": "1"})
    assert code == 0
    assert names_in(tmp_path) == {"out.mp4", "out.json"}


@pytest.mark.parametrize("streaming", [False, True])
def test_work_that_was_stopped_looks_no_more(streaming: bool, clip: Path) -> None:
    """The looks before a release of a large picture take many seconds: they must not be waited for."""
    detector = Finder()
    with open_clip(clip) as opened, ThreadPoolExecutor(1) as executor:
        work = _Work(opened, RedactSettings(streaming=streaming), detector, executor, Stages(), lambda _stage, _done: None)
        work.stop()
        with pytest.raises(GateError, match="stopped"):
            next(work.scenes())
    assert detector.seen_px == []


def test_an_exception_of_the_caller_ends_the_work_and_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    class OwnError(Exception):
        pass

    def fail(stage: str, done: float) -> None:
        if stage == "writing" and done > 0.6:
            raise OwnError

    with pytest.raises(OwnError):
        redacted(clip, tmp_path / "out.mp4", progress=fail)
    assert names_in(tmp_path) == set()
