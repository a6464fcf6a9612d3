"""The canary's bench: one real redaction is searched, what vanishes is kept, and a search that proves nothing says so."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from bench.canary import Place, Result, Search, complaints
from bench.canary_clip import CanaryClip, Crossing
from bench.canary_code import texture
from bench.canary_finder import CanaryFinder, Find
from bench.canary_process import LOOKS, Fault, FaultyDetector
from bench.canary_runs import PLANNED, PLANTED, Folders, Ran, cut_off, damaged
from bench.canary_watch import Watch
from passerby.errors import DetectorError
from passerby.redact.settings import RedactSettings
from passerby.released.scene import Kind
from passerby.released.show import Show
from passerby.sealed.gate.detector import Boxes
from passerby.simulate.cast import Posture
from tests.support.clips import Recipe
from tests.support.detectors import INPUT_PX, Blind
from tests.support.redaction import redacted, size_px, write_play
from tests.support.scenes import Figure, Picture, Play, Stage, walks

ROOT: Final = Path(__file__).resolve().parents[2]
STAGE: Final = Stage(256, 176, contrast=40)
COAT_PX: Final = (48, 88)
FOUND: Final = Find("picture", 0.9, 3, "here")


class Wearer(Figure):
    """Somebody in the texture."""

    @property
    def pixels(self) -> Picture:
        return texture(*COAT_PX)


class Watchful:
    """Finds what differs much from the empty place: a stand-in that needs no colour."""

    input_px = INPUT_PX

    def detect(self, picture: Picture) -> Boxes:
        if picture.shape != STAGE.empty.shape:
            return Boxes.none()
        rows, columns = np.nonzero(np.abs(picture.astype(int) - STAGE.empty).max(axis=2) > 60)
        if len(rows) < 200:
            return Boxes.none()
        box = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
        return Boxes(box, np.array([0.9], np.float32), np.array([Kind.PERSON], np.int8))


def passing_in_the_texture() -> Play:
    return Play(STAGE, [Wearer(walks((2, -48, 40), (6, 256, 40)), *COAT_PX)], 8.0, 5.0)


@pytest.fixture(scope="module")
def search() -> Search:
    return Search()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """A run's folders, without the detector's weights."""
    made = Folders(tmp_path / "run", tmp_path / "clip.mkv")
    for folder in (made.out, made.kept, *made.rest):
        folder.mkdir(parents=True)
    return made


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    play = passing_in_the_texture()
    recipe = Recipe("ffv1", "bgr0", count=len(play.times_s), time_base=Recipe().time_base * 5, size_px=size_px(play))
    return write_play(tmp_path_factory.mktemp("canary") / "clip.mkv", play, recipe)


@pytest.mark.parametrize("settings", [RedactSettings(), RedactSettings(streaming=True), RedactSettings(show=Show.HEAT)])
def test_a_redaction_shows_no_canary_where_its_clip_does(
    settings: RedactSettings, clip: Path, folders: Folders, search: Search, capfd: pytest.CaptureFixture[str]
) -> None:
    raw = search.clip(clip)
    assert raw.frames == 40
    assert len(raw.finds) >= 14, "whenever somebody is in the picture"
    redacted(clip, folders.out / "out.mp4", settings, Watchful(), preview=folders.out / "place.png")
    told = capfd.readouterr()
    places = search.left(folders, Ran(0, (told.out + told.err).encode(), {}, 0, ()))
    assert places[0].frames == 41, "the outputs' frames and the preview"
    assert places[1].files == 3
    assert [find for place in places for find in place.finds] == []


def test_a_picture_that_was_left_anywhere_is_found_where_it_is(folders: Folders, search: Search) -> None:
    picture = passing_in_the_texture().picture(4.0)
    np.save(folders.rest[0] / "look.npy", picture)
    np.save(folders.kept / "1-gone.npy", picture)
    (folders.out / "out.json").write_text(repr(picture[40:80].tolist()))
    places = search.left(folders, Ran(1, b"Traceback", {"/memfd:frames (deleted)": picture.tobytes()}, 0, ()))
    assert {place.name: sorted({name for name, _ in place.finds}) for place in places} == {
        "frames and pictures of the outputs": [],
        "bytes of outputs and reports": ["out.json"],
        "temporary folder, home, caches, working directory": ["look.npy"],
        "files removed or without a name": ["/memfd:frames (deleted)", "1-gone.npy"],
        "what was said": [],
    }


# What the bench says


def shown(frames: int, finds: int) -> Place:
    return Place("frames", frames, finds=[("clip.mp4", FOUND)] * finds)


def result(name: str = "glyphs", code: int = 0, finds: int = 0, beside: list[str] | None = None) -> Result:
    return Result(name, code, (0,), [shown(10, finds)], beside or [])


GOOD: Final = [result(PLANTED.name, finds=2), result()]


def test_nothing_is_said_where_all_is_well() -> None:
    assert complaints(shown(10, 6), GOOD) == []


@pytest.mark.parametrize(
    ("raw", "results", "word"),
    [
        (shown(10, 4), GOOD, "nothing is proved"),
        (shown(0, 0), GOOD, "nothing is proved"),
        (shown(10, 6), [result(PLANTED.name), result()], "planted on purpose was not found"),
        (shown(10, 6), [*GOOD, result(finds=1)], "FOUND: glyphs, frames, clip.mp4: picture, likeness 0.90"),
        (shown(10, 6), [*GOOD, result(code=1)], "exit code 1, expected 0"),
        (shown(10, 6), [*GOOD, result(beside=["socket.connect: ('::1', 80)"])], "socket.connect"),
    ],
)
def test_whatever_is_wrong_is_said(raw: Place, results: list[Result], word: str) -> None:
    (said,) = complaints(raw, results)
    assert word in said


def test_each_fault_is_tried_and_each_level_shown() -> None:
    assert {plan.fault for plan in (PLANTED, *PLANNED)} == set(Fault)
    assert {words[words.index("--show") + 1] for plan in PLANNED if "--show" in (words := plan.options)} | {"glyphs"} == {show.value for show in Show}


# What leaves a process


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.DETECTOR_FAILS, DetectorError), (Fault.DETECTOR_CRASHES, ZeroDivisionError), (Fault.ERROR_HOLDS_PICTURE, ValueError)],
)
def test_a_faulty_detector_goes_wrong_in_the_middle(fault: Fault, error: type[Exception]) -> None:
    detector = FaultyDetector(Blind(), fault)
    for _ in range(LOOKS):
        assert len(detector.detect(STAGE.empty).xyxy) == 0
    with pytest.raises(error):
        detector.detect(STAGE.empty)


REMOVES: Final = """
import os, socket, sys
from pathlib import Path
from bench.canary_process import _keeping
sys.addaudithook(_keeping(Path(sys.argv[1])))
Path("a").write_bytes(b"first")
Path("a").unlink()
Path("b").write_bytes(b"second")
Path("c").write_bytes(b"third")
Path("c").replace("b")
socket.socket(socket.AF_UNIX).connect_ex(sys.argv[2])
"""


def test_what_is_removed_or_replaced_is_kept_and_connections_are_told(tmp_path: Path) -> None:
    kept, here = tmp_path / "kept", tmp_path / "here"
    kept.mkdir()
    here.mkdir()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    subprocess.run([sys.executable, "-c", REMOVES, str(kept), str(tmp_path / "nobody")], cwd=here, env=environ, check=True)
    held = {path.name.partition("-")[2]: path.read_bytes() for path in kept.iterdir() if path.name != "events"}
    assert held == {"a": b"first", "b": b"second"}
    assert (kept / "events").read_text().startswith("socket.connect: ")
    assert (here / "b").read_bytes() == b"third"


WRITES: Final = """
import os, socket, sys, tempfile
nameless = tempfile.TemporaryFile(buffering=0)
nameless.write(b"nameless")
named = open(sys.argv[1], "wb", buffering=0)
named.write(b"named")
passed_over = open(sys.argv[2], "wb", buffering=0)
passed_over.write(b"passed over")
ends = socket.socketpair()
print("ready", flush=True)
sys.stdin.read()
"""


def test_files_without_a_name_and_sockets_are_seen_from_outside(tmp_path: Path) -> None:
    if not Path("/proc/self/fdinfo").is_dir():
        pytest.skip("there is no /proc here")
    (tmp_path / "out").mkdir()
    command = [sys.executable, "-c", WRITES, str(tmp_path / "named"), str(tmp_path / "out" / "x")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        watch = Watch(process.pid, (tmp_path / "out",))
        watch.look()
        process.communicate(timeout=60)
    assert sorted(watch.written.values()) == [b"named", b"nameless"]
    assert len(watch.sockets) == 2


@pytest.mark.parametrize("change", [damaged, cut_off])
def test_clips_are_damaged_where_their_pictures_are(change: Callable[[Folders], None], clip: Path, tmp_path: Path) -> None:
    own = Folders(tmp_path, tmp_path / "clip.mkv")
    own.clip.write_bytes(clip.read_bytes())
    change(own)
    before, after = clip.read_bytes(), own.clip.read_bytes()
    assert after != before
    assert after[: len(before) // 5] == before[: len(before) // 5], "the beginning is as it was"


# The clip


def test_somebody_walks_stops_and_walks_on() -> None:
    way = Crossing(8.0, 1.0, -2.0, stops=(1.0, 3.0)).way(4)
    assert way.person == 4
    assert (way.times_s[0], way.xy_m[0, 0]) == (1.0, 9.0)
    assert way.times_s[-1] == pytest.approx(1 + 9 + 3)
    assert way.xy_m[-1, 0] == pytest.approx(-9.0)
    standing = way.posture == Posture.STANDING
    assert standing.sum() == 30
    assert way.xy_m[standing, 0] == pytest.approx(1.0)
    assert (np.diff(way.walked_m) >= 0).all()


def test_people_of_the_clip_wear_the_texture_below_the_head_and_nobody_else_does() -> None:
    finder = CanaryFinder()
    moments = {round(shot.time_s): (shot, picture) for shot, picture in CanaryClip(640, 480, fps=1, seconds=8).shots()}
    empty, empty_picture = moments[0]
    assert (empty_picture == empty.picture).all()
    shot, picture = moments[7]
    assert finder.in_picture(shot.picture) is None
    assert finder.in_picture(picture) is not None
    changed = (picture != shot.picture).any(axis=2)
    assert not changed[shot.labels == 0].any()
    for seen in shot.people:
        left, top, width, height = seen.box
        assert not changed[max(0, top) : max(0, top + height // 8), max(0, left) : left + width].any() or len(shot.people) > 1
