"""Where the demonstration's clip comes from: PETS 2009 S2.L1, a campus street seen by a fixed camera.

In this order: `pets09_s2l1/vtest.avi` in the folder that PASSERBY_SAMPLES names, the user's cache folder, Debian's package opencv-doc by
`apt-get download`, which needs no root. Whatever is found counts only if its SHA-256 is the pinned one.
"""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from passerby.errors import InputError

SAMPLES_VARIABLE: Final = "PASSERBY_SAMPLES"
IN_SAMPLES: Final = "pets09_s2l1/vtest.avi"
SHA256: Final = "45cddc9490be69345cbdab64ca583be65987e864ca408038e648db99e10516cf"
MEMBER: Final = "usr/share/doc/opencv-doc/examples/data/vtest.avi"
DOWNLOAD_LIMIT_S: Final = 300.0
HINT: Final = f"set {SAMPLES_VARIABLE} to a folder that holds {IN_SAMPLES}, or give a site file with a camera of your own"

Say = Callable[[str], object]


def demo_clip(environ: Mapping[str, str], cache_folder: Path, say: Say) -> Path:
    """The clip.

    Args:
        environ: May name a folder of samples.
        cache_folder: Where it is kept once fetched.
        say: Is told, in a line, before something is fetched.

    Raises:
        InputError: It cannot be had.
    """
    cached = cache_folder / "samples" / f"vtest-{SHA256[:12]}.avi"
    named = environ.get(SAMPLES_VARIABLE, "")
    for path in (Path(named) / IN_SAMPLES if named else None, cached):
        if path is not None and path.is_file() and _is_pinned(path):
            return path.absolute()
    _fetch(cached, say)
    return cached


def _is_pinned(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == SHA256
    except OSError:
        return False


def _fetch(target: Path, say: Say) -> None:
    """Takes the clip out of Debian's package."""
    if any(shutil.which(tool) is None for tool in ("apt-get", "dpkg-deb")):
        raise InputError("the demonstration's clip is not here, and there is no apt-get to fetch it with", HINT)
    say("Fetching the demonstration's clip: Debian's opencv-doc, 96 MB, once.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # A copy under the final name is complete: two processes that fetch at once each rename their own.
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=target.parent) as name:
            folder = Path(name)
            _run(["apt-get", "download", "opencv-doc"], folder)
            package = next(folder.glob("opencv-doc_*.deb"), None)
            if package is None:
                raise InputError("the demonstration's clip did not arrive", HINT)
            _run(["dpkg-deb", "-x", str(package), "unpacked"], folder)
            clip = folder / "unpacked" / MEMBER
            if not _is_pinned(clip):
                raise InputError("Debian's opencv-doc holds another clip than the pinned one", HINT)
            clip.replace(target)
    except OSError as error:
        raise InputError(f"the demonstration's clip cannot be kept in '{target.parent}': {error.strerror}", HINT) from error


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - apt-get and dpkg-deb with words of ours
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=DOWNLOAD_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"the demonstration's clip cannot be fetched: {command[0]} took longer than {DOWNLOAD_LIMIT_S:.0f} s", HINT) from error
    if done.returncode != 0:
        raise InputError(f"the demonstration's clip cannot be fetched: {command[0]} failed with code {done.returncode}", HINT)
