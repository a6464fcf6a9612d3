"""Where real clips come from: a folder that the user names, or, for the PETS clip alone, Debian's package opencv-doc.

`PASSERBY_SAMPLES` names a folder laid out like this:

    pets09_s2l1/vtest.avi                                     the PETS 2009 S2.L1 clip
    pets09_s2l1/gt.txt                                        its annotated persons (MOT text); from this folder only
    pets09_s2l1/lines.json                                    lines across which they are counted, {"name": [[x, y], [x, y]]}; the same
    intel_sample_videos/one-by-one-person-detection.mp4
    intel_sample_videos/car-detection.mp4
    intel_sample_videos/annotations.json

Without it, the PETS clip is taken out of opencv-doc by `apt-get download`, which needs no root, checked by its SHA-256 and
kept in the user's cache folder. What cannot be had is None, and `say` is told why in one line.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import platformdirs

PETS_CLIP: Final = "pets09_s2l1/vtest.avi"
PETS_TRUTH: Final = "pets09_s2l1/gt.txt"
PETS_LINES: Final = "pets09_s2l1/lines.json"
ONE_BY_ONE_CLIP: Final = "intel_sample_videos/one-by-one-person-detection.mp4"
CAR_CLIP: Final = "intel_sample_videos/car-detection.mp4"
INTEL_ANNOTATIONS: Final = "intel_sample_videos/annotations.json"
PETS_SHA256: Final = "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
MEMBER: Final = "usr/share/doc/opencv-doc/examples/data/vtest.avi"
DOWNLOAD_LIMIT_S: Final = 300.0

Say = Callable[[str], None]


def silence(_line: str) -> None:
    """Takes a line and says nothing."""


def sample(name: str, say: Say = silence) -> Path | None:
    """The file `name` (one of the paths above) of the folder in PASSERBY_SAMPLES, or None."""
    folder = os.environ.get("PASSERBY_SAMPLES")
    if not folder:
        say(f"{name}: PASSERBY_SAMPLES is not set")
        return None
    path = Path(folder) / name
    if not path.is_file():
        say(f"{name}: not in the folder that PASSERBY_SAMPLES names")
        return None
    return path


def pets_clip(say: Say = silence) -> Path | None:
    """The PETS clip, with the SHA-256 above: from PASSERBY_SAMPLES, the cache, or Debian's opencv-doc; None where it cannot be had."""
    for path in (sample(PETS_CLIP), cached_clip()):
        if path is not None and path.is_file():
            if _is_pets(path):
                return path
            say(f"{path.name}: its SHA-256 is not that of the PETS clip; looking elsewhere")
    return _fetch_from_debian(say)


def cached_clip() -> Path:
    """Where the PETS clip is kept once fetched."""
    return Path(platformdirs.user_cache_dir("passerby")) / "samples" / f"vtest-{PETS_SHA256[:12]}.avi"


def _is_pets(path: Path) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == PETS_SHA256


def _fetch_from_debian(say: Say) -> Path | None:
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        say(f"PETS clip: no {' and no '.join(missing)} here, so Debian's opencv-doc cannot be fetched; set PASSERBY_SAMPLES instead")
        return None
    # A copy under the final name is complete: two processes that fetch at once each rename their own.
    target = cached_clip()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=target.parent) as folder_name:
        folder = Path(folder_name)
        say("PETS clip: fetching Debian's opencv-doc (96 MB, once)")
        if not _download_package(folder, say):
            return None
        unpacked = folder / "unpacked"
        package = next(folder.glob("opencv-doc_*.deb"), None)
        if package is None or not _run(["dpkg-deb", "-x", str(package), str(unpacked)], folder, say):
            say("PETS clip: the package did not unpack")
            return None
        clip = unpacked / MEMBER
        if not clip.is_file() or not _is_pets(clip):
            say("PETS clip: this release's opencv-doc holds another clip than the pinned one")
            return None
        clip.replace(target)
    return target


def _download_package(folder: Path, say: Say) -> bool:
    """Downloads opencv-doc into `folder`. Package lists are fetched only where CI is set, and into `folder`, never over the system's."""
    state: list[str] = []
    if os.environ.get("CI"):
        for part in ("lists/partial", "archives/partial"):
            (folder / part).mkdir(parents=True)
        state = ["-o", f"Dir::State::Lists={folder / 'lists'}", "-o", f"Dir::Cache={folder}"]
        if not _run(["apt-get", *state, "update"], folder, say):
            return False
    if _run(["apt-get", *state, "download", "opencv-doc"], folder, say):
        return True
    say("PETS clip: apt-get has no package lists, or no network; 'apt-get update' as root may help, or set PASSERBY_SAMPLES")
    return False


def _run(command: list[str], folder: Path, say: Say) -> bool:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"{command[0]}: {type(error).__name__}")
        return False
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        say(f"{command[0]}: {errors[0] if errors else f'failed with code {done.returncode}'}")
    return done.returncode == 0
