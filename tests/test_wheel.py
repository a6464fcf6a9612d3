"""The wheel, built and installed into a bare environment that holds the locked runtime packages and nothing of the checkout."""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "passerby"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare environment: the packages of requirements.lock by links, the wheel as an installer puts it there."""
    folder = tmp_path_factory.mktemp("bare") / "a place with spaces"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    for package in runtime_packages():
        link_into(site_packages, package)
    install(wheel, folder)
    return folder


def runtime_packages() -> list[Distribution]:
    """What is installed here of the runtime lock. What its markers leave out on this platform is not installed here either."""
    text = (ROOT / "requirements.lock").read_text("utf-8")
    names = re.findall(r"^([A-Za-z0-9._-]+)==[^\n;]*$", text, re.MULTILINE)
    return [distribution(name) for name in names]


def link_into(site_packages: Path, package: Distribution) -> None:
    for top in {Path(str(file)).parts[0] for file in package.files or []} - {"..", "__pycache__"}:
        source, target = Path(str(package.locate_file(top))), site_packages / top
        if not target.exists():
            target.symlink_to(source)


def install(wheel: Path, folder: Path) -> None:
    python = str(folder / "bin" / "python")
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--python", python, "--offline", "--no-deps", str(wheel)]
    else:
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", "--quiet", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)


def run_bare(environment: Path, cwd: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PASSERBY", "VIRTUAL_ENV", "COV"))}
    return subprocess.run(
        [str(environment / "bin" / command[0]), *command[1:]],
        cwd=cwd,
        env={**kept, "PASSERBY_CACHE": str(cwd / "cache"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        information = {name.split("/", 1)[1] for name in archive.namelist() if ".dist-info/" in name}
    expected = {str(path.relative_to(PACKAGE.parent)) for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert held == expected
    assert {"passerby/py.typed", "passerby/models/manifest.toml", "passerby/models/licences/yolox-nano.txt"} <= held
    assert {"METADATA", "entry_points.txt", "licenses/LICENSE"} <= information


def test_the_command_runs_in_a_bare_environment_from_an_empty_folder(environment: Path, tmp_path: Path) -> None:
    told = run_bare(environment, tmp_path, "passerby", "--version")
    assert (told.returncode, told.stdout, told.stderr) == (0, f"passerby {distribution('passerby').version}\n", "")

    listed = run_bare(environment, tmp_path, "passerby", "models", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert "yolox-nano" in listed.stdout

    missing = run_bare(environment, tmp_path, "passerby", "models", "verify", "yolox-nano")
    assert missing.returncode == 2
    assert missing.stderr.startswith("passerby: error: ")


OF_EXTRAS = {
    "passerby.hazards.channels.apprise_sender": "apprise",
    "passerby.hazards.channels.mqtt": "aiomqtt",
    "passerby.hazards.channels.webhook": "httpx",
}
"""Modules that are loaded only where a channel wants them, and the library without which they are none: `passerby check` says what to install."""


def test_every_module_imports_with_the_runtime_packages_alone(environment: Path, tmp_path: Path) -> None:
    code = f"""
import importlib, pkgutil, sys
import passerby
of_extras = {OF_EXTRAS!r}
for module in pkgutil.walk_packages(passerby.__path__, "passerby."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        if error.name != of_extras.pop(module.name, None):
            raise
assert not of_extras, of_extras
print(passerby.__file__)
"""
    done = run_bare(environment, tmp_path, "python", "-W", "error", "-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path(done.stdout.strip()).is_relative_to(environment)


def test_the_bare_environment_is_bare(environment: Path) -> None:
    (site_packages,) = environment.glob("lib/python*/site-packages")
    here = {found.name.lower() for found in distributions(path=[str(site_packages)])}
    assert "passerby" in here
    assert here.isdisjoint({"pytest", "mypy", "ruff", "hypothesis", "hatchling", "import-linter"})
    assert {found.name.lower() for found in runtime_packages()} <= here
