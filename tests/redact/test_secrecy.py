"""Invariant I1 from outside: a raw frame is in the memory of the redacting process and nowhere else, and not for long.

The canary is a texture that no place has, on somebody who walks through the clip: whatever holds a raw picture holds it.
"""

import contextlib
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from passerby.errors import DetectorError
from passerby.models.cache import default_cache_folder
from passerby.redact.detection import LoadedDetector
from passerby.redact.settings import RedactSettings
from passerby.released.scene import Kind
from passerby.sealed.capture.frame import Frame
from passerby.sealed.gate.detector import Boxes
from tests.support.clips import Recipe, write_clip
from tests.support.detectors import INPUT_PX, Finder
from tests.support.redaction import STAGE, facts_of, names_in, redacted, size_px, write_play
from tests.support.scenes import Figure, Picture, Play, walks

ROOT = Path(__file__).resolve().parents[2]
CANARY_PX = 24, 48
LEAST_LIKENESS = 0.75
"""Correlation from which a part of a picture counts as the canary; the place and the glyphs stay below half of it."""


class Canary(Figure):
    """Somebody with an unmistakable coat."""

    @property
    def pixels(self) -> Picture:
        return canary()


def canary() -> Picture:
    """The coat (h x w x 3): random blots, coarse enough to survive an encoder."""
    width, height = CANARY_PX
    small = np.random.default_rng(2024).integers(0, 256, (height // 4, width // 4, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, CANARY_PX, interpolation=cv2.INTER_NEAREST), np.uint8)


def with_canary(seconds: float = 12.0) -> Play:
    width, _ = size_px(Play(STAGE))
    return Play(STAGE, [Canary(walks((3, -24, 50), (9, width, 50)), *CANARY_PX)], seconds, 5.0)


class Watchful:
    """Finds what differs much from the empty place: a stand-in that needs no colour."""

    input_px = INPUT_PX

    def detect(self, picture: Picture) -> Boxes:
        if picture.shape != STAGE.empty.shape:
            return Boxes.none()
        far = (np.abs(picture.astype(int) - STAGE.empty).max(2) > 60).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(cv2.morphologyEx(far, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
        if not w:
            return Boxes.none()
        return Boxes(np.array([[x, y, x + w, y + h]], np.float32), np.array([0.9], np.float32), np.array([Kind.PERSON], np.int8))


def likeness(picture: Picture) -> float:
    """How much the most similar part of a picture is like the canary; 1 = the same."""
    found = [float(cv2.matchTemplate(picture, part, cv2.TM_CCOEFF_NORMED).max()) for part in (canary()[:24], canary()[24:])]
    return max(found)


def holds_canary(data: bytes) -> bool:
    """Whether raw rows of the canary, in any channel order, stand in these bytes."""
    picture = canary()
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    rows = [form[row].tobytes() for row in range(0, CANARY_PX[1], 4) for form in (picture, picture[..., ::-1], grey, picture[..., 0])]
    return any(row in data for row in rows)


def test_the_search_finds_the_canary_where_it_is() -> None:
    play = with_canary()
    assert likeness(play.picture(6.0)) > 0.95
    assert likeness(play.picture(0.0)) < LEAST_LIKENESS / 2
    assert holds_canary(play.clean(6.0).tobytes())
    assert not holds_canary(play.clean(0.0).tobytes())


@pytest.mark.parametrize("streaming", [False, True])
def test_nothing_that_is_written_holds_the_canary(streaming: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    recipe = Recipe("ffv1", "bgr0", count=60, time_base=Recipe().time_base * 5, size_px=size_px(with_canary()))
    clip = write_play(tmp_path / "in" / "clip.mkv", with_canary(), recipe)
    assert max(likeness(picture) for picture in facts_of(clip).pictures) > 0.95
    outcome = redacted(clip, tmp_path / "out" / "out.mp4", RedactSettings(streaming=streaming), Watchful(), preview=tmp_path / "out" / "place.png")
    assert names_in(tmp_path / "out") == {"out.mp4", "out.json", "place.png"}
    for picture in [*facts_of(outcome.output).pictures, np.asarray(cv2.imread(str(tmp_path / "out" / "place.png")), np.uint8)]:
        assert likeness(picture) < LEAST_LIKENESS
    for path in (tmp_path / "out").iterdir():
        assert not holds_canary(path.read_bytes()), path.name
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_a_redacting_process_has_no_file_open_for_writing_but_the_outputs(tmp_path: Path) -> None:
    """Looked at from outside, in the middle of each pass: no spool, no cache, no memory shared with others."""
    if not Path("/proc/self/fdinfo").is_dir():
        pytest.skip("there is no /proc here")
    clip = write_play(tmp_path / "clip.mkv", with_canary(60.0))
    (tmp_path / "out").mkdir()
    (tmp_path / "tmp").mkdir()
    for stage, share in (("learning the place", 0.2), ("writing", 0.7)):
        command = [sys.executable, "-m", "tests.support.stalling_redact", stage, str(share), str(clip), "-o", str(tmp_path / "out" / f"{share}.mp4")]
        environ = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
        ) as process:
            assert process.stdout is not None
            try:
                assert process.stdout.readline().startswith(stage)
                written = opened_for_writing(process.pid)
                process.communicate(timeout=60)
            finally:
                process.kill()
        assert process.returncode == 0
        assert {path.parent for path in written} <= {tmp_path / "out"}, written
        assert all(path.name.startswith(".") for path in written), "and those have no final name yet"
        assert names_in(tmp_path / "tmp") == set()


def opened_for_writing(process: int) -> set[Path]:
    """The regular files that a process has open for writing, and what it shares with other processes."""
    found = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            target = str(link.readlink())
            flags = next(line for line in (link.parent.parent / "fdinfo" / link.name).read_text().splitlines() if line.startswith("flags"))
            is_writable = int(flags.split()[1], 8) & (os.O_WRONLY | os.O_RDWR)
            if is_writable and target.startswith("/") and not target.startswith("/dev/"):
                found.add(Path(target))
    return found


def test_the_detectors_runtime_leaves_nothing_and_tells_nobody(real_detector: LoadedDetector, tmp_path: Path) -> None:
    """ONNX Runtime's own builds keep an id of the machine and a database of events to upload, unless that is refused before the import."""
    (tmp_path / "home").mkdir()
    write_clip(tmp_path / "clip.mp4", Recipe(count=3))
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "GITHUB_ACTIONS", "TF_BUILD", "XDG_CACHE_HOME"}}
    environ.pop("ORT_DISABLE_TELEMETRY", None)
    environ |= {"HOME": str(tmp_path / "home"), "PASSERBY_CACHE": str(default_cache_folder(os.environ))}
    command = [sys.executable, "-c", "from passerby.cli import main; main()", "redact", "clip.mp4", "--device", "cpu"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert names_in(tmp_path) == {"clip.mp4", "clip.redacted.mp4", "clip.redacted.json"}


class Failing(Watchful):
    """Fails while it holds a picture, with a message that tells nothing of it."""

    def __init__(self, error: type[Exception]) -> None:
        self._error, self._looks = error, 0

    def detect(self, picture: Picture) -> Boxes:
        self._looks += 1
        if self._looks > 8:
            raise self._error("the runtime failed")
        return super().detect(picture)


def test_a_traceback_from_the_middle_of_the_work_shows_no_picture(tmp_path: Path) -> None:
    write_play(tmp_path / "clip.mkv", with_canary())
    code = f"""
from pathlib import Path
from tests.redact.test_secrecy import Failing
from tests.support.redaction import redacted
redacted(Path({str(tmp_path / "clip.mkv")!r}), Path({str(tmp_path / "out.mp4")!r}), None, Failing(ZeroDivisionError))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"ZeroDivisionError: the runtime failed" in done.stderr
    assert not holds_canary(done.stderr + done.stdout)
    assert b"array(" not in done.stderr + done.stdout
    assert names_in(tmp_path) == {"clip.mkv"}


def test_a_failed_look_leaves_no_picture_in_the_report(tmp_path: Path) -> None:
    clip = write_play(tmp_path / "clip.mkv", with_canary())
    outcome = redacted(clip, tmp_path / "out.mp4", RedactSettings(), Failing(DetectorError))
    text = outcome.report.read_bytes()
    assert not holds_canary(text)
    assert b"array(" not in text
    assert b"detector_failed" in text


@pytest.mark.parametrize("streaming", [False, True])
def test_few_raw_pictures_live_at_a_time_however_long_the_clip_is(streaming: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    living, most = 0, 0

    def gone() -> None:
        nonlocal living
        living -= 1

    convert = Frame.bgr

    def counted(self: Frame) -> Any:
        nonlocal living, most
        picture = convert(self)
        living += 1
        most = max(most, living)
        weakref.finalize(picture, gone)
        return picture

    monkeypatch.setattr(Frame, "bgr", counted)
    found = []
    for seconds in (12.0, 48.0):
        living = most = 0
        clip = write_play(tmp_path / f"{seconds}.mp4", with_canary(seconds))
        redacted(clip, tmp_path / f"{seconds}-out.mp4", RedactSettings(streaming=streaming), Finder())
        found.append(most)
        assert living == 0, "none outlives the redaction"
    assert found[0] == found[1] <= 8
