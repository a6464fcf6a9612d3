import hashlib
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from passerby import cli
from passerby.cli import COMMANDS, LazyCommand, main
from passerby.errors import DetectorError, InputError
from passerby.models.cache import weights_path
from passerby.models.manifest import load_manifest


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of `passerby` with these arguments."""
    monkeypatch.setattr(sys, "argv", ["passerby", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    code = left.value.code
    return code if isinstance(code, int) else 0


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSERBY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def failing_command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes `passerby fail` raise the given exception."""

    def arrange(error: BaseException) -> None:
        def fail() -> None:
            raise error

        module = types.ModuleType("passerby_failing")
        module.fail = fail  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "passerby_failing", module)
        monkeypatch.setattr(cli, "COMMANDS", {**COMMANDS, "fail": LazyCommand("passerby_failing", "fail", "Fails.")})

    return arrange


def test_the_version_is_that_of_the_package(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"passerby {version('passerby')}\n"


@pytest.mark.parametrize("arguments", ["--version", "--help"])
def test_neither_import_nor_help_loads_anything_heavy(arguments: str) -> None:
    heavy = ["cv2", "av", "onnxruntime", "numpy", "shapely", "passerby.sealed", "passerby.released", "passerby.redact", "passerby.models"]
    code = f"""
import sys
import passerby.cli
sys.argv = ["passerby", {arguments!r}]
try:
    passerby.cli.main()
except SystemExit as left:
    assert not left.code, left.code
loaded = [name for name in {heavy!r} if name in sys.modules]
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_names_every_command_with_its_summary(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    told = capsys.readouterr().out
    for name, place in COMMANDS.items():
        assert name in told
        assert place.summary in told


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_its_own_help(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, name, "--help") == 0
    assert f"Usage: passerby {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"], ["models", "nonsense"], ["models", "list", "--nonsense"], []])
def test_a_wrong_word_exits_with_2_and_no_traceback(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err + captured.out


def test_a_mistake_of_the_user_is_one_line_with_its_hint_and_exit_code_2(
    failing_command: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_command(InputError("no video in 'a\nb.mp4'", "give a file that\x1b[31m has one"))
    assert run(monkeypatch, "fail") == 2
    captured = capsys.readouterr()
    assert captured.err == "passerby: error: no video in 'a�b.mp4' (give a file that�[31m has one)\n"
    assert captured.out == ""


def test_a_failure_that_the_user_cannot_mend_exits_with_1(
    failing_command: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing_command(DetectorError("the detector failed"))
    assert run(monkeypatch, "fail") == 1
    assert capsys.readouterr().err == "passerby: error: the detector failed\n"


def test_control_c_exits_with_130_and_no_traceback(failing_command: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    failing_command(KeyboardInterrupt())
    assert run(monkeypatch, "fail") == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_unforeseen_error_shows_where_it_was_and_no_local_variable(tmp_path: Path) -> None:
    # I1: a frame in a local variable must not reach the terminal or a log by way of a traceback.
    (tmp_path / "passerby_failing.py").write_text("def fail() -> None:\n    frame = 'p' + 'ixels'\n    raise RuntimeError('broken')\n", "utf-8")
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from passerby import cli
cli.COMMANDS = {"fail": cli.LazyCommand("passerby_failing", "fail", "Fails.")}
sys.argv = ["passerby", "fail"]
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "RuntimeError: broken" in done.stderr
    assert "pixels" not in done.stderr


def test_models_list_names_all_weights_and_what_the_cache_holds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "models", "list") == 0
    told = capsys.readouterr().out
    for entry in load_manifest().weights:
        assert entry.name in told
        assert entry.licence in told
    assert "absent" in told
    assert str(tmp_path / "cache") in told


OWN = """
version = 1
[[weights]]
name = "own"
title = "My own [bold]"
purpose = "tests [/red]"
licence = "MIT"
copyright = "Copyright (c) 2026 Somebody"
sha256 = "b8e40d71dd77e8fa26a7d5a29da6a21b71e2a97e2d5c69a8dd4d56f8ea1e7c5d"
size_bytes = 4
form = "yolox"
input = { width_px = 8, height_px = 8, channels = "bgr", padding = 114 }
sources = [{ kind = "file", path = "own.onnx" }]
"""


@pytest.fixture
def own_manifest(tmp_path: Path) -> Path:
    (tmp_path / "own.onnx").write_bytes(b"data")
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace("b8e40d71dd77e8fa26a7d5a29da6a21b71e2a97e2d5c69a8dd4d56f8ea1e7c5d", hashlib.sha256(b"data").hexdigest()), "utf-8")
    return path


def test_weights_of_a_manifest_of_ones_own_are_fetched_verified_and_mended(
    own_manifest: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PASSERBY_MODELS", str(own_manifest))
    assert run(monkeypatch, "models", "verify", "own") == 2
    assert "'own' absent (passerby models fetch own; " in capsys.readouterr().err

    assert run(monkeypatch, "models", "fetch", "own") == 0
    assert "own: fetched" in capsys.readouterr().out
    assert run(monkeypatch, "models", "verify", "own") == 0
    assert "verified" in capsys.readouterr().out

    path = weights_path(load_manifest(own_manifest).entry("own"), tmp_path / "cache")
    path.write_bytes(b"dat!")
    assert run(monkeypatch, "models", "verify") == 2
    assert "'own' damaged" in capsys.readouterr().err
    assert run(monkeypatch, "models", "fetch", "own") == 0
    assert "own: was damaged, fetched again" in capsys.readouterr().out
    assert path.read_bytes() == b"data"
    assert run(monkeypatch, "models", "fetch", "own") == 0
    assert "own: already there" in capsys.readouterr().out


def test_brackets_in_a_users_manifest_are_text(own_manifest: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "models", "list", "--models", str(own_manifest)) == 0
    assert "tests [/red]" in capsys.readouterr().out


def test_a_wrong_manifest_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.toml").write_text("version = 1\nwheights = []\n", "utf-8")
    assert run(monkeypatch, "models", "list", "--models", str(tmp_path / "own.toml")) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "wheights" in told


def test_verify_without_names_does_not_mind_what_was_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "models", "verify") == 0
