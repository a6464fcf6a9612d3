"""A worker that is closed in writes nothing and reads its own files only: shown by trying, and by trying the same without."""

import os
from pathlib import Path

import pytest

from passerby.sealed.worker.protections import OUTLETS, READS, WRITES
from tests.support.closed_in import tell

pytestmark = pytest.mark.skipif(os.uname().sysname != "Linux", reason="Landlock and seccomp are Linux's")

ON_FILES = ("append", "update", "empty", "rename", "link", "symlink", "change_mode", "change_times", "openat2", "remove")
ON_FOLDERS = ("write_new", "make_folder", "make_pipe", "unnamed_file")


def has(wishes: dict[str, list[str]], *, closed: bool) -> dict[str, str]:
    return tell(closed=closed, tries=wishes).results


def one_file_each(folder: Path, names: tuple[str, ...]) -> dict[str, list[str]]:
    """Attempts, each on a file of its own."""
    wishes = {}
    for name in names:
        (folder / name).write_bytes(b"some bytes")
        wishes[name] = [str(folder / name)]
    return wishes


def test_a_closed_worker_changes_no_file_and_makes_none(tmp_path: Path) -> None:
    wishes = one_file_each(tmp_path, ON_FILES) | {name: [str(tmp_path)] for name in ON_FOLDERS}
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    results = has(wishes, closed=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert set(results.values()) <= {"EACCES", "EPERM", "ENOSYS"}, results


def test_the_same_attempts_succeed_in_a_process_that_is_open(tmp_path: Path) -> None:
    wishes = one_file_each(tmp_path, ON_FILES) | {name: [str(tmp_path)] for name in ON_FOLDERS}
    results = has(wishes, closed=False)
    odd = {name: word for name, word in results.items() if word != "ok"}
    # Not every file system has files without a name.
    assert not odd or set(odd) == {"unnamed_file"}, odd


def test_no_bytes_hide_in_a_files_attributes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"some bytes")
    wishes = {"attribute": [str(tmp_path / "file")]}
    if has(wishes, closed=False) != {"attribute": "ok"}:
        pytest.skip("this file system has no attributes")
    assert has(wishes, closed=True) == {"attribute": "EPERM"}


def test_a_closed_worker_reads_no_file_that_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    outside = [
        "/etc/passwd",
        "/etc/shadow",
        str(tmp_path / "secret"),
        str(Path.home() / ".bashrc"),
        "/proc/1/status",
        "/proc/1/cmdline",
        str(Path("/proc/self", "root", "etc", "passwd")),
    ]
    wishes = {f"read {path}": [path] for path in outside if os.access(path, os.R_OK)} | {"list_folder": [str(tmp_path)], "list_folder /": ["/"]}
    assert set(has(wishes, closed=False).values()) == {"ok"}
    closed = tell(tries=wishes)
    assert set(closed.results.values()) == {"EACCES"}, closed.results
    assert closed.protections[READS][0]
    assert closed.protections[WRITES][0]


def test_a_closed_worker_reads_its_cameras_file_its_weights_and_libraries(tmp_path: Path) -> None:
    camera, weights = tmp_path / "a clip.mp4", tmp_path / "cache" / "weights" / "some.onnx"
    weights.parent.mkdir(parents=True)
    for path in (camera, weights, tmp_path / "cache" / "other", tmp_path / "beside.mp4"):
        path.write_bytes(b"some bytes")
    wishes = {f"read {path.name}": [str(path)] for path in (camera, weights, tmp_path / "cache" / "other", tmp_path / "beside.mp4")}
    wishes |= {"read os.py": [os.__file__], "read itself": ["/proc/self/statm"]}
    told = tell(tries=wishes, cameras=[{"source": camera.as_uri()}], models_folder=str(tmp_path / "cache"))
    allowed = {"read a clip.mp4", "read some.onnx", "read os.py", "read itself"}
    assert {name for name, word in told.results.items() if word == "ok"} == allowed, told.results
    assert told.protections[READS] == [True, ""]


def test_a_missing_camera_file_is_reported() -> None:
    told = tell(cameras=[{"source": "file:///nonexistent/clip.mp4"}])
    assert told.protections[READS] == [True, "2 of its files were not there"]


@pytest.mark.parametrize("mode", ["wb", "r+b", "ab"])
def test_a_file_that_was_open_already_cannot_grow_and_is_reported(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "left open"
    path.write_bytes(b"")
    with path.open(mode) as opened:
        told = tell(tries={"grow": [str(opened.fileno())]}, pass_on=opened.fileno())
    assert told.results == {"grow": "EFBIG"}
    assert told.protections[OUTLETS] == [False, "also open for writing: a file"]
    assert path.read_bytes() == b""
