"""The house rules that no other tool holds: what no file may contain, and what the lock files and the table of rooms must."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]
BINARY = {".png", ".jpg", ".gif", ".mp4", ".onnx", ".whl", ".woff2"}

# Put together here, so that this file does not hold them itself.
REGISTRY_HOSTS = [".".join(parts) for parts in [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("anaconda", "org")]]
REGISTRY_HOSTS += [".".join(parts) for parts in [("deb", "debian", "org"), ("archive", "ubuntu", "com"), ("registry", "yarnpkg", "com")]]
MACHINE_PATHS = ["/".join(parts) for parts in [("", "work", "main"), ("", "work", "shared"), ("..", "shared"), ("", "root", "")]]
MACHINE_PATHS += ["/".join(parts) for parts in [(".library", ""), ("", "opt", "wheels"), ("", "opt", "pypi")]]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def project_files() -> list[Path]:
    """All files of the project that git knows or would take, with a text in them."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    names = [name for name in listed.stdout.split("\0") if name]
    return [path for path in (ROOT / name for name in names) if path.is_file() and path.suffix not in BINARY]


@pytest.mark.parametrize("what", [*REGISTRY_HOSTS, *MACHINE_PATHS])
def test_no_file_names_a_registry_host_or_a_path_of_somebodys_machine(what: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in project_files() if what in path.read_text("utf-8", errors="replace")]
    assert found == []


def locked(name: str) -> dict[str, str]:
    """Package to version, of a lock file."""
    text = (ROOT / name).read_text("utf-8")
    return {canonicalize_name(package): release for package, release in re.findall(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_of_a_lock_has_one_release_and_a_hash(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked(name)) > 10
    for block in blocks:
        assert "==" in block.splitlines()[0]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)


def test_the_locks_hold_what_the_project_asks_for_and_agree_with_each_other() -> None:
    runtime, dev = (locked(name) for name in LOCKS)
    for line in project()["project"]["dependencies"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(runtime[canonicalize_name(wanted.name)]), line
    for line in project()["dependency-groups"]["dev"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(dev[canonicalize_name(wanted.name)]), line
    assert runtime.items() <= dev.items()


def test_the_build_backend_is_locked_so_that_the_project_installs_without_a_network() -> None:
    for line in project()["build-system"]["requires"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(locked("requirements-dev.lock")[canonicalize_name(wanted.name)]), line


def test_every_room_has_its_place_in_the_contract() -> None:
    contracts = project()["tool"]["importlinter"]["contracts"]
    (rooms,) = [contract for contract in contracts if contract["type"] == "layers"]
    placed = {name.strip(" ()") for layer in rooms["layers"] for name in layer.split("|")}
    there = {path.stem for path in (ROOT / "src/passerby").glob("*.py") if path.stem != "__init__"}
    there |= {path.parent.name for path in (ROOT / "src/passerby").glob("*/__init__.py")}
    assert rooms["exhaustive"]
    assert there <= placed


def test_no_module_is_called_by_a_word_that_says_nothing() -> None:
    nothing = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert [path for path in (ROOT / "src").rglob("*") if path.stem in nothing] == []


def test_every_ignored_lint_rule_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    rules = [line for line in text.splitlines() if re.match(r'\s*"[A-Z]+[0-9]*",', line)]
    assert len(rules) > 10
    assert [line for line in rules if not re.search(r"# \w+", line)] == []
