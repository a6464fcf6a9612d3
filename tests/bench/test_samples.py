import hashlib
import stat
from pathlib import Path

import platformdirs
import pytest

from bench import samples


@pytest.fixture(autouse=True)
def _no_samples_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PASSERBY_SAMPLES", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda _name: str(tmp_path / "cache"))


def tool(folder: Path, name: str, script: str) -> None:
    """A stand-in for a program, first on the path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_without_a_folder_there_are_no_samples_but_a_reason() -> None:
    said: list[str] = []
    assert samples.sample(samples.CAR_CLIP, said.append) is None
    assert said == [f"{samples.CAR_CLIP}: PASSERBY_SAMPLES is not set"]


def test_a_sample_comes_from_the_named_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clip = tmp_path / samples.CAR_CLIP
    clip.parent.mkdir()
    clip.write_bytes(b"clip")
    monkeypatch.setenv("PASSERBY_SAMPLES", str(tmp_path))
    assert samples.sample(samples.CAR_CLIP) == clip
    assert samples.sample(samples.PETS_TRUTH) is None


def test_where_no_package_can_be_had_there_is_no_clip_but_a_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    assert samples.pets_clip(said.append) is None
    assert any("no apt-get" in line for line in said)


def test_without_package_lists_it_says_what_may_help(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "apt-get", "echo 'E: Unable to locate package opencv-doc' >&2; exit 100")
    tool(tmp_path, "dpkg-deb", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    said: list[str] = []
    assert samples.pets_clip(said.append) is None
    assert "apt-get: E: Unable to locate package opencv-doc" in said
    assert any("apt-get update" in line for line in said)
    assert list((tmp_path / "cache" / "samples").iterdir()) == []


def test_package_lists_are_fetched_only_in_ci_and_never_over_the_systems(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = tmp_path / "log"
    tool(tmp_path, "apt-get", f'echo "$@" >> "{log}"; touch opencv-doc_1_all.deb')
    tool(tmp_path, "dpkg-deb", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    samples.pets_clip()
    assert log.read_text().splitlines() == ["download opencv-doc"]
    monkeypatch.setenv("CI", "true")
    samples.pets_clip()
    update, download = log.read_text().splitlines()[1:]
    assert update.endswith("update")
    assert download.endswith("download opencv-doc")
    assert all(f"Dir::State::Lists={tmp_path}" in line for line in (update, download))


def test_a_package_with_another_clip_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool(tmp_path, "apt-get", "touch opencv-doc_1_all.deb")
    tool(tmp_path, "dpkg-deb", f'mkdir -p "$3/{Path(samples.MEMBER).parent}"; echo other > "$3/{samples.MEMBER}"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    said: list[str] = []
    assert samples.pets_clip(said.append) is None
    assert any("another clip" in line for line in said)
    assert not samples.cached_clip().exists()


def test_a_clip_that_was_fetched_once_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = "the clip"
    monkeypatch.setattr(samples, "PETS_SHA256", hashlib.sha256(f"{content}\n".encode()).hexdigest())
    tool(tmp_path, "apt-get", "touch opencv-doc_1_all.deb")
    tool(tmp_path, "dpkg-deb", f'mkdir -p "$3/{Path(samples.MEMBER).parent}"; echo {content} > "$3/{samples.MEMBER}"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert samples.pets_clip() == samples.cached_clip()
    tool(tmp_path, "apt-get", "exit 1")
    assert samples.pets_clip() == samples.cached_clip()
    assert [path.name for path in samples.cached_clip().parent.iterdir()] == [samples.cached_clip().name]
