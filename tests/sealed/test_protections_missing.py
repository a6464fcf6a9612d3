"""Where a kernel, a container or another system lacks a protection, the worker runs, the others hold, and the report says what holds instead.

The kernel's refusal is real: a filter is put before the worker's own.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from passerby.sealed.worker import kernel, landlock, limits, memory, protections, seccomp
from passerby.sealed.worker.protections import DATAGRAMS, LISTENING, NAMES, OTHERS, PORTS, PROGRAMS, READS, WRITES, close_in
from passerby.site.orders import CameraOrder, Configure
from tests.support.closed_in import tell

linux = pytest.mark.skipif(os.uname().sysname != "Linux", reason="Landlock and seccomp are Linux's")
CAMERA = [{"source": "rtsp://127.0.0.1:8554/stream", "transport": "tcp"}]
LEAVES_NO_FILE = {"EACCES", "EPERM", "ENOSYS"}


def writing(folder: Path) -> dict[str, list[str]]:
    (folder / "file").write_bytes(b"some bytes")
    wishes = {name: [str(folder / "file")] for name in ("append", "update", "empty", "rename", "link", "openat2", "remove")}
    return wishes | {name: [str(folder)] for name in ("write_new", "make_folder", "unnamed_file")}


@linux
@pytest.mark.parametrize(
    ("step", "word"),
    [
        ("without_landlock", "this kernel has no Landlock (Linux 5.13 or newer)"),
        ("landlock_switched_off", "Landlock is switched off at boot"),
        ("landlock_forbidden", "a container or another sandbox forbids Landlock"),
    ],
)
def test_without_landlock_the_filter_holds_what_it_can(tmp_path: Path, step: str, word: str) -> None:
    told = tell(steps=[step], tries=writing(tmp_path) | {"read": ["/etc/passwd"], "start_program": [], "listen": []}, cameras=CAMERA)
    assert told.results.pop("read") == "ok"
    assert set(told.results.values()) <= LEAVES_NO_FILE, told.results
    assert told.protections[WRITES] == [True, f"by seccomp; {word}"]
    assert told.protections[READS] == [False, word]
    assert told.protections[PORTS] == [False, f"{word}; it may connect to any port, never listen"]
    for name in (DATAGRAMS, LISTENING, PROGRAMS, OTHERS):
        assert told.protections[name][0], name


@linux
def test_without_seccomp_landlock_holds_what_it_can(tmp_path: Path) -> None:
    tries = writing(tmp_path) | {"read": ["/etc/passwd"], "start_program": []}
    told = tell(steps=["without_seccomp"], tries=tries, cameras=CAMERA)
    assert set(told.results.values()) <= LEAVES_NO_FILE, told.results
    assert told.protections[WRITES] == [True, ""]
    assert told.protections[READS][0]
    assert told.protections[PROGRAMS] == [True, "by Landlock"]
    # Other protocols than TCP go past Landlock's rules for ports.
    for name in (PORTS, DATAGRAMS, LISTENING, OTHERS):
        held, word = told.protections[name]
        assert not held
        assert word.startswith("a container or another sandbox forbids seccomp"), word


@linux
def test_without_either_files_still_cannot_grow(tmp_path: Path) -> None:
    told = tell(steps=["without_landlock", "without_seccomp"], tries={"write_new": [str(tmp_path)]}, cameras=CAMERA)
    assert told.results == {"write_new": "EFBIG"}
    held, word = told.protections[WRITES]
    assert not held
    assert word.endswith("files cannot grow")
    assert {name for name in NAMES[7:14] if told.protections[name][0]} == set()


def configure() -> Configure:
    return Configure(cameras=(CameraOrder(camera="a", source="rtsp://127.0.0.1/"),), models_folder=Path("/nonexistent"))


def unlike_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system, as far as this process need not be harmed: its limits stay as they are."""
    monkeypatch.setattr(kernel, "is_linux", lambda: False)
    monkeypatch.setattr(kernel, "machine", lambda: "arm64")
    monkeypatch.setattr(kernel, "status_field", lambda name: "")

    def nothing(*_: Any) -> None:
        return

    for name in ("forbid_core_dumps", "forbid_growing_files", "limit_memory"):
        monkeypatch.setattr(limits, name, nothing)
    monkeypatch.setattr(memory, "needs_capability_to_lock", lambda: False)
    monkeypatch.setattr(memory, "has_no_swap", lambda: False)


def test_on_another_system_every_report_is_there_and_none_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    unlike_linux(monkeypatch)
    monkeypatch.setattr(limits, "core_limit", lambda: 0)
    reports = {report.name: report for report in close_in(configure())}
    assert tuple(reports) == NAMES
    # That only pipes are open for writing is looked at, where that can be; here pytest has more than those.
    reports.pop(protections.OUTLETS)
    assert {name for name, report in reports.items() if report.held} == {protections.CORE_DUMPS}
    assert all(report.word for report in reports.values() if not report.held)


def test_a_protection_that_was_set_and_does_not_hold_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    unlike_linux(monkeypatch)
    monkeypatch.setattr(limits, "core_limit", lambda: 1 << 30)
    report = next(report for report in close_in(configure()) if report.name == protections.CORE_DUMPS)
    assert (report.held, report.word) == (False, "the kernel took it and it does not hold; core dumps stay as they were set")


def test_a_kernel_that_says_yes_to_everything_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Landlock and seccomp report success and hold nothing: this process can still do all that is tried."""
    unlike_linux(monkeypatch)
    monkeypatch.setattr(landlock, "restrict", lambda _: landlock.Landlocked(7, "", all_threads=True))
    monkeypatch.setattr(seccomp, "restrict", lambda **_: "")
    held = {report.name for report in close_in(configure()) if report.held}
    assert not held & {WRITES, READS, PORTS, DATAGRAMS, LISTENING, PROGRAMS, OTHERS}


def test_no_report_names_a_camera_or_a_file() -> None:
    told = tell(cameras=[{"source": "rtsp://user:secret@camera.example:8554/stream"}, {"source": "file:///nonexistent/secret.mp4"}])
    assert "secret" not in str(told.protections)
    assert "example" not in str(told.protections)
